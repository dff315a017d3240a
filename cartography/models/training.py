"""The training loop: M classifiers together, one epoch at a time."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.errors import CartographyError
from cartography.models.mlp import BatchedMLP
from cartography.models.presets import Recipe
from cartography.models.trainer import BatchedTrainer, Checkpoint, TrainingSet, batch_width
from cartography.parallel import run_rounds, worker_count


@dataclass(frozen=True, eq=False)
class Epoch:
    """One finished epoch of M models with training sets of n_1, ..., n_M examples.

    Attributes
    ----------
    number : int
        From 1.
    epochs : int
        The number of epochs of the whole training.
    losses : float64 array, shape (M,)
        Mean cross-entropy of the training pass, in nats.
    gold_probability : tuple of float32 arrays, shape (n_m,) each
        In the order of the training set.
    correct : tuple of bool arrays, shape (n_m,) each
        In the order of the training set.
    classifiers : tuple of BatchedMLP
        The models, each on its own (M = 1). Training changes them in place: only those of the
        last epoch stay as they are.
    checkpoints : tuple of Checkpoint
        The states from which training can continue; changed in place, too.
    representations : tuple of Tensor, shape (n_m, h) each
        psi in the training pass, with dropout; empty unless they are recorded.
    """

    number: int
    epochs: int
    losses: NDArray[np.float64]
    gold_probability: tuple[NDArray[np.float32], ...]
    correct: tuple[NDArray[np.bool_], ...]
    classifiers: tuple[BatchedMLP, ...]
    checkpoints: tuple[Checkpoint, ...]
    representations: tuple[Tensor, ...] = ()


def pick_device(name: str) -> torch.device:
    """Choose the device to train on.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}
        "auto" is CUDA if there is a CUDA device, else the CPU.

    Returns
    -------
    torch.device

    Raises
    ------
    CartographyError
        The name is unknown, or there is no CUDA device.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise CartographyError(f"device {name!r} is not one of auto, cpu, cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise CartographyError("no CUDA device was found: use --device cpu, or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def as_tensor(features: NDArray[np.float32], device: torch.device) -> Tensor:
    """Features (n, d) on `device` in float32; on the CPU a writable float32 array is shared."""
    writable = features if features.flags.writeable else features.copy()
    return torch.from_numpy(np.ascontiguousarray(writable, dtype=np.float32)).to(device)


def train_epochs(
    features: Tensor | Sequence[Tensor],
    sets: Sequence[TrainingSet],
    classes: int,
    recipe: Recipe,
    *,
    record: bool = False,
) -> Iterator[Epoch]:
    """Train one model per training set, and yield after each epoch.

    Sets may differ in size: in an epoch, a model takes ceil(n_m / batch size) steps. The result of
    a model does not depend on the other models.

    Parameters
    ----------
    features : Tensor, shape (R, d), or sequence of Tensor
        One tensor for all sets, or one per set.
    sets : sequence of TrainingSet, length M
    classes : int
        C; labels are 0 to C - 1.
    recipe : Recipe
        With a batch size.
    record : bool
        Whether the epochs contain representations.

    Yields
    ------
    Epoch

    Raises
    ------
    CartographyError
        A set is empty or contains an invalid label, or a loss is not finite.
    """
    for training_set in sets:
        if len(training_set.rows) == 0:
            raise CartographyError("there is nothing to train on: give at least one labelled text")
        lowest, highest = training_set.labels.min(), training_set.labels.max()
        if lowest < 0 or highest >= classes:
            raise CartographyError(
                f"training labels must be 0 to {classes - 1}, not "
                f"{lowest if lowest < 0 else highest}: leave out texts without a gold label"
            )
    if recipe.batch_size is None:
        raise ValueError("the recipe has no batch size: call Preset.for_corpus first")
    per_set = [features] * len(sets) if isinstance(features, Tensor) else list(features)
    device = per_set[0].device
    groups = _groups(sets, recipe.batch_size, device)
    trainers = []
    for group in groups:
        # A trainer holds whole batches, also those that no set fills.
        largest = max(len(sets[m].rows) for m in group)
        sized = replace(recipe, batch_size=min(recipe.batch_size, largest))
        of_group = [per_set[m] for m in group], [sets[m] for m in group]
        trainers.append(BatchedTrainer(*of_group, classes, sized, record))
    position = np.argsort(np.concatenate(groups))  # of each model among those of all trainers
    # Closed at an early end, also after an error: `run_rounds` would otherwise train on for as
    # long as somebody keeps the traceback.
    with closing(
        run_rounds([trainer.epoch for trainer in trainers], recipe.epochs, device)
    ) as rounds:
        for number, results in enumerate(rounds, start=1):
            losses = np.concatenate([result.losses for result in results])[position]
            if not np.isfinite(losses).all():
                raise CartographyError(
                    f"training diverged in epoch {number}: check the word vectors for values that "
                    "are huge or not numbers"
                )
            gold = [array for result in results for array in result.gold_probability]
            correct = [array for result in results for array in result.correct]
            psi = [tensor for result in results for tensor in result.representations]
            models = [
                trainer.classifiers[m]
                for trainer in trainers
                for m in range(len(trainer.classifiers))
            ]
            checkpoints = [state for trainer in trainers for state in trainer.checkpoints()]
            yield Epoch(
                number,
                recipe.epochs,
                losses,
                tuple(gold[i] for i in position),
                tuple(correct[i] for i in position),
                tuple(models[i] for i in position),
                tuple(checkpoints[i] for i in position),
                tuple(psi[i] for i in position) if record else (),
            )


def _groups(sets: Sequence[TrainingSet], batch_size: int, device: torch.device) -> list[list[int]]:
    """Models that train together, the longest training first.

    The models of a group have taken equally many steps, take equally many per epoch, and have
    batches of one width, on which their dropout depends. On the CPU there are two groups per core,
    so that five models are not split into three and two.
    """
    by_steps: dict[tuple[int, int, int], list[int]] = {}
    for model, training_set in enumerate(sets):
        size = len(training_set.rows)
        width = batch_width(min(batch_size, size))
        done = training_set.start.steps if training_set.start else 0
        by_steps.setdefault((math.ceil(size / batch_size), width, done), []).append(model)
    groups = []
    for key in sorted(by_steps, reverse=True):
        most = 2 * worker_count(device) if device.type == "cpu" else 1
        count = min(most, len(by_steps[key]))
        groups += [group.tolist() for group in np.array_split(by_steps[key], count)]
    return groups
