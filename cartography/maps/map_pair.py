"""Agreement between the seed map and the full map of one corpus (Figures 1 and 2)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.formatting import count_noun
from cartography.maps.data_map import REGIONS, DataMap


def rows_on_map(part: DataMap, whole: DataMap) -> NDArray[np.int64]:
    """Find the items of one map on another by their ids.

    Parameters
    ----------
    part : DataMap
        A map of k items.
    whole : DataMap

    Returns
    -------
    int64 array, shape (k,)
        The row of each item of `part` on `whole`; -1 if it is not there.
    """
    return pd.Index(whole.ids).get_indexer(pd.Index(part.ids)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class MapPair:
    """The map of a seed set and the map of all texts.

    Attributes
    ----------
    seed : DataMap
        The map of the k texts of a seed set.
    full : DataMap
        The map of all n texts.
    rows : int64 array, shape (k,)
        The row of each text of the seed map on the full map; see `rows_on_map`.
    """

    seed: DataMap
    full: DataMap
    rows: NDArray[np.int64]

    @cached_property
    def contingency(self) -> NDArray[np.int64]:
        """Counts of the texts on both maps (3, 3), by region of the seed map and of the full map.

        Both axes are in the order of `REGIONS`.
        """
        shared = self.rows >= 0
        cells = 3 * self.seed.region[shared] + self.full.region[self.rows[shared]]
        return np.bincount(cells, minlength=9).reshape(3, 3)

    @property
    def same(self) -> float:
        """Fraction of the texts on both maps that are in the same region, NaN if there are none."""
        total = int(self.contingency.sum())
        return float(np.trace(self.contingency)) / total if total else float("nan")

    @property
    def expected_agreement(self) -> float:
        """The value of `same` if the regions of the two maps were independent.

        The frequencies of the regions on each map are kept, as in Cohen's kappa. NaN if no text
        is on both maps.
        """
        total = int(self.contingency.sum())
        expected = float(self.contingency.sum(axis=0) @ self.contingency.sum(axis=1))
        return expected / total**2 if total else float("nan")

    @property
    def sentence(self) -> str:
        """A comparison of the two maps in words, with the numbers."""
        text = (
            f"The seed map of {len(self.seed):,} texts is {_describe_shares(self.seed)}; the full "
            f"map of {len(self.full):,} is {_describe_shares(self.full)}."
        )
        total = int(self.contingency.sum())
        if not total:
            return f"{text} No text is on both maps."
        text += (
            f" {int(np.trace(self.contingency)):,} of the {total:,} texts on both maps "
            f"({self.same:.0%}) are in the same region; by chance it would be "
            f"{self.expected_agreement:.0%}."
        )
        differing = self.contingency * (1 - np.eye(3, dtype=np.int64))
        if differing.any():
            before, after = np.unravel_index(int(differing.argmax()), differing.shape)
            text += (
                f" The most frequent difference ({count_noun(int(differing.max()), 'text')}): "
                f"{REGIONS[before]} in the seed map, {REGIONS[after]} in the full map."
            )
        return text


def _describe_shares(data_map: DataMap) -> str:
    shares = data_map.statistics().region_shares
    easy, ambiguous, hard = (
        f"{share:.0%} {region}" for share, region in zip(shares, REGIONS, strict=True)
    )
    return f"{easy}, {ambiguous} and {hard}"
