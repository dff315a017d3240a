"""The Compare page: whether a strategy beats Random, and where on the map each picks."""

import streamlit as st

from ui import frame, task_page
from ui.panels.compare import panel
from ui.task_page import TaskSection

frame.enter()

st.title("Compare", anchor=False)
st.markdown(
    "Which strategy learns more from the same number of labels, and where on the map does it pick?"
)

panel.follow_address()
if panel.choose_source() == panel.NEW:
    task_page.show(
        TaskSection(
            kinds=("learn",),
            key="comparison",
            set_up=panel.set_up,
            controls=panel.describe_runs,
            live=panel.live,
            start="Run the comparison",
            start_key="compare_run",
            stop_key="compare_pause",
            empty="There is no comparison on {corpus} with these settings yet. Run it and watch "
            "the curves grow. It continues if you leave the page.",
            icon=":material/play_circle:",
        )
    )
else:
    panel.chosen_runs()
