"""The data map: the statistics and the region of each item.

References
----------
Swayamdipta et al. (2020), Dataset cartography: mapping and diagnosing datasets with training
dynamics.
Toneva et al. (2019), An empirical study of example forgetting during deep neural network learning.
Pleiss et al. (2020), Identifying mislabeled data using the area under the margin ranking.
Zhang & Plank (2021), Cartography active learning, Equations 1 to 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.maps.dynamics import TrainingDynamics

if TYPE_CHECKING:
    import pandas as pd

REGIONS = ("easy-to-learn", "ambiguous", "hard-to-learn")
"""The regions of a data map."""

NEVER_LEARNED = 1000
"""The forgetfulness of an item whose gold label was never predicted, as in Dataset Cartography."""

RANKINGS: Mapping[str, tuple[str, bool]] = {
    "easy": ("confidence", True),
    "ambiguous": ("variability", True),
    "hard": ("confidence", False),
    "confidence": ("confidence", False),
    "variability": ("variability", True),
    "correctness": ("correctness", False),
    "forgetfulness": ("forgetfulness", True),
    "threshold_closeness": ("threshold_closeness", True),
    "aum": ("aum", False),
}
"""The rankings of `DataMap.top`: a statistic, and whether its highest values come first."""


def confidence(gold_probability: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the mean gold-label probability over the epochs (Equation 1).

    Parameters
    ----------
    gold_probability : float32 array, shape (E, n)
        In [0, 1].

    Returns
    -------
    float64 array, shape (n,)
        In [0, 1].
    """
    return gold_probability.mean(axis=0, dtype=np.float64)


def variability(gold_probability: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the standard deviation of the gold-label probability over the epochs (Equation 2).

    Parameters
    ----------
    gold_probability : float32 array, shape (E, n)
        In [0, 1].

    Returns
    -------
    float64 array, shape (n,)
        The population standard deviation, in [0, 0.5].
    """
    return gold_probability.std(axis=0, dtype=np.float64)


def correctness(correct: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Compute the fraction of epochs in which the gold label was predicted (Equation 3).

    Parameters
    ----------
    correct : bool array, shape (E, n)

    Returns
    -------
    float64 array, shape (n,)
        Each value is one of 0, 1/E, ..., 1.
    """
    # One division in float64: 6 of 30 epochs compares equal to a threshold written as 0.2.
    return correct.sum(axis=0) / len(correct)


def forgetfulness(correct: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count how often the gold label was predicted in an epoch and not in the next.

    Parameters
    ----------
    correct : bool array, shape (E, n)

    Returns
    -------
    int64 array, shape (n,)
        0 to E / 2, or `NEVER_LEARNED` if the gold label was never predicted.
    """
    forgotten = (correct[:-1] & ~correct[1:]).sum(axis=0)
    return np.where(correct.any(axis=0), forgotten, NEVER_LEARNED)


def area_under_margin(margin: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the mean margin over the epochs (Pleiss et al. 2020).

    Parameters
    ----------
    margin : float32 array, shape (E, n)
        The gold label's logit minus the largest other logit.

    Returns
    -------
    float64 array, shape (n,)
        Low for items that are often taken for another class, such as mislabelled ones.
    """
    return margin.mean(axis=0, dtype=np.float64)


@dataclass(frozen=True)
class Thresholds:
    """Limits of the regions of a data map.

    An item is hard-to-learn if its correctness is at most `hard`, and easy-to-learn if it is at
    least `easy`, in both cases only if its variability is below `ambiguous`. All other items are
    ambiguous. The paper describes the regions in words (Section 3); the defaults are ours.

    Attributes
    ----------
    hard : float
        Highest correctness of a hard-to-learn item.
    easy : float
        Lowest correctness of an easy-to-learn item.
    ambiguous : float
        Lowest variability at which an item is ambiguous regardless of its correctness.

    Raises
    ------
    CartographyError
        Not 0 <= hard < easy <= 1, or `ambiguous` is not above 0.
    """

    hard: float = 0.2
    easy: float = 0.8
    ambiguous: float = 0.3

    def __post_init__(self) -> None:
        if not 0 <= self.hard < self.easy <= 1:
            raise CartographyError(
                f"region thresholds need 0 <= hard < easy <= 1 in correctness; hard is "
                f"{self.hard:g} and easy is {self.easy:g}"
            )
        if self.ambiguous <= 0:
            raise CartographyError(
                f"the variability threshold must be above 0; it is {self.ambiguous:g}"
            )


@dataclass(frozen=True)
class MapStatistics:
    """Means and region shares of a set of items; all NaN if the set is empty.

    Attributes
    ----------
    count : int
        Number of items.
    confidence, variability, correctness : float
        Means.
    region_shares : tuple of three floats
        The fraction of the items in each region, in the order of `REGIONS`.
    """

    count: int
    confidence: float
    variability: float
    correctness: float
    region_shares: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class DataMap:
    """The data map of n items.

    Attributes
    ----------
    ids : object array, shape (n,)
    confidence : float64 array, shape (n,)
        Mean gold-label probability, in [0, 1].
    variability : float64 array, shape (n,)
        Standard deviation of the gold-label probability, in [0, 0.5].
    correctness : float64 array, shape (n,)
        Fraction of epochs in which the gold label was predicted.
    epochs : int
        Number of epochs that the statistics are computed from.
    thresholds : Thresholds
        Limits of the regions.
    forgetfulness : int64 array, shape (n,), optional
        How often the gold label was forgotten; None if the predictions of each epoch are not known.
    aum : float64 array, shape (n,), optional
        Area under the margin; None if logits are not known.

    Examples
    --------
    >>> gold = np.array([[0.9, 0.2], [0.7, 0.4]], dtype=np.float32)
    >>> dynamics = TrainingDynamics(np.array(["a", "b"], dtype=object), gold, gold > 0.5)
    >>> DataMap.of(dynamics).region_names
    array(['easy-to-learn', 'hard-to-learn'], dtype=object)
    """

    ids: NDArray[np.object_]
    confidence: NDArray[np.float64]
    variability: NDArray[np.float64]
    correctness: NDArray[np.float64]
    epochs: int
    thresholds: Thresholds = Thresholds()
    forgetfulness: NDArray[np.int64] | None = None
    aum: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, dynamics: TrainingDynamics, thresholds: Thresholds | None = None) -> "DataMap":
        """Compute the data map of training dynamics.

        Parameters
        ----------
        dynamics : TrainingDynamics
        thresholds : Thresholds, optional
            Default: `Thresholds()`.

        Returns
        -------
        DataMap
        """
        return cls(
            ids=dynamics.ids,
            confidence=confidence(dynamics.gold_probability),
            variability=variability(dynamics.gold_probability),
            correctness=correctness(dynamics.correct),
            epochs=dynamics.epochs,
            thresholds=thresholds or Thresholds(),
            forgetfulness=forgetfulness(dynamics.correct),
            aum=None if dynamics.margin is None else area_under_margin(dynamics.margin),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.int64]) -> "DataMap":
        """Return the map of the items at some positions, in their order."""
        return replace(
            self,
            ids=self.ids[rows],
            confidence=self.confidence[rows],
            variability=self.variability[rows],
            correctness=self.correctness[rows],
            forgetfulness=None if self.forgetfulness is None else self.forgetfulness[rows],
            aum=None if self.aum is None else self.aum[rows],
        )

    @cached_property
    def region(self) -> NDArray[np.int64]:
        """The region of each item (n,), as an index into `REGIONS`."""
        steady = self.variability < self.thresholds.ambiguous
        easy = steady & (self.correctness >= self.thresholds.easy)
        hard = steady & (self.correctness <= self.thresholds.hard)
        return np.select([easy, hard], [0, 2], default=1)

    @cached_property
    def region_names(self) -> NDArray[np.object_]:
        """The name of the region of each item (n,)."""
        return np.array(REGIONS, dtype=object)[self.region]

    @cached_property
    def threshold_closeness(self) -> NDArray[np.float64]:
        """The product confidence * (1 - confidence) of each item (n,), highest at 0.5."""
        return self.confidence * (1 - self.confidence)

    def top(self, ranking: str, share: float = 1 / 3) -> NDArray[np.int64]:
        """Return the first items of a ranking.

        Parameters
        ----------
        ranking : str
            A key of `RANKINGS`. "easy", "ambiguous" and "hard" are the regions of Dataset
            Cartography: the highest confidence, the highest variability, the lowest confidence. A
            statistic ranks items as their code does, those to look at first.
        share : float
            The fraction of the items, above 0 and at most 1.

        Returns
        -------
        int64 array, shape (k,)
            Positions, the first of the ranking first; k is the share rounded, at least 1. Items
            with equal values are in the order of the map.

        Raises
        ------
        CartographyError
            The ranking or the share is not valid, or the map does not have the statistic.
        """
        if ranking not in RANKINGS:
            raise CartographyError(
                f"there is no ranking {ranking!r}: give one of {', '.join(RANKINGS)}"
            )
        if not 0 < share <= 1:
            raise CartographyError(f"a share must be above 0 and at most 1; it is {share:g}")
        statistic, highest = RANKINGS[ranking]
        values = getattr(self, statistic)
        if values is None:
            needed = "logits" if statistic == "aum" else "predictions"
            raise CartographyError(
                f"this map has no {statistic}: it takes the {needed} of every epoch"
            )
        order = np.argsort(-values if highest else values, kind="stable")
        return order[: max(1, round(share * len(self)))]

    def top_regions(self, share: float = 1 / 3) -> NDArray[np.bool_]:
        """Return the regions as Dataset Cartography defines them, by shares and not by limits.

        The share of the items with the highest confidence is easy-to-learn, that with the highest
        variability ambiguous, and that with the lowest confidence hard-to-learn. An item may be in
        two regions or in none, and every map has equally large ones, unlike `region`. On the
        published map of WinoGrande, 69 % of the ambiguous third is easy-to-learn by `region`.

        Parameters
        ----------
        share : float
            The fraction of the items in each region, above 0 and at most 1.

        Returns
        -------
        bool array, shape (3, n)
            A mask per region, in the order of `REGIONS`.
        """
        masks = np.zeros((len(REGIONS), len(self)), dtype=np.bool_)
        for mask, ranking in zip(masks, ("easy", "ambiguous", "hard"), strict=True):
            mask[self.top(ranking, share)] = True
        return masks

    def to_frame(self) -> "pd.DataFrame":
        """Return the map as a table.

        Returns
        -------
        pandas.DataFrame
            One row per item, with the columns `id`, `confidence`, `variability`, `correctness`,
            `region` (a name of `REGIONS`), `threshold_closeness`, and `forgetfulness` and `aum`
            where they are known.
        """
        import pandas as pd  # here: training alone does not need it

        columns: dict[str, NDArray[Any] | None] = {
            "id": self.ids,
            "confidence": self.confidence,
            "variability": self.variability,
            "correctness": self.correctness,
            "region": self.region_names,
            "threshold_closeness": self.threshold_closeness,
            "forgetfulness": self.forgetfulness,
            "aum": self.aum,
        }
        return pd.DataFrame({name: cells for name, cells in columns.items() if cells is not None})

    def high_cor(self, t_cor: float) -> NDArray[np.bool_]:
        """Return a mask (n,) of the high-cor items, those with correctness above `t_cor`."""
        return self.correctness > t_cor

    def statistics(
        self, items: NDArray[np.int64] | NDArray[np.bool_] | None = None
    ) -> MapStatistics:
        """Compute means and region shares of some items.

        Parameters
        ----------
        items : int64 array, shape (k,), or bool array, shape (n,), optional
            Positions or a mask. Default: all items.

        Returns
        -------
        MapStatistics
        """
        selection = slice(None) if items is None else items
        region = self.region[selection]
        count = len(region)
        if not count:
            nan = float("nan")
            return MapStatistics(0, nan, nan, nan, (nan, nan, nan))
        shares = np.bincount(region, minlength=3) / count
        return MapStatistics(
            count=count,
            confidence=float(self.confidence[selection].mean()),
            variability=float(self.variability[selection].mean()),
            correctness=float(self.correctness[selection].mean()),
            region_shares=(float(shares[0]), float(shares[1]), float(shares[2])),
        )
