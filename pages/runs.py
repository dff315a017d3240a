"""The Runs page: open, resume, rename, download or delete the runs on disk."""

import streamlit as st

from ui import frame
from ui.jobs import run_list
from ui.panels.runs import panel

frame.enter()

st.title("Runs", anchor=False)
st.markdown(
    "All data maps, active-learning runs, comparisons and threshold studies. Runs continue in the "
    "background when you leave or close a page; find them again here.",
)

entries = run_list.list_runs()
if not entries:
    st.info("There are no runs yet.", icon=":material/history:")
    st.page_link("pages/data_map.py", label="Draw a data map", icon=":material/scatter_plot:")
    st.stop()

panel.show_list(entries)
panel.show_actions(panel.choose_entry(entries))
