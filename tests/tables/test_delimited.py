import csv
import io
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cartography.errors import CartographyError
from cartography.tables.delimited import read_csv, read_tsv
from cartography.tables.source import ByteSource
from cartography.tables.table import LeftOut, TableOptions

LABELS = ("pet", "wild", "farm")
ROWS = [(f"text number {i} here", LABELS[i % 3]) for i in range(30)]


def read(content, name="t.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    reader = read_tsv if name.endswith(".tsv") else read_csv
    return reader(ByteSource(name, name, lambda: io.BytesIO(data)), TableOptions())


def rows(table):
    batches = table.batches(table.columns)
    return [row for batch in batches for row in zip(*batch, strict=True)]


def joined(rows, delimiter=",", end="\n", header=("text", "label")):
    lines = [delimiter.join(row) for row in ([header] if header else []) + rows]
    return end.join([*lines, ""])


def each(form):
    """Return a header and the lines that `form` makes of each row's number and label."""
    return "".join(form.format(i, label) for i, (_, label) in enumerate(ROWS))


@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(name, delimiter, end):
    table = read(joined(ROWS, delimiter, end), name)
    assert (table.columns, rows(table), table.lines) == (("text", "label"), ROWS, 31)
    assert table.row_name(2) == "row 3 (line 4)"
    usual = {"t.csv": ",", "t.tsv": "\t"}[name]
    assert bool(table.notes) == (delimiter != usual)


def test_line_ends_of_every_kind_in_one_file():
    ends = ("\n", "\r\n", "\r")
    body = "".join(f"{text},{label}{ends[i % 3]}" for i, (text, label) in enumerate(ROWS))
    assert rows(read("text,label\r\n" + body)) == ROWS


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("text;label\n" + each("a, b, c {};{}\n"), "a, b, c {}"),
        ("text,label\n" + each("a; b|c {},{}\n"), "a; b|c {}"),
        ('"text";"label, gold"\n' + each('"one {}";"{}"\n'), "one {}"),
        ("text\tlabel (a, b)\n" + each("one {}\t{}\n"), "one {}"),
        ("text,label\n" + each('"said ""so"", {}",{}\n'), 'said "so", {}'),
        ("text,label\n" + each('"said \\"so\\", {}",{}\n'), 'said "so", {}'),
        ("'text','label'\n" + each("'one, two {}','{}'\n"), "one, two {}"),
        ("text,label\n" + each("it's {} don't,{}\n"), "it's {} don't"),
        ('"text", "label"\n' + each('"one, two {}", "{}"\n'), "one, two {}"),
        ("text, label\n" + each("one {}, {}\n"), "one {}"),
        ("text,label\n" + each("one {},{},\n"), "one {}"),
        ("text;label;\n" + each("one {};{}\n"), "one {}"),
        ("text,label\n" + each('"one\ntwo, {}\n\nthree",{}\n'), "one\ntwo, {}\n\nthree"),
        ("text,label\n" + each('"{{""k"": {}}}",{}\n'), '{{"k": {}}}'),
        ("text,label\n" + each("#tag {},{}\n"), "#tag {}"),
    ],
)
def test_dialects(content, text):
    assert rows(read(content)) == [(text.format(i), label) for i, (_, label) in enumerate(ROWS)]


def test_a_delimiter_after_the_last_column_of_some_rows():
    body = "".join(f"{a},{b}{',' * (i % 2)}\n" for i, (a, b) in enumerate(ROWS))
    assert rows(read("text,label\n" + body)) == ROWS


@pytest.mark.parametrize("line", ["sep=;\n", '"sep=;"\r\n'])
def test_the_delimiter_that_the_first_line_names(line):
    table = read(line + joined(ROWS, ";"))
    assert (rows(table), table.row_name(0)) == (ROWS, "row 1 (line 3)")
    assert table.left_out[0].count == 1


@pytest.mark.parametrize(
    ("above", "count"),
    [
        ("Customer survey\n", 1),
        ("Customer survey,\n,\n", 2),
        ("# made by a tool\n# on a day, at noon, in May\n", 2),
    ],
)
def test_lines_above_the_header_are_left_out(above, count):
    table = read(above + joined(ROWS))
    assert (table.columns, rows(table)) == (("text", "label"), ROWS)
    assert table.left_out[0] == LeftOut(count, "title line", "line 1")
    assert table.row_name(0) == f"row 1 (line {count + 2})"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("header", ["text,label\n", '"text","label"\n'])
def test_headers_that_come_again_are_left_out(mark, header):
    part = joined(ROWS, header=None)
    table = read(2 * (mark + header + part))
    assert rows(table) == ROWS * 2
    assert table.left_out == (LeftOut(1, "repeated header", "line 32"),)
    assert table.row_name(30) == "row 31 (line 33)"


@pytest.mark.parametrize("size", [1, 6_000])
def test_marks_before_texts_stay(size):
    expected = [("\ufeffa", "pet"), ("b\n\ufeffc", "wild"), ("\ufefftext", "pet")] * size
    content = "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in expected)
    for mark in ("", "\ufeff"):
        assert rows(read(mark + content)) == expected


def test_the_two_further_headers_of_qualtrics():
    content = (
        'StartDate,Q1\nStart Date,"What, do you think?"\n'
        '"{""ImportId"":""startDate""}","{""ImportId"":""QID1""}"\n'
    ) + "".join(f"2024-01-{i + 1:02},text {i}\n" for i in range(9))
    table = read(content)
    assert rows(table)[0] == ("2024-01-01", "text 0")
    assert (table.rows, table.left_out) == (9, (LeftOut(2, "further header line", "line 2"),))


@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("size", [30, 6_000])
def test_marks_that_would_swallow_rows_are_read_as_characters(name, delimiter, size):
    expected = [(f"text number {i} here", LABELS[i % 3]) for i in range(size)]
    expected[-9] = ('"he said', "pet")
    expected[-4] = ('so"', "wild")
    expected[0] = ('5" pipe', "pet")
    table = read(joined(expected, delimiter), name)
    assert rows(table) == expected
    assert "quotation marks as ordinary characters" in table.notes[0]


def test_a_byte_order_mark_does_not_hide_the_lines_behind_the_first():
    """Marks that swallow rows come only where the sample has ended."""
    expected = [(f"text number {i} here", LABELS[i % 3]) for i in range(6_000)]
    expected[-9], expected[-4] = ('"he said', "pet"), ('so"', "wild")
    assert rows(read("\ufeff" + joined(expected, "\t"), "t.tsv")) == expected


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('""hello"" world', '""hello"" world'),
        ('""hello""', '""hello""'),
        ('"""hello"" world"', '"hello" world'),
        ('""', ""),
        ('""""', '"'),
        ('"hello"', "hello"),
    ],
)
def test_doubled_marks_at_the_start_of_a_cell(cell, text):
    lines = [f"text number {i} here,{LABELS[i % 3]}" for i in range(6_000)]
    lines[4_000] = f"{cell},pet"
    table = read("\n".join(["text,label", *lines, ""]))
    assert table.rows == 6_000
    assert rows(table)[4_000] == (text, "pet")


@pytest.mark.parametrize("second", ["", '"two\nlines",x,one,1\n'])
def test_columns_of_one_name_are_told_apart(second):
    table = read("text,label,note,note\n" + each("text {},{},one,two\n") + second)
    assert table.columns == ("text", "label", "note", "note (2)")
    assert rows(table)[0] == ("text 0", "pet", "one", "two")
    assert table.values("note (2)")[:2] == ["two", "two"]
    assert "columns of t.csv have one name: the further ones are called 'note (2)'" in table.notes


def test_a_header_of_one_name_may_come_again():
    table = read("text,note,note\na,b,c\ntext,note,note\nd,e,f\n")
    assert rows(table) == [("a", "b", "c"), ("d", "e", "f")]


@pytest.mark.parametrize("mark", ["", '"'])
@pytest.mark.parametrize("second", ["", '30,"two\nlines"\n'])
def test_an_index_and_one_column(mark, second):
    content = f"{mark}{mark},{mark}text{mark}\n" + each("{},text of {}\n") + second
    table = read(content)
    assert (table.columns, table.left_out) == (("", "text"), ())
    assert rows(table)[:2] == [("0", "text of pet"), ("1", "text of wild")]


def test_a_mark_that_is_never_closed_loses_no_row():
    expected = [*ROWS[:-2], ('"never closed', "pet"), ROWS[-1]]
    assert rows(read(joined(expected))) == expected


def test_a_letter_whose_lines_look_like_rows_stays_one_text():
    letter = "Hello,\nthank you, and\nbye"
    content = "text,label\n" + each("text {},{}\n") + f'"{letter}",pet\n' + each("more {},{}\n")
    table = read(content)
    assert table.rows == 61
    assert rows(table)[30] == (letter, "pet")
    assert table.row_name(31) == "row 32 (line 35)"


def test_blank_lines_are_counted_and_every_line_is_accounted_for():
    content = 'text,label\n\na,b\n,\n"c\nd",e\n\n'
    table = read(content)
    assert rows(table) == [("a", "b"), ("c\nd", "e")]
    left = sum(left.count for left in table.left_out)
    continued = 1
    assert (left, table.lines) == (3, 1 + table.rows + left + continued)


REFUSED = {
    "a cell too many": (
        "text,label\n" + joined(ROWS[:9], header=None) + "one, two,pet\n",
        "t.csv, row 10 (line 11) has 3 columns but the header has 2; put quotes around a text that "
        "contains ','",
    ),
    "a cell too few": (
        "text;label\n" + joined(ROWS[:9], ";", header=None) + "Total\n",
        "t.csv, row 10 (line 11) has 1 column but the header has 2; give it all its cells, ",
    ),
    "empty": ("\n\n", "t.csv is empty; give a file with a header and rows"),
    "binary": ("text\0\1", "t.csv contains NUL bytes, so it is not a text file; "),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_invalid_files_are_refused_by_their_line(content, message):
    with pytest.raises(CartographyError, match=re.escape(message)) as refusal:
        read(content)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("ROWS", "t.csv has "),
        ("COLUMNS", "t.csv has 2 columns, but at most 1"),
        ("CELL", "line "),
        ("CHARACTERS", "characters in all, but at most 1 are read"),
    ],
)
@pytest.mark.parametrize("second", ["", '"two\nlines",x\n'])
def test_limits(monkeypatch, limit, message, second):
    monkeypatch.setenv(f"CARTOGRAPHY_MAX_{limit}", {"CELL": "50", "ROWS": "3"}.get(limit, "1"))
    long = f"{'x' * 60},pet\n"
    with pytest.raises(CartographyError, match=message):
        read(joined(ROWS) + second + long)


CELL = st.text(st.characters(exclude_characters="\0\r\x1b", exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_tables_written_by_the_csv_module_are_read_back(data):
    """In each dialect, with texts that hold delimiters, marks and line ends."""
    delimiter = data.draw(st.sampled_from(",;\t|"))
    quoting = data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    cells = data.draw(st.lists(CELL, min_size=12, max_size=40))
    expected = [(str(i), text, LABELS[i % 3]) for i, text in enumerate(cells)]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([("id", "text", "label"), *expected])
    table = read(stream.getvalue(), data.draw(st.sampled_from(["t.csv", "t.tsv"])))
    assert rows(table) == expected


@settings(max_examples=200, deadline=None)
@example(text="=\r\r\n\\", name="t.csv")
@given(
    text=st.text(st.sampled_from("ab\"',;\t|\n\r\\# =")), name=st.sampled_from(["t.csv", "t.tsv"])
)
def test_any_text_is_a_table_of_its_lines_or_refused_in_one_line(text, name):
    try:
        table = read(text, name)
    except CartographyError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert len(rows(table)) == table.rows
    assert table.lines == len(io.StringIO(text, newline="").readlines())
