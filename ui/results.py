"""What runs on disk come to, as the values and tables that pages show."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cartography import runs
from cartography.corpus import Corpus
from cartography.data_map import REGIONS, DataMap, Thresholds
from cartography.errors import CartographyError
from cartography.export import csv_text
from cartography.figures import MOST_POINTS, BatchSeries, Curve
from cartography.learn_runs import LearnRun
from cartography.map_runs import EPOCHS, MapRun
from ui import background, cached


@dataclass(frozen=True)
class Steps:
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


def steps(folder: Path, total: int) -> Steps:
    """The steps of the run in `folder`, timed by its files; epochs of a map, trainings of a run."""
    files = [*(folder / EPOCHS).glob("[0-9]*.npz"), *(folder / "maps").glob("*.parquet")]
    times = sorted(file.stat().st_mtime for file in files)
    # The span between files leaves out the time before the first, and a pause lies in few spans.
    spans = np.diff(times)
    left = float(np.median(spans)) * (total - len(times)) if len(spans) else None
    return Steps(len(times), total, left)


def data_map(run: MapRun, thresholds: Thresholds) -> DataMap:
    """The map of `run` as far as it has come. Raises CartographyError before the first epoch."""
    if run.dynamics is None:
        raise CartographyError("the first epoch is not finished yet: wait a moment")
    return DataMap.of(run.dynamics, thresholds)


def map_table(run: MapRun, placed: DataMap) -> pd.DataFrame:
    """Each text of a finished map with its labels, statistics and region, in the map's order."""
    return _map_table(run.folder, cached.reached(run.folder), placed.thresholds, run, placed)


@st.cache_resource(max_entries=6, show_spinner=False)
def _map_table(
    folder: Path, stamp: str, thresholds: Thresholds, _run: MapRun, _placed: DataMap
) -> pd.DataFrame:
    del folder, stamp, thresholds
    return _run.items.assign(
        confidence=_placed.confidence,
        variability=_placed.variability,
        correctness=_placed.correctness,
        region=_placed.region_names,
    )


def positions_in(event: Mapping[str, Any], placed: DataMap) -> list[int]:
    """The positions that a selection on the figure of `placed` holds.

    Where the figure shows a sample, a box or a lasso holds every text that lies in it.
    """
    points = event.get("points", [])
    chosen = {int(point["customdata"][0]) for point in points if point.get("customdata")}
    if len(placed) > MOST_POINTS:
        inside = np.zeros(len(placed), dtype=np.bool_)
        for box in event.get("box", []):
            (left, right), (low, high) = sorted(box["x"]), sorted(box["y"])
            inside |= (
                (placed.variability >= left)
                & (placed.variability <= right)
                & (placed.confidence >= low)
                & (placed.confidence <= high)
            )
        for lasso in event.get("lasso", []):
            inside |= _within(placed.variability, placed.confidence, lasso["x"], lasso["y"])
        chosen |= set(np.flatnonzero(inside).tolist())
    return sorted(position for position in chosen if position < len(placed))


def seed_map(run: LearnRun, number: int, thresholds: Thresholds | None = None) -> DataMap:
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


def batch_size(run: LearnRun, number: int) -> int:
    """How many texts joined at iteration `number`; none at 0, the seed set's."""
    return int((run.maps[number]["iteration"] == number).sum()) if number else 0


def fallbacks(run: LearnRun) -> list[str]:
    """Where the strategy could not do as it is defined, and what it did instead."""
    told = run.iterations[["iteration", "fallback"]].itertuples(index=False)
    return [f"Iteration {number}: {text}" for number, text in told if text]


def curve(run: LearnRun, name: str) -> Curve:
    """The accuracy curve of `run` under `name`."""
    table = run.iterations
    return Curve(name, table["labelled"].to_numpy(), table["accuracy"].to_numpy())


def batch_series(run: LearnRun, name: str) -> BatchSeries:
    """The statistics of the batches of `run` under `name`."""
    table = run.iterations[run.iterations["iteration"] > 0]
    return BatchSeries(
        name,
        table["iteration"].to_numpy(),
        table["confidence"].to_numpy(),
        table["variability"].to_numpy(),
        table["correctness"].to_numpy(),
    )


def region_shares(batches: pd.DataFrame) -> tuple[float, ...]:
    """The share of each region among picked texts, in the order of `REGIONS`; 0 for none."""
    counts = batches["region"].value_counts()
    return tuple(float(counts.get(name, 0)) / max(len(batches), 1) for name in REGIONS)


@dataclass(frozen=True)
class Found:
    """An active-learning run on disk, by its manifest alone."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def corpus(self) -> tuple[str, str]:
        """What it learned from: the fingerprints of the training and the test corpus."""
        return self.manifest["train"]["fingerprint"], self.manifest["test"]["fingerprint"]

    @property
    def corpus_name(self) -> str:
        """The corpus, as a reader would call it."""
        train = self.manifest["train"]
        return f"{train['name']}, {train['rows']:,} texts to learn from"

    @property
    def name(self) -> str:
        """The run in a line: strategy, settings, seed and where it stands."""
        preset = self.manifest["preset"]
        t_cor = f", t_cor {preset['t_cor']:g}" if "cal" in self.manifest["strategy"] else ""
        state = runs.status(self.folder)
        return (
            f"{self.manifest['strategy']}{t_cor}, {preset['seed_size']} texts + "
            f"{preset['iterations']} batches of {preset['query_size']}, "
            f"seed {self.manifest['seed']}" + ("" if state == "finished" else f" ({state})")
        )


def found_runs() -> list[Found]:
    """The active-learning runs of the dashboard that have an iteration, the newest first."""
    found = []
    for folder in runs.find_runs(background.runs_folder()):
        try:
            manifest = runs.read_manifest(folder)
        except CartographyError:
            continue  # a damaged folder must not hide the runs beside it
        if manifest.get("kind") == "learn" and any((folder / "maps").glob("*.parquet")):
            found.append(Found(folder, manifest))
    return found


def by_corpus(found: Sequence[Found]) -> dict[tuple[str, str], list[Found]]:
    """The runs of each corpus, by its fingerprints; the corpus of the newest run first."""
    groups = defaultdict(list)
    for run in found:
        groups[run.corpus].append(run)
    return dict(groups)


def series_names(found: Sequence[Found]) -> list[str]:
    """What to call each run's curve: its strategy, and what else tells it from another with it.

    Runs that differ in their seed alone get one name.
    """
    settings = [_settings(run) for run in found]
    of_strategy = defaultdict(list)
    for run, setting in zip(found, settings, strict=True):
        of_strategy[run.manifest["strategy"]].append(setting)
    names = []
    for run, setting in zip(found, settings, strict=True):
        others = of_strategy[run.manifest["strategy"]]
        told = [
            f"{key} {value}"
            for key, value in setting.items()
            if any(other[key] != value for other in others)
        ]
        names.append(" · ".join([run.manifest["strategy"], *told]))
    return names


def comparison_table(read: Sequence[LearnRun], names: Sequence[str]) -> pd.DataFrame:
    """A row for each run: its accuracies, and the shares of the regions among its picks."""
    rows = []
    for run, name in zip(read, names, strict=True):
        accuracy = run.iterations["accuracy"]
        shares = region_shares(run.batches())
        rows.append(
            {
                "run": name,
                "seed": run.seed,
                "iterations": len(run.iterations) - 1,
                "labelled": int(run.iterations["labelled"].iloc[-1]),
                "first accuracy": float(accuracy.iloc[0]),
                "mean accuracy": float(accuracy.mean()),
                "last accuracy": float(accuracy.iloc[-1]),
                "last macro-F1": float(run.iterations["macro_f1"].iloc[-1]),
                **dict(zip(REGIONS, shares, strict=True)),
            }
        )
    return pd.DataFrame(rows)


def mean_shares(read: Sequence[LearnRun], names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """The region shares (3,) of the picks under each name, as the mean over its seeds."""
    shares = defaultdict(list)
    for run, name in zip(read, names, strict=True):
        if len(run.maps) > 1:
            shares[name].append(region_shares(run.batches()))
    return {name: np.mean(values, axis=0) for name, values in shares.items()}


def stacked(shares: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Region shares (k, 3), a row for each name."""
    return np.vstack(list(shares.values()))


def preview(corpus: Corpus, rows: int = 200) -> pd.DataFrame:
    """The first texts of `corpus`."""
    head = corpus.take(np.arange(min(rows, len(corpus))))
    return pd.DataFrame(
        {"id": head.ids, "text": head.texts, "label": head.label_names(head.labels)}, dtype="str"
    )


def csv_bytes(table: pd.DataFrame) -> bytes:
    """`table` as a CSV file, neutralised."""
    return csv_text(table).encode("utf-8")


def card_bytes(run: LearnRun, number: int) -> bytes:
    """The selection card of one batch as a JSON file."""
    card = run.card(run.batch(number))
    return (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def learn_run(found: Found) -> LearnRun:
    """The run, read."""
    return cached.learn_run(found.folder)


def _settings(run: Found) -> dict[str, Any]:
    preset = run.manifest["preset"]
    chosen = {
        "seed size": preset["seed_size"],
        "query size": preset["query_size"],
        "epochs": preset["classifier"]["epochs"],
        "vectors": run.manifest["train"]["features"][:6],
    }
    if "cal" in run.manifest["strategy"]:
        chosen["t_cor"] = f"{preset['t_cor']:g}"
    return chosen


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
