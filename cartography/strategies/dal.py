"""Discriminative Active Learning (Gissin & Shalev-Shwartz 2019)."""

from dataclasses import replace

import numpy as np
import torch

from cartography.strategies.discriminator import DiscriminatorTask, StrategyCoroutine, draw_seed
from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import top_scores


def dal(view: PoolView, query_size: int, rng: np.random.Generator) -> StrategyCoroutine:
    """The items most surely told apart from the labelled set; the score is P(unlabelled).

    Three switches of the preset depart from this: `dal_representations`, `dal_last_epoch` and
    `linear_discriminator`.
    """
    switches = view.preset.switches
    examples, labelled = view.all_representations, len(view.labelled)
    if switches.dal_representations == "every_epoch":
        examples, labelled = torch.cat([*view.seen, view.representations]), sum(map(len, view.seen))
    unlabelled = np.repeat(np.array([0, 1]), [labelled, len(view.pool)])
    found = yield DiscriminatorTask(examples, unlabelled, view.representations, draw_seed(rng))
    score = found.seen[labelled:] if switches.dal_last_epoch else found.probability
    ties = None if switches.linear_discriminator else rng
    return replace(top_scores(score, query_size, ties), discriminator_accuracy=found.accuracy)
