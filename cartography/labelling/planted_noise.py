"""Planted noise: labels are flipped at random, and each ranking has to find them again."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cartography.errors import CartographyError
from cartography.labelling.cross_validation import FOLDS
from cartography.labelling.suspects import (
    RANKINGS,
    Progress,
    Ranking,
    Suspects,
    result_of,
    search_sets,
)
from cartography.maps.data_map import REGIONS
from cartography.models.presets import SEEDS, Preset

if TYPE_CHECKING:
    import pandas as pd

DEPTHS = (10, 50, 100)
"""Depths at which a ranking is measured, besides the number of flipped labels and its double."""

_MOST_VALUES = 2**27  # probabilities of all models that train side by side, which limits memory


@dataclass(frozen=True)
class Spread:
    """A value over several seeds: its mean, lowest and highest; NaN if no seed has one."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise the values that are not NaN."""
        known = [float(value) for value in values if not np.isnan(value)]
        if not known:
            return cls(float("nan"), float("nan"), float("nan"))
        return cls(sum(known) / len(known), min(known), max(known))


@dataclass(frozen=True)
class Retrieval:
    """How many of the flipped labels are in a set of texts.

    Attributes
    ----------
    size : Spread
        Number of texts in the set.
    precision : Spread
        The fraction of the set whose label was flipped; NaN if the set is empty.
    recall : Spread
        The fraction of the flipped labels that are in the set.
    """

    size: Spread
    precision: Spread
    recall: Spread

    @classmethod
    def of(
        cls, sets: Sequence[NDArray[np.bool_]], flipped: Sequence[NDArray[np.bool_]]
    ) -> "Retrieval":
        """Measure a set of texts per seed, as a mask (n,), by the mask (n,) of flipped labels."""
        sizes = [int(mask.sum()) for mask in sets]
        hits = [int((mask & wrong).sum()) for mask, wrong in zip(sets, flipped, strict=True)]
        planted = [int(wrong.sum()) for wrong in flipped]
        return cls(
            Spread.of(sizes),
            Spread.of(
                [hit / size if size else np.nan for hit, size in zip(hits, sizes, strict=True)]
            ),
            Spread.of([hit / count for hit, count in zip(hits, planted, strict=True)]),
        )


@dataclass(frozen=True)
class NoiseReport:
    """How well each ranking finds planted label noise.

    Labels of the corpus that were wrong before count as right, so the precision is rather too low.

    Attributes
    ----------
    texts : int
    flipped : int
        Number of labels that were flipped, per seed.
    seeds : tuple of int
    rankings : mapping of str to mapping of int to Retrieval
        By ranking and depth k: the first k texts of the ranking.
    regions : mapping of str to Retrieval
        By region of the data map: all texts in it.
    issues : Retrieval
        The texts that confident learning estimates to be mislabelled.
    """

    texts: int
    flipped: int
    seeds: tuple[int, ...]
    rankings: Mapping[str, Mapping[int, Retrieval]]
    regions: Mapping[str, Retrieval]
    issues: Retrieval

    def to_frame(self) -> "pd.DataFrame":
        """Return the report as a table.

        Returns
        -------
        pandas.DataFrame
            One row per set of texts, with the columns `kind` ("ranking", "region" or "issues"),
            `name`, `size`, `precision`, `precision_low`, `precision_high`, `recall`, `recall_low`
            and `recall_high`.
        """
        import pandas as pd

        sets = [
            *(
                ("ranking", name, retrieval)
                for name, depths in self.rankings.items()
                for retrieval in depths.values()
            ),
            *(("region", name, retrieval) for name, retrieval in self.regions.items()),
            ("issues", "confident learning", self.issues),
        ]
        return pd.DataFrame(
            {
                "kind": kind,
                "name": name,
                "size": found.size.mean,
                "precision": found.precision.mean,
                "precision_low": found.precision.low,
                "precision_high": found.precision.high,
                "recall": found.recall.mean,
                "recall_low": found.recall.low,
                "recall_high": found.recall.high,
            }
            for kind, name, found in sets
        )


def flip_labels(
    labels: NDArray[np.int64], class_count: int, fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Flip a fraction of the labels to another class, each class equally likely.

    Parameters
    ----------
    labels : int64 array, shape (n,)
    class_count : int
        C, at least 2.
    fraction : float
        Above 0 and below 1; at least one label is flipped.
    rng : numpy.random.Generator

    Returns
    -------
    labels : int64 array, shape (n,)
    flipped : bool array, shape (n,)
        Which labels were flipped.

    Raises
    ------
    CartographyError
        The fraction is out of range.
    """
    if not 0 < fraction < 1:
        raise CartographyError(f"the fraction of flipped labels is between 0 and 1, not {fraction}")
    count = max(1, round(fraction * len(labels)))
    chosen = rng.permutation(len(labels))[:count]
    noisy, flipped = labels.copy(), np.zeros(len(labels), dtype=np.bool_)
    noisy[chosen] = (labels[chosen] + rng.integers(1, class_count, count)) % class_count
    flipped[chosen] = True
    return noisy, flipped


def planted_noise(
    features: Tensor,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    class_count: int,
    preset: Preset,
    fraction: float = 0.1,
    seeds: Sequence[int] = SEEDS[:3],
    *,
    folds: int = FOLDS,
    rankings: Mapping[str, Ranking] = RANKINGS,
) -> NoiseReport:
    """Flip labels at random and measure how many of them each ranking finds.

    The models of all seeds train side by side, or of some at a time where they need much memory.

    Parameters
    ----------
    features : Tensor, shape (R, d)
    rows : int64 array, shape (n,)
        Rows of the features: the labelled set.
    labels : int64 array, shape (n,)
        In 0 .. C - 1.
    class_count : int
        C.
    preset : Preset
    fraction : float
        Of the labels that are flipped to another class, each class equally likely.
    seeds : sequence of int
        One or more; each decides what is flipped and how the models are trained.
    folds : int
    rankings : mapping of str to Ranking
        What to measure. Default: all rankings.

    Returns
    -------
    NoiseReport

    Raises
    ------
    CartographyError
        There are no seeds, fewer than two texts, classes or folds, the fraction is out of range,
        or a label is.
    """
    return result_of(
        measure_rankings(
            features, rows, labels, class_count, preset, fraction, seeds, folds, rankings
        )
    )


def measure_rankings(
    features: Tensor,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    class_count: int,
    preset: Preset,
    fraction: float = 0.1,
    seeds: Sequence[int] = SEEDS[:3],
    folds: int = FOLDS,
    rankings: Mapping[str, Ranking] = RANKINGS,
) -> Generator[Progress, None, NoiseReport]:
    """Do the work of `planted_noise`, yielding after each epoch."""
    if not seeds:
        raise CartographyError("planted noise needs at least one seed")
    if class_count < 2:
        raise CartographyError(f"labels are flipped between two classes or more, not {class_count}")
    noisy, flipped = zip(
        *(flip_labels(labels, class_count, fraction, np.random.default_rng(s)) for s in seeds),
        strict=True,
    )
    values_per_seed = (1 + folds) * len(rows) * class_count
    at_once = max(1, _MOST_VALUES // values_per_seed)
    found: list[Suspects] = []
    starts = range(0, len(seeds), at_once)
    for number, start in enumerate(starts):
        part = slice(start, start + at_once)
        sets = [(rows, given, seed) for given, seed in zip(noisy[part], seeds[part], strict=True)]
        search = search_sets(features, sets, class_count, preset, folds)
        found += yield from _as_part(search, number, len(starts))
    planted = int(flipped[0].sum())
    depths = sorted({k for k in (*DEPTHS, planted, 2 * planted) if k <= len(rows)})
    return NoiseReport(
        texts=len(rows),
        flipped=planted,
        seeds=tuple(seeds),
        rankings={
            name: _by_depth([ranking.score(suspects) for suspects in found], flipped, depths)
            for name, ranking in rankings.items()
        },
        regions={
            name: Retrieval.of([suspects.data_map.region == region for suspects in found], flipped)
            for region, name in enumerate(REGIONS)
        },
        issues=Retrieval.of([suspects.issues for suspects in found], flipped),
    )


def _as_part(
    search: Generator[Progress, None, list[Suspects]], number: int, parts: int
) -> Generator[Progress, None, list[Suspects]]:
    """The same search, its progress as that of one of several equal parts."""
    while True:
        try:
            step = next(search)
        except StopIteration as end:
            found: list[Suspects] = end.value
            return found
        yield Progress(number * step.total + step.done, parts * step.total)


def _by_depth(
    scores: Sequence[NDArray[np.float64]],
    flipped: Sequence[NDArray[np.bool_]],
    depths: Sequence[int],
) -> dict[int, Retrieval]:
    """The first k texts by the scores of each seed, for each depth k."""
    ranks = [np.argsort(np.argsort(-values, kind="stable")) for values in scores]
    return {depth: Retrieval.of([rank < depth for rank in ranks], flipped) for depth in depths}
