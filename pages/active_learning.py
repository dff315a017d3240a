"""Run a query strategy by the step or to the end, and see what it picks and what that brings."""

import streamlit as st

from ui import background, frame, panels, pickers, session

frame.enter()

st.title("Active learning", anchor=False)
st.markdown(
    "Start from a small labelled seed set. In each iteration the strategy picks a batch from the "
    "pool, its gold labels are revealed, and the classifier is trained anew.",
)

choice = session.choice()
task = pickers.learn_task(choice)
state = background.state(task)
pickers.learn_buttons(task, state)
panels.outcome(state)

if state.busy or state.phase in ("stopped", "finished"):
    panels.learning(task, state)
elif state.phase == "absent":
    st.info(
        f"No run on {choice.name} with these settings yet. Step once to train on the seed set, or "
        "run all iterations and watch the curve grow.",
        icon=":material/skip_next:",
    )
