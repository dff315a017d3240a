"""spaCy: texts with `cats`, the value of each category, in JSON lines.

`cats` is what `Doc.cats` holds: 1 for the categories of a text and 0 for the others. A text
without a positive category has no label.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cartography.formats.tool_records import (
    Record,
    classes_of,
    dotted,
    items_of,
    json_lines,
    labels_of,
)

NAME = "spaCy categories"

_POSITIVE = 0.5  # spaCy's own threshold


def recognise(records: Sequence[Record]) -> bool:
    """Return whether each record has a text and the values of its categories."""
    return bool(records) and all(map(_is_record, records))


def _is_record(record: Record) -> bool:
    cats = record.get("cats")
    return (
        isinstance(record.get("text"), str)
        and isinstance(cats, dict)
        and all(isinstance(value, int | float) for value in cats.values())
    )


def flatten(record: Record) -> Record:
    """Return a record as flat fields: `id`, `text`, `label` and its metadata."""
    cats = record.get("cats")
    flat: Record = {"id": record["id"]} if "id" in record else {}
    flat["text"] = record.get("text")
    flat["label"] = labels_of(
        [
            name
            for name, value in (cats.items() if isinstance(cats, dict) else ())
            if isinstance(value, int | float) and value >= _POSITIVE
        ]
    )
    for name, value in record.items():
        if name not in ("id", "text", "cats"):
            flat |= {key: cell for key, cell in dotted(value, name).items() if key not in flat}
    return flat


def write(items: pd.DataFrame, *, model_version: str, classes: Sequence[str] = ()) -> str:
    """Return texts with the categories of their known labels.

    Parameters
    ----------
    items : pandas.DataFrame
        With `id` and `text`, and perhaps `label`, `predicted_label`, `score` and others. All but
        the label is in `meta`.
    model_version : str
        Written where there is a prediction.
    classes : sequence of str
        All classes of the corpus, in their order; by default those of `items`.

    Returns
    -------
    str
        JSON lines. A text without a label has no categories.
    """
    rows = items_of(items)
    names = classes_of(rows, classes)
    records = []
    for item in rows:
        meta = dict(item.others)
        if item.predicted_label is not None:
            meta |= {"predicted_label": item.predicted_label, "model_version": model_version}
        if item.score is not None:
            meta["score"] = item.score
        cats = {} if item.label is None else {name: float(name == item.label) for name in names}
        records.append({"id": item.id, "text": item.text, "cats": cats, "meta": meta})
    return json_lines(records)
