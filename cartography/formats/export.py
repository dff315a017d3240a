"""Tables as files, unchanged or guarded for spreadsheets, and the selection card of a batch."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cartography.errors import CartographyError
from cartography.files import atomic_write
from cartography.formats.guard import GUARD_COLUMN, GUARD_MARK, guard_cell, guard_name

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_COLUMNS = (
    "id",
    "text",
    "label",
    "rank",
    "strategy",
    "iteration",
    "score",
    "confidence",
    "variability",
    "correctness",
    "region",
    "predicted_label",
    "seed",
    "run_id",
)
"""The columns of an exported batch."""

_BYTE_ORDER_MARK = "\ufeff"
_SURROGATE = re.compile("[\ud800-\udfff]")
# A cell is quoted where a reader could take part of it for something else: a separator, a mark, a
# line end, white space at its edges that may be trimmed, a comment, or nothing at all.
_QUOTED = re.compile(r"""[,;|"\x00-\x1f\x7f\x85\u2028\u2029]|^[\s'#\ufeff]|\s$""")
_MARKED = re.compile('["\n\r]')
# JSON may contain these, but many readers of lines end a line there.
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def to_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV with its values unchanged.

    Parameters
    ----------
    table : pandas.DataFrame
        The index is left out.

    Returns
    -------
    str
        Missing values are empty cells. Only lone surrogates, which no file can contain, are
        replaced (by U+FFFD).
    """
    names = [_encodable(str(name)) for name in table.columns]
    columns = [table.iloc[:, i] for i in range(len(names))]
    cells = [_texts(column) for column in columns]
    quote = _quote
    # A reader that judges by lines takes the marks of a few cells for characters of the texts, but
    # not those of all cells.
    if any(_MARKED.search(cell) for texts in (names, *cells) for cell in texts):
        quote = _always_quote
    return _join_rows(
        list(map(quote, names)),
        [
            texts if pd.api.types.is_numeric_dtype(column) else list(map(quote, texts))
            for column, texts in zip(columns, cells, strict=True)
        ],
        len(table),
    )


def to_spreadsheet_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV that is safe to open in a spreadsheet, for a file in UTF-8.

    Parameters
    ----------
    table : pandas.DataFrame
        The index is left out.

    Returns
    -------
    str
        It begins with a byte order mark, by which Excel knows UTF-8. Text cells and names are
        quoted and guarded, and a last column says so (see `guard`). Numbers are unchanged.
    """
    names = [_always_quote(guard_name(_encodable(str(name)))) for name in table.columns]
    cells: list[list[str]] = []
    for i in range(len(names)):
        column = table.iloc[:, i]
        texts = _texts(column)
        if not pd.api.types.is_numeric_dtype(column):
            texts = [_always_quote(guard_cell(text)) for text in texts]
        cells.append(texts)
    names.append(_always_quote(GUARD_COLUMN))
    cells.append([_always_quote(GUARD_MARK)] * len(table))
    return _BYTE_ORDER_MARK + _join_rows(names, cells, len(table))


def to_jsonl(table: pd.DataFrame) -> str:
    """Return a table as JSON lines: an object per row, with numbers as numbers and null.

    Parameters
    ----------
    table : pandas.DataFrame
        The index is left out.

    Returns
    -------
    str
    """
    names = [_encodable(str(name)) for name in table.columns]
    columns = [list(map(as_json, table.iloc[:, i])) for i in range(len(names))]
    return "".join(
        json_line(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)
    )


def json_line(record: Mapping[str, Any]) -> str:
    """Return a record as one line of JSON lines, with its line end."""
    return _encodable(json.dumps(record, ensure_ascii=False)).translate(_LINE_ENDS) + "\n"


def to_parquet(table: pd.DataFrame) -> bytes:
    """Return a table as a Parquet file.

    Parameters
    ----------
    table : pandas.DataFrame
        The index is left out.

    Returns
    -------
    bytes
        Columns keep their types. A column of texts and other values becomes one of texts.
    """
    from pyarrow import parquet

    columns = {
        _encodable(str(name)): plain_column(table.iloc[:, i])
        for i, name in enumerate(table.columns)
    }
    buffer = io.BytesIO()
    parquet.write_table(arrow_table(pd.DataFrame(columns, index=pd.RangeIndex(len(table)))), buffer)
    return buffer.getvalue()


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """Return a data frame without its index as a table of Arrow."""
    import pyarrow as pa

    # Of a column of lists, pandas writes the name of a type that it cannot read again.
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def plain_column(column: pd.Series) -> pd.Series:
    """Return a column that Parquet and Arrow can hold: one of texts if any cell is a text."""
    column = column.reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(column) or not any(isinstance(v, str) for v in column):
        return column
    texts = pd.Series(_texts(column), dtype="str")
    return texts.mask(column.isna())


_MIME = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".xml": "application/xml",
}


@dataclass(frozen=True)
class Companion:
    """A second file, which a program needs before it imports the first.

    Attributes
    ----------
    name : str
        What it is.
    suffix : str
        Of the file.
    write : callable
        `write(tables, classes)` returns the content of the file.
    """

    name: str
    suffix: str
    write: Callable[[Sequence[pd.DataFrame], Sequence[str]], str]

    @property
    def mime(self) -> str:
        """The MIME type of the file."""
        return _MIME[self.suffix]

    def content(self, tables: Sequence[pd.DataFrame], classes: Sequence[str] = ()) -> bytes:
        """Return the content of the file.

        Parameters
        ----------
        tables : sequence of pandas.DataFrame
            Those that it is for.
        classes : sequence of str
            All classes of the corpus; by default those of the tables.
        """
        return self.write(tables, classes).encode("utf-8")


@dataclass(frozen=True)
class Form:
    """A form of a file.

    Attributes
    ----------
    name : str
        What it is, for a list of forms.
    suffix : str
        Of the file.
    write : callable
        `write(table, model_version, classes)` returns the content of the file.
    companion : Companion, optional
        The file that belongs next to it.
    """

    name: str
    suffix: str
    write: Callable[[pd.DataFrame, str, Sequence[str]], str | bytes]
    companion: Companion | None = None

    @property
    def mime(self) -> str:
        """The MIME type of the file."""
        return _MIME[self.suffix]

    def content(
        self, table: pd.DataFrame, model_version: str = "", classes: Sequence[str] = ()
    ) -> bytes:
        """Return the content of the file of a table.

        Parameters
        ----------
        table : pandas.DataFrame
        model_version : str
            Name of the model that predicted.
        classes : sequence of str
            All classes of the corpus; by default those of `table`.
        """
        content = self.write(table, model_version, classes)
        return content.encode("utf-8") if isinstance(content, str) else content


# Of the forms with the same suffix, the first is the one that the suffix stands for.
TABLE_FORMS: Mapping[str, Form] = {
    "csv": Form("CSV", ".csv", lambda table, *_: to_csv(table)),
    "spreadsheet": Form(
        "CSV for a spreadsheet", ".csv", lambda table, *_: to_spreadsheet_csv(table)
    ),
    "jsonl": Form("JSON lines", ".jsonl", lambda table, *_: to_jsonl(table)),
    "parquet": Form("Parquet", ".parquet", lambda table, *_: to_parquet(table)),
}
"""The forms in which any table is written, by their short names; `forms` adds those of tools."""


def form_of(path: Path) -> str | None:
    """Return the short name of the form that the suffix of a file stands for, if there is one."""
    suffix = path.suffix.lower()
    suffix = ".jsonl" if suffix == ".ndjson" else suffix
    return next((name for name, form in TABLE_FORMS.items() if form.suffix == suffix), None)


def write_table(table: pd.DataFrame, path: Path, form: str | None = None) -> None:
    """Write a table to a file, completely or not at all.

    Parameters
    ----------
    table : pandas.DataFrame
        The index is left out.
    path : Path
    form : str, optional
        A key of `TABLE_FORMS`; by default that of the suffix .csv, .jsonl, .ndjson or .parquet.

    Raises
    ------
    CartographyError
        The suffix names no form, or the file cannot be written.
    """
    form = form or form_of(path)
    if form is None:
        raise CartographyError(
            f"{path}: tables are written to files that end in .csv, .jsonl or .parquet; rename it"
        )
    write_content(TABLE_FORMS[form].content(table), path)


def write_content(content: str | bytes, path: Path) -> None:
    """Write a text (as UTF-8) or bytes to a file, completely or not at all.

    Raises
    ------
    CartographyError
        The file cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)


def _join_rows(names: list[str], cells: list[list[str]], rows: int) -> str:
    # A line with one empty cell would be a blank line.
    lines = (
        [cell or '""' for cell in cells[0]]
        if len(cells) == 1
        else [",".join(row) for row in zip(*cells, strict=True)]
    )
    header = ",".join(names) or '""'
    return "\n".join([header, *(lines if cells else [""] * rows), ""])


def _quote(cell: str) -> str:
    return _always_quote(cell) if _QUOTED.search(cell) else cell


def _always_quote(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _encodable(text: str) -> str:
    """A text as a file can hold it: lone surrogates have no form in UTF-8."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _texts(column: pd.Series) -> list[str]:
    """The cells of a column as texts; a missing value is the empty text."""
    # NumPy's own scalars keep single precision, in which 0.1 is written so.
    is_float = isinstance(column.dtype, np.dtype) and column.dtype.kind == "f"
    cells = column.to_numpy() if is_float else column
    return [
        "" if is_missing else _as_text(cell)
        for cell, is_missing in zip(cells, column.isna(), strict=True)
    ]


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, list | tuple | dict | np.ndarray):
        return _encodable(json.dumps(as_json(value), ensure_ascii=False))
    return _encodable(str(value))


def as_json(value: Any) -> Any:
    """Return a value as JSON has it; NaN and other missing values become null."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, list | tuple | np.ndarray):
        return [as_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if pd.isna(value):
        return None
    return value if isinstance(value, str | bool | int | float) else str(value)


def selection_card(manifest: Mapping[str, Any], run_id: str, batch: pd.DataFrame) -> dict[str, Any]:
    """Return the origin of a batch, for the JSON file next to its CSV.

    Parameters
    ----------
    manifest : mapping
        The manifest of the run.
    run_id : str
    batch : pandas.DataFrame
        With the columns `BATCH_COLUMNS`.

    Returns
    -------
    dict
        Run, strategy, iterations, seed, preset, device, versions, corpus, and the number of texts
        by label and by region.
    """
    return {
        "run_id": run_id,
        "strategy": manifest["strategy"],
        "iterations": sorted({int(number) for number in batch["iteration"]}),
        "seed": manifest["seed"],
        "preset": manifest["preset"],
        "device": manifest["device"],
        "versions": manifest["versions"],
        "corpus": manifest["train"],
        "counts": {
            "batch": len(batch),
            "by_label": _count_values(batch["label"]),
            "by_region": _count_values(batch["region"]),
        },
    }


def _count_values(column: pd.Series) -> dict[str, int]:
    return {str(value): int(count) for value, count in column.value_counts().items()}
