"""The page Label as a whole: a project, its desk, and what its rounds show."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cartography.errors import CartographyError
from cartography.labelling.project import delete_project
from cartography.labelling.session import LabelSession
from ui.faults import errors_in_place, sentence
from ui.jobs import labelling
from ui.panels import projects
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
    session = projects.opened(lambda: start.choose_project(choice))
    if session is None:
        return
    projects.head(session, "pages/suspects.py", "Suspects", ":material/rule:")
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
        projects.close()
