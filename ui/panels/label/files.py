"""Files of a project: its labels and its log to take away, and labels that come back."""

from __future__ import annotations

import streamlit as st

from cartography.corpora.reading import read_corpus
from cartography.formats.forms import FORMS
from cartography.labelling.session import LabelSession
from cartography.labelling.tables import event_table, label_table
from ui import parts
from ui.faults import errors_in_place
from ui.panels.returned_labels import offer_labels, offer_undo
from ui.state import session as choices


def show_exports(session: LabelSession) -> None:
    """Show the downloads of the labels, of the rest with predictions, and of the log."""
    name = st.selectbox(
        "Format of the files",
        list(FORMS),
        format_func=lambda name: FORMS[name].name,
        key="label_form",
        width=260,
        persist_state="session",
    )
    form = FORMS[name]
    classes = tuple(session.state.classes.values())
    stem = "".join(c if c.isalnum() else "-" for c in session.project.name).strip("-") or "labels"
    files: list[parts.File] = [
        (
            "Labels",
            lambda: form.content(label_table(session), "", classes),
            f"{stem}-labels{form.suffix}",
            form.mime,
        ),
        (
            "All texts, with predictions",
            lambda: form.content(label_table(session, rest=True), "", classes),
            f"{stem}-all{form.suffix}",
            form.mime,
        ),
        (
            "Log (CSV)",
            lambda: FORMS["csv"].content(event_table(session)),
            f"{stem}-log.csv",
            "text/csv",
        ),
    ]
    companion = form.companion
    if companion is not None:
        files.append(
            (
                companion.name,
                lambda: companion.content([label_table(session)], classes),
                f"{stem}{companion.suffix}",
                companion.mime,
            )
        )
    parts.downloads("label_exports", files)
    st.caption("Files contain your own ids and columns, and who labelled what and when.")


def show_import(session: LabelSession) -> None:
    """Take labels from a file: what they would do is shown before they are added."""
    upload = st.file_uploader(
        "Labels from a file: matched by id, in any format that Dataset reads",
        key="label_import",
        help="A filled-in batch, an export of Label Studio, Prodigy, doccano or Argilla, or a "
        "table with ids and labels.",
    )
    offer_undo(session)
    if upload is None:
        return
    with errors_in_place():
        path = choices.keep_upload(upload.name, upload.getvalue())
        offer_labels(session, read_corpus(path))
