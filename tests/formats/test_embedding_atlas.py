from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cartography.errors import CartographyError
from cartography.formats.embedding_atlas import read_embedding_atlas, write_embedding_atlas

FRAME = pd.DataFrame(
    {
        "x": [0.1, -2.5, 1e-300],
        "y": [3.0, 4.0, 5.0],
        "text": ["a cat", "ß\u2028", ""],
        "id": ["1", "b", "-c"],
        "count": [1, 2, 3],
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "atlas.parquet"


def test_what_is_written_is_read_back_equal(file: Path) -> None:
    write_embedding_atlas(file, FRAME)
    pd.testing.assert_frame_equal(read_embedding_atlas(file), FRAME, check_dtype=False)
    assert pq.read_schema(file).names == ["x", "y", "text", "id", "count"]


def test_pandas_reads_lists_of_arrow(file: Path) -> None:
    lists = pd.Series([["a"], [], None], dtype=pd.ArrowDtype(pa.list_(pa.string())))
    write_embedding_atlas(file, FRAME.assign(tags=lists))
    assert pd.read_parquet(file)["tags"][0].tolist() == ["a"]


def test_columns_that_the_tool_computed(file: Path) -> None:
    frame = FRAME.rename(columns={"x": "projection_x", "y": "projection_y"})
    frame[["text", "projection_y", "projection_x"]].to_parquet(file)
    found = read_embedding_atlas(file)
    assert list(found.columns) == ["x", "y", "text"]
    np.testing.assert_array_equal(found["x"], FRAME["x"])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME.drop(columns="y"), "no column 'y' or 'projection_y', so it is not a table of Emb"),
        (FRAME.assign(x=[0.0, np.inf, 1.0]), "row 2, column 'x' has a number and not a finite"),
        (FRAME.assign(x=[0.0, None, 1.0]), "row 2, column 'x' is empty"),
        (FRAME.assign(y=["a", "b", "c"]), "row 1, column 'y' has 'a' and not a finite number"),
    ],
)
def test_errors_name_the_row(file: Path, frame: pd.DataFrame, message: str) -> None:
    frame.to_parquet(file)
    with pytest.raises(CartographyError, match=message):
        read_embedding_atlas(file)


def test_a_file_that_is_no_parquet(file: Path) -> None:
    file.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(CartographyError, match=r"atlas\.parquet"):
        read_embedding_atlas(file)


@pytest.mark.parametrize(
    "frame",
    [
        FRAME.drop(columns="x"),
        FRAME.assign(y=np.nan),
        FRAME.assign(text=[1, "b", ["c"]]),
    ],
)
def test_what_cannot_be_written(file: Path, frame: pd.DataFrame) -> None:
    with pytest.raises(CartographyError):
        write_embedding_atlas(file, frame)
    assert not file.exists()
