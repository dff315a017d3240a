"""Labels of a project that are probably wrong: find them, and keep, relabel or set them aside."""

import streamlit as st

from ui import frame
from ui.panels.suspects import page

frame.enter()

st.title("Suspects", anchor=False)
page.show()
