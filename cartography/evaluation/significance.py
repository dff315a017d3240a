"""Almost stochastic order: how far one set of scores is from being better than another.

Del Barrio, Cuesta-Albertos and Matrán (2018), brought to neural models by Dror, Shlomov and
Reichart (2019). A set of scores dominates another when each of its quantiles is at least as high;
the violation ratio says how much of the difference goes the other way, and epsilon_min is its
upper confidence bound. Beside it stands the Student t interval of a mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from cartography.errors import CartographyError

_BLOCK = 2**20


def mean_and_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """The mean of `values` (n,) and the ends of its Student t 95 % interval.

    The ends are NaN with fewer than two values, as the mean is with none.
    """
    nan = float("nan")
    if len(values) < 2:
        return (float(values[0]) if len(values) else nan), nan, nan
    error = values.std(ddof=1) / np.sqrt(len(values))
    mean, half = float(values.mean()), float(stdtrit(len(values) - 1, 0.975) * error)
    return mean, mean - half, mean + half


def violation_ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of the difference between `a` (..., n) and `b` (..., m) speaks against `a`, (...,).

    Each row of `a` is compared with the same row of `b`, higher scores being better: the integral
    over t of (F_b^-1(t) - F_a^-1(t))^2 where a's quantile is below b's, divided by the integral of
    the whole squared difference (Equations 4 and 5 of Dror et al. 2019). In [0, 1]; swapping `a`
    and `b` gives one minus it.

    The integrals are exact. deepsig 1.2.8 sums over t = 0.005, 0.01, ... 0.995 and leaves the first
    of these out of the numerator alone, which breaks the symmetry and moves the ratio, by a few
    hundredths where the lowest or the highest scores differ most.

    Where no quantile differs the quotient is 0 / 0 and the ratio is 0.5. The literature leaves
    this open; 0.5, which deepsig has too, favours neither and keeps the symmetry.
    """
    a, b = np.sort(a, axis=-1), np.sort(b, axis=-1)
    n, m = a.shape[-1], b.shape[-1]
    # Both quantile functions are steps, so the integrals are sums over the union of i/n and j/m;
    # counted in units of 1/(n m) its edges are whole numbers and no rounding can split one.
    edges = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)
    ahead = b[..., edges[:-1] // n] - a[..., edges[:-1] // m]  # (..., K)
    squared = ahead**2 @ np.diff(edges)
    violated = np.maximum(ahead, 0) ** 2 @ np.diff(edges)
    half = np.full(squared.shape, 0.5)
    return np.divide(violated, squared, out=half, where=squared > 0)


def epsilon_min(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    *,
    alpha: float = 0.05,
    comparisons: int = 1,
    bootstraps: int = 1000,
    rng: np.random.Generator,
) -> float:
    """How far the scores `a` (n,) are from stochastically dominating `b` (m,), in [0, 1].

    0: a dominates b; below 0.5: a almost dominates b; 0.5 or more: that is not shown, and it is 1
    where b dominates a. Scores are higher-is-better. It is the upper bound, at confidence
    1 - alpha / comparisons (Bonferroni), of `violation_ratio`, with the standard deviation from
    `bootstraps` pairs of samples drawn from `a` and `b` with replacement. Stricter confidence, by
    a smaller `alpha` or more `comparisons`, takes it up. As a bound it can be high in both
    directions: two equal samples are at 0.5 or above, a over b and b over a.

    deepsig 1.2.8 takes alpha / comparisons off alpha where Bonferroni divides alpha, so that beyond
    two comparisons its bound comes down with their number.

    The scores are taken as independent. Scores of one run at successive iterations are not, so
    that the bound is closer to the ratio than it should be; and a single score has no spread,
    which leaves the ratio itself.

    Raises CartographyError when scores are missing or not finite, `alpha` is not in (0, 0.5], or
    there is no comparison or bootstrap.
    """
    _check({"the first sample": a, "the second sample": b}, alpha, comparisons, bootstraps)
    ratio, deviation = _ratio_and_deviation(a, b, bootstraps, rng)
    return _bound(ratio, deviation, alpha / comparisons)


@dataclass(frozen=True, eq=False)
class EpsilonTable:
    """epsilon_min of each name (row) over each other (column), (k, k), NaN on the diagonal.

    `comparisons` is the number that `alpha` was divided by.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    alpha: float
    comparisons: int

    def of(self, name: str, over: str) -> float:
        """epsilon_min of `name` over `over`."""
        return float(self.values[self.names.index(name), self.names.index(over)])


def epsilon_min_table(
    scores: Mapping[str, NDArray[np.float64]],
    *,
    alpha: float = 0.05,
    bootstraps: int = 1000,
    rng: np.random.Generator,
) -> EpsilonTable:
    """`epsilon_min` of every ordered pair of `scores`, name to (n,), as in Table 2 of the paper.

    Bonferroni counts all k (k - 1) ordered pairs, since each cell off the diagonal is a claim of
    its own that a reader may take from the table. The paper does not say how many it counts. The
    two directions of a pair share their bootstrap samples.

    Raises CartographyError as `epsilon_min` does.
    """
    names = tuple(scores)
    comparisons = max(1, len(names) * (len(names) - 1))
    _check(scores, alpha, comparisons, bootstraps)
    values = np.full((len(names), len(names)), np.nan)
    for row, column in combinations(range(len(names)), 2):
        ratio, deviation = _ratio_and_deviation(
            scores[names[row]], scores[names[column]], bootstraps, rng
        )
        values[row, column] = _bound(ratio, deviation, alpha / comparisons)
        values[column, row] = _bound(1 - ratio, deviation, alpha / comparisons)
    return EpsilonTable(names=names, values=values, alpha=alpha, comparisons=comparisons)


def _ratio_and_deviation(
    a: NDArray[np.float64], b: NDArray[np.float64], bootstraps: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The violation ratio, and its standard deviation over the bootstraps."""
    block = max(1, _BLOCK // (len(a) + len(b)))
    ratios = [
        violation_ratio(_resampled(a, size, rng), _resampled(b, size, rng))
        for start in range(0, bootstraps, block)
        for size in [min(block, bootstraps - start)]
    ]
    return float(violation_ratio(a, b)), float(np.concatenate(ratios).std())


def _resampled(
    scores: NDArray[np.float64], rows: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """`rows` samples of `scores` (n,) with replacement, (rows, n)."""
    return scores[rng.integers(len(scores), size=(rows, len(scores)))]


def _bound(ratio: float, deviation: float, level: float) -> float:
    """The upper bound of the violation ratio at confidence 1 - `level`, kept in [0, 1].

    The bound is ratio - sqrt((n + m) / (n m)) sigma z, z the normal quantile of `level` and sigma
    the standard deviation of sqrt(n m / (n + m)) (bootstrapped ratio - ratio): the roots cancel.
    """
    return float(np.clip(ratio - deviation * ndtri(level), 0, 1))


def _check(
    scores: Mapping[str, NDArray[np.float64]], alpha: float, comparisons: int, bootstraps: int
) -> None:
    for name, values in scores.items():
        if not len(values):
            raise CartographyError(f"no scores to compare in {name}: give at least one")
        if not np.isfinite(values).all():
            value = values[~np.isfinite(values)][0]
            raise CartographyError(f"a score in {name} is {value}: leave it out")
    if not 0 < alpha <= 0.5:
        raise CartographyError(f"alpha is {alpha:g}: give a level above 0 and at most 0.5")
    if comparisons < 1 or bootstraps < 1:
        raise CartographyError(
            f"{comparisons} comparisons and {bootstraps} bootstraps: give at least one of each"
        )
