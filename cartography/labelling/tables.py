"""The tables of a project: its labels with all columns, what is left, and the log."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from cartography.labelling.events import Event
from cartography.labelling.rounds import Round
from cartography.labelling.session import LabelSession
from cartography.labelling.state import LabelState
from cartography.runs.user_columns import join_user_columns

LABEL_COLUMNS = (
    "id",
    "text",
    "label",
    "annotators",
    "labelled_at",
    "round",
    "source",
    "note",
    "confidence",
    "variability",
    "correctness",
    "region",
    "predicted_label",
    "max_probability",
)
"""The columns of `label_table`, before the user's own."""

BATCH_COLUMNS = (
    "id",
    "text",
    "label",
    "round",
    "rank",
    "strategy",
    "score",
    "reason",
    "predicted_label",
    "probability",
)
"""The columns of `batch_table`, before the user's own."""

_TYPES = {"id": "str", "text": "str", "round": "Int64"}
_OF_MAP = ("confidence", "variability", "correctness", "region")


def label_table(session: LabelSession, *, rest: bool = False) -> pd.DataFrame:
    """Return the labelled texts of a project, in the order of its file.

    Parameters
    ----------
    session : LabelSession
    rest : bool, default False
        With the texts that have no label, and the predictions of the last round on them.

    Returns
    -------
    pandas.DataFrame
        The columns `LABEL_COLUMNS`, then the user's own. A label that the file had is from the
        source "file". The statistics are those of the last map; predictions are of the last model.
    """
    state, corpus = session.state, session.project.corpus
    numbers = state.labels
    rows = [row for row in range(len(corpus)) if rest or numbers[row] >= 0]
    records = [_record(state, corpus.ids[row], int(numbers[row])) for row in rows]
    table = pd.DataFrame.from_records(
        records, columns=["label", "annotators", "labelled_at", "round", "source", "note"]
    )
    table.insert(0, "id", corpus.ids[rows])
    table.insert(1, "text", corpus.texts[rows])
    table = _with_last_round(table, session)
    return join_user_columns(session.project.folder, table.astype(_TYPES))


def _record(state: LabelState, item: str, number: int) -> tuple[object, ...]:
    """What is known of the label of a text."""
    label = state.class_name(number) if number >= 0 else None
    of_file = "file" if number >= 0 else None
    if not state.is_touched(item):
        return (label, None, None, None, of_file, None)
    decision = state.decision(item)
    events: list[Event] = [] if decision.event is None else [decision.event]
    if not events:
        events = [
            answer.event
            for answer in state.answers(item).values()
            if answer.event is not None and answer.label == number and number >= 0
        ]
    note = state.note(item) or None
    if not events:
        return (label, None, None, None, of_file, note)
    last = max(events, key=lambda event: event.number)
    who = ", ".join(dict.fromkeys(event.annotator for event in events if event.annotator))
    at = last.at.isoformat(timespec="seconds")
    return (label, who or None, at, last.round or None, last.source, note)


def _with_last_round(table: pd.DataFrame, session: LabelSession) -> pd.DataFrame:
    """The table with the statistics and predictions of the last round that had a model."""
    trained = [each for each in session.rounds if each.map is not None]
    names = [*_OF_MAP, "predicted_label", "max_probability"]
    if not trained:
        return table.assign(**dict.fromkeys(names))
    of_map, pool = trained[-1].map, trained[-1].pool
    assert of_map is not None
    parts = [of_map[["id", *_OF_MAP, "predicted_label"]]]
    if pool is not None:
        parts.append(pool)
    known = pd.concat(parts, ignore_index=True).drop_duplicates("id").set_index("id")
    joined = table.join(known.reindex(columns=names), on="id")
    return joined[[*table.columns, *names]]


def batch_table(session: LabelSession, asked: Round, items: Collection[str]) -> pd.DataFrame:
    """Return texts of a batch, to be labelled in the column `label`.

    Parameters
    ----------
    session : LabelSession
    asked : Round
        The round that asked for them.
    items : collection of str
        The ids of those to return.

    Returns
    -------
    pandas.DataFrame
        The columns `BATCH_COLUMNS` by rank, then the user's own. `score` is that of the strategy,
        `probability` is the model's of `predicted_label`; both are missing without a model.
    """
    batch = asked.batch
    batch = batch[batch["id"].isin(set(items))].reset_index(drop=True)
    table = batch.drop(columns="duplicates").assign(
        text=[session.text(item) for item in batch["id"]],
        label=pd.Series([None] * len(batch), dtype="str"),
        round=asked.number,
        strategy=asked.summary["strategy"],
    )
    table["predicted_label"] = table["predicted_label"].mask(table["predicted_label"] == "")
    return join_user_columns(session.project.folder, table[list(BATCH_COLUMNS)])


def tool_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of this module for an annotation tool, whose `score` is of the prediction.

    The score of a strategy is called `strategy_score` then.
    """
    probability = next(name for name in ("probability", "max_probability") if name in table.columns)
    names = {"score": "strategy_score"} if probability == "probability" else {}
    return table.rename(columns={**names, probability: "score"})


def event_table(session: LabelSession) -> pd.DataFrame:
    """Return the log of a project: a row per event, nothing left out.

    Returns
    -------
    pandas.DataFrame
        number, at (UTC), annotator, kind, id, from, to, text, undoes, undone, round and source.
        `from` and `to` are present names of classes.
    """
    state = session.state
    records = []
    for event in state.events:
        is_class = event.kind in ("class_renamed", "class_merged")
        to = state.class_name(event.label)
        if event.kind == "class_merged":
            to = state.class_name(event.target)
        records.append(
            {
                "number": event.number,
                "at": event.at.isoformat(timespec="seconds"),
                "annotator": event.annotator,
                "kind": event.kind,
                "id": event.item,
                "from": state.old_name(event) if is_class else state.class_name(event.previous),
                "to": event.text if event.kind == "class_renamed" else to,
                "text": event.text,
                "undoes": event.target if event.kind == "undone" else None,
                "undone": state.is_undone(event),
                "round": event.round or None,
                "source": event.source,
            }
        )
    return pd.DataFrame.from_records(records).astype({"undoes": "Int64", "round": "Int64"})
