"""Training dynamics: per epoch, the gold-label probability and whether the label was predicted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartography.errors import CartographyError


@dataclass(frozen=True, eq=False)
class TrainingDynamics:
    """Predictions of a model for n items in each of E epochs.

    Attributes
    ----------
    ids : object array, shape (n,)
    gold_probability : float32 array, shape (E, n)
        Probability of each item's gold label, in [0, 1].
    correct : bool array, shape (E, n)
        Whether the gold label was predicted.
    """

    ids: NDArray[np.object_]
    gold_probability: NDArray[np.float32]
    correct: NDArray[np.bool_]

    @property
    def epochs(self) -> int:
        """Number of epochs, E."""
        return len(self.gold_probability)

    def until(self, epochs: int) -> "TrainingDynamics":
        """Return the dynamics of the first epochs.

        Parameters
        ----------
        epochs : int
            From 1 to E.

        Returns
        -------
        TrainingDynamics

        Raises
        ------
        CartographyError
            `epochs` is out of range.
        """
        if not 1 <= epochs <= self.epochs:
            raise CartographyError(
                f"there is no map of {epochs} epochs: the training has {self.epochs}, give 1 to "
                f"{self.epochs}"
            )
        return TrainingDynamics(self.ids, self.gold_probability[:epochs], self.correct[:epochs])


class DynamicsRecorder:
    """Collects training dynamics from any training loop.

    Call `update` once per batch and `end_epoch` once per epoch. Then `dynamics` returns what a
    `DataMap` is computed from. Items may come in any order, but each exactly once per epoch.

    Examples
    --------
    >>> recorder = DynamicsRecorder()
    >>> recorder.update(ids=["a"], logits=[[0.0, 0.0]], gold=[1])
    >>> recorder.end_epoch()
    >>> recorder.dynamics().gold_probability
    array([[0.5]], dtype=float32)
    """

    def __init__(self) -> None:
        self._columns: dict[Any, int] = {}
        self._epochs: list[tuple[NDArray[np.float32], NDArray[np.bool_]]] = []
        self._open: dict[Any, tuple[float, bool]] = {}

    def update(self, ids: Sequence[Any], logits: ArrayLike, gold: ArrayLike) -> None:
        """Record a batch of B items.

        If it raises, nothing of the batch is recorded.

        Parameters
        ----------
        ids : sequence of hashable, length B
        logits : array or tensor, shape (B, C)
            A tensor may be on any device and carry gradients.
        gold : array or tensor, shape (B,)
            The gold labels, in 0 .. C - 1.

        Raises
        ------
        CartographyError
            The shapes disagree, a logit is not finite, a gold label is out of range, or an item
            occurs twice in one epoch.
        """
        names = ids.tolist() if hasattr(ids, "tolist") else list(ids)
        scores = np.asarray(_to_array(logits), dtype=np.float64)
        labels = _to_array(gold).reshape(-1)
        if scores.ndim != 2 or not len(names) == len(scores) == len(labels):
            raise CartographyError(
                f"update needs B ids, logits of shape (B, C) and B gold labels; it was given "
                f"{len(names)} ids, logits of shape {scores.shape} and {len(labels)} labels"
            )
        not_finite = ~np.isfinite(scores).all(axis=1)
        if not_finite.any():
            raise CartographyError(
                f"the logits of item {names[int(not_finite.argmax())]!r} are not all finite numbers"
            )
        classes = scores.shape[1]
        # Labels may be floats, as losses such as BCE need them.
        out_of_range = ~np.isin(labels, np.arange(classes))
        if out_of_range.any():
            first = int(out_of_range.argmax())
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
                    f"item {name!r} occurs twice in epoch {len(self._epochs) + 1}: call "
                    "end_epoch() after each epoch, and give every item its own id"
                )
            batch[name] = (p, hit)
        self._open |= batch

    def end_epoch(self) -> None:
        """Close the epoch.

        Raises
        ------
        CartographyError
            The epoch has no items, or not the same items as the first epoch.
        """
        if not self._open:
            raise CartographyError("the epoch has no items: call update() before end_epoch()")
        if not self._columns:
            self._columns = {name: column for column, name in enumerate(self._open)}
        unmatched = self._columns.keys() ^ self._open.keys()
        if unmatched:
            name = next(iter(unmatched))
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
        """Return the dynamics of all closed epochs.

        Returns
        -------
        TrainingDynamics

        Raises
        ------
        CartographyError
            No epoch is closed.
        """
        if not self._epochs:
            raise CartographyError("no epoch is closed yet: call end_epoch() after each epoch")
        ids = np.empty(len(self._columns), dtype=object)
        ids[:] = list(self._columns)
        gold, correct = zip(*self._epochs, strict=True)
        return TrainingDynamics(ids, np.stack(gold), np.stack(correct))


def _to_array(values: Any) -> NDArray[Any]:
    """Convert to a NumPy array; tensors may carry gradients or be on a GPU."""
    if hasattr(values, "detach"):
        # NumPy has no bfloat16, so every float becomes float32.
        tensor = values.detach().cpu()
        return np.asarray(tensor.float() if tensor.is_floating_point() else tensor)
    return np.asarray(values)
