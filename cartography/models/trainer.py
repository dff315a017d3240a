"""Batched training: M models take their steps together, as one computation."""

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

_MASK_COLUMNS = 1024  # columns of batches whose dropout masks are drawn at a time
_WARM_UP = 3  # steps before a CUDA graph is recorded


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state from which the training of one model can continue.

    Attributes
    ----------
    parameters : Tensor, shape (P,)
    mean, square : Tensor, shape (P,)
        AdamW's first and second moments.
    steps : int
        Number of steps taken.
    """

    parameters: Tensor
    mean: Tensor
    square: Tensor
    steps: int


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """The training set of one model.

    Attributes
    ----------
    rows : int64 array, shape (n,)
        Rows of the features.
    labels : int64 array, shape (n,)
    seed : int
    start : Checkpoint or None
        The state to continue from; None starts with new weights.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    seed: int
    start: Checkpoint | None = None


@dataclass(frozen=True, eq=False)
class PassRecord:
    """What was recorded in one pass of M models over their training sets.

    Attributes
    ----------
    losses : float64 array, shape (M,)
        NaN if the pass did not train.
    gold_probability, correct, representations : list, length M
        As in `Epoch`.
    """

    losses: NDArray[np.float64]
    gold_probability: list[NDArray[np.float32]]
    correct: list[NDArray[np.bool_]]
    representations: list[Tensor]


class _AdamW:
    """AdamW (Loshchilov & Hutter 2017, Algorithm 2) on the parameters of M models (M, P).

    It calls the fused kernel behind torch.optim.AdamW directly: setting up that class takes two
    seconds, and its bookkeeping a twentieth of a small step. The kernel is private to torch, so
    where it is missing the class is used.
    """

    def __init__(self, parameters: Tensor, starts: Sequence[Checkpoint], recipe: Recipe) -> None:
        self.parameters = parameters
        self.gradient = torch.zeros_like(parameters)
        self.mean, self.square = torch.zeros_like(parameters), torch.zeros_like(parameters)
        if starts:
            self.mean = torch.stack([start.mean for start in starts])
            self.square = torch.stack([start.square for start in starts])
        steps = float(starts[0].steps if starts else 0)
        self.steps = torch.tensor(steps, device=parameters.device)
        self.recipe = recipe
        self.optimiser = None if hasattr(torch, "_fused_adamw_") else self._public_optimiser()

    def _public_optimiser(self) -> "torch.optim.AdamW":
        """torch.optim.AdamW that updates the tensors of this object in place."""
        optimiser = torch.optim.AdamW(
            [self.parameters],
            lr=self.recipe.learning_rate,
            betas=self.recipe.betas,
            eps=self.recipe.epsilon,
            weight_decay=self.recipe.weight_decay,
            capturable=self.parameters.is_cuda,
        )
        self.parameters.grad = self.gradient
        optimiser.state[self.parameters] = {
            "step": self.steps,
            "exp_avg": self.mean,
            "exp_avg_sq": self.square,
        }
        return optimiser

    def step(self) -> None:
        """Update the parameters by `gradient`."""
        if self.optimiser is not None:
            self.optimiser.step()
            return
        self.steps += 1
        torch._fused_adamw_(
            *([self.parameters], [self.gradient], [self.mean], [self.square], [], [self.steps]),
            lr=self.recipe.learning_rate,
            beta1=self.recipe.betas[0],
            beta2=self.recipe.betas[1],
            weight_decay=self.recipe.weight_decay,
            eps=self.recipe.epsilon,
            amsgrad=False,
            maximize=False,
        )

    def checkpoints(self) -> list[Checkpoint]:
        """The current state of each model; later steps change it in place."""
        steps = int(self.steps)
        return [
            Checkpoint(parameters, mean, square, steps)
            for parameters, mean, square in zip(
                self.parameters, self.mean, self.square, strict=True
            )
        ]


class BatchedTrainer:
    """Train M models together, one epoch at a time.

    An epoch has S steps. A batch has W columns: the batch size, rounded up to a multiple of
    `ALIGNED` so that all models are aligned alike in memory. Columns without an example have
    weight 0.

    Parameters
    ----------
    features : sequence of Tensor, length M
        Features (R_m, d) of each model; models may share one tensor.
    sets : sequence of TrainingSet, length M
        The starts, if any, have taken equally many steps.
    classes : int
    recipe : Recipe
        With a batch size.
    record : bool
        Whether to record representations.
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
        self.features, offsets = _concatenate(features)
        device = self.features.device
        self.recipe = recipe
        self.record = record
        self.number = 0  # epochs so far
        self.seeds = [training_set.seed for training_set in sets]
        self.sizes = [len(training_set.rows) for training_set in sets]
        # One column more than the largest set: batch columns without an example point to it.
        rows = [
            training_set.rows + offset for training_set, offset in zip(sets, offsets, strict=True)
        ]
        self.rows = _pad(rows).to(device)  # (M, N + 1)
        self.labels = _pad([training_set.labels for training_set in sets]).to(device)
        weight_generators = [
            torch.Generator().manual_seed(torch_seed(seed, 0)) for seed in self.seeds
        ]
        self.generators = [
            torch.Generator(device).manual_seed(torch_seed(seed, 1)) for seed in self.seeds
        ]
        layers = Layers(self.features.shape[1], recipe.hidden, classes, recipe.relu_outputs)
        flat = BatchedMLP.initialise(layers, weight_generators, device).flat
        flat = flat.to(self.features.dtype)
        starts = [training_set.start for training_set in sets if training_set.start]
        if starts:
            flat = torch.stack([start.parameters for start in starts])
        self.classifiers = BatchedMLP(layers, flat)
        self.adamw = _AdamW(flat, starts, recipe)
        self.gradients = layers.views(self.adamw.gradient)
        self.weights = _example_weights(self.sizes, recipe.batch_size).to(self.features)
        models, self.steps, self.width, _ = self.weights.shape  # (M, S, W, 1)
        self.passes = max(1, math.ceil(recipe.least_steps / (recipe.epochs * self.steps)))
        self.minus_one = self.features.new_full((models, self.width, 1), -1)
        # Takes the step as an argument: storing a bound method here would make a reference cycle.
        self.run: _Step = _cuda_graph_runner() if device.type == "cuda" else operator.call

    def epoch(self) -> PassRecord:
        """Train for one epoch.

        Returns
        -------
        PassRecord
            Losses and representations of the last training pass; probabilities and correctness as
            the recipe's `dynamics` says.
        """
        self.number += 1
        training_pass = self._train_pass()
        for _ in range(self.passes - 1):
            training_pass = self._train_pass()
        if self.recipe.dynamics == "training_pass":
            return training_pass
        epoch_end = self._predict_pass()
        return replace(
            training_pass,
            gold_probability=epoch_end.gold_probability,
            correct=epoch_end.correct,
        )

    def _train_pass(self) -> PassRecord:
        """Train on every set once, in a new order."""
        orders = self._orders()
        rows, labels = (
            values.gather(1, orders.flatten(1)).view_as(orders)
            for values in (self.rows, self.labels)
        )
        log_probabilities = self.features.new_empty(*orders.shape, self.classifiers.layers.outputs)
        psi_by_step = []
        for step, masks in enumerate(self._masks()):
            log_probabilities[:, step], last_hidden = self.run(
                self._step, rows[:, step], labels[:, step], self.weights[:, step], *masks
            )
            if self.record:
                psi_by_step.append(last_hidden.clone())
        log_probabilities = log_probabilities.flatten(1, 2)
        labels, orders = labels.flatten(1), orders.flatten(1)
        # Back from the order of the batches to that of the sets.
        gold = log_probabilities.gather(2, labels.unsqueeze(2)).squeeze(2)
        gold = torch.empty_like(self.rows, dtype=gold.dtype).scatter_(1, orders, gold)
        hits = log_probabilities.argmax(2) == labels
        hits = torch.empty_like(self.rows, dtype=hits.dtype).scatter_(1, orders, hits)
        losses = [
            -gold_of_model[:size].mean(dtype=torch.float64)
            for gold_of_model, size in zip(gold, self.sizes, strict=True)
        ]
        result = self._pass_record(torch.stack(losses), gold.exp(), hits)
        if self.record:
            in_batches = torch.cat(psi_by_step, dim=1)  # (M, S * W, h)
            psi = in_batches.new_empty(*self.rows.shape, in_batches.shape[2])
            psi.scatter_(1, orders.unsqueeze(2).expand_as(in_batches), in_batches)
            result.representations.extend(
                psi_of_model[:size] for psi_of_model, size in zip(psi, self.sizes, strict=True)
            )
        return result

    def _predict_pass(self) -> PassRecord:
        """Gold-label probability and correctness under the current parameters (Section 3)."""
        # Purposes 0 and 1 of a seed are for the weights and the training.
        seeds = [torch_seed(seed, 1 + self.number) for seed in self.seeds]
        dropout = InferenceDropout.for_recipe(self.recipe, *seeds)
        predicted = probabilities(self.classifiers, self.features, self.rows, dropout)
        gold = predicted.gather(2, self.labels.unsqueeze(2)).squeeze(2)
        hits = predicted.argmax(2) == self.labels
        return self._pass_record(gold.new_full((len(self.sizes),), math.nan), gold, hits)

    def checkpoints(self) -> list[Checkpoint]:
        """The current state of each model; further epochs change it in place."""
        return self.adamw.checkpoints()

    def _orders(self) -> Tensor:
        """The positions in the set of the examples of each batch of an epoch, (M, S, W)."""
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
        """The dropout masks of each step of an epoch, drawn for several steps at a time."""
        steps_per_draw = max(1, _MASK_COLUMNS // self.width)
        for start in range(0, self.steps, steps_per_draw):
            steps = min(steps_per_draw, self.steps - start)
            masks = dropout_masks(
                steps * self.width, self.recipe.hidden, self.recipe.dropout, self.generators
            )
            for step in range(steps):
                batch = slice(step * self.width, (step + 1) * self.width)
                yield [mask[:, batch] for mask in masks]

    def _step(
        self, rows: Tensor, labels: Tensor, weights: Tensor, *masks: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Take one AdamW step on a batch (M, W).

        Returns the log-probabilities (M, W, C) and the last hidden layer (M, W, h) before it.
        """
        inputs = self.features.index_select(0, rows.flatten()).view(*rows.shape, -1)
        activations = self.classifiers.forward(inputs, masks)
        log_probabilities = activations[-1].log_softmax(2)
        # Gradient of the batch's mean cross-entropy for the logits: (p - onehot) / batch size.
        error = log_probabilities.exp().scatter_add_(2, labels.unsqueeze(2), self.minus_one)
        error *= weights
        self.classifiers.backward(activations, error, self.gradients, masks)
        self.adamw.step()
        return log_probabilities, activations[-2]

    def _pass_record(self, losses: Tensor, gold: Tensor, hits: Tensor) -> PassRecord:
        gold_probability, correct = gold.cpu().numpy(), hits.cpu().numpy()
        return PassRecord(
            losses.cpu().numpy().astype(np.float64),
            [row[:size] for row, size in zip(gold_probability, self.sizes, strict=True)],
            [row[:size] for row, size in zip(correct, self.sizes, strict=True)],
            [],
        )


_Step: TypeAlias = Callable[..., tuple[Tensor, Tensor]]


def _cuda_graph_runner() -> _Step:
    """A function that runs one given step, always the same, by a CUDA graph.

    The first `_WARM_UP` calls run the step as usual, so that libraries can set up their
    workspaces; the next one records the graph. Each call overwrites the results of the one before.
    """
    graph = torch.cuda.CUDAGraph()
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    static_inputs: list[Tensor] = []
    static_outputs: list[tuple[Tensor, Tensor]] = []
    calls = 0

    def run(step: _Step, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal calls
        calls += 1
        if calls <= _WARM_UP:
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                outputs = step(*inputs)
            torch.cuda.current_stream().wait_stream(stream)
            return outputs
        if not static_outputs:
            static_inputs.extend(tensor.clone() for tensor in inputs)
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                static_outputs.append(step(*static_inputs))
        for static, tensor in zip(static_inputs, inputs, strict=True):
            static.copy_(tensor)
        graph.replay()
        return static_outputs[0]

    return run


def batch_width(batch_size: int) -> int:
    """The number of columns of a batch: its size, rounded up so that all models are aligned."""
    return ALIGNED * math.ceil(batch_size / ALIGNED)


def _example_weights(sizes: Sequence[int], batch_size: int) -> Tensor:
    """1/count per example of a batch, and 0 per column without one, (M, S, W, 1)."""
    steps = math.ceil(max(sizes) / batch_size)
    width = batch_width(batch_size)
    remaining = torch.tensor(sizes).unsqueeze(1) - batch_size * torch.arange(steps)  # (M, S)
    counts = remaining.clamp(max=batch_size).unsqueeze(2)
    return ((torch.arange(width) < counts) / counts).unsqueeze(3)


def _pad(arrays: Sequence[NDArray[np.int64]]) -> Tensor:
    """M arrays (n_m,) as one tensor (M, max n_m + 1), padded with zeros."""
    padded = torch.zeros(len(arrays), max(map(len, arrays)) + 1, dtype=torch.int64)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = torch.from_numpy(array)
    return padded


def _concatenate(features: Sequence[Tensor]) -> tuple[Tensor, list[int]]:
    """The distinct tensors as one, and the offset of each model's rows in it."""
    distinct = {id(tensor): tensor for tensor in features}
    offsets = dict(zip(distinct, accumulate(map(len, distinct.values()), initial=0), strict=False))
    joined = torch.cat(list(distinct.values())) if len(distinct) > 1 else features[0]
    return joined, [offsets[id(tensor)] for tensor in features]
