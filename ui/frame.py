"""The frame of every page: sidebar, styles and error messages."""

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
# 1. Smaller margins above and below a page, with room for Streamlit's toolbar.
# 2. A figure keeps its colours while it is redrawn.
# 3. Grey texts of a figure, too pale on a light page, take the page's text colour.
# 4. Streamlit's own CSV of a table is unguarded, and has no other form; the pages' downloads do.
_STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding-top: 4rem; padding-bottom: 4rem}
[data-stale="true"] {opacity: 1 !important; transition: none}
[data-testid="stPlotlyChart"] text[style*="rgb(128, 132, 149)"] {fill: currentColor !important}
[data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]) {display: none}
</style>"""
_in_frame: ContextVar[bool] = ContextVar("_in_frame", default=False)


def enter() -> None:
    """Put the frame around a page; the first call of every page.

    If a page is the first request to a server, from a bookmark for example, Streamlit runs the
    file in `pages/` without `app.py`. In that case `app.py` is run here.
    """
    if not _in_frame.get():
        runpy.run_path(str(_APP))
        st.stop()


def show(page: StreamlitPage) -> None:
    """Draw the sidebar, then run `page` and show its errors in place."""
    address.enter_page(page.url_path)
    choice = session.choice()
    with st.sidebar:
        st.caption("Corpus in use")
        st.markdown(f"**{escape_markdown(choice.name)}**")
        st.caption(f"Features: {escape_markdown(choice.features_name)}")
        if choice.test:
            st.caption(f"Test set: {escape_markdown(choice.test_name)}")
        session.choose_picture_format()
        workspace.open_workspace()
        st.html(_STYLE)
    token = _in_frame.set(True)
    try:
        with errors_in_place():
            page.run()
    finally:
        _in_frame.reset(token)
