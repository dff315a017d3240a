"""Move the threshold of correctness and see what CAL would ask for next."""

import streamlit as st

from ui import frame, parts, words
from ui.jobs import address, background
from ui.naming import escape_markdown
from ui.panels.threshold import panel as panels
from ui.panels.threshold import sweep as sweeps
from ui.state import session

frame.enter()

st.title("Threshold", anchor=False)
st.markdown(
    "CAL parts the labelled texts at **t_cor** into high-cor and low-cor, trains a "
    "**discriminator** to tell the two apart, and asks for the texts of the pool that it is least "
    "sure of. A study trains a discriminator for every t_cor, so that here you can move it and "
    "see the next batch change.",
    help=f"{words.T_COR}\n\n{words.CORRECTNESS}\n\n{words.HIGH_COR}",
)

led = panels.follow_address()
if led is not None:
    state = background.task_state(led)
    if state.busy:
        panels.progress(led, state)
    else:
        panels.explored(led)
    st.stop()

choice = session.choice()
task = panels.study_task(choice)
state = background.task_state(task)
address.show(None if state.phase == "absent" else task)
panels.buttons(task, state)
parts.outcome(state)

if state.busy:
    panels.progress(task, state)
elif state.phase == "finished":
    panels.explored(task)
elif state.phase == "stopped":
    st.info("This study was stopped. Start it again from the beginning.", icon=":material/replay:")
elif state.phase == "absent":
    st.info(
        f"There is no study of {escape_markdown(choice.name)} with these settings yet. Start it: the "
        "classifier is trained on the seed set, then a discriminator for every t_cor, side by "
        "side.",
        icon=":material/tune:",
    )

sweeps.sweep(choice, task.option("seed-size"), task.option("epochs"))
