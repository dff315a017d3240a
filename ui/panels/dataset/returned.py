"""A file whose ids a project has: its labels are offered to it, or the project is offered."""

from __future__ import annotations

import streamlit as st

from cartography.corpora.corpus import Corpus
from ui.jobs import labelling
from ui.naming import escape_markdown
from ui.panels.returned_labels import offer_labels, offer_undo


def offer_project(corpus: Corpus) -> None:
    """Say that a file belongs to a project of this browser, if it does."""
    project = labelling.project_of(corpus)
    if project is None:
        return
    name = escape_markdown(project.name)
    with st.container(border=True):
        st.markdown(f":material/label: The project **{name}** has the ids of this file.")
        if labelling.annotator() and corpus.labelled.any():
            session = labelling.label_session(project)
            offer_undo(session)
            offer_labels(session, corpus)
        st.page_link(
            "pages/label.py",
            label=f"Open {name}",
            icon=":material/open_in_new:",
            query_params={labelling.PROJECT: project.id},
        )
