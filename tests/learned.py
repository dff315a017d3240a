"""Runs for tests of the comparison, told by their accuracies or by their picks."""

from collections.abc import Sequence

import numpy as np

from cartography.evaluation.comparison import LearningCurve

RISING = (0.5, 0.6, 0.7, 0.8)


def learned(
    name: str,
    seed: int = 1,
    accuracy: Sequence[float] = RISING,
    labelled: Sequence[int] | None = None,
    batches: str | None = None,
) -> LearningCurve:
    """A run; `batches` names a text by each letter, as in "ab cd"."""
    each = batches.split() if batches is not None else ["x"] * (len(accuracy) - 1)
    return LearningCurve(
        name=name,
        strategy="random" if name.startswith("Random") else "cal",
        seed=seed,
        labelled=np.array(labelled or range(10, 10 * len(accuracy) + 1, 10)),
        accuracy=np.array(accuracy),
        batches=tuple(np.array(list(batch), dtype=object) for batch in each),
    )


def picked(name: str, seed: int, batches: str) -> LearningCurve:
    """A run of which only the batches matter."""
    return learned(name, seed, RISING[: len(batches.split()) + 1], batches=batches)


def shifted(name: str, *shifts: int) -> list[LearningCurve]:
    """Seeds 1, 2 … that come to each accuracy `shifts` labels earlier than `RISING` does."""
    return [
        learned(name, seed, labelled=[100 - shift + 10 * step for step in range(4)])
        for seed, shift in enumerate(shifts, start=1)
    ]
