"""JSON lines and JSON documents of all common shapes, as tables of flat records."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cartography.errors import CartographyError
from cartography.tables.decoding import TextSource, text_source
from cartography.tables.limits import Limits
from cartography.tables.shapes import records_of
from cartography.tables.source import ByteSource
from cartography.tables.table import Record, Reshape, Table, TableOptions, bounded, value_kind

_BATCH_ROWS = 10_000
_LOOKED_AT = 20
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_records(source: ByteSource, options: TableOptions) -> Table:
    """Read JSON lines, a JSON document, or several documents one after the other.

    Objects in objects become columns with dotted names, such as `document.text`.

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
    if _is_lines(text):
        try:
            return _table_of_lines(text, options.reshape)
        except _NotLinesError as error:
            lines_error = error.error
        records = _documents(text, lines_error)
    else:
        records = _documents(text, None)
    return _table(text, records, options.reshape)


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
    with text.open() as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, line


def _load(text: TextSource, position: str, value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        at = f"column {error.colno}"
        if "\n" in value.strip():
            at = f"line {error.lineno} column {error.colno}"
        raise CartographyError(
            f"{text.location}, {position}: not JSON ({error.msg} at {at})"
        ) from error
    except (ValueError, RecursionError) as error:
        # Integers of thousands of digits, and brackets that are nested too deeply.
        raise CartographyError(
            f"{text.location}, {position}: JSON that cannot be read ({error})"
        ) from error


def _table_of_lines(text: TextSource, reshape: Reshape | None) -> Table:
    """A table that parses the lines again for its cells."""
    limits = Limits.current()
    numbers = array("q")
    first: list[Record] = []

    def raw() -> Iterator[tuple[int, Record]]:
        for number, line in _lines(text):
            try:
                record = _load(text, f"line {number:,}", line)
            except CartographyError as error:
                if len(numbers) <= 1:
                    raise _NotLinesError(error) from error
                raise
            if not isinstance(record, dict):
                raise CartographyError(
                    f"{text.location}, line {number:,} is {value_kind(record)}; give one JSON "
                    "object per line"
                )
            yield number, record

    for _, record in islice(raw(), _LOOKED_AT):
        first.append(record)
    reshaped = reshape(first) if reshape else None
    columns: dict[str, None] = {}
    for number, record in raw():
        numbers.append(number)
        limits.check("rows", len(numbers), text.location)
        _add_columns(columns, _flat(record, reshaped, text.location), text.location)

    def batches(names: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        yield from _batched((_flat(record, reshaped, text.location) for _, record in raw()), names)

    return Table(
        location=text.location,
        name=text.name,
        columns=tuple(columns),
        rows=len(numbers),
        batches=bounded(text.location, batches),
        row_name=lambda i: f"row {i + 1} (line {numbers[i]})",
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
    if not any(type(value) is dict for value in record.values()):
        return record
    limits = Limits.current()
    flat: Record = {}
    stack: list[tuple[str, Any, int]] = [(name, record[name], 1) for name in reversed(record)]
    while stack:
        name, value, depth = stack.pop()
        if isinstance(value, dict):
            limits.check("nesting", depth, location)
            stack.extend((f"{name}.{key}", value[key], depth + 1) for key in reversed(value))
        elif name not in flat:
            flat[name] = value
    return flat


@dataclass(frozen=True)
class _Documents:
    """The records of a file that was parsed whole, and what they are called in errors."""

    records: list[Record]
    noun: str
    notes: tuple[str, ...] = ()


def _documents(text: TextSource, lines_error: CartographyError | None) -> _Documents:
    """Parse one or several documents; `lines_error` is what the file is as JSON lines."""
    content = text.read()
    values: list[Any] = []
    decoder = json.JSONDecoder()
    position, end = 0, len(content)
    while True:
        while position < end and content[position] in " \t\r\n,":
            position += 1
        if position >= end:
            break
        try:
            value, position = decoder.raw_decode(content, position)
        except json.JSONDecodeError as error:
            if lines_error is not None and not values:
                raise lines_error from error
            raise CartographyError(
                f"{text.location}, line {error.lineno:,}: not JSON ({error.msg} at column "
                f"{error.colno})"
            ) from error
        except (ValueError, RecursionError) as error:
            raise CartographyError(
                f"{text.location}: JSON that cannot be read ({error})"
            ) from error
        values.append(value)
    if len(values) == 1:
        records, note = records_of(values[0], text.location)
        return _Documents(records, "item", (note,) if note else ())
    for number, value in enumerate(values, 1):
        if not isinstance(value, dict):
            raise CartographyError(
                f"{text.location}, document {number:,} is {value_kind(value)}; give JSON objects "
                "one after the other"
            )
    return _Documents(values, "record")


def _table(text: TextSource, documents: _Documents, reshape: Reshape | None) -> Table:
    limits = Limits.current()
    limits.check("rows", len(documents.records), text.location)
    reshaped = reshape(documents.records[:_LOOKED_AT]) if reshape else None
    flat = [_flat(record, reshaped, text.location) for record in documents.records]
    columns: dict[str, None] = {}
    for record in flat:
        _add_columns(columns, record, text.location)
    return Table(
        location=text.location,
        name=text.name,
        columns=tuple(columns),
        rows=len(flat),
        batches=bounded(text.location, lambda names: _batched(flat, names)),
        row_name=lambda i: f"{documents.noun} {i + 1}",
        notes=(*text.notes, *documents.notes, *((reshaped[1],) if reshaped else ())),
    )
