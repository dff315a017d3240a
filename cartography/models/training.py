"""The one training loop: M classifiers side by side, an epoch at a time."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.errors import CartographyError
from cartography.models.mlp import BatchedMLP
from cartography.models.presets import Recipe
from cartography.models.trainer import BatchedTrainer, Checkpoint, TrainingSet
from cartography.parallel import run_rounds, worker_count


@dataclass(frozen=True, eq=False)
class Epoch:
    """One finished epoch of M models, for training sets of n_1 ... n_M items.

    `gold_probability` and `correct` hold an array (n_m,) a model, in the order of its training
    set. `losses` (M,) is the mean cross-entropy of the training pass, in nats. `classifiers` are
    the models, each on its own (M = 1), and `states` what a training can go on from: the
    training goes on in both, so that only the last epoch's stay. `representations` hold psi
    (n_m, h) of each set as the training pass saw it, dropout on, if they were to be recorded, else
    nothing.
    """

    number: int
    epochs: int
    losses: NDArray[np.float64]
    gold_probability: tuple[NDArray[np.float32], ...]
    correct: tuple[NDArray[np.bool_], ...]
    classifiers: tuple[BatchedMLP, ...]
    states: tuple[Checkpoint, ...]
    representations: tuple[Tensor, ...] = ()


def pick_device(name: str) -> torch.device:
    """The device called `auto` (CUDA where there is one), `cpu` or `cuda`.

    Raises CartographyError for another name, and for `cuda` on a machine without it.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise CartographyError(f"device {name!r} is not one of auto, cpu, cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise CartographyError("no CUDA device was found: use --device cpu, or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def as_tensor(features: NDArray[np.float32], device: torch.device) -> Tensor:
    """Features (n, d) on `device` in float32; on the CPU a writable such array is shared."""
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
    """Train one model a training set, side by side, and yield after each epoch.

    `features` (R, d) is one tensor for all, or one a set; each set names its own rows of it. Sets
    may differ in size: in an epoch a model takes ceil(n_m / batch size) steps, and what it learns
    does not depend on its neighbours. With `record`, the epochs hold representations.

    Raises CartographyError when a set is empty, holds a label that is not in 0 .. `classes` - 1,
    or the loss stops being a number.
    """
    for each in sets:
        if len(each.rows) == 0:
            raise CartographyError("there is nothing to train on: give at least one labelled text")
        if each.labels.min() < 0 or each.labels.max() >= classes:
            raise CartographyError(
                f"labels to train on run from 0 to {classes - 1}; one is "
                f"{each.labels.min() if each.labels.min() < 0 else each.labels.max()}: leave out "
                "texts without a gold label"
            )
    if recipe.batch_size is None:
        raise ValueError("the recipe's batch size is open: call Preset.for_corpus first")
    own = [features] * len(sets) if isinstance(features, Tensor) else list(features)
    device = own[0].device
    shares = _shares(sets, recipe.batch_size, device)
    loops = [
        BatchedTrainer([own[m] for m in share], [sets[m] for m in share], classes, recipe, record)
        for share in shares
    ]
    place = np.argsort(np.concatenate(shares))  # of each model among those of all loops
    # A loop that ends early, by a mistake too, ends the epochs under way: `run_rounds` alone would go
    # on for as long as somebody keeps the mistake.
    with closing(run_rounds([loop.epoch for loop in loops], recipe.epochs, device)) as passes:
        for number, seen in enumerate(passes, start=1):
            losses = np.concatenate([each.losses for each in seen])[place]
            if not np.isfinite(losses).all():
                raise CartographyError(
                    f"training diverged in epoch {number}: check the word vectors for values that "
                    "are huge or not numbers"
                )
            gold = [each for one in seen for each in one.gold_probability]
            correct = [each for one in seen for each in one.correct]
            representations = [each for one in seen for each in one.representations]
            models = [loop.classifiers[m] for loop in loops for m in range(len(loop.classifiers))]
            states = [each for loop in loops for each in loop.states()]
            yield Epoch(
                number,
                recipe.epochs,
                losses,
                tuple(gold[at] for at in place),
                tuple(correct[at] for at in place),
                tuple(models[at] for at in place),
                tuple(states[at] for at in place),
                tuple(representations[at] for at in place) if record else (),
            )


def _shares(sets: Sequence[TrainingSet], batch_size: int, device: torch.device) -> list[list[int]]:
    """Models that train in lockstep, the longest first: all have taken and take an epoch equally
    many steps. On the CPU there are two shares a core, so that five models are not three and two.
    """
    alike: dict[tuple[int, int], list[int]] = {}
    for model, each in enumerate(sets):
        steps = math.ceil(len(each.rows) / batch_size)
        alike.setdefault((steps, each.start.steps if each.start else 0), []).append(model)
    shares = []
    for key in sorted(alike, reverse=True):
        parts = min(2 * worker_count(device) if device.type == "cpu" else 1, len(alike[key]))
        shares += [part.tolist() for part in np.array_split(alike[key], parts)]
    return shares
