"""Margin sampling (Scheffer et al. 2001)."""

import numpy as np
from numpy.typing import NDArray

from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def margin_between(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probability of the first class less that of the second, (n, C) to (n,), in [0, 1]."""
    two = np.partition(probabilities.astype(np.float64), -2, axis=1)
    return two[:, -1] - two[:, -2]


def margin(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """The items whose two most probable classes are closest; the score is minus the margin."""
    return top_scores(-margin_between(view.probabilities), query_size, rng)
