"""Labels saved at equal accuracy, and the verdict whether a strategy beats Random.

References
----------
Ulmer, Hardmeier & Frellsen (2022), deep-significance: they find that a limit of 0.2 for epsilon_min
keeps false claims rare, and that 0.5 does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.evaluation.comparison import LearningCurve, seeds_by_name
from cartography.evaluation.significance import EpsilonTable, mean_and_interval
from cartography.formatting import join_names

BASELINE = "random"
"""The strategy that all others are compared with."""

EPSILON_LIMIT = 0.2
"""An order is shown if epsilon_min is below this limit."""

_LEVELS = 20


@dataclass(frozen=True, eq=False)
class LabelsSaved:
    """Labels saved against a baseline at equal accuracy; negative if more were needed.

    Attributes
    ----------
    mean : float
        Over the seeds that have a value; NaN without any.
    low, high : float
        The Student t interval of the mean at 95 %; NaN with fewer than two seeds.
    seeds : tuple of int, length S
        The seeds that both have.
    saved : float64 array, shape (S,)
        Of each seed; NaN if the two curves have no range of accuracy in common.
    levels : float64 array, shape (S, 2)
        The lowest and the highest accuracy compared, NaN where `saved` is.
    """

    mean: float
    low: float
    high: float
    seeds: tuple[int, ...]
    saved: NDArray[np.float64]
    levels: NDArray[np.float64]

    @property
    def counted(self) -> int:
        """Number of seeds in the mean."""
        return int(np.isfinite(self.saved).sum())


def labels_saved(
    runs: Sequence[LearningCurve], baseline_runs: Sequence[LearningCurve]
) -> LabelsSaved:
    """Compute how many labels one name saves against another, seed by seed.

    Both accuracy curves of a seed are made monotone by isotonic regression with equal weights.
    Twenty evenly spaced levels, from the higher of the two starts to the lower of the two ends, are
    looked up in both: the number of labels at which a curve first reaches the level, by linear
    interpolation. The labels saved are the mean difference, baseline minus run. Accuracies that
    only one of the two curves reaches do not count.

    Parameters
    ----------
    runs : sequence of LearningCurve
        The seeds of one name.
    baseline_runs : sequence of LearningCurve
        The seeds of the other name.

    Returns
    -------
    LabelsSaved

    Raises
    ------
    CartographyError
        Two runs have the same name and seed.
    """
    (run_of,), (baseline_of,) = seeds_by_name(runs).values(), seeds_by_name(baseline_runs).values()
    seeds = tuple(sorted(run_of.keys() & baseline_of.keys()))
    saved, levels = np.full(len(seeds), np.nan), np.full((len(seeds), 2), np.nan)
    for index, seed in enumerate(seeds):
        run, baseline = run_of[seed], baseline_of[seed]
        rising, reference = _fit_monotone(run.accuracy), _fit_monotone(baseline.accuracy)
        start, end = max(rising[0], reference[0]), min(rising[-1], reference[-1])
        if start < end:
            levels[index] = start, end
            grid = np.linspace(start, end, _LEVELS)
            needed = _interpolate_labels(run.labelled, rising, grid)
            saved[index] = (_interpolate_labels(baseline.labelled, reference, grid) - needed).mean()
    return LabelsSaved(*mean_and_interval(saved[np.isfinite(saved)]), seeds, saved, levels)


@dataclass(frozen=True, eq=False)
class Verdict:
    """The verdict on one name against the baseline.

    Attributes
    ----------
    name : str
    outcome : {"advantage", "disadvantage", "none shown"}
    sentence : str
        The verdict in words, with its numbers.
    epsilon : float
        epsilon_min of the name over the baseline.
    reverse : float
        epsilon_min of the baseline over the name.
    saved : LabelsSaved
    """

    name: str
    outcome: str
    sentence: str
    epsilon: float
    reverse: float
    saved: LabelsSaved

    @property
    def shown(self) -> bool:
        """Whether an advantage is shown."""
        return self.outcome == "advantage"


def verdict(name: str, baseline: str, table: EpsilonTable, saved: LabelsSaved) -> Verdict:
    """Compare a name with the baseline by two conditions that must agree.

    An advantage is shown if epsilon_min is below `EPSILON_LIMIT` and the interval of the labels
    saved is above 0. A disadvantage is shown if epsilon_min of the baseline over `name` is below
    the limit and the interval is below 0. In all other cases neither is shown, also with a single
    seed, which has no interval.

    Bonferroni's correction in the table applies to the first condition only; the interval is at
    95 % for each name.

    Parameters
    ----------
    name : str
        In `table`.
    baseline : str
        In `table`.
    table : EpsilonTable
    saved : LabelsSaved
        Of `name` against `baseline`.

    Returns
    -------
    Verdict
    """
    epsilon, reverse = table.of(name, baseline), table.of(baseline, name)
    if epsilon < EPSILON_LIMIT and saved.low > 0:
        outcome, claim = "advantage", f"{name} shows an advantage over {baseline}:"
    elif reverse < EPSILON_LIMIT and saved.high < 0:
        outcome, claim = "disadvantage", f"{name} shows a disadvantage against {baseline}:"
    else:
        outcome, claim = "none shown", f"{name}: no advantage over {baseline} shown:"
    numbers = (
        f"epsilon_min of {baseline} over it {reverse:.3g}"
        if outcome == "disadvantage"
        else f"epsilon_min {epsilon:.3g}"
    )
    sentence = f"{claim} {numbers} (the limit is {EPSILON_LIMIT:g}) and {_describe_saved(saved)}."
    return Verdict(name, outcome, sentence, epsilon, reverse, saved)


@dataclass(frozen=True, eq=False)
class Verdicts:
    """The verdicts on all strategies.

    Attributes
    ----------
    baseline : str
        The name of Random among the runs.
    each : tuple of Verdict
        One per other name.
    sentence : str
        A summary of all.
    """

    baseline: str
    each: tuple[Verdict, ...]
    sentence: str

    @property
    def shown(self) -> bool:
        """Whether an advantage is shown for any strategy."""
        return any(verdict.shown for verdict in self.each)


def verdicts(runs: Sequence[LearningCurve], table: EpsilonTable) -> Verdicts:
    """Compare every name with Random.

    Parameters
    ----------
    runs : sequence of LearningCurve
    table : EpsilonTable
        Of the pooled accuracies of `runs`.

    Returns
    -------
    Verdicts

    Raises
    ------
    CartographyError
        Random is not among the runs or has several names, or two runs have the same name and seed.
    """
    by_name = {name: list(seeds.values()) for name, seeds in seeds_by_name(runs).items()}
    baselines = list(dict.fromkeys(run.name for run in runs if run.strategy == BASELINE))
    if not baselines:
        raise CartographyError(
            "Random is not among the runs: add it, because the others are compared with it"
        )
    if len(baselines) > 1:
        raise CartographyError(
            f"Random is among the runs as {' and as '.join(baselines)}: keep one of them"
        )
    (baseline,) = baselines
    each = tuple(
        verdict(name, baseline, table, labels_saved(own, by_name[baseline]))
        for name, own in by_name.items()
        if name != baseline
    )
    return Verdicts(baseline, each, _summarise(each, baseline))


def _describe_saved(saved: LabelsSaved) -> str:
    """The labels saved with their interval, as the end of a sentence."""
    if not saved.seeds:
        return "labels saved cannot be counted, as no seed was run with both"
    if not saved.counted:
        return "labels saved cannot be counted, as no range of accuracy is reached by both"
    mean = f"{round(saved.mean):,} labels saved at equal accuracy"
    if saved.counted == 1:
        return f"{mean} on one seed, and one seed cannot show an advantage"
    interval = f"{round(saved.low):,} to {round(saved.high):,}"
    return f"{mean} (95 % interval {interval}, {saved.counted} seeds)"


def _summarise(each: Sequence[Verdict], baseline: str) -> str:
    """One sentence on all strategies, grouped by outcome."""
    if not each:
        return f"There is nothing to compare with {baseline} yet: add runs of another strategy."
    clauses = []
    for outcome, claim in (
        ("advantage", f"advantage over {baseline} shown for"),
        ("disadvantage", f"disadvantage against {baseline} shown for"),
        ("none shown", f"no advantage over {baseline} shown for"),
    ):
        if names := [verdict.name for verdict in each if verdict.outcome == outcome]:
            clauses.append(f"{claim} {join_names(names)}")
    if all(verdict.saved.counted == 1 for verdict in each):
        clauses.append("one seed is not enough to show one")
    sentence = "; ".join(clauses)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _fit_monotone(accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
    """The closest non-decreasing curve (k,), by isotonic regression."""
    from scipy.optimize import isotonic_regression  # here: scipy.optimize is slow to import

    fitted: NDArray[np.float64] = isotonic_regression(accuracy).x
    return fitted


def _interpolate_labels(
    labelled: NDArray[np.int64], accuracy: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Labels at which the non-decreasing `accuracy` (k,) first reaches each of `levels` (L,).

    Every level is between the first and the last accuracy.
    """
    after = np.searchsorted(accuracy, levels)
    before = np.maximum(after - 1, 0)
    rise = accuracy[after] - accuracy[before]
    fraction = np.divide(levels - accuracy[before], rise, out=np.zeros_like(levels), where=rise > 0)
    return labelled[before] + fraction * (labelled[after] - labelled[before])
