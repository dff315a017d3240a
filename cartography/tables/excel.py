"""Workbooks of Excel and others (.xlsx), read row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from cartography.errors import CartographyError
from cartography.tables.containers import open_archive
from cartography.tables.limits import Limits
from cartography.tables.source import ByteSource
from cartography.tables.table import LeftOut, Table, TableOptions

_BATCH_ROWS = 10_000
_CHUNK_BYTES = 1 << 20
_LONGEST_CHARACTER = 10  # bytes, as &#x10FFFF;
_MOST_TAGS = 6_000_000
_TITLE_ROWS = 30
_LISTED = 8
_LONGEST_NAME = 40
_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA")
)


def read_excel(source: ByteSource, options: TableOptions) -> Table:
    """Read a sheet of a workbook.

    The header is the first row with two cells or more, or the first row. Rows without a filled cell
    are left out. Dates are read in ISO's form, errors such as #N/A as empty cells.

    Parameters
    ----------
    source : ByteSource
    options : TableOptions
        `sheet` names the sheet; by default the first is read.

    Returns
    -------
    Table

    Raises
    ------
    CartographyError
        The file is no workbook, has no such sheet, or passes a limit.
    """
    if source.path is None:
        raise CartographyError(f"{source.location} is a workbook: unpack it first")
    path = source.path
    _check_size(path)
    with _workbook(path) as book:
        sheets = list(book.sheetnames)
    name = options.sheet if options.sheet is not None else (sheets[0] if sheets else "")
    if name not in sheets:
        listed = _list(sheets) or "none"
        raise CartographyError(
            f"{path} has no sheet {name[:_LONGEST_NAME]!r}; its sheets are {listed}: name one "
            "with --sheet"
        )
    limits = Limits.current()
    header: list[str] = []
    numbers: list[int] = []
    titles: list[int] = []
    blank = characters = 0
    for number, cells in _rows(path, name):
        filled = sum(cell is not None for cell in cells)
        if not header:
            if filled >= 2 or (filled and number > _TITLE_ROWS):
                header = [_as_name(cell) for cell in cells]
                limits.check("columns", len(header), str(path))
            elif filled:
                titles.append(number)
        elif filled:
            characters += _check_row(path, number, cells, header)
            numbers.append(number)
            limits.check("rows", len(numbers), str(path))
            limits.check("characters", characters, str(path))
        else:
            blank += 1
    if not header and titles:
        # One column: its first cell is the header.
        return _one_column(path, source.name, name, sheets)
    columns = tuple(header)
    first = numbers[0] if numbers else 0

    def batches(wanted: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        positions = [columns.index(column) for column in wanted]
        rows = (
            cells for number, cells in _rows(path, name) if number >= first and any_filled(cells)
        )
        while batch := list(islice(rows, _BATCH_ROWS)):
            yield [
                [cells[position] if position < len(cells) else None for cells in batch]
                for position in positions
            ]

    left = [LeftOut(len(titles), "title row", f"row {titles[0]}")] if titles else []
    if blank:
        left.append(LeftOut(blank, "empty row"))
    return Table(
        location=str(path),
        name=source.name,
        columns=columns,
        rows=len(numbers),
        batches=batches,
        row_name=lambda i: f"row {numbers[i]}",
        notes=_sheet_notes(sheets, name),
        left_out=tuple(left),
    )


def any_filled(cells: Sequence[Any]) -> bool:
    """Return whether a row has a cell that is not empty."""
    return any(cell is not None for cell in cells)


def _one_column(path: Path, file_name: str, sheet: str, sheets: Sequence[str]) -> Table:
    rows = [(number, cells) for number, cells in _rows(path, sheet) if any_filled(cells)]
    numbers = [number for number, _ in rows[1:]]
    values = [next(cell for cell in cells if cell is not None) for _, cells in rows]
    column = _as_name(values[0])
    return Table(
        location=str(path),
        name=file_name,
        columns=(column,),
        rows=len(numbers),
        batches=lambda wanted: iter([[values[1:] for _ in wanted]]),
        row_name=lambda i: f"row {numbers[i]}",
        notes=_sheet_notes(sheets, sheet),
    )


def _sheet_notes(sheets: Sequence[str], name: str) -> tuple[str, ...]:
    if len(sheets) < 2:
        return ()
    others = _list([sheet for sheet in sheets if sheet != name])
    return (f"read from the sheet {name!r}; --sheet names another: {others}",)


def _list(sheets: Sequence[str]) -> str:
    more = f" and {len(sheets) - _LISTED} more" if len(sheets) > _LISTED else ""
    return ", ".join(repr(sheet) for sheet in sheets[:_LISTED]) + more


def _check_size(path: Path) -> None:
    """Unpack a workbook without keeping anything, so that a bomb is found before it is parsed."""
    limits = Limits.current()
    size = tags = 0
    try:
        with open_archive(path) as archive:
            for member in archive.infolist():
                is_xml, without = member.filename.endswith((".xml", ".rels")), 0
                with archive.open(member) as stream:
                    while chunk := stream.read(_CHUNK_BYTES):
                        size += len(chunk)
                        limits.check("unpacked", size, str(path))
                        if not is_xml:
                            continue
                        # The library keeps a text whole: between two tags is one text at most.
                        first = chunk.find(b"<")
                        without += len(chunk) if first < 0 else first
                        if without > limits.cell * _LONGEST_CHARACTER:
                            limits.check("cell", without, str(path))
                        if first >= 0:
                            without = len(chunk) - chunk.rfind(b"<")
                        tags += chunk.count(b"<")
                        _check_tags(path, tags)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise CartographyError(f"{path} is not a complete .xlsx workbook ({error})") from error


def _check_tags(path: Path, tags: int) -> None:
    if tags > _MOST_TAGS:
        raise CartographyError(
            f"{path} is a workbook of more than {_MOST_TAGS:,} tags, about a million cells, which "
            "takes minutes to read: save the sheet as CSV UTF-8"
        )


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    import warnings

    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that it does not know
        try:
            # Opened here: the library leaves a damaged file open.
            with path.open("rb") as file:
                yield openpyxl.load_workbook(file, read_only=True, data_only=True)
        except CartographyError:
            raise
        # The parts of a damaged workbook fail in many ways, of several libraries.
        except Exception as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise CartographyError(
                f"{path} is not a complete .xlsx workbook ({lines[0][:200]})"
            ) from error


def _rows(path: Path, sheet: str) -> Iterator[tuple[int, list[Any]]]:
    """The number and the cells of each row, without empty cells at its end."""
    limits = Limits.current()
    with _workbook(path) as book:
        worksheet = book[sheet]
        # A file may declare millions of columns that it does not have.
        if hasattr(worksheet, "reset_dimensions"):
            worksheet.reset_dimensions()
        for number, values in enumerate(worksheet.iter_rows(values_only=True), 1):
            limits.check("rows", number, str(path))
            cells = [_plain(value) for value in values]
            while cells and cells[-1] is None:
                cells.pop()
            yield number, cells


def _plain(value: Any) -> Any:
    """A cell as a spreadsheet shows it."""
    if value is None or (isinstance(value, str) and (not value or value in _ERRORS)):
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else value


def _as_name(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _check_row(path: Path, number: int, cells: Sequence[Any], header: Sequence[str]) -> int:
    """Check the width and the texts of a row; return its number of characters."""
    if len(cells) > len(header):
        raise CartographyError(
            f"{path}, row {number} has {len(cells)} cells but the header has {len(header)}; give "
            "every column a name in the first row"
        )
    sizes = [len(cell) for cell in cells if isinstance(cell, str)]
    Limits.current().check("cell", max(sizes, default=0), f"{path}, row {number}")
    return sum(sizes)
