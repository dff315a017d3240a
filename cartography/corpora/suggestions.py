"""Which columns may be the texts and the labels, by their cells, where no name says it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any

from cartography.tables.table import Table

_HEAD_ROWS = 1_000
_SHORTEST_TEXT = 4
_MOST_CLASSES = 50
_MOST_WORDS = 3
_LONGEST_NAME = 100  # a longer one could not be read in an error, nor typed
_NUMBER = re.compile(r"[\d\s.,:/+-]*")  # also a date or a time


def suggest_columns(table: Table, label: str | None = None) -> str:
    """Suggest the column of the longest texts and the one of the fewest distinct values.

    Parameters
    ----------
    table : Table
    label : str, optional
        The label column, if it is known.

    Returns
    -------
    str
        The options that name them, as in "--text Comment --label Topic". Empty if no cells are
        like texts, or if the names of the columns are rather the cells of a first row.
    """
    distinct_names = dict.fromkeys(table.columns)
    names = [name for name in distinct_names if 0 < len(name) <= _LONGEST_NAME and name != label]
    head = {name: _texts(cells) for name, cells in table.head(_HEAD_ROWS, names).items()}
    if len(table.columns) < 2 or any(_is_cell(name, head[name]) for name in names):
        return ""
    lengths = {
        name: sum(map(len, texts)) / len(texts)
        for name, texts in head.items()
        if texts and not all(map(_NUMBER.fullmatch, texts))
    }
    text = max(lengths, key=lengths.__getitem__, default="")
    if lengths.get(text, 0) < _SHORTEST_TEXT or len(text.split()) > _MOST_WORDS:
        return ""
    options = ["--text", text]
    distinct = {name: len(set(texts)) for name, texts in head.items() if name != text}
    # Words rather than numbers, which may also be amounts.
    few = [
        (name not in lengths, count, name)
        for name, count in distinct.items()
        if 2 <= count <= min(_MOST_CLASSES, len(head[name]) // 2)
    ]
    if label is None and few:
        options += ["--label", min(few)[-1]]
    return shlex.join(options)


def _texts(cells: Sequence[Any]) -> list[str]:
    filled = (str(cell).strip() for cell in cells if isinstance(cell, str | int | float))
    return [text for text in filled if text]


def _is_cell(name: str, texts: Sequence[str]) -> bool:
    """Whether the name of a column is rather one of its values."""
    return name.strip() in texts or _NUMBER.fullmatch(name) is not None
