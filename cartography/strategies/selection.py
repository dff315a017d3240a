"""The result of a strategy, and the ranking that all strategies share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Selection:
    """The k items that a strategy selects for labelling, best first.

    Attributes
    ----------
    positions : int64 array, shape (k,)
        Positions in the pool.
    scores : float64 array, shape (k,)
        The strategy's scores of these items; higher is better.
    discriminator_accuracy : float
        Accuracy of the strategy's discriminator on its own training set, in [0, 1]; NaN for a
        strategy without one.
    fallback : str
        What was done instead if the strategy could not be applied as it is defined, else "".
    """

    positions: NDArray[np.int64]
    scores: NDArray[np.float64]
    discriminator_accuracy: float = float("nan")
    fallback: str = ""


def top_scores(
    scores: NDArray[np.float64], size: int, rng: np.random.Generator | None
) -> Selection:
    """Select the highest scores.

    Parameters
    ----------
    scores : float64 array, shape (n,)
    size : int
        Number of items to select; all are selected if there are fewer.
    rng : Generator or None
        Draws the order of equal scores; without it they keep the order of the pool.

    Returns
    -------
    Selection

    Examples
    --------
    >>> top_scores(np.array([0.1, 0.7, 0.4]), 2, np.random.default_rng(0)).positions
    array([1, 2])
    """
    # Files are often sorted, so ties broken by row would favour the top of the file.
    order = np.arange(len(scores)) if rng is None else rng.permutation(len(scores))
    best = order[np.argsort(-scores[order], kind="stable")[:size]]
    return Selection(best, scores[best])
