"""Tasks of the lesson, the values of their runs, and the answers to its questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cartography.evaluation import comparison
from cartography.evaluation.comparison import LearningCurve, RegionShares
from cartography.maps.data_map import REGIONS, DataMap, Thresholds
from cartography.maps.dynamics import TrainingDynamics
from cartography.models.presets import PAPER
from cartography.runs.active_runs import ActiveRun
from cartography.runs.threshold_runs import ThresholdRun, read_threshold
from ui.jobs import cached, compared, results, tasks
from ui.jobs.background import Task
from ui.jobs.methods import Method
from ui.jobs.results import StepProgress
from ui.panels.data_map import values as data_map_values
from ui.panels.data_map.values import MapView
from ui.panels.lesson import findings
from ui.panels.lesson.findings import StepFinding
from ui.panels.lesson.script import FLIP, NEEDS, STRATEGIES, LessonStep, Need
from ui.panels.threshold import values as threshold_values
from ui.state.session import DataChoice

EXAMPLES = 10
_BATCHES = 3
_EPOCHS = 10
_METHOD = Method(PAPER.name)
"""The lesson explains CAL as the paper runs it, on word vectors."""


def task_of(choice: DataChoice, need: Need, flip: float = FLIP) -> Task:
    """Return the task that makes the runs for `need`; "noise" flips the share `flip` of labels."""
    if need == "maps":
        return tasks.maps(choice)
    words_of = choice if choice.features != "corpus" else replace(choice, features="words")
    if need == "study":
        return tasks.study(words_of, epochs=PAPER.classifier.epochs, method=_METHOD)
    if need == "noise":
        return tasks.maps(choice, flip=flip)
    return tasks.learning(
        words_of,
        STRATEGIES,
        t_cor=[PAPER.t_cor],
        iterations=_BATCHES,
        epochs=_EPOCHS,
        method=_METHOD,
    )


def all_tasks(choice: DataChoice) -> dict[Need, Task]:
    """Return the tasks of the lesson, in its order."""
    return {need: task_of(choice, need) for need in NEEDS}


def seed_and_full(choice: DataChoice) -> list[MapView]:
    """Return the finished seed map and full map."""
    return data_map_values.maps(task_of(choice, "maps"), Thresholds())


def full_map(choice: DataChoice) -> MapView:
    """Return the finished full map."""
    return seed_and_full(choice)[-1]


def dynamics_of(view: MapView) -> TrainingDynamics:
    """Return the training dynamics of a finished map."""
    assert view.run.dynamics is not None
    return view.run.dynamics


def examples(full: MapView, draw: int) -> list[int]:
    """Draw ten texts, one from each tenth of the full map by ascending confidence.

    Parameters
    ----------
    full : MapView
    draw : int
        Seed of the draw.

    Returns
    -------
    list of int
        Positions on the map; all of them if it has fewer than ten texts.
    """
    rng = np.random.default_rng(draw)
    by_confidence = np.argsort(full.placed.confidence, kind="stable")
    tenths = np.array_split(by_confidence, min(EXAMPLES, len(by_confidence)))
    return [int(rng.choice(tenth)) for tenth in tenths]


def most_variable(full: MapView, positions: Sequence[int]) -> int:
    """Return the index into `positions` of the text of highest variability."""
    return int(full.placed.variability[list(positions)].argmax())


def texts_of_region(full: MapView, region: str, number: int, draw: int) -> list[int]:
    """Draw texts of a region.

    Parameters
    ----------
    full : MapView
    region : str
        One of `REGIONS`.
    number : int
        Texts to draw; a small region gives fewer.
    draw : int
        Seed of the draw.

    Returns
    -------
    list of int
        Positions on the map.
    """
    inside = np.flatnonzero(full.placed.region == REGIONS.index(region))
    rng = np.random.default_rng(draw)
    return [int(position) for position in rng.permutation(inside)[:number]]


def up_to(full: MapView, epochs: int) -> DataMap:
    """Return the full map, computed from its first `epochs` epochs."""
    return DataMap.of(dynamics_of(full).until(epochs))


def study_of(choice: DataChoice) -> ThresholdRun:
    """Return the finished threshold study."""
    return threshold_values.study_run(task_of(choice, "study").folder)


def batch_size(run: ThresholdRun) -> int:
    """Return the query size of CAL: the paper's 50, or a tenth of a small pool."""
    return min(PAPER.query_size, max(1, len(run.pool) // 10))


def active_runs(choice: DataChoice) -> dict[str, ActiveRun]:
    """Return the finished active-learning runs, by strategy."""
    runs = [cached.active_run(folder) for folder in task_of(choice, "learning").run_folders()]
    return {run.strategy: run for run in runs}


def picks(choice: DataChoice) -> dict[str, RegionShares]:
    """Return the region shares of each strategy's picks on the full map."""
    return _picks(_stamp([task_of(choice, need) for need in ("maps", "learning")]), choice)


@st.cache_resource(max_entries=8, show_spinner=False)
def _picks(stamp: str, _choice: DataChoice) -> dict[str, RegionShares]:
    del stamp
    runs = [
        LearningCurve(
            name=name,
            strategy=name,
            seed=run.seed,
            labelled=run.iterations["labelled"].to_numpy(),
            accuracy=run.iterations["accuracy"].to_numpy(),
            batches=tuple(
                run.batch(number)["id"].to_numpy(dtype=object) for number in range(1, len(run.maps))
            ),
        )
        for name, run in active_runs(_choice).items()
    ]
    return comparison.region_shares(runs, full_map(_choice).placed)


def accuracies(choice: DataChoice) -> dict[str, tuple[float, float]]:
    """Return the test accuracy of each strategy before its first batch and after its last."""
    accuracies = {}
    for name, run in active_runs(choice).items():
        reached = run.iterations["accuracy"]
        accuracies[name] = (float(reached.iloc[0]), float(reached.iloc[-1]))
    return accuracies


def picked_on(full: MapView, run: ActiveRun) -> NDArray[np.bool_]:
    """Return a mask over the texts of the full map (n,): those that a run picked."""
    return np.isin(full.placed.ids.astype(str), run.batches()["id"].to_numpy().astype(str))


@dataclass(frozen=True, eq=False)
class LabelNoise:
    """The full map trained with wrong labels.

    Attributes
    ----------
    view : MapView
        The map trained with them.
    flipped : NDArray of bool, shape (n,)
        Texts with a wrong label.
    """

    view: MapView
    flipped: NDArray[np.bool_]


def noise(choice: DataChoice, flip: float) -> LabelNoise:
    """Return the full map trained with a share `flip` of the labels flipped."""
    noisy = data_map_values.maps(task_of(choice, "noise", flip), Thresholds())[-1]
    true = full_map(choice).run.items.set_index("id")["label"].loc[noisy.run.items["id"]]
    return LabelNoise(noisy, true.to_numpy() != noisy.run.items["label"].to_numpy())


def finding(choice: DataChoice, step: LessonStep) -> StepFinding:
    """Answer the question of `step` from the finished runs that it needs."""
    return _finding(_stamp([task_of(choice, need) for need in step.needs]), step.key, choice)


def _stamp(needed: Sequence[Task]) -> str:
    """A cache key that changes with any run of these tasks."""
    folders = [folder for task in needed for folder in task.run_folders()]
    return " ".join(f"{folder} {cached.reached(folder)}" for folder in folders)


@st.cache_resource(max_entries=64, show_spinner=False)
def _finding(stamp: str, key: str, _choice: DataChoice) -> StepFinding:
    del stamp
    return _FINDINGS[key](_choice)


def _of_dynamics(choice: DataChoice) -> StepFinding:
    return findings.of_dynamics(dynamics_of(full_map(choice)))


def _of_point(choice: DataChoice) -> StepFinding:
    full = full_map(choice)
    return findings.of_point(up_to(full, 1), full.placed)


def _of_regions(choice: DataChoice) -> StepFinding:
    full = full_map(choice)
    wrong = (full.run.items["predicted_label"] != full.run.items["label"]).to_numpy()
    hard = full.placed.region == REGIONS.index("hard-to-learn")
    return findings.of_regions(full.placed, int((wrong & hard).sum()))


def _of_seed_map(choice: DataChoice) -> StepFinding:
    pair = data_map_values.pair(seed_and_full(choice))
    assert pair is not None
    return findings.of_seed_map(pair)


def _of_boundary(choice: DataChoice) -> StepFinding:
    run = study_of(choice)
    return findings.of_boundary(run.study, batch_size(run))


def _of_threshold(choice: DataChoice) -> StepFinding:
    run = study_of(choice)
    return findings.of_threshold(run.study, batch_size(run))


def _of_strategies(choice: DataChoice) -> StepFinding:
    return findings.of_strategies(picks(choice), full_map(choice).placed, accuracies(choice))


def _of_noise(choice: DataChoice) -> StepFinding:
    noisy = noise(choice, FLIP)
    return findings.of_noise(noisy.view.placed, noisy.flipped)


_FINDINGS: dict[str, Callable[[DataChoice], StepFinding]] = {
    "dynamics": _of_dynamics,
    "point": _of_point,
    "regions": _of_regions,
    "seed_map": _of_seed_map,
    "boundary": _of_boundary,
    "threshold": _of_threshold,
    "strategies": _of_strategies,
    "noise": _of_noise,
}


def curve_table(full: MapView, positions: Sequence[int]) -> pd.DataFrame:
    """Return the gold-label probabilities of the texts at `positions`, one row per epoch."""
    curves = dynamics_of(full).gold_probability[:, list(positions)]
    columns = {
        f"text {full.run.items['id'].iat[position]}": curve
        for position, curve in zip(positions, curves.T, strict=True)
    }
    return pd.DataFrame({"epoch": np.arange(1, len(curves) + 1), **columns})


def quantile_table(dynamics: TrainingDynamics) -> pd.DataFrame:
    """Return quantiles of the gold-label probability of all texts, one row per epoch."""
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    quantiles = np.quantile(dynamics.gold_probability, levels, axis=1)
    columns = {
        f"{level:.0%} of texts below": row for level, row in zip(levels, quantiles, strict=True)
    }
    return pd.DataFrame({"epoch": np.arange(1, dynamics.epochs + 1), **columns})


def pool_table(run: ThresholdRun, t_cor: float) -> pd.DataFrame:
    """Return the pool with P(high-cor) at `t_cor`."""
    return run.pool.assign(**{"P(high-cor)": run.study.probability(t_cor)})


def noise_table(noisy: LabelNoise) -> pd.DataFrame:
    """Return each text with its confidence and whether its label was flipped."""
    view = noisy.view
    return view.run.items[["id", "text", "label"]].assign(
        confidence=view.placed.confidence, flipped=noisy.flipped
    )


def so_far(task: Task) -> TrainingDynamics | None:
    """Return the dynamics so far of a full map in training, or None before its first epoch."""
    maps = data_map_values.maps(task, Thresholds())
    return dynamics_of(maps[-1]) if maps and maps[-1].name == data_map_values.FULL_MAP else None


def steps_of(task: Task) -> StepProgress:
    """Return the progress of the runs of a task of the lesson."""
    folders = task.run_folders()
    if task.kind == "map":
        return results.steps(folders[-1], task.option("epochs"))
    if task.kind == "learn":
        return compared.progress(folders, len(STRATEGIES), task.option("iterations") + 1)
    run = read_threshold(folders[0])
    return StepProgress(run.number, run.total, None)
