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
