"""What stands around every page."""

import runpy
from contextvars import ContextVar

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui import ROOT
from ui.faults import errors_in_place
from ui.jobs import address
from ui.naming import escape_markdown
from ui.state import session, workspace

_APP = ROOT / "app.py"
# Less room above and below a page than Streamlit leaves, but as much as its toolbar needs. A figure
# that is drawn again keeps its colours while the next one is on its way. And what a figure says in
# Streamlit's grey, too pale on a light page, has the colour of the words around it.
_STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding-top: 4rem; padding-bottom: 4rem}
[data-stale="true"] {opacity: 1 !important; transition: none}
[data-testid="stPlotlyChart"] text[style*="rgb(128, 132, 149)"] {fill: currentColor !important}
</style>"""
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
    address.arrive(page.url_path)
    choice = session.choice()
    with st.sidebar:
        st.caption("Corpus in use")
        st.markdown(f"**{escape_markdown(choice.name)}**")
        st.caption(f"Word vectors: {escape_markdown(choice.vectors_name)}, {choice.pooling}")
        if choice.test:
            st.caption(f"Test set: {escape_markdown(choice.test_name)}")
        session.choose_picture_format()
        workspace.greet()
        st.html(_STYLE)
    token = _around.set(True)
    try:
        with errors_in_place():
            page.run()
    finally:
        _around.reset(token)
