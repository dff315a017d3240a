"""What runs on disk come to, as the values and tables that pages show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.figures import MOST_POINTS, positions_of
from cartography.formats.export import csv_text
from cartography.maps.data_map import DataMap, Thresholds
from cartography.runs.active_runs import ActiveRun
from cartography.runs.iteration_files import MAPS
from cartography.runs.map_runs import EPOCHS, MapRun


@dataclass(frozen=True)
class StepProgress:
    """How many of a run's steps are done, and the seconds that the others will take."""

    done: int
    total: int
    seconds_left: float | None

    @property
    def share(self) -> float:
        """The share that is done, in [0, 1]."""
        return min(1.0, self.done / max(self.total, 1))

    def say(self, unit: str) -> str:
        """How far it has come, in words."""
        said = f"{unit} {self.done} of {self.total}"
        if self.seconds_left is None or self.done >= self.total:
            return said
        return f"{said}, about {_duration(self.seconds_left)} left"


def iteration_files(folder: Path) -> list[Path]:
    """The files of the iterations of the run in `folder` so far, in order; one that is still being
    written has another name.
    """
    return sorted((folder / MAPS).glob("iteration-*.parquet"))


def step_files(folder: Path) -> list[Path]:
    """The files of the steps that the run in `folder` has made so far, in no order."""
    return [*(folder / EPOCHS).glob("[0-9]*.npz"), *iteration_files(folder)]


def change_times(files: Iterable[Path]) -> list[float]:
    """When each of the files was changed, without those that a worker has just taken away."""
    times = []
    for file in files:
        with suppress(FileNotFoundError):
            times.append(file.stat().st_mtime)
    return times


def steps(folder: Path, total: int) -> StepProgress:
    """The steps of the run in `folder`, timed by its files; epochs of a map, trainings of a run."""
    times = sorted(change_times(step_files(folder)))
    # The span between files leaves out the time before the first, and a pause lies in few spans.
    spans = np.diff(times)
    left = float(np.median(spans)) * (total - len(times)) if len(spans) else None
    return StepProgress(len(times), total, left)


def data_map(run: MapRun, thresholds: Thresholds) -> DataMap:
    """The map of `run` as far as it has come. Raises CartographyError before the first epoch."""
    if run.dynamics is None:
        raise CartographyError("the first epoch is not finished yet: wait a moment")
    return DataMap.of(run.dynamics, thresholds)


def positions_in(event: Mapping[str, Any], placed: DataMap) -> list[int]:
    """The positions that a selection on the figure of `placed` holds.

    Where the figure shows a sample, a box or a lasso holds every text that lies in it.
    """
    chosen = set(positions_of(event.get("points", [])))
    if len(placed) > MOST_POINTS:
        inside = np.zeros(len(placed), dtype=np.bool_)
        for box in _on_the_map(event.get("box", [])):
            (left, right), (low, high) = sorted(box["x"]), sorted(box["y"])
            inside |= (
                (placed.variability >= left)
                & (placed.variability <= right)
                & (placed.confidence >= low)
                & (placed.confidence <= high)
            )
        for lasso in _on_the_map(event.get("lasso", [])):
            inside |= _within(placed.variability, placed.confidence, lasso["x"], lasso["y"])
        chosen |= set(np.flatnonzero(inside).tolist())
    return sorted(position for position in chosen if position < len(placed))


def seed_map(run: ActiveRun, number: int, thresholds: Thresholds | None = None) -> DataMap:
    """The map of the labelled set at iteration `number`, the batch last."""
    table = run.maps[number]
    return DataMap(
        ids=table["id"].to_numpy(dtype=object),
        confidence=table["confidence"].to_numpy(dtype=np.float64),
        variability=table["variability"].to_numpy(dtype=np.float64),
        correctness=table["correctness"].to_numpy(dtype=np.float64),
        epochs=int(run.manifest["preset"]["classifier"]["epochs"]),
        thresholds=thresholds or Thresholds(),
    )


def batch_size(run: ActiveRun, number: int) -> int:
    """How many texts joined at iteration `number`; none at 0, the seed set's."""
    return int((run.maps[number]["iteration"] == number).sum()) if number else 0


def fallbacks(run: ActiveRun) -> list[str]:
    """Where the strategy could not do as it is defined, and what it did instead."""
    told = run.iterations[["iteration", "fallback"]].itertuples(index=False)
    return [f"Iteration {number}: {text}" for number, text in told if text]


def preview(corpus: Corpus, rows: int = 200) -> pd.DataFrame:
    """The first texts of `corpus`."""
    head = corpus.take(np.arange(min(rows, len(corpus))))
    return pd.DataFrame(
        {"id": head.ids, "text": head.texts, "label": head.label_names(head.labels)}, dtype="str"
    )


def csv_bytes(table: pd.DataFrame) -> bytes:
    """`table` as a CSV file, neutralised."""
    return csv_text(table).encode("utf-8")


def card_bytes(run: ActiveRun, number: int) -> bytes:
    """The selection card of one batch as a JSON file."""
    card = run.card(run.batch(number))
    return (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _on_the_map(drawn: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of the boxes or lassos that were drawn on the map, not on a marginal beside it."""
    return [each for each in drawn if (each.get("xref"), each.get("yref")) == ("x", "y")]


def _within(
    x: NDArray[np.float64], y: NDArray[np.float64], xs: Sequence[float], ys: Sequence[float]
) -> NDArray[np.bool_]:
    """Which points (n,) lie in the polygon: those from which a ray crosses its edge oddly often."""
    inside = np.zeros(len(x), dtype=np.bool_)
    for i in range(len(xs)):
        x0, y0, x1, y1 = xs[i - 1], ys[i - 1], xs[i], ys[i]
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
