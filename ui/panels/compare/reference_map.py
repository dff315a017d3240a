"""The full data map that a comparison needs, drawn from its page."""

from __future__ import annotations

import streamlit as st

from cartography.runs.map_runs import EPOCHS
from ui import parts
from ui.faults import errors_in_place
from ui.jobs import background, reference
from ui.jobs.found import RunInfo
from ui.state.session import DataChoice


def offer(run: RunInfo, choice: DataChoice | None) -> None:
    """A button that draws the full map of the corpus of `run`, and how far it has come."""
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
            done = min(len(list((f / EPOCHS).glob("[0-9]*.npz"))) for f in task.run_folders())
            st.progress(min(1.0, done / run.epochs), text=f"Epoch {done} of {run.epochs}")
        if state.busy:
            parts.cancel(task, "compare_map_stop")
        elif state.phase == "finished":
            st.rerun()
        else:
            st.info(
                "To place the picks of all strategies on one map, the classifier has to be trained "
                "on all texts once. It happens in the background and is kept.",
                icon=":material/scatter_plot:",
            )
            if st.button(
                "Draw the full map", key="compare_map_start", icon=":material/play_arrow:"
            ):
                background.start(task)
                st.rerun()

    show()
