"""Draw the seed map and the full map, watch them fill epoch by epoch, and read their texts."""

import streamlit as st

from ui import frame, parts, words
from ui.jobs import address, background
from ui.naming import escape_markdown
from ui.panels.data_map import controls
from ui.panels.data_map import panel as panels
from ui.state import session
from ui.state.session import DataChoice

frame.enter()

st.title("Data map", anchor=False)
st.markdown(
    "Every point is a text, placed by what the classifier made of it over its training: how sure "
    "it was of the gold label (**confidence**), how much it wavered (**variability**), and how "
    "often it was right (**correctness**).",
    help=f"{words.CONFIDENCE}\n\n{words.VARIABILITY}\n\n{words.CORRECTNESS}",
)

led = controls.follow_address()
if led is not None:
    state = background.task_state(led)
    if state.busy:
        panels.live(led, state)
    else:
        panels.explore(led)
    st.stop()

choice = session.choice()
with st.container(horizontal=True, vertical_alignment="bottom"):
    task = controls.map_task(choice)
    state = background.task_state(task)
    # A newcomer sees the sample's maps without a click.
    if session.offer_first_map() and choice == DataChoice() and state.phase == "absent":
        background.start(task)
        state = background.task_state(task)
    panels.buttons(task, state)
address.show(task if state.phase != "absent" else None)

parts.outcome(state)
if state.busy:
    panels.live(task, state)
elif state.phase == "finished":
    panels.explore(task)
elif state.phase == "stopped":
    st.info(
        "This training was stopped. Draw the maps again, from the start.", icon=":material/replay:"
    )
elif state.phase == "absent":
    st.info(
        f"There is no map of {escape_markdown(choice.name)} with these settings yet. Draw the maps to "
        "train on its texts and watch the points move.",
        icon=":material/scatter_plot:",
    )
