"""Validation of a table's columns as texts, ids or labels."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.tables import Table, json_kind
from cartography.errors import CartographyError
from cartography.formatting import count_noun

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_WHOLE_FLOAT = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FEW_ROWS = 20


def read_texts(table: Table, column: str) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Read the texts of a column.

    Parameters
    ----------
    table : Table
    column : str

    Returns
    -------
    texts : object array of str, shape (n,)
        A missing text is read as an empty one.
    notes : tuple of str
        What was changed in the texts.

    Raises
    ------
    CartographyError
        A value is not a string.
    """
    texts = np.empty(table.rows, dtype=object)
    missing = broken = 0
    for i, value in enumerate(table.values(column)):
        if value is None:
            missing += 1
            value = ""
        if not isinstance(value, str):
            raise CartographyError(
                f"{table.location}, {table.row_name(i)}, column {column!r} contains "
                f"{json_kind(value)} instead of text; name the text column with --text"
            )
        # JSON can contain unpaired surrogates, which no file and no library accepts.
        if _SURROGATE.search(value):
            broken += 1
            value = _SURROGATE.sub("\ufffd", value)
        texts[i] = value
    notes = []
    if missing:
        notes.append(f"{count_noun(missing, 'row')} without a text, read as empty")
    if broken:
        notes.append(f"{count_noun(broken, 'text')} with broken characters, replaced by \ufffd")
    return texts, tuple(notes)


def read_ids(table: Table, column: str | None) -> NDArray[np.object_]:
    """Read the ids of a column.

    Parameters
    ----------
    table : Table
    column : str or None
        None: the row numbers from 0 are the ids.

    Returns
    -------
    object array of str, shape (n,)

    Raises
    ------
    CartographyError
        An id is missing, is not a string or an integer, or occurs twice.
    """
    ids = np.empty(table.rows, dtype=object)
    if column is None:
        ids[:] = [str(i) for i in range(table.rows)]
        return ids
    first_rows: dict[str, int] = {}
    for i, value in enumerate(table.values(column)):
        if not isinstance(value, str | int) or value == "":
            problem = f"contains {json_kind(value)}, which cannot be an id"
            if value is None or value == "":
                problem = "is empty"
            raise CartographyError(
                f"{table.location}, {table.row_name(i)}, column {column!r} {problem}; "
                "give every row an id, or name another column with --id"
            )
        ids[i] = _SURROGATE.sub("\ufffd", str(value))
        first_row = first_rows.setdefault(ids[i], i)
        if first_row != i:
            raise CartographyError(
                f"{table.location}, column {column!r}: {table.row_name(first_row)} and "
                f"{table.row_name(i)} have the same id {ids[i]!r}; make the ids distinct, rename "
                "the column, or name another with --id"
            )
    return ids


def read_labels(table: Table, column: str) -> tuple[list[str | None], tuple[str, ...]]:
    """Read the label of each row as a class name.

    An empty value, white space and NaN mean no label. So does -1 if all labels are integers and
    some are not -1, 0 or 1. Whole floats such as 1.0 count as integers.

    Parameters
    ----------
    table : Table
    column : str

    Returns
    -------
    names : list of (str or None), length n
        None where there is no label.
    classes : tuple of str
        The class names that the table itself declares, else empty.

    Raises
    ------
    CartographyError
        A value is a fraction, or of a kind that cannot be a label.
    """
    values = table.values(column)
    classes = table.class_names.get(column, ())
    # A file may have been rewritten with class names as labels and its old metadata kept.
    if classes and all(value is None or value in range(-1, len(classes)) for value in values):
        return [
            None if value is None or value < 0 else classes[int(value)] for value in values
        ], classes
    names = [_label_name(table, column, i, value) for i, value in enumerate(values)]
    distinct = {name for name in names if name is not None}
    if distinct and all(_NUMBER.fullmatch(name) for name in distinct):
        integers = {name: _format_integer(name) for name in distinct}
        fractions = {name for name, integer in integers.items() if integer is None}
        # "007" is a code made of digits, "0.5" is a measurement.
        fractions -= {name for name in fractions if name.isdecimal()}
        if fractions:
            i = next(i for i, name in enumerate(names) if name in fractions)
            raise CartographyError(
                f"{table.location}, {table.row_name(i)}, column {column!r} contains {names[i]}: "
                "fractions are not class labels; name another column with --label"
            )
        if None not in integers.values():
            names = [None if name is None else integers[name] for name in names]
            # -1 marks texts without a label, but the labels -1, 0 and 1 together are sentiments.
            if not set(integers.values()) <= {"-1", "0", "1"}:
                names = [None if name == "-1" else name for name in names]
    return names, ()


def _label_name(table: Table, column: str, i: int, value: Any) -> str | None:
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str | bool | int | float):
        return _SURROGATE.sub("\ufffd", str(value).strip()) or None
    raise CartographyError(
        f"{table.location}, {table.row_name(i)}, column {column!r} contains {json_kind(value)} "
        "instead of a class label; name another column with --label"
    )


def _format_integer(name: str) -> str | None:
    """Return `name` written as an integer, or None if it is not one."""
    if _INTEGER.fullmatch(name):
        return name
    whole = _WHOLE_FLOAT.fullmatch(name)
    return whole.group(1) if whole else None


def class_order(table: Table, column: str | None, names: list[str | None]) -> tuple[str, ...]:
    """Return the distinct class names in order.

    Parameters
    ----------
    table : Table
    column : str or None
        The label column, for the error message.
    names : list of (str or None), length n
        The class name of each row; None where there is no label.

    Returns
    -------
    tuple of str
        Sorted by value if all names are integers, else by character.

    Raises
    ------
    CartographyError
        There are more than 20 labelled rows, and each has a different name.
    """
    labelled = [name for name in names if name is not None]
    distinct = set(labelled)
    if len(distinct) == len(labelled) > _FEW_ROWS:
        raise CartographyError(
            f"{table.location}, column {column!r} has a different value in each of its "
            f"{len(labelled):,} rows, so it looks like an id; name another column with --label"
        )
    if all(_INTEGER.fullmatch(name) for name in distinct):
        return tuple(sorted(distinct, key=int))
    return tuple(sorted(distinct))
