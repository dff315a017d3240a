"""The seed map and the full map of one corpus (Figures 1 and 2): do they agree?"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.maps.data_map import REGIONS, DataMap


def rows_on_map(part: DataMap, whole: DataMap) -> NDArray[np.int64]:
    """Where each item of `part` (k,) stands on `whole`; -1 where it is not on it."""
    return pd.Index(whole.ids).get_indexer(pd.Index(part.ids)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class MapPair:
    """The map of a seed set of k texts, and the map of all n texts.

    `rows` (k,) says where each text of the seed map stands on the full one; see `rows_on_map`.
    """

    seed: DataMap
    full: DataMap
    rows: NDArray[np.int64]

    @cached_property
    def moves(self) -> NDArray[np.int64]:
        """How many texts of both maps lie in each region of the seed map and of the full map
        (3, 3), both in the order of `REGIONS`.
        """
        shared = self.rows >= 0
        cells = 3 * self.seed.region[shared] + self.full.region[self.rows[shared]]
        return np.bincount(cells, minlength=9).reshape(3, 3)

    @property
    def same(self) -> float:
        """The share of the texts of both maps whose region is the same, NaN if there is none."""
        total = int(self.moves.sum())
        return float(np.trace(self.moves)) / total if total else float("nan")

    @property
    def by_chance(self) -> float:
        """What `same` would be if the regions of the two maps had nothing to do with each other
        but were as frequent as they are, NaN if there is no text on both.
        """
        total = int(self.moves.sum())
        expected = float(self.moves.sum(axis=0) @ self.moves.sum(axis=1))
        return expected / total**2 if total else float("nan")

    @property
    def sentence(self) -> str:
        """How the two maps compare, with their numbers."""
        said = (
            f"The seed map of {len(self.seed):,} texts is {_shares(self.seed)}; the full map of "
            f"{len(self.full):,} is {_shares(self.full)}."
        )
        total = int(self.moves.sum())
        if not total:
            return f"{said} No text is on both maps."
        said += (
            f" {int(np.trace(self.moves)):,} of the {total:,} texts on both maps ({self.same:.0%}) "
            f"lie in the same region; by chance it would be {self.by_chance:.0%}."
        )
        moved = self.moves * (1 - np.eye(3, dtype=np.int64))
        if moved.any():
            before, after = np.unravel_index(int(moved.argmax()), moved.shape)
            said += (
                f" The most that differ, {int(moved.max()):,}, are {REGIONS[before]} in the seed "
                f"map and {REGIONS[after]} in the full map."
            )
        return said


def _shares(data_map: DataMap) -> str:
    shares = data_map.statistics().region_shares
    easy, ambiguous, hard = (
        f"{share:.0%} {region}" for share, region in zip(shares, REGIONS, strict=True)
    )
    return f"{easy}, {ambiguous} and {hard}"
