"""Cached values of the Threshold page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from cartography.figures import by_split, data_map_figure
from cartography.runs.active_runs import ITERATIONS
from cartography.runs.manifest import SUMMARY
from cartography.runs.next_batch import NextBatch, batch_card, next_batch
from cartography.runs.sweeps import Sweep, read_sweep
from cartography.runs.threshold_runs import ThresholdRun, read_threshold
from ui.jobs import cached


def study_run(folder: Path) -> ThresholdRun:
    """Return the finished study in `folder`.

    Raises
    ------
    CartographyError
        If the study cannot be read.
    """
    return _study_run(folder, cached.reached(folder))


@st.cache_resource(max_entries=4, show_spinner="Reading the study …")
def _study_run(folder: Path, stamp: str) -> ThresholdRun:
    del stamp
    run = read_threshold(folder)
    _ = run.study, run.awaits_labels  # read now, so that the first move of the slider is fast
    return run


def split_figure(run: ThresholdRun, t_cor: float) -> go.Figure:
    """Return the figure of the seed map of a study, split at `t_cor`."""
    return _split_figure(run.folder, cached.reached(run.folder), t_cor, run)


@st.cache_resource(max_entries=64, show_spinner=False)
def _split_figure(folder: Path, stamp: str, t_cor: float, _run: ThresholdRun) -> go.Figure:
    del folder, stamp
    data_map = _run.study.data_map
    return data_map_figure(data_map, colouring=by_split(data_map, t_cor), t_cor=t_cor)


def levels(run: ThresholdRun) -> pd.DataFrame:
    """Return a row per level of t_cor with its balance and discriminator accuracy."""
    columns = ["t_cor", "high", "low", "discriminator_accuracy"]
    return run.levels[columns].rename(columns={"high": "high-cor", "low": "low-cor"})


def batch(run: ThresholdRun, t_cor: float, size: int) -> NextBatch:
    """Return the batch of `size` texts at `t_cor`."""
    return _batch(run.folder, cached.reached(run.folder), t_cor, size, run)


@st.cache_resource(max_entries=64, show_spinner=False)
def _batch(folder: Path, stamp: str, t_cor: float, size: int, _run: ThresholdRun) -> NextBatch:
    del folder, stamp
    return next_batch(_run, t_cor, size)


def card_bytes(run: ThresholdRun, batch: NextBatch) -> bytes:
    """Return the selection card of a batch as a JSON file."""
    card = batch_card(run, batch)
    return (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def sweep(folders: Sequence[Path]) -> Sweep | None:
    """Return the complete or partial sweep of the runs in `folders`.

    Returns
    -------
    Sweep or None
        None before the first accuracy.

    Raises
    ------
    CartographyError
        If a folder is not a run of a sweep or cannot be read.
    """
    return _sweep(tuple(folders), tuple(_stamp(folder) for folder in folders))


@st.cache_resource(max_entries=8, show_spinner=False)
def _sweep(folders: tuple[Path, ...], stamps: tuple[str, ...]) -> Sweep | None:
    del stamps
    return read_sweep(folders)


def _stamp(folder: Path) -> str:
    table = folder / ITERATIONS
    finished = (folder / SUMMARY).exists()
    try:
        return f"{finished} {table.stat().st_mtime_ns}"
    except OSError:
        return f"{finished}"
