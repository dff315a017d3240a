"""Validation of the cells of a text column and of an id column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.columns import quote_names
from cartography.errors import CartographyError
from cartography.formatting import count_noun
from cartography.tables.table import Table, value_kind

_SURROGATE = re.compile("[\ud800-\udfff]")


def replace_broken(text: str) -> str:
    """Return a text with \N{REPLACEMENT CHARACTER} for each character that no file can contain.

    JSON can contain unpaired surrogates, which no file and no library accepts.
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def read_texts(
    table: Table, column: str, cells: Sequence[Any]
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Read the texts of a column.

    Parameters
    ----------
    table : Table
    column : str
        Name of the column, for errors.
    cells : sequence, length n

    Returns
    -------
    texts : object array of str, shape (n,)
        A missing text is read as an empty one, a number as its digits.
    notes : tuple of str
        What was changed in the texts.

    Raises
    ------
    CartographyError
        A cell is not a text.
    """
    texts = np.empty(table.rows, dtype=object)
    if _are_texts(cells):
        texts[:] = cells
        return texts, ()
    missing = broken = others = 0
    for i, value in enumerate(cells):
        if type(value) is not str:
            if value is None or value != value:  # NaN differs from itself
                missing += 1
                value = ""
            elif isinstance(value, list | tuple | dict | bytes):
                raise CartographyError(
                    f"{table.location}, {table.row_name(i)}, column {column!r} contains "
                    f"{value_kind(value)} instead of text; name the text column with --text: "
                    f"its columns are {quote_names(table.columns)}"
                )
            else:
                others += 1
                value = str(value)
        elif (whole := replace_broken(value)) != value:
            broken += 1
            value = whole
        texts[i] = value
    notes = []
    if missing:
        notes.append(f"{count_noun(missing, 'row')} without a text, read as empty")
    if others:
        notes.append(f"{count_noun(others, 'number')} read as text")
    if broken:
        notes.append(f"{count_noun(broken, 'text')} with broken characters, replaced by \ufffd")
    return texts, tuple(notes)


def _are_texts(cells: Sequence[Any]) -> bool:
    """Whether all cells are texts that a file can contain, found without looking at each."""
    try:
        "".join(cells).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def read_ids(table: Table, column: str, cells: Sequence[Any]) -> NDArray[np.object_]:
    """Read the ids of a column.

    Parameters
    ----------
    table : Table
    column : str
        Name of the column, for errors.
    cells : sequence, length n

    Returns
    -------
    object array of str, shape (n,)

    Raises
    ------
    CartographyError
        An id is missing, is not a string or an integer, or occurs twice.
    """
    ids = np.empty(table.rows, dtype=object)
    first_rows: dict[str, int] = {}
    for i, value in enumerate(cells):
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # of a file whose numbers are all floats
        if not isinstance(value, str | int) or value == "":
            problem = f"contains {value_kind(value)}, which cannot be an id"
            if value is None or value == "" or value != value:
                problem = "is empty"
            raise CartographyError(
                f"{table.location}, {table.row_name(i)}, column {column!r} {problem}; "
                "give every row an id, or name another column with --id"
            )
        ids[i] = replace_broken(str(value))
        first_row = first_rows.setdefault(ids[i], i)
        if first_row != i:
            raise CartographyError(
                f"{table.location}, column {column!r}: {table.row_name(first_row)} and "
                f"{table.row_name(i)} have the same id {ids[i]!r}; make the ids distinct, rename "
                "the column, or name another with --id"
            )
    return ids


def row_numbers(table: Table) -> NDArray[np.object_]:
    """Return the row numbers from 0 of the whole file as ids, shape (n,)."""
    numbers = range(table.rows) if table.numbers is None else table.numbers.tolist()
    ids = np.empty(table.rows, dtype=object)
    ids[:] = [str(number) for number in numbers]
    return ids
