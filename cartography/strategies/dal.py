"""Discriminative Active Learning (DAL).

References
----------
Gissin & Shalev-Shwartz (2019), Discriminative active learning.
"""

from dataclasses import replace

import numpy as np
import torch

from cartography.strategies.discriminator import DiscriminatorTask, StrategyCoroutine, draw_seed
from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import top_scores


def dal(view: PoolView, query_size: int, rng: np.random.Generator) -> StrategyCoroutine:
    """Select the items that are most clearly distinguished from the labelled set.

    Parameters
    ----------
    view : PoolView
        Three switches of its preset change the method: `dal_representations`, `dal_last_epoch`
        and `linear_discriminator`.
    query_size : int
    rng : Generator
        Draws the seed of the discriminator and breaks ties.

    Yields
    ------
    DiscriminatorTask
        One, the pool (1) against the labelled set (0).

    Returns
    -------
    Selection
        The scores are P(unlabelled).
    """
    switches = view.preset.switches
    examples, labelled = view.all_representations, len(view.labelled)
    if switches.dal_representations == "every_epoch":
        examples, labelled = (
            torch.cat([*view.recorded, view.representations]),
            sum(map(len, view.recorded)),
        )
    targets = np.repeat(np.array([0, 1]), [labelled, len(view.pool)])
    result = yield DiscriminatorTask(examples, targets, view.representations, draw_seed(rng))
    scores = result.probability
    if switches.dal_last_epoch:
        scores = result.training_probability[labelled:]
    ties = None if switches.linear_discriminator else rng
    return replace(top_scores(scores, query_size, ties), discriminator_accuracy=result.accuracy)
