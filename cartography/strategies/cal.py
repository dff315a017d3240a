"""Cartography Active Learning (Zhang & Plank 2021, Algorithm 1)."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartography.strategies.discriminator import discriminate
from cartography.strategies.query import Query, top
from cartography.strategies.random import random
from cartography.strategies.view import View


@dataclass(frozen=True, eq=False)
class Split:
    """High-cor (1) or low-cor (0) for each labelled item (l,), and the threshold that was used."""

    high: NDArray[np.int64]
    t_cor: float

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
    levels = np.unique(correctness)
    if 0 < high.sum() < len(high) or len(levels) < 2:
        return Split(high, t_cor)
    nearest = float(levels[0] if high.all() else levels[-2])
    return Split((correctness > nearest).astype(np.int64), nearest)


def cal(view: View, query_size: int, rng: np.random.Generator) -> Query:
    """The items nearest to the discriminator's boundary between high-cor and low-cor.

    The score is -|0.5 - P(high-cor)|. When the seed map is one-sided at `t_cor`, the nearest
    threshold that splits it is used instead (see `split_by_correctness`); when none can, the
    items are drawn at random. The query's `fallback` says so.
    """
    asked = view.preset.t_cor
    split = split_by_correctness(view.correctness, asked)
    if not split.two_sided:
        return replace(
            random(view, query_size, rng),
            fallback=(
                f"every labelled text has the same correctness ({view.correctness[0]:.3g}), so no "
                "t_cor can split them: drawn at random."
            ),
        )
    found = discriminate(
        view.labelled_representations,
        split.high,
        view.representations,
        view.preset.discriminator,
        rng,
    )
    fallback = ""
    if split.t_cor != asked:
        side = "low-cor" if split.t_cor > asked else "high-cor"
        fallback = f"t_cor {asked:g} leaves no {side} text: {split.t_cor:.3g} was used."
    return replace(
        top(-np.abs(0.5 - found.probability), query_size, rng),
        discriminator_accuracy=found.accuracy,
        fallback=fallback,
    )
