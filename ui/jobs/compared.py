"""Comparison of active-learning runs: reading them, and the cached values of the figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st

from cartography.errors import CartographyError
from cartography.evaluation import comparison, verdict
from cartography.evaluation.comparison import LearningCurve, PickDensity, PickOverlap, RegionShares
from cartography.evaluation.significance import EpsilonTable, epsilon_min_table
from cartography.evaluation.verdict import BASELINE, Verdicts
from cartography.figures import BatchSeries, Curve
from cartography.files import content_key
from cartography.runs.iteration_files import RunOutline, read_run_outline
from ui.jobs import cached
from ui.jobs.found import RunInfo
from ui.jobs.groups import methods, series_names
from ui.jobs.methods import Method
from ui.jobs.reference import ReferenceMap
from ui.jobs.results import StepProgress, change_times, iteration_files
from ui.state import workspace

_SEED = 0  # of the bootstrap, so that the same runs give the same numbers on every visit


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs that are compared.

    Attributes
    ----------
    found : tuple of RunInfo, length R
    outlines : tuple of RunOutline, length R
    runs : tuple of LearningCurve, length R
    key : str
        Cache key; changes with the runs and their progress.
    """

    found: tuple[RunInfo, ...]
    outlines: tuple[RunOutline, ...]
    runs: tuple[LearningCurve, ...]
    key: str

    @property
    def names(self) -> list[str]:
        """The distinct names of the runs, in their order."""
        return list(dict.fromkeys(run.name for run in self.runs))

    @property
    def methods(self) -> list[Method]:
        """The distinct methods of the runs, the paper's first."""
        return methods(self.found)

    @property
    def texts(self) -> int:
        """Number of texts in the training corpus."""
        return int(self.found[0].manifest["train"]["rows"])

    @property
    def batches(self) -> int:
        """Number of batches of the longest run."""
        return max(len(run.batches) for run in self.runs)

    @property
    def common(self) -> int:
        """Number of trainings of the shortest run; epsilon_min uses these of every run."""
        return min(len(run.labelled) for run in self.runs)

    @property
    def curves(self) -> list[Curve]:
        """Accuracy curve of each run."""
        return [Curve(run.name, run.labelled, run.accuracy) for run in self.runs]

    @property
    def batch_series(self) -> list[BatchSeries]:
        """Batch statistics of each name: the mean over its seeds, for batches that all have."""
        columns = ["confidence", "variability", "correctness"]
        statistics = defaultdict(list)
        for run, outline in zip(self.runs, self.outlines, strict=True):
            statistics[run.name].append(outline.iterations[columns].to_numpy()[1:])
        series = []
        for name, seeds in statistics.items():
            common = min(len(values) for values in seeds)
            mean = comparison.seed_band(np.stack([values[:common] for values in seeds])).mean
            series.append(BatchSeries(name, np.arange(1, common + 1), *mean.T))
        return series


def read_comparison(run_infos: Sequence[RunInfo]) -> tuple[Comparison | None, list[str]]:
    """Read runs from disk.

    Parameters
    ----------
    run_infos : sequence of RunInfo

    Returns
    -------
    Comparison or None
        The readable runs, Random's first; None if there are none.
    list of str
        The errors of the other runs.
    """
    readable, outlines, errors = [], [], []
    for run in sorted(run_infos, key=lambda run: run.sort_key):
        try:
            outlines.append(_outline(run.folder, cached.reached(run.folder)))
            readable.append(run)
        except CartographyError as error:
            errors.append(workspace.without_folders(str(error)))
    if not readable:
        return None, errors
    curves = [
        LearningCurve(
            name=name,
            strategy=run.strategy,
            seed=run.seed,
            labelled=outline.iterations["labelled"].to_numpy(),
            accuracy=outline.iterations["accuracy"].to_numpy(),
            batches=outline.batches,
        )
        for run, name, outline in zip(readable, series_names(readable), outlines, strict=True)
    ]
    key = content_key(*(f"{run.folder} {cached.reached(run.folder)}" for run in readable))
    return Comparison(tuple(readable), tuple(outlines), tuple(curves), key), errors


@st.cache_resource(max_entries=256, show_spinner=False)
def _outline(folder: Path, stamp: str) -> RunOutline:
    del stamp
    return read_run_outline(folder)


def progress(folders: Sequence[Path], runs: int, trainings: int) -> StepProgress:
    """Return the progress of runs that are trained in parallel.

    Parameters
    ----------
    folders : sequence of Path
        Folders of the runs that have started.
    runs : int
        Number of all runs.
    trainings : int
        Number of trainings per run.

    Returns
    -------
    StepProgress
        A training counts once all runs have finished it.
    """
    times_per_run = [change_times(iteration_files(folder)) for folder in folders]
    if len(times_per_run) < runs:
        return StepProgress(0, trainings, None)
    rounds = [max(times) for times in zip(*times_per_run, strict=False)]
    spans = np.diff(rounds)
    left = float(np.median(spans)) * (trainings - len(rounds)) if len(spans) else None
    return StepProgress(len(rounds), trainings, left)


def epsilon(compared: Comparison) -> EpsilonTable:
    """Return epsilon_min of each pair of names.

    Raises
    ------
    CartographyError
        The runs cannot be compared.
    """
    return _epsilon(compared.key, compared)


@st.cache_resource(max_entries=16, show_spinner="Drawing bootstrap samples …")
def _epsilon(key: str, _compared: Comparison) -> EpsilonTable:
    del key
    pooled = comparison.pooled_accuracies(_compared.runs)
    return epsilon_min_table(pooled, rng=np.random.default_rng(_SEED))


def verdicts(compared: Comparison) -> list[Verdicts]:
    """Return the verdicts for each method that includes Random, the paper's first.

    A strategy is compared with Random of its own method.

    Raises
    ------
    CartographyError
        The runs cannot be compared.
    """
    return _verdicts(compared.key, compared)


@st.cache_resource(max_entries=16, show_spinner=False)
def _verdicts(key: str, _compared: Comparison) -> list[Verdicts]:
    del key
    pairs = list(zip(_compared.found, _compared.runs, strict=True))
    groups = [
        [curve for run, curve in pairs if run.method == method] for method in _compared.methods
    ]
    return [
        verdict.verdicts(group, epsilon(_compared))
        for group in groups
        if any(curve.strategy == BASELINE for curve in group)
    ]


def unjudged(compared: Comparison) -> list[str]:
    """Return the names that cannot be judged because their method has no run of Random."""
    judged = {run.method for run in compared.found if run.strategy == BASELINE}
    pairs = zip(compared.found, compared.runs, strict=True)
    return list(dict.fromkeys(curve.name for run, curve in pairs if run.method not in judged))


def overlap(compared: Comparison) -> PickOverlap:
    """Return the number of common picks of each pair of names."""
    return _overlap(compared.key, compared)


@st.cache_resource(max_entries=16, show_spinner="Counting picks in common …")
def _overlap(key: str, _compared: Comparison) -> PickOverlap:
    del key
    return comparison.pick_overlap(_compared.runs)


def region_shares(compared: Comparison, reference: ReferenceMap) -> dict[str, RegionShares]:
    """Return the shares of the reference map's regions among the picks of each name."""
    return _region_shares(compared.key, reference.folder, compared, reference)


@st.cache_resource(max_entries=16, show_spinner=False)
def _region_shares(
    key: str, folder: Path, _compared: Comparison, _reference: ReferenceMap
) -> dict[str, RegionShares]:
    del key, folder
    return comparison.region_shares(_compared.runs, _reference.data_map)


def pick_density(
    compared: Comparison, reference: ReferenceMap, first: int, last: int
) -> PickDensity:
    """Return where on the reference map each name picks.

    Parameters
    ----------
    compared : Comparison
    reference : ReferenceMap
    first, last : int
        The first and the last batch to include, counted from 1.
    """
    return _pick_density(compared.key, reference.folder, first, last, compared, reference)


@st.cache_resource(max_entries=32, show_spinner=False)
def _pick_density(
    key: str, folder: Path, first: int, last: int, _compared: Comparison, _reference: ReferenceMap
) -> PickDensity:
    del key, folder
    curves = [_slice(run, first, last) for run in _compared.runs if len(run.batches) >= first]
    return comparison.pick_density(curves, _reference.data_map)


def _slice(run: LearningCurve, first: int, last: int) -> LearningCurve:
    """The run from before its batch `first` to after its batch `last`."""
    steps = slice(first - 1, last + 1)
    return replace(
        run,
        labelled=run.labelled[steps],
        accuracy=run.accuracy[steps],
        batches=run.batches[first - 1 : last],
    )
