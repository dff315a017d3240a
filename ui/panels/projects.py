"""Projects of texts to label: that of the address, the list to choose from, and the head line."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cartography.errors import CartographyError
from cartography.labelling.project import Project
from cartography.labelling.session import LabelSession
from ui.faults import sentence
from ui.jobs import labelling
from ui.naming import escape_markdown


def opened(choose: Callable[[], None]) -> LabelSession | None:
    """Return the session of the project in the address; ask for what is missing.

    Parameters
    ----------
    choose : callable
        Draws the choice of a project; called if the address names none.

    Returns
    -------
    LabelSession or None
        None until there are a project and the name of who works on it.
    """
    project = _project_of_address()
    if project is None:
        choose()
        return None
    if not labelling.annotator():
        _ask_name(project)
        return None
    return labelling.label_session(project)


def _project_of_address() -> Project | None:
    id = st.query_params.get(labelling.PROJECT)
    if not id:
        return None
    try:
        return labelling.join(id)
    except CartographyError as error:
        st.warning(sentence(str(error)), icon=":material/link_off:")
        return None


def _ask_name(project: Project) -> None:
    """Ask a newcomer for a name before the first label."""
    st.subheader(escape_markdown(project.name), anchor=False)
    with st.form("project_name"):
        who = st.text_input(
            "Your name", max_chars=100, help="Every label is kept with the name of who gave it."
        )
        if st.form_submit_button("Join", type="primary") and who.strip():
            labelling.name_annotator(who)
            st.rerun()


def show_list(projects: list[Project]) -> None:
    """Show a button to open each project."""
    with st.container(horizontal=True):
        for project in projects:
            if st.button(
                escape_markdown(project.name),
                key=f"project_open_{project.id}",
                icon=":material/folder_open:",
                help=f"Created {project.created:%d %B %Y}",
            ):
                show(project.id)


def show(id: str) -> None:
    """Put a project into the address, and run the page with it."""
    st.query_params[labelling.PROJECT] = id
    st.rerun()


def head(session: LabelSession, page: str, label: str, icon: str) -> None:
    """Show the name of the project and of who works on it, a link to another page, and Close."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escape_markdown(session.project.name)}** · you are "
            f"{escape_markdown(session.annotator)}"
        )
        st.space("stretch")
        st.page_link(
            page, label=label, icon=icon, query_params={labelling.PROJECT: session.project.id}
        )
        st.button(
            "Close",
            icon=":material/close:",
            key="project_close",
            help="Back to the list of projects. Nothing is lost.",
            on_click=close,
        )


def close() -> None:
    """Take the project out of the address."""
    st.query_params.pop(labelling.PROJECT, None)
    st.query_params.pop(labelling.TEXT, None)
