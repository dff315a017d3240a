"""Workbooks."""

import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from cartography.corpora.columns import choose_columns
from cartography.errors import CartographyError
from cartography.tables.excel import sheet_names
from cartography.tables.reading import read_table
from cartography.tables.table import LeftOut, TableOptions


def book(path: Path, *rows: list[object], **sheets: list[list[object]]) -> Path:
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert first is not None
    first.title = "First"
    for row in rows:
        first.append(row)
    for name, values in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in values:
            sheet.append(row)
    workbook.save(path)
    return path


def test_values_are_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    path = book(
        tmp_path / "t.xlsx",
        ["text", "n", "x", "flag", "day", "time", "error"],
        ["a", 1.0, 0.5, True, date(2024, 1, 2), datetime(2024, 1, 2, 3), "#N/A"],
        [None, 2, None, False, None, None, ""],
    )
    table = read_table(path)
    assert table.head(5) == {
        "text": ["a", None],
        "n": [1, 2],
        "x": [0.5, None],
        "flag": ["TRUE", "FALSE"],
        "day": ["2024-01-02", None],
        "time": ["2024-01-02T03:00:00", None],
        "error": [None, None],
    }
    assert table.row_name(1) == "row 3"


def test_title_rows_and_empty_rows_are_left_out(tmp_path: Path) -> None:
    path = book(
        tmp_path / "t.xlsx", ["Survey"], [], ["text", "label"], ["a", "x"], [], ["b", "y"], [None]
    )
    table = read_table(path)
    assert table.head(5) == {"text": ["a", "b"], "label": ["x", "y"]}
    assert table.left_out[0] == LeftOut(1, "title row", "row 1")
    assert table.left_out[1].noun == "empty row"


def test_a_row_of_errors_at_the_end_is_told_of(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", ["text", "label"], ["a", "x"], ["b", "y"], ["#N/A", "#N/A"])
    table = read_table(path)
    assert table.rows == 2
    assert table.left_out == (LeftOut(1, "empty row"),)


def test_a_sheet_is_named(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", ["text", "label"], ["a", "x"], Other=[["text", "y"], ["b", 1]])
    table = read_table(path)
    assert table.values("text") == ["a"]
    assert table.notes == ("read from the sheet 'First'; --sheet names another: 'Other'",)
    assert read_table(path, TableOptions(sheet="Other")).values("text") == ["b"]
    assert read_table(path, TableOptions(sheet="other")).values("text") == ["b"]
    assert sheet_names(path) == ["First", "Other"]
    with pytest.raises(CartographyError, match="has no sheet 'x'; its sheets are 'First', 'Other'"):
        read_table(path, TableOptions(sheet="x"))


def test_errors_of_a_sheet_without_data_list_the_others(tmp_path: Path) -> None:
    data = [["text", "label"], ["a", "x"]]
    path = book(tmp_path / "t.xlsx", ["About", "this file"], ["Author", "A. N."], Data=data)
    with pytest.raises(CartographyError, match=r"; or name another sheet with --sheet: 'Data'$"):
        choose_columns(read_table(path))
    with pytest.raises(CartographyError, match=r"; or name another sheet with --sheet: 'Data'$"):
        choose_columns(read_table(path), text="text")
    path = book(tmp_path / "wide.xlsx", ["About", "it"], ["a", "b", "c"], Data=data)
    with pytest.raises(CartographyError, match=r"in the first row; or name .*--sheet: 'Data'$"):
        read_table(path)
    path = book(tmp_path / "empty.xlsx", ["About"], Data=data)
    with pytest.raises(CartographyError, match=r"the sheet 'First' has no rows .*--sheet: 'Data'$"):
        read_table(path)


def test_one_column(tmp_path: Path) -> None:
    table = read_table(book(tmp_path / "t.xlsx", ["text"], ["a"], ["b"]))
    assert table.head(5) == {"text": ["a", "b"]}


def test_one_long_column(tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(100)]
    rows = [["text"], *([text] for text in texts)]
    path = book(tmp_path / "t.xlsx", *rows, Other=[*rows, ["a", "b"]])
    table = read_table(path)
    assert (table.values("text"), table.left_out) == (texts, ())
    assert table.row_name(99) == "row 101"
    with pytest.raises(CartographyError, match="row 102 has 2 cells but the header has 1; give"):
        read_table(path, TableOptions(sheet="Other"))


def test_an_index_and_one_column(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", [None, "text"], [0, "a"], [1, "b"])
    table = read_table(path)
    assert (table.columns, table.values("text"), table.left_out) == (("", "text"), ["a", "b"], ())


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    table = read_table(book(tmp_path / "t.xlsx", ["text", "note", "note"], ["a", "b", "c"]))
    assert table.head(1) == {"text": ["a"], "note": ["b"], "note (2)": ["c"]}
    assert table.notes == (
        "columns of t.xlsx have one name: the further ones are called 'note (2)'",
    )


def test_a_row_wider_than_the_header_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", ["text", "label"], ["a", "x", "more"])
    with pytest.raises(CartographyError, match="row 2 has 3 cells but the header has 2"):
        read_table(path)


def altered(path: Path, member: str, content: bytes) -> Path:
    """A workbook in which one part is replaced."""
    changed = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == member else old.read(name))
    return changed


SHEET = "xl/worksheets/sheet1.xml"


def test_a_workbook_that_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = altered(book(tmp_path / "t.xlsx", ["text"], ["a"]), SHEET, b" " * 5_000_000)
    monkeypatch.setenv("CARTOGRAPHY_MAX_UNPACKED", "1000000")
    with pytest.raises(CartographyError, match="bytes when unpacked, but at most 1,000,000"):
        read_table(path)


def test_a_text_that_is_too_long_is_not_parsed(tmp_path: Path) -> None:
    content = b"<worksheet><sheetData><row><c><v>" + b"a" * 11_000_000
    path = altered(book(tmp_path / "t.xlsx", ["text"], ["a"]), SHEET, content)
    assert path.stat().st_size < 100_000
    with pytest.raises(CartographyError, match="characters in a cell, but at most 1,000,000"):
        read_table(path)


def test_a_workbook_of_too_many_cells(tmp_path: Path) -> None:
    content = b"<worksheet><sheetData>" + b"<row/>" * 6_100_000
    path = altered(book(tmp_path / "t.xlsx", ["text"], ["a"]), SHEET, content)
    with pytest.raises(CartographyError, match="tags, about a million cells, which"):
        read_table(path)


@pytest.mark.parametrize(
    "content",
    [
        b"<worksheet",
        b"not xml",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet>&d;</worksheet>',
        b"<worksheet><sheetData><row r='x'><c/></row></sheetData></worksheet>",
    ],
)
def test_damaged_parts_are_one_line(tmp_path: Path, content: bytes) -> None:
    path = altered(book(tmp_path / "t.xlsx", ["text"], ["a"]), SHEET, content)
    with pytest.raises(CartographyError, match=r"changed\.xlsx") as refusal:
        read_table(path).head(3)
    assert "\n" not in str(refusal.value)


def test_a_declared_size_is_not_believed(tmp_path: Path) -> None:
    content = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<dimension ref="A1:XFD1048576"/><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>text</t></is></c>'
        b'<c r="B1" t="inlineStr"><is><t>label</t></is></c></row>'
        b'<row r="2"><c r="A2" t="inlineStr"><is><t>a</t></is></c>'
        b'<c r="B2" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>'
    )
    path = altered(book(tmp_path / "t.xlsx", ["text"], ["a"]), SHEET, content)
    assert read_table(path).head(3) == {"text": ["a"], "label": ["x"]}
