"""Every run on disk: open it, go on with it, rename it, take it away, delete it."""

import streamlit as st

from ui import frame
from ui.jobs import run_list
from ui.panels.runs import panel as panels

frame.enter()

st.title("Runs", anchor=False)
st.markdown(
    "Every data map, active-learning run, comparison and threshold study. A run goes on in the "
    "background when a page is left or closed, and is found again here.",
)

found = run_list.list_runs()
if not found:
    st.info("There is no run yet.", icon=":material/history:")
    st.page_link("pages/data_map.py", label="Draw a data map", icon=":material/scatter_plot:")
    st.stop()

panels.listed(found)
chosen = panels.entry(found)
panels.actions(chosen)
