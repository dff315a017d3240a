"""The start of the page Label: the projects of this browser, and a new one from the corpus."""

from __future__ import annotations

import streamlit as st

from cartography.corpora.corpus import Corpus
from cartography.formatting import count_noun
from cartography.labelling.project import ProjectSettings, create_project
from ui.faults import errors_in_place
from ui.jobs import cached, labelling
from ui.naming import escape_markdown
from ui.panels import projects
from ui.state.session import DataChoice


def choose_project(choice: DataChoice) -> None:
    """Show the projects to open and the form of a new one on the corpus in use."""
    known = labelling.projects()
    if known:
        st.subheader("Go on", anchor=False)
        projects.show_list(known)
    st.subheader("A new project", anchor=False)
    with errors_in_place():
        corpus, test = cached.corpora(choice)
        _new_project(choice, corpus, test)


def _new_project(choice: DataChoice, corpus: Corpus, test: Corpus | None) -> None:
    name = escape_markdown(choice.name)
    labelled = int(corpus.labelled.sum())
    st.markdown(
        f"**{name}**: {count_noun(len(corpus), 'text')}, {labelled:,} of them labelled, "
        f"{len(corpus.classes):,} {'class' if len(corpus.classes) == 1 else 'classes'}. "
        + (
            f"Accuracy is measured on the test set of {count_noun(len(test), 'text')}."
            if test is not None
            else "There is no test set, so accuracy is measured by cross-validation."
        )
    )
    if labelled == len(corpus):
        st.info(
            "Every text has a label already. You can still look for label suspects and relabel; to "
            "see how a strategy would have done, use Simulate.",
            icon=":material/info:",
        )
    with st.form("label_new", border=True):
        columns = st.columns(2)
        title = columns[0].text_input("Name of the project", choice.name, max_chars=200)
        who = columns[1].text_input(
            "Your name",
            labelling.annotator(),
            max_chars=100,
            disabled=labelling.is_named_by_login(),
            help="Every label is kept with the name of who gave it.",
        )
        classes = st.text_input(
            "Further classes",
            placeholder="refund, delivery, other",
            help="Separated by commas. Classes can be added, renamed and merged at any time.",
        )
        st.caption(
            "Everybody who has the address of a project can see its texts, label in it and delete "
            "it. On a server for this machine alone, all its projects are listed."
        )
        if not st.form_submit_button("Start labelling", type="primary"):
            return
    if not who.strip():
        st.error("Enter your name: every label is kept with it.", icon=":material/error:")
        return
    labelling.name_annotator(who)
    project = create_project(
        labelling.store(), title, corpus, test, _settings(choice), annotator=who.strip()
    )
    labelling.join(project.id)
    session = labelling.label_session(project)
    for new in dict.fromkeys(part.strip() for part in classes.split(",")):
        if new:
            session.add_class(new)
    projects.show(project.id)


def _settings(choice: DataChoice) -> ProjectSettings:
    return ProjectSettings(
        features=choice.features or None,
        vectors=choice.vectors,
        pooling=choice.pooling,
        max_length=choice.max_length,
    )
