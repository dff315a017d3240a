"""The first suspects as a table, with downloads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cartography.formats.forms import FORMS
from cartography.labelling.session import LabelSession
from cartography.labelling.suspect_runs import SuspectRun
from ui import parts, words
from ui.panels.suspects.deck import Deck, present_name

_MOST = 200
_DECISIONS = {"labelled": "settled", "set_aside": "set aside"}
_FILES = {"csv": "suspects", "spreadsheet": "suspects-spreadsheet", "jsonl": "suspects"}
_ORDER = (
    "rank",
    "decision",
    "label",
    "predicted_label",
    "max_probability",
    "score",
    "region",
    "text",
    "curve",
    "id",
)
_NUMBER = st.column_config.NumberColumn
_TEXT = st.column_config.TextColumn
_COLUMNS = {
    "rank": _NUMBER(width="small"),
    "decision": _TEXT(help="What was decided on this page or at a conflict.", width="small"),
    "label": _TEXT(help="Its present label.", width="small"),
    "predicted_label": _TEXT(
        "model says", help="By a model that was not trained on the text.", width="small"
    ),
    "max_probability": _NUMBER("how sure", format="percent", width="small"),
    "score": _NUMBER(format="%.3f", help="By the chosen ranking; higher is more suspect."),
    "region": _TEXT(help=words.REGION),
    "text": _TEXT(width="large"),
    "curve": st.column_config.LineChartColumn(
        "by epoch", help=words.CURVE, y_min=0.0, y_max=1.0, width="small"
    ),
}


def show(session: LabelSession, run: SuspectRun, ranking: str) -> None:
    """Show the table of the first suspects of a ranking when it is opened."""
    expander = st.expander(
        f"The top {min(_MOST, len(run.table)):,} as a table",
        icon=":material/table:",
        key="suspects_table",
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander:
        table = suspect_list(session, run, ranking)
        parts.table(
            table,
            f"The first {len(table)} label suspects by {ranking}",
            _COLUMNS,
            height=420,
            column_order=_ORDER,
        )
        classes = tuple(session.state.classes.values())
        parts.downloads("suspects_table", _files(table.drop(columns="curve"), classes))


def _files(table: pd.DataFrame, classes: Sequence[str]) -> list[parts.File]:
    def file_of(name: str, stem: str) -> parts.File:
        form = FORMS[name]
        content = partial(form.content, table, "", classes)
        return form.name, content, f"{stem}{form.suffix}", form.mime

    return [file_of(name, stem) for name, stem in _FILES.items()]


def suspect_list(session: LabelSession, run: SuspectRun, ranking: str) -> pd.DataFrame:
    """Return the first suspects with their texts, present labels and decisions."""
    state = session.state
    deck = Deck.of(run, state, ranking, _MOST)
    table = run.table.iloc[list(deck.rows)].reset_index(drop=True)
    ids = table["id"].tolist()
    return pd.DataFrame(
        {
            "id": ids,
            "text": [session.text(item) for item in ids],
            "label": [state.class_name(state.label(item)) for item in ids],
            "rank": range(1, len(ids) + 1),
            "decision": [_DECISIONS.get(state.decision(item).mark, "") for item in ids],
            "predicted_label": [
                present_name(run, state, name) for name in table["predicted_label"]
            ],
            "max_probability": table["max_probability"],
            "ranking": ranking,
            "score": table[ranking],
            "confidence": table["confidence"],
            "variability": table["variability"],
            "correctness": table["correctness"],
            "region": table["region"],
            "issue": table["issue"],
            "curve": table["curve"],
        }
    )


def curve_table(curve: NDArray[np.float32]) -> pd.DataFrame:
    """Return the twin of the figure of a curve."""
    return pd.DataFrame({"epoch": np.arange(1, len(curve) + 1), "probability": curve})
