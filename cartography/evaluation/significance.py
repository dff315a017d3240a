"""Almost stochastic order (ASO), and the Student t interval of a mean.

A set of scores dominates another if each of its quantiles is at least as high. The violation
ratio is the fraction of the squared difference that contradicts dominance, and epsilon_min is its
upper confidence bound.

References
----------
del Barrio, Cuesta-Albertos & Matrán (2018), An optimal transportation approach for assessing
almost stochastic order.
Dror, Shlomov & Reichart (2019), Deep dominance: how to properly compare deep neural models.
Ulmer, Hardmeier & Frellsen (2022), deep-significance: easy and meaningful statistical significance
testing in the age of neural networks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from cartography.errors import CartographyError

_BLOCK = 2**20  # scores resampled at a time, which limits memory


def mean_and_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Compute the mean and its Student t interval at 95 %.

    Parameters
    ----------
    values : float64 array, shape (n,)

    Returns
    -------
    tuple of three floats
        Mean, lower end and upper end. The ends are NaN for n < 2, the mean for n = 0.
    """
    nan = float("nan")
    if len(values) < 2:
        return (float(values[0]) if len(values) else nan), nan, nan
    error = values.std(ddof=1) / np.sqrt(len(values))
    mean, half = float(values.mean()), float(stdtrit(len(values) - 1, 0.975) * error)
    return mean, mean - half, mean + half


def violation_ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the fraction of the squared quantile difference where `b` is ahead of `a`.

    This is the integral over t of (F_b^-1(t) - F_a^-1(t))^2 where the quantile of a is below that
    of b, divided by the integral over all t. Swapping `a` and `b` gives one minus the ratio.

    Parameters
    ----------
    a : float64 array, shape (..., n)
        Scores, higher is better.
    b : float64 array, shape (..., m)
        Scores; each row is compared with the same row of `a`.

    Returns
    -------
    float64 array, shape (...)
        In [0, 1]. 0.5 if no quantile differs: the literature leaves this case (0 / 0) open, and
        0.5, also deepsig's value, favours neither side and keeps the symmetry.

    Notes
    -----
    The integrals are exact. deepsig 1.2.8 sums over t = 0.005, 0.01, ..., 0.995 and omits the first
    of these from the numerator only. This breaks the symmetry and changes the ratio, by a few
    hundredths if the lowest or the highest scores differ most.

    References
    ----------
    Dror et al. (2019), Equations 4 and 5.
    """
    a, b = np.sort(a, axis=-1), np.sort(b, axis=-1)
    n, m = a.shape[-1], b.shape[-1]
    # Both quantile functions are steps, so the integrals are sums over the union of i/n and j/m.
    # In units of 1/(n m) these edges are integers, so rounding cannot duplicate one.
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
    """Compute how far the scores `a` are from stochastically dominating `b`.

    epsilon_min is the upper bound of `violation_ratio` at confidence 1 - alpha / comparisons
    (Bonferroni), with a bootstrapped standard deviation.

    Parameters
    ----------
    a : float64 array, shape (n,)
        Scores, higher is better.
    b : float64 array, shape (m,)
    alpha : float, default 0.05
        In (0, 0.5]. A smaller value gives a higher bound.
    comparisons : int, default 1
        Number of comparisons to correct for. A larger value gives a higher bound.
    bootstraps : int, default 1000
        Number of pairs of samples drawn with replacement.
    rng : Generator

    Returns
    -------
    float
        In [0, 1]. 0: a dominates b. Below 0.5: a almost dominates b. 0.5 or more: neither is
        shown; 1 if b dominates a. Both directions can be high: for two equal samples, both are
        0.5 or more.

    Raises
    ------
    CartographyError
        Scores are missing or not finite, or a parameter is out of range.

    Notes
    -----
    The scores are assumed to be independent. Scores of one run at successive iterations are not,
    so for these the bound is too close to the ratio. A single score has no spread: the bound is
    then the ratio itself.

    deepsig 1.2.8 subtracts alpha / comparisons from alpha where Bonferroni divides, so beyond two
    comparisons its bound decreases with their number.
    """
    _check_arguments(
        {"the first sample": a, "the second sample": b}, alpha, comparisons, bootstraps
    )
    ratio, deviation = _ratio_and_deviation(a, b, bootstraps, rng)
    return _upper_bound(ratio, deviation, alpha / comparisons)


@dataclass(frozen=True, eq=False)
class EpsilonTable:
    """epsilon_min of each name over each other name.

    Attributes
    ----------
    names : tuple of str, length k
    values : float64 array, shape (k, k)
        Of the row's name over the column's name; NaN on the diagonal.
    alpha : float
    comparisons : int
        The number that `alpha` was divided by.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    alpha: float
    comparisons: int

    def of(self, name: str, over: str) -> float:
        """Return epsilon_min of `name` over the name `over`."""
        return float(self.values[self.names.index(name), self.names.index(over)])


def epsilon_min_table(
    scores: Mapping[str, NDArray[np.float64]],
    *,
    alpha: float = 0.05,
    bootstraps: int = 1000,
    rng: np.random.Generator,
) -> EpsilonTable:
    """Compute `epsilon_min` for every ordered pair of names, as in Table 2 of the paper.

    Bonferroni's correction is for all k (k - 1) ordered pairs, since each cell off the diagonal is
    a claim. The paper does not give its number. Both directions of a pair use the same bootstrap
    samples.

    Parameters
    ----------
    scores : mapping of str to float64 array, shape (n,)
        Higher is better; the lengths may differ.
    alpha : float, default 0.05
    bootstraps : int, default 1000
    rng : Generator

    Returns
    -------
    EpsilonTable

    Raises
    ------
    CartographyError
        As in `epsilon_min`.
    """
    names = tuple(scores)
    comparisons = max(1, len(names) * (len(names) - 1))
    _check_arguments(scores, alpha, comparisons, bootstraps)
    values = np.full((len(names), len(names)), np.nan)
    for row, column in combinations(range(len(names)), 2):
        ratio, deviation = _ratio_and_deviation(
            scores[names[row]], scores[names[column]], bootstraps, rng
        )
        values[row, column] = _upper_bound(ratio, deviation, alpha / comparisons)
        values[column, row] = _upper_bound(1 - ratio, deviation, alpha / comparisons)
    return EpsilonTable(names=names, values=values, alpha=alpha, comparisons=comparisons)


def _ratio_and_deviation(
    a: NDArray[np.float64], b: NDArray[np.float64], bootstraps: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The violation ratio, and its standard deviation over the bootstraps."""
    block = max(1, _BLOCK // (len(a) + len(b)))
    ratios = [
        violation_ratio(_resample(a, size, rng), _resample(b, size, rng))
        for start in range(0, bootstraps, block)
        for size in [min(block, bootstraps - start)]
    ]
    return float(violation_ratio(a, b)), float(np.concatenate(ratios).std())


def _resample(
    scores: NDArray[np.float64], rows: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """`rows` samples of `scores` (n,) with replacement, (rows, n)."""
    return scores[rng.integers(len(scores), size=(rows, len(scores)))]


def _upper_bound(ratio: float, deviation: float, level: float) -> float:
    """The upper bound of the violation ratio at confidence 1 - `level`, clipped to [0, 1].

    The bound is ratio - sqrt((n + m) / (n m)) sigma z, with z the normal quantile of `level` and
    sigma the standard deviation of sqrt(n m / (n + m)) (bootstrapped ratio - ratio). The square
    roots cancel.
    """
    return float(np.clip(ratio - deviation * ndtri(level), 0, 1))


def _check_arguments(
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
