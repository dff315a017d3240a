"""Files of rows and columns, read so that an error can name the row a person finds in the file."""

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

_QUOTED_CELL = re.compile(r'(?:^|\t)"[^\t\n]*"(?:\t|\r?$)', re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows and named columns; a column's values are read only when asked for.

    `place` names the table in errors, `name` in a corpus; `values(column)` are the column's
    cells; `row(i)` is how errors call row `i` (from 0); `class_names` are the names behind the
    integers of columns that have them.
    """

    place: str
    name: str
    columns: tuple[str, ...]
    rows: int
    values: Callable[[str], Sequence[Any]]
    row: Callable[[int], str]
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_table(path: Path) -> Table:
    """The table in a CSV, TSV, JSONL, JSON or Parquet file, known by its suffix.

    A file that is missing, empty, of another kind, or malformed raises `CartographyError`.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise CartographyError(
            f"{path}: the kind of file is not known from its suffix {path.suffix!r}; "
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
        notes += (f"{path.name} was read with {delimiter!r} between its columns",)
    return _delimited(path, text, delimiter, csv.QUOTE_MINIMAL, notes)


def _read_tsv(path: Path) -> Table:
    text, notes = decode_text(path)
    if '"' not in text:
        return _delimited(path, text, "\t", csv.QUOTE_MINIMAL, notes)

    def quoted() -> Table:
        return _delimited(path, text, "\t", csv.QUOTE_MINIMAL, notes)

    def literal() -> Table:
        note = f"quotation marks in {path.name} were read as characters"
        return _delimited(path, text, "\t", csv.QUOTE_NONE, (*notes, note))

    # Many TSV files quote nothing, and a quotation mark in one is then a mere character.
    likely, other = (quoted, literal) if _QUOTED_CELL.search(text) else (literal, quoted)
    try:
        return likely()
    except CartographyError as error:
        try:
            return other()
        except CartographyError:
            raise error from None


def _delimited(
    path: Path, text: str, delimiter: str, quoting: Literal[0, 3], notes: tuple[str, ...]
) -> Table:
    # Python's csv reader knows the line of each row, which pandas does not, and tells a row that
    # is too short or too long from one that is not. Its limit on a field would refuse long texts.
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
                        f"{path}, row {len(rows) + 1} (line {line}) has {_count(cells)} where the "
                        f"header has {len(header)}; put quotes around a text that holds "
                        f"{delimiter!r}"
                    )
                rows.append(cells)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        what = "has a quotation mark that is never closed"
        if "end of data" not in str(error):
            what = f"is malformed at line {reader.line_num} ({error})"
        raise CartographyError(
            f"{path}, row {len(rows) + 1} (line {line}) {what}; "
            "write a quotation mark inside a quoted text twice"
        ) from error
    if header is None:
        raise CartographyError(f"{path} is empty; give a file with a header and rows")
    columns = tuple(header)

    def values(column: str) -> list[str]:
        position = columns.index(column)
        return [cells[position] for cells in rows]

    return Table(
        place=str(path),
        name=path.name,
        columns=columns,
        rows=len(rows),
        values=values,
        row=lambda i: f"row {i + 1} (line {lines[i]})",
        notes=notes,
    )


def _count(cells: Sequence[str]) -> str:
    return f"{len(cells)} column{'' if len(cells) == 1 else 's'}"


def _read_jsonl(path: Path) -> Table:
    text, notes = decode_text(path)
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    # Not splitlines: JSON strings may hold U+2028 and others that it would split at.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            record = _parsed(path, f"line {number}", line)
            if not isinstance(record, dict):
                raise CartographyError(
                    f"{path}, line {number} holds {kind_of(record)}; give one JSON object a line"
                )
            records.append(record)
            lines.append(number)
    return _of_records(path, records, lambda i: f"row {i + 1} (line {lines[i]})", notes)


def _read_json(path: Path) -> Table:
    text, notes = decode_text(path)
    if not text.lstrip().startswith("["):
        return _read_jsonl(path)
    records = _parsed(path, "the whole file", text)
    for number, record in enumerate(records, 1):
        if not isinstance(record, dict):
            raise CartographyError(
                f"{path}, item {number} is {kind_of(record)}; give a list of JSON objects"
            )
    return _of_records(path, records, lambda i: f"item {i + 1}", notes)


def _parsed(path: Path, place: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = (
            f"line {error.lineno} column {error.colno}" if "\n" in text else f"column {error.colno}"
        )
        raise CartographyError(f"{path}, {place}: not JSON ({error.msg} at {at})") from error
    except (ValueError, RecursionError) as error:
        # Integers of thousands of digits, and brackets nested without end.
        raise CartographyError(f"{path}, {place}: JSON that cannot be read ({error})") from error


def kind_of(value: object) -> str:
    """What `value` is, as a person who knows JSON would call it."""
    if value is None:
        return "null"
    kinds = {"dict": "an object", "list": "a list", "str": "a string", "bytes": "bytes"}
    kinds |= {"bool": "a truth value", "int": "a number", "float": "a number"}
    name = type(value).__name__
    return kinds.get(name, f"a {name}")


def _of_records(
    path: Path,
    records: list[dict[str, Any]],
    row: Callable[[int], str],
    notes: tuple[str, ...],
) -> Table:
    return Table(
        place=str(path),
        name=path.name,
        columns=tuple(dict.fromkeys(name for record in records for name in record)),
        rows=len(records),
        values=lambda column: [record.get(column) for record in records],
        row=row,
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
            f"{path} is not a whole Parquet file ({str(error).splitlines()[0]})"
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
        place=str(path),
        name=path.name,
        columns=tuple(schema.names),
        rows=rows,
        values=values,
        row=lambda i: f"row {i + 1}",
        class_names=_parquet_class_names(schema.metadata or {}),
    )


def _parquet_class_names(metadata: Mapping[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """The class names that the `datasets` library leaves in a file it writes."""
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
