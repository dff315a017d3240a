"""What stands around every page."""

import runpy
from contextvars import ContextVar
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui import session, workspace
from ui.faults import shown_in_place

_APP = Path(__file__).resolve().parent.parent / "app.py"
_around: ContextVar[bool] = ContextVar("_around", default=False)


def enter() -> None:
    """Give a page its frame; the first call of every page.

    Streamlit runs a file of `pages/` without `app.py` when it is the first thing that is asked
    of a server, by a bookmark say. Then the frame is put around it here.
    """
    if not _around.get():
        runpy.run_path(str(_APP))
        st.stop()


def show(page: StreamlitPage) -> None:
    """Say which corpus is in use, then run `page`, its mistakes shown in place."""
    choice = session.choice()
    with st.sidebar:
        st.caption("Corpus in use")
        st.markdown(f"**{choice.name}**")
        st.caption(f"Word vectors: {choice.vectors_name}, {choice.pooling}")
        if choice.test:
            st.caption(f"Test set: {choice.test_name}")
        session.choose_picture_format()
        workspace.greet()
        # A figure that is drawn again keeps its colours while the next one is on its way.
        st.html("<style>[data-stale='true'] {opacity: 1 !important; transition: none}</style>")
    token = _around.set(True)
    try:
        with shown_in_place():
            page.run()
    finally:
        _around.reset(token)
