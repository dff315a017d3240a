"""JSON lines and JSON documents of all common shapes, as tables of flat records."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from cartography.errors import CartographyError
from cartography.tables.decoding import BYTE_ORDER_MARK, TextSource, text_source
from cartography.tables.limits import Limits
from cartography.tables.nested import check_nesting, decode, explain, only_value, stream_values
from cartography.tables.shapes import records_of
from cartography.tables.source import ByteSource
from cartography.tables.table import (
    LeftOut,
    Record,
    Reshape,
    Table,
    TableOptions,
    bounded,
    value_kind,
)

_BATCH_ROWS = 10_000
_LOOKED_AT = 20
_SURROGATE = re.compile("[\ud800-\udfff]")

_Raw = Callable[[], Iterator[tuple[int, Record]]]
"""The records of a file, from the start, with their lines."""


def read_records(source: ByteSource, options: TableOptions) -> Table:
    """Read JSON lines, a JSON document, or several documents one after the other.

    Objects in objects become columns with dotted names, such as `document.text`. Lists of objects
    are streamed; a document that is one object is read whole.

    Parameters
    ----------
    source : ByteSource
    options : TableOptions

    Returns
    -------
    Table

    Raises
    ------
    CartographyError
        The file is not JSON, or has no records in a known shape.
    """
    text = text_source(source, options)
    lines_error = None
    if _is_lines(text):
        try:
            table = _table(text, partial(_lines_of_records, text), "row", options.reshape)
            return replace(table, left_out=_blank_lines(text))
        except _NotLinesError as error:
            lines_error = error.error
    try:
        document = only_value(text)
    except CartographyError:
        if lines_error is not None:
            raise lines_error from None
        raise
    if document is None:
        return _table(text, partial(_values, text), "item", options.reshape)
    records, note = records_of(document, text.location)
    table = _table(text, lambda: enumerate(records), "item", options.reshape)
    return replace(table, notes=(*table.notes, note)) if note else table


class _NotLinesError(Exception):
    """A line that is no JSON value: the file may hold documents of several lines."""

    def __init__(self, error: CartographyError) -> None:
        super().__init__()
        self.error = error


def _is_lines(text: TextSource) -> bool:
    """Whether the first line is a whole object, and the only one in no file of JSON lines."""
    is_named_so = text.name.lower().endswith((".jsonl", ".ndjson"))
    lines = (line for _, line in _lines(text))
    try:
        first, second = next(lines, ""), next(lines, "")
    except CartographyError:
        return False  # a line that is too long: a whole document
    try:
        return isinstance(json.loads(first), dict) and (is_named_so or bool(second))
    except (ValueError, RecursionError):
        # Files that are meant to be JSON lines get the error of their line.
        return is_named_so and not _opens_document(first)


def _opens_document(line: str) -> bool:
    return line.strip() in ("{", "[") or line.lstrip().startswith("[")


def _lines(text: TextSource) -> Iterator[tuple[int, str]]:
    """The number and the text of each line that is not blank.

    A line ends where the file has a line end: JSON strings may contain Unicode's other ones.
    """
    return ((number, line) for number, line in _all_lines(text) if line.strip())


def _all_lines(text: TextSource) -> Iterator[tuple[int, str]]:
    with text.open() as stream:
        for number, line in enumerate(stream, 1):
            yield number, line.lstrip(BYTE_ORDER_MARK)  # of a file that was joined to another


def _blank_lines(text: TextSource) -> tuple[LeftOut, ...]:
    blank = (number for number, line in _all_lines(text) if not line.strip())
    first = next(blank, 0)
    if not first:
        return ()
    return (LeftOut(1 + sum(1 for _ in blank), "blank line", f"line {first:,}"),)


def _lines_of_records(text: TextSource) -> Iterator[tuple[int, Record]]:
    """The records of a file with one per line."""
    for position, (number, line) in enumerate(_lines(text)):
        content = line.strip()
        try:
            record, end = decode(content)
            if end < len(content):
                raise json.JSONDecodeError("Extra data", content, end)
        except (ValueError, RecursionError) as error:
            at = f"column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            refusal = CartographyError(f"{text.location}, line {number:,}: {explain(error, at)}")
            if position < _LOOKED_AT:
                raise _NotLinesError(refusal) from error
            raise refusal from error
        if not isinstance(record, dict):
            raise CartographyError(
                f"{text.location}, line {number:,} is {value_kind(record)}; give one JSON "
                "object per line"
            )
        yield number, record


def _values(text: TextSource) -> Iterator[tuple[int, Record]]:
    """The records of a list, or of a file with one after the other."""
    for position, (line, value) in enumerate(stream_values(text), 1):
        if isinstance(value, list) and position == 1:
            raise CartographyError(
                f"{text.location} is a list of lists, which have no column names; give a list of "
                "JSON objects"
            )
        if not isinstance(value, dict):
            raise CartographyError(
                f"{text.location}, item {position:,} is {value_kind(value)}; give a list of JSON "
                "objects"
            )
        yield line, value


def _table(text: TextSource, raw: _Raw, noun: str, reshape: Reshape | None) -> Table:
    """A table that parses the records again for its cells."""
    limits = Limits.current()
    first = [record for _, record in islice(raw(), _LOOKED_AT)]
    reshaped = reshape(first) if reshape else None
    columns: dict[str, None] = {}
    lines = array("q")
    for line, record in raw():
        lines.append(line)
        limits.check("rows", len(lines), text.location)
        _add_columns(columns, _flat(record, reshaped, text.location), text.location)

    def batches(names: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        yield from _batched((_flat(record, reshaped, text.location) for _, record in raw()), names)

    def row_name(i: int) -> str:
        return f"{noun} {i + 1} (line {lines[i]})" if noun == "row" else f"{noun} {i + 1}"

    return Table(
        location=text.location,
        name=text.name,
        columns=tuple(columns),
        rows=len(lines),
        batches=bounded(text.location, batches),
        row_name=row_name,
        notes=(*text.notes, *((reshaped[1],) if reshaped else ())),
    )


def _add_columns(columns: dict[str, None], record: Record, location: str) -> None:
    """Add the keys of a record to the columns."""
    if columns.keys() >= record.keys():
        return
    for name in record:
        if name not in columns and not name.isascii() and _SURROGATE.search(name):
            raise CartographyError(
                f"{location} has the key {name!r}, with a character that no file can contain: "
                "rename it"
            )
        columns[name] = None
    Limits.current().check("columns", len(columns), location)


def _batched(records: Iterable[Record], names: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
    iterator = iter(records)
    while batch := list(islice(iterator, _BATCH_ROWS)):
        yield [[record.get(name) for record in batch] for name in names]


def _flat(
    record: Record, reshaped: tuple[Callable[[Record], Record], str] | None, location: str
) -> Record:
    """A record whose values are no objects."""
    if reshaped is not None:
        record = reshaped[0](record)
    is_flat = True
    for value in record.values():
        if type(value) is list:
            check_nesting(value, location)
        elif type(value) is dict:
            is_flat = False
    if is_flat:
        return record
    check_nesting(record, location, 0)
    flat: Record = {}
    stack: list[tuple[str, Any]] = [(name, record[name]) for name in reversed(record)]
    while stack:
        name, value = stack.pop()
        if isinstance(value, dict):
            stack.extend((f"{name}.{key}", value[key]) for key in reversed(value))
        elif name in flat:
            raise CartographyError(
                f"{location} has the field {name!r} both as a key and as an object in an object: "
                "rename the key"
            )
        else:
            flat[name] = value
    return flat
