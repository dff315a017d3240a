"""An active-learning run on disk: one file an iteration, resumed and read back."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cartography.corpus import Corpus
from cartography.disk import written_whole
from cartography.errors import CartographyError
from cartography.export import BATCH_COLUMNS, selection_card, write_csv
from cartography.runs import SUMMARY, Manifest, read_json, read_manifest, run_id, write_json
from cartography.simulation import Arm, Iteration, simulate

MAPS = "maps"
ITERATIONS = "iterations.csv"
BATCHES = "batches.csv"
_SCALARS = b"cartography"


@dataclass(frozen=True, eq=False)
class LearnRun:
    """A run read back: what was asked and the iterations so far.

    `iterations` has a row for each, with the columns of iterations.csv. `maps` holds each one's
    labelled set with its map: the columns of the batch CSV less strategy, seed and run_id, where
    `iteration` is when a text joined (0: the seed set) and rank and score are missing for the seed
    set. `summary` is None until the run is finished.
    """

    folder: Path
    manifest: dict[str, Any]
    iterations: pd.DataFrame
    maps: tuple[pd.DataFrame, ...]
    summary: dict[str, Any] | None

    @property
    def run_id(self) -> str:
        """The 12 hexadecimal digits that name its manifest."""
        return run_id(self.manifest)

    @property
    def strategy(self) -> str:
        """The query strategy."""
        return str(self.manifest["strategy"])

    @property
    def seed(self) -> int:
        """The seed."""
        return int(self.manifest["seed"])

    def batch(self, number: int) -> pd.DataFrame:
        """The batch of iteration `number` (from 1), in the columns of the batch CSV.

        Raises CartographyError when the run has no such iteration.
        """
        if not 1 <= number < len(self.maps):
            have = f"1 to {len(self.maps) - 1}" if len(self.maps) > 1 else "none yet"
            raise CartographyError(
                f"{self.folder} has no batch of iteration {number}: it has {have}"
            )
        labelled = self.maps[number]
        batch = labelled[labelled["iteration"] == number]
        # Other rows of the map have no rank, which made it a float.
        batch = batch.assign(
            rank=batch["rank"].astype("int64"),
            strategy=self.strategy,
            seed=self.seed,
            run_id=self.run_id,
        )
        return batch[list(BATCH_COLUMNS)]

    def batches(self) -> pd.DataFrame:
        """All batches, one after the other, in the columns of the batch CSV."""
        each = [self.batch(number) for number in range(1, len(self.maps))]
        return pd.concat(each, ignore_index=True) if each else pd.DataFrame(columns=BATCH_COLUMNS)

    def card(self, batch: pd.DataFrame) -> dict[str, Any]:
        """The selection card of `batch`."""
        return selection_card(self.manifest, self.run_id, batch)


def record_learning(
    runs: Mapping[Path, Manifest],
    corpus: Corpus,
    features: NDArray[np.float32],
    test: Corpus,
    test_features: NDArray[np.float32],
    *,
    pause_after: int | None = None,
) -> Iterator[Iteration]:
    """Simulate each run side by side, going on from what its folder holds; write as it goes.

    Yields each iteration after it is on disk. When the iterator is exhausted the runs are
    finished, unless `pause_after` stopped them after that many new iterations each: then the same
    call later goes on. Runs side by side go on from the last iteration that all of them have.
    """
    first = next(iter(runs.values()))
    arms = {Arm(run.strategy, run.seed): folder for folder, run in runs.items()}
    row_of = {name: row for row, name in enumerate(corpus.ids)}
    past = [_read_maps(folder) for folder in runs]
    common = min(len(maps) for maps in past)
    done = [_batches_done(maps[:common], row_of) for maps in past] if common else None
    recorded = {
        folder: _Recorder(folder, manifest, maps[:common], corpus)
        for (folder, manifest), maps in zip(runs.items(), past, strict=True)
    }
    last = first.preset.iterations
    stop = last if pause_after is None else min(last, common - 1 + pause_after)
    if stop >= common:
        steps = simulate(
            corpus,
            features,
            test,
            test_features,
            list(arms),
            preset=first.preset,
            device=first.device,
            done=done,
        )
        for position, iteration in enumerate(steps, start=1):
            recorded[arms[iteration.arm]].add(iteration)
            yield iteration
            if iteration.number == stop < last and position % len(arms) == 0:
                return
    for recorder in recorded.values():
        recorder.finish()


class _Recorder:
    """Writes one run: the iteration's file first, then the tables made from all files."""

    def __init__(
        self, folder: Path, manifest: Manifest, maps: list[pa.Table], corpus: Corpus
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self.maps = maps
        self.corpus = corpus

    def add(self, iteration: Iteration) -> None:
        """Write the iteration whole, then refresh iterations.csv and batches.csv."""
        table = self._table(iteration)
        with written_whole(_map_file(self.folder, iteration.number)) as temporary:
            pq.write_table(table, temporary, compression="zstd")
        self.maps.append(table)
        run = _run(self.folder, self.manifest.as_dict(), self.maps, None)
        write_csv(run.iterations, self.folder / ITERATIONS)
        write_csv(run.batches(), self.folder / BATCHES)

    def finish(self) -> None:
        """Write run.json, which says that the run is whole."""
        run = _run(self.folder, self.manifest.as_dict(), self.maps, None)
        accuracy = run.iterations["accuracy"]
        write_json(
            self.folder / SUMMARY,
            {
                "run_id": self.manifest.run_id,
                **self.manifest.as_dict(),
                "labelled": int(run.iterations["labelled"].iloc[-1]),
                "test_accuracy": float(accuracy.iloc[-1]),
                "test_macro_f1": float(run.iterations["macro_f1"].iloc[-1]),
                "first_accuracy": float(accuracy.iloc[0]),
                "mean_accuracy": float(accuracy.mean()),
                "fallbacks": [
                    f"iteration {number}: {text}"
                    for number, text in zip(
                        run.iterations["iteration"], run.iterations["fallback"], strict=True
                    )
                    if text
                ],
            },
        )

    def _table(self, iteration: Iteration) -> pa.Table:
        """The labelled set and its map; what a row was when it joined is kept from then."""
        corpus, data_map, batch = self.corpus, iteration.data_map, iteration.batch
        rows = iteration.rows
        before = len(rows) - (len(batch) if batch else 0)
        joined = {
            name: self.maps[-1][name].to_pylist() if self.maps else [empty] * before
            for name, empty in _SEED_SET.items()
        }
        if batch:
            joined["iteration"] += [iteration.number] * len(batch)
            joined["rank"] += list(range(1, len(batch) + 1))
            joined["score"] += batch.scores.tolist()
            joined["predicted_label"] += corpus.label_names(batch.predicted).tolist()
        scalars = {
            "iteration": iteration.number,
            "labelled": len(rows),
            "accuracy": iteration.evaluation.accuracy,
            "macro_f1": iteration.evaluation.macro_f1,
            "discriminator_accuracy": batch.discriminator_accuracy if batch else float("nan"),
            "confidence": iteration.batch_statistics.confidence,
            "variability": iteration.batch_statistics.variability,
            "correctness": iteration.batch_statistics.correctness,
            "train_seconds": iteration.train_seconds,
            "select_seconds": batch.seconds if batch else float("nan"),
            "fallback": batch.fallback if batch else "",
        }
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
        return table.replace_schema_metadata({_SCALARS: json.dumps(scalars)})


_COLUMNS = [
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
]

# What the columns say of a text that no strategy picked.
_SEED_SET: dict[str, Any] = {"iteration": 0, "rank": None, "score": None, "predicted_label": None}


def _map_file(folder: Path, number: int) -> Path:
    return folder / MAPS / f"iteration-{number:03d}.parquet"


def _read_maps(folder: Path) -> list[pa.Table]:
    """The files of iterations 0, 1 … as far as they go without a gap."""
    maps: list[pa.Table] = []
    while (path := _map_file(folder, len(maps))).exists():
        try:
            table = pq.read_table(path)
            json.loads(table.schema.metadata[_SCALARS])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CartographyError(
                f"{path} cannot be read ({error}): remove it and the later ones to go on from the "
                "iteration before"
            ) from error
        maps.append(table)
    return maps


def _batches_done(maps: list[pa.Table], row_of: Mapping[str, int]) -> list[NDArray[np.int64]]:
    """Rows of the batches taught so far, from the last iteration's file."""
    joined = np.array(maps[-1]["iteration"].to_pylist())
    rows = np.array([row_of[name] for name in maps[-1]["id"].to_pylist()], dtype=np.int64)
    return [rows[joined == number] for number in range(1, len(maps))]


def _run(
    folder: Path,
    manifest: dict[str, Any],
    maps: list[pa.Table],
    summary: dict[str, Any] | None,
) -> LearnRun:
    scalars = [json.loads(table.schema.metadata[_SCALARS]) for table in maps]
    return LearnRun(
        folder=folder,
        manifest=manifest,
        iterations=pd.DataFrame(scalars, columns=_COLUMNS),
        maps=tuple(table.to_pandas() for table in maps),
        summary=summary,
    )


def read_learning(folder: Path) -> LearnRun:
    """The run in `folder`, finished or as far as it has come.

    Raises CartographyError when the folder holds no active-learning run or a file of it cannot
    be read.
    """
    manifest = read_manifest(folder)
    if manifest["kind"] != "learn":
        raise CartographyError(f"{folder} holds no active-learning run but a data map")
    summary = read_json(folder / SUMMARY) if (folder / SUMMARY).exists() else None
    return _run(folder, manifest, _read_maps(folder), summary)
