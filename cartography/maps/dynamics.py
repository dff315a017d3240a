"""Training dynamics: per epoch, the gold-label probability and whether the label was predicted."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartography.errors import CartographyError
from cartography.formats.dataset_cartography import EpochLogits, write_dynamics

_IN_MEMORY = 64 * 2**20  # bytes of logits that a recorder keeps in memory


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
    margin : float32 array, shape (E, n), optional
        The gold label's logit minus the largest other logit; None where logits are not known.
    """

    ids: NDArray[np.object_]
    gold_probability: NDArray[np.float32]
    correct: NDArray[np.bool_]
    margin: NDArray[np.float32] | None = None

    @property
    def epochs(self) -> int:
        """Number of epochs, E."""
        return len(self.gold_probability)

    def until(self, epochs: int) -> TrainingDynamics:
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
        return TrainingDynamics(
            self.ids,
            self.gold_probability[:epochs],
            self.correct[:epochs],
            None if self.margin is None else self.margin[:epochs],
        )

    def take(self, rows: NDArray[np.int64]) -> TrainingDynamics:
        """Return the dynamics of the items at some positions, in their order."""
        return TrainingDynamics(
            self.ids[rows],
            self.gold_probability[:, rows],
            self.correct[:, rows],
            None if self.margin is None else self.margin[:, rows],
        )


def measure(
    logits: NDArray[np.float32], gold: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Compute what training dynamics contain from the logits of one epoch.

    Parameters
    ----------
    logits : float32 array, shape (n, C)
        Finite; C is at least 2.
    gold : int64 array, shape (n,)
        In 0 .. C - 1.

    Returns
    -------
    gold_probability : float32 array, shape (n,)
        The softmax of the gold label's logit.
    correct : bool array, shape (n,)
        Whether the gold label's logit is the largest, the first of equal ones.
    margin : float32 array, shape (n,)
        The gold label's logit minus the largest other logit.
    """
    scores = logits.astype(np.float64)
    rows = np.arange(len(scores))
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    probability = shifted[rows, gold] / shifted.sum(axis=1)
    correct = scores.argmax(axis=1) == gold
    own = scores[rows, gold]
    scores[rows, gold] = -np.inf
    margin = own - scores.max(axis=1)
    return probability.astype(np.float32), correct, margin.astype(np.float32)


class DynamicsRecorder:
    """Collects training dynamics from any training loop.

    Call `update` once per batch and `end_epoch` once per epoch. Then `dynamics` returns what a
    `DataMap` is computed from, and `save` writes it for `cartography open` and the dashboard.
    Items may come in any order, but each exactly once per epoch.

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
        self._classes = 0
        self._measured: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self._gold: list[NDArray[np.int64]] = []
        # The logits of closed epochs are needed by `save` alone: large ones go to the disk.
        self._logits = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with the recorder
        weakref.finalize(self, self._logits.close)
        self._open: dict[Any, int] = {}
        self._batches: list[tuple[NDArray[np.float32], NDArray[np.int64]]] = []

    def update(self, ids: Sequence[Any], logits: ArrayLike, gold: ArrayLike) -> None:
        """Record a batch of B items.

        If it raises, nothing of the batch is recorded.

        Parameters
        ----------
        ids : sequence of hashable, length B
            Those of NumPy's types become Python's own.
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
        names = list_ids(ids)
        try:
            # What float32 cannot hold becomes infinite, and is refused below.
            with np.errstate(over="ignore"):
                scores = _to_array(logits).astype(np.float32)
            labels = _to_array(gold).reshape(-1)
        except (TypeError, ValueError) as error:
            raise CartographyError(f"the logits are no array of numbers: {error}") from error
        if scores.ndim != 2 or not len(names) == len(scores) == len(labels):
            raise CartographyError(
                f"update needs B ids, logits of shape (B, C) and B gold labels; it was given "
                f"{len(names)} ids, logits of shape {scores.shape} and {len(labels)} labels"
            )
        classes = scores.shape[1]
        if classes < 2:
            raise CartographyError(
                f"logits need two classes or more, not {classes}: for a classifier with one "
                "output, give [0, logit]"
            )
        if self._classes not in (0, classes):
            raise CartographyError(
                f"logits have {classes} classes, but {self._classes} in earlier batches: give the "
                "same classes in every batch"
            )
        not_finite = ~np.isfinite(scores).all(axis=1)
        if not_finite.any():
            raise CartographyError(
                f"the logits of item {names[int(not_finite.argmax())]!r} are not all finite numbers"
            )
        # Labels may be floats, as losses such as BCE need them.
        out_of_range = ~np.isin(labels, np.arange(classes))
        if out_of_range.any():
            first = int(out_of_range.argmax())
            raise CartographyError(
                f"item {names[first]!r} has gold label {labels[first]}, but the logits have "
                f"{classes} classes (0 to {classes - 1})"
            )
        batch: dict[Any, int] = {}
        for name in names:
            if name in self._open or name in batch:
                raise CartographyError(
                    f"item {name!r} occurs twice in epoch {len(self._measured) + 1}: call "
                    "end_epoch() after each epoch, and give every item its own id"
                )
            batch[name] = len(self._open) + len(batch)
        self._open |= batch
        self._classes = classes
        self._batches.append((scores, labels.astype(np.int64)))

    def end_epoch(self) -> None:
        """Close the epoch.

        Raises
        ------
        CartographyError
            The epoch has no items, or not the same items as the first epoch.
        """
        if not self._open:
            raise CartographyError("the epoch has no items: call update() before end_epoch()")
        columns = self._columns or self._open
        unmatched = columns.keys() ^ self._open.keys()
        if unmatched:
            name = next(iter(unmatched))
            raise CartographyError(
                f"item {name!r} was not in every epoch: epoch {len(self._measured) + 1} has "
                f"{len(self._open)} items, the first had {len(columns)}"
            )
        rows = np.fromiter((self._open[name] for name in columns), np.int64, len(columns))
        logits, gold = (np.concatenate(parts)[rows] for parts in zip(*self._batches, strict=True))
        self._measured.append(measure(logits, gold))
        self._gold.append(gold)
        self._logits.write(logits.tobytes())
        self._columns, self._open, self._batches = columns, {}, []

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
        ids = self._ids()
        gold, correct, margin = zip(*self._measured, strict=True)
        return TrainingDynamics(ids, np.stack(gold), np.stack(correct), np.stack(margin))

    def save(
        self,
        folder: str | Path,
        texts: Mapping[Any, str] | None = None,
        labels: Mapping[Any, str] | None = None,
    ) -> None:
        """Write the dynamics in the form of Dataset Cartography, with the texts beside them.

        `cartography open` and the dashboard open the folder.

        Parameters
        ----------
        folder : str or Path
            It gets `training_dynamics/dynamics_epoch_0.jsonl` and so on, and `texts.jsonl`. It may
            contain earlier epochs of the same training, which are replaced.
        texts : mapping of id to str, optional
            The text of every item.
        labels : mapping of id to str, optional
            The name of every item's gold label. Default: its number.

        Raises
        ------
        CartographyError
            No epoch is closed, an id is neither a whole number nor a string, an item has no text
            or label in the mappings or another gold label than in the first epoch, or a file cannot
            be written.
        """
        ids = self._ids()
        write_dynamics(Path(folder), self._epochs(ids), len(self._measured), texts, labels)

    def _ids(self) -> NDArray[np.object_]:
        if not self._measured:
            raise CartographyError("no epoch is closed yet: call end_epoch() after each epoch")
        ids = np.empty(len(self._columns), dtype=object)
        ids[:] = list(self._columns)
        return ids

    def _epochs(self, ids: NDArray[np.object_]) -> Iterator[EpochLogits]:
        """The logits of all closed epochs, one at a time."""
        size = len(ids) * self._classes * np.dtype(np.float32).itemsize
        try:
            for number, gold in enumerate(self._gold):
                self._logits.seek(number * size)
                values = np.frombuffer(self._logits.read(size), dtype=np.float32)
                yield EpochLogits(number, ids, values.reshape(len(ids), self._classes), gold)
        finally:
            self._logits.seek(0, 2)


def list_ids(ids: Any) -> list[Any]:
    """Return the ids in a sequence, an array, a column or a tensor as values of Python."""
    values = ids.tolist() if hasattr(ids, "tolist") else ids
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _to_array(values: Any) -> NDArray[Any]:
    """Convert to a NumPy array; tensors may carry gradients or be on a GPU."""
    if hasattr(values, "detach"):
        # NumPy has no bfloat16, so every float becomes float32.
        tensor = values.detach().cpu()
        return np.asarray(tensor.float() if tensor.is_floating_point() else tensor)
    return np.asarray(values)
