"""BALD with Monte Carlo dropout, in two variants.

References
----------
Houlsby et al. (2011), Bayesian active learning for classification and preference learning.
Gal & Ghahramani (2016), Dropout as a Bayesian approximation.
Gal et al. (2017), Deep Bayesian active learning with image data.
Zhang & Plank (2021), Cartography active learning, Section 4.2.
"""

import numpy as np
import torch

from cartography.strategies.entropy import predictive_entropy
from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def bald(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """Select by the entropy of the mean over the dropout passes, as Zhang & Plank do.

    This is the total uncertainty. The original BALD takes only the part on which the passes
    disagree; see `bald_mi`.

    Parameters
    ----------
    view : PoolView
        With the switch `log_bald`, the mean is taken over log-probabilities.
    query_size : int
    rng : Generator
        Breaks ties.

    Returns
    -------
    Selection
        The scores are in bits.
    """
    passes = view.mc_probabilities  # (T, n, C)
    mean = passes.mean(axis=0, dtype=np.float64)
    if view.preset.switches.log_bald:
        smallest = np.finfo(passes.dtype).tiny
        logs = np.log(np.maximum(passes, smallest)).mean(axis=0, dtype=np.float64)
        mean = torch.from_numpy(logs).softmax(dim=1).numpy()
    return top_scores(predictive_entropy(mean), query_size, rng)


def bald_mi(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """Select by the mutual information of label and model, as Houlsby et al. and Gal et al. do.

    Parameters
    ----------
    view : PoolView
    query_size : int
    rng : Generator
        Breaks ties.

    Returns
    -------
    Selection
        The scores are the entropy of the mean minus the mean entropy, in bits.
    """
    passes = view.mc_probabilities  # (T, n, C)
    disagreement = predictive_entropy(passes.mean(axis=0, dtype=np.float64)) - predictive_entropy(
        passes
    ).mean(0)
    return top_scores(disagreement, query_size, rng)
