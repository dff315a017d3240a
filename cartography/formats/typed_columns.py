"""Columns of numbers and ids from tables that other tools wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.formats.tools import open_table
from cartography.tables.table import Table, value_kind

_LISTED = 12  # columns in an error
_SHOWN = 40  # characters of a cell in an error


def as_table(source: Path | Table) -> Table:
    """Return `source` as a table: a file is opened, a table is returned as it is."""
    return source if isinstance(source, Table) else open_table(source)


def find_column(table: Table, *names: str) -> str | None:
    """Return the first of `names` that is a column of the table, in any case, or None."""
    by_name = {column.strip().casefold(): column for column in reversed(table.columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def require_column(table: Table, *names: str, content: str) -> str:
    """Return the first of `names` that is a column of the table.

    Parameters
    ----------
    table : Table
    *names : str
        In lower case.
    content : str
        What the file would be, for the error.

    Raises
    ------
    CartographyError
        The table has none of them.
    """
    column = find_column(table, *names)
    if column is None:
        raise CartographyError(
            f"{table.location} has no column {' or '.join(map(repr, names))}, so it is not "
            f"{content}; its columns are {list_columns(table)}"
        )
    return column


def list_columns(table: Table) -> str:
    """Return the names of the first columns of a table, for an error message."""
    shown = ", ".join(repr(shorten(name)) for name in table.columns[:_LISTED])
    return shown if len(table.columns) <= _LISTED else f"{shown} …"


def read_numbers(
    table: Table, column: str, cells: Sequence[Any], start: int = 0, *, empty: bool = False
) -> NDArray[np.float64]:
    """Convert cells of a column to numbers.

    Parameters
    ----------
    table : Table
    column : str
    cells : sequence, length k
        From row `start` of the table.
    start : int
    empty : bool
        Whether empty cells are allowed; they become NaN.

    Returns
    -------
    float64 array, shape (k,)

    Raises
    ------
    CartographyError
        A cell is not a finite number. The message names its row.
    """
    try:
        values = np.asarray(cells, dtype=np.float64)
        if values.shape == (len(cells),) and np.isfinite(values).all():
            return values
    except (TypeError, ValueError, OverflowError):
        pass
    values = np.full(len(cells), np.nan)
    for position, cell in enumerate(cells):
        if is_empty(cell):
            if empty:
                continue
            raise CartographyError(
                f"{table.location}, {table.row_name(start + position)}, column {column!r} is "
                "empty: every row needs a number"
            )
        with suppress(TypeError, ValueError, OverflowError):
            values[position] = float(cell)
        if not np.isfinite(values[position]):
            raise CartographyError(
                f"{table.location}, {table.row_name(start + position)}, column {column!r} has "
                f"{describe_cell(cell)} and not a finite number"
            )
    return values


def read_range(
    table: Table, column: str, values: NDArray[np.float64], low: float, high: float, start: int = 0
) -> NDArray[np.float64]:
    """Return `values` clipped to a range that they may leave by rounding only.

    Raises
    ------
    CartographyError
        A value is outside. The message names its row.
    """
    outside = (values < low - 1e-6) | (values > high + 1e-6)
    if outside.any():
        first = int(outside.argmax())
        raise CartographyError(
            f"{table.location}, {table.row_name(start + first)}, column {column!r} has "
            f"{values[first]:g}, but the values must be from {low:g} to {high:g}"
        )
    return np.clip(values, low, high)


def read_id(table: Table, column: str, cell: Any, row: int) -> int | str:
    """Return a cell as an id: a whole number stays one, text stays text.

    Raises
    ------
    CartographyError
        The cell is empty, or neither a whole number nor text.
    """
    if isinstance(cell, str) and cell:
        return cell
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)  # pandas writes whole numbers so where one is missing
    what = "is empty" if is_empty(cell) else f"has {describe_cell(cell)}"
    raise CartographyError(
        f"{table.location}, {table.row_name(row)}, column {column!r} {what}: every row needs an "
        "id, a whole number or a text"
    )


def id_as_json(item: Any) -> str:
    """Return an id as JSON.

    Raises
    ------
    CartographyError
        It is neither a whole number nor a string.
    """
    if isinstance(item, str) or (isinstance(item, int) and not isinstance(item, bool)):
        return json.dumps(item)
    raise CartographyError(
        f"item {item!r} cannot be saved: its id must be a whole number or a string"
    )


def distinct_ids(table: Table, ids: Iterable[int | str]) -> NDArray[np.object_]:
    """Return ids as an array.

    Raises
    ------
    CartographyError
        Two are equal, or are the same when written (1 and "1").
    """
    rows: dict[str, int] = {}
    values = list(ids)
    for row, value in enumerate(values):
        try:
            name = str(value)
        except ValueError:  # a number of thousands of digits
            raise CartographyError(
                f"{table.location}, {table.row_name(row)} has an id of too many digits"
            ) from None
        if rows.setdefault(name, row) != row:
            raise CartographyError(
                f"{table.location}, {table.row_name(row)} has the id {shorten(name)!r} of "
                f"{table.row_name(rows[name])} again: every row needs an id of its own"
            )
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def read_strings(cells: Sequence[Any]) -> list[str]:
    """Return cells as text; an empty cell is the empty string."""
    return [
        "" if is_empty(cell) else cell if isinstance(cell, str) else str(cell) for cell in cells
    ]


def is_empty(cell: Any) -> bool:
    """Return whether a cell has no value: null, NaN or an empty text."""
    return (
        cell is None
        or (isinstance(cell, str) and not cell.strip())
        or (isinstance(cell, float) and cell != cell)
    )


def describe_cell(cell: Any) -> str:
    """Return a cell for an error message: a short text in quotation marks, or its kind."""
    return repr(shorten(cell)) if isinstance(cell, str) else value_kind(cell)


def shorten(text: str) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
