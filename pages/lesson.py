"""A lesson of ten minutes for one who has never heard of data maps, on the corpus in use."""

import streamlit as st

from ui import frame
from ui.panels.lesson import panel as panels
from ui.state import session

frame.enter()

st.title("Learn", anchor=False)
choice = session.choice()
with panels.lesson():
    number = panels.navigation(choice)
    waiting = panels.place(choice, number)
    panels.preparation(choice, waiting, number)
    panels.turn(choice, number)
