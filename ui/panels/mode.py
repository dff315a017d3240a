"""Simulate or Label: two modes of the same steps, told apart at the top of both pages."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from cartography.errors import CartographyError
from ui import words
from ui.jobs import address, cached
from ui.state.session import DataChoice

Mode = Literal["Simulate", "Label"]

_PAGES: dict[Mode, str] = {"Simulate": "pages/active_learning.py", "Label": "pages/label.py"}
_CHOSEN = "mode chosen"
_HALF = 0.5


def choose(here: Mode, choice: DataChoice) -> None:
    """Show the switch between the modes; the other one is another page.

    A corpus whose texts are mostly without a label opens as Label, unless the visitor chose
    otherwise or the address names a run.

    Parameters
    ----------
    here : Mode
        That of the page.
    choice : DataChoice
        The corpus in use.
    """
    if here == "Simulate" and _opens_as_label(choice):
        st.switch_page(_PAGES["Label"])
    mode: Mode | None = st.segmented_control(
        "Mode",
        list(_PAGES),
        default=here,
        required=True,
        key=f"mode_on_{here}",
        label_visibility="collapsed",
        help=words.MODE,
    )
    if mode is not None and mode != here:
        # The page that is left starts with its own mode when it is opened again.
        del st.session_state[f"mode_on_{here}"]
        st.session_state[_CHOSEN] = (choice, mode)
        st.switch_page(_PAGES[mode])


def _opens_as_label(choice: DataChoice) -> bool:
    if choice.source == "sample" or address.RUN in st.query_params:
        return False
    if st.session_state.get(_CHOSEN, (None, ""))[0] == choice:
        return False
    try:
        corpus, _ = cached.corpora(choice)
    except CartographyError:
        return False  # the page itself says what is wrong
    return bool(corpus.labelled.mean() < _HALF) if len(corpus) else False
