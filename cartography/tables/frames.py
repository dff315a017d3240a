"""Tables from pandas data frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cartography.errors import CartographyError
from cartography.tables.table import Table, distinct_names

if TYPE_CHECKING:
    import pandas as pd


def table_from_frame(frame: pd.DataFrame, name: str = "DataFrame") -> Table:
    """Return a data frame as a table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The index is ignored. Missing values of any kind become empty cells.
    name : str, default "DataFrame"
        Name of the frame in errors and in the corpus.

    Returns
    -------
    Table

    Raises
    ------
    CartographyError
        The frame has no rows.
    """
    if not len(frame):
        raise CartographyError(f"the {name} has no rows: give one with texts")
    columns, notes = distinct_names([str(column) for column in frame.columns], f"the {name}")

    def values(column: str) -> list[Any]:
        cells = frame.iloc[:, columns.index(column)]
        values = cells.astype(object).where(cells.notna(), None).tolist()
        return [_plain(value) for value in values]

    def batches(names: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        yield [values(name) for name in names]

    return Table(
        location=f"the {name}",
        name=name,
        columns=columns,
        rows=len(frame),
        batches=batches,
        row_name=lambda i: f"row {i + 1}",
        notes=notes,
    )


def _plain(value: Any) -> Any:
    """A cell without NumPy's types, in which pandas reads the lists of a Parquet file; sets too."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
