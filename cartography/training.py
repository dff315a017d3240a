"""The one training loop: M classifiers side by side, an epoch at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.classifier import Classifiers, Layers, dropout_masks, one_thread, probabilities
from cartography.errors import CartographyError
from cartography.presets import Recipe


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
    the models as they stand; the next epoch changes them in place.
    """

    number: int
    epochs: int
    losses: NDArray[np.float64]
    gold_probability: tuple[NDArray[np.float32], ...]
    correct: tuple[NDArray[np.bool_], ...]
    classifiers: Classifiers


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
    features: Tensor, sets: Sequence[TrainingSet], classes: int, recipe: Recipe
) -> Iterator[Epoch]:
    """Train one model a training set, side by side, and yield after each epoch.

    `features` (R, d) is shared; each set names its own rows of it. Sets may differ in size: in
    an epoch a model takes ceil(n_m / batch size) steps and then rests, its weights and its
    optimiser untouched, so what a model learns does not depend on its neighbours.

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
    loop = _Loop(features, sets, classes, recipe)
    for number in range(1, recipe.epochs + 1):
        with one_thread(features.device):
            losses, gold, correct = loop.epoch()
        if not np.isfinite(losses).all():
            raise CartographyError(
                f"training diverged in epoch {number}: check the word vectors for values that "
                "are huge or not numbers"
            )
        if recipe.dynamics == "epoch_end":
            gold, correct = loop.observe()
        yield Epoch(number, recipe.epochs, losses, gold, correct, loop.classifiers)


_Observed = tuple[tuple[NDArray[np.float32], ...], tuple[NDArray[np.bool_], ...]]


class _Loop:
    """The state of a training: models, optimiser, generators, and each set's rows on the device."""

    def __init__(
        self, features: Tensor, sets: Sequence[TrainingSet], classes: int, recipe: Recipe
    ) -> None:
        if recipe.batch_size is None:
            raise ValueError("the recipe's batch size is open: call Preset.for_corpus first")
        device = features.device
        self.features = features
        self.recipe = recipe
        self.batch_size = recipe.batch_size
        self.rows = [torch.from_numpy(each.rows).to(device) for each in sets]
        self.labels = [torch.from_numpy(each.labels).to(device) for each in sets]
        starts = [torch.Generator().manual_seed(_torch_seed(each.seed, 0)) for each in sets]
        self.generators = [
            torch.Generator(device).manual_seed(_torch_seed(each.seed, 1)) for each in sets
        ]
        layers = Layers(features.shape[1], recipe.hidden, classes)
        self.classifiers = Classifiers.initialised(layers, starts, device)
        flat = torch.zeros_like(self.classifiers.flat)
        self.gradients = layers.views(flat)
        # The optimiser sees a tensor a model, so that a model without a batch can be passed over.
        self.parameters = list(self.classifiers.flat.unbind())
        self.parameter_gradients = list(flat.unbind())
        self.optimiser = torch.optim.AdamW(
            self.parameters,
            lr=recipe.learning_rate,
            betas=recipe.betas,
            eps=recipe.epsilon,
            weight_decay=recipe.weight_decay,
            fused=True,
        )

    @torch.no_grad()
    def epoch(self) -> tuple[NDArray[np.float64], *_Observed]:
        """One pass over every set in a fresh order; losses, and what the pass itself saw."""
        orders = [
            torch.randperm(len(rows), generator=generator, device=rows.device)
            for rows, generator in zip(self.rows, self.generators, strict=True)
        ]
        rows = _padded([rows[order] for rows, order in zip(self.rows, orders, strict=True)])
        labels = _padded([labels[order] for labels, order in zip(self.labels, orders, strict=True)])
        sizes = [len(order) for order in orders]
        logs = self.features.new_zeros(rows.shape)  # (M, max n)
        hit = torch.zeros_like(rows, dtype=torch.bool)
        for start in range(0, rows.shape[1], self.batch_size):
            batch = slice(start, start + self.batch_size)
            counts = [min(max(size - start, 0), self.batch_size) for size in sizes]
            busy = _span(counts)
            logs[busy, batch], hit[busy, batch] = self._step(
                busy, rows[busy, batch], labels[busy, batch], counts[busy]
            )
        gold = _unpadded(logs, orders)
        return (
            np.array([-each.double().mean().item() for each in gold]),
            tuple(each.exp().cpu().numpy() for each in gold),
            tuple(each.cpu().numpy() for each in _unpadded(hit, orders)),
        )

    def _step(
        self, models: slice, rows: Tensor, labels: Tensor, counts: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """One AdamW step on a batch a model; gold-label log-probability and hits (M, B) before it.

        The M `models` have `counts` items in this batch; columns past them are padding and weigh
        nothing. A model with none rests.
        """
        classifiers = self.classifiers[models]
        inputs = self.features[rows]  # (M, B, d)
        masks = dropout_masks(
            counts, self.recipe.hidden, self.recipe.dropout, self.generators[models]
        )
        activations = classifiers.forward(inputs, masks)
        log_predicted = activations[-1].log_softmax(2)  # (M, B, C)
        gold = log_predicted.gather(2, labels.unsqueeze(2))  # (M, B, 1)
        correct = log_predicted.argmax(2) == labels
        # Gradient of the batch's mean cross-entropy for the logits: (p - onehot) / batch size.
        error = log_predicted.exp_().scatter_add(2, labels.unsqueeze(2), -torch.ones_like(gold))
        error *= _weights(counts, rows.shape[1]).to(error.device)
        gradients = [(weights[models], biases[models]) for weights, biases in self.gradients]
        classifiers.backward(activations, error, gradients, masks)
        for parameter in self.parameters:
            parameter.grad = None
        for parameter, gradient, count in zip(
            self.parameters[models], self.parameter_gradients[models], counts, strict=True
        ):
            parameter.grad = gradient if count else None
        self.optimiser.step()
        return gold.squeeze(2), correct

    @torch.no_grad()
    def observe(self) -> _Observed:
        """Gold-label probability and correctness of every set, dropout off (Section 3)."""
        gold, correct = [], []
        for model, (rows, labels) in enumerate(zip(self.rows, self.labels, strict=True)):
            predicted = probabilities(self.classifiers[model], self.features, rows)
            gold.append(predicted.gather(1, labels.unsqueeze(1)).squeeze(1).cpu().numpy())
            correct.append((predicted.argmax(1) == labels).cpu().numpy())
        return tuple(gold), tuple(correct)


def _torch_seed(seed: int, purpose: int) -> int:
    """A seed for a torch generator; different purposes of one seed are independent."""
    return int(np.random.SeedSequence([seed, purpose]).generate_state(1, np.uint64)[0])


def _span(counts: Sequence[int]) -> slice:
    """The models from the first to the last that has items in a batch.

    Small sets run out of batches long before large ones; the products then leave them out.
    """
    busy = [model for model, count in enumerate(counts) if count]
    return slice(busy[0], busy[-1] + 1)


def _weights(counts: Sequence[int], width: int) -> Tensor:
    """1/count for each real item of a batch and 0 for padding, (M, B, 1)."""
    weights = torch.zeros(len(counts), width, 1)
    for model, count in enumerate(counts):
        weights[model, :count] = 1 / max(count, 1)
    return weights


def _padded(each: Sequence[Tensor]) -> Tensor:
    """Tensors (n_m,) as one (M, max n_m), filled up with zeros."""
    return torch.nn.utils.rnn.pad_sequence(list(each), batch_first=True)


def _unpadded(padded: Tensor, orders: Sequence[Tensor]) -> list[Tensor]:
    """Row m of `padded` put back from the order `orders[m]` (n_m,) into the set's own."""
    restored = []
    for row, order in zip(padded, orders, strict=True):
        values = torch.empty_like(row[: len(order)])
        values[order] = row[: len(order)]
        restored.append(values)
    return restored
