"""Cartography Active Learning (Zhang & Plank 2021, Algorithm 1)."""

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
    """High-cor (1) or low-cor (0) for each labelled item (l,), and the threshold that was used.

    `fallback` says in words what was done where the threshold asked for leaves one side empty,
    else "".
    """

    high: NDArray[np.int64]
    t_cor: float
    fallback: str = ""

    @property
    def two_sided(self) -> bool:
        """Whether both classes have an item."""
        return bool(0 < self.high.sum() < len(self.high))


def split_by_correctness(correctness: NDArray[np.float64], t_cor: float) -> Split:
    """High-cor where correctness is above `t_cor`.

    Where that leaves one side empty, the threshold moves to the nearest level of correctness
    that does not: just below the highest level if nothing is above `t_cor`, the lowest level if
    everything is. Where all items share one level no threshold can split them, and the split
    stays one-sided.
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
    side, nearest = ("low-cor", levels[0]) if high.all() else ("high-cor", levels[-2])
    return Split(
        (correctness > nearest).astype(np.int64),
        float(nearest),
        f"t_cor {t_cor:g} leaves no {side} text: {nearest:.3g} was used.",
    )


def round_to_fifths(correctness: NDArray[np.float64]) -> NDArray[np.float64]:
    """`correctness` (n,) to the nearest of 0, 0.2 ... 1, a half to the even fifth."""
    return np.round(correctness * 5) / 5


def cal(view: PoolView, query_size: int, rng: np.random.Generator) -> StrategyCoroutine:
    """The items nearest to the discriminator's boundary between high-cor and low-cor.

    The score is -|0.5 - P(high-cor)|. When the seed map is one-sided at `t_cor`, the nearest
    threshold that splits it is used instead (see `split_by_correctness`); when none can, the
    items are drawn at random. The query's `fallback` says so. Three switches of the preset
    depart from this: `rounded_correctness`, `cal_representations` and `linear_discriminator`.
    """
    switches = view.preset.switches
    correctness = view.correctness
    if switches.rounded_correctness:
        correctness = round_to_fifths(correctness)
    split = split_by_correctness(correctness, view.preset.t_cor)
    found = None
    if split.two_sided:
        examples = view.labelled_representations
        if switches.cal_representations == "first_epoch":
            examples = view.seen[0]
        found = yield DiscriminatorTask(examples, split.high, view.representations, draw_seed(rng))
    ties = None if switches.linear_discriminator else rng
    return nearest_boundary(split, found, len(view.pool), query_size, rng, ties)


def nearest_boundary(
    split: Split,
    found: DiscriminatorResult | None,
    pool_size: int,
    query_size: int,
    rng: np.random.Generator,
    ties: np.random.Generator | None,
) -> Selection:
    """What `cal` answers of a pool of n = `pool_size`, once the discriminator of `split` is
    trained and applied to it; None where the split is one-sided. `ties` is as `top_scores` takes it.
    """
    if found is None:
        return replace(top_scores(rng.random(pool_size), query_size, rng), fallback=split.fallback)
    return replace(
        top_scores(-np.abs(0.5 - found.probability), query_size, ties),
        discriminator_accuracy=found.accuracy,
        fallback=split.fallback,
    )
