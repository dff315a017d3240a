"""BALD, with Monte Carlo dropout (Houlsby et al. 2011; Gal & Ghahramani 2016), in two readings."""

import numpy as np
import torch

from cartography.strategies.entropy import entropy_of
from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def bald(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """As the paper does it (Section 4.2): the entropy of the mean over the dropout passes, in bits.

    This measures all of the uncertainty. What sets BALD apart in its own papers is the part on
    which the passes disagree; see `bald_mi`. The preset's switch `log_bald` takes the mean of
    log-probabilities instead.
    """
    passes = view.mc_probabilities  # (T, n, C)
    mean = passes.mean(axis=0, dtype=np.float64)
    if view.preset.switches.log_bald:
        least = np.finfo(passes.dtype).tiny
        logs = np.log(np.maximum(passes, least)).mean(axis=0, dtype=np.float64)
        mean = torch.from_numpy(logs).softmax(dim=1).numpy()
    return top_scores(entropy_of(mean), query_size, rng)


def bald_mi(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """Mutual information of label and model: entropy of the mean less mean entropy, in bits."""
    passes = view.mc_probabilities  # (T, n, C)
    disagreement = entropy_of(passes.mean(axis=0, dtype=np.float64)) - entropy_of(passes).mean(0)
    return top_scores(disagreement, query_size, rng)
