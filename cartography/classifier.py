"""Multi-layer perceptrons, M of them side by side.

Every parameter has a leading model axis, so one seed is M = 1 and five seeds of six strategies
are M = 30, through the same products. The backward pass is written out: for a few layers it is
short, and no graph is built at every step.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

_ALIGNED = 16  # floats in 64 bytes, the widest register and the line of a cache
BLOCK = 8192  # rows scored at a time: large products, yet tens of megabytes at most


@dataclass(frozen=True)
class Layers:
    """The sizes of a perceptron: `inputs` (d), hidden layers, `outputs` (C)."""

    inputs: int
    hidden: tuple[int, ...]
    outputs: int

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
        return math.ceil(needed / _ALIGNED) * _ALIGNED

    def views(self, flat: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Weights (M, in, out) and biases (M, 1, out) of each layer, as views of `flat` (M, P)."""
        views, start = [], 0
        for fan_in, fan_out in self.pairs:
            weights = flat[:, start : start + fan_in * fan_out].view(-1, fan_in, fan_out)
            start += fan_in * fan_out
            views.append((weights, flat[:, start : start + fan_out].unsqueeze(1)))
            start += fan_out
        return views


class Classifiers:
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
    ) -> "Classifiers":
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

    def __getitem__(self, models: int | slice) -> "Classifiers":
        """These `models`, or that one, alone; they share their parameters."""
        chosen = slice(models, models + 1) if isinstance(models, int) else models
        return Classifiers(self.layers, self.flat[chosen])

    def forward(self, inputs: Tensor, masks: Sequence[Tensor] = ()) -> list[Tensor]:
        """All activations: the inputs (M, B, d), each hidden layer (M, B, h), the logits (M, B, C).

        `masks`, one (M, B, h) a hidden layer, hold 0 for a dropped unit and 1/(1 - p) for a kept
        one; without them dropout is off.
        """
        activations = [inputs]
        for depth, (weights, biases) in enumerate(self._views):
            outputs = torch.baddbmm(biases, activations[-1], weights)  # (M, B, out)
            if depth < len(self.layers.hidden):
                outputs.relu_()
                if masks:
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
                error *= inputs > 0


def _blocks(features: Tensor, rows: Tensor) -> Iterator[Tensor]:
    """`features[rows]` as inputs (1, B, d) for one model, a block of rows at a time."""
    for start in range(0, len(rows), BLOCK):
        yield features[rows[start : start + BLOCK]].unsqueeze(0)


def probabilities(classifier: Classifiers, features: Tensor, rows: Tensor) -> Tensor:
    """Class probabilities (n, C) of one model (M = 1) for `features[rows]`, dropout off."""
    with one_thread(features.device):
        scored = [classifier.forward(block)[-1][0].softmax(1) for block in _blocks(features, rows)]
    return torch.cat([features.new_empty(0, classifier.layers.outputs), *scored])


def representations(classifier: Classifiers, features: Tensor, rows: Tensor) -> Tensor:
    """The last hidden layer, psi (n, h), of one model (M = 1) for `features[rows]`, dropout off."""
    with one_thread(features.device):
        found = [classifier.forward(block)[-2][0] for block in _blocks(features, rows)]
    return torch.cat([features.new_empty(0, classifier.layers.hidden[-1]), *found])


def mc_probabilities(
    classifier: Classifiers,
    features: Tensor,
    rows: Tensor,
    *,
    dropout: float,
    passes: int,
    generator: torch.Generator,
) -> Tensor:
    """Class probabilities (T, n, C) over T Monte Carlo `passes` with dropout on (one model)."""
    sizes = classifier.layers.hidden
    scored = [features.new_empty(passes, 0, classifier.layers.outputs)]
    with one_thread(features.device):
        for block in _blocks(features, rows):
            each = []
            for _ in range(passes):
                masks = dropout_masks([block.shape[1]], sizes, dropout, [generator])
                each.append(classifier.forward(block, masks)[-1][0].softmax(1))
            scored.append(torch.stack(each))
    return torch.cat(scored, dim=1)


def dropout_masks(
    counts: Sequence[int],
    sizes: Sequence[int],
    dropout: float,
    generators: Sequence[torch.Generator],
) -> list[Tensor]:
    """A mask (M, max count, h) for each hidden layer of `sizes`.

    An entry is 0 with probability `dropout`, else 1/(1 - dropout). Model m draws from
    `generators[m]` for its own `counts[m]` rows, so its draws do not depend on its neighbours;
    rows past them are 0. There are no masks where `dropout` is 0.
    """
    if not dropout:
        return []
    drawn = [
        torch.rand(count, sum(sizes), generator=generator, device=generator.device)
        for count, generator in zip(counts, generators, strict=True)
    ]
    padded = torch.nn.utils.rnn.pad_sequence(drawn, batch_first=True)
    kept = (padded >= dropout).to(padded.dtype).div_(1 - dropout)
    return list(torch.split(kept, list(sizes), dim=2))


@contextmanager
def one_thread(device: torch.device) -> Iterator[None]:
    """One torch thread on the CPU while the block runs.

    The products of a training step are so small that a second thread costs more in waiting than
    it computes, and on a busy machine many times more. Work is spread over processes instead.
    """
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
