"""Labels that come back in a file: what they would do, and the buttons to add and to undo them."""

from __future__ import annotations

import streamlit as st

from cartography.corpora.corpus import Corpus
from cartography.formatting import count_noun
from cartography.labelling.reconcile import Reconciliation, add_labels, reconcile
from cartography.labelling.session import LabelSession
from ui.naming import escape_markdown

_ADDED = "labels added"


def offer_labels(session: LabelSession, corpus: Corpus) -> None:
    """Say what the labels of a file would change in a project, and offer to add them.

    Parameters
    ----------
    session : LabelSession
    corpus : Corpus
        The file.

    Raises
    ------
    CartographyError
        The file has no labels.
    """
    found = reconcile(session, corpus)
    st.markdown(f"{escape_markdown(corpus.name)} has {escape_markdown(found.summary)}.")
    for line in found.details:
        st.caption(escape_markdown(line))
    replace = bool(found.conflicts) and st.toggle(
        f"Replace the labels of {count_noun(len(found.conflicts), 'text')} in conflict",
        key="returned_replace",
    )
    count = len(found.new) + (len(found.conflicts) if replace else 0)
    if not count:
        st.caption("The file adds nothing.")
    elif st.button(f"Add {count_noun(count, 'label')}", key="returned_add", type="primary"):
        _add(session, found, replace=replace)


def _add(session: LabelSession, found: Reconciliation, *, replace: bool) -> None:
    events = add_labels(session, found, "replace" if replace else "keep")
    labels = sum(event.kind != "class_added" for event in events)
    numbers = [event.number for event in events]
    st.session_state[_ADDED] = (session.project.id, found.file, labels, numbers)
    st.rerun()


def offer_undo(session: LabelSession) -> None:
    """Offer to undo what was added last in this visit, if it was to this project."""
    project, file, labels, numbers = st.session_state.get(_ADDED, ("", "", 0, []))
    if project != session.project.id:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(
            f"{count_noun(labels, 'label')} of {escape_markdown(file)} added.",
            icon=":material/check:",
        )
        if st.button("Undo", key="returned_undo", icon=":material/undo:"):
            session.undo_events(numbers)
            del st.session_state[_ADDED]
            st.rerun()
