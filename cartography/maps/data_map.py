"""The data map: confidence, variability and correctness of each item, and its region."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.maps.dynamics import TrainingDynamics

if TYPE_CHECKING:
    import pandas as pd

REGIONS = ("easy-to-learn", "ambiguous", "hard-to-learn")


def confidence(gold_probability: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean gold-label probability over the epochs, (E, n) to (n,), in [0, 1] (Equation 1)."""
    return gold_probability.mean(axis=0, dtype=np.float64)


def variability(gold_probability: NDArray[np.float32]) -> NDArray[np.float64]:
    """Population standard deviation of the gold-label probability over the epochs, (E, n) to (n,),
    in [0, 0.5] (Equation 2).
    """
    return gold_probability.std(axis=0, dtype=np.float64)


def correctness(correct: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fraction of epochs in which the gold label was predicted, (E, n) to (n,) (Equation 3).

    One of the E + 1 levels 0, 1/E ... 1. The division is the last step and in float64, so a
    level written as a decimal, such as 0.2 for 6 of 30 epochs, compares equal to it.
    """
    return correct.sum(axis=0) / len(correct)


@dataclass(frozen=True)
class Thresholds:
    """Where the regions of a map lie.

    An item is *hard-to-learn* when its correctness is at most `hard`, *easy-to-learn* when it is
    at least `easy`, both only while its variability is below `ambiguous`; every other item is
    *ambiguous*. The paper describes the regions in words (Section 3); the figures are ours.
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
    """Means of a set of items, and its share of each region (in the order of `REGIONS`).

    All are NaN for an empty set.
    """

    count: int
    confidence: float
    variability: float
    correctness: float
    region_shares: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class DataMap:
    """n items placed by their training dynamics over `epochs` epochs.

    `ids`, `confidence`, `variability` and `correctness` are (n,); see the functions of the same
    names.
    """

    ids: NDArray[np.object_]
    confidence: NDArray[np.float64]
    variability: NDArray[np.float64]
    correctness: NDArray[np.float64]
    epochs: int
    thresholds: Thresholds = Thresholds()

    @classmethod
    def of(cls, dynamics: TrainingDynamics, thresholds: Thresholds | None = None) -> "DataMap":
        """The map of `dynamics`."""
        return cls(
            ids=dynamics.ids,
            confidence=confidence(dynamics.gold_probability),
            variability=variability(dynamics.gold_probability),
            correctness=correctness(dynamics.correct),
            epochs=dynamics.epochs,
            thresholds=thresholds or Thresholds(),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def region(self) -> NDArray[np.int64]:
        """The region of each item (n,), an index into `REGIONS`."""
        steady = self.variability < self.thresholds.ambiguous
        easy = steady & (self.correctness >= self.thresholds.easy)
        hard = steady & (self.correctness <= self.thresholds.hard)
        return np.select([easy, hard], [0, 2], default=1)

    @cached_property
    def region_names(self) -> NDArray[np.object_]:
        """The region of each item (n,) in words."""
        return np.array(REGIONS, dtype=object)[self.region]

    def to_frame(self) -> "pd.DataFrame":
        """Return the map as a table.

        Returns
        -------
        pandas.DataFrame
            One row per item, with the columns `id`, `confidence`, `variability`, `correctness`
            and `region` (a name of `REGIONS`).
        """
        import pandas as pd  # here: training alone does not need it

        return pd.DataFrame(
            {
                "id": self.ids,
                "confidence": self.confidence,
                "variability": self.variability,
                "correctness": self.correctness,
                "region": self.region_names,
            }
        )

    def high_cor(self, t_cor: float) -> NDArray[np.bool_]:
        """Which items are high-cor, correctness above `t_cor`; the others are low-cor (n,)."""
        return self.correctness > t_cor

    def statistics(
        self, items: NDArray[np.int64] | NDArray[np.bool_] | None = None
    ) -> MapStatistics:
        """Statistics of the `items` given by positions or a mask, or of all."""
        chosen = slice(None) if items is None else items
        region = self.region[chosen]
        count = len(region)
        if not count:
            nan = float("nan")
            return MapStatistics(0, nan, nan, nan, (nan, nan, nan))
        shares = np.bincount(region, minlength=3) / count
        return MapStatistics(
            count=count,
            confidence=float(self.confidence[chosen].mean()),
            variability=float(self.variability[chosen].mean()),
            correctness=float(self.correctness[chosen].mean()),
            region_shares=(float(shares[0]), float(shares[1]), float(shares[2])),
        )
