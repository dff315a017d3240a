"""Files of a project: its labels and its log to take away, and labels that come back."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from cartography.formats.export import TABLE_FORMS
from cartography.formats.forms import FORMS
from cartography.labelling.reconcile import read_labels
from cartography.labelling.session import LabelSession
from cartography.labelling.tables import batch_table, event_table, label_table, tool_table
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
    rounds = session.rounds
    model = f"{session.project.name}, round {rounds[-1].number}" if rounds else ""
    classes = tuple(session.state.classes.values())
    stem = "".join(c if c.isalnum() else "-" for c in session.project.name).strip("-") or "labels"

    def file(label: str, table: Callable[[], pd.DataFrame], suffix: str) -> parts.File:
        def content() -> bytes:
            values = table()
            is_predicted = name not in TABLE_FORMS and "predicted_label" in values
            return form.content(tool_table(values) if is_predicted else values, model, classes)

        return label, content, f"{stem}-{suffix}{form.suffix}", form.mime

    files = [
        file("Labelled texts", lambda: label_table(session), "labels"),
        file("All texts, with predictions", lambda: label_table(session, rest=True), "all"),
    ]
    waiting = session.queue()
    if waiting:
        files.append(file("Texts that wait", lambda: _waiting_table(session), "waiting"))
    companion = form.companion
    if companion is not None:
        content = companion.content
        files.append(
            (
                companion.name,
                lambda: content([label_table(session)], classes),
                f"{stem}{companion.suffix}",
                companion.mime,
            )
        )
    files.append(
        (
            "Log (CSV)",
            lambda: FORMS["csv"].content(event_table(session)),
            f"{stem}-log.csv",
            "text/csv",
        )
    )
    parts.downloads("label_exports", files)
    st.caption("Files contain your own ids and columns, and who labelled what and when.")
    log = st.expander("Log", key="label_log", icon=":material/history:", on_change="rerun")
    if log.open:
        with log:
            events = event_table(session).iloc[::-1]
            parts.table(events, "What happened in the project, the last first", {}, height=360)


def _waiting_table(session: LabelSession) -> pd.DataFrame:
    """What waits for this annotator, batch by batch."""
    items = {asked.item for asked in session.queue()}
    tables = [
        # The model's guess would bias who fills the file in.
        batch_table(session, each, items)
        .drop(columns=["predicted_label", "probability"])
        .rename(columns={"score": "strategy_score"})
        for each in session.rounds
    ]
    return pd.concat([table for table in tables if len(table)], ignore_index=True)


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
        offer_labels(session, read_labels(path))
