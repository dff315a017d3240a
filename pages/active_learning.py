"""Run a query strategy and see what it picks and how much accuracy its batches bring."""

import streamlit as st

from ui import frame, task_page
from ui.panels import mode
from ui.panels.active_learning import panel, settings
from ui.state import session
from ui.task_page import TaskSection

frame.enter()

with st.container(horizontal=True, vertical_alignment="center"):
    st.title("Active learning", anchor=False, width="content")
    mode.choose("Simulate", session.choice())
st.markdown(
    "Start from a small labelled seed set. In each iteration the strategy picks a batch from the "
    "pool, its gold labels are revealed, and the classifier is trained again.",
)

task_page.show(
    TaskSection(
        kinds=("learn",),
        key="learning",
        take_over=panel.take_over,
        reason="it has several strategies or thresholds side by side, or a file of its corpus has "
        "changed since",
        set_up=settings.set_up,
        controls=panel.controls,
        live=panel.live,
        start="Start",
        start_key="learn_run",
        stop_key="learn_pause",
        empty="There is no run on {corpus} with these settings yet. Start it and watch the curve "
        "grow, or step once to train on the seed set alone. The run goes on if you leave the page.",
        icon=":material/play_circle:",
    )
)
