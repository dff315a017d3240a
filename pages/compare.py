"""Strategies beside each other: whether one beats Random, and where on the map each picks."""

import streamlit as st

from ui import frame
from ui.panels.compare import panel as panels
from ui.state import session

frame.enter()

st.title("Compare", anchor=False)
st.markdown(
    "Which strategy learns more from the same number of labels, and where on the map does it pick?"
)

panels.follow_address()
if panels.source() == panels.NEW:
    panels.new_comparison(session.choice())
else:
    panels.chosen_runs()
