"""Areas under the margin (AUM) as CSV, in the form of the `aum` package (Pleiss et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.files import atomic_write
from cartography.formats.typed_columns import (
    as_table,
    distinct_ids,
    find_column,
    read_id,
    read_numbers,
    require_column,
)
from cartography.tables.table import Table


@dataclass(frozen=True, eq=False)
class AumValues:
    """The area under the margin of n items.

    Attributes
    ----------
    ids : object array, shape (n,)
        Whole numbers or strings.
    aum : float64 array, shape (n,)
        The mean over all measurements of the gold label's logit minus the largest other logit.
    """

    ids: NDArray[np.object_]
    aum: NDArray[np.float64]


def has_aum(table: Table) -> bool:
    """Return whether a table has the columns sample_id and aum."""
    return find_column(table, "sample_id") is not None and find_column(table, "aum") is not None


def read_aum(source: Path | Table) -> AumValues:
    """Read areas under the margin.

    Parameters
    ----------
    source : Path or Table
        With the columns `sample_id` and `aum`, as `aum_values.csv`. A table that has the column
        `num_measurements` too, as `full_aum_records.csv`, has a row per measurement; the last of
        each sample counts.

    Returns
    -------
    AumValues
        In the order of the file.

    Raises
    ------
    CartographyError
        A column is missing, an id is given twice, or a value is not a finite number.
    """
    table = as_table(source)
    content = "a table of areas under the margin"
    names = [require_column(table, name, content=content) for name in ("sample_id", "aum")]
    measurement = find_column(table, "num_measurements")
    if measurement is not None:
        names.append(measurement)
    ids: list[int | str] = []
    parts: list[list[NDArray[np.float64]]] = [[] for _ in names[1:]]
    for batch in table.batches(names):
        start = len(ids)
        ids.extend(read_id(table, names[0], cell, start + row) for row, cell in enumerate(batch[0]))
        for name, cells, part in zip(names[1:], batch[1:], parts, strict=True):
            part.append(read_numbers(table, name, cells, start))
    columns = [np.concatenate(part) for part in parts]
    if measurement is None:
        return AumValues(distinct_ids(table, ids), columns[0])
    last: dict[int | str, int] = {}
    for row, name_of_sample in enumerate(ids):
        before = last.get(name_of_sample, row)
        if before != row and columns[1][before] == columns[1][row]:
            raise CartographyError(
                f"{table.location}, {table.row_name(row)} has measurement {columns[1][row]:g} of "
                f"sample {name_of_sample!r} again: each has one row"
            )
        last[name_of_sample] = row if columns[1][row] >= columns[1][before] else before
    return AumValues(distinct_ids(table, last), columns[0][list(last.values())])


def write_aum(path: Path, values: AumValues) -> None:
    """Write areas under the margin as `aum_values.csv`: sample_id and aum, the highest first.

    Raises
    ------
    CartographyError
        The file cannot be written.
    """
    order = np.argsort(-values.aum, kind="stable")
    frame = pd.DataFrame({"sample_id": values.ids[order], "aum": values.aum[order]})
    with atomic_write(path) as temporary:
        frame.to_csv(temporary, index=False)
