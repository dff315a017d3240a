"""Values and tables that pages show of runs on disk."""

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
from cartography.figures import MOST_POINTS, positions_of
from cartography.formats.export import to_csv
from cartography.maps.data_map import DataMap, Thresholds
from cartography.runs.active_runs import ActiveRun
from cartography.runs.iteration_files import MAPS
from cartography.runs.map_runs import EPOCHS, MapRun


@dataclass(frozen=True)
class StepProgress:
    """Progress of a run.

    Attributes
    ----------
    done, total : int
        Number of steps.
    seconds_left : float or None
        Estimated time of the remaining steps; None if unknown.
    """

    done: int
    total: int
    seconds_left: float | None

    @property
    def share(self) -> float:
        """Share of the steps that are done, in [0, 1]."""
        return min(1.0, self.done / max(self.total, 1))

    def say(self, unit: str) -> str:
        """Return the progress in words, such as "epoch 4 of 10, about 60 s left"."""
        text = f"{unit} {self.done} of {self.total}"
        if self.seconds_left is None or self.done >= self.total:
            return text
        return f"{text}, about {_format_duration(self.seconds_left)} left"


def iteration_files(folder: Path) -> list[Path]:
    """Return the files of the finished iterations in `folder`, in order."""
    return sorted((folder / MAPS).glob("iteration-*.parquet"))


def step_files(folder: Path) -> list[Path]:
    """Return the files of the finished epochs or iterations in `folder`, in no order."""
    return [*(folder / EPOCHS).glob("[0-9]*.npz"), *iteration_files(folder)]


def change_times(files: Iterable[Path]) -> list[float]:
    """Return the modification times of files, skipping any that a worker has just removed."""
    times = []
    for file in files:
        with suppress(FileNotFoundError):
            times.append(file.stat().st_mtime)
    return times


def steps(folder: Path, total: int) -> StepProgress:
    """Return the progress of the run in `folder`, estimated from the times of its files.

    Parameters
    ----------
    folder : Path
    total : int
        Number of steps: epochs of a map, trainings of an active-learning run.
    """
    times = sorted(change_times(step_files(folder)))
    # Intervals exclude the preparation before the first file, and the median ignores pauses.
    spans = np.diff(times)
    left = float(np.median(spans)) * (total - len(times)) if len(spans) else None
    return StepProgress(len(times), total, left)


def data_map(run: MapRun, thresholds: Thresholds) -> DataMap:
    """Return the complete or partial map of `run`.

    Raises
    ------
    CartographyError
        No epoch is finished yet.
    """
    return run.data_map(thresholds)


def positions_in(event: Mapping[str, Any], placed: DataMap) -> list[int]:
    """Return the positions of the texts in a selection on a map's figure.

    Parameters
    ----------
    event : mapping
        The selection as Streamlit returns it: points, boxes and lassos.
    placed : DataMap
        The map of the figure.

    Returns
    -------
    list of int
        Ascending. If the figure shows a sample, a box or lasso selects all texts inside it, not
        only the drawn ones.
    """
    selected = set(positions_of(event.get("points", [])))
    if len(placed) > MOST_POINTS:
        inside = np.zeros(len(placed), dtype=np.bool_)
        for box in _on_map(event.get("box", [])):
            (left, right), (low, high) = sorted(box["x"]), sorted(box["y"])
            inside |= (
                (placed.variability >= left)
                & (placed.variability <= right)
                & (placed.confidence >= low)
                & (placed.confidence <= high)
            )
        for lasso in _on_map(event.get("lasso", [])):
            inside |= _points_in_polygon(
                placed.variability, placed.confidence, lasso["x"], lasso["y"]
            )
        selected |= set(np.flatnonzero(inside).tolist())
    return sorted(position for position in selected if position < len(placed))


def seed_map(run: ActiveRun, number: int, thresholds: Thresholds | None = None) -> DataMap:
    """Return the map of the labelled set at iteration `number`, with its batch at the end."""
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
    """Return the number of texts added at iteration `number`; 0 for the seed set."""
    return int((run.maps[number]["iteration"] == number).sum()) if number else 0


def fallbacks(run: ActiveRun) -> list[str]:
    """Return a sentence for each iteration in which the strategy used a fallback."""
    rows = run.iterations[["iteration", "fallback"]].itertuples(index=False)
    return [f"Iteration {number}: {text}" for number, text in rows if text]


def preview(corpus: Corpus, rows: int = 200) -> pd.DataFrame:
    """Return the first texts of `corpus` as a table."""
    head = corpus.take(np.arange(min(rows, len(corpus))))
    return pd.DataFrame(
        {"id": head.ids, "text": head.texts, "label": head.label_names(head.labels)}, dtype="str"
    )


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return `table` as a CSV file with its values unchanged."""
    return to_csv(table).encode("utf-8")


def card_bytes(run: ActiveRun, number: int) -> bytes:
    """Return the selection card of a batch as a JSON file."""
    card = run.card(run.batch(number))
    return (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _on_map(shapes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The boxes or lassos that were drawn on the map, not on a marginal next to it."""
    return [shape for shape in shapes if (shape.get("xref"), shape.get("yref")) == ("x", "y")]


def _points_in_polygon(
    x: NDArray[np.float64], y: NDArray[np.float64], xs: Sequence[float], ys: Sequence[float]
) -> NDArray[np.bool_]:
    """Which points (n,) are in the polygon, by the even-odd rule."""
    inside = np.zeros(len(x), dtype=np.bool_)
    for i in range(len(xs)):
        x0, y0, x1, y1 = xs[i - 1], ys[i - 1], xs[i], ys[i]
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


def _format_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
