"""An active-learning run as a whole: its buttons, progress, curves, and advice on stopping."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cartography.active.stopping import StoppingSignal
from cartography.figures import accuracy_figure, batch_statistics_figure
from cartography.formatting import count_noun
from cartography.runs.active_runs import ActiveRun
from ui import parts, task_page, words
from ui.faults import errors_in_place
from ui.jobs import cached, compared, comparison_tables, found, results, run_list
from ui.jobs.background import Task, TaskState
from ui.jobs.compared import Comparison
from ui.jobs.methods import Method
from ui.naming import escape_markdown
from ui.panels.active_learning import iteration as iterations
from ui.panels.active_learning import settings, values

_ADVICE = {
    True: (":material/flag:", "Suggests stopping"),
    False: (":material/trending_up:", "Suggests continuing"),
    None: (":material/hourglass_empty:", "No advice yet"),
}


def take_over(task: Task) -> bool:
    """Set the widgets to the settings and iteration of a run; False if they cannot ask for it."""
    if not settings.take_over(task):
        return False
    iterations.take_over(task)
    return True


def controls(task: Task, state: TaskState) -> None:
    """Draw the buttons to step once and to delete, and the link to Compare."""
    if state.phase == "absent":
        iterations.show_address(None)
    if state.phase == "finished":
        task_page.link_to_comparison(task, "Compare it with other runs")
        return
    if not state.busy:
        parts.start(
            task,
            "Step once",
            icon=":material/skip_next:",
            key="learn_step",
            pause_after=1,
            help="Trains once: first on the seed set, then after each batch.",
        )
    if state.busy or task.run_folders():
        with st.popover("Stop", icon=":material/delete:", help="Stop this run and delete it."):
            st.markdown(
                "This deletes all iterations of the run for good. To continue later, pause it "
                "instead."
            )
            st.button(
                "Stop and delete",
                key="learn_give_up",
                type="primary",
                on_click=_delete,
                args=(task, state),
            )


def _delete(task: Task, state: TaskState) -> None:
    run_list.delete(run_list.ListedRun(task.folder, task, (), state.phase))


def live(task: Task, state: TaskState) -> None:
    """Draw the progress and the results of a run, complete or partial."""
    folders = task.run_folders()
    runs = found.runs_in_folders(folders)
    if not runs:
        if state.busy:
            st.progress(0.0, text="Training on the seed set …")
        elif state.phase == "stopped":
            st.info(
                "The run was paused during the training on the seed set. Resume to start this "
                "training again.",
                icon=":material/pause_circle:",
            )
        return
    trainings = int(runs[0].manifest["preset"]["iterations"]) + 1
    task_page.show_progress(compared.progress(folders, len(folders), trainings), state)
    comparison, faults = compared.read_comparison(runs)
    for fault in faults:
        st.error(escape_markdown(fault), icon=":material/error:")
    if comparison is None:
        return
    _curves(comparison)
    run = cached.active_run(_choose_run(comparison))
    _advice(run, task)
    for fallback in results.fallbacks(run):
        st.warning(fallback, icon=":material/info:")
    iterations.iteration(run, task)


def _curves(comparison: Comparison) -> None:
    """Draw the accuracy curve and the statistics of the batches, over all seeds."""
    seeds = count_noun(len(comparison.runs), "seed")
    accuracy, statistics = st.tabs(
        ["Test accuracy", "Batch statistics"], key="learn_curves", on_change="rerun"
    )
    if accuracy.open:
        with accuracy:
            curves = comparison.curves
            ends = ", ".join(
                f"from {curve.accuracy[0]:.3f} to {curve.accuracy[-1]:.3f}" for curve in curves
            )
            parts.figure(
                accuracy_figure(curves),
                "learn_accuracy",
                f"Test accuracy by labelled texts: {ends} with {seeds}.",
                lambda: values.iterations(comparison),
            )
            if len(comparison.runs) > 1:
                st.caption(words.SEED_BAND)
    if statistics.open:
        with statistics:
            if comparison.common < 2:
                st.info("Step once more to see the first batch.", icon=":material/skip_next:")
                return
            st.caption(words.PLACED)
            series = comparison.batch_series
            parts.figure(
                batch_statistics_figure(series),
                "learn_batch_statistics",
                "Mean confidence, variability and correctness of each batch by iteration, with "
                f"{seeds}.",
                lambda: comparison_tables.batch_statistics(series),
            )


def _choose_run(comparison: Comparison) -> Path:
    """The folder of the run whose iterations are shown; with several seeds, chosen by seed."""
    folder_of = {run.seed: run.folder for run in comparison.found}
    if len(folder_of) == 1:
        return comparison.found[0].folder
    seeds = settings.in_order(list(folder_of))
    seed = st.segmented_control(
        "Show the run with seed",
        seeds,
        default=seeds[0],
        required=True,
        # Other seeds are other options, so they need another widget.
        key=f"learn_seed_{'_'.join(map(str, seeds))}",
        help="The advice, map and batches below are of one run.",
        persist_state="session",
    )
    return folder_of[seed]


def _advice(run: ActiveRun, task: Task) -> None:
    st.subheader("When to stop", anchor=False, help=words.WHEN_TO_STOP)
    with errors_in_place(), st.container(horizontal=True):
        for signal in values.signals(run, task.choice):
            _signal(signal)
    fresh = Method.of(run.manifest["preset"]).fresh_weights
    st.caption(words.FRESH_WEIGHTS if fresh else words.CARRIED_WEIGHTS)


def _signal(signal: StoppingSignal) -> None:
    icon, advice = _ADVICE[signal.points_to_stop]
    with st.container(border=True, width=310, height="stretch"):
        st.markdown(f"**{signal.name}**  \n{icon} {advice}")
        st.caption(signal.sentence)
