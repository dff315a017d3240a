"""Estimates over seeds (mean and interval), and the values per seed that they are made from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cartography.evaluation.significance import mean_and_interval
from cartography.models.presets import PAPER
from cartography.reproduction.results import Results

# Accuracies are stored with six digits, so smaller differences are rounding errors.
_DIGITS = 9


@dataclass(frozen=True)
class Estimate:
    """Mean over seeds with its Student t 95 % interval.

    Attributes
    ----------
    mean : float
        Mean over the seeds; NaN without any seed.
    low, high : float
        Ends of the interval; NaN with fewer than two seeds.
    seeds : int
        Number of seeds.
    """

    mean: float
    low: float
    high: float
    seeds: int

    @property
    def half_width(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    @property
    def sign(self) -> int:
        """1 if the interval is above 0, -1 if it is below, 0 if it contains 0 or is NaN."""
        return int(self.low > 0) - int(self.high < 0)

    def minus(self, value: float) -> "Estimate":
        """Return the estimate minus a `value` that is treated as exact."""
        return Estimate(self.mean - value, self.low - value, self.high - value, self.seeds)


def estimate(values: pd.Series) -> Estimate:
    """Return mean and interval over the seeds that have a value.

    Parameters
    ----------
    values : Series
        One value per seed; NaN for seeds without one.

    Returns
    -------
    Estimate
    """
    finite = values.dropna().to_numpy(dtype=np.float64)
    return Estimate(*mean_and_interval(finite), seeds=len(finite))


def paired_difference(ours: pd.Series, theirs: pd.Series) -> pd.Series:
    """Return `ours` minus `theirs` for each seed that both have."""
    return (ours - theirs).dropna().round(_DIGITS)


def values_by_seed(
    results: Results,
    method: str,
    strategy: str,
    column: str = "accuracy",
    t_cor: float = PAPER.t_cor,
) -> pd.DataFrame:
    """Return a column of the accuracy table for the runs of one strategy.

    Parameters
    ----------
    results : Results
        Raw results of one data set.
    method, strategy : str
        Method and query strategy of the runs.
    column : str
        Column of `Results.accuracy`.
    t_cor : float
        t_cor of the runs; ignored for strategies that do not use it.

    Returns
    -------
    DataFrame
        A row per seed and a column per iteration; empty without such runs.
    """
    table = results.accuracy
    rows = table[(table["method"] == method) & (table["strategy"] == strategy)]
    level = rows["t_cor"].astype(np.float64)
    rows = rows[level.isna() | np.isclose(level, t_cor)]
    return rows.pivot(index="seed", columns="iteration", values=column).astype(np.float64)


def at_iteration(table: pd.DataFrame, iteration: int) -> pd.Series:
    """Return the values per seed at one iteration of `values_by_seed`; empty if it is missing."""
    return table[iteration] if iteration in table else pd.Series(dtype=np.float64)


def final_accuracy(
    results: Results, method: str, strategy: str, t_cor: float = PAPER.t_cor
) -> pd.Series:
    """Return the accuracy per seed after the last batch."""
    runs = values_by_seed(results, method, strategy, t_cor=t_cor)
    return at_iteration(runs, int(results.corpus["iterations"]))


def mean_accuracy(results: Results, method: str, strategy: str) -> pd.Series:
    """Return the accuracy per seed, averaged over all iterations including iteration 0."""
    return values_by_seed(results, method, strategy).mean(axis="columns")


def full_training(results: Results, method: str, column: str = "accuracy") -> pd.Series:
    """Return a column of `Results.full` per seed: the training on all texts."""
    table = results.full
    return table[table["method"] == method].set_index("seed")[column].astype(np.float64)
