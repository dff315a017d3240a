"""What the Data map page shows: the maps of a task, who matches a filter, and a table of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from cartography.active.reasons import explain_positions
from cartography.figures import (
    Colouring,
    by_batch,
    by_class,
    by_correctness,
    by_mask,
    by_region,
    data_map_figure,
)
from cartography.files import content_key
from cartography.maps.data_map import REGIONS, DataMap, Thresholds
from cartography.maps.map_pair import MapPair, rows_on_map
from cartography.runs.map_runs import MapRun
from ui.jobs import cached
from ui.jobs.background import Task

SEED_MAP = "Seed map"
FULL_MAP = "Full map"
FILES = {SEED_MAP: "seed_map.csv", FULL_MAP: "data_map.csv"}
COLOURS = ("correctness", "region", "class", "batch", "search")


@dataclass(frozen=True, eq=False)
class MapView:
    """One of the maps of a task as the page shows it: after `placed.epochs` epochs."""

    name: str
    run: MapRun
    placed: DataMap

    @property
    def key(self) -> str:
        """What names its widgets and files."""
        return self.name.lower().replace(" ", "_")

    @property
    def stamp(self) -> str:
        """What its points lie where they lie by."""
        thresholds = self.placed.thresholds
        reached = cached.reached(self.run.folder)
        return f"{self.run.folder} {reached} {self.placed.epochs} {thresholds}"


@dataclass(frozen=True)
class TextFilters:
    """What texts are to be looked at; nothing chosen is everything."""

    classes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    words: str = ""

    @property
    def active(self) -> bool:
        """Whether they leave anything out."""
        return bool(self.classes or self.regions or self.words)


@dataclass(frozen=True)
class MapStyle:
    """What colours and shapes say; `batches` is the active-learning run for those of batches."""

    colour: str = COLOURS[0]
    words: str = ""
    batches: Path | None = None


def maps(task: Task, thresholds: Thresholds, epochs: int | None = None) -> list[MapView]:
    """The seed map and the full map of `task` after the first `epochs` epochs, or after all that
    both have had; none before the first. Raises CartographyError.
    """
    runs = [cached.map_run(folder) for folder in task.run_folders()]
    done = [run.dynamics.epochs if run.dynamics else 0 for run in runs]
    reached = epochs or min(done, default=0)
    if not reached:
        return []
    shown = [
        MapView(
            SEED_MAP if run.manifest["preset"]["seed_size"] else FULL_MAP,
            run,
            replace(
                _placed(run.folder, cached.reached(run.folder), reached, run), thresholds=thresholds
            ),
        )
        for run in runs
    ]
    return sorted(shown, key=lambda each: each.name != SEED_MAP)


@st.cache_resource(max_entries=24, show_spinner=False)
def _placed(folder: Path, stamp: str, epochs: int, _run: MapRun) -> DataMap:
    del folder, stamp
    assert _run.dynamics is not None
    return DataMap.of(_run.dynamics.until(epochs))


def pair(shown: Sequence[MapView]) -> MapPair | None:
    """The seed map and the full map beside each other, None while one is missing."""
    if len(shown) < 2:
        return None
    seed, full = shown
    return MapPair(seed.placed, full.placed, rows_between(seed, full))


def rows_between(one: MapView, other: MapView) -> NDArray[np.int64]:
    """Where each text of one map (k,) stands on another, -1 where it is not on it."""
    stamps = tuple(cached.reached(each.run.folder) for each in (one, other))
    return _rows_between(one.run.folder, other.run.folder, stamps, one.placed, other.placed)


@st.cache_resource(max_entries=8, show_spinner=False)
def _rows_between(
    one: Path, other: Path, stamps: tuple[str, ...], _part: DataMap, _whole: DataMap
) -> NDArray[np.int64]:
    del one, other, stamps
    return rows_on_map(_part, _whole)


def matches(shown: MapView, filters: TextFilters) -> NDArray[np.bool_]:
    """Which texts of the map (n,) the filters let through."""
    chosen = np.ones(len(shown.placed), dtype=np.bool_)
    if filters.classes:
        chosen &= shown.run.items["label"].isin(filters.classes).to_numpy()
    if filters.regions:
        chosen &= np.isin(shown.placed.region, [REGIONS.index(name) for name in filters.regions])
    return chosen & search_matches(shown, filters.words) if filters.words else chosen


def search_matches(shown: MapView, words: str) -> NDArray[np.bool_]:
    """Which texts of the map (n,) hold `words`, in upper or lower case, or have it as their id."""
    return _found(str(shown.run.folder), words.strip(), shown.run)


@st.cache_resource(max_entries=8, show_spinner=False)
def _found(folder: str, words: str, _run: MapRun) -> NDArray[np.bool_]:
    del folder
    texts = _run.items["text"].str.contains(words, case=False, regex=False)
    return (texts | (_run.items["id"] == words)).to_numpy(dtype=np.bool_)


def figure(shown: MapView, look: MapStyle, bright: NDArray[np.bool_]) -> go.Figure:
    """The figure of a map on which all but the `bright` texts (n,) stand back."""
    batches = f"{look.batches} {cached.reached(look.batches)}" if look.batches else ""
    title = f"{shown.name}: {len(shown.placed):,} texts, {_epochs(shown)}"
    return _figure(shown.stamp, look, batches, title, np.packbits(bright).tobytes(), shown, bright)


@st.cache_resource(max_entries=16, show_spinner=False)
def _figure(
    stamp: str,
    look: MapStyle,
    batches: str,
    title: str,
    key: bytes,
    _shown: MapView,
    _bright: NDArray[np.bool_],
) -> go.Figure:
    del stamp, batches, key
    return data_map_figure(
        _shown.placed, colouring=_colouring(_shown, look), faded=~_bright, title=title
    )


def figure_key(shown: MapView, look: MapStyle, bright: NDArray[np.bool_]) -> str:
    """What changes when the figure of these values would."""
    return content_key(shown.stamp, repr(look), np.packbits(bright).tobytes())


def _colouring(shown: MapView, look: MapStyle) -> Colouring:
    if look.colour == "region":
        return by_region(shown.placed)
    if look.colour == "class":
        classes = shown.run.manifest["train"]["classes"]
        labels = pd.Index(classes).get_indexer(pd.Index(shown.run.items["label"]))
        return by_class(labels.astype(np.int64), classes)
    if look.colour == "batch" and look.batches is not None:
        labelled = cached.active_run(look.batches).maps[-1]
        row = pd.Index(labelled["id"]).get_indexer(pd.Index(shown.placed.ids))
        joined = labelled["iteration"].to_numpy(dtype=np.int64)[row]
        return by_batch(np.where(row >= 0, joined, -1))
    if look.colour == "search" and look.words.strip():
        hits = search_matches(shown, look.words)
        return by_mask(f"“{look.words.strip()}” in {int(hits.sum()):,} texts", hits)
    return by_correctness(shown.placed)


def _epochs(shown: MapView) -> str:
    done, total = shown.placed.epochs, shown.run.epochs
    return f"{total} epochs" if done == total else f"after epoch {done} of {total}"


def table(shown: MapView) -> pd.DataFrame:
    """Every text of a map with its place."""
    return shown.run.items.assign(
        confidence=shown.placed.confidence,
        variability=shown.placed.variability,
        correctness=shown.placed.correctness,
        region=shown.placed.region_names,
    )


def texts(shown: MapView, positions: Sequence[int], other: MapView | None) -> pd.DataFrame:
    """The texts at `positions` with their places, curves and why they lie there, and the region
    of each on the `other` map.
    """
    assert shown.run.dynamics is not None
    places = np.array(positions, dtype=np.int64)
    dynamics = shown.run.dynamics.until(shown.placed.epochs)
    items = shown.run.items
    rows = table(shown).iloc[places]
    reasons = explain_positions(
        shown.placed,
        dynamics,
        places,
        items["label"].to_numpy(dtype=object),
        items["predicted_label"].to_numpy(dtype=object),
    )
    curves = dynamics.gold_probability[:, places].T.astype(np.float64).round(3).tolist()
    values = rows.assign(curve=pd.Series(curves, index=rows.index, dtype=object), reason=reasons)
    if other is not None:
        row = rows_between(shown, other)[places]
        there = np.where(row >= 0, other.placed.region_names[row], "not on it")
        values[other.name.lower()] = there
    first = ["curve", "text", "reason", "label", "predicted_label", "region"]
    return values[[*first, *(name for name in values.columns if name not in first)]]
