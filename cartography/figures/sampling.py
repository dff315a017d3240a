"""Which items of a large map are drawn as points."""

import numpy as np
from numpy.typing import NDArray

MOST_POINTS = 50_000
"""Items that are all drawn as points; of more, a sample is, over the density of all."""

SAMPLE = 10_000
"""Points of a sample: so few that the density can be seen between them."""

_SEED = 0


def sample_points(
    group: NDArray[np.int64], bright: NDArray[np.bool_], quiet: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of n items are drawn (n,): all that are `bright` or `quiet` up to `MOST_POINTS`.

    Of more, about `SAMPLE`: of the bright ones, the same share of each `group` (-1 or more), and
    so of the quiet ones. The bright ones have their proportion of the points, but at least half,
    as far as there are so many. Every item has the same rank in the draw at all times, so that a
    map drawn again, after another epoch or with another filter, shows the same items as far as
    the shares permit.
    """
    of_bright, of_quiet = int(bright.sum()), int(quiet.sum())
    total = of_bright + of_quiet
    if total <= MOST_POINTS:
        return bright | quiet
    most = max(SAMPLE * of_bright // total, min(of_bright, SAMPLE // 2))
    order = np.random.default_rng(_SEED).permutation(len(group))
    return _first(np.where(bright, group + 1, -1), most, order) | _first(
        np.where(quiet, 0, -1), SAMPLE - most, order
    )


def _first(stratum: NDArray[np.int64], most: int, order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The first items in `order` of each stratum (n,), in proportion to its size and rounded up;
    -1 is in no stratum.
    """
    counts = np.bincount(stratum[stratum >= 0])
    shares = -(-counts * most // max(int(counts.sum()), 1))
    ordered = stratum[order]
    first = np.zeros(len(stratum), dtype=np.bool_)
    for number in np.flatnonzero(counts):
        first[order[ordered == number][: shares[number]]] = True
    return first
