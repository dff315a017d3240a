"""Run a query strategy by the step or to the end, and see what it picks and what that brings."""

import streamlit as st

from ui import frame, parts
from ui.jobs import background
from ui.naming import escape_markdown
from ui.panels.active_learning import panel as panels
from ui.panels.active_learning import settings
from ui.state import session

frame.enter()

st.title("Active learning", anchor=False)
st.markdown(
    "Start from a small labelled seed set. In each iteration the strategy picks a batch from the "
    "pool, its gold labels are revealed, and the classifier is trained anew.",
)

panels.follow_address()
choice = session.choice()
task = settings.chosen(choice)
state = background.task_state(task)
panels.show_address(task, state)
panels.buttons(task, state)
parts.outcome(state)

if state.phase == "absent":
    st.info(
        f"No run on {escape_markdown(choice.name)} with these settings yet. Start it and watch the curve "
        "grow, or step once to train on the seed set alone. You can leave the page meanwhile.",
        icon=":material/play_circle:",
    )
else:
    panels.learning(task, state)
