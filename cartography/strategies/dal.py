"""Discriminative Active Learning (Gissin & Shalev-Shwartz 2019)."""

from dataclasses import replace

import numpy as np

from cartography.strategies.discriminator import Asking, Discrimination, drawn_seed
from cartography.strategies.query import top
from cartography.strategies.view import View


def dal(view: View, query_size: int, rng: np.random.Generator) -> Asking:
    """The items most surely told apart from the labelled set; the score is P(unlabelled)."""
    unlabelled = np.repeat(np.array([0, 1]), [len(view.labelled), len(view.pool)])
    found = yield Discrimination(
        view.all_representations, unlabelled, view.representations, drawn_seed(rng)
    )
    return replace(top(found.probability, query_size, rng), discriminator_accuracy=found.accuracy)
