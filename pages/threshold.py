"""Move the threshold of correctness and see what CAL would ask for next."""

import streamlit as st

from ui import frame, task_page, words
from ui.jobs import address
from ui.panels.threshold import panel, sweep
from ui.task_page import TaskSection

frame.enter()

st.title("Threshold", anchor=False)
st.markdown(
    "CAL splits the labelled texts at **t_cor** into high-cor and low-cor, trains a "
    "**discriminator** to distinguish them, and asks for the pool texts that it is least sure of. "
    "A study trains a discriminator for every t_cor. Move t_cor and see how the next batch "
    "changes.",
    help=f"{words.T_COR}\n\n{words.CORRECTNESS}\n\n{words.HIGH_COR}",
)

task_page.show(
    TaskSection(
        kinds=("threshold",),
        key="threshold_progress",
        take_over=panel.take_over,
        set_up=panel.set_up,
        live=panel.live,
        finished=panel.explore,
        start="Start the study",
        start_key="threshold_start",
        stop_key="threshold_cancel",
        empty="There is no study of {corpus} with these settings yet. Start it to train the "
        "classifier on the seed set, then a discriminator for every t_cor in parallel.",
        icon=":material/tune:",
    ),
    TaskSection(
        kinds=("learn",),
        key="sweep",
        parameter=address.SWEEP,
        take_over=sweep.take_over,
        reason="a file of its corpus has changed since, or this page does not offer its settings",
        set_up=sweep.set_up,
        live=sweep.live,
        start="Start the sweep",
        start_key="sweep_start",
        stop_key="sweep_pause",
        empty="There is no sweep of {corpus} with these settings yet. Start it, and the figure "
        "grows with every iteration.",
        icon=":material/stacked_line_chart:",
    ),
)
