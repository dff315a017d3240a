"""The one training loop: M classifiers side by side, an epoch at a time."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cartography.classifier import (
    ALIGNED,
    Classifiers,
    Layers,
    dropout_masks,
    probabilities,
    torch_seed,
)
from cartography.cores import cores, spread
from cartography.errors import CartographyError
from cartography.presets import Recipe

_MASKED = 1024  # columns of batches for which dropout masks are drawn at a time
_WARM_UP = 3


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What one model learns from: `rows` (n,) into the features, their `labels` (n,), a seed."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    seed: int


@dataclass(frozen=True, eq=False)
class Epoch:
    """One finished epoch of M models, for training sets of n_1 ... n_M items.

    `gold_probability` and `correct` hold an array (n_m,) a model, in the order of its training
    set. `losses` (M,) is the mean cross-entropy of the training pass, in nats. `classifiers` are
    the models as they stand, each on its own (M = 1); the next epoch changes them in place.
    """

    number: int
    epochs: int
    losses: NDArray[np.float64]
    gold_probability: tuple[NDArray[np.float32], ...]
    correct: tuple[NDArray[np.bool_], ...]
    classifiers: tuple[Classifiers, ...]


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


def fit(
    features: Tensor | Sequence[Tensor],
    sets: Sequence[TrainingSet],
    classes: int,
    recipe: Recipe,
) -> Iterator[Epoch]:
    """Train one model a training set, side by side, and yield after each epoch.

    `features` (R, d) is one tensor for all, or one a set; each set names its own rows of it. Sets
    may differ in size: in an epoch a model takes ceil(n_m / batch size) steps, and what it learns
    does not depend on its neighbours.

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
    shares = _shares([math.ceil(len(each.rows) / recipe.batch_size) for each in sets], device)
    loops = [
        _Loop([own[m] for m in share], [sets[m] for m in share], classes, recipe)
        for share in shares
    ]
    place = np.argsort(np.concatenate(shares))  # of each model among the loops' models
    for number in range(1, recipe.epochs + 1):
        seen = spread([loop.epoch for loop in loops], device)
        losses = np.concatenate([each.losses for each in seen])[place]
        if not np.isfinite(losses).all():
            raise CartographyError(
                f"training diverged in epoch {number}: check the word vectors for values that "
                "are huge or not numbers"
            )
        if recipe.dynamics == "epoch_end":
            seen = [loop.observe() for loop in loops]
        gold = [each for one in seen for each in one.gold_probability]
        correct = [each for one in seen for each in one.correct]
        models = [loop.classifiers[m] for loop in loops for m in range(len(loop.classifiers))]
        yield Epoch(
            number,
            recipe.epochs,
            losses,
            tuple(gold[at] for at in place),
            tuple(correct[at] for at in place),
            tuple(models[at] for at in place),
        )


def _shares(steps: Sequence[int], device: torch.device) -> list[list[int]]:
    """Models that train in lockstep, the longest first: all take equally many `steps` an epoch,
    and on the CPU each core has some of them.
    """
    shares = []
    for each in sorted(set(steps), reverse=True):
        models = [model for model, count in enumerate(steps) if count == each]
        parts = min(cores(device), len(models))
        shares += [part.tolist() for part in np.array_split(models, parts)]
    return shares


@dataclass(frozen=True, eq=False)
class _Seen:
    """What a pass over their sets saw of M models: `losses` (M,), NaN where the pass is not the
    training's; the rest, with an array (n_m,) a model, as in `Epoch`.
    """

    losses: NDArray[np.float64]
    gold_probability: list[NDArray[np.float32]]
    correct: list[NDArray[np.bool_]]


class _Loop:
    """M models in lockstep: their sets, drawn into batches anew each epoch, and their optimiser.

    An epoch has S steps. A batch has W columns, the batch size rounded up to `ALIGNED`, so that
    each model's part of every tensor begins alike in memory; columns without an item weigh
    nothing.
    """

    def __init__(
        self,
        features: Sequence[Tensor],
        sets: Sequence[TrainingSet],
        classes: int,
        recipe: Recipe,
    ) -> None:
        assert recipe.batch_size is not None
        self.features, starts = _joined(features)
        device = self.features.device
        self.recipe = recipe
        self.sizes = [len(each.rows) for each in sets]
        # One column more than the largest set: what has no item points there.
        rows = [each.rows + start for each, start in zip(sets, starts, strict=True)]
        self.rows = _padded(rows).to(device)  # (M, N + 1)
        self.labels = _padded([each.labels for each in sets]).to(device)
        first = [torch.Generator().manual_seed(torch_seed(each.seed, 0)) for each in sets]
        self.generators = [
            torch.Generator(device).manual_seed(torch_seed(each.seed, 1)) for each in sets
        ]
        layers = Layers(self.features.shape[1], recipe.hidden, classes)
        flat = Classifiers.initialised(layers, first, device).flat.to(self.features.dtype)
        flat.grad = torch.zeros_like(flat)
        self.classifiers = Classifiers(layers, flat)
        self.gradients = layers.views(flat.grad)
        self.optimiser = torch.optim.AdamW(
            [flat],
            lr=recipe.learning_rate,
            betas=recipe.betas,
            eps=recipe.epsilon,
            weight_decay=recipe.weight_decay,
            fused=True,
            capturable=device.type == "cuda",
        )
        self.weights = _weights(self.sizes, recipe.batch_size).to(self.features)  # (M, S, W, 1)
        models, self.steps, self.width, _ = self.weights.shape
        self.minus_one = self.features.new_full((models, self.width, 1), -1)
        self.step = _captured(self._step) if device.type == "cuda" else self._step

    def epoch(self) -> _Seen:
        """One pass over every set in a fresh order, and what the pass itself saw."""
        orders = self._orders()
        rows, labels = (
            each.gather(1, orders.flatten(1)).view_as(orders) for each in (self.rows, self.labels)
        )
        logs = self.features.new_empty(*orders.shape, self.classifiers.layers.outputs)
        for step, masks in enumerate(self._masks()):
            logs[:, step] = self.step(rows[:, step], labels[:, step], self.weights[:, step], *masks)
        logs, labels, orders = logs.flatten(1, 2), labels.flatten(1), orders.flatten(1)
        gold = logs.gather(2, labels.unsqueeze(2)).squeeze(2)
        gold = torch.empty_like(self.rows, dtype=gold.dtype).scatter_(1, orders, gold)
        hits = logs.argmax(2) == labels
        hits = torch.empty_like(self.rows, dtype=hits.dtype).scatter_(1, orders, hits)
        losses = [
            -each[:size].mean(dtype=torch.float64)
            for each, size in zip(gold, self.sizes, strict=True)
        ]
        return self._seen(torch.stack(losses), gold.exp(), hits)

    def observe(self) -> _Seen:
        """Gold-label probability and correctness of every set, dropout off (Section 3)."""
        predicted = probabilities(self.classifiers, self.features, self.rows)
        gold = predicted.gather(2, self.labels.unsqueeze(2)).squeeze(2)
        hits = predicted.argmax(2) == self.labels
        return self._seen(gold.new_full((len(self.sizes),), math.nan), gold, hits)

    def _orders(self) -> Tensor:
        """For each batch of an epoch the places of its items in the set, (M, S, W)."""
        assert self.recipe.batch_size is not None
        orders = torch.full_like(self.rows[:, :1], self.rows.shape[1] - 1).repeat(
            1, self.steps * self.recipe.batch_size
        )
        for order, size, generator in zip(orders, self.sizes, self.generators, strict=True):
            order[:size] = torch.randperm(size, generator=generator, device=order.device)
        batches = orders.view(-1, self.steps, self.recipe.batch_size)
        return functional.pad(
            batches, (0, self.width - self.recipe.batch_size), value=self.rows.shape[1] - 1
        )

    def _masks(self) -> Iterator[Sequence[Tensor]]:
        """The dropout masks of each step of an epoch, drawn for many steps at a time."""
        at_once = max(1, _MASKED // self.width)
        for start in range(0, self.steps, at_once):
            steps = min(at_once, self.steps - start)
            masks = dropout_masks(
                steps * self.width, self.recipe.hidden, self.recipe.dropout, self.generators
            )
            for step in range(steps):
                batch = slice(step * self.width, (step + 1) * self.width)
                yield [mask[:, batch] for mask in masks]

    def _step(self, rows: Tensor, labels: Tensor, weights: Tensor, *masks: Tensor) -> Tensor:
        """One AdamW step on a batch a model (M, W); log-probabilities (M, W, C) before it."""
        inputs = self.features.index_select(0, rows.flatten()).view(*rows.shape, -1)
        activations = self.classifiers.forward(inputs, masks)
        log_predicted = activations[-1].log_softmax(2)
        # Gradient of the batch's mean cross-entropy for the logits: (p - onehot) / batch size.
        error = log_predicted.exp().scatter_add_(2, labels.unsqueeze(2), self.minus_one)
        error *= weights
        self.classifiers.backward(activations, error, self.gradients, masks)
        self.optimiser.step()
        return log_predicted

    def _seen(self, losses: Tensor, gold: Tensor, hits: Tensor) -> _Seen:
        gold_probability, correct = gold.cpu().numpy(), hits.cpu().numpy()
        return _Seen(
            losses.cpu().numpy().astype(np.float64),
            [each[:size] for each, size in zip(gold_probability, self.sizes, strict=True)],
            [each[:size] for each, size in zip(correct, self.sizes, strict=True)],
        )


def _captured(step: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`step` as one launch of a CUDA graph, recorded at its first call after `_WARM_UP` plain ones.

    The plain ones, steps of the training like any other, let libraries set up what they keep.
    What comes back is overwritten by the next call.
    """
    graph = torch.cuda.CUDAGraph()
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    given: list[Tensor] = []
    answer: list[Tensor] = []
    calls = 0

    def call(*inputs: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls <= _WARM_UP:
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                found = step(*inputs)
            torch.cuda.current_stream().wait_stream(stream)
            return found
        if not answer:
            given.extend(each.clone() for each in inputs)
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                answer.append(step(*given))
        for kept, each in zip(given, inputs, strict=True):
            kept.copy_(each)
        graph.replay()
        return answer[0]

    return call


def _weights(sizes: Sequence[int], batch_size: int) -> Tensor:
    """1/count for each item of a batch and 0 for a column without one, (M, S, W, 1)."""
    steps = math.ceil(max(sizes) / batch_size)
    width = ALIGNED * math.ceil(batch_size / ALIGNED)
    left = torch.tensor(sizes).unsqueeze(1) - batch_size * torch.arange(steps)  # (M, S)
    counts = left.clamp(max=batch_size).unsqueeze(2)
    return ((torch.arange(width) < counts) / counts).unsqueeze(3)


def _padded(each: Sequence[NDArray[np.int64]]) -> Tensor:
    """Arrays (n_m,) as one (M, max n_m + 1), filled up with zeros."""
    padded = torch.zeros(len(each), max(map(len, each)) + 1, dtype=torch.int64)
    for row, values in zip(padded, each, strict=True):
        row[: len(values)] = torch.from_numpy(values)
    return padded


def _joined(each: Sequence[Tensor]) -> tuple[Tensor, list[int]]:
    """The distinct tensors among `each` as one, and where each one's rows begin in it."""
    distinct = {id(features): features for features in each}
    begins = dict(zip(distinct, accumulate(map(len, distinct.values()), initial=0), strict=False))
    whole = torch.cat(list(distinct.values())) if len(distinct) > 1 else each[0]
    return whole, [begins[id(features)] for features in each]
