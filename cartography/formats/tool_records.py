"""What the formats of annotation tools share: labels, metadata, and the items that are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cartography.errors import CartographyError
from cartography.formats.export import as_json, json_line

Record = dict[str, Any]
"""A JSON object."""

Labels = str | list[str] | None
"""The label of a text, its labels if there are several, or None if there is none."""

_ITEM_COLUMNS = ("id", "text", "label", "predicted_label", "score")
_LABEL_WORDS = ("label", "class", "category", "sentiment", "topic", "intent", "choice")


def labels_of(value: Any) -> Labels:
    """Return what a record says is the label: a text, several, or None for nothing."""
    if isinstance(value, list | tuple):
        names = [name for item in value if isinstance(name := labels_of(item), str)]
        names = list(dict.fromkeys(names))
        return names[0] if len(names) == 1 else names or None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def is_scalar(value: Any) -> bool:
    """Return whether a value is a text, a number or a truth value."""
    return isinstance(value, str | int | float)


def dotted(value: Any, name: str) -> Record:
    """Return the scalars and the lists in an object by their dotted names, without null.

    Examples
    --------
    >>> dotted({"source": {"page": 3}, "tags": ["a"], "seen": None}, "meta")
    {'meta.source.page': 3, 'meta.tags': ['a']}
    """
    flat: Record = {}
    stack = [(name, value)]
    while stack:
        path, inner = stack.pop()
        if isinstance(inner, Mapping):
            stack.extend((f"{path}.{key}", inner[key]) for key in reversed(inner))
        elif inner is not None:
            flat[path] = inner
    return flat


def agreement(answers: Sequence[Labels]) -> Record:
    """Return how many annotators a text has and whether they disagree, if it has several."""
    if len(answers) < 2:
        return {}
    distinct = {
        tuple(sorted([answer] if isinstance(answer, str) else answer or ())) for answer in answers
    }
    return {"annotators": len(answers), "annotators_disagree": len(distinct) > 1}


def text_key(fields: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the key of the texts: `text`, else the one with the longest strings on average."""
    lengths = _lengths(fields)
    if "text" in lengths:
        return "text"
    return max(lengths, key=lengths.__getitem__, default=None)


def label_key(answers: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the key of the labels among those of several questions.

    Parameters
    ----------
    answers : sequence of mapping
        The answer of some records to each question: a text, a list of texts, or something else.

    Returns
    -------
    str or None
        A question named like a label comes first, then the one with the shortest answers; None if
        no answer can be a label.
    """
    names: dict[str, list[int]] = {}
    for record in answers:
        for name, value in record.items():
            labels = labels_of(value)
            if labels is not None:
                words = [labels] if isinstance(labels, str) else labels
                names.setdefault(name, []).extend(map(len, words))

    def rank(name: str) -> tuple[bool, float]:
        is_named = any(word in name.casefold() for word in _LABEL_WORDS)
        return not is_named, sum(names[name]) / len(names[name])

    return min(names, key=rank, default=None)


def _lengths(fields: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    strings: dict[str, list[int]] = {}
    for record in fields:
        for name, value in record.items():
            if isinstance(value, str):
                strings.setdefault(name, []).append(len(value))
    return {name: sum(lengths) / len(lengths) for name, lengths in strings.items()}


@dataclass(frozen=True)
class Item:
    """A text to be annotated.

    Attributes
    ----------
    id, text : str
    label : str or None
        The known label.
    predicted_label : str or None
    score : float or None
        Of the prediction.
    others : dict
        Further columns, as JSON values; those without a value are left out.
    """

    id: str
    text: str
    label: str | None
    predicted_label: str | None
    score: float | None
    others: Record = field(default_factory=dict)

    @property
    def probability(self) -> float | None:
        """The score if it can be a probability."""
        return self.score if self.score is not None and 0 <= self.score <= 1 else None


def items_of(table: pd.DataFrame) -> list[Item]:
    """Return the rows of a table as items.

    Parameters
    ----------
    table : pandas.DataFrame
        With the columns `id` and `text`, and perhaps `label`, `predicted_label`, `score` and
        others.

    Raises
    ------
    CartographyError
        A column is missing.
    """
    for name in ("id", "text"):
        if name not in table.columns:
            raise CartographyError(f"a table for an annotation tool needs the column {name!r}")
    others = [name for name in dict.fromkeys(table.columns) if name not in _ITEM_COLUMNS]
    columns = {
        name: list(map(as_json, table[name])) if name in table.columns else [None] * len(table)
        for name in (*_ITEM_COLUMNS, *others)
    }
    return [
        Item(
            id=str(columns["id"][i]),
            text="" if columns["text"][i] is None else str(columns["text"][i]),
            label=_name(columns["label"][i]),
            predicted_label=_name(columns["predicted_label"][i]),
            score=_number(columns["score"][i]),
            others={str(name): columns[name][i] for name in others if columns[name][i] is not None},
        )
        for i in range(len(table))
    ]


def _name(value: Any) -> str | None:
    return None if value is None or str(value) == "" else str(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def classes_of(items: Iterable[Item], classes: Sequence[str] = ()) -> list[str]:
    """Return the classes that annotators choose from.

    Parameters
    ----------
    items : iterable of Item
    classes : sequence of str
        Those of the whole corpus: a batch need not have a text of each.

    Returns
    -------
    list of str
        `classes` in their order, then all other known and predicted labels, sorted.
    """
    found = {
        name for item in items for name in (item.label, item.predicted_label) if name is not None
    }
    return [*classes, *sorted(found.difference(classes))]


def json_lines(records: Iterable[Mapping[str, Any]]) -> str:
    """Return records as JSON lines."""
    return "".join(map(json_line, records))


def json_array(records: Iterable[Mapping[str, Any]]) -> str:
    """Return records as a JSON list, one to a line."""
    return "[\n" + ",\n".join(json_line(record).rstrip("\n") for record in records) + "\n]\n"
