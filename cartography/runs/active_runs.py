"""An active-learning run on disk: recorded iteration by iteration, resumed and read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.formats.export import BATCH_COLUMNS, selection_card, write_table
from cartography.runs.iteration_files import (
    batch_rows,
    iteration_table,
    read_iterations,
    scalar_table,
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
from cartography.runs.user_columns import join_user_columns, write_user_columns

# What a reader of a run does not need is imported where it is used: torch and the figures.
if TYPE_CHECKING:
    from cartography.active.simulation import Iteration, Trial
    from cartography.figures import Trail

ITERATIONS = "iterations.csv"
BATCHES = "batches.csv"

# The manifest fields in which the runs of one call may differ.
_MAY_DIFFER = ["strategy", "seed", "preset.t_cor"]


@dataclass(frozen=True, eq=False)
class ActiveRun:
    """An active-learning run read from disk, complete or partial.

    Attributes
    ----------
    folder : Path
    manifest : dict
        As in manifest.json.
    iterations : pandas.DataFrame
        One row per iteration, with the columns of iterations.csv. NaN where an older version of
        this package did not record a value.
    maps : tuple of pandas.DataFrame
        The labelled set and its map after each iteration: the columns of the batch CSV without
        strategy, seed and run_id. `iteration` is the one in which a text joined, 0 for the seed
        set, which has no rank, score and predicted label.
    summary : dict or None
        As in run.json; None until the run is finished.
    """

    folder: Path
    manifest: dict[str, Any]
    iterations: pd.DataFrame
    maps: tuple[pd.DataFrame, ...]
    summary: dict[str, Any] | None

    @property
    def run_id(self) -> str:
        """The id of the run, 12 hexadecimal digits (see `manifest.run_id`)."""
        return run_id(self.manifest)

    @property
    def strategy(self) -> str:
        """The query strategy, a key of `STRATEGIES`."""
        return str(self.manifest["strategy"])

    @property
    def seed(self) -> int:
        """The seed."""
        return int(self.manifest["seed"])

    def batch(self, number: int) -> pd.DataFrame:
        """Return the batch of an iteration.

        Parameters
        ----------
        number : int
            From 1.

        Returns
        -------
        pandas.DataFrame
            One row per text, with the columns `BATCH_COLUMNS`, by rank.

        Raises
        ------
        CartographyError
            The run has no such iteration.
        """
        if not 1 <= number < len(self.maps):
            available = f"1 to {len(self.maps) - 1}" if len(self.maps) > 1 else "none yet"
            raise CartographyError(
                f"{self.folder} has no batch of iteration {number}: it has {available}"
            )
        return _batch_table(self.maps[number], number, self.strategy, self.seed, self.run_id)

    def reasons(self, number: int) -> list[str]:
        """Explain why the strategy picked each text of the batch of iteration `number`.

        Raises
        ------
        CartographyError
            The run has no such iteration.
        """
        from cartography.active.reasons import explain_picks

        return explain_picks(
            self.strategy,
            self.batch(number)["score"].to_numpy(),
            classes=len(self.manifest["train"]["classes"]),
            query_size=int(self.manifest["preset"]["query_size"]),
        )

    def labelled_set(self, number: int) -> pd.DataFrame:
        """Return the labelled set after an iteration.

        Parameters
        ----------
        number : int
            From 0.

        Returns
        -------
        pandas.DataFrame
            id, text, label, and the iteration in which the text joined (0 for the seed set).

        Raises
        ------
        CartographyError
            The run has no such iteration.
        """
        return self._map_table(number)[["id", "text", "label", "iteration"]]

    def trails(self, number: int) -> tuple[Trail, ...]:
        """Return the trails of all texts picked up to an iteration.

        Parameters
        ----------
        number : int
            From 0.

        Returns
        -------
        tuple of Trail
            In the order of the picks, named by the ids of the texts.

        Raises
        ------
        CartographyError
            The run has no such iteration.
        """
        last = self._map_table(number)
        joined = last["iteration"].to_numpy()
        # A text has the same row in every map since it joined.
        points = [
            table[["variability", "confidence"]].to_numpy() for table in self.maps[: number + 1]
        ]
        from cartography.figures import Trail

        trails = []
        for row in np.flatnonzero(joined > 0).tolist():
            first = int(joined[row])
            trail = np.array([table[row] for table in points[first:]])
            trails.append(
                Trail(
                    name=str(last["id"].iat[row]),
                    iterations=np.arange(first, number + 1),
                    variability=trail[:, 0],
                    confidence=trail[:, 1],
                    joined=first,
                )
            )
        return tuple(trails)

    def _map_table(self, number: int) -> pd.DataFrame:
        if not 0 <= number < len(self.maps):
            available = f"0 to {len(self.maps) - 1}" if self.maps else "none yet"
            raise CartographyError(f"{self.folder} has no iteration {number}: it has {available}")
        return self.maps[number]

    def batches(self) -> pd.DataFrame:
        """Return all batches so far as one table with the columns `BATCH_COLUMNS`."""
        return _concatenate([self.batch(number) for number in range(1, len(self.maps))])

    def card(self, batch: pd.DataFrame) -> dict[str, Any]:
        """Return the selection card of `batch`, a table as from `batch()` or `batches()`."""
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
    """Simulate runs side by side and write each iteration to disk.

    The runs are resumed from the last iteration that all of them have.

    Parameters
    ----------
    runs : mapping of Path to Manifest
        The manifest of each folder. They differ in strategy, seed or `preset.t_cor`, and in
        nothing else.
    corpus : Corpus
        The n training texts.
    features : float32 array, shape (n, d)
    test : Corpus
        The m test texts.
    test_features : float32 array, shape (m, d)
    pause_after : int, optional
        Number of new iterations per run after which to stop; the same call later resumes the runs.
        Default: run to the end.

    Yields
    ------
    Iteration
        After it is on disk. When the iterator is exhausted, the runs are finished or paused.

    Raises
    ------
    CartographyError
        `pause_after` is below 1, or a file of an earlier iteration cannot be read.
    ValueError
        The manifests differ in another field, or two are equal.
    """
    from cartography.active.simulation import simulate

    if pause_after is not None and pause_after < 1:
        raise CartographyError(f"a run pauses after 1 new iteration or more, not {pause_after}")
    first = next(iter(runs.values()))
    folder_of = _folders_by_trial(runs)
    row_of = {name: row for row, name in enumerate(corpus.ids)}
    write_user_columns(runs, corpus)
    past = [read_iterations(folder) for folder in runs]
    common = min(len(maps) for maps in past)
    done = [batch_rows(maps[:common], row_of) for maps in past] if common else None
    recorders = {
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
            list(folder_of),
            preset=first.preset,
            device=first.device,
            done=done,
        )
        for position, iteration in enumerate(steps, start=1):
            recorders[folder_of[iteration.trial]].add(iteration)
            yield iteration
            if iteration.number == stop < last and position % len(folder_of) == 0:
                return
    for recorder in recorders.values():
        recorder.finish()


def _folders_by_trial(runs: Mapping[Path, Manifest]) -> dict[Trial, Path]:
    """The folder of each trial. Raises ValueError if the runs cannot be simulated together."""
    from cartography.active.simulation import Trial

    fields = pd.json_normalize([run.as_dict() for run in runs.values()]).map(repr)
    for name in fields.columns.difference(_MAY_DIFFER):
        if fields[name].nunique() > 1:
            raise ValueError(f"runs side by side must have one {name}, not {set(fields[name])}")
    folder_of = {
        Trial(run.strategy, run.seed, run.preset.t_cor): folder for folder, run in runs.items()
    }
    if len(folder_of) < len(runs):
        raise ValueError("runs side by side must differ in strategy, seed or preset.t_cor")
    return folder_of


class _Recorder:
    """Writes one run: the file of each iteration first, then the tables made from all files."""

    def __init__(
        self, folder: Path, manifest: Manifest, maps: list[pa.Table], corpus: Corpus
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self.maps = maps
        self.corpus = corpus
        # Kept in memory: reading all files at every iteration would take longer than training.
        self.batches = [self._batch(number) for number in range(1, len(maps))]

    def add(self, iteration: Iteration) -> None:
        """Write the file of the iteration, then the tables."""
        table = iteration_table(iteration, self.corpus, self.maps[-1] if self.maps else None)
        write_iteration(self.folder, iteration.number, table)
        self.maps.append(table)
        if iteration.number:
            self.batches.append(self._batch(iteration.number))
        self._write_tables()

    def _batch(self, number: int) -> pd.DataFrame:
        run = self.manifest
        labelled = self.maps[number].to_pandas()
        return _batch_table(labelled, number, run.strategy, run.seed, run.run_id)

    def _write_tables(self) -> pd.DataFrame:
        """Write iterations.csv and batches.csv; return the former."""
        iterations = scalar_table(self.maps)
        write_table(iterations, self.folder / ITERATIONS)
        write_table(_concatenate(self.batches), self.folder / BATCHES)
        return iterations

    def finish(self) -> None:
        """Write run.json, which marks the run as finished."""
        # The tables lack the last iteration if the process was killed right after writing its file.
        iterations = self._write_tables()
        # Once, at the end: the other columns of a large table take a while to read.
        batches = join_user_columns(self.folder, _concatenate(self.batches))
        write_table(batches, self.folder / BATCHES)
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


def _batch_table(
    labelled: pd.DataFrame, number: int, strategy: str, seed: int, run_id: str
) -> pd.DataFrame:
    """The rows of `labelled` that joined in iteration `number`, with the batch CSV's columns."""
    batch = labelled[labelled["iteration"] == number]
    # Rank is a float here, since it is missing for the seed set.
    batch = batch.assign(
        rank=batch["rank"].astype("int64"), strategy=strategy, seed=seed, run_id=run_id
    )
    return batch[list(BATCH_COLUMNS)]


def _concatenate(batches: list[pd.DataFrame]) -> pd.DataFrame:
    if not batches:
        return pd.DataFrame(columns=BATCH_COLUMNS)
    return pd.concat(batches, ignore_index=True)


def read_active_run(folder: Path) -> ActiveRun:
    """Read an active-learning run from disk.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    ActiveRun
        Complete or partial.

    Raises
    ------
    CartographyError
        The folder does not contain an active-learning run, or one of its files cannot be read.
    """
    manifest = read_manifest(folder)
    if manifest["kind"] != "learn":
        raise CartographyError(
            f"{folder} contains a {manifest['kind']} run, not an active-learning run"
        )
    summary = read_json(folder / SUMMARY) if (folder / SUMMARY).exists() else None
    maps = read_iterations(folder)
    return ActiveRun(
        folder=folder,
        manifest=manifest,
        iterations=scalar_table(maps),
        maps=tuple(table.to_pandas() for table in maps),
        summary=summary,
    )
