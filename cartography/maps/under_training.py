"""Whether the model behind a data map was trained enough for its map to tell texts apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartography.maps.dynamics import TrainingDynamics

_BARELY = 0.1  # of the way from always predicting the most frequent class to no mistake
_NEARLY_ALL = 0.9
_STILL_FALLING = 0.05
_LAST = 0.75
_ADVICE = "train for more epochs, or at a higher learning rate, as the preset standard does"


def under_training(dynamics: TrainingDynamics, labels: NDArray[np.int64]) -> str:
    """Say that a model is under-trained, and what would help.

    Parameters
    ----------
    dynamics : TrainingDynamics
        Of n items in E epochs.
    labels : int64 array, shape (n,)
        The gold labels.

    Returns
    -------
    str
        A sentence if the model predicts hardly more of its own training texts than the most
        frequent class would, or misses a tenth of them and its loss fell by a twentieth in the last
        quarter of the epochs; else "".
    """
    accuracy = float(dynamics.correct[-1].mean())
    majority = float(np.bincount(labels).max() / len(labels))
    losses = -np.log(np.clip(dynamics.gold_probability, 1e-12, 1)).mean(axis=1)  # (E,)
    earlier = losses[max(0, round(_LAST * len(losses)) - 1)]
    fallen = 1 - losses[-1] / earlier if earlier > 0 else 0.0
    if accuracy < majority + _BARELY * (1 - majority):
        return (
            f"the model is under-trained: it predicts {accuracy:.0%} of its own training texts, "
            f"and always predicting the most frequent class would give {majority:.0%}; {_ADVICE}"
        )
    if accuracy < _NEARLY_ALL and fallen > _STILL_FALLING:
        return (
            f"the model is under-trained: it predicts {accuracy:.0%} of its own training texts, "
            f"and its loss still fell by {fallen:.0%} in the last quarter of the epochs; {_ADVICE}"
        )
    return ""
