"""Choosing the runs to compare: new ones, or runs on disk."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from cartography.errors import CartographyError
from cartography.formatting import count_noun, strategy_name
from ui import task_page, words
from ui.faults import errors_in_place
from ui.jobs import address, background, cached, compared, found, groups
from ui.jobs.background import Task, TaskState
from ui.jobs.found import RunInfo
from ui.jobs.groups import ComparableRuns
from ui.naming import distinct_names, escape_markdown
from ui.panels.compare import figures as compare_figures
from ui.panels.compare import settings as compare_settings
from ui.state import session
from ui.state.session import DataChoice

NEW, ON_DISK = "Run strategies", "Choose existing runs"
_SOURCE = "compare_source"
_CHOSEN = "compare_chosen_"


def follow_address() -> None:
    """Take over the run or runs in the address if they are new to this page.

    If this page could have started the run, its widgets are set. Otherwise the runs are chosen
    among those on disk.
    """
    task = address.opened("learn")
    if task is None:
        keys = address.opened_runs()
        if not keys:
            return
        if not any(run.key in keys for run in found.find_active_runs()):
            address.warn_missing()
    elif compare_settings.of_task(task):
        _take_over(task)
        return
    else:
        folders = task.run_folders()
        keys = [run.key for run in found.find_active_runs() if run.folder in folders]
        address.show_runs(keys)
        if not keys:
            st.info(
                "There is nothing to compare yet: none of the runs in this address has finished a "
                "training.",
                icon=":material/hourglass_empty:",
            )
    st.session_state[_SOURCE] = ON_DISK
    for key in [key for key in st.session_state if str(key).startswith(_CHOSEN)]:
        del st.session_state[key]  # the address replaces an earlier choice


def _take_over(task: Task) -> None:
    """Make the page show the settings and the runs of `task`."""
    compare_settings.take_over(task)
    st.session_state[_SOURCE] = NEW
    if session.choice() != task.choice:
        session.use(task.choice)
        st.rerun()  # the frame has already named the previous corpus


def choose_source() -> str:
    """Draw the choice between new runs and runs on disk; return `NEW` or `ON_DISK`."""
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


def set_up(choice: DataChoice) -> Task | None:
    """Draw the settings of a comparison and return its task, or None without a seed."""
    address.show_runs(())
    settings = compare_settings.choose_settings()
    if not settings.seeds:
        st.info("Choose at least one seed.", icon=":material/checklist:")
        return None
    return settings.task(choice)


def describe_runs(task: Task, _: TaskState) -> None:
    """Say which strategies are run and how many runs and trainings they take."""
    settings = compare_settings.settings_of(task)
    names = ", ".join(map(strategy_name, settings.strategies))
    st.caption(
        f"{names}: {count_noun(settings.runs, 'run')} in parallel, "
        f"{count_noun(settings.trainings, 'training')} each.",
        width="content",
    )


def live(task: Task, state: TaskState) -> None:
    """Draw the progress and the results of a comparison, complete or partial."""
    settings = compare_settings.settings_of(task)
    folders = task.run_folders()
    steps = compared.progress(folders, settings.runs, settings.trainings)
    if state.phase != "finished":
        task_page.show_progress(steps, state)
    if steps.done:
        _show_comparison(found.runs_in_folders(folders), task.choice)
    elif state.busy:
        st.caption("Training on the seed sets …")


def chosen_runs() -> None:
    """Choose runs on disk and show their comparison.

    The runs have one corpus and differ in strategy, t_cor, method and seed only.
    """
    address.show(None)
    corpora = found.by_corpus(found.find_active_runs())
    if not corpora:
        st.info(
            f"There are no active-learning runs yet. Choose “{NEW}” above.",
            icon=":material/compare_arrows:",
        )
        return
    keys = st.query_params.get(address.RUNS, "").split("-")
    on_corpus = _choose_corpus(corpora, keys)
    group = _choose_group(groups.comparable_groups(on_corpus), keys)
    selection = _choose_runs(group, keys)
    for reason in groups.left_out(on_corpus, group):
        st.caption(f":material/filter_alt: Left out: {reason}.")
    if not selection:
        address.show_runs(())
        st.info("Choose at least one strategy and seed above.", icon=":material/checklist:")
        return
    address.show_runs([run.key for run in selection])
    task = background.task_of_folder(selection[0].folder)
    _show_selection(selection, task.choice if task else _corpus_in_use(selection[0]))


def _show_selection(runs: Iterable[RunInfo], choice: DataChoice | None) -> None:
    """Show runs in a fragment, so that its tabs and sliders do not run the whole page again."""

    @st.fragment(key="comparison")
    @errors_in_place()
    def show() -> None:
        _show_comparison(runs, choice)

    show()


def _show_comparison(runs: Iterable[RunInfo], choice: DataChoice | None) -> None:
    with st.spinner("Reading the runs …"):
        comparison, errors = compared.read_comparison(tuple(runs))
    for error in errors:
        st.warning(f"Left out: {escape_markdown(error)}.", icon=":material/error:")
    if comparison is None:
        raise CartographyError("none of the runs can be read: choose others")
    compare_figures.show_verdicts(comparison)
    compare_figures.show_sections(comparison, choice)


def _choose_corpus(corpora: dict[str, list[RunInfo]], keys: list[str]) -> list[RunInfo]:
    """Return the runs of one corpus, by default that of the address or the one in use."""
    fingerprints = list(corpora)
    if len(fingerprints) == 1:
        return corpora[fingerprints[0]]
    in_address = [
        fingerprint for fingerprint, runs in corpora.items() if any(run.key in keys for run in runs)
    ]
    default = in_address[0] if in_address else _learning_fingerprint(session.choice())
    names = distinct_names(
        {fingerprint: runs[0].corpus_name for fingerprint, runs in corpora.items()},
        lambda fingerprint: fingerprint[:6],
    )
    chosen = st.selectbox(
        "Corpus",
        fingerprints,
        index=fingerprints.index(default) if default in fingerprints else 0,
        format_func=names.__getitem__,
        key=f"{_CHOSEN}corpus",
        help="Only runs on the same texts can be compared.",
    )
    return corpora[chosen]


def _choose_group(candidates: list[ComparableRuns], keys: list[str]) -> ComparableRuns:
    """Return the runs of one setting, by default that of the address or of the newest run."""
    if len(candidates) == 1:
        return candidates[0]
    by_key = {group.key: group for group in candidates}
    names = distinct_names({key: group.name for key, group in by_key.items()}, lambda key: key)
    in_address = [group.key for group in candidates if group.matching(lambda run: run.key in keys)]
    chosen = st.selectbox(
        "Settings",
        list(by_key),
        index=list(by_key).index(in_address[0]) if in_address else 0,
        format_func=names.__getitem__,
        key=f"{_CHOSEN}group_{candidates[0].runs[0].corpus[:8]}",
        help="Only runs with the same test set and settings can be compared.",
    )
    return by_key[chosen]


def _choose_runs(group: ComparableRuns, keys: list[str]) -> list[RunInfo]:
    """Return the runs of the series and seeds that the address or the visitor chose."""
    in_address = group.matching(lambda run: run.key in keys)
    default = in_address or groups.default_selection(group.runs)
    widget = f"{_CHOSEN}{group.key}"
    st.session_state.setdefault(widget, list(dict.fromkeys(run.series for run in default)))
    series = st.multiselect(
        "Strategies to compare",
        list(group.series),
        key=widget,
        persist_state="session",
        placeholder="Choose two or more, or type part of a name",
        help=f"Each with its t_cor and method. {words.METHOD}",
    )
    seeds = group.seeds
    if len(seeds) > 1:
        st.session_state.setdefault(f"{widget}_seeds", sorted({run.seed for run in default}))
        seeds = st.multiselect(
            "Seeds",
            group.seeds,
            key=f"{widget}_seeds",
            persist_state="session",
            placeholder="Choose at least one seed",
            help="Runs that differ in their seed only are drawn as one line with a band.",
        )
    return [run for run in group.runs if run.series in series and run.seed in seeds]


def _corpus_in_use(run: RunInfo) -> DataChoice | None:
    """The corpus in use if `run` learned from it."""
    choice = session.choice()
    return choice if _learning_fingerprint(choice) == run.corpus else None


def _learning_fingerprint(choice: DataChoice) -> str | None:
    """The fingerprint of the training corpus; None if it cannot be read."""
    try:
        return cached.learning_fingerprint(choice)
    except CartographyError:
        return None
