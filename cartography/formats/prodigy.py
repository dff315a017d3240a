"""Prodigy: tasks and annotations of text classification in JSON lines.

A task of the interface `choice` has `options` (`id`, `text`) and, once annotated, `accept` with the
ids of those that were chosen; one of the interface `classification` has a single `label`. `answer`
is "accept", "reject" or "ignore"; only accepted answers are labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cartography.formats.tool_records import (
    Labels,
    Record,
    classes_of,
    dotted,
    is_scalar,
    items_of,
    json_lines,
    labels_of,
)

NAME = "Prodigy records"

_ANSWERS = ("accept", "reject", "ignore")
_READ = frozenset(("id", "text", "label", "options", "accept"))


def recognise(records: Sequence[Record]) -> bool:
    """Return whether the records are Prodigy's tasks or annotations."""
    return bool(records) and all(map(_is_record, records))


def _is_record(record: Record) -> bool:
    if not isinstance(record.get("text"), str):
        return False
    is_choice = isinstance(record.get("options"), list) and _has_option_ids(record["options"])
    is_hashed = "_task_hash" in record and "_input_hash" in record
    return is_choice or is_hashed or record.get("answer") in _ANSWERS


def _has_option_ids(options: list[object]) -> bool:
    return bool(options) and all(isinstance(each, dict) and "id" in each for each in options)


def flatten(record: Record) -> Record:
    """Return a record as flat fields: `id`, `text`, `label`, `answer` and its metadata.

    A task that has not been answered, or was rejected or ignored, has no label.
    """
    meta = record.get("meta")
    flat: Record = {}
    if is_scalar(record.get("id")):
        flat["id"] = record["id"]
    elif isinstance(meta, dict) and is_scalar(meta.get("id")):
        flat["id"] = meta["id"]
    flat["text"] = record.get("text")
    flat["label"] = _label(record)
    for name, value in record.items():
        if name not in _READ and not name.startswith("_"):
            flat |= dotted(value, name)
    flat.pop("meta.id", None)
    return flat


def _label(record: Record) -> Labels:
    # Prodigy takes a record of its own without an answer for accepted, but options are a question.
    is_question = isinstance(record.get("options"), list)
    if record.get("answer", None if is_question else "accept") != "accept":
        return None
    return labels_of(record.get("accept")) if is_question else labels_of(record.get("label"))


def write(items: pd.DataFrame, *, model_version: str, classes: Sequence[str] = ()) -> str:
    """Return tasks of the interface `choice`, one option for each class.

    Parameters
    ----------
    items : pandas.DataFrame
        With `id` and `text`, and perhaps `label` (an accepted answer), `predicted_label` and
        `score`. Predictions and other columns are in `meta`, which Prodigy shows and gives back.
    model_version : str
    classes : sequence of str
        All classes of the corpus, in their order; by default those of `items`.

    Returns
    -------
    str
        JSON lines. Prodigy makes the hashes itself.
    """
    rows = items_of(items)
    options = [{"id": name, "text": name} for name in classes_of(rows, classes)]
    records = []
    for item in rows:
        meta: Record = {**item.others, "id": item.id}
        if item.predicted_label is not None:
            meta |= {"predicted_label": item.predicted_label, "model_version": model_version}
        if item.score is not None:
            meta["score"] = item.score
        record: Record = {"text": item.text, "meta": meta}
        if options:
            record["options"] = options
        if item.label is not None:
            record |= {"accept": [item.label], "answer": "accept"}
        records.append(record)
    return json_lines(records)
