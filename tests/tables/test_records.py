"""JSON lines and documents of all shapes."""

import io
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartography.errors import CartographyError
from cartography.tables import nested
from cartography.tables.decoding import TextSource
from cartography.tables.reading import read_table
from cartography.tables.shapes import records_of
from cartography.tables.table import LeftOut, Table, TableOptions

ROWS = [
    {"text": "a cat", "label": "pet"},
    {"text": "a wolf", "label": "wild"},
    {"text": "a dog", "label": "pet"},
]
FRAME = pd.DataFrame(ROWS)
LINES = "\n".join(map(json.dumps, ROWS))


def read(folder: Path, content: str, name: str = "t.json", **options: object) -> Table:
    path = folder / name
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    return read_table(path, TableOptions(**options))  # type: ignore[arg-type]


def rows(table: Table) -> list[dict[str, object]]:
    cells = table.head(100)
    return [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]


@pytest.mark.parametrize(
    "content",
    [
        LINES,
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        "".join(json.dumps(row, indent=2) for row in ROWS),
        json.dumps(ROWS),
        json.dumps(ROWS, indent=1),
        json.dumps({"version": 1, "data": ROWS}),
        json.dumps({"version": 1, "data": ROWS}, indent=2),
        json.dumps({"meta": {"of": "x"}, "body": {"deep": {"items": ROWS}}}),
        json.dumps({"authors": [{"name": "x"}], "data": ROWS}),
        json.dumps({"text": [row["text"] for row in ROWS], "label": ["pet", "wild", "pet"]}),
        *(FRAME.to_json(orient=form) for form in ("columns", "index", "records", "split", "table")),
        FRAME.set_index(pd.Index(["x", "y", "z"])).to_json(orient="columns"),
        FRAME.set_index(pd.Index(["x", "y", "z"])).to_json(orient="index"),
        "\ufeff" + LINES,
        "\n\ufeff".join(json.dumps(row) for row in ROWS),
        "\n\ufeff".join(json.dumps(row, indent=2) for row in ROWS),
    ],
)
def test_every_shape_gives_the_same_rows(tmp_path: Path, content: str) -> None:
    found = [
        {name: row[name] for name in ("text", "label")} for row in rows(read(tmp_path, content))
    ]
    assert found == ROWS


@pytest.mark.parametrize("form", ["columns", "index", "records", "split", "table"])
def test_a_frame_of_one_row(tmp_path: Path, form: str) -> None:
    table = read(tmp_path, FRAME[:1].to_json(orient=form))
    assert (table.values("text"), table.values("label")) == (["a cat"], ["pet"])


def test_a_frame_of_one_column(tmp_path: Path) -> None:
    assert read(tmp_path, FRAME[["text"]].to_json()).values("text") == ["a cat", "a wolf", "a dog"]


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.json"])
def test_lines_name_their_line(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, f"\n{LINES}\n\n", name)
    assert (table.rows, table.row_name(2)) == (3, "row 3 (line 4)")
    assert table.left_out == (LeftOut(2, "blank line", "line 1"),)


def test_objects_in_objects_are_dotted_columns(tmp_path: Path) -> None:
    table = read(tmp_path, '{"a": {"b": {"c": 1}, "d": [1, 2]}, "e": {}}\n{"a": 5}')
    assert rows(table) == [
        {"a.b.c": 1, "a.d": [1, 2], "a": None},
        {"a.b.c": None, "a.d": None, "a": 5},
    ]


def test_values_are_what_they_plainly_are(tmp_path: Path) -> None:
    table = read(tmp_path, '{"a": NaN, "b": null, "c": true, "d": 1.0, "e": "\\ud800"}\n{"a": 1}')
    (first, _) = rows(table)
    assert first["a"] != first["a"]
    assert (first["b"], first["c"], first["d"], first["e"]) == (None, True, 1.0, "\ud800")


def test_records_of_another_tool_are_flattened(tmp_path: Path) -> None:
    def reshape(records):
        assert len(records) == 3
        return (lambda record: {"text": record["text"].upper()}), "read as capitals"

    for content in (LINES, json.dumps(ROWS)):
        table = read(tmp_path, content, reshape=reshape)
        assert table.values("text") == ["A CAT", "A WOLF", "A DOG"]
        assert table.notes == ("read as capitals",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("7", "t.json is a number; give a list of JSON objects"),
        ('["a", "b"]', "t.json, item 1 is a string; give a list of JSON objects"),
        ("[[1, 2], [3, 4]]", "t.json is a list of lists, which have no column names"),
        ('[{"a": 1}, 7]', "t.json, item 2 is a number"),
        ('{"a": [{"x": 1}], "b": [{"y": 1}]}', "t.json has 2 lists of objects ('a', 'b'); give"),
        ('{"a": 1}\n{"a": 2},\n{"a" 3}', "t.json, line 3: not JSON (Expecting ':' delimiter"),
        ('{"version": 1, "data": []}', "t.json has no rows in 'data'; give a file with rows"),
        ('{"a": [1, 2], "b": [1]}', "has columns of different lengths ('a' 2, 'b' 1): make them"),
        (
            '{"columns": ["a", "b"], "index": [0, 1], "data": [[1, 2], [3]]}',
            "item 2 of 'data' has 1 values but 'columns' has 2: make them equal",
        ),
        ('{"columns": ["a", "a"], "data": [[1, 2]]}', "has several columns of one name: rename"),
        ('[{"a": 1},\n{"a": 2},\n]', "t.json, line 3: not JSON ("),
        ('[{"a": 1}', "t.json, line 1: not JSON ("),
        ('{"a": 1}\n[2]\n', "t.json, line 2 is a list; give one JSON object per line"),
        ('[{"a": 1}', "line 1: not JSON (the list is never closed at column 10)"),
        ('[{"a": 1}\n {"a": 2}]', "line 2: not JSON (Expecting ',' delimiter at column 2)"),
        ('{"a": 1, "a": 2}', "line 1: not JSON (the key 'a' occurs twice in an object at column 1"),
        ('{"a": 1}\n{"a": 1, "a": 2}', "line 2: not JSON (the key 'a' occurs twice"),
        ('{"a": {"b": 1}, "a.b": 2}', "has the field 'a.b' both as a key and as an object"),
        ("[" * 100_000, "line 1: JSON that cannot be read (more than 50 levels of nesting)"),
        ('{"a": ' + "[" * 900 + "]" * 900 + "}", "has 51 levels of nesting, but at most 50"),
        ('{"a": ' + "9" * 6_000 + "}", "JSON that cannot be read (a number of thousands of digits"),
        ('{"a\\ud800": 1}\n{"b": 2}', "has the key 'a\\ud800', with a character that no file"),
        ("", "t.json is empty"),
        ("[]", "t.json has no rows; give a file with rows"),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(CartographyError) as refusal:
        read(tmp_path, content)
    assert message in str(refusal.value)
    assert "first line" not in str(refusal.value)


def test_a_document_may_be_one_long_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTOGRAPHY_MAX_CELL", "100")
    assert read(tmp_path, json.dumps(ROWS * 100)).rows == 300


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = '{"a":' * 60 + "1" + "}" * 60
    with pytest.raises(CartographyError, match="has 51 levels of nesting, but at most 50 are read"):
        read(tmp_path, f"[{deep}]")
    monkeypatch.setenv("CARTOGRAPHY_MAX_ROWS", "2")
    for content in (LINES, json.dumps(ROWS)):
        with pytest.raises(
            CartographyError, match=r"has 3 rows, but at most 2 are read: .*MAX_ROWS"
        ):
            read(tmp_path, content)
    monkeypatch.setenv("CARTOGRAPHY_MAX_ROWS", "3")
    monkeypatch.setenv("CARTOGRAPHY_MAX_COLUMNS", "1")
    with pytest.raises(CartographyError, match="has 2 columns, but at most 1"):
        read(tmp_path, LINES)
    monkeypatch.setenv("CARTOGRAPHY_MAX_COLUMNS", "2")
    monkeypatch.setenv("CARTOGRAPHY_MAX_CELL", "5")
    with pytest.raises(CartographyError, match="has 6 characters in a cell, but at most 5"):
        read(tmp_path, LINES).values("text")
    monkeypatch.setenv("CARTOGRAPHY_MAX_CELL", "zehn")
    with pytest.raises(CartographyError, match="CARTOGRAPHY_MAX_CELL='zehn' is not a whole number"):
        read(tmp_path, LINES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


TEXT = TextSource("t.json", "t.json", "utf-8", (), lambda: io.StringIO())


def streamed(content: str, piece: int) -> list[object]:
    """The values of a text that is read a few characters at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nested, "_PIECE", piece)
        text = replace(TEXT, open=lambda: io.StringIO(content, newline=""))
        return [value for _, value in nested.stream_values(text)]


@given(
    st.lists(JSON.filter(lambda value: not isinstance(value, list)), max_size=5),
    st.integers(1, 40),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_pieces_may_end_anywhere(
    values: list[object], piece: int, indent: int | None, is_list: bool
) -> None:
    content = json.dumps(values, indent=indent)
    if not is_list:
        content = "\r\n".join(json.dumps(value, indent=indent) for value in values)
    assert repr(streamed(content, piece)) == repr(json.loads(json.dumps(values)))


def test_a_fault_is_named_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nested, "_PIECE", 5)
    with pytest.raises(CartographyError, match=r"line 3: not JSON \(Expecting .* at column 9\)"):
        read(tmp_path, '[{"a": 1},\n{"a": 2},\n  {"a"  3}]')


@pytest.mark.parametrize("content", ['{"a": [%s]}', '[{"a": [%s]}]'])
def test_values_that_are_small_as_text_are_not_decoded(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nested, "_MOST_VALUES", 500_000)
    with pytest.raises(CartographyError, match="a JSON value with more than 500,000 values in it"):
        read(tmp_path, content % ("[]," * 600_000 + "[]"))


def test_a_value_that_is_too_long_is_not_decoded(tmp_path: Path) -> None:
    with pytest.raises(
        CartographyError, match=r"line 1: a JSON value of more than 10,000,000 char"
    ):
        read(tmp_path, '[{"a": "%s"}]' % ("a" * 17_000_000))


@given(JSON)
def test_any_document_is_records_or_refused(document: object) -> None:
    with suppress(CartographyError):
        records, _ = records_of(document, "t.json")
        assert all(isinstance(record, dict) for record in records)
