"""Values and tables of the Active learning page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from cartography.active.reasons import explain_regions
from cartography.active.stopping import StoppingSignal, stopping_signals
from cartography.features.near_duplicates import near_duplicates
from cartography.runs.active_runs import ActiveRun
from ui.jobs import background, cached, results
from ui.jobs.compared import Comparison
from ui.state.session import DataChoice


def iterations(comparison: Comparison) -> pd.DataFrame:
    """Return a row per iteration of each run; the seed is the first column."""
    return pd.concat(
        [
            outline.iterations.assign(seed=run.seed)[["seed", *outline.iterations.columns]]
            for run, outline in zip(comparison.runs, comparison.outlines, strict=True)
        ],
        ignore_index=True,
    )


def signals(run: ActiveRun, choice: DataChoice) -> tuple[StoppingSignal, ...]:
    """Return the advice on stopping that a run on the corpus `choice` gives.

    Raises
    ------
    CartographyError
        If the corpus cannot be read.
    """
    table = run.iterations
    return stopping_signals(
        table["accuracy"].to_numpy(),
        table["agreement"].to_numpy(),
        table["labelled"].to_numpy(),
        table["pool"].to_numpy(),
        table["pool_max_probability"].to_numpy(),
        # A held-out test set has a gold label for every text.
        test_size=_labelled_test_texts(choice, background.stamp(choice))
        or int(run.manifest["test"]["rows"]),
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _labelled_test_texts(choice: DataChoice, stamp: str) -> int | None:
    """How many texts of the test set have a gold label; None without a test set."""
    del stamp
    _, test = cached.corpora(choice)
    return None if test is None else int(test.labelled.sum())


def batch(run: ActiveRun, number: int) -> pd.DataFrame:
    """Return the batch of an iteration with the reasons for each text's pick and region."""
    table = run.batch(number)
    data_map = results.seed_map(run, number)
    rows = np.arange(len(data_map) - len(table), len(data_map))
    return table.assign(picked=run.reasons(number), place=explain_regions(data_map, rows))


def near_duplicates_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return the near-duplicates within a batch, with group numbers from 1."""
    groups = near_duplicates(table["text"].tolist())
    rows = [position for group in groups for position in group]
    numbers = [number for number, group in enumerate(groups, start=1) for _ in group]
    return table.iloc[rows][["rank", "text", "label", "region", "id"]].assign(group=numbers)


def trails(run: ActiveRun, number: int) -> pd.DataFrame:
    """Return a row per iteration of each text that was picked up to iteration `number`."""
    frames = [
        pd.DataFrame(
            {
                "id": trail.name,
                "batch": trail.joined,
                "iteration": trail.iterations,
                "confidence": trail.confidence,
                "variability": trail.variability,
            }
        )
        for trail in run.trails(number)
    ]
    return pd.concat(frames, ignore_index=True)
