"""What several active-learning runs come to: read from disk, kept, and as values of figures."""

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

# Of the bootstrap: the same runs give the same numbers on every visit.
_SEED = 0


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs beside each other: where they were `found`, their `outlines`, and as they are compared.

    `key` changes with any of them and how far it has come.
    """

    found: tuple[RunInfo, ...]
    outlines: tuple[RunOutline, ...]
    runs: tuple[LearningCurve, ...]
    key: str

    @property
    def names(self) -> list[str]:
        """The names that are compared, each once."""
        return list(dict.fromkeys(run.name for run in self.runs))

    @property
    def methods(self) -> list[Method]:
        """How the runs were made, each method once, the paper's first."""
        return methods(self.found)

    @property
    def texts(self) -> int:
        """How many texts could be labelled."""
        return int(self.found[0].manifest["train"]["rows"])

    @property
    def batches(self) -> int:
        """The most batches that a run has."""
        return max(len(run.batches) for run in self.runs)

    @property
    def common(self) -> int:
        """The numbers of labels that all runs have: on these they are judged."""
        return min(len(run.labelled) for run in self.runs)

    @property
    def curves(self) -> list[Curve]:
        """The accuracy curve of each run."""
        return [Curve(run.name, run.labelled, run.accuracy) for run in self.runs]

    @property
    def batch_series(self) -> list[BatchSeries]:
        """The statistics of the batches of each name, the mean over its seeds, as far as all of
        them have come.
        """
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


def read_comparison(found: Sequence[RunInfo]) -> tuple[Comparison | None, list[str]]:
    """The runs, Random's first, and what was wrong with those that could not be read."""
    good, outlines, faults = [], [], []
    for run in sorted(found, key=lambda run: run.place):
        try:
            outlines.append(_outline(run.folder, cached.reached(run.folder)))
            good.append(run)
        except CartographyError as error:
            faults.append(workspace.without_folders(str(error)))
    if not good:
        return None, faults
    learned = [
        LearningCurve(
            name=name,
            strategy=run.strategy,
            seed=run.seed,
            labelled=outline.iterations["labelled"].to_numpy(),
            accuracy=outline.iterations["accuracy"].to_numpy(),
            batches=outline.batches,
        )
        for run, name, outline in zip(good, series_names(good), outlines, strict=True)
    ]
    key = content_key(*(f"{run.folder} {cached.reached(run.folder)}" for run in good))
    return Comparison(tuple(good), tuple(outlines), tuple(learned), key), faults


@st.cache_resource(max_entries=256, show_spinner=False)
def _outline(folder: Path, stamp: str) -> RunOutline:
    del stamp
    return read_run_outline(folder)


def progress(folders: Sequence[Path], runs: int, trainings: int) -> StepProgress:
    """How many of the `trainings` each all `runs` have done that are written side by side.

    The last of a round's files tells when it ended.
    """
    written = [change_times(iteration_files(folder)) for folder in folders]
    if len(written) < runs:
        return StepProgress(0, trainings, None)
    rounds = [max(times) for times in zip(*written, strict=False)]
    spans = np.diff(rounds)
    left = float(np.median(spans)) * (trainings - len(rounds)) if len(spans) else None
    return StepProgress(len(rounds), trainings, left)


def epsilon(compared: Comparison) -> EpsilonTable:
    """epsilon_min of each name over each other. Raises CartographyError."""
    return _epsilon(compared.key, compared)


@st.cache_resource(max_entries=16, show_spinner="Drawing bootstrap samples …")
def _epsilon(key: str, _compared: Comparison) -> EpsilonTable:
    del key
    pooled = comparison.pooled_accuracies(_compared.runs)
    return epsilon_min_table(pooled, rng=np.random.default_rng(_SEED))


def verdicts(compared: Comparison) -> list[Verdicts]:
    """The names of each method that has Random judged against it, the paper's first: a strategy is
    judged against Random made as it was. Raises CartographyError.
    """
    return _verdicts(compared.key, compared)


@st.cache_resource(max_entries=16, show_spinner=False)
def _verdicts(key: str, _compared: Comparison) -> list[Verdicts]:
    del key
    pairs = list(zip(_compared.found, _compared.runs, strict=True))
    parts = [
        [learned for run, learned in pairs if run.method == method] for method in _compared.methods
    ]
    return [
        verdict.verdicts(part, epsilon(_compared))
        for part in parts
        if any(run.strategy == BASELINE for run in part)
    ]


def unjudged(compared: Comparison) -> list[str]:
    """The names whose method has no Random among the runs."""
    having = {run.method for run in compared.found if run.strategy == BASELINE}
    pairs = zip(compared.found, compared.runs, strict=True)
    return list(dict.fromkeys(each.name for run, each in pairs if run.method not in having))


def overlap(compared: Comparison) -> PickOverlap:
    """The picks that each two names have in common."""
    return _overlap(compared.key, compared)


@st.cache_resource(max_entries=16, show_spinner="Counting picks in common …")
def _overlap(key: str, _compared: Comparison) -> PickOverlap:
    del key
    return comparison.pick_overlap(_compared.runs)


def region_shares(compared: Comparison, reference: ReferenceMap) -> dict[str, RegionShares]:
    """The regions of the reference map that each name picks from."""
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
    """Where on the reference map each name picks in the batches `first` to `last`, from 1."""
    return _pick_density(compared.key, reference.folder, first, last, compared, reference)


@st.cache_resource(max_entries=32, show_spinner=False)
def _pick_density(
    key: str, folder: Path, first: int, last: int, _compared: Comparison, _reference: ReferenceMap
) -> PickDensity:
    del key, folder
    part = [_part(run, first, last) for run in _compared.runs if len(run.batches) >= first]
    return comparison.pick_density(part, _reference.data_map)


def _part(run: LearningCurve, first: int, last: int) -> LearningCurve:
    """The run from before its batch `first` to after its batch `last`."""
    steps = slice(first - 1, last + 1)
    return replace(
        run,
        labelled=run.labelled[steps],
        accuracy=run.accuracy[steps],
        batches=run.batches[first - 1 : last],
    )
