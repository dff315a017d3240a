"""Which split a file, a folder or a row belongs to, by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cartography.tables.table import Table

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
"""The splits of a data set."""

_WORDS: Mapping[Split, frozenset[str]] = {
    "train": frozenset(("train", "training", "trainset")),
    "validation": frozenset(
        ("validation", "valid", "val", "dev", "devel", "development", "devset")
    ),
    "test": frozenset(("test", "testing", "testset", "eval", "evaluation")),
}
_COLUMNS = frozenset(("split", "set", "fold", "partition", "subset", "datasetsplit", "datasplit"))
_HEAD_ROWS = 1_000
_BATCH_ROWS = 10_000


def split_of(name: str) -> Split | None:
    """Return the split that a word of `name` stands for: "my_dev.csv" is of "validation"."""
    words = set(re.split(r"[^a-z]+", name.casefold()))
    return next((split for split in SPLITS if words & _WORDS[split]), None)


def find_split_column(table: Table) -> str | None:
    """Return the column that says which split each row belongs to, or None.

    It has a name such as "split", and most of the first 1,000 rows have values such as "train" and
    "dev".
    """
    named = [name for name in table.columns if re.sub(r"[\W_]+", "", name).casefold() in _COLUMNS]
    for name in named:
        cells = table.head(_HEAD_ROWS, [name])[name]
        found = [split for cell in cells if (split := split_of(str(cell))) is not None]
        if len(found) == len(cells) or (len(found) > len(cells) / 2 and len(set(found)) > 1):
            return name
    return None


def split_rows(table: Table, column: str) -> dict[Split, Table]:
    """Divide a table by its split column.

    Parameters
    ----------
    table : Table
    column : str
        A row whose cell names no split is in no part.

    Returns
    -------
    dict from split to Table
        In the order of `SPLITS`; a split without rows is missing.
    """
    known = {split: position for position, split in enumerate(SPLITS)}
    of_value: dict[str, int] = {}

    def position(value: object) -> int:
        name = str(value)
        if name not in of_value:
            split = split_of(name)
            of_value[name] = -1 if split is None else known[split]
        return of_value[name]

    codes = np.fromiter(map(position, table.values(column)), np.int8, count=table.rows)
    tables = {split: take_rows(table, np.flatnonzero(codes == known[split])) for split in SPLITS}
    return {
        split: replace(part, name=f"{table.name} ({split})")
        for split, part in tables.items()
        if part.rows
    }


def take_rows(table: Table, rows: NDArray[np.int64]) -> Table:
    """Return the table of some rows, which keep their numbers, and their names in errors.

    Parameters
    ----------
    table : Table
    rows : int64 array, shape (k,)
        Ascending positions.

    Returns
    -------
    Table
    """

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        start = 0
        for batch in table.batches(columns):
            size = len(batch[0]) if batch else 0
            first, last = np.searchsorted(rows, (start, start + size))
            kept = (rows[first:last] - start).tolist()
            yield [[cells[i] for i in kept] for cells in batch]
            start += size

    row_name: Callable[[int], str] = lambda i: table.row_name(int(rows[i]))  # noqa: E731
    return replace(table, rows=len(rows), batches=batches, row_name=row_name, numbers=rows)


def join_tables(tables: Sequence[Table], location: str, name: str) -> Table:
    """Return the rows of several tables, one after the other.

    Parameters
    ----------
    tables : sequence of Table
        At least one. A column that one of them lacks is empty there.
    location, name : str
        Those of the joined table.

    Returns
    -------
    Table
    """
    ends = np.cumsum([table.rows for table in tables])

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        for table in tables:
            present = [column for column in columns if column in table.columns]
            if not present:
                for start in range(0, table.rows, _BATCH_ROWS):
                    size = min(_BATCH_ROWS, table.rows - start)
                    yield [[None] * size for _ in columns]
                continue
            for batch in table.batches(present):
                cells = dict(zip(present, batch, strict=True))
                empty = [None] * len(batch[0])
                yield [cells.get(column, empty) for column in columns]

    def row_name(i: int) -> str:
        part = int(np.searchsorted(ends, i, side="right"))
        within = i - (int(ends[part - 1]) if part else 0)
        return f"{tables[part].name}, {tables[part].row_name(within)}"

    class_names = dict(tables[0].class_names)
    same = all(table.class_names == class_names for table in tables)
    return Table(
        location=location,
        name=name,
        columns=tuple(dict.fromkeys(column for table in tables for column in table.columns)),
        rows=int(ends[-1]),
        batches=batches,
        row_name=row_name,
        class_names=class_names if same else {},
        notes=tuple(dict.fromkeys(note for table in tables for note in table.notes)),
        left_out=tuple(part for table in tables for part in table.left_out),
    )
