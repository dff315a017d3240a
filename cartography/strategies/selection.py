"""What a strategy answers, and the one way to rank a pool."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Selection:
    """The k items a strategy wants labelled, the most wanted first.

    `positions` (k,) are places in the pool and `scores` (k,) the strategy's own score there,
    higher wanted more. `discriminator_accuracy` is the accuracy in [0, 1] of the strategy's
    binary classifier on its own training set, NaN for a strategy without one. `fallback` says in
    words what was done instead where the strategy could not do as it is defined, else "".
    """

    positions: NDArray[np.int64]
    scores: NDArray[np.float64]
    discriminator_accuracy: float = float("nan")
    fallback: str = ""


def top_scores(
    scores: NDArray[np.float64], size: int, rng: np.random.Generator | None
) -> Selection:
    """The `size` highest of `scores` (n,), or all of them when there are fewer.

    Equal scores come in an order drawn from `rng`: rows of a file often come sorted, and a tie
    broken by row would pick from its top. Without it they come in the order of the pool.
    """
    shuffled = np.arange(len(scores)) if rng is None else rng.permutation(len(scores))
    best = shuffled[np.argsort(-scores[shuffled], kind="stable")[:size]]
    return Selection(best, scores[best])
