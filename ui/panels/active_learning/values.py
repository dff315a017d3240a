"""What an active-learning run comes to, as the values and tables that its page shows."""

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


def iterations(several: Comparison) -> pd.DataFrame:
    """A row for each iteration of each run, its seed first."""
    return pd.concat(
        [
            outline.iterations.assign(seed=run.seed)[["seed", *outline.iterations.columns]]
            for run, outline in zip(several.runs, several.outlines, strict=True)
        ],
        ignore_index=True,
    )


def signals(run: ActiveRun, choice: DataChoice) -> tuple[StoppingSignal, ...]:
    """What the run's own numbers say for stopping. Raises CartographyError."""
    table = run.iterations
    return stopping_signals(
        table["accuracy"].to_numpy(),
        table["agreement"].to_numpy(),
        table["labelled"].to_numpy(),
        table["pool"].to_numpy(),
        table["pool_max_probability"].to_numpy(),
        # A test set that was held out has a gold label throughout.
        test_size=_labelled_test_texts(choice, background.stamp(choice))
        or int(run.manifest["test"]["rows"]),
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _labelled_test_texts(choice: DataChoice, stamp: str) -> int | None:
    """How many texts of the test set have a gold label; None where there is no test set."""
    del stamp
    _, test = cached.corpora(choice)
    return None if test is None else int(test.labelled.sum())


def batch(run: ActiveRun, number: int) -> pd.DataFrame:
    """The batch of iteration `number`, why each text was picked and why it lies where it does."""
    table = run.batch(number)
    placed = results.seed_map(run, number)
    rows = np.arange(len(placed) - len(table), len(placed))
    return table.assign(picked=run.reasons(number), place=explain_regions(placed, rows))


def near_duplicates_of(table: pd.DataFrame) -> pd.DataFrame:
    """The texts of a batch that are near-duplicates of others in it, by their group, from 1."""
    groups = near_duplicates(table["text"].tolist())
    rows = [position for group in groups for position in group]
    numbers = [number for number, group in enumerate(groups, start=1) for _ in group]
    return table.iloc[rows][["rank", "text", "label", "region", "id"]].assign(group=numbers)


def trails(run: ActiveRun, number: int) -> pd.DataFrame:
    """A row for each place of each text picked until iteration `number`."""
    places = [
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
    return pd.concat(places, ignore_index=True)
