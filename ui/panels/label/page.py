"""The page Label as a whole: a project, its desk, and what its rounds show."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cartography.errors import CartographyError
from cartography.labelling.project import Project, delete_project
from cartography.labelling.session import LabelSession
from ui.faults import errors_in_place, sentence
from ui.jobs import labelling
from ui.naming import escape_markdown
from ui.panels.label import batch, desk, files, rounds, start, team
from ui.state.session import DataChoice

_PROBLEM = "problem of the page Label"

_TABS: dict[str, Callable[[LabelSession], None]] = {
    "Map": rounds.show_map,
    "Batch": rounds.show_batch,
    "Accuracy": rounds.show_accuracy,
    "Classes": team.show_classes,
    "Questions": team.show_conflicts,
    "Team": team.show_team,
    "Files": lambda session: _show_files(session),
}


def show(choice: DataChoice) -> None:
    """Show the project of the address, or the choice of one."""
    problem = st.session_state.pop(_PROBLEM, "")
    if problem:
        st.error(problem, icon=":material/error:")
    project = _project_of_address()
    if project is None:
        start.choose_project(choice)
        return
    if not labelling.annotator():
        _ask_name(project)
        return
    session = labelling.label_session(project)
    _head(session)
    left, right = st.columns([3, 2], gap="large")
    with left:
        desk.desk(session)
    with right:
        with errors_in_place():
            batch.next_batch(session)
        for name, tab in zip(
            _TABS, st.tabs(list(_TABS), key="label_tabs", on_change="rerun"), strict=True
        ):
            if tab.open:
                with tab, errors_in_place():
                    _TABS[name](session)


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
    with st.form("label_name"):
        who = st.text_input(
            "Your name", max_chars=100, help="Every label is kept with the name of who gave it."
        )
        if st.form_submit_button("Join", type="primary") and who.strip():
            labelling.name_annotator(who)
            st.rerun()


def _head(session: LabelSession) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escape_markdown(session.project.name)}** · you are "
            f"{escape_markdown(session.annotator)}"
        )
        st.space("stretch")
        st.page_link(
            "pages/suspects.py",
            label="Suspects",
            icon=":material/rule:",
            query_params={labelling.PROJECT: session.project.id},
        )
        st.button(
            "Close",
            icon=":material/close:",
            key="label_close",
            help="Back to the list of projects. Nothing is lost.",
            on_click=_close,
        )


def _close() -> None:
    st.query_params.pop(labelling.PROJECT, None)
    st.query_params.pop(labelling.TEXT, None)


def _show_files(session: LabelSession) -> None:
    files.show_exports(session)
    files.show_import(session)
    with st.popover("Delete the project", icon=":material/delete:"):
        st.markdown(
            "This deletes the labels of everybody, the texts and the rounds for good. Export them "
            "first, then enter the name of the project."
        )
        name = st.text_input("Name of the project", key="label_delete_name")
        st.button(
            "Delete for good",
            key="label_delete",
            type="primary",
            disabled=name.strip() != session.project.name,
            on_click=_delete,
            args=(session.project.id,),
        )


def _delete(id: str) -> None:
    try:
        delete_project(labelling.store(), id)
        labelling.leave(id)
    except CartographyError as error:
        st.session_state[_PROBLEM] = sentence(str(error))
    else:
        _close()
