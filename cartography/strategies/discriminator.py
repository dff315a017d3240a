"""The binary classifier of DAL and CAL: train it on two groups, apply it to the pool."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.models.mlp import probabilities
from cartography.models.presets import Recipe
from cartography.models.trainer import TrainingSet
from cartography.models.training import Epoch, train_epochs
from cartography.strategies.selection import Selection


@dataclass(frozen=True, eq=False)
class DiscriminatorTask:
    """A discriminator that is wanted: trained on `examples` (l, h) with `targets` (l,) in {0, 1},
    from a `seed` (see `draw_seed`), and applied to `pool` (n, h).
    """

    examples: Tensor
    targets: NDArray[np.int64]
    pool: Tensor
    seed: int


@dataclass(frozen=True, eq=False)
class DiscriminatorResult:
    """P(class 1) of each pool item (n,), the accuracy reached in training, in [0, 1], and
    P(class 1) of each example (l,) as the last epoch's training pass saw it.
    """

    probability: NDArray[np.float64]
    accuracy: float
    seen: NDArray[np.float64]


StrategyCoroutine: TypeAlias = Generator[DiscriminatorTask, DiscriminatorResult, Selection]
"""A strategy under way: it yields each discriminator that it wants, is sent what became of it, and
returns its query. So those of many strategies are trained side by side.
"""


def draw_seed(rng: np.random.Generator) -> int:
    """The seed of a discriminator, the first thing that CAL and DAL draw from their generator."""
    return int(rng.integers(2**63))


def train_discriminators(wanted: Sequence[DiscriminatorTask], recipe: Recipe) -> Iterator[Epoch]:
    """Train the M discriminators that are `wanted`, side by side; yields each epoch.

    Each is what it would be alone.
    """
    sets = [TrainingSet(np.arange(len(each.targets)), each.targets, each.seed) for each in wanted]
    return train_epochs([each.examples for each in wanted], sets, 2, recipe)


def apply_discriminators(
    trained: Epoch, wanted: Sequence[DiscriminatorTask]
) -> Iterator[DiscriminatorResult]:
    """Apply the M discriminators of their last epoch, one after the other, each to its pool.

    The accuracy is that of this epoch over the examples.
    """
    for each, model, correct, gold in zip(
        wanted, trained.classifiers, trained.correct, trained.gold_probability, strict=True
    ):
        rows = torch.arange(len(each.pool), device=each.pool.device).unsqueeze(0)
        found = probabilities(model, each.pool, rows)[0]
        yield DiscriminatorResult(
            probability=found[:, 1].double().cpu().numpy(),
            accuracy=float(correct.mean()),
            seen=np.where(each.targets == 1, gold, 1 - gold.astype(np.float64)),
        )


def run_discriminators(
    wanted: Sequence[DiscriminatorTask], recipe: Recipe
) -> list[DiscriminatorResult]:
    """Train `train_discriminators` to the end and apply them: M answers."""
    for epoch in train_discriminators(wanted, recipe):
        last = epoch
    return list(apply_discriminators(last, wanted))
