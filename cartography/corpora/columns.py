"""The cells of a column, checked, as texts, ids or labels."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.tables import Table, kind_of
from cartography.errors import CartographyError

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_WHOLE_FLOAT = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FEW_ROWS = 20


def read_texts(table: Table, column: str) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """The texts of `column` (n,), and notes of what was mended in them.

    A missing text is an empty one; a value that is no string raises `CartographyError`.
    """
    texts = np.empty(table.rows, dtype=object)
    missing = mended = 0
    for i, value in enumerate(table.values(column)):
        if value is None:
            missing += 1
            value = ""
        if not isinstance(value, str):
            raise CartographyError(
                f"{table.place}, {table.row(i)}, column {column!r} holds {kind_of(value)} and not "
                "text; name the column of texts with --text"
            )
        # JSON can hold halves of surrogate pairs, which no file and no library takes.
        if _SURROGATE.search(value):
            mended += 1
            value = _SURROGATE.sub("\ufffd", value)
        texts[i] = value
    notes = []
    if missing:
        notes.append(f"{missing:,} rows have no text and were read as empty")
    if mended:
        notes.append(f"{mended:,} texts hold broken characters, now \ufffd")
    return texts, tuple(notes)


def read_ids(table: Table, column: str | None) -> NDArray[np.object_]:
    """The ids of `column` (n,), or the row numbers from 0 if there is no such column.

    A missing id, and one that two rows have, raise `CartographyError`.
    """
    ids = np.empty(table.rows, dtype=object)
    if column is None:
        ids[:] = [str(i) for i in range(table.rows)]
        return ids
    first: dict[str, int] = {}
    for i, value in enumerate(table.values(column)):
        if not isinstance(value, str | int) or value == "":
            what = "is empty" if value is None or value == "" else f"holds {kind_of(value)}"
            raise CartographyError(
                f"{table.place}, {table.row(i)}, column {column!r} {what} and cannot be an id; "
                "give every row an id, or name another column with --id"
            )
        ids[i] = _SURROGATE.sub("\ufffd", str(value))
        if first.setdefault(ids[i], i) != i:
            raise CartographyError(
                f"{table.place}, column {column!r}: {table.row(first[ids[i]])} and {table.row(i)} "
                f"have the same id {ids[i]!r}; make ids distinct, rename the column, or name "
                "another with --id"
            )
    return ids


def read_labels(table: Table, column: str) -> tuple[list[str | None], tuple[str, ...]]:
    """The label of each row as a class name, None for none; and the classes, if the table says.

    Nothing, white space and NaN are no label, and neither is -1 where all labels are integers,
    which 1.0 is too, and some are above 1. Fractions and values that are no label raise
    `CartographyError`.
    """
    values = table.values(column)
    names = table.class_names.get(column, ())
    # A file may have been rewritten with its labels spelled out and its old description kept.
    if names and all(value is None or value in range(-1, len(names)) for value in values):
        return [
            None if value is None or value < 0 else names[int(value)] for value in values
        ], names
    named = [_label(table, column, i, value) for i, value in enumerate(values)]
    distinct = {name for name in named if name is not None}
    if distinct and all(_NUMBER.fullmatch(name) for name in distinct):
        integers = {name: _integer(name) for name in distinct}
        fractions = {name for name, integer in integers.items() if integer is None}
        # "007" is a code that happens to be made of digits, "0.5" is a measurement.
        fractions -= {name for name in fractions if name.isdecimal()}
        if fractions:
            i = next(i for i, name in enumerate(named) if name in fractions)
            raise CartographyError(
                f"{table.place}, {table.row(i)}, column {column!r} holds {named[i]}: fractions "
                "are not class labels; name another column with --label"
            )
        if None not in integers.values():
            named = [None if name is None else integers[name] for name in named]
            # -1 marks texts without a label, but in -1, 0, 1 it is how sentiment is written.
            if not set(integers.values()) <= {"-1", "0", "1"}:
                named = [None if name == "-1" else name for name in named]
    return named, ()


def _label(table: Table, column: str, i: int, value: Any) -> str | None:
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str | bool | int | float):
        return _SURROGATE.sub("\ufffd", str(value).strip()) or None
    raise CartographyError(
        f"{table.place}, {table.row(i)}, column {column!r} holds {kind_of(value)} and not a class "
        "label; name another column with --label"
    )


def _integer(name: str) -> str | None:
    """`name` written as an integer, None if it is not one."""
    if _INTEGER.fullmatch(name):
        return name
    whole = _WHOLE_FLOAT.fullmatch(name)
    return whole.group(1) if whole else None


def class_order(table: Table, column: str | None, named: list[str | None]) -> tuple[str, ...]:
    """The distinct names in `named`, by number if all are integers, else by character.

    A different name in each of more than 20 rows raises `CartographyError`.
    """
    labelled = [name for name in named if name is not None]
    distinct = set(labelled)
    if len(distinct) == len(labelled) > _FEW_ROWS:
        raise CartographyError(
            f"{table.place}, column {column!r} has a different value in each of its "
            f"{len(labelled):,} rows, so it looks like an id; name another column with --label"
        )
    if all(_INTEGER.fullmatch(name) for name in distinct):
        return tuple(sorted(distinct, key=int))
    return tuple(sorted(distinct))
