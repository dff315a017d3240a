"""Draw the seed map and the full map, watch them train, and read their texts."""

import streamlit as st

from ui import frame, task_page, words
from ui.panels.data_map import controls, panel
from ui.task_page import TaskSection

frame.enter()

st.title("Data map", anchor=False)
st.markdown(
    "Every point is a text. Its position shows how training went: how sure the classifier was of "
    "the gold label (**confidence**), how much that changed between epochs (**variability**), and "
    "how often it was right (**correctness**).",
    help=f"{words.CONFIDENCE}\n\n{words.VARIABILITY}\n\n{words.CORRECTNESS}",
)

task_page.show(
    TaskSection(
        kinds=("map", "open"),
        key="live_maps",
        take_over=controls.take_over,
        set_up=controls.set_up,
        live=panel.live,
        finished=panel.explore,
        start="Draw the maps",
        start_key="map_start",
        stop_key="map_stop",
        empty="There is no map of {corpus} with these settings yet. Draw the maps to train on its "
        "texts and watch the points move.",
        icon=":material/scatter_plot:",
        in_row=True,
    )
)
