"""The user's other columns are in every run folder and come back by id."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from cartography.corpora.reading import read_corpus
from cartography.errors import CartographyError
from cartography.runs import user_columns
from cartography.runs.user_columns import USER_COLUMNS, join_user_columns, write_user_columns


@pytest.fixture
def corpus():
    frame = pd.DataFrame(
        {
            "text": ["a", "b", "c", "d"],
            "label": ["x", "y", "x", "y"],
            "rank": [4, 3, 2, 1],
            "": ["p", "q", None, "s"],
            "seen": pd.array([1, None, 3, 4], dtype="Int64"),
        }
    )
    return read_corpus(frame)


@pytest.mark.parametrize("slice_rows", [50_000, 2])
def test_columns_are_written_once_and_joined_by_id(corpus, tmp_path, monkeypatch, slice_rows):
    monkeypatch.setattr(user_columns, "_SLICE_ROWS", slice_rows)
    folders = [tmp_path / "one", tmp_path / "two"]
    part = corpus.take(np.array([3, 1, 2]))
    write_user_columns(folders, part)
    assert pq.read_table(folders[1] / USER_COLUMNS)[0].to_pylist() == ["3", "1", "2"]
    table = pd.DataFrame({"id": ["2", "3"], "rank": [1, 2]}, index=[7, 5])
    joined = join_user_columns(folders[1], table)
    assert list(joined) == ["id", "rank", "rank (data)", "", "seen"]
    assert list(joined.index) == [7, 5]
    assert joined["rank (data)"].tolist() == [2, 1]
    assert joined["seen"].tolist() == [3, 4]
    assert joined.to_csv(index=False) == "id,rank,rank (data),,seen\n2,1,2,,3\n3,2,1,s,4\n"


def test_without_other_columns_nothing_is_written(tmp_path):
    corpus = read_corpus(pd.DataFrame({"text": ["a"], "label": ["x"]}))
    write_user_columns([tmp_path], corpus)
    table = pd.DataFrame({"id": ["0"]})
    assert list(tmp_path.iterdir()) == []
    assert join_user_columns(tmp_path, table) is table


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / USER_COLUMNS).write_bytes(b"PAR1")
    with pytest.raises(CartographyError, match=r"columns.parquet cannot be read"):
        join_user_columns(tmp_path, pd.DataFrame({"id": ["0"]}))
