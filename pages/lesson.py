"""A ten-minute lesson on the corpus in use, for readers who are new to data maps."""

import streamlit as st

from ui import frame
from ui.panels.lesson import panel
from ui.state import session

frame.enter()

st.title("Learn", anchor=False)
choice = session.choice()
with panel.lesson():
    number = panel.choose_step(choice)
    awaited_tasks = panel.show(choice, number)
    panel.prepare(choice, awaited_tasks, number)
    panel.navigation_buttons(choice, number)
