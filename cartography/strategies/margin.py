"""Margin sampling.

References
----------
Scheffer et al. (2001), Active hidden Markov models for information extraction.
Settles (2009), Active learning literature survey.
"""

import numpy as np
from numpy.typing import NDArray

from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def probability_margin(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compute the difference between the two highest class probabilities.

    Parameters
    ----------
    probabilities : float array, shape (n, C)

    Returns
    -------
    float64 array, shape (n,)
        In [0, 1].
    """
    highest_last = np.partition(probabilities.astype(np.float64), -2, axis=1)
    return highest_last[:, -1] - highest_last[:, -2]


def margin(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """Select the items whose two most probable classes are closest.

    Parameters
    ----------
    view : PoolView
    query_size : int
    rng : Generator
        Breaks ties.

    Returns
    -------
    Selection
        The scores are the negative margins.
    """
    return top_scores(-probability_margin(view.probabilities), query_size, rng)
