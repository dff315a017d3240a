"""Maximum entropy.

References
----------
Shannon (1948), A mathematical theory of communication.
Dagan & Engelson (1995), Committee-based sampling for training probabilistic classifiers.
Settles (2009), Active learning literature survey.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def predictive_entropy(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compute -sum_y P log2 P.

    Parameters
    ----------
    probabilities : float array, shape (..., C)

    Returns
    -------
    float64 array, shape (...)
        In bits; 0 log 0 is 0.
    """
    nats = torch.special.entr(torch.from_numpy(probabilities.astype(np.float64))).sum(dim=-1)
    bits: NDArray[np.float64] = nats.numpy() / np.log(2)
    return bits


def entropy(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """Select the items whose predicted distribution has the highest entropy.

    Parameters
    ----------
    view : PoolView
    query_size : int
    rng : Generator
        Breaks ties.

    Returns
    -------
    Selection
        The scores are entropies, in bits.
    """
    return top_scores(predictive_entropy(view.probabilities), query_size, rng)
