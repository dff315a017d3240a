"""The binary classifier of DAL and CAL: train it on two groups, apply it to the pool."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.classifier import probabilities
from cartography.presets import Recipe
from cartography.training import Epoch, TrainingSet, fit


@dataclass(frozen=True, eq=False)
class Discriminated:
    """P(class 1) of each pool item (n,), and the accuracy reached in training, in [0, 1]."""

    probability: NDArray[np.float64]
    accuracy: float


def drawn_seed(rng: np.random.Generator) -> int:
    """The seed of a discriminator, the first thing that CAL and DAL draw from their generator."""
    return int(rng.integers(2**63))


def discriminators(
    examples: Tensor,
    targets: Sequence[NDArray[np.int64]],
    recipe: Recipe,
    seed: int,
) -> Iterator[Epoch]:
    """Train one discriminator for each of the M `targets` (l,) in {0, 1}, side by side, on the
    same `examples` (l, h); yields each epoch.

    All share one `seed` (see `drawn_seed`), so that each is what it would be alone.
    """
    rows = np.arange(len(examples))
    return fit(examples, [TrainingSet(rows, each, seed) for each in targets], 2, recipe)


def discriminated(trained: Epoch, pool: Tensor) -> Iterator[Discriminated]:
    """Apply the M discriminators of their last epoch to `pool` (n, h), one after the other.

    The accuracy is that of this epoch over the examples.
    """
    rows = torch.arange(len(pool), device=pool.device)
    for model, correct in enumerate(trained.correct):
        found = probabilities(trained.classifiers[model], pool, rows)
        yield Discriminated(found[:, 1].double().cpu().numpy(), float(correct.mean()))


def discriminate(
    examples: Tensor,
    targets: Sequence[NDArray[np.int64]],
    pool: Tensor,
    recipe: Recipe,
    rng: np.random.Generator,
) -> list[Discriminated]:
    """Train `discriminators` to the end and apply them to `pool` (n, h): M answers."""
    for epoch in discriminators(examples, targets, recipe, drawn_seed(rng)):
        last = epoch
    return list(discriminated(last, pool))
