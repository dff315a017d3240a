"""The page Suspects as a whole: a project, the search for suspects, and their review."""

from __future__ import annotations

import streamlit as st

from ui import words
from ui.faults import errors_in_place
from ui.jobs import labelling
from ui.panels import projects
from ui.panels.suspects import noise, review, search

_REVIEW, _NOISE = "Review", "How well does each ranking work here?"


def show() -> None:
    """Show the project of the address, or the projects to choose from."""
    session = projects.opened(_choose_project)
    if session is None:
        return
    projects.head(session, "pages/label.py", "Label", ":material/label:")
    with errors_in_place():
        found = search.search(session)
        tabs = st.tabs([_REVIEW, _NOISE], key="suspects_tabs", on_change="rerun")
        if tabs[0].open:
            with tabs[0]:
                if found is None:
                    st.info(words.SUSPECTS, icon=":material/rule:")
                else:
                    review.review(session, found)
        if tabs[1].open:
            with tabs[1], errors_in_place():
                noise.show(session)


def _choose_project() -> None:
    known = labelling.projects()
    if not known:
        st.info(
            "Label suspects are found among the labels of a project. Start one on the page Label; "
            "a corpus that has all its labels will do.",
            icon=":material/rule:",
        )
        st.page_link("pages/label.py", label="Open the page Label", icon=":material/label:")
        return
    st.markdown("Of which project?")
    projects.show_list(known)
