"""Compare active-learning runs: accuracy bands, overlap of picks and where they are on a map."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.maps.data_map import REGIONS, DataMap


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """Accuracies and picks of one active-learning run.

    Attributes
    ----------
    name : str
        The name for display. Runs of the same name are seeds of the same configuration.
    strategy : str
        A key of `STRATEGIES`.
    seed : int
    labelled : int64 array, shape (k,)
        Numbers of labels, ascending.
    accuracy : float64 array, shape (k,)
        On the test set, in [0, 1], after training on that many labels.
    batches : tuple of object arrays, length k - 1
        The ids picked between one number of labels and the next.

    Raises
    ------
    ValueError
        The lengths disagree.
    """

    name: str
    strategy: str
    seed: int
    labelled: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    batches: tuple[NDArray[np.object_], ...]

    def __post_init__(self) -> None:
        if not len(self.labelled) == len(self.accuracy) == len(self.batches) + 1:
            raise ValueError(
                f"{len(self.labelled)} label counts, {len(self.accuracy)} accuracies and "
                f"{len(self.batches)} batches"
            )


def seeds_by_name(runs: Iterable[LearningCurve]) -> dict[str, dict[int, LearningCurve]]:
    """Group runs by name and seed.

    Parameters
    ----------
    runs : iterable of LearningCurve

    Returns
    -------
    dict
        For each name, in the order of `runs`, its runs by seed.

    Raises
    ------
    CartographyError
        Two runs have the same name and seed.
    """
    by_name: dict[str, dict[int, LearningCurve]] = {}
    for run in runs:
        seeds = by_name.setdefault(run.name, {})
        if run.seed in seeds:
            raise CartographyError(
                f"{run.name} has two runs with seed {run.seed}: leave one out or give them "
                "different names"
            )
        seeds[run.seed] = run
    return by_name


@dataclass(frozen=True, eq=False)
class SeedBand:
    """Mean, lowest and highest value over several seeds, as arrays of the same shape."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def seed_band(values: NDArray[np.float64]) -> SeedBand:
    """Compute the range of the seeds, which is not a confidence interval.

    Parameters
    ----------
    values : float64 array, shape (S, ...)
        One entry per seed.

    Returns
    -------
    SeedBand
        Arrays of shape (...); NaN wherever a seed is NaN.
    """
    return SeedBand(mean=values.mean(axis=0), low=values.min(axis=0), high=values.max(axis=0))


def accuracy_bands(runs: Sequence[LearningCurve]) -> dict[str, tuple[NDArray[np.int64], SeedBand]]:
    """Compute the accuracy band of each name.

    Parameters
    ----------
    runs : sequence of LearningCurve

    Returns
    -------
    dict
        For each name, the k numbers of labels that all its seeds have, and the band of the
        accuracies at these.

    Raises
    ------
    CartographyError
        Two runs have the same name and seed, or the seeds of a name have no number of labels in
        common.
    """
    bands = {}
    for name, seeds in seeds_by_name(runs).items():
        labelled = _common_labels(seeds.values())
        accuracies = [_accuracy_at(run, labelled) for run in seeds.values()]
        bands[name] = (labelled, seed_band(np.stack(accuracies)))
    return bands


def pooled_accuracies(runs: Sequence[LearningCurve]) -> dict[str, NDArray[np.float64]]:
    """Pool the accuracies of each name, the scores of the paper's Table 2.

    Only numbers of labels that all runs have are used, so that an unfinished run does not change
    the iterations on which the names are compared.

    Parameters
    ----------
    runs : sequence of LearningCurve

    Returns
    -------
    dict
        For each name, the accuracies of all its seeds, one seed after the other.

    Raises
    ------
    CartographyError
        Two runs have the same name and seed, or the runs have no number of labels in common.
    """
    by_name = seeds_by_name(runs)
    labelled = _common_labels(runs)
    return {
        name: np.concatenate([_accuracy_at(run, labelled) for run in seeds.values()])
        for name, seeds in by_name.items()
    }


@dataclass(frozen=True, eq=False)
class PickOverlap:
    """Number of texts that each two of k names both picked (Table 4).

    A seed is compared with the same seed only, because these share the seed set.

    Attributes
    ----------
    names : tuple of str, length k
    counts : int64 array, shape (k, k)
        Texts picked by both, summed over the seeds that both have.
    totals : int64 array, shape (k, k)
        The largest possible counts.
    seeds : int64 array, shape (k, k)
        Number of seeds that both have.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    totals: NDArray[np.int64]
    seeds: NDArray[np.int64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """`counts` as fractions of `totals`; NaN if nothing was picked with a common seed."""
        return _ratio(self.counts, self.totals)


def pick_overlap(runs: Sequence[LearningCurve]) -> PickOverlap:
    """Count the texts that each two names both picked.

    Parameters
    ----------
    runs : sequence of LearningCurve
        Of two runs of different length, only the batches that both have are compared.

    Returns
    -------
    PickOverlap
        The diagonal has all picks of a name.

    Raises
    ------
    CartographyError
        Two runs have the same name and seed.
    """
    by_name = seeds_by_name(runs)
    counts, totals, seeds = (np.zeros((len(by_name), len(by_name)), np.int64) for _ in range(3))
    for i, row_runs in enumerate(by_name.values()):
        for j, column_runs in enumerate(by_name.values()):
            common = row_runs.keys() & column_runs.keys()
            for seed in common:
                pair = (row_runs[seed].batches, column_runs[seed].batches)
                length = min(map(len, pair))
                picks = [{*_join_batches(batches[:length])} for batches in pair]
                counts[i, j] += len(picks[0] & picks[1])
                totals[i, j] += min(map(len, picks))
            seeds[i, j] = len(common)
    return PickOverlap(names=tuple(by_name), counts=counts, totals=totals, seeds=seeds)


@dataclass(frozen=True, eq=False)
class RegionShares:
    """Regions of a reference map that the picks of one name come from, in the order of `REGIONS`.

    Attributes
    ----------
    seeds : tuple of int, length S
    shares : float64 array, shape (S, b, 3)
        Fractions of each of the b batches that all seeds have; NaN if no pick is on the map.
    pooled : float64 array, shape (S, 3)
        Fractions of these batches together; NaN if no pick is on the map.
    picks : int64 array, shape (S,)
        Number of picks in these batches.
    missing : int64 array, shape (S,)
        Number of picks whose id is not on the map; they are in none of the fractions.
    """

    seeds: tuple[int, ...]
    shares: NDArray[np.float64]
    pooled: NDArray[np.float64]
    picks: NDArray[np.int64]
    missing: NDArray[np.int64]

    @property
    def by_iteration(self) -> SeedBand:
        """The band of `shares` over the seeds (b, 3)."""
        return seed_band(self.shares)

    @property
    def overall(self) -> SeedBand:
        """The band of `pooled` over the seeds (3,)."""
        return seed_band(self.pooled)


def region_shares(runs: Sequence[LearningCurve], reference: DataMap) -> dict[str, RegionShares]:
    """Count the picks of each name by region of a reference map.

    Parameters
    ----------
    runs : sequence of LearningCurve
    reference : DataMap

    Returns
    -------
    dict of str to RegionShares

    Raises
    ------
    CartographyError
        Two runs have the same name and seed.
    """
    row_of = _row_by_id(reference)
    shares_by_name = {}
    for name, seeds in seeds_by_name(runs).items():
        batches = min(len(run.batches) for run in seeds.values())
        counts = np.zeros((len(seeds), batches, len(REGIONS)), np.int64)
        picks = np.zeros(len(seeds), np.int64)
        for index, run in enumerate(seeds.values()):
            for number, batch in enumerate(run.batches[:batches]):
                region = reference.region[_rows_on_map(batch, row_of)]
                counts[index, number] = np.bincount(region, minlength=len(REGIONS))
                picks[index] += len(batch)
        pooled = counts.sum(axis=1)
        shares_by_name[name] = RegionShares(
            seeds=tuple(seeds),
            shares=_ratio(counts, counts.sum(axis=-1, keepdims=True)),
            pooled=_ratio(pooled, pooled.sum(axis=-1, keepdims=True)),
            picks=picks,
            missing=picks - pooled.sum(axis=-1),
        )
    return shares_by_name


@dataclass(frozen=True, eq=False)
class PickDensity:
    """Two-dimensional histograms over variability (first axis) and confidence (second axis).

    Each histogram sums to 1, or is 0 everywhere if it has no items.

    Attributes
    ----------
    variability : float64 array, shape (bins + 1,)
        Bin edges from 0 to 0.5.
    confidence : float64 array, shape (bins + 1,)
        Bin edges from 0 to 1.
    reference : float64 array, shape (bins, bins)
        Of all items of the reference map.
    picks : dict of str to float64 array, shape (bins, bins)
        Of the picks of each name that are on the map, over all seeds and batches.
    missing : dict of str to int
        Number of picks of each name whose id is not on the map.
    """

    variability: NDArray[np.float64]
    confidence: NDArray[np.float64]
    reference: NDArray[np.float64]
    picks: dict[str, NDArray[np.float64]]
    missing: dict[str, int]


def pick_density(runs: Sequence[LearningCurve], reference: DataMap, bins: int = 20) -> PickDensity:
    """Compute the density of all items and of the picks of each name on a reference map.

    Parameters
    ----------
    runs : sequence of LearningCurve
    reference : DataMap
    bins : int, default 20
        Number of bins per axis.

    Returns
    -------
    PickDensity

    Raises
    ------
    CartographyError
        Two runs have the same name and seed, or `bins` is below 1.
    """
    if bins < 1:
        raise CartographyError(f"a density of {bins} bins cannot be drawn: give at least 1")
    edges = np.linspace(0, 0.5, bins + 1), np.linspace(0, 1, bins + 1)

    def histogram(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        # Rounding can put statistics of float32 values slightly outside their range.
        x = reference.variability[rows].clip(0, 0.5)
        y = reference.confidence[rows].clip(0, 1)
        return np.histogram2d(x, y, bins=edges)[0] / max(1, len(rows))

    row_of = _row_by_id(reference)
    picks, missing = {}, {}
    for name, seeds in seeds_by_name(runs).items():
        ids = [text_id for run in seeds.values() for text_id in _join_batches(run.batches)]
        rows = _rows_on_map(ids, row_of)
        picks[name], missing[name] = histogram(rows), len(ids) - len(rows)
    return PickDensity(*edges, histogram(np.arange(len(reference))), picks, missing)


def _common_labels(runs: Iterable[LearningCurve]) -> NDArray[np.int64]:
    """The numbers of labels that every run has (k,), ascending."""
    common = reduce(np.intersect1d, [run.labelled for run in runs])
    if not len(common):
        names = ", ".join(dict.fromkeys(run.name for run in runs))
        raise CartographyError(
            f"the runs of {names} have no number of labels in common: compare runs of the same "
            "seed size and query size"
        )
    return common


def _accuracy_at(run: LearningCurve, labelled: NDArray[np.int64]) -> NDArray[np.float64]:
    return run.accuracy[np.searchsorted(run.labelled, labelled)]


def _join_batches(batches: Iterable[NDArray[np.object_]]) -> list[str]:
    return [text_id for batch in batches for text_id in batch]


def _row_by_id(reference: DataMap) -> dict[str, int]:
    return {text_id: row for row, text_id in enumerate(reference.ids)}


def _rows_on_map(ids: Iterable[str], row_of: Mapping[str, int]) -> NDArray[np.int64]:
    """The rows of those `ids` that are on the map."""
    return np.array([row_of[text_id] for text_id in ids if text_id in row_of], dtype=np.int64)


def _ratio(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """`counts` divided by `totals`, which broadcast; NaN where a total is 0."""
    empty = np.full(counts.shape, np.nan)
    return np.divide(counts, totals, out=empty, where=totals > 0)
