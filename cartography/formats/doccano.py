"""doccano: JSON and JSON lines of text classification, with a list of labels for each text.

A record is `{"id", "text", "label": [...]}`; `data` and `labels` are the names of older versions,
`cats` that of intent detection. The other fields are the example's metadata, which doccano takes
and gives back as fields of the record.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cartography.formats.tool_records import Record, dotted, items_of, json_lines, labels_of

NAME = "doccano records"

_TEXTS = ("text", "data")
_LABELS = ("label", "labels", "cats")


def recognise(records: Sequence[Record]) -> bool:
    """Return whether each record has a text and one list of names of labels."""
    return bool(records) and all(map(_is_record, records))


def _is_record(record: Record) -> bool:
    if not any(isinstance(record.get(name), str) for name in _TEXTS):
        return False
    # Each version has one of these names: a record with several is another table's.
    labels = [record[name] for name in _LABELS if name in record]
    return (
        len(labels) == 1
        and isinstance(labels[0], list)
        and all(isinstance(label, str) for label in labels[0])
    )


def flatten(record: Record) -> Record:
    """Return a record as flat fields: `id`, `text`, `label` and its metadata."""
    text = next((name for name in _TEXTS if isinstance(record.get(name), str)), None)
    label = next((name for name in _LABELS if isinstance(record.get(name), list)), None)
    flat: Record = {"id": record["id"]} if "id" in record else {}
    flat["text"] = None if text is None else record[text]
    flat["label"] = None if label is None else labels_of(record[label])
    for name, value in record.items():
        if name not in ("id", text, label):
            flat |= {key: cell for key, cell in dotted(value, name).items() if key not in flat}
    return flat


def write(items: pd.DataFrame, *, model_version: str) -> str:
    """Return records as doccano imports them (JSON lines, text classification).

    Parameters
    ----------
    items : pandas.DataFrame
        With `id` and `text`, and perhaps `label`, `predicted_label`, `score` and others. A known
        label is the label; a predicted one is metadata, since doccano would take it for a label.
    model_version : str
        Written as metadata where there is a prediction.

    Returns
    -------
    str
    """
    records = []
    for item in items_of(items):
        record: Record = {"id": item.id, "text": item.text}
        record["label"] = [] if item.label is None else [item.label]
        if item.predicted_label is not None:
            record |= {"predicted_label": item.predicted_label, "model_version": model_version}
        if item.score is not None:
            record["score"] = item.score
        records.append({**item.others, **record})
    return json_lines(records)
