"""Discriminative Active Learning (Gissin & Shalev-Shwartz 2019)."""

from dataclasses import replace

import numpy as np
import torch

from cartography.strategies.discriminator import discriminate
from cartography.strategies.query import Query, top
from cartography.strategies.view import View


def dal(view: View, query_size: int, rng: np.random.Generator) -> Query:
    """The items most surely told apart from the labelled set; the score is P(unlabelled)."""
    examples = torch.cat([view.labelled_representations, view.representations])
    targets = np.repeat(np.array([0, 1]), [len(view.labelled), len(view.pool)])
    [found] = discriminate(
        examples, [targets], view.representations, view.preset.discriminator, rng
    )
    return replace(top(found.probability, query_size, rng), discriminator_accuracy=found.accuracy)
