"""Sampling of the points of a large map."""

import numpy as np
from numpy.typing import NDArray

MOST_POINTS = 50_000
"""The largest number of items that are all drawn; of more, a sample is drawn over the density."""

SAMPLE = 10_000
"""Size of the sample: small enough to leave the density visible between the points."""

_SEED = 0


def sample_points(
    group: NDArray[np.int64], foreground: NDArray[np.bool_], background: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Choose the items of a map to draw as points.

    Up to `MOST_POINTS` items, all are drawn. Of more, about `SAMPLE` are: the foreground in
    proportion to its size, but at least half of the sample if it has that many items, and the same
    share of each of its groups. The random order of the items is fixed, so that a map that is drawn
    again, for another epoch or with another filter, shows mostly the same items.

    Parameters
    ----------
    group : int64 array, shape (n,)
        -1 or more.
    foreground, background : bool arrays, shape (n,)
        Disjoint masks of the items that may be drawn.

    Returns
    -------
    bool array, shape (n,)
    """
    in_foreground, in_background = int(foreground.sum()), int(background.sum())
    total = in_foreground + in_background
    if total <= MOST_POINTS:
        return foreground | background
    size = max(SAMPLE * in_foreground // total, min(in_foreground, SAMPLE // 2))
    order = np.random.default_rng(_SEED).permutation(len(group))
    return _sample_strata(np.where(foreground, group + 1, -1), size, order) | _sample_strata(
        np.where(background, 0, -1), SAMPLE - size, order
    )


def _sample_strata(
    stratum: NDArray[np.int64], size: int, order: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """The first items in `order` of each stratum (n,), in proportion to its size, rounded up."""
    counts = np.bincount(stratum[stratum >= 0])  # -1 is in no stratum
    quotas = -(-counts * size // max(int(counts.sum()), 1))
    ordered = stratum[order]
    sample = np.zeros(len(stratum), dtype=np.bool_)
    for number in np.flatnonzero(counts):
        sample[order[ordered == number][: quotas[number]]] = True
    return sample
