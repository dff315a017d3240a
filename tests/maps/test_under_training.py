import numpy as np
import pytest

from cartography.maps.dynamics import TrainingDynamics
from cartography.maps.under_training import under_training

LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])


def dynamics(probability, correct):
    """The same gold probability for all ten texts in each epoch; `correct` texts at the end."""
    gold = np.repeat(np.array(probability, dtype=np.float32)[:, None], 10, axis=1)
    hits = np.zeros((len(probability), 10), dtype=bool)
    hits[-1, :correct] = True
    return TrainingDynamics(np.arange(10).astype(str).astype(object), gold, hits)


@pytest.mark.parametrize(
    ("probability", "correct", "part"),
    [
        ([0.5] * 4, 6, "it predicts 60% of its own training texts, and always predicting"),
        # ln 0.5 is 2 ln 0.7071: the loss halves after the third of four epochs.
        (
            [0.4, 0.45, 0.5, 0.7071],
            8,
            "80% of its own training texts, and its loss still fell by 50%",
        ),
        ([0.4, 0.45, 0.7, 0.7071], 8, ""),
        ([0.4, 0.45, 0.5, 0.7071], 9, ""),
        ([0.9], 10, ""),
        ([1.0] * 4, 10, ""),
    ],
)
def test_sentences(probability, correct, part):
    said = under_training(dynamics(probability, correct), LABELS)
    assert part in said
    assert bool(part) == bool(said)
