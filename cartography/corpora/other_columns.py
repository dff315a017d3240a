"""The columns of a user's table that are neither text, label nor id, kept for exports."""

from __future__ import annotations

import json
import tempfile
import weakref
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_MOST_BYTES = 64 << 20


@dataclass(frozen=True, eq=False)
class OtherColumns:
    """Columns of n rows.

    Attributes
    ----------
    table : pyarrow.Table
        All rows of the file. A large table is mapped from a temporary file, not held in memory.
    rows : int64 array, shape (n,)
        The row of `table` that belongs to each row of the corpus.
    """

    table: pa.Table
    rows: NDArray[np.int64]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.table.column_names)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> OtherColumns:
        """Return the columns of some rows: positions, or a mask."""
        return OtherColumns(self.table, self.rows[rows])

    def without(self, names: Collection[str]) -> OtherColumns:
        """Return the columns without some of them."""
        return OtherColumns(self.table.drop_columns(list(names)), self.rows)

    def to_frame(self, reserved: Collection[str] = ()) -> pd.DataFrame:
        """Return the columns as a data frame of n rows.

        Parameters
        ----------
        reserved : collection of str
            Names that the columns must not have; such a column is called `name (data)`.
        """
        import pandas as pd

        names: list[str] = []
        for name in self.names:
            while name in reserved or name in names:
                name = f"{name} (data)"
            names.append(name)
        # Arrow's types keep whole numbers whole where some are missing.
        taken = self.table.rename_columns(names).take(self.rows)
        return taken.to_pandas(types_mapper=pd.ArrowDtype)


class ColumnWriter:
    """Collects the columns of a table batch by batch, in a file once they are large."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._batches: list[pa.RecordBatch] = []
        self._bytes = 0
        self._is_text = [False] * len(names)

    def add(self, cells: Sequence[Sequence[Any]]) -> None:
        """Add a batch: a sequence of cells per column."""
        import pyarrow as pa

        arrays = [self._array(position, column) for position, column in enumerate(cells)]
        batch = pa.record_batch(arrays, names=self._names)
        self._batches.append(batch)
        self._bytes += batch.nbytes

    def _array(self, position: int, cells: Sequence[Any]) -> pa.Array:
        """The cells as an Arrow array; cells of several kinds become text."""
        import pyarrow as pa

        if not self._is_text[position]:
            try:
                return pa.array(cells)
            except (pa.ArrowException, ValueError, TypeError, OverflowError):
                self._is_text[position] = True
        return pa.array([_as_text(cell) for cell in cells], pa.string())

    def finish(self) -> pa.Table:
        """Return the table of all batches."""
        import pyarrow as pa

        table = _unify(self._batches)
        self._batches = []
        if self._bytes <= _MOST_BYTES:
            return table
        with tempfile.NamedTemporaryFile(suffix=".arrow", delete=False) as file:
            path = Path(file.name)
            with pa.ipc.new_file(file, table.schema) as writer:
                writer.write_table(table)
        mapped = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        weakref.finalize(mapped, path.unlink, missing_ok=True)
        return mapped


def _unify(batches: Sequence[pa.RecordBatch]) -> pa.Table:
    """One table of batches whose inferred types may differ: text where they cannot be joined."""
    import pyarrow as pa

    tables = [pa.Table.from_batches([batch]) for batch in batches]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:
        return pa.concat_tables(map(_all_text, tables))


def _all_text(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    columns = {
        name: pa.array([_as_text(cell) for cell in table.column(name).to_pylist()], pa.string())
        for name in table.column_names
    }
    return pa.table(columns)


def _as_text(cell: object) -> str | None:
    if cell is None:
        return None
    text = str(cell)
    if not isinstance(cell, str):
        with suppress(TypeError, ValueError):
            text = json.dumps(cell, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()  # JSON may hold characters that no file can
