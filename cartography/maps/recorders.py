"""Recorders for training loops that belong to other libraries: scikit-learn and transformers.

Neither library is imported before it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from cartography.errors import CartographyError
from cartography.maps.dynamics import DynamicsRecorder, list_ids

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_SMALLEST = float(np.finfo(np.float32).tiny)
_PREDICTED_ROWS = 4096


def record_partial_fit(
    model: Any,
    features: Any,
    labels: ArrayLike,
    *,
    epochs: int,
    ids: Sequence[Any] | None = None,
    batch_size: int = 32,
    seed: int = 0,
) -> DynamicsRecorder:
    """Train a scikit-learn classifier by `partial_fit` and record its training dynamics.

    Every epoch visits all items once, in a new order, and predicts them at its end.

    Parameters
    ----------
    model : estimator
        With `partial_fit` and `predict_proba`, such as `SGDClassifier(loss="log_loss")`,
        `MLPClassifier` or `MultinomialNB`. It is trained in place.
    features : array, data frame or sparse matrix, shape (n, d)
    labels : sequence, length n
        Gold labels, as the model takes them.
    epochs : int
        At least 1.
    ids : sequence of hashable, length n, optional
        Default: the row numbers from 0.
    batch_size : int
    seed : int
        Decides the order of the items.

    Returns
    -------
    DynamicsRecorder
        With all epochs; its logits are logarithms of the predicted probabilities.

    Raises
    ------
    CartographyError
        The model lacks a method, the lengths differ, or there are fewer than two classes.

    Examples
    --------
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> counts = np.array([[3, 0], [0, 2], [1, 0], [0, 1]])
    >>> recorder = record_partial_fit(MultinomialNB(), counts, ["a", "b", "a", "b"], epochs=2)
    >>> recorder.dynamics().correct.shape
    (2, 4)
    """
    for method in ("partial_fit", "predict_proba"):
        if not hasattr(model, method):
            raise CartographyError(
                f"{type(model).__name__} has no {method}: give a classifier that has, such as "
                'SGDClassifier(loss="log_loss")'
            )
    gold = np.asarray(labels)
    rows = features.shape[0] if hasattr(features, "shape") else len(features)
    names = list(range(rows)) if ids is None else list_ids(ids)
    if gold.ndim != 1 or not rows == len(gold) == len(names):
        raise CartographyError(
            f"there are {rows} rows of features, {len(names)} ids and labels of shape "
            f"{gold.shape}: give one id and one label per row"
        )
    if epochs < 1 or batch_size < 1:
        raise CartographyError(
            f"epochs and batch_size must be 1 or more; they are {epochs} and {batch_size}"
        )
    matrix = features if hasattr(features, "shape") else np.asarray(features)
    # The rows of a data frame, which are its columns without `iloc`. The model gets their names.
    matrix = getattr(matrix, "iloc", matrix)
    classes, codes = np.unique(gold, return_inverse=True)
    if len(classes) < 2:
        raise CartographyError("the labels have fewer than two classes: there is nothing to learn")
    rng = np.random.default_rng(seed)
    recorder = DynamicsRecorder()
    for _ in range(epochs):
        order = rng.permutation(rows)
        for start in range(0, rows, batch_size):
            batch = order[start : start + batch_size]
            model.partial_fit(matrix[batch], gold[batch], classes=classes)
        for start in range(0, rows, _PREDICTED_ROWS):
            part = slice(start, start + _PREDICTED_ROWS)
            probabilities = model.predict_proba(matrix[part])
            # A probability of 0 has no logarithm.
            logits = np.log(np.maximum(probabilities, _SMALLEST))
            recorder.update(names[part], logits, codes[part])
        recorder.end_epoch()
    return recorder


def trainer_callback(recorder: DynamicsRecorder, ids: Sequence[Any] | None = None) -> Any:
    """Return a callback that records the training dynamics of a `transformers.Trainer`.

    At the end of every epoch it predicts the training set in its own order, without dropout. It
    draws no random numbers, so the training is the same as without it.

    Parameters
    ----------
    recorder : DynamicsRecorder
        It gets an epoch per epoch of the trainer.
    ids : sequence of hashable, length n, optional
        The ids of the training set, in its order. Default: the row numbers from 0.

    Returns
    -------
    transformers.TrainerCallback
        For `Trainer(callbacks=[...])`. The model must return `logits` of shape (B, C), and the
        batches must have `labels`.

    Raises
    ------
    CartographyError
        transformers is not installed.
    """
    try:
        base: Any = import_module("transformers").TrainerCallback
    except ImportError as error:
        raise CartographyError(
            "the callback needs transformers: pip install transformers"
        ) from error

    class RecordingCallback(base):  # type: ignore[misc]
        """Records an epoch of training dynamics at the end of every epoch."""

        def on_epoch_end(self, *_: Any, model: Any, train_dataloader: Any, **__: Any) -> None:
            _record_epoch(recorder, ids, model, train_dataloader)

    return RecordingCallback()


def _record_epoch(
    recorder: DynamicsRecorder, ids: Sequence[Any] | None, model: Any, training: Any
) -> None:
    """Predict the training set of a loader of torch in its own order."""
    import torch
    from torch.utils.data import DataLoader

    dataset = training.dataset
    if not hasattr(dataset, "__len__"):
        raise CartographyError("the training set streams: recording needs one of known length")
    names = list(range(len(dataset))) if ids is None else list_ids(ids)
    if len(names) != len(dataset):
        raise CartographyError(
            f"there are {len(names)} ids, but the training set has {len(dataset)} rows: give one "
            "per row"
        )
    # The training's loader shuffles, and may drop the last batch. A generator of its own keeps the
    # training's random numbers as they are.
    loader = DataLoader(
        dataset,
        batch_size=training.batch_size or 8,
        collate_fn=training.collate_fn,
        generator=torch.Generator(),
    )
    was_training = model.training
    model.eval()
    done = 0
    try:
        with torch.no_grad():
            for batch in loader:
                inputs = {name: value.to(model.device) for name, value in batch.items()}
                if "labels" not in inputs:
                    raise CartographyError("the batches of the trainer have no labels")
                gold = inputs.pop("labels")
                logits = model(**inputs).logits
                recorder.update(names[done : done + len(gold)], logits, gold)
                done += len(gold)
    finally:
        model.train(was_training)
    recorder.end_epoch()
