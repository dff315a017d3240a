"""The columns of a user's table that are neither text, label nor id, kept for exports."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.cells import replace_broken
from cartography.corpora.columns import quote_names
from cartography.errors import CartographyError
from cartography.formatting import count_noun

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_MOST_BYTES = 64 << 20


class _Files:
    """A temporary folder that lives as long as this object."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cartography-columns-"))
        self._count = 0
        self.remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def new_path(self) -> Path:
        self._count += 1
        return self._folder / f"{self._count}.arrow"


@dataclass(frozen=True, eq=False)
class OtherColumns:
    """Columns of n rows.

    Attributes
    ----------
    table : pyarrow.Table
        All rows of the file. A large table is mapped from temporary files, not held in memory.
    rows : int64 array, shape (n,)
        The row of `table` that belongs to each row of the corpus.
    files : object, optional
        Owner of the temporary files, which are removed when no columns refer to it any more.
    """

    table: pa.Table
    rows: NDArray[np.int64]
    files: _Files | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.table.column_names)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> OtherColumns:
        """Return the columns of some rows: positions, or a mask."""
        return replace(self, rows=self.rows[rows])

    def without(self, names: Collection[str]) -> OtherColumns:
        """Return the columns without some of them."""
        return replace(self, table=self.table.drop_columns(list(names)))

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
    """Collects the columns of a table batch by batch, in files once they are large.

    A column whose cells have no type in common becomes text, as do objects with different keys,
    which a type would give each other's keys.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._in_memory: list[pa.Table] = []
        self._bytes = 0
        self._in_files: list[pa.Table] = []
        self._files: _Files | None = None
        self._are_texts: set[str] = set()
        self._turned: dict[str, None] = {}  # the columns that became text, in their order
        self._broken = 0

    def add(self, cells: Sequence[Sequence[Any]]) -> None:
        """Add a batch: a sequence of cells per column.

        Raises
        ------
        CartographyError
            The temporary files cannot be written.
        """
        import pyarrow as pa

        arrays = [self._array(*column) for column in zip(self._names, cells, strict=True)]
        table = pa.table(arrays, names=self._names)
        self._in_memory.append(table)
        self._bytes += table.nbytes
        if self._bytes > _MOST_BYTES:
            self._move_to_file()

    def finish(self) -> OtherColumns:
        """Return the columns of all batches.

        Raises
        ------
        CartographyError
            The temporary files cannot be written.
        """
        if self._in_files:
            self._move_to_file()
            table = self._unify(self._in_files, self._mapped)
        else:
            table = self._unify(self._in_memory)
        self._in_files, self._in_memory = [], []
        return OtherColumns(table, np.arange(table.num_rows), self._files)

    def notes(self) -> tuple[str, ...]:
        """Say what was changed in the cells, for the user."""
        notes = []
        if self._turned:
            columns = "column" if len(self._turned) == 1 else "columns"
            names = quote_names(list(self._turned))
            notes.append(f"kept as text, since the values are of several types: {columns} {names}")
        if self._broken:
            cells = count_noun(self._broken, "cell")
            notes.append(f"{cells} of other columns with broken characters, replaced by \ufffd")
        return tuple(notes)

    def _array(self, name: str, cells: Sequence[Any]) -> pa.Array:
        """The cells as an Arrow array."""
        import pyarrow as pa

        if name not in self._are_texts:
            with suppress(pa.ArrowException, ValueError, TypeError, OverflowError):
                array = pa.array(cells)
                if not pa.types.is_nested(array.type) or all(
                    _has_fields(cell, array.type) for cell in cells
                ):
                    return array
            self._are_texts.add(name)
        return self._texts(name, cells)

    def _texts(self, name: str, cells: Sequence[Any]) -> pa.Array:
        import pyarrow as pa

        texts: list[str | None] = []
        for cell in cells:
            text = None if cell is None else cell if isinstance(cell, str) else _as_text(cell)
            if text is not None:
                whole = replace_broken(text)
                self._broken += whole != text
                text = whole
                if not isinstance(cell, str):
                    self._turned[name] = None
            texts.append(text)
        return pa.array(texts, pa.string())

    def _unify(
        self, tables: Sequence[pa.Table], keep: Callable[[pa.Table], pa.Table] = lambda part: part
    ) -> pa.Table:
        """One table of several whose types may differ; `keep` gets each that was converted."""
        import pyarrow as pa

        types = {name: _common_type([table[name] for table in tables]) for name in self._names}
        parts = []
        for table in tables:
            if all(table.schema.field(name).type == types[name] for name in self._names):
                parts.append(table)
                continue
            columns = [self._as_type(name, table[name], types[name]) for name in self._names]
            parts.append(keep(pa.table(columns, names=self._names)))
        return pa.concat_tables(parts)

    def _as_type(self, name: str, column: pa.ChunkedArray, type: pa.DataType) -> pa.ChunkedArray:
        import pyarrow as pa

        if column.type == type:
            return column
        if not pa.types.is_string(type):
            return column.cast(type)
        texts = [self._texts(name, chunk.to_pylist()) for chunk in column.chunks]
        return pa.chunked_array(texts, pa.string())

    def _move_to_file(self) -> None:
        if self._in_memory:
            self._in_files.append(self._mapped(self._unify(self._in_memory)))
            self._in_memory, self._bytes = [], 0

    def _mapped(self, table: pa.Table) -> pa.Table:
        """Write a table to a new file and return it mapped from there."""
        import pyarrow as pa

        try:
            self._files = self._files or _Files()
            path = self._files.new_path()
            with path.open("wb") as file, pa.ipc.new_file(file, table.schema) as writer:
                writer.write_table(table)
            with pa.memory_map(str(path)) as source:
                return pa.ipc.open_file(source).read_all()
        except OSError as error:
            self._in_files = []
            if self._files is not None:
                self._files.remove()
            raise CartographyError(
                f"the other columns of the table cannot be kept in {tempfile.gettempdir()} "
                f"({error.strerror or error}): free space there, or name another folder with "
                "TMPDIR"
            ) from error


def _has_fields(cell: Any, type: pa.DataType) -> bool:
    """Whether a cell has all keys that objects of its Arrow type have, so that it stays as it is.

    Parquet holds no objects without keys.
    """
    import pyarrow as pa

    if cell is None:
        return True
    if pa.types.is_list(type):
        inner = type.value_type
        return not pa.types.is_nested(inner) or all(_has_fields(item, inner) for item in cell)
    if pa.types.is_struct(type):
        return len(cell) == type.num_fields > 0 and all(
            _has_fields(cell[field.name], field.type) for field in type
        )
    return True


def _common_type(columns: Sequence[pa.ChunkedArray]) -> pa.DataType:
    """The type that all columns can have with their values unchanged, else that of texts."""
    import pyarrow as pa

    types = list(dict.fromkeys(column.type for column in columns))
    if len(types) == 1:
        return types[0]
    schemas = [pa.schema([("", type)]) for type in types]
    with suppress(pa.ArrowException):
        common = pa.unify_schemas(schemas, promote_options="permissive").field(0).type
        if all(_keeps_fields(type, common) for type in types):
            for column in columns:
                column.cast(common)  # fails if a number has no place in it
            return common
    return pa.string()


def _keeps_fields(type: pa.DataType, common: pa.DataType) -> bool:
    """Whether objects of a type have all keys that those of the common type have."""
    import pyarrow as pa

    if pa.types.is_list(type) and pa.types.is_list(common):
        return _keeps_fields(type.value_type, common.value_type)
    if pa.types.is_struct(type):
        return type.num_fields == common.num_fields and all(
            _keeps_fields(field.type, common.field(field.name).type) for field in type
        )
    return True


def _as_text(cell: object) -> str:
    text = str(cell)
    with suppress(TypeError, ValueError):
        text = json.dumps(cell, ensure_ascii=False)
    return text
