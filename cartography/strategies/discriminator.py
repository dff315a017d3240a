"""The binary classifier of DAL and CAL: train it on two groups, apply it to the pool."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.classifier import probabilities
from cartography.presets import Recipe
from cartography.training import TrainingSet, fit


@dataclass(frozen=True, eq=False)
class Discriminated:
    """P(class 1) of each pool item (n,), and the accuracy reached in training, in [0, 1]."""

    probability: NDArray[np.float64]
    accuracy: float


def discriminate(
    examples: Tensor,
    targets: NDArray[np.int64],
    pool: Tensor,
    recipe: Recipe,
    rng: np.random.Generator,
) -> Discriminated:
    """Train on `examples` (m, h) with `targets` (m,) in {0, 1}; apply to `pool` (n, h).

    The accuracy is that of the last epoch over the examples.
    """
    everything = TrainingSet(np.arange(len(targets)), targets, seed=int(rng.integers(2**63)))
    for epoch in fit(examples, [everything], classes=2, recipe=recipe):
        last = epoch
    found = probabilities(last.classifiers, pool, torch.arange(len(pool), device=pool.device))
    return Discriminated(
        probability=found[:, 1].double().cpu().numpy(),
        accuracy=float(last.correct[0].mean()),
    )
