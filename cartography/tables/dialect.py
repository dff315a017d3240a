"""The dialect of delimited text, judged by how many of its lines become rows of one width."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

_QUOTES = ('"', "'", "")
_WELL = 0.8
_SPACED = 0.5
_TITLES = 30
_MOST_VALUES = 10_000


@dataclass(frozen=True)
class Dialect:
    """How lines are divided into cells.

    Attributes
    ----------
    delimiter : str
        One character.
    quote : str
        The mark around a cell that contains the delimiter; "" if marks are ordinary characters.
    escape : str
        The character before a mark inside a quoted cell; "" if the mark is doubled there.
    skip_space : bool
        Whether white space after a delimiter is no part of the cell.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    skip_space: bool = False

    @property
    def words(self) -> str:
        """The dialect in words."""
        names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
        parts = [f"{names.get(self.delimiter, repr(self.delimiter))} between columns"]
        if not self.quote:
            parts.append("quotation marks as ordinary characters")
        elif self.quote != '"':
            parts.append(f"{self.quote} as quotation mark")
        if self.escape:
            parts.append("a backslash before a mark inside a text")
        return ", ".join(parts)

    def options(self) -> dict[str, Any]:
        """Return the arguments of `csv.reader`."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "doublequote": not self.escape,
            "escapechar": self.escape or None,
            "skipinitialspace": self.skip_space,
            "strict": True,
        }


class Row(NamedTuple):
    """One row of a file: its first line, its cells, what is wrong with it, its further lines."""

    line: int
    cells: list[str]
    problem: str
    further: int = 0


def parse(lines: Iterable[str], dialect: Dialect) -> Iterator[Row]:
    """Divide lines into rows; a blank line is a row without cells.

    Parameters
    ----------
    lines : iterable of str
        With their line ends.
    dialect : Dialect

    Yields
    ------
    Row
    """
    reader = csv.reader(lines, **dialect.options())
    line = 1
    while True:
        try:
            for cells in reader:
                yield Row(line, cells, "", reader.line_num - line)
                line = reader.line_num + 1
            return
        except csv.Error as error:
            yield Row(line, [], str(error), reader.line_num - line)
            line = reader.line_num + 1


@dataclass(frozen=True)
class Fit:
    """How well lines fit a dialect.

    Attributes
    ----------
    dialect : Dialect
    width : int
        The number of cells of most rows.
    fitting, misfitting : int
        Rows of this width, and all others.
    swallowed : int
        Lines that continue a quoted cell of an earlier line.
    """

    dialect: Dialect
    width: int
    fitting: int
    misfitting: int
    swallowed: int

    @property
    def is_perfect(self) -> bool:
        """Whether every line is a row of one width, at least two."""
        return self.width > 1 and self.is_clean

    @property
    def is_clean(self) -> bool:
        """Whether every line is a row, of one width: its quotation marks are what they seem."""
        return bool(self.fitting) and not self.misfitting and not self.swallowed

    @property
    def score(self) -> tuple[bool, int, bool]:
        """Larger is better: a table, then rows that fit less those that do not."""
        share = self.fitting / max(self.fitting + self.misfitting, 1)
        return self.width > 1 and share >= _WELL, self.fitting - self.misfitting, self.width > 1


def fit(lines: Iterable[str], dialect: Dialect) -> Fit:
    """Count the rows of `lines` that fit a dialect.

    Parameters
    ----------
    lines : iterable of str
        With their line ends.
    dialect : Dialect

    Returns
    -------
    Fit
    """
    widths: Counter[int] = Counter()
    wrong = swallowed = 0
    for row in parse(lines, dialect):
        swallowed += row.further
        if row.problem:
            wrong += 1
        elif row.cells:
            widths[len(row.cells)] += 1
    if not widths:
        return Fit(dialect, 0, 0, wrong, swallowed)
    width, fitting = max(widths.items(), key=lambda item: (item[1], item[0]))
    return Fit(dialect, width, fitting, wrong + widths.total() - fitting, swallowed)


def best(fits: list[Fit]) -> Fit:
    """Return the best of the fits of a whole file; of equal ones the first."""
    # Quotation marks that leave no line and no row over are what they seem.
    if any(each.dialect.quote == '"' and each.is_clean for each in fits):
        fits = [each for each in fits if each.dialect.quote]
    return max(fits, key=lambda each: each.score)


def unswallowed(fits: list[Fit], literal: Dialect) -> Dialect | None:
    """Return the dialect with quotation marks of which all rows fit as they do in `literal`."""
    width = next(each.width for each in fits if each.dialect == literal)
    for each in fits:
        is_same = each.dialect.delimiter == literal.delimiter and each.width == width
        if is_same and each.dialect.quote and not each.misfitting:
            return each.dialect
    return None


def swallows_rows(lines: Iterable[str], dialect: Dialect) -> bool:
    """Return whether the lines in quoted cells are rows of the table in their own right.

    They are if they have the values that other rows have in a column of few values, such as a
    label. Without such a column they are taken to be rows, so that no row is lost.

    Parameters
    ----------
    lines : iterable of str
        With their line ends.
    dialect : Dialect
        With a quotation mark.

    Returns
    -------
    bool
    """
    rows = 0
    known: dict[int, Counter[str]] = {}
    disputed: list[list[str]] = []
    for row in parse(lines, dialect):
        text = dialect.delimiter.join(row.cells)
        if "\n" not in text and "\r" not in text:
            rows += 1
            for position, cell in enumerate(row.cells):
                values = known.setdefault(position, Counter())
                if cell in values or len(values) < _MOST_VALUES:
                    values[cell] += 1
        elif len(disputed) < _MOST_VALUES:
            disputed.extend(line.split(dialect.delimiter) for line in text.splitlines())
    few = [position for position, values in known.items() if len(values) <= rows / 2]
    return any(
        sum(len(cells) > position and cells[position] in known[position] for cells in disputed)
        >= _SPACED * len(disputed)
        for position in few
    ) or not (few or not rows)


def candidates(lines: list[str], delimiters: str) -> list[Dialect]:
    """Return the dialects that are possible for a file.

    Parameters
    ----------
    lines : list of str
        The first lines.
    delimiters : str
        The likeliest first.

    Returns
    -------
    list of Dialect
        In the order in which equal fits are decided.
    """
    text = "".join(lines)
    found = [mark for mark in delimiters if mark in text] or [delimiters[0]]
    possible = []
    for delimiter in found:
        for quote in _QUOTES:
            if quote and quote not in text:
                continue
            # An apostrophe is a quotation mark only where a cell starts with it.
            if quote == "'" and not _starts_cells(lines, delimiter, quote):
                continue
            is_spaced = _is_spaced(lines, delimiter, quote)
            possible.append(Dialect(delimiter, quote, skip_space=is_spaced))
            if quote == '"' and f"\\{quote}" in text:
                possible.append(Dialect(delimiter, quote, escape="\\"))
        if '"' not in text:
            possible.append(Dialect(delimiter, skip_space=_is_spaced(lines, delimiter, "")))
    return sorted(
        (each for each in possible if each.quote or not _is_quoted(lines, each.delimiter)),
        key=lambda dialect: dialect.quote != '"',
    )


def _is_quoted(lines: list[str], delimiter: str) -> bool:
    """Whether all cells of the first line are in quotation marks, which are marks then."""
    cells = lines[0].rstrip("\r\n").split(delimiter) if lines else []
    return len(cells) > 1 and all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells)


def _starts_cells(lines: list[str], delimiter: str, quote: str) -> bool:
    marked = sum(line.startswith(quote) or f"{delimiter}{quote}" in line for line in lines)
    return marked >= _SPACED * len(lines)


def _is_spaced(lines: list[str], delimiter: str, quote: str) -> bool:
    """Whether a space follows each delimiter, or each one before a quoted cell, in most lines."""
    held = [line for line in lines if delimiter in line]
    everywhere = sum(line.count(delimiter) == line.count(f"{delimiter} ") for line in held)
    if delimiter != "\t" and everywhere >= _WELL * len(held) > 0:
        return True
    if not quote:
        return False
    spaced = sum(f"{delimiter} {quote}" in line for line in lines)
    tight = sum(f"{delimiter}{quote}" in line for line in lines)
    return spaced > tight and spaced >= _SPACED * len(lines)


def rank(lines: list[str], delimiters: str) -> list[Fit]:
    """Judge the first lines of a file.

    Parameters
    ----------
    lines : list of str
    delimiters : str
        The likeliest first.

    Returns
    -------
    list of Fit
        The best first.
    """
    body = lines[_leading(lines) :]
    fits = [fit(body, dialect) for dialect in candidates(body, delimiters)]
    return sorted(fits, key=lambda each: each.score, reverse=True)


def _leading(lines: list[str]) -> int:
    """The number of blank and comment lines at the start, which say nothing of the dialect."""
    for number, line in enumerate(lines[:_TITLES]):
        if line.strip() and not line.startswith("#"):
            return number
    return 0
