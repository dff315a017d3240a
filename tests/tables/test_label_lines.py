import io

import pytest

from cartography.errors import CartographyError
from cartography.tables.label_lines import read_txt
from cartography.tables.source import ByteSource
from cartography.tables.table import LeftOut, TableOptions


def read(content):
    return read_txt(
        ByteSource("t.txt", "t.txt", lambda: io.BytesIO(content.encode())), TableOptions()
    )


def test_lines_of_fasttext():
    table = read("__label__pet a cat, really\r\n\n__label__wild __label__big  a wolf\n__label__pet")
    assert (table.columns, table.rows, table.lines) == (("label", "text"), 3, 4)
    assert table.values("label") == [["pet"], ["wild", "big"], ["pet"]]
    assert table.values("text") == ["a cat, really", "a wolf", ""]
    assert table.row_name(1) == "row 2 (line 3)"
    assert table.left_out == (LeftOut(1, "blank line"),)
    assert table.notes == ("t.txt was read as lines of fastText",)


def test_labels_and_text_with_a_tab_between():
    table = read("__label__pet\ta cat\n__label__wild\ta wolf\n")
    assert (table.values("label"), table.values("text")) == (
        [["pet"], ["wild"]],
        ["a cat", "a wolf"],
    )


def test_files_that_were_joined():
    table = read(2 * "\ufeff__label__pet a cat\n")
    assert (table.values("label"), table.values("text")) == ([["pet"]] * 2, ["a cat"] * 2)


@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
def test_a_table(delimiter):
    lines = [f"text {i}{delimiter}{'ab'[i % 2]}\n" for i in range(9)]
    table = read(f"text{delimiter}label\n" + "".join(lines))
    assert (table.columns, table.rows) == (("text", "label"), 9)
    assert table.values("label")[:3] == ["a", "b", "a"]


def test_one_text_to_a_line():
    texts = ["A cat, a dog", "Then, well, yes: a wolf", '"Nothing"', "\tindented", "the end"]
    table = read("\n".join(texts))
    assert (table.columns, table.values("text")) == (("text",), texts)
    assert table.notes == ("t.txt was read as one text to a line",)
    assert table.row_name(0) == "row 1 (line 1)"


def test_limits(monkeypatch):
    monkeypatch.setenv("CARTOGRAPHY_MAX_ROWS", "2")
    with pytest.raises(CartographyError, match=r"t.txt has 3 rows, but at most 2 are read"):
        read("one\ntwo\nthree\nfour\n")
