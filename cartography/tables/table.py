"""The table that every reader returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.tables.limits import Limits

_LISTED = 8
_LONGEST_NAME = 40

Batches = Callable[[Sequence[str]], Iterator[Sequence[Sequence[Any]]]]
"""`batches(columns)` yields the cells of some columns: per batch, a sequence for each column."""

Record = dict[str, Any]
"""A JSON object."""

Reshape = Callable[[list[Record]], tuple[Callable[[Record], Record], str] | None]
"""Given the first records of a file, a function that flattens each of them and a note; or None."""


@dataclass(frozen=True)
class TableOptions:
    """What a user can say about how a file is to be read; None lets the reader decide.

    Attributes
    ----------
    encoding : str, optional
        Name of the encoding of a text file, such as "cp1250".
    sheet : str, optional
        Name of the sheet of a workbook; by default the first.
    reshape : callable, optional
        How the records of other tools become flat ones.
    """

    encoding: str | None = None
    sheet: str | None = None
    reshape: Reshape | None = None


@dataclass(frozen=True)
class LeftOut:
    """Rows or lines of a file that are not rows of the table.

    Attributes
    ----------
    count : int
        Number of lines, rows or records.
    noun : str
        What one of them is: "title line".
    where : str
        The first of them, such as "line 1", or by what they are known.
    """

    count: int
    noun: str
    where: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """Rows and named columns; cells are read when they are needed.

    Attributes
    ----------
    location : str
        Name of the table in errors, such as its path.
    name : str
        Name of the corpus that is read from the table.
    columns : tuple of str
    rows : int
    batches : callable
        `batches(columns)` streams the cells of the named columns in the order of the rows. Each
        batch is a list with a sequence of cells per column. Memory is bounded by the batch.
    row_name : callable
        `row_name(i)` returns the name of row `i` (from 0) in errors.
    class_names : mapping of str to tuple of str
        The class names of columns whose integers stand for classes.
    notes : tuple of str
        What the user should know about how the table was read.
    left_out : tuple of LeftOut
        What the file contains besides the header and the rows.
    lines : int or None
        Lines of a file of delimited text or of one text to a line, with its header; None for
        others.
    other_sheets : tuple of str
        The sheets of its workbook that were not read.
    numbers : int64 array, shape (rows,), optional
        The row numbers, from 0, of a part of a file in the whole file; None for a whole file.
    """

    location: str
    name: str
    columns: tuple[str, ...]
    rows: int
    batches: Batches
    row_name: Callable[[int], str]
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    lines: int | None = None
    other_sheets: tuple[str, ...] = ()
    numbers: NDArray[np.int64] | None = None

    def values(self, column: str) -> list[Any]:
        """Return all cells of a column, length `rows`."""
        return [cell for batch in self.batches([column]) for cell in batch[0]]

    def head(self, rows: int, columns: Sequence[str] | None = None) -> dict[str, list[Any]]:
        """Return the first cells of some columns, by default all, without reading the others."""
        names = list(dict.fromkeys(self.columns if columns is None else columns))
        cells: dict[str, list[Any]] = {name: [] for name in names}
        left = rows
        for batch in self.batches(names):
            for name, part in zip(names, batch, strict=True):
                cells[name].extend(islice(part, left))
            left -= len(batch[0]) if batch else left
            if left <= 0:
                break
        return cells


def distinct_names(names: Sequence[str], file: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give every column a name of its own, by which its cells are found.

    Parameters
    ----------
    names : sequence of str
        The names in the header.
    file : str
        Name of the file in the note.

    Returns
    -------
    names : tuple of str
        The second column named "note" is called "note (2)", or the next name that is not taken.
    notes : tuple of str
        A note of the new names; empty if there are none.
    """
    taken = set(names)
    seen: set[str] = set()
    distinct, new = [], []
    for name in names:
        own, number = name, 2
        if name in seen:
            while (own := f"{name} ({number})".strip()) in taken:
                number += 1
            taken.add(own)
            new.append(own)
        seen.add(name)
        distinct.append(own)
    if not new:
        return tuple(distinct), ()
    listed = ", ".join(repr(name[-_LONGEST_NAME:]) for name in new[:_LISTED])
    more = f" and {len(new) - _LISTED} more" if len(new) > _LISTED else ""
    note = f"columns of {file} have one name: the further ones are called {listed}{more}"
    return tuple(distinct), (note,)


def can_be_header(filled: Sequence[bool], width: int, is_first: bool) -> bool:
    """Return whether a row near the top of a file can be its header, and not a title.

    Parameters
    ----------
    filled : sequence of bool
        Whether each cell of the row is filled.
    width : int
        The number of cells of the rows below.
    is_first : bool
        Whether no row is above it.
    """
    if sum(filled) >= 2 or width < 2:
        return True
    # The index of a data frame has no name, so with one column this is all there is.
    return is_first and width == 2 and list(filled) == [False, True]


def bounded(location: str, batches: Batches) -> Batches:
    """Return `batches` whose texts are counted while they are read.

    Reading them raises CartographyError at a cell, or a number of characters, above the limits.
    """

    def counted(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        limits = Limits.current()
        characters = 0
        for batch in batches(columns):
            for cells in batch:
                sizes = [len(cell) for cell in cells if type(cell) is str]
                characters += sum(sizes)
                limits.check("cell", max(sizes, default=0), location)
            limits.check("characters", characters, location)
            yield batch

    return counted


def in_batches(cells: Mapping[str, Sequence[Any]]) -> Batches:
    """Return `batches` of columns that are in memory, as one batch."""

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        yield [cells[column] for column in columns]

    return batches


def value_kind(value: object) -> str:
    """Return what kind of value `value` is, with its article: "an object", "a number"."""
    if value is None:
        return "null"
    kinds = {"dict": "an object", "list": "a list", "str": "a string", "bytes": "bytes"}
    kinds |= {"bool": "a truth value", "int": "a number", "float": "a number"}
    name = type(value).__name__
    return kinds.get(name, f"a {name}")
