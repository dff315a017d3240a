"""Delimited text: CSV, TSV and other dialects."""

from __future__ import annotations

import csv
import io
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from cartography.errors import CartographyError
from cartography.formatting import count_noun
from cartography.tables.decoding import BYTE_ORDER_MARK, TextSource, text_source
from cartography.tables.dialect import (
    Dialect,
    Row,
    best,
    fit,
    parse,
    rank,
    swallows_rows,
    unswallowed,
)
from cartography.tables.limits import Limits
from cartography.tables.plain_csv import read_plain_csv
from cartography.tables.source import ByteSource
from cartography.tables.table import (
    LeftOut,
    Table,
    TableOptions,
    can_be_header,
    distinct_names,
)

_SAMPLE_CHARACTERS = 1 << 16
_BATCH_ROWS = 10_000
_TITLE_ROWS = 30
_FURTHER_SHARE = 0.5
_SEPARATOR_LINE = "sep="
_QUALTRICS = '{"ImportId":'

# The limit of a cell is checked here; Python's own is global and would refuse long texts.
csv.field_size_limit(2**31 - 1)


def read_csv(source: ByteSource, options: TableOptions) -> Table:
    """Read comma-separated text, or what has this suffix; see `read_delimited`."""
    return read_delimited(source, options, ",;\t|")


def read_tsv(source: ByteSource, options: TableOptions) -> Table:
    """Read tab-separated text, or what has this suffix; see `read_delimited`."""
    return read_delimited(source, options, "\t,;|")


def read_delimited(source: ByteSource, options: TableOptions, delimiters: str) -> Table:
    """Read delimited text with a header.

    The dialect is the one that most lines fit. Title and comment lines above the header, blank
    lines, rows of empty cells and headers that come again are left out, and said so.

    Parameters
    ----------
    source : ByteSource
    options : TableOptions
    delimiters : str
        The possible ones, the likeliest first.

    Returns
    -------
    Table

    Raises
    ------
    CartographyError
        The file is not text, has no header, or has a row that does not fit.
    """
    text = text_source(source, options)
    lines, is_whole = _sample(text)
    named = _named_delimiter(lines)
    fits = rank(lines[bool(named) :], named or delimiters)
    dialect = fits[0].dialect
    # Most files are plain, and a compiled parser reads those several times faster. It returns None
    # where it and the rules here could differ.
    is_plain = not named and not text.inner_marks
    has_marks = any('"' in line for line in lines)
    if is_plain and (dialect.quote or not has_marks):
        plain = read_plain_csv(source, text, dialect)
        if plain is not None:
            return replace(plain, notes=(*_notes(text, dialect, delimiters[0]), *plain.notes))
    if not is_whole:  # the first lines do not settle it, so all lines do
        rivals = [each.dialect for each in fits if each.width > 1] or [dialect]
        fits = [fit(_all_lines(text), rival) for rival in rivals]
    dialect = best(fits).dialect
    if not dialect.quote and (quoted := unswallowed(fits, dialect)):
        # Quotation marks may be read literally only where they would swallow rows.
        dialect = dialect if swallows_rows(_all_lines(text), quoted) else quoted
    return _table(text, dialect, bool(named), _notes(text, dialect, delimiters[0]))


def _sample(text: TextSource) -> tuple[list[str], bool]:
    """The first lines of a file, and whether these are all."""
    with text.open() as stream:
        head = stream.read(_SAMPLE_CHARACTERS)
        # Its length does not tell: a byte order mark is left out of it.
        is_whole = not stream.read(1)
    # Not `splitlines`, which would also end lines where Unicode does.
    lines = list(io.StringIO(head, newline=""))
    if not is_whole and len(lines) > 1:
        lines.pop()  # it is cut
    return list(_without_joins(lines)), is_whole


def _named_delimiter(lines: Sequence[str]) -> str:
    """The delimiter that the first line names, as Excel's `sep=;`; "" if it names none."""
    first = lines[0].strip().strip('"') if lines else ""
    if first.casefold().startswith(_SEPARATOR_LINE) and len(first) <= len(_SEPARATOR_LINE) + 1:
        mark = lines[0].strip("\r\n").strip('"')[len(_SEPARATOR_LINE) :]
        return mark[:1]
    return ""


def _all_lines(text: TextSource) -> Iterator[str]:
    with text.open() as stream:
        yield from _without_joins(stream) if text.inner_marks else stream


def _without_joins(lines: Iterable[str]) -> Iterator[str]:
    """The lines, without the byte order mark where a joined file starts as the first one does.

    Before any other line the mark may be of a text, which is to stay as it is.
    """
    start = ""
    for number, line in enumerate(lines):
        if not number:
            start = line.rstrip("\r\n")
        elif line.startswith(BYTE_ORDER_MARK):
            bare = line.lstrip(BYTE_ORDER_MARK)
            line = bare if bare.rstrip("\r\n") == start else line
        yield line


@dataclass(frozen=True)
class _Layout:
    """Where the rows of a file are.

    Attributes
    ----------
    dialect : Dialect
    skip : bool
        Whether the first line names the delimiter.
    header : tuple of str
    first : int
        The number of rows, blank ones counted, up to and with the header.
    trailing : bool
        Whether rows have an empty cell more than the header.
    further : int
        The number of Qualtrics' header rows below the header.
    """

    dialect: Dialect
    skip: bool
    header: tuple[str, ...]
    first: int
    trailing: bool = False
    further: int = 0


def _rows(text: TextSource, dialect: Dialect, skip: bool) -> Iterator[Row]:
    lines = _all_lines(text)
    if skip:
        next(lines, None)
    for row in parse(lines, dialect):
        yield row._replace(line=row.line + 1) if skip else row


def _find_layout(text: TextSource, dialect: Dialect, skip: bool) -> tuple[_Layout, list[LeftOut]]:
    """Find the header, and count the lines above it."""
    head = list(islice(_rows(text, dialect, skip), _TITLE_ROWS + _BATCH_ROWS))
    widths = Counter(len(row.cells) for row in head if row.cells)
    if not widths:
        raise CartographyError(f"{text.location} is empty; give a file with a header and rows")
    width = max(widths.items(), key=lambda item: (item[1], item[0]))[0]
    first = next(i for i, row in enumerate(head) if row.cells)
    tops = enumerate(head[:_TITLE_ROWS])
    start = next((i for i, row in tops if _is_header(row, width, i == first)), first)
    header = head[start].cells
    below = [row.cells for row in head[start + 1 :] if row.cells]
    trailing = bool(below) and all(
        len(cells) == len(header) + 1 and not cells[-1].strip() for cells in below
    )
    if not trailing and len(header) > 1 and not header[-1].strip():
        # The header alone ends in a delimiter.
        if below and all(len(cells) == len(header) - 1 for cells in below):
            header = header[:-1]
    elif not trailing and below and all(len(cells) == len(header) + 1 for cells in below):
        header = ["", *header]  # R writes no name above the names of rows
    further = 0
    if len(head) > start + 2 and any(_QUALTRICS in cell for cell in head[start + 2].cells):
        further = 2
    above: list[LeftOut] = []
    if skip:
        above.append(LeftOut(1, "line with the delimiter", "line 1"))
    titles = [row for row in head[:start] if row.cells]
    if titles:
        above.append(LeftOut(len(titles), "title line", f"line {titles[0].line}"))
    if further:
        above.append(LeftOut(2, "further header line", f"line {head[start + 1].line}"))
    return _Layout(dialect, skip, tuple(header), start + 1, trailing, further), above


def _is_header(row: Row, width: int, is_first: bool) -> bool:
    """Whether a row at the start of a file can be its header, and not a title or a comment."""
    if row.problem or not row.cells:
        return False
    if row.cells[0].startswith("#") and len(row.cells) != width:
        return False
    return can_be_header([bool(cell.strip()) for cell in row.cells], width, is_first)


def _data_rows(text: TextSource, layout: _Layout, left: _Tally) -> Iterator[tuple[int, list[str]]]:
    """The line and the cells of each row below the header; `left` counts what is left out.

    Raises
    ------
    CartographyError
        A row does not fit the header, or a limit is passed.
    """
    limits = Limits.current()
    width = len(layout.header)
    header = list(layout.header)
    characters = number = 0
    rows = _rows(text, layout.dialect, layout.skip)
    for row in islice(rows, layout.first + layout.further, None):
        cells = row.cells
        if row.problem:
            raise _malformed(text, number + 1, row, layout)
        if len(cells) == width + 1 and not cells[-1].strip():
            cells = cells[:-1]  # a delimiter after the last column
        if len(cells) != width or not any(cells):
            if not any(cell.strip() for cell in cells):
                left.add("blank line" if len(cells) < 2 else "empty row", row)
                continue
            raise _misfit(text, number + 1, row, layout)
        if cells[0] == header[0] and cells == header:
            left.add("repeated header", row)
            continue
        number += 1
        size = sum(map(len, cells))
        characters += size
        if size > limits.cell:
            limits.check("cell", max(map(len, cells)), f"{text.location}, line {row.line:,}")
        if characters > limits.characters:
            limits.check("characters", characters, text.location)
        if number > limits.rows:
            limits.check("rows", number, text.location)
        yield row.line, cells


class _Tally:
    """How many lines of each kind are left out, and the first of them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._firsts: dict[str, int] = {}

    def add(self, noun: str, row: Row) -> None:
        self._counts[noun] += 1
        self._firsts.setdefault(noun, row.line)

    def left_out(self) -> tuple[LeftOut, ...]:
        return tuple(
            LeftOut(count, noun, f"line {self._firsts[noun]:,}")
            for noun, count in self._counts.items()
        )


def _misfit(text: TextSource, number: int, row: Row, layout: _Layout) -> CartographyError:
    width, delimiter = len(layout.header), layout.dialect.delimiter
    advice = f"put quotes around a text that contains {delimiter!r}"
    if len(row.cells) < width:
        advice = "give it all its cells, or put quotes around a text that goes over several lines"
    return CartographyError(
        f"{text.location}, row {number:,} (line {row.line:,}) has "
        f"{count_noun(len(row.cells), 'column')} but the header has {width}; {advice}"
    )


def _malformed(text: TextSource, number: int, row: Row, layout: _Layout) -> CartographyError:
    problem = "has a quotation mark that is never closed"
    if "end of data" not in row.problem:
        problem = f"is malformed ({row.problem})"
    advice = "write a quotation mark inside a quoted text twice"
    if layout.dialect.escape:
        advice = "write a backslash before a quotation mark inside a quoted text"
    return CartographyError(
        f"{text.location}, row {number:,} (line {row.line:,}) {problem}; {advice}"
    )


def _notes(text: TextSource, dialect: Dialect, usual: str) -> tuple[str, ...]:
    """Say what is not usual for files of this suffix, whose delimiter is `usual`."""
    is_usual = dialect.delimiter == usual and replace(dialect, delimiter=",", skip_space=False)
    if is_usual == Dialect() or (is_usual == Dialect(quote="") and not _has_marks(text)):
        return text.notes
    return (*text.notes, f"{text.name} was read with {dialect.words}")


def _has_marks(text: TextSource) -> bool:
    return any('"' in line for line in _all_lines(text))


def _table(text: TextSource, dialect: Dialect, skip: bool, known: tuple[str, ...]) -> Table:
    """Read a file once to check it, and return the table that reads it again for its cells."""
    layout, above = _find_layout(text, dialect, skip)
    limits = Limits.current()
    limits.check("columns", len(layout.header), text.location)
    left = _Tally()
    lines = array("q")
    doubtful = 0
    for line, cells in _data_rows(text, layout, left):
        lines.append(line)
        if layout.dialect.quote and _holds_rows(cells, layout.dialect):
            doubtful += 1
    notes = list(known)
    if doubtful:
        notes.append(
            f"{count_noun(doubtful, 'text')} of {text.name} with line ends may hold further rows: "
            "check its quotation marks"
        )
    names, renamed = distinct_names(layout.header, text.name)
    last = sum(1 for _ in _all_lines(text))

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        positions = [names.index(column) for column in columns]
        rows = _data_rows(text, layout, _Tally())
        while batch := [cells for _, cells in islice(rows, _BATCH_ROWS)]:
            yield [[cells[position] for cells in batch] for position in positions]

    return Table(
        location=text.location,
        name=text.name,
        columns=names,
        rows=len(lines),
        batches=batches,
        row_name=lambda i: f"row {i + 1} (line {lines[i]})",
        notes=(*notes, *renamed),
        left_out=(*above, *left.left_out()),
        lines=last,
    )


def _holds_rows(cells: Sequence[str], dialect: Dialect) -> bool:
    """Whether a cell has line ends followed by what would be rows of the table."""
    long = [cell for cell in cells if "\n" in cell]
    if not long:
        return False
    single = replace(dialect, quote="")
    inner = [line for cell in long for line in cell.split("\n")[1:-1] if line]
    whole = sum(len(row.cells) == len(cells) for row in parse(inner, single))
    return bool(inner) and whole >= _FURTHER_SHARE * len(inner)
