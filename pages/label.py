"""Label texts: what a strategy asks for, one text at a time, with the map of what is labelled."""

import streamlit as st

from ui import frame
from ui.panels import mode
from ui.panels.label import page
from ui.state import session

frame.enter()

choice = session.choice()
with st.container(horizontal=True, vertical_alignment="center"):
    st.title("Label", anchor=False, width="content")
    mode.choose("Label", choice)
page.show(choice)
