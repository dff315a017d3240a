"""Which runs are compared: new ones, run from here, or some of those on disk."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from cartography.errors import CartographyError
from cartography.formatting import count_noun, strategy_name
from ui import parts, words
from ui.faults import errors_in_place
from ui.jobs import address, background, cached, compared, found, groups
from ui.jobs.background import Task, TaskState
from ui.jobs.found import RunInfo
from ui.jobs.groups import ComparableRuns
from ui.naming import distinct_names, escape_markdown
from ui.panels.compare import figures as compare_figures
from ui.panels.compare import settings as compare_settings
from ui.panels.compare.settings import Settings
from ui.state import session
from ui.state.session import DataChoice

NEW, ON_DISK = "Run strategies", "Choose among runs"
_SOURCE = "compare_source"
_CHOSEN = "compare_chosen_"
_PHASES = {"running": "Running", "stopped": "Paused"}


def follow_address() -> None:
    """Take over what the address newly names: the settings of a run that this page could have
    started; any other run, or several, are chosen among those on disk.
    """
    task = address.opened("learn")
    if task is None:
        keys = address.opened_runs()
        if not keys:
            return
        if not any(run.key in keys for run in found.find_active_runs()):
            address.say_gone()
    elif compare_settings.of_task(task):
        _take_over(task)
        return
    else:
        folders = task.run_folders()
        keys = [run.key for run in found.find_active_runs() if run.folder in folders]
        address.show_runs(keys)
        if not keys:
            st.info(
                "There is nothing to compare at this address yet: none of its runs has finished a "
                "training.",
                icon=":material/hourglass_empty:",
            )
    st.session_state[_SOURCE] = ON_DISK
    for key in [key for key in st.session_state if str(key).startswith(_CHOSEN)]:
        del st.session_state[key]  # an earlier choice gives way to what was asked for


def _take_over(task: Task) -> None:
    """Let the page show the settings and the runs of `task`."""
    compare_settings.take_over(task)
    st.session_state[_SOURCE] = NEW
    if session.choice() != task.choice:
        session.use(task.choice)
        st.rerun()  # the frame has named another corpus


def source() -> str:
    """Whether to run strategies or to choose among what was run."""
    return str(
        st.segmented_control(
            "Compare",
            [NEW, ON_DISK],
            default=None if _SOURCE in st.session_state else NEW,
            required=True,
            key=_SOURCE,
            persist_state="session",
            label_visibility="collapsed",
        )
    )


def new_comparison(choice: DataChoice) -> None:
    """The settings, the buttons, and what the runs come to, followed while they run."""
    address.show_runs(())
    settings = compare_settings.chosen()
    if not settings.seeds:
        address.show(None)
        st.info("Choose at least one seed.", icon=":material/checklist:")
        return
    task = settings.task(choice)
    state = background.task_state(task)
    address.show(None if state.phase == "absent" else task)
    _buttons(task, state, settings)
    parts.outcome(state)
    if state.phase == "absent":
        st.info(
            f"These settings were not run on {escape_markdown(choice.name)} yet. Run them and watch the "
            "curves grow; you can leave the page meanwhile.",
            icon=":material/play_circle:",
        )
    elif state.busy or task.run_folders():
        _followed(task, state, settings)


def chosen_runs() -> None:
    """The runs to compare, of one corpus and alike in all but strategy, t_cor, method and seed."""
    address.show(None)
    corpora = found.by_corpus(found.find_active_runs())
    if not corpora:
        st.info(
            f"There is no active-learning run yet. Choose “{NEW}” above to make some.",
            icon=":material/compare_arrows:",
        )
        return
    wanted = st.query_params.get(address.RUNS, "").split("-")
    on_corpus = _corpus(corpora, wanted)
    group = _group(groups.comparable_groups(on_corpus), wanted)
    picked = _picked(group, wanted)
    for said in groups.left_out(on_corpus, group):
        st.caption(f":material/filter_alt: Left out: {said}.")
    if not picked:
        address.show_runs(())
        st.info("Choose at least one strategy and seed above.", icon=":material/checklist:")
        return
    address.show_runs([run.key for run in picked])
    task = background.task_of_folder(picked[0].folder)
    _shown(picked, task.choice if task else _in_use(picked[0]))


def _buttons(task: Task, state: TaskState, settings: Settings) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if state.busy:
            parts.cancel(
                task,
                "compare_pause",
                "Pause",
                "What is on disk stays; iterations that are not finished are made again.",
            )
        elif state.phase != "finished":
            parts.start(
                task,
                "Go on" if task.run_folders() else "Run the comparison",
                icon=":material/play_arrow:",
                type="primary",
                key="compare_run",
            )
        names = ", ".join(map(strategy_name, settings.strategies))
        st.caption(
            f"{names}: {count_noun(settings.runs, 'run')} side by side, "
            f"{count_noun(settings.trainings, 'training')} each.",
            width="content",
        )


def _followed(task: Task, state: TaskState, settings: Settings) -> None:
    """What the runs of a task have come to; follows its worker."""

    def show(now: TaskState) -> None:
        folders = task.run_folders()
        steps = compared.progress(folders, settings.runs, settings.trainings)
        if now.phase != "finished":
            phase = _PHASES.get(now.phase, "Ended early")
            st.progress(steps.share, text=f"{phase}: {steps.say('training')}")
        if steps.done:
            _figures(found.runs_in_folders(folders), task.choice)
        elif now.busy:
            st.caption("Training on the seed sets …")

    parts.follow(task, state, "comparison", show)


def _shown(runs: Iterable[RunInfo], choice: DataChoice | None) -> None:
    """What chosen runs come to; a tab or a slider of it leaves the rest of the page alone."""

    @st.fragment(key="comparison")
    @errors_in_place()
    def show() -> None:
        _figures(runs, choice)

    show()


def _figures(runs: Iterable[RunInfo], choice: DataChoice | None) -> None:
    with st.spinner("Reading the runs …"):
        read, faults = compared.read_comparison(tuple(runs))
    for fault in faults:
        st.warning(f"Left out: {escape_markdown(fault)}.", icon=":material/error:")
    if read is None:
        raise CartographyError("none of the runs can be read: choose others")
    compare_figures.judged(read)
    compare_figures.sections(read, choice)


def _corpus(corpora: dict[str, list[RunInfo]], wanted: list[str]) -> list[RunInfo]:
    """The runs of one corpus: the one of the address, or the one in use, unless chosen."""
    names = list(corpora)
    if len(names) == 1:
        return corpora[names[0]]
    led = next((name for name in names if any(r.key in wanted for r in corpora[name])), None)
    usual = led or _fingerprint(session.choice())
    shown = distinct_names(
        {name: corpora[name][0].corpus_name for name in names}, lambda name: name[:6]
    )
    chosen = st.selectbox(
        "Corpus",
        names,
        index=names.index(usual) if usual in names else 0,
        format_func=shown.__getitem__,
        key=f"{_CHOSEN}corpus",
        help="Only runs on the same texts can be compared.",
    )
    return corpora[chosen]


def _group(alike: list[ComparableRuns], wanted: list[str]) -> ComparableRuns:
    """The runs of one setting: that of the address, or of the newest run, unless chosen."""
    if len(alike) == 1:
        return alike[0]
    of_key = {group.key: group for group in alike}
    shown = distinct_names({key: group.name for key, group in of_key.items()}, lambda key: key)
    led = [group.key for group in alike if group.standing_in_for(lambda run: run.key in wanted)]
    chosen = st.selectbox(
        "Settings",
        list(of_key),
        index=list(of_key).index(led[0]) if led else 0,
        format_func=shown.__getitem__,
        key=f"{_CHOSEN}group_{alike[0].runs[0].corpus[:8]}",
        help="Only runs with one test set and the same settings can be compared.",
    )
    return of_key[chosen]


def _picked(group: ComparableRuns, wanted: list[str]) -> list[RunInfo]:
    """The runs to compare: of the series and seeds that the address or the visitor chose."""
    led = group.standing_in_for(lambda run: run.key in wanted)
    usual = led or groups.default_selection(group.runs)
    widget = f"{_CHOSEN}{group.key}"
    st.session_state.setdefault(widget, list(dict.fromkeys(run.series for run in usual)))
    series = st.multiselect(
        "Strategies to compare",
        list(group.series),
        key=widget,
        persist_state="session",
        placeholder="Choose two or more, or type a part of their names",
        help=f"Strategies with their t_cor and method. {words.METHOD}",
    )
    seeds = group.seeds
    if len(seeds) > 1:
        st.session_state.setdefault(f"{widget}_seeds", sorted({run.seed for run in usual}))
        seeds = st.multiselect(
            "With the seeds",
            group.seeds,
            key=f"{widget}_seeds",
            persist_state="session",
            placeholder="Choose at least one seed",
            help="Runs that differ in their seed alone are drawn as one line with a band.",
        )
    return [run for run in group.runs if run.series in series and run.seed in seeds]


def _in_use(run: RunInfo) -> DataChoice | None:
    """The corpus in use, if it is the one of `run`."""
    choice = session.choice()
    return choice if _fingerprint(choice) == run.corpus else None


def _fingerprint(choice: DataChoice) -> str | None:
    """What is learned from with `choice`; None where it cannot be read any more."""
    try:
        return cached.learning_fingerprint(choice)
    except CartographyError:
        return None
