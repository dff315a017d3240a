"""The files of an active-learning run: one Parquet file per iteration, with its scalars."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.files import atomic_write

if TYPE_CHECKING:
    from cartography.active.simulation import Iteration

MAPS = "maps"
_SCALARS = b"cartography"

COLUMNS = (
    "iteration",
    "labelled",
    "accuracy",
    "macro_f1",
    "discriminator_accuracy",
    "confidence",
    "variability",
    "correctness",
    "train_seconds",
    "select_seconds",
    "fallback",
    "agreement",
    "pool",
    "pool_max_probability",
)
"""The scalars of an iteration, which are the columns of iterations.csv."""


@dataclass(frozen=True, eq=False)
class RunOutline:
    """A run without its texts and maps, for comparisons.

    Attributes
    ----------
    iterations : pandas.DataFrame
        One row per iteration, with the columns `COLUMNS`.
    batches : tuple of object arrays
        The ids picked between one iteration and the next.
    """

    iterations: pd.DataFrame
    batches: tuple[NDArray[np.object_], ...]


# Values of a text of the seed set.
_SEED_SET: dict[str, Any] = {"iteration": 0, "rank": None, "score": None, "predicted_label": None}


def iteration_table(iteration: Iteration, corpus: Corpus, previous: pa.Table | None) -> pa.Table:
    """Make the table of an iteration.

    Parameters
    ----------
    iteration : Iteration
    corpus : Corpus
    previous : pyarrow.Table or None
        The table of the previous iteration, None for iteration 0. The rank, score and predicted
        label of earlier batches are copied from it.

    Returns
    -------
    pyarrow.Table
        One row per labelled text, with its statistics on the map. The scalars of the iteration
        are in the metadata of the schema.
    """
    data_map, batch, rows = iteration.data_map, iteration.batch, iteration.rows
    joined = {
        name: [empty] * len(rows) if previous is None else previous[name].to_pylist()
        for name, empty in _SEED_SET.items()
    }
    if batch:
        joined["iteration"] += [iteration.number] * len(batch)
        joined["rank"] += list(range(1, len(batch) + 1))
        joined["score"] += batch.scores.tolist()
        joined["predicted_label"] += corpus.label_names(batch.predicted).tolist()
    table = pa.table(
        {
            "id": pa.array(corpus.ids[rows].tolist(), pa.string()),
            "text": pa.array(corpus.texts[rows].tolist(), pa.string()),
            "label": pa.array(corpus.label_names(iteration.labels).tolist(), pa.string()),
            "iteration": pa.array(joined["iteration"], pa.int64()),
            "rank": pa.array(joined["rank"], pa.int64()),
            "score": pa.array(joined["score"], pa.float64()),
            "predicted_label": pa.array(joined["predicted_label"], pa.string()),
            "confidence": data_map.confidence,
            "variability": data_map.variability,
            "correctness": data_map.correctness,
            # Not DataMap.to_frame: pandas would make this a large_string column.
            "region": pa.array(data_map.region_names.tolist(), pa.string()),
        }
    )
    return table.replace_schema_metadata({_SCALARS: json.dumps(_scalars(iteration))})


def _scalars(iteration: Iteration) -> dict[str, Any]:
    """The values of `COLUMNS` by name."""
    batch, statistics = iteration.batch, iteration.batch_statistics
    return {
        "iteration": iteration.number,
        "labelled": len(iteration.rows),
        "accuracy": iteration.evaluation.accuracy,
        "macro_f1": iteration.evaluation.macro_f1,
        "discriminator_accuracy": batch.discriminator_accuracy if batch else float("nan"),
        "confidence": statistics.confidence,
        "variability": statistics.variability,
        "correctness": statistics.correctness,
        "train_seconds": iteration.train_seconds,
        "select_seconds": batch.seconds if batch else float("nan"),
        "fallback": batch.fallback if batch else "",
        "agreement": iteration.agreement,
        "pool": iteration.pool,
        "pool_max_probability": batch.pool_max_probability if batch else float("nan"),
    }


def write_iteration(folder: Path, number: int, table: pa.Table) -> None:
    """Write the table of iteration `number` to the run in `folder`."""
    with atomic_write(_iteration_path(folder, number)) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_iterations(folder: Path) -> list[pa.Table]:
    """Read the tables of all iterations up to the first missing one.

    Parameters
    ----------
    folder : Path
        The folder of the run.

    Returns
    -------
    list of pyarrow.Table

    Raises
    ------
    CartographyError
        A file cannot be read.
    """
    tables: list[pa.Table] = []
    while (path := _iteration_path(folder, len(tables))).exists():
        with _report_damage(path):
            table = pq.read_table(path)
            json.loads(table.schema.metadata[_SCALARS])
        tables.append(table)
    return tables


def read_run_outline(folder: Path) -> RunOutline:
    """Read the scalars and batches of all iterations up to the first missing one.

    Faster than `read_iterations`: it reads the ids of the last file only.

    Parameters
    ----------
    folder : Path
        The folder of the run.

    Returns
    -------
    RunOutline

    Raises
    ------
    CartographyError
        There is no iteration yet, or a file cannot be read.
    """
    schemas: list[pa.Schema] = []
    while (path := _iteration_path(folder, len(schemas))).exists():
        with _report_damage(path):
            schema = pq.read_schema(path)
            json.loads(schema.metadata[_SCALARS])
        schemas.append(schema)
    if not schemas:
        raise CartographyError(f"{folder} has no iteration yet: wait for the first training")
    path = _iteration_path(folder, len(schemas) - 1)
    with _report_damage(path):
        last = pq.read_table(path, columns=["id", "iteration"])
    ids = np.array(last["id"].to_pylist(), dtype=object)
    joined = last["iteration"].to_numpy()
    return RunOutline(
        iterations=_scalar_table(schemas),
        batches=tuple(ids[joined == number] for number in range(1, len(schemas))),
    )


@contextmanager
def _report_damage(path: Path) -> Iterator[None]:
    """Raise CartographyError if the block cannot read a damaged file."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CartographyError(
            f"{path} cannot be read ({error}): remove it and the files of later iterations, then "
            "resume the run"
        ) from error


def scalar_table(tables: list[pa.Table]) -> pd.DataFrame:
    """Collect the scalars of iterations.

    Parameters
    ----------
    tables : list of pyarrow.Table

    Returns
    -------
    pandas.DataFrame
        One row per table, with the columns `COLUMNS`. NaN where an older version of this package
        did not record a scalar.
    """
    return _scalar_table([table.schema for table in tables])


def _scalar_table(schemas: list[pa.Schema]) -> pd.DataFrame:
    scalars = [json.loads(schema.metadata[_SCALARS]) for schema in schemas]
    return pd.DataFrame(scalars, columns=list(COLUMNS))


def batch_rows(tables: list[pa.Table], row_of: Mapping[str, int]) -> list[NDArray[np.int64]]:
    """Return the rows of all batches so far.

    Parameters
    ----------
    tables : list of pyarrow.Table
        The tables of all iterations so far, at least one.
    row_of : mapping of str to int
        The row of each id in the corpus.

    Returns
    -------
    list of int64 arrays
        One per iteration from 1.
    """
    joined = np.array(tables[-1]["iteration"].to_pylist())
    rows = np.array([row_of[name] for name in tables[-1]["id"].to_pylist()], dtype=np.int64)
    return [rows[joined == number] for number in range(1, len(tables))]


def _iteration_path(folder: Path, number: int) -> Path:
    return folder / MAPS / f"iteration-{number:03d}.parquet"
