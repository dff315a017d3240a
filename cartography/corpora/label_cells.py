"""The labels in each cell of a label column, which may hold several."""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from cartography.corpora.cells import replace_broken
from cartography.errors import CartographyError
from cartography.formatting import count_noun
from cartography.tables.table import Table, value_kind

Several = Literal["first", "most-frequent", "combination"]

# Zero-width characters, soft hyphens and byte order marks, but not the joiners, which spell words.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
_SEPARATORS = "#|;,"
_WITHOUT_COMMAS = re.compile(r"""\[(?:\s*(?:'[^']*'|"[^"]*"|[0-9]+)(?=[\s\]]))+\s*\]""")
_ITEM = re.compile(r"""(['"])(.*?)\1|([0-9]+)""")
_MISSING = re.compile(r"(?<![\w'\"])nan(?![\w'\"])")
_LONGEST = 1_000
_NEARLY_ALL = 0.9


def clean_label(name: str) -> str:
    """`name` in Unicode's composed form, without invisible characters and outer white space."""
    if name.isascii():
        return name.strip()
    name = _INVISIBLE.sub("", replace_broken(name))
    return unicodedata.normalize("NFC", name).strip()


class DistinctCells:
    """The distinct cells of a label column, so that each is read once.

    Attributes
    ----------
    cells : list, length k
        In the order in which they first occur.
    inverse : int64 array, shape (n,)
        The position in `cells` of each row's cell.
    """

    def __init__(self, table: Table, column: str, cells: Sequence[Any]) -> None:
        self._table = table
        self._column = column
        # 1, 1.0 and True are equal, but different labels.
        keys = [cell if type(cell) is str else _key(cell) for cell in cells]
        position = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        self.inverse = np.fromiter(map(position.__getitem__, keys), np.int64, count=len(keys))
        self._firsts = np.unique(self.inverse, return_index=True)[1].tolist()
        self.cells: list[Any] = [cells[row] for row in self._firsts]
        self._counts: list[int] = np.bincount(self.inverse, minlength=len(position)).tolist()

    @property
    def column_name(self) -> str:
        """The name of the column in errors."""
        return f"{self._table.location}, column {self._column!r}"

    def cell_name(self, position: int) -> str:
        """The name in errors of the first row with the cell at `position`."""
        row = self._table.row_name(self._firsts[position])
        return f"{self._table.location}, {row}, column {self._column!r}"

    def count(self, is_counted: Iterable[bool]) -> int:
        """The number of rows whose cell is counted: a truth value for each distinct cell."""
        return sum(
            count for count, counted in zip(self._counts, is_counted, strict=True) if counted
        )

    def counts(self, labels: Iterable[str | None]) -> Counter[str]:
        """The number of rows of each label: `labels` has one for each distinct cell."""
        counter: Counter[str] = Counter()
        for label, count in zip(labels, self._counts, strict=True):
            if label is not None:
                counter[label] += count
        return counter


def _key(cell: Any) -> Any:
    """A key by which equal cells of one type are found."""
    return (type(cell), str(cell)) if isinstance(cell, list | dict) else (type(cell), cell)


def names_of_codes(
    distinct: DistinctCells, classes: tuple[str, ...]
) -> tuple[list[tuple[str, ...]] | None, str]:
    """The names of integers that stand for classes; None if the cells are something else.

    The second value is a note on an integer that stands for no class, else "".
    """
    if not classes:
        return None, ""
    positions = range(-1, len(classes))
    named: list[tuple[str, ...]] = []
    for cell in distinct.cells:
        # A file may have been rewritten with class names as labels and its old metadata kept.
        codes = cell if isinstance(cell, list) else [cell]
        if not all(code is None or type(code) is int for code in codes):
            return None, ""
        odd = [code for code in codes if code is not None and code not in positions]
        if odd:
            return None, (
                "the file's class names are not used: they stand for 0 to "
                f"{len(classes) - 1:,}, and there is a label {odd[0]:,}"
            )
        named.append(tuple(classes[code] for code in codes if code is not None and code >= 0))
    return named, ""


def labels_in(distinct: DistinctCells) -> list[tuple[str, ...]]:
    """The labels in each cell, without empty ones."""
    return [_labels_of(distinct, i, cell) for i, cell in enumerate(distinct.cells)]


def _labels_of(distinct: DistinctCells, i: int, cell: Any) -> tuple[str, ...]:
    if type(cell) is str:
        items: Sequence[Any] = _parse_list(cell)
    else:
        items = cell if isinstance(cell, list | tuple) else (cell,)
    names = []
    for item in items:
        if item is None or item != item:  # NaN differs from itself
            continue
        if isinstance(item, dict | list | tuple | bytes):
            raise CartographyError(
                f"{distinct.cell_name(i)} contains {value_kind(item)} instead of a class label; "
                "name another column with --label"
            )
        name = clean_label(str(item))
        if len(name) > _LONGEST:
            raise CartographyError(
                f"{distinct.cell_name(i)} contains a label of {len(name):,} characters; name "
                "another column with --label"
            )
        if name:
            names.append(name)
    return tuple(dict.fromkeys(names))


def _parse_list(cell: str) -> Sequence[Any]:
    """The items of a list that was written as text, such as "['a', 'b']"; else the cell itself."""
    if cell[:1] + cell[-1:] not in ("[]", "()", "{}") or not 2 <= len(cell) <= _LONGEST:
        return (cell,)
    # NumPy writes no commas, and Python would join the texts.
    if _WITHOUT_COMMAS.fullmatch(cell):
        return [quoted or number for _, quoted, number in _ITEM.findall(cell)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know
            value = ast.literal_eval(_MISSING.sub("None", cell))
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return (cell,)
    if isinstance(value, set):
        return sorted(value, key=str)
    return value if isinstance(value, list | tuple) else (cell,)


def split_cells(
    distinct: DistinctCells, named: list[tuple[str, ...]], known: Sequence[str]
) -> tuple[list[tuple[str, ...]], str]:
    """Split cells such as "a#b" where the column shows that these are several labels.

    They are if nearly all their parts are labels of other cells, alone or in at least two
    combinations, or are `known` from the training texts: "Sci, Tech" is not split where no cell is
    "Sci" or "Tech".
    """
    counts = distinct.counts(names[0] if len(names) == 1 else None for names in named)
    for separator in _SEPARATORS:
        joined = {name: count for name, count in counts.items() if separator in name}
        joined = {name: count for name, count in joined.items() if name not in known}
        if not joined or (len(joined) == len(counts) and not known):
            continue
        parts_of = {
            name: tuple(part for part in map(str.strip, name.split(separator)) if part)
            for name in joined
        }
        alone = (counts.keys() - joined.keys()) | set(known)
        combined = Counter(part for parts in parts_of.values() for part in set(parts))
        frequent = alone | {part for part, times in combined.items() if times >= 2}
        total = sum(count * len(parts_of[name]) for name, count in joined.items())
        found = sum(
            count * sum(part in frequent for part in parts_of[name])
            for name, count in joined.items()
        )
        if combined.keys() & alone and found >= _NEARLY_ALL * total:
            return [
                parts_of.get(names[0], names) if len(names) == 1 else names for names in named
            ], separator
    return named, ""


def several_note(count: int, several: Several) -> str:
    """Say in one sentence how `count` rows with several labels were read."""
    uses = {
        "first": "the first is the class",
        "most-frequent": "the most frequent one is the class",
        "combination": "each combination is a class",
    }
    return (
        f"{count_noun(count, 'row')} with several labels: {uses[several]}; --several changes that"
    )


def one_label(
    distinct: DistinctCells, named: list[tuple[str, ...]], several: Several
) -> list[str | None]:
    """Choose the class of each cell from its labels; None for a cell without any."""
    if several == "combination":
        return [" + ".join(sorted(names)) or None for names in named]
    if several == "most-frequent":
        most = max(map(len, named), default=0)
        counts: Counter[str] = Counter()
        for place in range(most):
            counts += distinct.counts(
                names[place] if place < len(names) else None for names in named
            )
        # In a tie, the first in the cell.
        return [max(names, key=counts.__getitem__, default=None) for names in named]
    return [names[0] if names else None for names in named]
