"""What the workflows return: tables and figures of a map, a simulation and a comparison."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cartography.active.simulation import Iteration, Trial
from cartography.corpora.corpus import Corpus
from cartography.evaluation.comparison import LearningCurve
from cartography.evaluation.significance import EpsilonTable
from cartography.evaluation.verdict import Verdicts
from cartography.figures import Curve, accuracy_figure, data_map_figure
from cartography.formatting import strategy_name
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics

if TYPE_CHECKING:
    import plotly.graph_objects as go


class _Result(ABC):
    """What all results of a workflow offer."""

    @abstractmethod
    def figure(self) -> go.Figure:
        """Return the result as a Plotly figure."""

    def show(self) -> None:
        """Show the figure: in a notebook below the cell, from a script in a browser."""
        self.figure().show()


@dataclass(frozen=True, eq=False)
class CorpusMap(_Result):
    """A corpus with its data map.

    Attributes
    ----------
    corpus : Corpus
        The n texts of the map.
    dynamics : TrainingDynamics
        Gold-label probability and correctness of every text in every epoch.
    data_map : DataMap
        Confidence, variability, correctness and region of every text.
    """

    corpus: Corpus
    dynamics: TrainingDynamics
    data_map: DataMap

    def to_frame(self) -> pd.DataFrame:
        """Return the map as a table: `DataMap.to_frame` with the texts and gold labels."""
        table = self.data_map.to_frame()
        table.insert(1, "text", self.corpus.texts)
        table.insert(2, "label", self.corpus.label_names(self.corpus.labels))
        return table

    def figure(self) -> go.Figure:
        """Return the map as a Plotly figure."""
        return data_map_figure(self.data_map, title=f"Data map of {self.corpus.name}")


@dataclass(frozen=True, eq=False)
class Simulation(_Result):
    """Simulated active learning: every iteration of every trial.

    Attributes
    ----------
    corpus, test : Corpus
        The texts that were learned from, and the test set.
    iterations : tuple of Iteration
    """

    corpus: Corpus
    test: Corpus
    iterations: tuple[Iteration, ...]

    @property
    def trials(self) -> list[Trial]:
        """The trials, in the order in which they were asked for."""
        return list(dict.fromkeys(iteration.trial for iteration in self.iterations))

    @cached_property
    def curves(self) -> tuple[LearningCurve, ...]:
        """The accuracy curve of each trial, with the ids of its batches."""
        levels = {trial.t_cor for trial in self.trials if trial.t_cor is not None}
        return tuple(self._curve(trial, name_level=len(levels) > 1) for trial in self.trials)

    def _curve(self, trial: Trial, name_level: bool) -> LearningCurve:
        steps = [iteration for iteration in self.iterations if iteration.trial == trial]
        name = strategy_name(trial.strategy)
        if name_level and trial.t_cor is not None:
            name = f"{name} at {trial.t_cor:g}"
        return LearningCurve(
            name=name,
            strategy=trial.strategy,
            seed=trial.seed,
            labelled=np.array([len(step.rows) for step in steps]),
            accuracy=np.array([step.evaluation.accuracy for step in steps]),
            batches=tuple(step.batch.ids for step in steps if step.batch is not None),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row per iteration of every trial.

        Its columns are `strategy`, `seed`, `t_cor`, `iteration`, `labelled`, `accuracy`,
        `macro_f1`, and the means `batch_confidence`, `batch_variability` and `batch_correctness`
        of the newest batch on the map of the labelled set (NaN at iteration 0).
        """
        columns = [
            *("strategy", "seed", "t_cor", "iteration", "labelled", "accuracy", "macro_f1"),
            *("batch_confidence", "batch_variability", "batch_correctness"),
        ]
        rows = (
            {
                "strategy": step.trial.strategy,
                "seed": step.trial.seed,
                "t_cor": np.nan if step.trial.t_cor is None else step.trial.t_cor,
                "iteration": step.number,
                "labelled": len(step.rows),
                "accuracy": step.evaluation.accuracy,
                "macro_f1": step.evaluation.macro_f1,
                "batch_confidence": step.batch_statistics.confidence,
                "batch_variability": step.batch_statistics.variability,
                "batch_correctness": step.batch_statistics.correctness,
            }
            for step in self.iterations
        )
        return pd.DataFrame(rows, columns=columns)

    def figure(self) -> go.Figure:
        """Return the test accuracy by labelled texts as a Plotly figure."""
        return accuracy_figure(
            [Curve(curve.name, curve.labelled, curve.accuracy) for curve in self.curves]
        )


@dataclass(frozen=True, eq=False)
class StrategyComparison(_Result):
    """Strategies compared with Random.

    Attributes
    ----------
    simulation : Simulation
    epsilon : EpsilonTable
        epsilon_min of every strategy over every other (almost stochastic order).
    verdicts : Verdicts
        What can be said of each strategy against Random, and of all in one sentence.
    """

    simulation: Simulation
    epsilon: EpsilonTable
    verdicts: Verdicts

    @property
    def verdict(self) -> str:
        """One sentence on all strategies; it can be that no advantage is shown."""
        return self.verdicts.sentence

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row per strategy other than Random.

        Its columns are `strategy`, `outcome` ("advantage", "disadvantage" or "none shown"),
        `epsilon_min` over Random, `labels_saved` at equal accuracy with the ends `low` and `high`
        of its 95 % interval, and the `verdict` in a sentence.
        """
        columns = [
            *("strategy", "outcome", "epsilon_min", "labels_saved", "low", "high", "verdict"),
        ]
        rows = (
            {
                "strategy": verdict.name,
                "outcome": verdict.outcome,
                "epsilon_min": verdict.epsilon,
                "labels_saved": verdict.saved.mean,
                "low": verdict.saved.low,
                "high": verdict.saved.high,
                "verdict": verdict.sentence,
            }
            for verdict in self.verdicts.each
        )
        return pd.DataFrame(rows, columns=columns)

    def figure(self) -> go.Figure:
        """Return the accuracy curves as a Plotly figure, seeds as mean and range."""
        return self.simulation.figure()
