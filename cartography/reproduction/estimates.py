"""A mean over seeds with its interval, and the values of each seed that it is taken from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cartography.evaluation.significance import mean_and_interval
from cartography.models.presets import PAPER
from cartography.reproduction.results import Results

# Accuracies are on disk with six digits: differences beyond are rounding, and no effect.
_DIGITS = 9


@dataclass(frozen=True)
class Estimate:
    """The mean over `seeds` with its Student t 95 % interval from `low` to `high`.

    The interval is NaN with fewer than two seeds, as the mean is with none.
    """

    mean: float
    low: float
    high: float
    seeds: int

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    @property
    def side(self) -> int:
        """1 where the interval lies above 0, -1 where it lies below, 0 where neither is shown."""
        return int(self.low > 0) - int(self.high < 0)

    def less(self, value: float) -> "Estimate":
        """This less a `value` that is taken as exact."""
        return Estimate(self.mean - value, self.low - value, self.high - value, self.seeds)


def estimate(values: pd.Series) -> Estimate:
    """The mean over the seeds that have a value, with its interval."""
    known = values.dropna().to_numpy(dtype=np.float64)
    return Estimate(*mean_and_interval(known), seeds=len(known))


def paired(ours: pd.Series, theirs: pd.Series) -> pd.Series:
    """`ours` less `theirs`, of each seed that both have."""
    return (ours - theirs).dropna().round(_DIGITS)


def by_seed(
    results: Results,
    method: str,
    strategy: str,
    column: str = "accuracy",
    t_cor: float = PAPER.t_cor,
) -> pd.DataFrame:
    """`column` of the runs of a strategy, a row for each seed and a column for each iteration;
    empty where there is no such run. `t_cor` matters to those strategies alone that use it.
    """
    table = results.accuracy
    mine = table[(table["method"] == method) & (table["strategy"] == strategy)]
    level = mine["t_cor"].astype(np.float64)
    mine = mine[level.isna() | np.isclose(level, t_cor)]
    return mine.pivot(index="seed", columns="iteration", values=column).astype(np.float64)


def at(table: pd.DataFrame, iteration: int) -> pd.Series:
    """The values of each seed at an iteration of `by_seed`; empty where it has none."""
    return table[iteration] if iteration in table else pd.Series(dtype=np.float64)


def last(results: Results, method: str, strategy: str, t_cor: float = PAPER.t_cor) -> pd.Series:
    """The final accuracy of each seed."""
    runs = by_seed(results, method, strategy, t_cor=t_cor)
    return at(runs, int(results.corpus["iterations"]))


def over_iterations(results: Results, method: str, strategy: str) -> pd.Series:
    """The accuracy of each seed, averaged over all iterations from 0 on."""
    return by_seed(results, method, strategy).mean(axis="columns")


def on_all_texts(results: Results, method: str, column: str = "accuracy") -> pd.Series:
    """`column` of each seed's training on all texts."""
    table = results.full
    return table[table["method"] == method].set_index("seed")[column].astype(np.float64)
