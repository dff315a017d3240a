"""Cells of data frames as plain values."""

import io

import numpy as np
import pandas as pd

from cartography.corpora.reading import read_corpus
from cartography.tables.frames import table_from_frame


def test_lists_are_as_they_were_written_to_parquet() -> None:
    frame = pd.DataFrame({"text": ["a", "b"], "label": [["x", "y"], ["y"]]})
    read = pd.read_parquet(io.BytesIO(frame.to_parquet()))
    assert isinstance(read["label"][0], np.ndarray)
    assert table_from_frame(read).values("label") == [["x", "y"], ["y"]]
    assert read_corpus(read).classes == ("x", "y")


def test_cells_hold_plain_values() -> None:
    cells = [
        {"y", "x"},
        frozenset([1]),
        ("a", np.int64(3)),
        {"k": np.array([1, 2])},
        np.array([np.array([1]), np.array([2, 3])], dtype=object),
    ]
    values = table_from_frame(pd.DataFrame({"c": cells})).values("c")
    assert values == [["x", "y"], [1], ["a", 3], {"k": [1, 2]}, [[1], [2, 3]]]


def test_columns_of_one_name_are_told_apart():
    table = table_from_frame(pd.DataFrame([["a", "x", "y"]], columns=["text", "note", "note"]))
    assert table.head(1) == {"text": ["a"], "note": ["x"], "note (2)": ["y"]}
    assert len(table.notes) == 1
