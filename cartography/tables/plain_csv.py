"""Plain delimited text, one line to a row, read by a compiled parser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cartography.tables.decoding import TextSource
from cartography.tables.dialect import Dialect
from cartography.tables.limits import Limits
from cartography.tables.source import ByteSource
from cartography.tables.table import Table, can_be_header, distinct_names

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_BYTES = 64 << 20
_BATCH_ROWS = 10_000
_HEAD_BYTES = 1 << 16
_QUALTRICS = b"ImportId"
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34


def read_plain_csv(source: ByteSource, text: TextSource, dialect: Dialect) -> Table | None:
    """Read a file in which each line is a row of the header's width.

    Parameters
    ----------
    source : ByteSource
    text : TextSource
        The same file.
    dialect : Dialect

    Returns
    -------
    Table or None
        None if the file is not plain: another encoding or quotation, cells with line ends, blank
        lines, titles, repeated headers, marks inside a cell, or 64 MB and more; or if it may pass a
        limit, of which the other reader knows the line.
    """
    if dialect.quote not in ('"', "") or dialect.escape or dialect.skip_space:
        return None
    if text.encoding != "utf-8":
        return None
    with source.open() as stream:
        data = stream.read(_MOST_BYTES + 1)
    data = data.removeprefix(b"\xef\xbb\xbf")
    limits = Limits.current()
    # A character is a byte or more.
    if len(data) > min(_MOST_BYTES, limits.characters) or _QUALTRICS in data[:_HEAD_BYTES]:
        return None
    end = data.find(b"\n")
    start = len(data) if end < 0 else end + 1
    header = _header(data[:start].rstrip(b"\n"), dialect)
    if header is not None:
        limits.check("columns", len(header), text.location)
    cells = None if header is None else _parse(data, start, len(header), dialect)
    if header is None or cells is None or not _is_table(cells, header):
        return None
    limits.check("rows", cells.num_rows, text.location)
    if _longest(cells) > limits.cell:
        return None
    names, notes = distinct_names(header, text.name)

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        chosen = cells.select([names.index(column) for column in columns])
        for start in range(0, chosen.num_rows, _BATCH_ROWS):
            part = chosen.slice(start, _BATCH_ROWS)
            yield [column.to_pylist() for column in part.columns]

    return Table(
        location=text.location,
        name=text.name,
        columns=names,
        rows=cells.num_rows,
        batches=batches,
        row_name=lambda i: f"row {i + 1} (line {i + 2})",
        notes=notes,
        lines=cells.num_rows + 1,
    )


def _header(line: bytes, dialect: Dialect) -> list[str] | None:
    import csv

    try:
        cells = next(csv.reader([line.decode().rstrip("\r")], **dialect.options()), [])
    except (csv.Error, UnicodeDecodeError):
        return None
    filled = [bool(cell.strip()) for cell in cells]
    if not any(filled) or cells[0].startswith("#"):
        return None
    return cells if can_be_header(filled, len(cells), is_first=True) else None


def _parse(data: bytes, start: int, width: int, dialect: Dialect) -> pa.Table | None:
    """The cells of all lines from `start` on as text, or None if lines and rows differ."""
    import pyarrow as pa
    from pyarrow import csv

    names = [str(position) for position in range(width)]
    try:
        cells = csv.read_csv(
            pa.BufferReader(memoryview(data)[start:]),
            read_options=csv.ReadOptions(use_threads=False, column_names=names),
            parse_options=csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                double_quote=True,
                newlines_in_values=False,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, ValueError):
        return None
    if cells.num_rows != data.count(b"\n", start) + (not data.endswith(b"\n")):
        return None
    codes = np.frombuffer(data, dtype=np.uint8, offset=start)
    if b"\r" in data and _has_lone_returns(np.frombuffer(data, dtype=np.uint8)):
        return None
    if dialect.quote and b'"' in data and _has_marks_inside(codes, ord(dialect.delimiter)):
        return None
    return cells


def _has_lone_returns(codes: NDArray[np.uint8]) -> bool:
    returns = np.flatnonzero(codes == _RETURN)
    after = codes[np.minimum(returns + 1, len(codes) - 1)]
    return bool((after != _NEWLINE).any())


def _has_marks_inside(codes: NDArray[np.uint8], delimiter: int) -> bool:
    """Whether a quotation mark neither opens nor closes a cell, nor is doubled in a quoted one."""
    marks = np.flatnonzero(codes == _QUOTE)
    if not len(marks):
        return False
    # Marks that follow each other are judged together. Each mark opens or closes, and a doubled one
    # does both, so an odd number of marks leaves a cell open.
    starts = np.flatnonzero(np.diff(marks, prepend=-2) != 1)
    ends = np.append(starts[1:], len(marks))
    before, after = codes[marks[starts] - 1], codes[np.minimum(marks[ends - 1] + 1, len(codes) - 1)]
    at_start = (before == delimiter) | (before == _NEWLINE) | (marks[starts] == 0)
    at_end = (after == delimiter) | (after == _NEWLINE) | (after == _RETURN)
    at_end |= marks[ends - 1] == len(codes) - 1
    was_open, is_open = starts % 2 == 1, ends % 2 == 1
    return bool(is_open[-1] or not ((was_open | at_start) & (is_open | at_end)).all())


def _is_table(cells: pa.Table, header: Sequence[str]) -> bool:
    """Whether no row repeats the header, and none has only empty cells."""
    import pyarrow.compute as pc

    repeats = empty = None
    for column, name in zip(cells.columns, header, strict=True):
        same, blank = pc.equal(column, name), pc.equal(pc.binary_length(column), 0)
        repeats = same if repeats is None else pc.and_(repeats, same)
        empty = blank if empty is None else pc.and_(empty, blank)
    return not (pc.any(repeats).as_py() or pc.any(empty).as_py())


def _longest(cells: pa.Table) -> int:
    import pyarrow.compute as pc

    return max(
        (pc.max(pc.binary_length(column)).as_py() or 0 for column in cells.columns), default=0
    )
