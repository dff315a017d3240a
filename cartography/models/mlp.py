"""M multi-layer perceptrons computed as one batch.

Every parameter has a leading model axis: one seed is M = 1, and five seeds of six strategies are
M = 30 in the same matrix products. The backward pass is written out: for a few layers it is
short, and it avoids building a graph at every step.
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

ALIGNED = 16
"""Number of floats in 64 bytes, the width of the widest register and of a cache line."""

BLOCK = 256
"""Number of rows scored at a time, so that their activations fit in the cache of a core."""


@dataclass(frozen=True)
class Layers:
    """Layer sizes of a perceptron.

    Attributes
    ----------
    inputs : int
        d, the number of features.
    hidden : tuple of int
        Units of each hidden layer.
    outputs : int
        C, the number of classes.
    relu_outputs : bool
        Whether the outputs pass through a ReLU too.
    """

    inputs: int
    hidden: tuple[int, ...]
    outputs: int
    relu_outputs: bool = False

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer."""
        sizes = [self.inputs, *self.hidden, self.outputs]
        return list(pairwise(sizes))

    @property
    def parameter_count(self) -> int:
        """Parameters per model (P), padded to 64 bytes."""
        # All models are aligned alike in memory, so results do not depend on a model's index.
        needed = sum((fan_in + 1) * fan_out for fan_in, fan_out in self.shapes)
        return math.ceil(needed / ALIGNED) * ALIGNED

    def views(self, flat: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Split a flat parameter tensor into layers.

        Parameters
        ----------
        flat : Tensor, shape (M, P)

        Returns
        -------
        list of (Tensor, Tensor)
            Weights (M, in, out) and biases (M, 1, out) of each layer, as views of `flat`.
        """
        views, start = [], 0
        for fan_in, fan_out in self.shapes:
            weights = flat[:, start : start + fan_in * fan_out].view(-1, fan_in, fan_out)
            start += fan_in * fan_out
            views.append((weights, flat[:, start : start + fan_out].unsqueeze(1)))
            start += fan_out
        return views


class BatchedMLP:
    """M perceptrons of the same sizes, with a ReLU after each hidden layer.

    Parameters
    ----------
    layers : Layers
    flat : Tensor, shape (M, P)
        The parameters, one row per model.
    """

    def __init__(self, layers: Layers, flat: Tensor) -> None:
        self.layers = layers
        self.flat = flat
        self._views = layers.views(flat)

    @classmethod
    def initialise(
        cls, layers: Layers, generators: Sequence[torch.Generator], device: torch.device
    ) -> "BatchedMLP":
        """Create untrained models.

        Weights and biases are uniform in ±1/sqrt(inputs), the default of `torch.nn.Linear`.

        Parameters
        ----------
        layers : Layers
        generators : sequence of torch.Generator, length M
            On the CPU, so that a seed gives the same weights on every device.
        device : torch.device
            Where to put the parameters.

        Returns
        -------
        BatchedMLP
        """
        flat = torch.zeros(len(generators), layers.parameter_count)
        for model, generator in enumerate(generators):
            for weights, biases in layers.views(flat[model : model + 1]):
                bound = 1 / math.sqrt(weights.shape[1])
                weights.uniform_(-bound, bound, generator=generator)
                biases.uniform_(-bound, bound, generator=generator)
        return cls(layers, flat.to(device))

    def __len__(self) -> int:
        return len(self.flat)

    def __getitem__(self, models: int | slice) -> "BatchedMLP":
        """The selected models, as views of the same parameters."""
        selection = slice(models, models + 1) if isinstance(models, int) else models
        return BatchedMLP(self.layers, self.flat[selection])

    def layers_after(self, depth: int) -> "BatchedMLP":
        """The layers after the first `depth`, as perceptrons that share the parameters.

        Their inputs are the activations of hidden layer `depth` (from 1).
        """
        skipped = sum((fan_in + 1) * fan_out for fan_in, fan_out in self.layers.shapes[:depth])
        layers = replace(
            self.layers,
            inputs=self.layers.hidden[depth - 1],
            hidden=self.layers.hidden[depth:],
        )
        return BatchedMLP(layers, self.flat[:, skipped:])

    def layer(self, depth: int, inputs: Tensor) -> Tensor:
        """The outputs (M, B, out) of layer `depth` (from 0), after its ReLU if it has one."""
        weights, biases = self._views[depth]
        outputs = torch.baddbmm(biases, inputs, weights)
        rectified = self.layers.relu_outputs or depth < len(self.layers.hidden)
        return outputs.relu_() if rectified else outputs

    def forward(self, inputs: Tensor, masks: Sequence[Tensor] = ()) -> list[Tensor]:
        """Compute all activations.

        Parameters
        ----------
        inputs : Tensor, shape (M, B, d)
        masks : sequence of Tensor, shape (M, B, h) each
            One per hidden layer, from `dropout_masks`; without masks dropout is off.

        Returns
        -------
        list of Tensor
            The inputs, each hidden layer (M, B, h) and the logits (M, B, C).
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
        """Write the gradient of the loss for every parameter into `gradients`.

        Parameters
        ----------
        activations : sequence of Tensor
            Returned by `forward`.
        error : Tensor, shape (M, B, C)
            The gradient for the logits.
        gradients : sequence of (Tensor, Tensor)
            Overwritten; of the same shapes as `Layers.views`.
        masks : sequence of Tensor
            As passed to `forward`.
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
                # Units that ReLU or dropout set to 0 have no gradient.
                error = torch.ops.aten.threshold_backward(error, inputs, 0)


@dataclass(frozen=True)
class InferenceDropout:
    """Dropout that stays on while M models predict.

    Each block of rows of each model has its own generator.

    Attributes
    ----------
    rate : float
        Fraction of the units to drop.
    seeds : tuple of int, length M
    """

    rate: float
    seeds: tuple[int, ...]

    @classmethod
    def for_recipe(cls, recipe: Recipe, *seeds: int) -> "InferenceDropout | None":
        """The dropout of `recipe` at prediction; None if it applies to training only."""
        return cls(recipe.dropout, seeds) if recipe.dropout_at_test else None

    def generators(self, block: int, device: torch.device) -> list[torch.Generator]:
        """One generator per model for block number `block`."""
        return [torch.Generator(device).manual_seed(torch_seed(seed, block)) for seed in self.seeds]


def probabilities(
    models: BatchedMLP, features: Tensor, rows: Tensor, dropout: InferenceDropout | None = None
) -> Tensor:
    """Predict class probabilities.

    Parameters
    ----------
    models : BatchedMLP
    features : Tensor, shape (R, d)
    rows : Tensor of int64, shape (M, n)
        The rows of `features` that each model predicts.
    dropout : InferenceDropout, optional
        Without it dropout is off.

    Returns
    -------
    Tensor, shape (M, n, C)
    """

    def score(block: Tensor, number: int) -> Tensor:
        masks = _inference_masks(models, block, number, dropout)
        return models.forward(features[block], masks)[-1].softmax(2)

    outputs = models.layers.outputs
    return _score_blocks(score, rows, features.new_empty(*rows.shape, outputs), dropout)


def representations(
    models: BatchedMLP, features: Tensor, rows: Tensor, dropout: InferenceDropout | None = None
) -> Tensor:
    """Compute the representations psi (M, n, h), the activations of the last hidden layer.

    The parameters are those of `probabilities`.
    """

    def score(block: Tensor, number: int) -> Tensor:
        masks = _inference_masks(models, block, number, dropout)
        return models.forward(features[block], masks)[-2]

    hidden = models.layers.hidden[-1]
    return _score_blocks(score, rows, features.new_empty(*rows.shape, hidden), dropout)


def mc_probabilities(
    models: BatchedMLP, features: Tensor, rows: Tensor, dropout: InferenceDropout, passes: int
) -> Tensor:
    """Predict class probabilities by Monte Carlo dropout.

    Parameters
    ----------
    models, features, rows, dropout
        See `probabilities`.
    passes : int
        T, the number of passes; each draws its own masks.

    Returns
    -------
    Tensor, shape (M, n, T, C)

    References
    ----------
    Gal & Ghahramani (2016), Dropout as a Bayesian approximation.
    """
    sizes = models.layers.hidden
    rest = models.layers_after(1)

    def score(block: Tensor, number: int) -> Tensor:
        generators = dropout.generators(number, features.device)
        # The layer before the first dropout is the same in every pass.
        first = models.layer(0, features[block])
        predictions = []
        for _ in range(passes):
            masks = dropout_masks(block.shape[1], sizes, dropout.rate, generators)
            kept = first * masks[0] if masks else first
            predictions.append(rest.forward(kept, masks[1:])[-1].softmax(2))
        return torch.stack(predictions, dim=2)

    outputs = models.layers.outputs
    return _score_blocks(score, rows, features.new_empty(*rows.shape, passes, outputs), dropout)


def _inference_masks(
    models: BatchedMLP, block: Tensor, number: int, dropout: InferenceDropout | None
) -> list[Tensor]:
    if dropout is None:
        return []
    generators = dropout.generators(number, block.device)
    return dropout_masks(block.shape[1], models.layers.hidden, dropout.rate, generators)


def _score_blocks(
    score: Callable[[Tensor, int], Tensor],
    rows: Tensor,
    out: Tensor,
    dropout: InferenceDropout | None,
) -> Tensor:
    """Fill `out` (M, n, ...) with `score(block, number)` of each block of `rows` (M, n)."""
    # With dropout the width is fixed: a block's number seeds its masks, so a width that depended
    # on M would change a text's draws.
    width = BLOCK if dropout else max(1, BLOCK // len(rows))

    def fill(number: int) -> None:
        block = slice(number * width, (number + 1) * width)
        out[:, block] = score(rows[:, block], number)

    blocks = math.ceil(rows.shape[1] / width)
    run_jobs([partial(fill, number) for number in range(blocks)], rows.device)
    return out


def dropout_masks(
    rows: int, sizes: Sequence[int], dropout: float, generators: Sequence[torch.Generator]
) -> list[Tensor]:
    """Draw dropout masks.

    Parameters
    ----------
    rows : int
        B, the number of rows of each mask.
    sizes : sequence of int
        Units h of each hidden layer.
    dropout : float
        Probability of dropping a unit, rounded to 1/65,536.
    generators : sequence of torch.Generator, length M
        One per model, so that a model's draws do not depend on the other models.

    Returns
    -------
    list of Tensor, shape (M, B, h) each
        0 for a dropped unit and 1/(1 - dropout) for a kept one. Empty if `dropout` is 0.
    """
    if not dropout:
        return []
    # Each 64-bit draw gives four decisions of 16 bits: drawing a float per unit would take longer
    # than many of a step's matrix products.
    device = generators[0].device
    draws = torch.empty(
        len(generators), rows, math.ceil(sum(sizes) / 4), dtype=torch.int64, device=device
    )
    for draws_of_model, generator in zip(draws, generators, strict=True):
        draws_of_model.random_(-(2**63), None, generator=generator)
    lowest_kept = min(round(dropout * 2**16) - 2**15, 2**15 - 1)
    decisions = draws.view(torch.int16)
    kept = torch.empty(decisions.shape, device=device)
    torch.ge(decisions, lowest_kept, out=kept).mul_(1 / (1 - dropout))
    return list(torch.split(kept[..., : sum(sizes)], list(sizes), dim=2))


def torch_seed(seed: int, purpose: int) -> int:
    """Derive a seed for a torch generator.

    Parameters
    ----------
    seed, purpose : int
        Different purposes of one seed give independent generators.

    Returns
    -------
    int
        64 bits.
    """
    return int(np.random.SeedSequence([seed, purpose]).generate_state(1, np.uint64)[0])
