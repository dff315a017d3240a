"""Values of the Data map page: the maps of a task, filter matches, figures and tables."""

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
from cartography.formatting import count_noun
from cartography.maps.data_map import REGIONS, DataMap, Thresholds
from cartography.maps.map_pair import MapPair, rows_on_map
from cartography.runs.map_runs import MapRun
from ui.jobs import cached
from ui.jobs.background import Task

SEED_MAP = "Seed map"
FULL_MAP = "Full map"
FILES = {SEED_MAP: "seed_map", FULL_MAP: "data_map"}
COLOURS = ("correctness", "region", "class", "batch", "search")


@dataclass(frozen=True, eq=False)
class MapView:
    """One of the maps of a task, after its first `placed.epochs` epochs.

    Attributes
    ----------
    name : str
        `SEED_MAP` or `FULL_MAP`.
    run : MapRun
    placed : DataMap
    """

    name: str
    run: MapRun
    placed: DataMap

    @property
    def key(self) -> str:
        """Prefix of its widget keys."""
        return self.name.lower().replace(" ", "_")

    @property
    def noun(self) -> str:
        """What one of its points is: a text, or an item of an imported map without texts."""
        return "text" if (self.run.items["text"] != "").any() else "item"

    @property
    def stamp(self) -> str:
        """Cache key: everything that positions and regions of the points depend on."""
        thresholds = self.placed.thresholds
        reached = cached.reached(self.run.folder)
        return f"{self.run.folder} {reached} {self.placed.epochs} {thresholds}"


@dataclass(frozen=True)
class TextFilters:
    """Which texts to look at.

    Attributes
    ----------
    classes, regions : tuple of str
        Names; empty allows all.
    words : str
        Words in the text, or an id; empty allows all.
    """

    classes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    words: str = ""

    @property
    def active(self) -> bool:
        """Whether any filter is set."""
        return bool(self.classes or self.regions or self.words)


@dataclass(frozen=True)
class MapStyle:
    """What colours and shapes show.

    Attributes
    ----------
    colour : str
        One of `COLOURS`.
    words : str
        Words to highlight, for the colour "search".
    batches : Path, optional
        Folder of an active-learning run, for the colour "batch".
    """

    colour: str = COLOURS[0]
    words: str = ""
    batches: Path | None = None


def maps(task: Task, thresholds: Thresholds, epochs: int | None = None) -> list[MapView]:
    """Return the maps of a task, the seed map first.

    Parameters
    ----------
    task : Task
    thresholds : Thresholds
        Limits of the regions.
    epochs : int, optional
        Use the first epochs only; by default all that every map has finished.

    Returns
    -------
    list of MapView
        Empty before the first epoch.

    Raises
    ------
    CartographyError
        If a run cannot be read.
    """
    runs = [cached.map_run(folder) for folder in task.run_folders()]
    done = [run.epochs_done for run in runs]
    reached = epochs or min(done, default=0)
    if not reached:
        return []
    views = []
    for run in runs:
        data_map = _data_map(run.folder, cached.reached(run.folder), reached, run)
        is_seed = not run.is_imported and run.manifest["preset"]["seed_size"]
        name = SEED_MAP if is_seed else FULL_MAP
        views.append(MapView(name, run, replace(data_map, thresholds=thresholds)))
    return sorted(views, key=lambda view: view.name != SEED_MAP)


@st.cache_resource(max_entries=24, show_spinner=False)
def _data_map(folder: Path, stamp: str, epochs: int, _run: MapRun) -> DataMap:
    del folder, stamp
    return _run.data_map(epochs=epochs)


def pair(views: Sequence[MapView]) -> MapPair | None:
    """Return the seed map and the full map as a pair, or None if there are not two maps."""
    if len(views) < 2:
        return None
    seed, full = views
    return MapPair(seed.placed, full.placed, rows_between(seed, full))


def rows_between(view: MapView, other: MapView) -> NDArray[np.int64]:
    """Return the row on `other` of each text of `view`.

    Returns
    -------
    array of int, shape (n,)
        -1 for a text that is not on `other`.
    """
    stamps = (cached.reached(view.run.folder), cached.reached(other.run.folder))
    return _rows_between(view.run.folder, other.run.folder, stamps, view.placed, other.placed)


@st.cache_resource(max_entries=8, show_spinner=False)
def _rows_between(
    folder: Path, other: Path, stamps: tuple[str, str], _part: DataMap, _whole: DataMap
) -> NDArray[np.int64]:
    del folder, other, stamps
    return rows_on_map(_part, _whole)


def matches(view: MapView, filters: TextFilters) -> NDArray[np.bool_]:
    """Return a mask, shape (n,), of the texts that match all filters."""
    mask = np.ones(len(view.placed), dtype=np.bool_)
    if filters.classes:
        mask &= view.run.items["label"].isin(filters.classes).to_numpy()
    if filters.regions:
        mask &= np.isin(view.placed.region, [REGIONS.index(name) for name in filters.regions])
    return mask & search_matches(view, filters.words) if filters.words else mask


def search_matches(view: MapView, words: str) -> NDArray[np.bool_]:
    """Return a mask, shape (n,), of the texts that contain `words` or have it as their id.

    Upper and lower case are equal in texts, not in ids.
    """
    return _search_matches(str(view.run.folder), words.strip(), view.run)


@st.cache_resource(max_entries=8, show_spinner=False)
def _search_matches(folder: str, words: str, _run: MapRun) -> NDArray[np.bool_]:
    del folder
    texts = _run.items["text"].str.contains(words, case=False, regex=False)
    return (texts | (_run.items["id"] == words)).to_numpy(dtype=np.bool_)


def figure(view: MapView, style: MapStyle, bright: NDArray[np.bool_]) -> go.Figure:
    """Return the figure of a map.

    Parameters
    ----------
    view : MapView
    style : MapStyle
    bright : array of bool, shape (n,)
        Texts in full colour; all others are greyed out.
    """
    batches = f"{style.batches} {cached.reached(style.batches)}" if style.batches else ""
    title = f"{view.name}: {count_noun(len(view.placed), view.noun)}, {_epochs(view)}"
    return _figure(view.stamp, style, batches, title, np.packbits(bright).tobytes(), view, bright)


@st.cache_resource(max_entries=16, show_spinner=False)
def _figure(
    stamp: str,
    style: MapStyle,
    batches: str,
    title: str,
    key: bytes,
    _view: MapView,
    _bright: NDArray[np.bool_],
) -> go.Figure:
    del stamp, batches, key
    colouring = _colouring(_view, style)
    return data_map_figure(_view.placed, colouring=colouring, faded=~_bright, title=title)


def figure_key(view: MapView, style: MapStyle, bright: NDArray[np.bool_]) -> str:
    """Return a key that changes with everything that `figure` draws."""
    return content_key(view.stamp, repr(style), np.packbits(bright).tobytes())


def _colouring(view: MapView, style: MapStyle) -> Colouring:
    if style.colour == "region":
        return by_region(view.placed)
    if style.colour == "class":
        classes = view.run.manifest["train"]["classes"]
        labels = pd.Index(classes).get_indexer(pd.Index(view.run.items["label"]))
        return by_class(labels.astype(np.int64), classes)
    if style.colour == "batch" and style.batches is not None:
        labelled = cached.active_run(style.batches).maps[-1]
        rows = pd.Index(labelled["id"]).get_indexer(pd.Index(view.placed.ids))
        iterations = labelled["iteration"].to_numpy(dtype=np.int64)[rows]
        return by_batch(np.where(rows >= 0, iterations, -1))
    if style.colour == "search" and style.words.strip():
        hits = search_matches(view, style.words)
        found = count_noun(int(hits.sum()), view.noun)
        return by_mask(f"“{style.words.strip()}” in {found}", hits)
    return by_correctness(view.placed)


def _epochs(view: MapView) -> str:
    done, total = view.placed.epochs, view.run.epochs
    return count_noun(total, "epoch") if done == total else f"after epoch {done} of {total}"


def table(view: MapView) -> pd.DataFrame:
    """Return a row per text of a map, with its statistics and region."""
    return view.run.items.assign(
        confidence=view.placed.confidence,
        variability=view.placed.variability,
        correctness=view.placed.correctness,
        region=view.placed.region_names,
    )


def texts(view: MapView, positions: Sequence[int], other: MapView | None) -> pd.DataFrame:
    """Return texts of a map with their curves and reasons.

    Parameters
    ----------
    view : MapView
    positions : sequence of int
        Positions of the texts on the map.
    other : MapView, optional
        Adds a column with the region of each text on this map.

    Returns
    -------
    DataFrame
        A row per position.
    """
    rows = np.array(positions, dtype=np.int64)
    items = view.run.items
    values = table(view).iloc[rows]
    first = ["text", "label", "predicted_label", "region"]
    # An imported map may be known without its epochs, and so without curves.
    if view.run.dynamics is not None:
        dynamics = view.run.dynamics.until(view.placed.epochs)
        reasons = explain_positions(
            view.placed,
            dynamics,
            rows,
            items["label"].to_numpy(dtype=object),
            items["predicted_label"].to_numpy(dtype=object),
        )
        curves = dynamics.gold_probability[:, rows].T.astype(np.float64).round(3).tolist()
        curve = pd.Series(curves, index=values.index, dtype=object)
        values = values.assign(curve=curve, reason=reasons)
        first = ["curve", "text", "reason", "label", "predicted_label", "region"]
    if other is not None:
        other_rows = rows_between(view, other)[rows]
        regions = np.where(other_rows >= 0, other.placed.region_names[other_rows], "not on it")
        values[other.name.lower()] = regions
    return values[[*first, *(name for name in values.columns if name not in first)]]
