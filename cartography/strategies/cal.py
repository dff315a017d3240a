"""Cartography Active Learning (CAL).

References
----------
Zhang & Plank (2021), Cartography active learning, Section 3 and Algorithm 1.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartography.strategies.discriminator import (
    DiscriminatorResult,
    DiscriminatorTask,
    StrategyCoroutine,
    draw_seed,
)
from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


@dataclass(frozen=True, eq=False)
class Split:
    """The labelled items split into high-cor and low-cor.

    Attributes
    ----------
    high : int64 array, shape (l,)
        1 for a high-cor item, 0 for a low-cor item.
    t_cor : float
        The threshold that was used.
    fallback : str
        What was done instead if the requested threshold leaves one class empty, else "".
    """

    high: NDArray[np.int64]
    t_cor: float
    fallback: str = ""

    @property
    def two_sided(self) -> bool:
        """Whether both classes have an item."""
        return bool(0 < self.high.sum() < len(self.high))


def split_by_correctness(correctness: NDArray[np.float64], t_cor: float) -> Split:
    """Split the labelled items at a threshold of correctness.

    If no item is above `t_cor`, the threshold becomes the second highest level of correctness.
    If all items are above it, the threshold becomes the lowest level. If all items have the same
    correctness, no threshold can split them, and one class stays empty.

    Parameters
    ----------
    correctness : float64 array, shape (l,)
    t_cor : float
        Items with correctness above it are high-cor.

    Returns
    -------
    Split
    """
    high = (correctness > t_cor).astype(np.int64)
    if 0 < high.sum() < len(high):
        return Split(high, t_cor)
    levels = np.unique(correctness)
    if len(levels) < 2:
        return Split(
            high,
            t_cor,
            f"every labelled text has the same correctness ({correctness[0]:.3g}), so no t_cor can "
            "split them: drawn at random.",
        )
    empty_class, nearest = ("low-cor", levels[0]) if high.all() else ("high-cor", levels[-2])
    return Split(
        (correctness > nearest).astype(np.int64),
        float(nearest),
        f"t_cor {t_cor:g} leaves no {empty_class} text: {nearest:.3g} was used.",
    )


def round_to_fifths(correctness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round `correctness` (n,) to the nearest of 0, 0.2, ..., 1, and halves to the even fifth."""
    return np.round(correctness * 5) / 5


def cal(view: PoolView, query_size: int, rng: np.random.Generator) -> StrategyCoroutine:
    """Select the items nearest to the boundary between high-cor and low-cor.

    If the seed map is one-sided at `t_cor`, the nearest threshold that splits it is used (see
    `split_by_correctness`). If there is none, the items are drawn at random.

    Parameters
    ----------
    view : PoolView
        Three switches of its preset change the method: `rounded_correctness`,
        `cal_representations` and `linear_discriminator`.
    query_size : int
    rng : Generator
        Draws the seed of the discriminator and breaks ties.

    Yields
    ------
    DiscriminatorTask
        At most one, high-cor (1) against low-cor (0).

    Returns
    -------
    Selection
        The scores are -|0.5 - P(high-cor)|. `fallback` names a changed threshold or random draws.
    """
    switches = view.preset.switches
    correctness = view.correctness
    if switches.rounded_correctness:
        correctness = round_to_fifths(correctness)
    split = split_by_correctness(correctness, view.preset.t_cor)
    result = None
    if split.two_sided:
        examples = view.labelled_representations
        if switches.cal_representations == "first_epoch":
            examples = view.recorded[0]
        result = yield DiscriminatorTask(examples, split.high, view.representations, draw_seed(rng))
    ties = None if switches.linear_discriminator else rng
    return nearest_boundary(split, result, len(view.pool), query_size, rng, ties)


def nearest_boundary(
    split: Split,
    result: DiscriminatorResult | None,
    pool_size: int,
    query_size: int,
    rng: np.random.Generator,
    ties: np.random.Generator | None,
) -> Selection:
    """Rank the pool by the distance to the discriminator's boundary: the second half of `cal`.

    Parameters
    ----------
    split : Split
    result : DiscriminatorResult or None
        The discriminator of `split`, applied to the pool; None if the split is one-sided.
    pool_size : int
        n, the number of items in the pool.
    query_size : int
    rng : Generator
        Draws the items if there is no result.
    ties : Generator or None
        Breaks ties, as in `top_scores`.

    Returns
    -------
    Selection
    """
    if result is None:
        return replace(top_scores(rng.random(pool_size), query_size, rng), fallback=split.fallback)
    return replace(
        top_scores(-np.abs(0.5 - result.probability), query_size, ties),
        discriminator_accuracy=result.accuracy,
        fallback=split.fallback,
    )
