"""Models that train in lockstep: their batches, their dropout masks, their steps."""

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cartography.models.mlp import (
    ALIGNED,
    BatchedMLP,
    InferenceDropout,
    Layers,
    dropout_masks,
    probabilities,
    torch_seed,
)
from cartography.models.presets import Recipe

_MASKED = 1024  # columns of batches for which dropout masks are drawn at a time
_WARM_UP = 3


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """One model as its training left it: its parameters (P,), AdamW's moments (P,) and steps."""

    parameters: Tensor
    mean: Tensor
    square: Tensor
    steps: int


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What one model learns from: `rows` (n,) into the features, their `labels` (n,), a seed, and
    the state it goes on from; None starts from fresh weights.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    seed: int
    start: Checkpoint | None = None


@dataclass(frozen=True, eq=False)
class PassRecord:
    """What a pass over their sets saw of M models: `losses` (M,), NaN where the pass is not the
    training's; the rest, a value a model, as in `Epoch`.
    """

    losses: NDArray[np.float64]
    gold_probability: list[NDArray[np.float32]]
    correct: list[NDArray[np.bool_]]
    representations: list[Tensor]


class _AdamW:
    """AdamW (Loshchilov & Hutter 2017, Algorithm 2) on the parameters of M models (M, P) at once.

    The fused kernel is the one that torch.optim.AdamW calls; loading that takes two seconds, and
    its bookkeeping a twentieth of a small step.
    """

    def __init__(self, parameters: Tensor, starts: Sequence[Checkpoint], recipe: Recipe) -> None:
        self.parameters = parameters
        self.gradient = torch.zeros_like(parameters)
        self.mean, self.square = torch.zeros_like(parameters), torch.zeros_like(parameters)
        if starts:
            self.mean = torch.stack([each.mean for each in starts])
            self.square = torch.stack([each.square for each in starts])
        taken = float(starts[0].steps if starts else 0)
        self.taken = torch.tensor(taken, device=parameters.device)
        self.recipe = recipe

    def step(self) -> None:
        """One step by what `gradient` holds."""
        self.taken += 1
        torch._fused_adamw_(
            *([self.parameters], [self.gradient], [self.mean], [self.square], [], [self.taken]),
            lr=self.recipe.learning_rate,
            beta1=self.recipe.betas[0],
            beta2=self.recipe.betas[1],
            weight_decay=self.recipe.weight_decay,
            eps=self.recipe.epsilon,
            amsgrad=False,
            maximize=False,
        )

    def states(self) -> list[Checkpoint]:
        """What each model's training can go on from."""
        taken = int(self.taken)
        return [
            Checkpoint(parameters, mean, square, taken)
            for parameters, mean, square in zip(
                self.parameters, self.mean, self.square, strict=True
            )
        ]


class BatchedTrainer:
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
        record: bool,
    ) -> None:
        assert recipe.batch_size is not None
        self.features, begins = _joined(features)
        device = self.features.device
        self.recipe = recipe
        self.record = record
        self.number = 0  # of the epoch
        self.seeds = [each.seed for each in sets]
        self.sizes = [len(each.rows) for each in sets]
        # One column more than the largest set: what has no item points there.
        rows = [each.rows + begin for each, begin in zip(sets, begins, strict=True)]
        self.rows = _padded(rows).to(device)  # (M, N + 1)
        self.labels = _padded([each.labels for each in sets]).to(device)
        first = [torch.Generator().manual_seed(torch_seed(each.seed, 0)) for each in sets]
        self.generators = [
            torch.Generator(device).manual_seed(torch_seed(each.seed, 1)) for each in sets
        ]
        layers = Layers(self.features.shape[1], recipe.hidden, classes, recipe.relu_outputs)
        flat = BatchedMLP.initialised(layers, first, device).flat.to(self.features.dtype)
        starts = [each.start for each in sets if each.start]
        if starts:
            flat = torch.stack([each.parameters for each in starts])
        self.classifiers = BatchedMLP(layers, flat)
        self.adamw = _AdamW(flat, starts, recipe)
        self.gradients = layers.views(self.adamw.gradient)
        self.weights = _weights(self.sizes, recipe.batch_size).to(self.features)  # (M, S, W, 1)
        models, self.steps, self.width, _ = self.weights.shape
        self.minus_one = self.features.new_full((models, self.width, 1), -1)
        # It is handed the step at each call: a loop that held a method of its own would be freed
        # by no more than the garbage collector.
        self.run: _Step = _captured() if device.type == "cuda" else operator.call

    def epoch(self) -> PassRecord:
        """One epoch, and what is seen of it as the recipe's dynamics have it."""
        self.number += 1
        seen = self._pass()
        if self.recipe.dynamics == "training_pass":
            return seen
        after = self._observe()
        return replace(seen, gold_probability=after.gold_probability, correct=after.correct)

    def _pass(self) -> PassRecord:
        """One pass over every set in a fresh order, and what the pass itself saw."""
        orders = self._orders()
        rows, labels = (
            each.gather(1, orders.flatten(1)).view_as(orders) for each in (self.rows, self.labels)
        )
        logs = self.features.new_empty(*orders.shape, self.classifiers.layers.outputs)
        psi = []
        for step, masks in enumerate(self._masks()):
            logs[:, step], last_hidden = self.run(
                self._step, rows[:, step], labels[:, step], self.weights[:, step], *masks
            )
            if self.record:
                psi.append(last_hidden.clone())
        logs, labels, orders = logs.flatten(1, 2), labels.flatten(1), orders.flatten(1)
        gold = logs.gather(2, labels.unsqueeze(2)).squeeze(2)
        gold = torch.empty_like(self.rows, dtype=gold.dtype).scatter_(1, orders, gold)
        hits = logs.argmax(2) == labels
        hits = torch.empty_like(self.rows, dtype=hits.dtype).scatter_(1, orders, hits)
        losses = [
            -each[:size].mean(dtype=torch.float64)
            for each, size in zip(gold, self.sizes, strict=True)
        ]
        seen = self._seen(torch.stack(losses), gold.exp(), hits)
        if self.record:
            in_turn = torch.cat(psi, dim=1)  # (M, S * W, h)
            placed = in_turn.new_empty(*self.rows.shape, in_turn.shape[2])
            placed.scatter_(1, orders.unsqueeze(2).expand_as(in_turn), in_turn)
            seen.representations.extend(
                each[:size] for each, size in zip(placed, self.sizes, strict=True)
            )
        return seen

    def _observe(self) -> PassRecord:
        """Gold-label probability and correctness of every set as the models stand (Section 3)."""
        # Purposes 0 and 1 of a seed are the weights' and the training's.
        seeds = [torch_seed(seed, 1 + self.number) for seed in self.seeds]
        noise = InferenceDropout.left_on(self.recipe, *seeds)
        predicted = probabilities(self.classifiers, self.features, self.rows, noise)
        gold = predicted.gather(2, self.labels.unsqueeze(2)).squeeze(2)
        hits = predicted.argmax(2) == self.labels
        return self._seen(gold.new_full((len(self.sizes),), math.nan), gold, hits)

    def states(self) -> list[Checkpoint]:
        """What each model's training can go on from."""
        return self.adamw.states()

    def _orders(self) -> Tensor:
        """For each batch of an epoch the places of its items in the set, (M, S, W)."""
        assert self.recipe.batch_size is not None
        orders = torch.full_like(self.rows[:, :1], self.rows.shape[1] - 1).repeat(
            1, self.steps * self.recipe.batch_size
        )
        for order, size, generator in zip(orders, self.sizes, self.generators, strict=True):
            order[:size] = (
                torch.randperm(size, generator=generator, device=order.device)
                if self.recipe.shuffle
                else torch.arange(size, device=order.device)
            )
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

    def _step(
        self, rows: Tensor, labels: Tensor, weights: Tensor, *masks: Tensor
    ) -> tuple[Tensor, Tensor]:
        """One AdamW step on a batch a model (M, W); log-probabilities (M, W, C) and the last hidden
        layer (M, W, h) before it.
        """
        inputs = self.features.index_select(0, rows.flatten()).view(*rows.shape, -1)
        activations = self.classifiers.forward(inputs, masks)
        log_predicted = activations[-1].log_softmax(2)
        # Gradient of the batch's mean cross-entropy for the logits: (p - onehot) / batch size.
        error = log_predicted.exp().scatter_add_(2, labels.unsqueeze(2), self.minus_one)
        error *= weights
        self.classifiers.backward(activations, error, self.gradients, masks)
        self.adamw.step()
        return log_predicted, activations[-2]

    def _seen(self, losses: Tensor, gold: Tensor, hits: Tensor) -> PassRecord:
        gold_probability, correct = gold.cpu().numpy(), hits.cpu().numpy()
        return PassRecord(
            losses.cpu().numpy().astype(np.float64),
            [each[:size] for each, size in zip(gold_probability, self.sizes, strict=True)],
            [each[:size] for each, size in zip(correct, self.sizes, strict=True)],
            [],
        )


_Step: TypeAlias = Callable[..., tuple[Tensor, Tensor]]


def _captured() -> _Step:
    """Calls a step, always the same one, as one launch of a CUDA graph, which is recorded at the
    first call after `_WARM_UP` plain ones.

    The plain ones, steps of the training like any other, let libraries set up what they keep.
    What comes back is overwritten by the next call.
    """
    graph = torch.cuda.CUDAGraph()
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    given: list[Tensor] = []
    answer: list[tuple[Tensor, Tensor]] = []
    calls = 0

    def run(step: _Step, *inputs: Tensor) -> tuple[Tensor, Tensor]:
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

    return run


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
