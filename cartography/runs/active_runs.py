"""An active-learning run on disk: one file an iteration, resumed and read back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cartography.active.reasons import explain_picks
from cartography.active.simulation import Iteration, Trial, simulate
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.figures import Trail
from cartography.formats.export import BATCH_COLUMNS, selection_card, write_csv
from cartography.runs.iteration_files import (
    batches_of,
    iteration_table,
    read_iterations,
    scalars_of,
    write_iteration,
)
from cartography.runs.manifest import (
    SUMMARY,
    Manifest,
    read_json,
    read_manifest,
    run_id,
    write_json,
)

ITERATIONS = "iterations.csv"
BATCHES = "batches.csv"

# In what runs of one call may differ; in the names of a manifest's fields.
_MAY_DIFFER = ["strategy", "seed", "preset.t_cor"]


@dataclass(frozen=True, eq=False)
class ActiveRun:
    """A run read back: what was asked and the iterations so far.

    `iterations` has a row for each, with the columns of iterations.csv; NaN in those that an older
    run did not record. `maps` holds each one's labelled set with its map: the columns of the batch
    CSV less strategy, seed and run_id, where `iteration` is when a text joined (0: the seed set)
    and rank and score are missing for the seed set. `summary` is None until the run is finished.
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
        return _batch(self.maps[number], number, self.strategy, self.seed, self.run_id)

    def reasons(self, number: int) -> list[str]:
        """Why the strategy wanted each text of the batch of iteration `number`, in its order.

        Raises CartographyError when the run has no such iteration.
        """
        return explain_picks(
            self.strategy,
            self.batch(number)["score"].to_numpy(),
            classes=len(self.manifest["train"]["classes"]),
            query_size=int(self.manifest["preset"]["query_size"]),
        )

    def labelled_set(self, number: int) -> pd.DataFrame:
        """The labelled set after iteration `number` (from 0): id, text, label, and the iteration
        in which each text joined (0: the seed set).

        Raises CartographyError when the run has no such iteration.
        """
        return self._map(number)[["id", "text", "label", "iteration"]]

    def trails(self, number: int) -> tuple[Trail, ...]:
        """For each text picked until iteration `number`, in the order of the picks, its places on
        the maps of the iterations since it joined; a trail is named by the text's id.

        Raises CartographyError when the run has no such iteration.
        """
        last = self._map(number)
        joined = last["iteration"].to_numpy()
        # A text has the same row in every map since it joined.
        maps = [each[["variability", "confidence"]].to_numpy() for each in self.maps[: number + 1]]
        trails = []
        for row in np.flatnonzero(joined > 0).tolist():
            since = int(joined[row])
            places = np.array([placed[row] for placed in maps[since:]])
            trails.append(
                Trail(
                    name=str(last["id"].iat[row]),
                    iterations=np.arange(since, number + 1),
                    variability=places[:, 0],
                    confidence=places[:, 1],
                    joined=since,
                )
            )
        return tuple(trails)

    def _map(self, number: int) -> pd.DataFrame:
        if not 0 <= number < len(self.maps):
            have = f"0 to {len(self.maps) - 1}" if self.maps else "none yet"
            raise CartographyError(f"{self.folder} has no iteration {number}: it has {have}")
        return self.maps[number]

    def batches(self) -> pd.DataFrame:
        """All batches, one after the other, in the columns of the batch CSV."""
        return _joined([self.batch(number) for number in range(1, len(self.maps))])

    def card(self, batch: pd.DataFrame) -> dict[str, Any]:
        """The selection card of `batch`."""
        return selection_card(self.manifest, self.run_id, batch)


def record_active_runs(
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

    The manifests may differ in strategy, seed and `preset.t_cor`, and do in one of them; anything
    else raises ValueError. A `pause_after` below 1 raises CartographyError.
    """
    if pause_after is not None and pause_after < 1:
        raise CartographyError(f"a run pauses after 1 new iteration or more, not {pause_after}")
    first = next(iter(runs.values()))
    arms = _arms(runs)
    row_of = {name: row for row, name in enumerate(corpus.ids)}
    past = [read_iterations(folder) for folder in runs]
    common = min(len(maps) for maps in past)
    done = [batches_of(maps[:common], row_of) for maps in past] if common else None
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
            recorded[arms[iteration.trial]].add(iteration)
            yield iteration
            if iteration.number == stop < last and position % len(arms) == 0:
                return
    for recorder in recorded.values():
        recorder.finish()


def _arms(runs: Mapping[Path, Manifest]) -> dict[Trial, Path]:
    """The folder of each arm. Raises ValueError where the runs cannot go side by side."""
    fields = pd.json_normalize([run.as_dict() for run in runs.values()]).map(repr)
    for name in fields.columns.difference(_MAY_DIFFER):
        if fields[name].nunique() > 1:
            raise ValueError(f"runs side by side have one {name}, not {set(fields[name])}")
    arms = {Trial(run.strategy, run.seed, run.preset.t_cor): folder for folder, run in runs.items()}
    if len(arms) < len(runs):
        raise ValueError("runs side by side differ in strategy, seed or preset.t_cor")
    return arms


class _Recorder:
    """Writes one run: the iteration's file first, then the tables made from all files."""

    def __init__(
        self, folder: Path, manifest: Manifest, maps: list[pa.Table], corpus: Corpus
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self.maps = maps
        self.corpus = corpus
        # Kept, since reading all of them back at every iteration would cost more than a training.
        self.batches = [self._batch(number) for number in range(1, len(maps))]

    def add(self, iteration: Iteration) -> None:
        """Write the iteration whole, then the tables."""
        table = iteration_table(iteration, self.corpus, self.maps[-1] if self.maps else None)
        write_iteration(self.folder, iteration.number, table)
        self.maps.append(table)
        if iteration.number:
            self.batches.append(self._batch(iteration.number))
        self._write_tables()

    def _batch(self, number: int) -> pd.DataFrame:
        run = self.manifest
        return _batch(self.maps[number].to_pandas(), number, run.strategy, run.seed, run.run_id)

    def _write_tables(self) -> pd.DataFrame:
        """Write iterations.csv and batches.csv; gives the former back."""
        iterations = scalars_of(self.maps)
        write_csv(iterations, self.folder / ITERATIONS)
        write_csv(_joined(self.batches), self.folder / BATCHES)
        return iterations

    def finish(self) -> None:
        """Write run.json, which says that the run is whole."""
        # A process killed after the last iteration's file has left the tables without it.
        iterations = self._write_tables()
        accuracy = iterations["accuracy"]
        write_json(
            self.folder / SUMMARY,
            {
                "run_id": self.manifest.run_id,
                **self.manifest.as_dict(),
                "labelled": int(iterations["labelled"].iloc[-1]),
                "test_accuracy": float(accuracy.iloc[-1]),
                "test_macro_f1": float(iterations["macro_f1"].iloc[-1]),
                "first_accuracy": float(accuracy.iloc[0]),
                "mean_accuracy": float(accuracy.mean()),
                "fallbacks": [
                    f"iteration {number}: {text}"
                    for number, text in zip(
                        iterations["iteration"], iterations["fallback"], strict=True
                    )
                    if text
                ],
            },
        )


def _batch(
    labelled: pd.DataFrame, number: int, strategy: str, seed: int, run_id: str
) -> pd.DataFrame:
    """The batch that joined in iteration `number`, in the columns of the batch CSV."""
    batch = labelled[labelled["iteration"] == number]
    # Other rows of the map have no rank, which made it a float.
    batch = batch.assign(
        rank=batch["rank"].astype("int64"), strategy=strategy, seed=seed, run_id=run_id
    )
    return batch[list(BATCH_COLUMNS)]


def _joined(batches: list[pd.DataFrame]) -> pd.DataFrame:
    """All `batches`, one after the other."""
    if not batches:
        return pd.DataFrame(columns=BATCH_COLUMNS)
    return pd.concat(batches, ignore_index=True)


def read_active_run(folder: Path) -> ActiveRun:
    """The run in `folder`, finished or as far as it has come.

    Raises CartographyError when the folder holds no active-learning run or a file of it cannot
    be read.
    """
    manifest = read_manifest(folder)
    if manifest["kind"] != "learn":
        raise CartographyError(
            f"{folder} holds no active-learning run but a {manifest['kind']} run"
        )
    summary = read_json(folder / SUMMARY) if (folder / SUMMARY).exists() else None
    maps = read_iterations(folder)
    return ActiveRun(
        folder=folder,
        manifest=manifest,
        iterations=scalars_of(maps),
        maps=tuple(table.to_pandas() for table in maps),
        summary=summary,
    )
