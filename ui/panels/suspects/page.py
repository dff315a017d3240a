"""The page Suspects as a whole: a project, the search for suspects, and their review."""

from __future__ import annotations

import streamlit as st

from cartography.errors import CartographyError
from cartography.labelling.project import Project
from cartography.labelling.session import LabelSession
from ui import words
from ui.faults import errors_in_place, sentence
from ui.jobs import labelling
from ui.naming import escape_markdown
from ui.panels.suspects import noise, review, search

_REVIEW, _NOISE = "Review", "How well does each ranking work here?"


def show() -> None:
    """Show the project of the address, or the projects to choose from."""
    project = _project_of_address()
    if project is None:
        _choose_project()
        return
    if not labelling.annotator():
        _ask_name(project)
        return
    session = labelling.label_session(project)
    _head(session)
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


def _project_of_address() -> Project | None:
    id = st.query_params.get(labelling.PROJECT)
    if not id:
        return None
    try:
        return labelling.join(id)
    except CartographyError as error:
        st.warning(sentence(str(error)), icon=":material/link_off:")
        return None


def _choose_project() -> None:
    projects = labelling.projects()
    if not projects:
        st.info(
            "Label suspects are found among the labels of a project. Start one on the page Label; "
            "a corpus that has all its labels will do.",
            icon=":material/rule:",
        )
        st.page_link("pages/label.py", label="Open the page Label", icon=":material/label:")
        return
    st.markdown("Of which project?")
    with st.container(horizontal=True):
        for project in projects:
            if st.button(
                escape_markdown(project.name),
                key=f"suspects_open_{project.id}",
                icon=":material/folder_open:",
                help=f"Created {project.created:%d %B %Y}",
            ):
                st.query_params[labelling.PROJECT] = project.id
                st.rerun()


def _ask_name(project: Project) -> None:
    st.subheader(escape_markdown(project.name), anchor=False)
    with st.form("suspects_name"):
        who = st.text_input(
            "Your name", max_chars=100, help="Every decision is kept with the name of who made it."
        )
        if st.form_submit_button("Join", type="primary") and who.strip():
            labelling.name_annotator(who)
            st.rerun()


def _head(session: LabelSession) -> None:
    labelled = int((session.state.labels >= 0).sum())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escape_markdown(session.project.name)}** · {labelled:,} of "
            f"{len(session.state.ids):,} texts labelled · you are "
            f"{escape_markdown(session.annotator)}"
        )
        st.button(
            "Close",
            icon=":material/close:",
            key="suspects_close",
            help="Back to the list of projects. Nothing is lost.",
            on_click=_close,
        )


def _close() -> None:
    st.query_params.pop(labelling.PROJECT, None)
