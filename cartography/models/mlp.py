"""Multi-layer perceptrons, M of them side by side.

Every parameter has a leading model axis, so one seed is M = 1 and five seeds of six strategies
are M = 30, through the same products. The backward pass is written out: for a few layers it is
short, and no graph is built at every step.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from cartography.models.presets import Recipe
from cartography.parallel import run_jobs

ALIGNED = 16  # floats in 64 bytes, the widest register and the line of a cache
BLOCK = 256  # rows scored at a time: their activations stay in the cache of a core


@dataclass(frozen=True)
class Layers:
    """The sizes of a perceptron: `inputs` (d), hidden layers, `outputs` (C), with a ReLU on the
    outputs too if `relu_outputs`.
    """

    inputs: int
    hidden: tuple[int, ...]
    outputs: int
    relu_outputs: bool = False

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer, in order."""
        sizes = [self.inputs, *self.hidden, self.outputs]
        return list(pairwise(sizes))

    @property
    def parameters(self) -> int:
        """Number of weights and biases of one model, and the few zeros that fill its last 64 bytes:
        so every model begins alike in memory, and computes alike wherever it stands.
        """
        needed = sum((fan_in + 1) * fan_out for fan_in, fan_out in self.pairs)
        return math.ceil(needed / ALIGNED) * ALIGNED

    def views(self, flat: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Weights (M, in, out) and biases (M, 1, out) of each layer, as views of `flat` (M, P)."""
        views, start = [], 0
        for fan_in, fan_out in self.pairs:
            weights = flat[:, start : start + fan_in * fan_out].view(-1, fan_in, fan_out)
            start += fan_in * fan_out
            views.append((weights, flat[:, start : start + fan_out].unsqueeze(1)))
            start += fan_out
        return views


class BatchedMLP:
    """M perceptrons of the same `layers` with ReLU after each hidden layer.

    `flat` (M, P) holds all parameters, a row a model.
    """

    def __init__(self, layers: Layers, flat: Tensor) -> None:
        self.layers = layers
        self.flat = flat
        self._views = layers.views(flat)

    @classmethod
    def initialised(
        cls, layers: Layers, generators: Sequence[torch.Generator], device: torch.device
    ) -> "BatchedMLP":
        """Fresh models, one for each generator.

        Weights and biases are uniform in ±1/sqrt(inputs), the default of `torch.nn.Linear`. The
        generators live on the CPU, so a seed starts from the same weights on every device.
        """
        flat = torch.zeros(len(generators), layers.parameters)
        for model, generator in enumerate(generators):
            for weights, biases in layers.views(flat[model : model + 1]):
                bound = 1 / math.sqrt(weights.shape[1])
                weights.uniform_(-bound, bound, generator=generator)
                biases.uniform_(-bound, bound, generator=generator)
        return cls(layers, flat.to(device))

    def __len__(self) -> int:
        return len(self.flat)

    def __getitem__(self, models: int | slice) -> "BatchedMLP":
        """These `models`, or that one, alone; they share their parameters."""
        chosen = slice(models, models + 1) if isinstance(models, int) else models
        return BatchedMLP(self.layers, self.flat[chosen])

    def after(self, depth: int) -> "BatchedMLP":
        """What follows the first `depth` layers, as perceptrons of their own on the same
        parameters: their inputs are the activations of hidden layer `depth` (from 1).
        """
        skipped = sum((fan_in + 1) * fan_out for fan_in, fan_out in self.layers.pairs[:depth])
        rest = replace(
            self.layers,
            inputs=self.layers.hidden[depth - 1],
            hidden=self.layers.hidden[depth:],
        )
        return BatchedMLP(rest, self.flat[:, skipped:])

    def layer(self, depth: int, inputs: Tensor) -> Tensor:
        """The outputs (M, B, out) of layer `depth` (from 0), after the ReLU where it has one."""
        weights, biases = self._views[depth]
        outputs = torch.baddbmm(biases, inputs, weights)
        rectified = self.layers.relu_outputs or depth < len(self.layers.hidden)
        return outputs.relu_() if rectified else outputs

    def forward(self, inputs: Tensor, masks: Sequence[Tensor] = ()) -> list[Tensor]:
        """All activations: the inputs (M, B, d), each hidden layer (M, B, h), the logits (M, B, C).

        `masks`, one (M, B, h) a hidden layer, hold 0 for a dropped unit and 1/(1 - p) for a kept
        one; without them dropout is off.
        """
        activations = [inputs]
        for depth in range(len(self._views)):
            outputs = self.layer(depth, activations[-1])
            if depth < len(masks):
                outputs *= masks[depth]
            activations.append(outputs)
        return activations

    def backward(
        self,
        activations: Sequence[Tensor],
        error: Tensor,
        gradients: Sequence[tuple[Tensor, Tensor]],
        masks: Sequence[Tensor] = (),
    ) -> None:
        """Write the loss's gradient for every parameter into `gradients` (as `Layers.views`).

        `error` (M, B, C) is the gradient for the logits; `activations` and `masks` are those of
        the `forward` call.
        """
        if self.layers.relu_outputs:
            error = torch.ops.aten.threshold_backward(error, activations[-1], 0)
        for depth in reversed(range(len(self._views))):
            weights, _ = self._views[depth]
            weight_gradients, bias_gradients = gradients[depth]
            inputs = activations[depth]
            torch.bmm(inputs.transpose(1, 2), error, out=weight_gradients)
            torch.sum(error, dim=1, keepdim=True, out=bias_gradients)
            if depth:
                error = torch.bmm(error, weights.transpose(1, 2))  # (M, B, in)
                if masks:
                    error *= masks[depth - 1]
                # A unit that ReLU or dropout set to 0 passes nothing back.
                error = torch.ops.aten.threshold_backward(error, inputs, 0)


@dataclass(frozen=True)
class InferenceDropout:
    """Dropout that stays on while M models predict: its share, and a seed a model.

    Each block of rows of each model draws from a generator of its own.
    """

    dropout: float
    seeds: tuple[int, ...]

    @classmethod
    def left_on(cls, recipe: Recipe, *seeds: int) -> "InferenceDropout | None":
        """What `recipe` leaves on; None where dropout is for training alone."""
        return cls(recipe.dropout, seeds) if recipe.dropout_at_test else None

    def generators(self, block: int, device: torch.device) -> list[torch.Generator]:
        """The generators of the models for this `block`."""
        return [torch.Generator(device).manual_seed(torch_seed(each, block)) for each in self.seeds]


def probabilities(
    classifiers: BatchedMLP, features: Tensor, rows: Tensor, noise: InferenceDropout | None = None
) -> Tensor:
    """Class probabilities (M, n, C) for `features[rows]`, rows (M, n); dropout off, or `noise`."""

    def score(block: Tensor, number: int) -> Tensor:
        masks = _noise_masks(classifiers, block, number, noise)
        return classifiers.forward(features[block], masks)[-1].softmax(2)

    outputs = classifiers.layers.outputs
    return _by_block(score, rows, features.new_empty(*rows.shape, outputs), noise)


def representations(
    classifiers: BatchedMLP, features: Tensor, rows: Tensor, noise: InferenceDropout | None = None
) -> Tensor:
    """The last hidden layer, psi (M, n, h), for `features[rows]`, rows (M, n); dropout off, or
    `noise`.
    """

    def score(block: Tensor, number: int) -> Tensor:
        masks = _noise_masks(classifiers, block, number, noise)
        return classifiers.forward(features[block], masks)[-2]

    hidden = classifiers.layers.hidden[-1]
    return _by_block(score, rows, features.new_empty(*rows.shape, hidden), noise)


def mc_probabilities(
    classifiers: BatchedMLP, features: Tensor, rows: Tensor, noise: InferenceDropout, passes: int
) -> Tensor:
    """Class probabilities (M, n, T, C) for `features[rows]`, rows (M, n), over T Monte Carlo
    `passes`, each with its own draw of `noise`.
    """
    sizes = classifiers.layers.hidden
    rest = classifiers.after(1)

    def score(block: Tensor, number: int) -> Tensor:
        generators = noise.generators(number, features.device)
        # No pass changes what comes before the first dropout.
        first = classifiers.layer(0, features[block])
        scored = []
        for _ in range(passes):
            masks = dropout_masks(block.shape[1], sizes, noise.dropout, generators)
            kept = first * masks[0] if masks else first
            scored.append(rest.forward(kept, masks[1:])[-1].softmax(2))
        return torch.stack(scored, dim=2)

    outputs = classifiers.layers.outputs
    return _by_block(score, rows, features.new_empty(*rows.shape, passes, outputs), noise)


def _noise_masks(
    classifiers: BatchedMLP, block: Tensor, number: int, noise: InferenceDropout | None
) -> list[Tensor]:
    if noise is None:
        return []
    generators = noise.generators(number, block.device)
    return dropout_masks(block.shape[1], classifiers.layers.hidden, noise.dropout, generators)


def _by_block(
    score: Callable[[Tensor, int], Tensor],
    rows: Tensor,
    scored: Tensor,
    noise: InferenceDropout | None,
) -> Tensor:
    """Fill `scored` (M, n, ...) with `score` of each block of `rows` (M, n) and its number."""
    # A block's number seeds its noise: a width that depended on M would give a text other draws.
    width = BLOCK if noise else max(1, BLOCK // len(rows))

    def fill(number: int) -> None:
        block = slice(number * width, (number + 1) * width)
        scored[:, block] = score(rows[:, block], number)

    blocks = math.ceil(rows.shape[1] / width)
    run_jobs([partial(fill, number) for number in range(blocks)], rows.device)
    return scored


def dropout_masks(
    rows: int, sizes: Sequence[int], dropout: float, generators: Sequence[torch.Generator]
) -> list[Tensor]:
    """A mask (M, `rows`, h) for each hidden layer of `sizes`; none where `dropout` is 0.

    An entry is 0 with probability `dropout`, taken to the nearest 1/65,536, else 1/(1 - dropout).
    Model m draws from `generators[m]`, so its draws do not depend on its neighbours.
    """
    if not dropout:
        return []
    # Four decisions of 16 bits from each 64 that are drawn: a float for each would cost more than
    # many a product of a step.
    device = generators[0].device
    drawn = torch.empty(
        len(generators), rows, math.ceil(sum(sizes) / 4), dtype=torch.int64, device=device
    )
    for each, generator in zip(drawn, generators, strict=True):
        each.random_(-(2**63), None, generator=generator)
    lowest_kept = min(round(dropout * 2**16) - 2**15, 2**15 - 1)
    decisions = drawn.view(torch.int16)
    kept = torch.empty(decisions.shape, device=device)
    torch.ge(decisions, lowest_kept, out=kept).mul_(1 / (1 - dropout))
    return list(torch.split(kept[..., : sum(sizes)], list(sizes), dim=2))


def torch_seed(seed: int, purpose: int) -> int:
    """A seed for a torch generator; different purposes of one seed are independent."""
    return int(np.random.SeedSequence([seed, purpose]).generate_state(1, np.uint64)[0])
