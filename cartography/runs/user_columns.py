"""The other columns of the user's table in a run's folder, and in its exports."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.files import atomic_write

USER_COLUMNS = "columns.parquet"

_SLICE_ROWS = 50_000


def write_user_columns(folders: Iterable[Path], corpus: Corpus) -> None:
    """Write the other columns of a corpus to the folders of its runs, with the id of each text.

    Parameters
    ----------
    folders : iterable of Path
        They share one file where the file system allows it.
    corpus : Corpus
        Without other columns, nothing is written.

    Raises
    ------
    CartographyError
        A file cannot be written.
    """
    if corpus.columns is None:
        return
    first: Path | None = None
    for folder in folders:
        with atomic_write(folder / USER_COLUMNS) as temporary:
            if first is None:
                _write(temporary, corpus)
            else:
                _link_or_copy(first, temporary)
        first = first or folder / USER_COLUMNS


def _write(path: Path, corpus: Corpus) -> None:
    assert corpus.columns is not None
    columns = corpus.columns
    # The position, not the name of a column: names may be repeated or be "id" themselves.
    schema = pa.schema([pa.field("id", pa.string()), *columns.table.schema])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(corpus), _SLICE_ROWS):
            rows = slice(start, start + _SLICE_ROWS)
            taken = columns.table.take(columns.rows[rows]).combine_chunks()
            ids = pa.array(corpus.ids[rows].tolist(), pa.string())
            writer.write_table(pa.table([ids, *taken.columns], schema=schema))


def _link_or_copy(source: Path, target: Path) -> None:
    target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def join_user_columns(folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of texts of a run with the other columns of the user's table.

    Parameters
    ----------
    folder : Path
        The folder of the run.
    table : pandas.DataFrame
        With the column `id`.

    Returns
    -------
    pandas.DataFrame
        `table` with the other columns behind its own. One whose name `table` has already is called
        `name (data)`.

    Raises
    ------
    CartographyError
        The file in the folder cannot be read.
    """
    path = folder / USER_COLUMNS
    if not path.exists():
        return table
    wanted = pa.array(table["id"].astype(str).unique().tolist(), pa.string())
    parts = []
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_SLICE_ROWS):
                parts.append(batch.filter(pc.is_in(batch.column(0), wanted)))
            found = pa.Table.from_batches(parts, file.schema_arrow)
    except (OSError, pa.ArrowException) as error:
        raise CartographyError(f"{path} cannot be read: {error}") from error
    names = list(table.columns)
    for name in found.column_names[1:]:
        while name in names:
            name = f"{name} (data)"
        names.append(name)
    rows = pc.index_in(pa.array(table["id"].astype(str).tolist(), pa.string()), found.column(0))
    others = found.select(range(1, found.num_columns))
    others = others.rename_columns(names[len(table.columns) :])
    # Arrow's types keep whole numbers whole where some are missing.
    values = others.take(rows).to_pandas(types_mapper=pd.ArrowDtype)
    values.index = table.index
    return pd.concat([table, values], axis=1)
