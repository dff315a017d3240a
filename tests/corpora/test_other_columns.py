"""Columns that stay with the texts, in memory or in a file."""

import errno
import gc
import tempfile

import numpy as np
import pyarrow as pa
import pytest

from cartography.corpora import other_columns
from cartography.corpora.other_columns import ColumnWriter
from cartography.errors import CartographyError


def writer_of(names, *batches):
    writer = ColumnWriter(names)
    for batch in batches:
        writer.add(batch)
    return writer


def written(names, *batches):
    return writer_of(names, *batches).finish()


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files, which every table needs."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(other_columns, "_MOST_BYTES", 100)
    return tmp_path


@pytest.mark.parametrize(
    ("batches", "values"),
    [
        ([["a", None], ["b", ""]], ["a", None, "b", ""]),
        ([[1, 2], [3, None]], [1, 2, 3, None]),
        ([[1, 2], [0.5, None]], [1.0, 2.0, 0.5, None]),
        ([[1, 2], ["x", None]], ["1", "2", "x", None]),
        ([[1, "x"], ["y", [1]]], ["1", "x", "y", "[1]"]),
        ([[{"a": 1}, {"a": 2}]], [{"a": 1}, {"a": 2}]),
        ([["a", "b\ud800"]], ["a", "b\ufffd"]),
        ([[["a\ud800"]]], ['["a\ufffd"]']),
        ([[[{"s": 1}], [{"e": 2}]]], ['[{"s": 1}]', '[{"e": 2}]']),
        ([[[{"s": 1}]], [[{"e": 2}], []]], ['[{"s": 1}]', '[{"e": 2}]', "[]"]),
        ([[[{"s": 1}], []], [[{"s": 0.5}]]], [[{"s": 1.0}], [], [{"s": 0.5}]]),
        ([[{"s": {"t": 1}}], [{"s": {"u": 1}}]], ['{"s": {"t": 1}}', '{"s": {"u": 1}}']),
        ([[[{}]]], ["[{}]"]),
        ([[2**60 + 1], [0.5]], [str(2**60 + 1), "0.5"]),
        ([[10**30, 1]], [str(10**30), "1"]),
        ([[None, None], ["x", None]], [None, None, "x", None]),
    ],
)
def test_values_stay_or_become_text(batches, values):
    assert written(["c"], *[[batch] for batch in batches]).table["c"].to_pylist() == values


def test_a_mixed_column_leaves_the_others_as_they_are():
    writer = writer_of(["code", "n", "ok"], [[1, 2], [1, 2], [True, False]], [["x"], [3], [None]])
    table = writer.finish().table
    assert table["code"].to_pylist() == ["1", "2", "x"]
    assert (table["n"].to_pylist(), table["ok"].to_pylist()) == ([1, 2, 3], [True, False, None])
    assert writer.notes() == ("kept as text, since the values are of several types: column 'code'",)


def test_broken_characters_are_noted():
    writer = writer_of(["c"], [["a\ud800", "b", "\udfff"]])
    writer.finish()
    assert writer.notes() == (
        "2 cells of other columns with broken characters, replaced by \ufffd",
    )


def test_a_large_table_is_mapped_from_a_file(temporary):
    columns = written(["c", "d"], [["x" * 50] * 10, list(range(10))]).take(np.array([9, 0]))
    frame = columns.to_frame()
    assert frame["d"].tolist() == [9, 0]
    assert frame["c"].tolist() == ["x" * 50] * 2


def test_a_large_table_is_written_as_it_comes(temporary):
    writer = ColumnWriter(["c", "d"])
    before = pa.total_allocated_bytes()
    for i in range(20):
        writer.add([["x" * 1000] * 100, [i] * 100])
    assert len(list(temporary.glob("*/*"))) == 20
    assert pa.total_allocated_bytes() - before < 200_000  # two batches of 20
    writer.add([["y"], ["z"]])
    columns = writer.finish()
    assert pa.total_allocated_bytes() - before < 200_000
    assert columns.table["d"].to_pylist() == [str(i) for i in range(20) for _ in range(100)] + ["z"]


def test_a_file_lives_as_long_as_its_columns(temporary):
    columns = written(["c", "d"], [["x" * 50] * 10, list(range(10))])
    columns = columns.without(["c"]).take(np.array([3]))
    gc.collect()
    assert list(temporary.glob("*/*"))
    assert columns.to_frame()["d"].tolist() == [3]
    del columns
    gc.collect()
    assert not list(temporary.iterdir())


def test_a_full_disk_is_one_line_and_leaves_no_file(temporary, monkeypatch):
    writer = writer_of(["c"], [["x" * 200]])

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pa.ipc, "new_file", full)
    with pytest.raises(CartographyError, match=r"cannot be kept in .* \(No space left on device\)"):
        writer.add([["x" * 200]])
    assert not list(temporary.iterdir())
