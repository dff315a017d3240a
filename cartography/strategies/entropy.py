"""Maximum entropy (Shannon 1948; Dagan & Engelson 1995)."""

import numpy as np
import torch
from numpy.typing import NDArray

from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def entropy_of(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """-sum_y P log2 P over the last axis, in bits; 0 log 0 is 0."""
    nats = torch.special.entr(torch.from_numpy(probabilities.astype(np.float64))).sum(dim=-1)
    bits: NDArray[np.float64] = nats.numpy() / np.log(2)
    return bits


def entropy(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """The items whose predicted distribution has the highest entropy."""
    return top_scores(entropy_of(view.probabilities), query_size, rng)
