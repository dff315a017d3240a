"""Learning curves for the tests of the evaluation, from their accuracies or their picks."""

from collections.abc import Sequence

import numpy as np

from cartography.evaluation.comparison import LearningCurve

RISING = (0.5, 0.6, 0.7, 0.8)


def make_curve(
    name: str,
    seed: int = 1,
    accuracy: Sequence[float] = RISING,
    labelled: Sequence[int] | None = None,
    batches: str | None = None,
) -> LearningCurve:
    """A curve with 10 labels per point; each letter of `batches`, as in "ab cd", is a text."""
    ids = batches.split() if batches is not None else ["x"] * (len(accuracy) - 1)
    return LearningCurve(
        name=name,
        strategy="random" if name.startswith("Random") else "cal",
        seed=seed,
        labelled=np.array(labelled or range(10, 10 * len(accuracy) + 1, 10)),
        accuracy=np.array(accuracy),
        batches=tuple(np.array(list(batch), dtype=object) for batch in ids),
    )


def curve_with_picks(name: str, seed: int, batches: str) -> LearningCurve:
    """A curve of which only the batches matter."""
    return make_curve(name, seed, RISING[: len(batches.split()) + 1], batches=batches)


def shifted_curves(name: str, *shifts: int) -> list[LearningCurve]:
    """Seeds 1, 2, ... that reach each accuracy of `RISING` `shifts` labels earlier than 100, ..."""
    return [
        make_curve(name, seed, labelled=[100 - shift + 10 * step for step in range(4)])
        for seed, shift in enumerate(shifts, start=1)
    ]
