"""Workbooks of Excel and others (.xlsx), read row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from cartography.errors import CartographyError
from cartography.tables.containers import open_archive
from cartography.tables.limits import Limits
from cartography.tables.source import ByteSource
from cartography.tables.table import (
    LeftOut,
    Table,
    TableOptions,
    can_be_header,
    distinct_names,
)

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

    The header is the first row with two cells or more, or a first row that leaves only the index of
    a data frame without a name. If none of the first rows has two cells, the sheet is one column
    below its first row. Rows without a filled cell are left out. Dates are read in ISO's form,
    errors such as #N/A as empty cells.

    Parameters
    ----------
    source : ByteSource
    options : TableOptions
        `sheet` names the sheet, without regard to case; by default the first is read.

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
    sheets = sheet_names(path)
    wanted = options.sheet if options.sheet is not None else (sheets[0] if sheets else "")
    name = find_sheet(sheets, wanted)
    if name is None:
        listed = _list(sheets) or "none"
        raise CartographyError(
            f"{path} has no sheet {wanted[:_LONGEST_NAME]!r}; its sheets are {listed}: name one "
            "with --sheet"
        )
    others = tuple(sheet for sheet in sheets if sheet != name)
    limits = Limits.current()
    last = 0

    def filled_rows() -> Iterator[tuple[int, list[Any]]]:
        nonlocal last
        for last, cells in _rows(path, name):
            if cells:
                yield last, cells

    rows = filled_rows()
    top = list(islice(rows, _TITLE_ROWS))
    is_single = all(len(_filled(cells)) < 2 for _, cells in top)
    # A text may be in any cell of its row if it is the only one.
    arrange = _filled if is_single else list
    start = 0 if is_single else _header_position([cells for _, cells in top])
    header = [_as_name(cell) for cell in arrange(top[start][1])] if top else []
    limits.check("columns", len(header), str(path))
    columns, renamed = distinct_names(header, source.name)
    numbers: list[int] = []
    characters = 0
    for number, cells in chain(top[start + 1 :], rows):
        characters += _check_row(path, number, arrange(cells), header, others)
        numbers.append(number)
        limits.check("rows", len(numbers), str(path))
        limits.check("characters", characters, str(path))

    if others and not numbers:
        raise CartographyError(
            f"{path}: the sheet {name!r} has no rows below a header; give it rows"
            + advise_sheets(others)
        )

    def batches(wanted: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        positions = [columns.index(column) for column in wanted]
        below = islice(_filled_rows(path, name), start + 1, None)
        rows = (arrange(cells) for _, cells in below)
        while batch := list(islice(rows, _BATCH_ROWS)):
            yield [
                [cells[position] if position < len(cells) else None for cells in batch]
                for position in positions
            ]

    left = [LeftOut(start, "title row", f"row {top[0][0]}")] if start else []
    # Also those at the end: a row of errors such as #N/A is empty too.
    if blank := last - top[start][0] - len(numbers) if top else 0:
        left.append(LeftOut(blank, "empty row"))
    return Table(
        location=str(path),
        name=source.name,
        columns=columns,
        rows=len(numbers),
        batches=batches,
        row_name=lambda i: f"row {numbers[i]}",
        notes=(*_sheet_notes(others, name), *renamed),
        left_out=tuple(left),
        other_sheets=others,
    )


def sheet_names(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of str

    Raises
    ------
    CartographyError
        The file is no workbook, or passes a limit.
    """
    _check_size(path)
    with _workbook(path) as book:
        return list(book.sheetnames)


def find_sheet(sheets: Sequence[str], name: str) -> str | None:
    """Return the sheet of this name, which no two sheets have, if only in another case."""
    folded = name.strip().casefold()
    alike = (sheet for sheet in sheets if sheet.strip().casefold() == folded)
    return name if name in sheets else next(alike, None)


def advise_sheets(others: Sequence[str]) -> str:
    """Return the end of an error that may be about the wrong sheet: which others there are."""
    return f"; or name another sheet with --sheet: {_list(others)}" if others else ""


def _filled(cells: Sequence[Any]) -> list[Any]:
    """The cells of a row that are not empty."""
    return [cell for cell in cells if cell is not None]


def _header_position(top: Sequence[Sequence[Any]]) -> int:
    """Which of the first rows of a sheet with several columns is the header."""
    width = max(map(len, top))
    filled = ([cell is not None for cell in cells] for cells in top)
    return next(i for i, row in enumerate(filled) if can_be_header(row, width, is_first=i == 0))


def _sheet_notes(others: Sequence[str], name: str) -> tuple[str, ...]:
    if not others:
        return ()
    return (f"read from the sheet {name!r}; --sheet names another: {_list(others)}",)


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


def _filled_rows(path: Path, sheet: str) -> Iterator[tuple[int, list[Any]]]:
    return ((number, cells) for number, cells in _rows(path, sheet) if cells)


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


def _check_row(
    path: Path, number: int, cells: Sequence[Any], header: Sequence[str], others: Sequence[str]
) -> int:
    """Check the width and the texts of a row; return its number of characters."""
    if len(cells) > len(header):
        raise CartographyError(
            f"{path}, row {number} has {len(cells)} cells but the header has {len(header)}; give "
            "every column a name in the first row" + advise_sheets(others)
        )
    sizes = [len(cell) for cell in cells if isinstance(cell, str)]
    Limits.current().check("cell", max(sizes, default=0), f"{path}, row {number}")
    return sum(sizes)
