"""Draw a data map, watch it fill epoch by epoch, and read the texts of any part of it."""

import streamlit as st

from ui import background, cached, frame, panels, pickers, results, session, words
from ui.session import DataChoice

frame.enter()

st.title("Data map", anchor=False)
st.markdown(
    "Every point is a text, placed by what the classifier made of it over its training: how sure "
    "it was of the gold label (**confidence**), how much it wavered (**variability**), and how "
    "often it was right (**correctness**).",
    help=f"{words.CONFIDENCE}\n\n{words.VARIABILITY}\n\n{words.CORRECTNESS}",
)

choice = session.choice()
with st.container(horizontal=True, vertical_alignment="bottom"):
    task = pickers.map_task(choice)
    state = background.state(task)
    # A newcomer sees the sample's map without a click.
    if session.offer_first_map() and choice == DataChoice() and state.phase == "absent":
        background.start(task)
        state = background.state(task)
    pickers.map_buttons(task, state)
    if state.phase == "finished":
        thresholds, t_cor = pickers.thresholds()

panels.outcome(state)
if state.busy:
    panels.live_map(task)
elif state.phase == "finished":
    run = cached.map_run(task.folder)
    placed = results.data_map(run, thresholds)
    panels.map_counts(run, placed)
    panels.map_to_pick_from(run, placed, t_cor)
elif state.phase == "stopped":
    st.info("This map was stopped. Draw it again from the start.", icon=":material/replay:")
elif state.phase == "absent":
    st.info(
        f"There is no map of {choice.name} with these settings yet. Draw the map to train on it "
        "and watch the points move.",
        icon=":material/scatter_plot:",
    )
