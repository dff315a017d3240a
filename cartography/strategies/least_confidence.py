"""Least confidence (Culotta & McCallum 2005)."""

import numpy as np
from numpy.typing import NDArray

from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def uncertainty(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """1 - max_y P(y|x), (n, C) to (n,), in [0, 1 - 1/C]."""
    max_probability = probabilities.max(axis=1).astype(np.float64)
    return 1 - max_probability


def least_confidence(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """The items whose most probable class is least probable."""
    return top_scores(uncertainty(view.probabilities), query_size, rng)
