"""The files of an active-learning run: one Parquet file an iteration, with its scalars inside."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cartography.active.simulation import Iteration
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.files import atomic_write

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
"""What is told of an iteration in one number or sentence each: the columns of iterations.csv."""


@dataclass(frozen=True, eq=False)
class RunOutline:
    """What a comparison needs of a run, without its texts and maps.

    `iterations` has a row for each iteration with the `COLUMNS`, and `batches` the ids picked
    between one and the next.
    """

    iterations: pd.DataFrame
    batches: tuple[NDArray[np.object_], ...]


# What the columns say of a text that no strategy picked.
_SEED_SET: dict[str, Any] = {"iteration": 0, "rank": None, "score": None, "predicted_label": None}


def iteration_table(iteration: Iteration, corpus: Corpus, before: pa.Table | None) -> pa.Table:
    """The labelled set and its map, the iteration's scalars in its metadata.

    What a row was when it joined is kept from `before`, the table of the previous iteration
    (None at 0).
    """
    data_map, batch = iteration.data_map, iteration.batch
    rows = iteration.rows
    joined = {
        name: [empty] * len(rows) if before is None else before[name].to_pylist()
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
    """Write the table of iteration `number` whole."""
    with atomic_write(_file(folder, number)) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_iterations(folder: Path) -> list[pa.Table]:
    """The tables of iterations 0, 1 … as far as they go without a gap.

    Raises CartographyError when a file cannot be read.
    """
    tables: list[pa.Table] = []
    while (path := _file(folder, len(tables))).exists():
        with _readable(path):
            table = pq.read_table(path)
            json.loads(table.schema.metadata[_SCALARS])
        tables.append(table)
    return tables


def read_run_outline(folder: Path) -> RunOutline:
    """The outline of iterations 0, 1 … as far as they go without a gap: of each file the scalars,
    and of the last the ids in the order in which they joined.

    Raises CartographyError when a file cannot be read, or there is none.
    """
    schemas: list[pa.Schema] = []
    while (path := _file(folder, len(schemas))).exists():
        with _readable(path):
            schema = pq.read_schema(path)
            json.loads(schema.metadata[_SCALARS])
        schemas.append(schema)
    if not schemas:
        raise CartographyError(f"{folder} has no iteration yet: wait for the first training")
    path = _file(folder, len(schemas) - 1)
    with _readable(path):
        last = pq.read_table(path, columns=["id", "iteration"])
    ids = np.array(last["id"].to_pylist(), dtype=object)
    joined = last["iteration"].to_numpy()
    return RunOutline(
        iterations=_scalar_table(schemas),
        batches=tuple(ids[joined == number] for number in range(1, len(schemas))),
    )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what a damaged file raises into a CartographyError."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CartographyError(
            f"{path} cannot be read ({error}): remove it and the later ones to go on from the "
            "iteration before"
        ) from error


def scalars_of(tables: list[pa.Table]) -> pd.DataFrame:
    """A row for each iteration with the `COLUMNS`; NaN where an older run did not record one."""
    return _scalar_table([table.schema for table in tables])


def _scalar_table(schemas: list[pa.Schema]) -> pd.DataFrame:
    scalars = [json.loads(schema.metadata[_SCALARS]) for schema in schemas]
    return pd.DataFrame(scalars, columns=list(COLUMNS))


def batches_of(tables: list[pa.Table], row_of: Mapping[str, int]) -> list[NDArray[np.int64]]:
    """Rows of the batches taught so far, from the last iteration's table; `row_of` an id."""
    joined = np.array(tables[-1]["iteration"].to_pylist())
    rows = np.array([row_of[name] for name in tables[-1]["id"].to_pylist()], dtype=np.int64)
    return [rows[joined == number] for number in range(1, len(tables))]


def _file(folder: Path, number: int) -> Path:
    return folder / MAPS / f"iteration-{number:03d}.parquet"
