"""Training dynamics: the gold label's probability and whether it was predicted, by epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartography.errors import CartographyError


@dataclass(frozen=True, eq=False)
class TrainingDynamics:
    """What a model made of n items over E epochs.

    `ids` (n,) name the items; `gold_probability` (E, n), in [0, 1], is the probability of each
    item's gold label in each epoch; `correct` (E, n) says whether that label was predicted.
    """

    ids: NDArray[np.object_]
    gold_probability: NDArray[np.float32]
    correct: NDArray[np.bool_]

    @property
    def epochs(self) -> int:
        """Number of epochs, E."""
        return len(self.gold_probability)

    def until(self, epochs: int) -> "TrainingDynamics":
        """The dynamics of the first `epochs` epochs. Raises CartographyError for more than there
        are, or none.
        """
        if not 1 <= epochs <= self.epochs:
            raise CartographyError(
                f"there is no map of {epochs} epochs: the training has {self.epochs}, give 1 to "
                f"{self.epochs}"
            )
        return TrainingDynamics(self.ids, self.gold_probability[:epochs], self.correct[:epochs])


class DynamicsRecorder:
    """Collects training dynamics from any training loop.

    Call `update(ids, logits, gold)` once a batch and `end_epoch()` once an epoch; then
    `dynamics()` is what a data map is made of. The recorder knows nothing of the model. Items
    may come in any order, but each exactly once in every epoch.
    """

    def __init__(self) -> None:
        self._columns: dict[Any, int] = {}
        self._epochs: list[tuple[NDArray[np.float32], NDArray[np.bool_]]] = []
        self._open: dict[Any, tuple[float, bool]] = {}

    def update(self, ids: Sequence[Any], logits: ArrayLike, gold: ArrayLike) -> None:
        """Record a batch of B items: their `ids`, `logits` (B, C) and `gold` labels (B,) in 0..C-1.

        Tensors are accepted as they are, on any device. Raises CartographyError, and records
        nothing of the batch, when the shapes disagree, a logit is not finite, a gold label is out
        of range, or an item comes twice in one epoch.
        """
        names = ids.tolist() if hasattr(ids, "tolist") else list(ids)
        scores = np.asarray(_plain(logits), dtype=np.float64)
        labels = _plain(gold).reshape(-1)
        if scores.ndim != 2 or not len(names) == len(scores) == len(labels):
            raise CartographyError(
                f"update takes B ids, logits of shape (B, C) and B gold labels; it was given "
                f"{len(names)} ids, logits of shape {scores.shape} and {len(labels)} labels"
            )
        wrong = ~np.isfinite(scores).all(axis=1)
        if wrong.any():
            raise CartographyError(
                f"the logits of item {names[int(wrong.argmax())]!r} are not all finite numbers"
            )
        classes = scores.shape[1]
        # Losses such as BCE want their labels as floats; 1.0 is as good as 1.
        outside = ~np.isin(labels, np.arange(classes))
        if outside.any():
            first = int(outside.argmax())
            raise CartographyError(
                f"item {names[first]!r} has gold label {labels[first]}, but the logits have "
                f"{classes} classes (0 to {classes - 1})"
            )
        labels = labels.astype(np.int64)
        shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
        rows = np.arange(len(names))
        probability = shifted[rows, labels] / shifted.sum(axis=1)
        correct = scores.argmax(axis=1) == labels
        batch: dict[Any, tuple[float, bool]] = {}
        for name, p, hit in zip(names, probability.tolist(), correct.tolist(), strict=True):
            if name in self._open or name in batch:
                raise CartographyError(
                    f"item {name!r} came twice in epoch {len(self._epochs) + 1}: call end_epoch() "
                    "after each epoch, and give every item its own id"
                )
            batch[name] = (p, hit)
        self._open |= batch

    def end_epoch(self) -> None:
        """Close the epoch. Raises CartographyError when its items are not those of the first."""
        if not self._open:
            raise CartographyError("the epoch has no items: call update() before end_epoch()")
        if not self._columns:
            self._columns = {name: column for column, name in enumerate(self._open)}
        different = self._columns.keys() ^ self._open.keys()
        if different:
            name = next(iter(different))
            raise CartographyError(
                f"item {name!r} was not in every epoch: epoch {len(self._epochs) + 1} has "
                f"{len(self._open)} items, the first had {len(self._columns)}"
            )
        ordered = [self._open[name] for name in self._columns]
        self._epochs.append(
            (
                np.array([p for p, _ in ordered], dtype=np.float32),
                np.array([hit for _, hit in ordered], dtype=np.bool_),
            )
        )
        self._open = {}

    def dynamics(self) -> TrainingDynamics:
        """The dynamics of all closed epochs. Raises CartographyError when there is none."""
        if not self._epochs:
            raise CartographyError("no epoch is closed yet: call end_epoch() after each epoch")
        ids = np.empty(len(self._columns), dtype=object)
        ids[:] = list(self._columns)
        gold, correct = zip(*self._epochs, strict=True)
        return TrainingDynamics(ids, np.stack(gold), np.stack(correct))


def _plain(values: Any) -> NDArray[Any]:
    """`values` as an array, also where they are tensors that carry gradients or lie on a GPU."""
    if hasattr(values, "detach"):
        # bfloat16 has no NumPy type; every float is as good in float32 or wider.
        tensor = values.detach().cpu()
        return np.asarray(tensor.float() if tensor.is_floating_point() else tensor)
    return np.asarray(values)
