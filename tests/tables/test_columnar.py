"""Parquet and Arrow files: nested fields, types, class names and bounds."""

import json
import time
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from cartography.errors import CartographyError
from cartography.tables.reading import read_table
from cartography.tables.table import Table

TABLE = pa.table(
    {
        "doc": [{"text": "a", "more": {"lang": "en"}}, None, {"text": "c", "more": None}],
        "large": pa.array(["x", None, "z"], pa.large_string()),
        "view": pa.array(["x", None, "z"], pa.string_view()),
        "class": pa.array(["b", "a", None]).dictionary_encode(),
        "price": [Decimal("1.00"), Decimal("0.50"), None],
        "bytes": [b"caf\xc3\xa9", None, b""],
        "when": [datetime(2024, 1, 2, 3), None, datetime(2025, 1, 1)],
        "day": [date(2024, 1, 2), None, date(2025, 1, 1)],
        "many": [["a", "b"], [], None],
    }
)
CELLS = {
    "doc.text": ["a", None, "c"],
    "doc.more.lang": ["en", None, None],
    "large": ["x", None, "z"],
    "view": ["x", None, "z"],
    "class": ["b", "a", None],
    "price": [1, Decimal("0.50"), None],
    "bytes": ["café", None, ""],
    "when": ["2024-01-02T03:00:00", None, "2025-01-01T00:00:00"],
    "day": ["2024-01-02", None, "2025-01-01"],
    "many": [["a", "b"], [], None],
}


def write(folder: Path, name: str, table: pa.Table) -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        parquet.write_table(table, path)
    elif name.endswith(".feather"):
        feather.write_feather(table, path)
    else:
        opener = pa.ipc.new_stream if "stream" in name else pa.ipc.new_file
        with path.open("wb") as file, opener(file, table.schema) as writer:
            writer.write_table(table)
    return path


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "stream.arrow", "t.feather"])
def test_all_types_are_plain_values(tmp_path: Path, name: str) -> None:
    table = TABLE.drop_columns(["view"]) if name == "t.feather" else TABLE
    read = read_table(write(tmp_path, name, table))
    expected = {key: cells for key, cells in CELLS.items() if key in read.columns}
    assert set(read.columns) == set(CELLS) - ({"view"} if name == "t.feather" else set())
    assert read.head(10) == expected
    assert read.row_name(1) == "row 2"


def test_a_column_is_read_without_the_others(tmp_path: Path) -> None:
    columns = {name: np.arange(50_000) for name in "ab"}
    table = read_table(write(tmp_path, "t.parquet", pa.table(columns)))
    assert table.head(3, ["b"]) == {"b": [0, 1, 2]}
    assert table.values("a")[-1] == 49_999


def named(names: object, kind: str = "ClassLabel") -> pa.Table:
    feature: object = {"_type": "ClassLabel", "names": names}
    if kind != "ClassLabel":
        feature = {"_type": kind, "feature": feature}
    info = json.dumps({"info": {"features": {"label": feature}}})
    return pa.table({"label": [0]}).replace_schema_metadata({"huggingface": info})


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (named(["x", "y"]), {"label": ("x", "y")}),
        (named(["x", "y"], "Sequence"), {"label": ("x", "y")}),
        (named(["x", "y"], "List"), {"label": ("x", "y")}),
        (named([1, 2]), {}),
        (named(None), {}),
        (named({"0": "x"}), {}),
        (named(["x", "x"]), {}),
        (named([["x"]]), {}),
        (pa.table({"label": [0]}).replace_schema_metadata({"huggingface": "[" * 9_999}), {}),
        (pa.table({"label": [0]}).replace_schema_metadata({"huggingface": b"\xff"}), {}),
    ],
)
def test_class_names_of_the_metadata(tmp_path: Path, table: pa.Table, names: object) -> None:
    assert read_table(write(tmp_path, "t.parquet", table)).class_names == names


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "t.parquet", pa.table({"text": [b"\xff"]})))
    with pytest.raises(CartographyError, match="column 'text' contains bytes that are not UTF-8"):
        table.values("text")


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "stream.arrow", "t.feather"])
def test_damaged_files_are_one_line(tmp_path: Path, name: str) -> None:
    table = TABLE.select(["large", "class"])
    whole = write(tmp_path, name, table).read_bytes()
    rng = np.random.default_rng(1)
    for attempt in range(60):
        data = bytearray(whole)
        if attempt % 3 == 0:
            data = data[: rng.integers(1, len(data))]
        for place in rng.integers(0, len(data), size=3):
            data[place] = rng.integers(0, 256)
        path = tmp_path / f"damaged-{attempt}{name}"
        path.write_bytes(data)
        with suppress(CartographyError):  # anything else fails the test
            read_table(path).head(10)


def bomb(path: Path, rows: int) -> Path:
    """A small file of many rows that are all one entry of a dictionary."""
    group = 10_000_000
    codes = pa.array(np.zeros(group, dtype=np.int8))
    part = pa.table({"text": pa.DictionaryArray.from_arrays(codes, ["x" * 1_000])})
    with parquet.ParquetWriter(path, part.schema, compression="zstd") as writer:
        for _ in range(rows // group):
            writer.write_table(part, row_group_size=group)
    return path


def test_a_bomb_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bomb(tmp_path / "bomb.parquet", 20_000_000)
    assert path.stat().st_size < 3_000_000
    start = time.perf_counter()
    with pytest.raises(CartographyError, match="has 20,000,000 rows, but at most 5,000,000"):
        read_table(path)
    monkeypatch.setenv("CARTOGRAPHY_MAX_ROWS", "100000000")
    table: Table = read_table(path)
    assert table.head(50)["text"] == ["x" * 1_000] * 50
    with pytest.raises(CartographyError, match="characters in all"):
        table.values("text")
    assert time.perf_counter() - start < 5


def arrow(path: Path, table: pa.Table, compression: str | None = None) -> Path:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(path, table.schema, options=options) as writer:
        writer.write_table(table)
    return path


@pytest.mark.parametrize("coding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
def test_texts_in_every_coding(tmp_path: Path, coding: str) -> None:
    path, texts = tmp_path / "t.parquet", [f"text {i}" for i in range(200)]
    coded = {"text": coding, "doc.text": coding}
    table = pa.table({"text": texts, "doc": [{"text": text} for text in texts]})
    parquet.write_table(table, path, use_dictionary=False, column_encoding=coded)
    assert read_table(path).head(200) == {"text": texts, "doc.text": texts}


@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
def test_compressed_batches(tmp_path: Path, compression: str | None) -> None:
    table = read_table(arrow(tmp_path / "t.arrow", TABLE, compression))
    assert (table.rows, table.head(10)) == (3, CELLS)


def test_compressed_batches_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    rows = arrow(tmp_path / "rows.arrow", pa.table({"n": np.zeros(6_000_000, np.int8)}), "zstd")
    with pytest.raises(CartographyError, match="has 6,000,000 rows, but at most 5,000,000"):
        read_table(rows)
    lists = pa.table({"text": ["a"], "v": pa.array([np.zeros(51_000_000)])})
    with pytest.raises(CartographyError, match="has a record batch of 408,000,"):
        read_table(arrow(tmp_path / "lists.arrow", lists, "zstd"))


def test_lists_of_too_many_values(tmp_path: Path) -> None:
    table = pa.table({"text": ["a", "b"], "v": pa.array([np.zeros(21_000_000, np.int8), []])})
    read = read_table(write(tmp_path, "t.parquet", table))
    assert read.head(5) == {"text": ["a", "b"]}
    assert read.notes == ("column 'v' is left out: its lists hold too many values",)
    with pytest.raises(CartographyError, match="has 21,000,000 characters in a cell, but at most"):
        read_table(write(tmp_path, "t.arrow", table)).head(1)


def repeated(kind: str, rows: int, size: int) -> pa.Array:
    """Many rows that are views of one long value."""
    if kind == "lists":
        starts, sizes = np.zeros(rows, np.int32), np.full(rows, size, np.int32)
        return pa.ListViewArray.from_arrays(starts, sizes, np.zeros(size, np.int8))
    views = np.zeros((rows, 4), np.int32)
    views[:, 0], views[:, 1] = size, int.from_bytes(b"aaaa", "little")
    buffers = [None, pa.py_buffer(views.tobytes()), pa.py_buffer(b"a" * size)]
    return pa.Array.from_buffers(pa.string_view(), rows, buffers)


@pytest.mark.parametrize("kind", ["texts", "lists"])
def test_views_of_one_value_are_counted(tmp_path: Path, kind: str) -> None:
    path = arrow(tmp_path / "t.arrow", pa.table({"text": repeated(kind, 10_000, 200_000)}))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(CartographyError, match="characters in all, but at most 500,000,000"):
        read_table(path).values("text")
    few = arrow(tmp_path / "few.arrow", pa.table({"text": repeated(kind, 3, 20)}))
    expected: object = "a" * 20 if kind == "texts" else [0] * 20
    assert read_table(few).values("text") == [expected] * 3


def test_names_that_are_the_same_with_dots(tmp_path: Path) -> None:
    table = pa.table({"a": [{"b": 1}], "a.b": [2]})
    with pytest.raises(CartographyError, match=r"has two columns named 'a\.b'"):
        read_table(write(tmp_path, "t.parquet", table))


@pytest.mark.parametrize(
    "array",
    [
        pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
        pa.RunEndEncodedArray.from_arrays([1], ["x"]),
    ],
)
def test_rare_types_are_refused(tmp_path: Path, array: pa.Array) -> None:
    with pytest.raises(CartographyError, match="column 'x' is of a type that is not read: "):
        read_table(arrow(tmp_path / "t.arrow", pa.table({"x": array})))
