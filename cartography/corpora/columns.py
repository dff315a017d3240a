"""Choosing the columns of a table: those that are named, else those whose names fit."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from cartography.corpora.suggestions import suggest_columns
from cartography.errors import CartographyError
from cartography.formatting import count_noun
from cartography.tables.excel import advise_sheets
from cartography.tables.table import Table

# Likeliest first; compared without case and separators.
_TEXT_NAMES = (
    "text sentence question description review content document body message utterance query "
    "tweet comment docstring post email abstract headline title prompt premise news article sms"
)
_LABEL_NAMES = (
    "label labels class category classindex target intent topic tag gold goldlabel y sentiment "
    "classlabel labeltext coarselabel emotion rating stars annotation cats"
)
_ID_NAMES = "id guid uid uuid exampleid docid textid"
# A column whose last or first word is one of these is the second choice: "ticket_text",
# "label, gold". One whose last word says that it is about another column is not: "text_length".
_KEY_WORDS = {
    "--text": frozenset(_TEXT_NAMES.split()) - {"title", "news"},
    "--label": frozenset(("label", "labels", "class", "category", "intent", "topic", "sentiment")),
    "--id": frozenset(("id", "guid", "uid", "uuid", "nr", "nummer")),
}
_ABOUT_A_COLUMN = frozenset(
    (
        *("length", "len", "count", "lang", "language", "url", "link"),
        *("date", "time", "source", "type", "score"),
    )
)
_HEAD_ROWS = 1_000
_LISTED = 12
_LONGEST_NAME = 40
_MOST_WORDS = 3


@dataclass(frozen=True)
class Columns:
    """The columns of a table that are read.

    Attributes
    ----------
    text : str
    label : str or None
        None if there is no label column.
    id : str or None
        None if the row numbers are the ids.
    one_hot : tuple of str
        Columns of 0 and 1, one per class, that stand for a label column.
    id_guessed : bool
        Whether the id column was not named; it is dropped if its values are not distinct.
    """

    text: str
    label: str | None
    id: str | None
    one_hot: tuple[str, ...] = ()
    id_guessed: bool = False


def choose_columns(
    table: Table,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    like: Columns | None = None,
) -> Columns:
    """Choose the columns that are named, else those of `like` that the table has, else guess.

    Parameters
    ----------
    table : Table
    text, label, id : str, optional
        Names; compared without case and separators if no column has exactly this name.
    like : Columns, optional
        The columns of the training table when a test table is read, whose ids are optional.

    Returns
    -------
    Columns

    Raises
    ------
    CartographyError
        A named column is missing, several columns have its name, or no text column is found.
    """
    named_label = _find(table, label, "--label")
    text_column = (
        _find(table, text, "--text")
        or _existing(table, like.text if like else None)
        or _guess(table, _TEXT_NAMES, "--text", excluded={named_label})
    )
    if text_column is None:
        raise CartographyError(
            f"{table.location}: no text column found among {quote_names(table.columns)}; "
            + _advise(table, named_label)
        )
    named_id = None if like and id and not _matches(table, id) else _find(table, id, "--id")
    id_column = named_id or _existing(table, like.id if like else None)
    label_column = named_label or _existing(table, like.label if like else None)
    one_hot: tuple[str, ...] = ()
    if label_column is None and like and like.one_hot and set(like.one_hot) <= set(table.columns):
        one_hot = like.one_hot
    elif label_column is None:
        label_column = _guess(table, _LABEL_NAMES, "--label", excluded={text_column, id_column})
    if id_column is None:
        id_column = _guess(table, _ID_NAMES, "--id", excluded={text_column, label_column, *one_hot})
    if label_column is None and not one_hot:
        one_hot = find_one_hot(table, excluded={text_column, id_column})
    named = [name for name in (text_column, label_column, id_column) if name is not None]
    repeated = [name for name in named if named.count(name) > 1]
    if repeated:
        raise CartographyError(
            f"{table.location}: the column {repeated[0]!r} is named twice; give text, label and id "
            "a column each"
        )
    return Columns(text_column, label_column, id_column, one_hot, id_guessed=named_id is None)


def quote_names(names: Sequence[str]) -> str:
    """Return the first names for an error message, in quotation marks."""
    quoted = [
        repr(name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…")
        for name in names[:_LISTED]
    ]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(quoted) + more


def find_one_hot(table: Table, excluded: Collection[str | None]) -> tuple[str, ...]:
    """Return the columns of 0 and 1 if there are at least two, else an empty tuple.

    The first 1,000 rows decide, and at least half of these have a 1.
    """
    names = [name for name in dict.fromkeys(table.columns) if name not in excluded and name]
    head = table.head(_HEAD_ROWS, names)
    found = [name for name in names if all(is_zero_or_one(cell) for cell in head[name])]
    if len(found) < 2:
        return ()
    marked = [any(is_one(head[name][i]) for name in found) for i in range(len(head[found[0]]))]
    return tuple(found) if sum(marked) >= len(marked) / 2 else ()


def is_zero_or_one(cell: Any) -> bool:
    """Return whether a cell of a one-hot column is valid."""
    return str(cell).strip().casefold() in ("0", "1", "0.0", "1.0", "true", "false")


def is_one(cell: Any) -> bool:
    """Return whether a cell of a one-hot column says that its row is of the class."""
    return str(cell).strip().casefold() in ("1", "1.0", "true")


def _normalise(name: str) -> str:
    return re.sub(r"[\s_.-]+", "", name).casefold()


def _words(name: str) -> list[str]:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return [word.casefold() for word in words if len(word) > 1]


def _matches(table: Table, name: str) -> list[str]:
    exact = [column for column in table.columns if column == name]
    return exact or [column for column in table.columns if _normalise(column) == _normalise(name)]


def _find(table: Table, name: str | None, option: str) -> str | None:
    if name is None:
        return None
    name = str(name)  # a data frame's columns may be numbers
    matches = _matches(table, name)
    if not matches:
        raise CartographyError(
            f"{table.location} has no column {name!r}; its columns are "
            f"{quote_names(table.columns)}: name one of them with {option}"
            + advise_sheets(table.other_sheets)
        )
    return _single(table, matches, option)


def _advise(table: Table, label: str | None) -> str:
    """What to do about a table without a column that is known to be of texts."""
    advice = "name the columns with --text and --label"
    if suggested := suggest_columns(table, label):
        advice = f"name the columns, perhaps {suggested}"
    elif table.lines is not None:
        advice += ", or give the file a first line of column names"
    return advice + advise_sheets(table.other_sheets)


def _existing(table: Table, name: str | None) -> str | None:
    return name if name in table.columns else None


def _guess(table: Table, names: str, option: str, excluded: Collection[str | None]) -> str | None:
    candidates = [column for column in table.columns if column not in excluded]
    for name in names.split():
        matches = [column for column in candidates if _normalise(column) == name]
        if matches:
            return _single(table, matches, option)
    other = _ABOUT_A_COLUMN | (frozenset() if option == "--id" else _KEY_WORDS["--id"])
    words_of = {column: _words(column) for column in candidates}
    # A longer name is rather a text: the first row of a file without a header.
    words_of = {
        column: words for column, words in words_of.items() if 0 < len(words) <= _MOST_WORDS
    }
    for position in (-1, 0):
        found = [
            column
            for column, words in words_of.items()
            if words[position] in _KEY_WORDS[option] and words[-1] not in other
        ]
        # Several with one first word, such as "label_joy" and "label_anger", are of one kind.
        if found and (position == -1 or len(found) == 1):
            return found[0]
    return None


def _single(table: Table, matches: list[str], option: str) -> str:
    if len(matches) > 1:
        raise CartographyError(
            f"{table.location} has {count_noun(len(matches), 'column')} named {matches[0]!r}; "
            f"rename all but one, or name another with {option}"
        )
    return matches[0]
