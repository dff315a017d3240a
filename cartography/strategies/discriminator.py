"""The discriminator of DAL and CAL: a binary classifier that is trained and applied to the pool."""

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
    """A discriminator to train, and the pool to apply it to.

    Attributes
    ----------
    examples : Tensor, shape (l, h)
    targets : int64 array, shape (l,)
        Class 0 or 1 of each example.
    pool : Tensor, shape (n, h)
    seed : int
        See `draw_seed`.
    """

    examples: Tensor
    targets: NDArray[np.int64]
    pool: Tensor
    seed: int


@dataclass(frozen=True, eq=False)
class DiscriminatorResult:
    """Predictions of a trained discriminator.

    Attributes
    ----------
    probability : float64 array, shape (n,)
        P(class 1) of each pool item.
    accuracy : float
        Accuracy on the examples in the last epoch, in [0, 1].
    training_probability : float64 array, shape (l,)
        P(class 1) of each example in the training pass of the last epoch.
    """

    probability: NDArray[np.float64]
    accuracy: float
    training_probability: NDArray[np.float64]


StrategyCoroutine: TypeAlias = Generator[DiscriminatorTask, DiscriminatorResult, Selection]
"""Yields tasks, receives their results through `send()` and returns the selection.

This lets `run_strategies` train the discriminators of many strategies as one batch.
"""


def draw_seed(rng: np.random.Generator) -> int:
    """Draw the seed of a discriminator: the first draw of CAL and DAL from their generator."""
    return int(rng.integers(2**63))


def train_discriminators(tasks: Sequence[DiscriminatorTask], recipe: Recipe) -> Iterator[Epoch]:
    """Train M discriminators as one batch.

    Each gets the same weights as if it were trained alone.

    Parameters
    ----------
    tasks : sequence of DiscriminatorTask, length M
    recipe : Recipe

    Yields
    ------
    Epoch
        After each epoch.
    """
    sets = [TrainingSet(np.arange(len(task.targets)), task.targets, task.seed) for task in tasks]
    return train_epochs([task.examples for task in tasks], sets, 2, recipe)


def apply_discriminators(
    epoch: Epoch, tasks: Sequence[DiscriminatorTask]
) -> Iterator[DiscriminatorResult]:
    """Apply M discriminators to their pools, one after the other.

    Parameters
    ----------
    epoch : Epoch
        The last epoch of `train_discriminators`.
    tasks : sequence of DiscriminatorTask, length M

    Yields
    ------
    DiscriminatorResult
        One per task.
    """
    for task, model, correct, gold in zip(
        tasks, epoch.classifiers, epoch.correct, epoch.gold_probability, strict=True
    ):
        rows = torch.arange(len(task.pool), device=task.pool.device).unsqueeze(0)
        pool_probabilities = probabilities(model, task.pool, rows)[0]  # (n, 2)
        yield DiscriminatorResult(
            probability=pool_probabilities[:, 1].double().cpu().numpy(),
            accuracy=float(correct.mean()),
            training_probability=np.where(task.targets == 1, gold, 1 - gold.astype(np.float64)),
        )


def run_discriminators(
    tasks: Sequence[DiscriminatorTask], recipe: Recipe
) -> list[DiscriminatorResult]:
    """Train M discriminators to the end and apply them.

    Parameters
    ----------
    tasks : sequence of DiscriminatorTask, length M
    recipe : Recipe

    Returns
    -------
    list of DiscriminatorResult, length M
    """
    for epoch in train_discriminators(tasks, recipe):
        last = epoch
    return list(apply_discriminators(last, tasks))
