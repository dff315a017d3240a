"""Tables of rows and columns, and readers that can name the row of an error."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cartography.corpora.decoding import decode_text
from cartography.errors import CartographyError
from cartography.formatting import count_noun

_QUOTED_CELL = re.compile(r'(?:^|\t)"[^\t\n]*"(?:\t|\r?$)', re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows and named columns; the values of a column are read when they are needed.

    Attributes
    ----------
    location : str
        Name of the table in errors, such as its path.
    name : str
        Name of the corpus that is read from the table.
    columns : tuple of str
    rows : int
    values : callable
        `values(column)` returns the cells of a column, length `rows`.
    row_name : callable
        `row_name(i)` returns the name of row `i` (from 0) in errors.
    class_names : mapping of str to tuple of str
        The class names of columns whose integers stand for classes.
    notes : tuple of str
        What the user should know about how the table was read.
    """

    location: str
    name: str
    columns: tuple[str, ...]
    rows: int
    values: Callable[[str], Sequence[Any]]
    row_name: Callable[[int], str]
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_table(path: Path) -> Table:
    """Read a CSV, TSV, JSONL, JSON or Parquet file.

    Parameters
    ----------
    path : Path
        Its suffix decides the format.

    Returns
    -------
    Table

    Raises
    ------
    CartographyError
        The file is missing, empty or malformed, or its suffix is unknown.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise CartographyError(
            f"{path}: the suffix {path.suffix!r} is not that of a known format; "
            f"give one of {', '.join(READERS)}"
        )
    try:
        if path.stat().st_size == 0:
            raise CartographyError(f"{path} is empty; give a file with a header and rows")
        table = reader(path)
    except OSError as error:
        raise CartographyError(f"{path} cannot be read: {error.strerror or error}") from error
    if table.rows == 0:
        raise CartographyError(f"{path} has no rows below its header; give a file with rows")
    return table


def _read_csv(path: Path) -> Table:
    text, notes = decode_text(path)
    header = text.partition("\n")[0]
    delimiter = ","
    if "," not in header:
        delimiter = next((mark for mark in ";\t" if mark in header), ",")
    if delimiter != ",":
        notes += (f"{path.name} was read with the delimiter {delimiter!r}",)
    return _read_delimited(path, text, delimiter, csv.QUOTE_MINIMAL, notes)


def _read_tsv(path: Path) -> Table:
    text, notes = decode_text(path)
    if '"' not in text:
        return _read_delimited(path, text, "\t", csv.QUOTE_MINIMAL, notes)

    def read_quoted() -> Table:
        return _read_delimited(path, text, "\t", csv.QUOTE_MINIMAL, notes)

    def read_literal() -> Table:
        note = f"quotation marks in {path.name} were read as ordinary characters"
        return _read_delimited(path, text, "\t", csv.QUOTE_NONE, (*notes, note))

    # Many TSV files do not use quoting: there a quotation mark is an ordinary character.
    readers = (read_quoted, read_literal)
    likely, other = readers if _QUOTED_CELL.search(text) else readers[::-1]
    try:
        return likely()
    except CartographyError as error:
        try:
            return other()
        except CartographyError:
            raise error from None


def _read_delimited(
    path: Path, text: str, delimiter: str, quoting: Literal[0, 3], notes: tuple[str, ...]
) -> Table:
    # Python's csv reader, unlike pandas, gives the line number of each row and reports rows of the
    # wrong length. Its default limit on the size of a field would refuse long texts.
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True
    )
    header: list[str] | None = None
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for cells in reader:
            if header is None:
                header = cells or None
            elif cells:
                if len(cells) != len(header):
                    raise CartographyError(
                        f"{path}, row {len(rows) + 1} (line {line}) has "
                        f"{count_noun(len(cells), 'column')} but the header has {len(header)}; "
                        f"put quotes around a text that contains {delimiter!r}"
                    )
                rows.append(cells)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        problem = "has a quotation mark that is never closed"
        if "end of data" not in str(error):
            problem = f"is malformed at line {reader.line_num} ({error})"
        raise CartographyError(
            f"{path}, row {len(rows) + 1} (line {line}) {problem}; "
            "write a quotation mark inside a quoted text twice"
        ) from error
    if header is None:
        raise CartographyError(f"{path} is empty; give a file with a header and rows")
    columns = tuple(header)

    def values(column: str) -> list[str]:
        position = columns.index(column)
        return [cells[position] for cells in rows]

    return Table(
        location=str(path),
        name=path.name,
        columns=columns,
        rows=len(rows),
        values=values,
        row_name=lambda i: f"row {i + 1} (line {lines[i]})",
        notes=notes,
    )


def _read_jsonl(path: Path) -> Table:
    text, notes = decode_text(path)
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    # Not splitlines: it would split at U+2028 and others, which JSON strings may contain.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            record = _parse_json(path, f"line {number}", line)
            if not isinstance(record, dict):
                raise CartographyError(
                    f"{path}, line {number} is {json_kind(record)}; give one JSON object per line"
                )
            records.append(record)
            lines.append(number)
    return _table_from_records(path, records, lambda i: f"row {i + 1} (line {lines[i]})", notes)


def _read_json(path: Path) -> Table:
    text, notes = decode_text(path)
    if not text.lstrip().startswith("["):
        return _read_jsonl(path)
    records = _parse_json(path, "the whole file", text)
    for number, record in enumerate(records, 1):
        if not isinstance(record, dict):
            raise CartographyError(
                f"{path}, item {number} is {json_kind(record)}; give a list of JSON objects"
            )
    return _table_from_records(path, records, lambda i: f"item {i + 1}", notes)


def _parse_json(path: Path, position: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = (
            f"line {error.lineno} column {error.colno}" if "\n" in text else f"column {error.colno}"
        )
        raise CartographyError(f"{path}, {position}: not JSON ({error.msg} at {at})") from error
    except (ValueError, RecursionError) as error:
        # Integers of thousands of digits, and brackets that are nested too deeply.
        raise CartographyError(f"{path}, {position}: JSON that cannot be read ({error})") from error


def json_kind(value: object) -> str:
    """Return what kind of JSON value `value` is, with its article: "an object", "a number"."""
    if value is None:
        return "null"
    kinds = {"dict": "an object", "list": "a list", "str": "a string", "bytes": "bytes"}
    kinds |= {"bool": "a truth value", "int": "a number", "float": "a number"}
    name = type(value).__name__
    return kinds.get(name, f"a {name}")


def _table_from_records(
    path: Path,
    records: list[dict[str, Any]],
    row_name: Callable[[int], str],
    notes: tuple[str, ...],
) -> Table:
    return Table(
        location=str(path),
        name=path.name,
        columns=tuple(dict.fromkeys(name for record in records for name in record)),
        rows=len(records),
        values=lambda column: [record.get(column) for record in records],
        row_name=row_name,
        notes=notes,
    )


def _read_parquet(path: Path) -> Table:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except pyarrow.ArrowException as error:
        raise CartographyError(
            f"{path} is not a complete Parquet file ({str(error).splitlines()[0]})"
        ) from error

    def values(column: str) -> list[Any]:
        try:
            with parquet.ParquetFile(path) as file:
                cells: list[Any] = file.read(columns=[column]).column(column).to_pylist()
                return cells
        except (pyarrow.ArrowException, OSError) as error:
            raise CartographyError(
                f"{path}, column {column!r} cannot be read ({str(error).splitlines()[0]})"
            ) from error

    return Table(
        location=str(path),
        name=path.name,
        columns=tuple(schema.names),
        rows=rows,
        values=values,
        row_name=lambda i: f"row {i + 1}",
        class_names=_parquet_class_names(schema.metadata or {}),
    )


def _parquet_class_names(metadata: Mapping[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """Return the class names that the `datasets` library stores in Parquet files."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {
            name: tuple(feature["names"])
            for name, feature in features.items()
            if feature["_type"] == "ClassLabel"
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


READERS: Mapping[str, Callable[[Path], Table]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".json": _read_json,
    ".parquet": _read_parquet,
}
"""The reader of each file suffix."""
