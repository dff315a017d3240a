"""Columns that stay with the texts, in memory or in a file."""

import numpy as np
import pytest

from cartography.corpora import other_columns
from cartography.corpora.other_columns import ColumnWriter, OtherColumns


def written(names, *batches):
    writer = ColumnWriter(names)
    for batch in batches:
        writer.add(batch)
    return writer.finish()


@pytest.mark.parametrize(
    ("batches", "values"),
    [
        ([["a", None], ["b", ""]], ["a", None, "b", ""]),
        ([[1, 2], [3, None]], [1, 2, 3, None]),
        ([[1, 2], [0.5, None]], [1.0, 2.0, 0.5, None]),
        ([[1, 2], ["x", None]], ["1", "2", "x", None]),
        ([[1, "x"], ["y", [1]]], ["1", "x", "y", "[1]"]),
        ([[{"a": 1}, {"a": 2}]], [{"a": 1}, {"a": 2}]),
        ([["a", "b\ud800"]], ["a", "b?"]),
        ([[10**30, 1]], [str(10**30), "1"]),
        ([[None, None], ["x", None]], [None, None, "x", None]),
    ],
)
def test_values_stay_or_become_text(batches, values):
    table = written(["c"], *[[batch] for batch in batches])
    assert table["c"].to_pylist() == values


def test_a_large_table_is_mapped_from_a_file(monkeypatch):
    monkeypatch.setattr(other_columns, "_MOST_BYTES", 100)
    table = written(["c", "d"], [["x" * 50] * 10, list(range(10))])
    columns = OtherColumns(table, np.arange(10)).take(np.array([9, 0]))
    frame = columns.to_frame()
    assert frame["d"].tolist() == [9, 0]
    assert frame["c"].tolist() == ["x" * 50] * 2
