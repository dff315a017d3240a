"""Drawing the full data map that a comparison needs."""

from __future__ import annotations

import streamlit as st

from cartography.runs.map_runs import EPOCHS
from ui import parts
from ui.faults import errors_in_place
from ui.jobs import background, reference
from ui.jobs.found import RunInfo
from ui.state.session import DataChoice


def offer_map(run: RunInfo, choice: DataChoice | None) -> None:
    """Show the button that draws the full map of a run's corpus, and its progress.

    Parameters
    ----------
    run : RunInfo
    choice : DataChoice or None
        The corpus of `run`; None if it is unknown, so that its map cannot be drawn from here.
    """
    if choice is None:
        st.info(
            "There is no full data map of this corpus yet. Choose the corpus on the Dataset page "
            "and draw its map on the Data map page.",
            icon=":material/scatter_plot:",
        )
        return
    task = reference.task_for(run, choice)

    @st.fragment(run_every=2.0 if background.task_state(task).busy else None, key="compare_map")
    @errors_in_place()
    def show() -> None:
        state = background.task_state(task)
        parts.outcome(state)
        if state.phase == "preparing":
            parts.preparing(task, state)
        elif state.phase == "running":
            done = min(
                len(list((folder / EPOCHS).glob("[0-9]*.npz"))) for folder in task.run_folders()
            )
            st.progress(min(1.0, done / run.epochs), text=f"Epoch {done} of {run.epochs}")
        if state.busy:
            parts.cancel(task, "compare_map_stop")
        elif state.phase == "finished":
            st.rerun()
        else:
            st.info(
                "To show the picks of all strategies on one map, the classifier is trained on all "
                "texts once. This runs in the background, and the map is kept.",
                icon=":material/scatter_plot:",
            )
            if st.button(
                "Draw the full map", key="compare_map_start", icon=":material/play_arrow:"
            ):
                background.start(task)
                st.rerun()

    show()
