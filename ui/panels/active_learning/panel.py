"""An active-learning run as a whole: its buttons, how far it is, its curve, when to stop it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cartography.active.stopping import StoppingSignal
from cartography.figures import accuracy_figure, batch_statistics_figure
from cartography.formatting import count_noun
from cartography.runs.active_runs import ActiveRun
from ui import parts, words
from ui.faults import errors_in_place
from ui.jobs import (
    address,
    background,
    cached,
    compared,
    comparison_tables,
    found,
    results,
    run_list,
)
from ui.jobs.background import Task, TaskState
from ui.jobs.compared import Comparison
from ui.jobs.found import RunInfo
from ui.jobs.methods import Method
from ui.naming import escape_markdown
from ui.panels.active_learning import iteration as iterations
from ui.panels.active_learning import settings, values
from ui.state import session

_PHASES = {"running": "Running", "stopped": "Paused", "finished": "Finished"}
_ADVICE = {
    True: (":material/flag:", "Points to stopping"),
    False: (":material/trending_up:", "Says go on"),
    None: (":material/hourglass_empty:", "Nothing to say yet"),
}


def follow_address() -> None:
    """Take over the settings and the iteration of the run that the address names."""
    task = address.opened("learn")
    if task is None:
        return
    if not settings.take_over(task):
        st.info(
            "The run of this address cannot be gone on with here: it has several strategies or "
            "thresholds side by side, or a file of its corpus has changed since.",
            icon=":material/compare_arrows:",
        )
        st.page_link(
            address.COMPARISON,
            label="See it on Compare",
            icon=":material/open_in_new:",
            query_params={"run": task.key},
        )
        return
    iterations.take_over(task)
    if session.choice() != task.choice:
        session.use(task.choice)
        st.rerun()  # the frame has named another corpus


def show_address(task: Task, state: TaskState) -> None:
    """Let the address name the run, so that a reload finds it again."""
    if state.phase == "absent":
        address.show(None)
        iterations.show_address(None)
    else:
        address.show(task)


def buttons(task: Task, state: TaskState) -> None:
    """Start, step once, pause, resume, and give up."""
    begun = bool(task.run_folders())
    with st.container(horizontal=True):
        if state.busy:
            st.button(
                "Pause",
                icon=":material/pause:",
                key="learn_pause",
                on_click=background.stop,
                args=(task,),
                help="What is on disk stays; an iteration that is not finished is made again.",
            )
        elif state.phase != "finished":
            parts.start(
                task,
                "Resume" if begun else "Start",
                icon=":material/play_arrow:",
                type="primary",
                key="learn_run",
            )
            parts.start(
                task,
                "Step once",
                icon=":material/skip_next:",
                key="learn_step",
                pause_after=1,
                help="One training: first of the seed set, then with each batch.",
            )
        if state.busy or (begun and state.phase != "finished"):
            with st.popover("Stop", icon=":material/delete:", help="Give this run up."):
                st.markdown(
                    "All iterations of this run will be gone for good. To go on later, pause it."
                )
                st.button(
                    "Stop and delete",
                    key="learn_give_up",
                    type="primary",
                    on_click=_give_up,
                    args=(task, state),
                )
        if state.phase == "finished":
            st.page_link(
                address.COMPARISON,
                label="Compare it with other runs",
                icon=":material/compare_arrows:",
                query_params={"run": task.key},
            )


def _give_up(task: Task, state: TaskState) -> None:
    run_list.delete(run_list.ListedRun(task.folder, task, (), state.phase))


def learning(task: Task, state: TaskState) -> None:
    """What a run has come to; follows its worker."""

    def show(now: TaskState) -> None:
        folders = task.run_folders()
        runs = found.runs_in_folders(folders)
        if not runs:
            _before_the_first(now)
            return
        trainings = int(runs[0].manifest["preset"]["iterations"]) + 1
        steps = compared.progress(folders, len(folders), trainings)
        phase = _PHASES.get(now.phase, "Ended early")
        st.progress(steps.share, text=f"{phase}: {steps.say('training')}")
        _learned(runs, task)

    parts.follow(task, state, "learning", show)


def _before_the_first(state: TaskState) -> None:
    if state.busy:
        st.progress(0.0, text="Training on the seed set …")
    elif state.phase == "stopped":
        st.info(
            "Paused before the training on the seed set was finished. Resume to begin it again.",
            icon=":material/pause_circle:",
        )


def _learned(runs: list[RunInfo], task: Task) -> None:
    several, faults = compared.read_comparison(runs)
    for fault in faults:
        st.error(escape_markdown(fault), icon=":material/error:")
    if several is None:
        return
    _curves(several)
    folder = _looked_into(several)
    run = cached.active_run(folder)
    _advice(run, task)
    for said in results.fallbacks(run):
        st.warning(said, icon=":material/info:")
    iterations.iteration(run, task)


def _curves(several: Comparison) -> None:
    """The accuracy curve and the statistics of the batches, over all seeds."""
    seeds = [run.seed for run in several.runs]
    accuracy, statistics = st.tabs(
        ["Test accuracy", "Batch statistics"], key="learn_curves", on_change="rerun"
    )
    if accuracy.open:
        with accuracy:
            curves = several.curves
            ends = ", ".join(
                f"from {curve.accuracy[0]:.3f} to {curve.accuracy[-1]:.3f}" for curve in curves
            )
            parts.figure(
                accuracy_figure(curves),
                "learn_accuracy",
                f"Test accuracy by labelled texts: {ends} with {count_noun(len(seeds), 'seed')}.",
                lambda: values.iterations(several),
            )
            if len(seeds) > 1:
                st.caption(words.SEED_BAND)
    if statistics.open:
        with statistics:
            if several.common < 2:
                st.info("Go on by a step to see the first batch.", icon=":material/skip_next:")
                return
            st.caption(words.PLACED)
            series = several.batch_series
            parts.figure(
                batch_statistics_figure(series),
                "learn_batch_statistics",
                "Mean confidence, variability and correctness of each batch by iteration, with "
                f"{count_noun(len(seeds), 'seed')}.",
                lambda: comparison_tables.batch_statistics(series),
            )


def _looked_into(several: Comparison) -> Path:
    """The folder of the run whose iterations are shown: of several, that of the chosen seed."""
    folder_of = {run.seed: run.folder for run in several.found}
    if len(folder_of) == 1:
        return several.found[0].folder
    seeds = settings.in_order(list(folder_of))
    seed = st.segmented_control(
        "Look into the run with seed",
        seeds,
        default=seeds[0],
        required=True,
        # Other seeds are other options.
        key=f"learn_seed_{'_'.join(map(str, seeds))}",
        help="Advice, map and batches below are those of one run.",
        persist_state="session",
    )
    return folder_of[seed]


def _advice(run: ActiveRun, task: Task) -> None:
    """When to stop, as advice."""
    st.subheader("When to stop", anchor=False, help=words.WHEN_TO_STOP)
    with errors_in_place(), st.container(horizontal=True):
        for signal in values.signals(run, task.choice):
            _signal(signal)
    fresh = Method.of(run.manifest["preset"]).fresh_weights
    st.caption(words.FRESH_WEIGHTS if fresh else words.CARRIED_WEIGHTS)


def _signal(signal: StoppingSignal) -> None:
    icon, said = _ADVICE[signal.points_to_stop]
    with st.container(border=True, width=310, height="stretch"):
        st.markdown(f"**{signal.name}**  \n{icon} {said}")
        st.caption(signal.sentence)
