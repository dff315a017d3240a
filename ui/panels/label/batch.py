"""Asking for the next batch: train on the labels so far, and choose what to label."""

from __future__ import annotations

import streamlit as st

from cartography.labelling.project import batch_size
from cartography.labelling.session import LabelSession
from cartography.strategies.table import USES_T_COR
from ui import parts, words
from ui.jobs import background, labelling
from ui.jobs.background import TaskState
from ui.naming import escape_markdown

_DEFAULT = "margin"


def next_batch(session: LabelSession) -> None:
    """Show the settings of the next round, its button and, while it runs, its progress."""
    options = _options(session)
    task = labelling.round_task(session.project, options)
    state = background.task_state(task)
    if state.busy:
        parts.follow(task, state, "label_round", _progress)
        parts.cancel(task, "label_round_cancel", help="Labels are kept; the batch is not made.")
        return
    waiting = len(session.queue())
    parts.start(
        task,
        "Train on these, and ask for more"
        if waiting
        else f"Ask for the {'next' if session.rounds else 'first'} batch",
        key="label_round_start",
        type="secondary" if waiting else "primary",
        icon=":material/model_training:",
        help="Trains on all labels so far and chooses the next texts. You can go on labelling.",
    )
    parts.outcome(state)


def _options(session: LabelSession) -> labelling.RoundOptions:
    labelled = int((session.state.labels >= 0).sum())
    strategies = words.strategies()
    strategy = st.selectbox(
        "Ask by",
        strategies,
        index=strategies.index(_DEFAULT),
        format_func=words.strategy,
        key="label_strategy",
        help=words.STRATEGY,
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        size = st.number_input(
            "Texts",
            min_value=0,
            max_value=1_000,
            value=None,
            step=1,
            placeholder=f"auto ({batch_size(labelled, len(session.state.ids))})",
            key="label_size",
            help="Texts of the next batch; by default a tenth of what is labelled, 20 to 100. With "
            "0 the model is only trained, and the map drawn.",
            width=150,
            persist_state="session",
        )
        t_cor = None
        if strategy in USES_T_COR:
            t_cor = st.number_input(
                "t_cor",
                0.0,
                1.0,
                session.project.settings.chosen_preset().t_cor,
                0.05,
                key="label_t_cor",
                help=words.T_COR,
                width=110,
                persist_state="session",
            )
    return labelling.RoundOptions(strategy, size, t_cor)


def _progress(state: TaskState) -> None:
    st.progress(0.5, text=escape_markdown(state.message) or "Training …")
