"""What several active-learning runs come to: bands, overlap, where they pick."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.maps.data_map import REGIONS, DataMap


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """One active-learning run as it is compared.

    `name` is what it is shown as: runs of one name are seeds of one thing. `accuracy` (k,) on the
    test set, in [0, 1], was reached with `labelled` (k,) texts, ascending; `batches` are the ids
    picked between one and the next, k - 1 of them.
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
    """The runs of each name by their seeds, names in the order in which they come.

    Raises CartographyError when a name has a seed twice.
    """
    named: dict[str, dict[int, LearningCurve]] = {}
    for run in runs:
        seeds = named.setdefault(run.name, {})
        if run.seed in seeds:
            raise CartographyError(
                f"{run.name} has two runs with seed {run.seed}: leave one out or name them apart"
            )
        seeds[run.seed] = run
    return named


@dataclass(frozen=True, eq=False)
class SeedBand:
    """Mean of several seeds with the lowest and the highest of them, all of one shape."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def seed_band(values: NDArray[np.float64]) -> SeedBand:
    """The band of `values` (S, ...) over its S seeds, from the lowest to the highest.

    It says how far the seeds lie apart and is no confidence interval. NaN in one seed is NaN.
    """
    return SeedBand(mean=values.mean(axis=0), low=values.min(axis=0), high=values.max(axis=0))


def curves(runs: Sequence[LearningCurve]) -> dict[str, tuple[NDArray[np.int64], SeedBand]]:
    """For each name the numbers of labels that all its seeds have (k,), and the accuracy there.

    Raises CartographyError when a name has a seed twice or its seeds share no number of labels.
    """
    result = {}
    for name, seeds in seeds_by_name(runs).items():
        labelled = _common_labels(seeds.values())
        accuracies = [_accuracy_at(run, labelled) for run in seeds.values()]
        result[name] = (labelled, seed_band(np.stack(accuracies)))
    return result


def pooled_accuracies(runs: Sequence[LearningCurve]) -> dict[str, NDArray[np.float64]]:
    """For each name the accuracies of all its seeds at the numbers of labels that all runs have.

    These are the scores of the paper's Table 2. An unfinished run shortens them all, so that no
    name is judged by iterations that another has not come to.

    Raises CartographyError when a name has a seed twice or the runs share no number of labels.
    """
    named = seeds_by_name(runs)
    labelled = _common_labels(runs)
    return {
        name: np.concatenate([_accuracy_at(run, labelled) for run in seeds.values()])
        for name, seeds in named.items()
    }


@dataclass(frozen=True, eq=False)
class PickOverlap:
    """How many of the picks of two names are the same texts (Table 4), all (k, k).

    `counts` adds up the seeds that both have, same seed against same seed since these share the
    seed set; `totals` is the most it could have been, and `seeds` the number of such seeds.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    totals: NDArray[np.int64]
    seeds: NDArray[np.int64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """`counts` as a share of `totals`, NaN where nothing was picked on a common seed."""
        return _quotient(self.counts, self.totals)


def pick_overlap(runs: Sequence[LearningCurve]) -> PickOverlap:
    """Count the texts that each two names both picked, in the batches that both runs have.

    The diagonal holds all picks of a name. Raises CartographyError when a name has a seed twice.
    """
    named = seeds_by_name(runs)
    counts, totals, seeds = (np.zeros((len(named), len(named)), np.int64) for _ in range(3))
    for i, one in enumerate(named.values()):
        for j, other in enumerate(named.values()):
            common = one.keys() & other.keys()
            for seed in common:
                pair = (one[seed].batches, other[seed].batches)
                picked = [{*_joined(each[: min(map(len, pair))])} for each in pair]
                counts[i, j] += len(picked[0] & picked[1])
                totals[i, j] += min(map(len, picked))
            seeds[i, j] = len(common)
    return PickOverlap(names=tuple(named), counts=counts, totals=totals, seeds=seeds)


@dataclass(frozen=True, eq=False)
class RegionShares:
    """Where S seeds of one name pick on a reference map, by region in the order of `REGIONS`.

    `shares` (S, b, 3) are of each of the b batches that all seeds have, `pooled` (S, 3) of these
    batches together; NaN where no pick is on the map. `picks` (S,) counts what was picked in them,
    `missing` (S,) those of it whose id is not on the map: they are in no share.
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
    """For each name, the regions of `reference` that its picks come from.

    Raises CartographyError when a name has a seed twice.
    """
    row_of = _rows_of(reference)
    result = {}
    for name, seeds in seeds_by_name(runs).items():
        batches = min(len(run.batches) for run in seeds.values())
        counts = np.zeros((len(seeds), batches, len(REGIONS)), np.int64)
        picks = np.zeros(len(seeds), np.int64)
        for place, run in enumerate(seeds.values()):
            for number, batch in enumerate(run.batches[:batches]):
                region = reference.region[_on_map(batch, row_of)]
                counts[place, number] = np.bincount(region, minlength=len(REGIONS))
                picks[place] += len(batch)
        together = counts.sum(axis=1)
        result[name] = RegionShares(
            seeds=tuple(seeds),
            shares=_quotient(counts, counts.sum(axis=-1, keepdims=True)),
            pooled=_quotient(together, together.sum(axis=-1, keepdims=True)),
            picks=picks,
            missing=picks - together.sum(axis=-1),
        )
    return result


@dataclass(frozen=True, eq=False)
class PickDensity:
    """Shares over variability x confidence, (bins, bins): variability along the first axis.

    `reference` is of all items of the reference map, `picks` of each name's picks that are on it,
    all seeds and batches together; each grid adds up to 1, or is 0 throughout where there are
    none. `variability` and `confidence` (bins + 1,) are the edges, from 0 to 0.5 and from 0 to 1;
    `missing` counts each name's picks whose id is not on the map.
    """

    variability: NDArray[np.float64]
    confidence: NDArray[np.float64]
    reference: NDArray[np.float64]
    picks: dict[str, NDArray[np.float64]]
    missing: dict[str, int]


def pick_density(runs: Sequence[LearningCurve], reference: DataMap, bins: int = 20) -> PickDensity:
    """How the picks of each name, and all items, lie on `reference`, in `bins` by `bins` cells.

    Raises CartographyError when a name has a seed twice or `bins` is below 1.
    """
    if bins < 1:
        raise CartographyError(f"a density of {bins} bins cannot be drawn: give at least 1")
    edges = np.linspace(0, 0.5, bins + 1), np.linspace(0, 1, bins + 1)

    def grid(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        # Rounding may put a mean or deviation of float32 values a hair outside its range.
        x = reference.variability[rows].clip(0, 0.5)
        y = reference.confidence[rows].clip(0, 1)
        return np.histogram2d(x, y, bins=edges)[0] / max(1, len(rows))

    row_of = _rows_of(reference)
    picks, missing = {}, {}
    for name, seeds in seeds_by_name(runs).items():
        ids = [each for run in seeds.values() for each in _joined(run.batches)]
        rows = _on_map(ids, row_of)
        picks[name], missing[name] = grid(rows), len(ids) - len(rows)
    return PickDensity(*edges, grid(np.arange(len(reference))), picks, missing)


def _common_labels(runs: Iterable[LearningCurve]) -> NDArray[np.int64]:
    """The numbers of labels that every run has (k,), ascending."""
    common = reduce(np.intersect1d, [run.labelled for run in runs])
    if not len(common):
        names = ", ".join(dict.fromkeys(run.name for run in runs))
        raise CartographyError(
            f"the runs of {names} have no number of labels in common: compare runs of one seed "
            "size and query size"
        )
    return common


def _accuracy_at(run: LearningCurve, labelled: NDArray[np.int64]) -> NDArray[np.float64]:
    return run.accuracy[np.searchsorted(run.labelled, labelled)]


def _joined(batches: Iterable[NDArray[np.object_]]) -> list[str]:
    return [each for batch in batches for each in batch]


def _rows_of(reference: DataMap) -> dict[str, int]:
    return {each: row for row, each in enumerate(reference.ids)}


def _on_map(ids: Iterable[str], row_of: Mapping[str, int]) -> NDArray[np.int64]:
    """Rows of those `ids` that the map has."""
    return np.array([row_of[each] for each in ids if each in row_of], dtype=np.int64)


def _quotient(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """`counts` by `totals`, which broadcast against them, NaN where there is no total."""
    nothing = np.full(counts.shape, np.nan)
    return np.divide(counts, totals, out=nothing, where=totals > 0)
