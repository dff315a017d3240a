"""Least confidence.

References
----------
Lewis & Gale (1994), A sequential algorithm for training text classifiers.
Culotta & McCallum (2005), Reducing labeling effort for structured prediction tasks.
"""

import numpy as np
from numpy.typing import NDArray

from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def uncertainty(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compute 1 - max_y P(y|x).

    Parameters
    ----------
    probabilities : float array, shape (n, C)

    Returns
    -------
    float64 array, shape (n,)
        In [0, 1 - 1/C].
    """
    max_probability = probabilities.max(axis=1).astype(np.float64)
    return 1 - max_probability


def least_confidence(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """Select the items whose most probable class has the lowest probability.

    Parameters
    ----------
    view : PoolView
    query_size : int
    rng : Generator
        Breaks ties.

    Returns
    -------
    Selection
        The scores are those of `uncertainty`.
    """
    return top_scores(uncertainty(view.probabilities), query_size, rng)
