"""Texts with two coordinates as Parquet, in the form of Embedding Atlas.

`embedding-atlas FILE.parquet --x x --y y --text text` shows such a file; every other column can
colour and filter it there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cartography.errors import CartographyError
from cartography.files import atomic_write
from cartography.formats.export import arrow_table
from cartography.formats.typed_columns import as_table, find_column, read_numbers, require_column
from cartography.tables.table import Table

# The second pair is what Embedding Atlas calls the columns that it computes.
_COORDINATES = (("x", "projection_x"), ("y", "projection_y"))


def has_atlas(table: Table) -> bool:
    """Return whether a table has coordinates as Embedding Atlas writes them."""
    return all(find_column(table, *names) is not None for names in _COORDINATES)


def read_embedding_atlas(source: Path | Table) -> pd.DataFrame:
    """Read a table of Embedding Atlas.

    Parameters
    ----------
    source : Path or Table
        With the columns x and y, or projection_x and projection_y.

    Returns
    -------
    pandas.DataFrame
        `x` and `y` as float64, and all other columns as they are.

    Raises
    ------
    CartographyError
        A coordinate is missing or not a finite number.
    """
    table = as_table(source)
    content = "a table of Embedding Atlas"
    names = [require_column(table, *pair, content=content) for pair in _COORDINATES]
    columns = [*names, *(name for name in dict.fromkeys(table.columns) if name not in names)]
    cells: dict[str, list[object]] = {name: [] for name in columns}
    coordinates: list[list[np.ndarray[tuple[int], np.dtype[np.float64]]]] = [[], []]
    start = 0
    for batch in table.batches(columns):
        for name, values, part in zip(names, batch[:2], coordinates, strict=True):
            part.append(read_numbers(table, name, values, start))
        for name, values in zip(columns[2:], batch[2:], strict=True):
            cells[name].extend(values)
        start += len(batch[0])
    frame = {"x": np.concatenate(coordinates[0]), "y": np.concatenate(coordinates[1])}
    others = {name: values for name, values in cells.items() if name not in names}
    return pd.DataFrame({**frame, **others})


def write_embedding_atlas(path: Path, frame: pd.DataFrame) -> None:
    """Write a table for Embedding Atlas as Parquet.

    Parameters
    ----------
    path : Path
    frame : pandas.DataFrame
        With finite numbers in the columns x and y, and usually text.

    Raises
    ------
    CartographyError
        x or y is missing or not finite, or the file cannot be written.
    """
    for name in ("x", "y"):
        if name not in frame or not np.isfinite(frame[name].to_numpy(dtype=np.float64)).all():
            raise CartographyError(f"column {name!r} must have a finite number in every row")
    try:
        table = arrow_table(frame)
    except pa.ArrowException as error:
        raise CartographyError(f"{path} cannot be written: {str(error).splitlines()[0]}") from error
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary)
