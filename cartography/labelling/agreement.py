"""Agreement of annotators: Krippendorff's alpha, and Cohen's kappa of each pair.

References
----------
Cohen (1960), A coefficient of agreement for nominal scales.
Krippendorff (2004), Content analysis: an introduction to its methodology, chapter 11.
Krippendorff (2011), Computing Krippendorff's alpha-reliability.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

_BLOCK = 2**21  # weights drawn at a time, which limits memory
_NAN = float("nan")

Interval: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class PairAgreement:
    """How far two annotators agree on the items that both labelled.

    Attributes
    ----------
    first, second : str
        The annotators.
    items : int
        The number of items that both labelled.
    equal : float
        The fraction of them with the same class; NaN if there are none.
    kappa : float
        Cohen's kappa; NaN if it is not defined.
    interval : tuple of two floats
        Percentile bootstrap interval of kappa over the items.
    note : str
        Why kappa is not defined, or "".
    """

    first: str
    second: str
    items: int
    equal: float
    kappa: float
    interval: Interval
    note: str = ""


@dataclass(frozen=True)
class Agreement:
    """How far annotators agree.

    Attributes
    ----------
    items : int
        The number of items that two or more annotators labelled.
    alpha : float
        Krippendorff's alpha for nominal data over these items; NaN if it is not defined.
    interval : tuple of two floats
        Percentile bootstrap interval of alpha over the items.
    pairs : tuple of PairAgreement
        Every pair of annotators, in the order in which they were given.
    note : str
        Why alpha is not defined, or "".
    """

    items: int
    alpha: float
    interval: Interval
    pairs: tuple[PairAgreement, ...]
    note: str = ""


def agreement(
    ratings: Mapping[str, Mapping[str, str]],
    *,
    draws: int = 1000,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Agreement:
    """Compute the agreement of annotators.

    Parameters
    ----------
    ratings : mapping of str to mapping of str to str
        Annotator to item id to class name. Annotators may have labelled different items.
    draws : int
        Number of bootstrap samples of the items.
    level : float
        Coverage of the intervals. A sample for which a coefficient is not defined is left out.
    rng : numpy.random.Generator, optional
        Default: one with seed 0.

    Returns
    -------
    Agreement

    Examples
    --------
    >>> rated = agreement({"ann": {"1": "x", "2": "y"}, "ben": {"1": "x", "2": "y", "3": "y"}})
    >>> rated.items, rated.alpha
    (2, 1.0)
    """
    rng = rng or np.random.default_rng(0)
    codes, class_names = _to_codes(ratings)
    counts = (codes[..., None] == np.arange(len(class_names))).sum(axis=0)
    counts = counts[counts.sum(axis=1) >= 2]
    pairs = tuple(
        _pair((a, b), codes_a, codes_b, class_names, (draws, level, rng))
        for (a, codes_a), (b, codes_b) in combinations(zip(ratings, codes, strict=True), 2)
    )
    used = np.flatnonzero(counts.sum(axis=0))
    if len(used) < 2:
        note = (
            f"only one class was used, {class_names[used[0]]!r}"
            if len(used)
            else "no item was labelled by two annotators"
        )
        return Agreement(len(counts), _NAN, (_NAN, _NAN), pairs, note)
    # Items with the same counts are interchangeable: patterns of counts are resampled.
    patterns, frequency = np.unique(counts, axis=0, return_counts=True)

    def alpha_of(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return krippendorff_alpha(patterns, weights)

    alpha = float(alpha_of(frequency[None].astype(np.float64))[0])
    interval = _bootstrap_interval(alpha_of, frequency, draws, level, rng)
    return Agreement(len(counts), alpha, interval, pairs)


def krippendorff_alpha(
    counts: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute Krippendorff's alpha for nominal data.

    Item u has n_uc labels of class c, m_u labels in all, and the disagreement
    d_u = (m_u^2 - sum_c n_uc^2) / (m_u - 1). With the sums n_c and n over the items,
    alpha = 1 - (n - 1) * sum_u d_u / (n^2 - sum_c n_c^2).

    Parameters
    ----------
    counts : int64 array, shape (n, C)
        How many annotators gave each item each class; two or more per item.
    weights : float64 array, shape (B, n)
        How often each item occurs in each of B samples.

    Returns
    -------
    float64 array, shape (B,)
        1 for full agreement, about 0 for agreement by chance; NaN where only one class occurs.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability, section C.
    """
    labels = counts.sum(axis=1)
    disagreement = (labels**2 - (counts**2).sum(axis=1)) / (labels - 1)
    of_class = weights @ counts
    total = of_class.sum(axis=1)
    observed = (total - 1) * (weights @ disagreement)
    return 1 - _divide(observed, total**2 - (of_class**2).sum(axis=1))


def cohen_kappa(
    first: NDArray[np.int64], second: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute Cohen's kappa of two annotators in each of B samples of items.

    Parameters
    ----------
    first, second : int64 array, shape (n,)
        The class that each gave each item, in 0 .. C - 1.
    weights : float64 array, shape (B, n)
        How often each item occurs in each sample.

    Returns
    -------
    float64 array, shape (B,)
        NaN where both gave one and the same class alone.
    """
    classes = np.arange(max(first.max(), second.max()) + 1)
    of_first, of_second = (weights @ (codes[:, None] == classes) for codes in (first, second))
    total = weights.sum(axis=1)
    chance = (of_first * of_second).sum(axis=1)
    return _divide((weights @ (first == second)) * total - chance, total**2 - chance)


def _to_codes(ratings: Mapping[str, Mapping[str, str]]) -> tuple[NDArray[np.int64], list[str]]:
    """The ratings as class numbers (annotators, items), -1 where missing, and the class names."""
    items = dict.fromkeys(item for labels in ratings.values() for item in labels)
    names = sorted({name for labels in ratings.values() for name in labels.values()})
    column = {item: position for position, item in enumerate(items)}
    code = {name: position for position, name in enumerate(names)}
    codes = np.full((len(ratings), len(items)), -1, dtype=np.int64)
    for row, labels in zip(codes, ratings.values(), strict=True):
        row[[column[item] for item in labels]] = [code[name] for name in labels.values()]
    return codes, names


def _pair(
    annotators: tuple[str, str],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    names: list[str],
    bootstrap: tuple[int, float, np.random.Generator],
) -> PairAgreement:
    """The agreement of two annotators, from their class numbers (items,)."""
    from sklearn.metrics import cohen_kappa_score

    both = (first >= 0) & (second >= 0)
    first, second = first[both], second[both]
    unknown = (_NAN, _NAN)
    if not len(first):
        note = "no item was labelled by both"
        return PairAgreement(*annotators, 0, _NAN, _NAN, unknown, note)
    equal = float((first == second).mean())
    if (first == first[0]).all() and (second == first[0]).all():
        note = f"only one class was used, {names[first[0]]!r}"
        return PairAgreement(*annotators, len(first), equal, _NAN, unknown, note)
    (firsts, seconds), frequency = np.unique(np.stack([first, second]), axis=1, return_counts=True)

    def kappa_of(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return cohen_kappa(firsts, seconds, weights)

    kappa = float(cohen_kappa_score(first, second))
    interval = _bootstrap_interval(kappa_of, frequency, *bootstrap)
    return PairAgreement(*annotators, len(first), equal, kappa, interval)


def _bootstrap_interval(
    coefficient: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    frequency: NDArray[np.int64],
    draws: int,
    level: float,
    rng: np.random.Generator,
) -> Interval:
    """The percentile interval of a coefficient of weights (B, n), of n patterns of items."""
    items = int(frequency.sum())
    block = max(1, _BLOCK // len(frequency))
    values = np.concatenate(
        [
            coefficient(
                rng.multinomial(items, frequency / items, size=min(block, draws - start)).astype(
                    np.float64
                )
            )
            for start in range(0, draws, block)
        ]
    )
    defined = values[~np.isnan(values)]
    if not len(defined):
        return (_NAN, _NAN)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return (float(low), float(high))


def _divide(numerator: NDArray[Any], denominator: NDArray[Any]) -> NDArray[np.float64]:
    """The quotient, NaN where the denominator is 0."""
    quotient = np.full(len(numerator), np.nan)
    return np.divide(numerator, denominator, out=quotient, where=denominator != 0)
