"""Whether a strategy beats Random: labels saved at equal accuracy, and a verdict in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from cartography.errors import CartographyError
from cartography.evaluation.comparison import LearningCurve, seeds_by_name
from cartography.evaluation.significance import EpsilonTable, mean_and_interval
from cartography.formatting import join_names

BASELINE = "random"
# Ulmer, Hardmeier and Frellsen (2022) find 0.2 to keep false claims rare where 0.5 does not.
EPSILON_LIMIT = 0.2
_LEVELS = 20


@dataclass(frozen=True, eq=False)
class LabelsSaved:
    """Labels saved against a baseline at equal accuracy, negative where more were needed.

    `saved` (S,) is of each of the `seeds` that both have, and `levels` (S, 2) the lowest and the
    highest accuracy compared there, NaN where the two have no range of accuracy in common. `mean`
    is over the seeds that have one, with their Student t 95 % interval from `low` to `high`: NaN
    with fewer than two, as `mean` is with none.
    """

    mean: float
    low: float
    high: float
    seeds: tuple[int, ...]
    saved: NDArray[np.float64]
    levels: NDArray[np.float64]

    @property
    def counted(self) -> int:
        """How many seeds the mean is of."""
        return int(np.isfinite(self.saved).sum())


def labels_saved(
    runs: Sequence[LearningCurve], baseline_runs: Sequence[LearningCurve]
) -> LabelsSaved:
    """How many labels the `runs` of one name save against those of another, seed by seed.

    Both accuracy curves of a seed are made monotone by isotonic regression, every point weighing
    the same. Twenty levels, evenly from the higher of the two starts to the lower of the two ends,
    are then looked up in both: the labels at which a curve first comes to a level, linear between
    two points. Saved is the mean over the levels of the baseline's labels less the run's. Accuracy
    that only one of the two reaches is therefore not counted, whichever it is.

    Raises CartographyError when a name has a seed twice.
    """
    (ours,), (theirs,) = seeds_by_name(runs).values(), seeds_by_name(baseline_runs).values()
    seeds = tuple(sorted(ours.keys() & theirs.keys()))
    saved, levels = np.full(len(seeds), np.nan), np.full((len(seeds), 2), np.nan)
    for place, seed in enumerate(seeds):
        run, baseline = ours[seed], theirs[seed]
        rising, reference = (
            isotonic_regression(run.accuracy),
            isotonic_regression(baseline.accuracy),
        )
        start, end = max(rising[0], reference[0]), min(rising[-1], reference[-1])
        if start < end:
            levels[place] = start, end
            grid = np.linspace(start, end, _LEVELS)
            needed = _first_reached(run.labelled, rising, grid)
            saved[place] = (_first_reached(baseline.labelled, reference, grid) - needed).mean()
    return LabelsSaved(*mean_and_interval(saved[np.isfinite(saved)]), seeds, saved, levels)


@dataclass(frozen=True, eq=False)
class Verdict:
    """What can be said of `name` against the baseline: in one sentence and as the `outcome`,
    "advantage", "disadvantage" or "none shown".

    `epsilon` is epsilon_min of the name over the baseline and `reverse` of the baseline over it.
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
    """Judge `name` against `baseline`, both in `table`, by two conditions that must agree.

    An advantage is shown when epsilon_min is below 0.2 (`EPSILON_LIMIT`) and the interval of the
    labels saved lies above 0; a disadvantage when epsilon_min of the baseline over `name` is below
    0.2 and the interval lies below 0. Anything else shows neither, and so does a single seed,
    which has no interval. The table's Bonferroni covers the first condition alone; the interval is
    at 95 % for each name.
    """
    epsilon, reverse = table.of(name, baseline), table.of(baseline, name)
    if epsilon < EPSILON_LIMIT and saved.low > 0:
        outcome, said = "advantage", f"{name} shows an advantage over {baseline}:"
    elif reverse < EPSILON_LIMIT and saved.high < 0:
        outcome, said = "disadvantage", f"{name} shows a disadvantage against {baseline}:"
    else:
        outcome, said = "none shown", f"{name}: no advantage over {baseline} shown:"
    numbers = (
        f"epsilon_min of {baseline} over it {reverse:.3g}"
        if outcome == "disadvantage"
        else f"epsilon_min {epsilon:.3g}"
    )
    sentence = f"{said} {numbers} (the limit is {EPSILON_LIMIT:g}) and {_in_words(saved)}."
    return Verdict(name, outcome, sentence, epsilon, reverse, saved)


@dataclass(frozen=True, eq=False)
class Verdicts:
    """The verdict on `each` strategy against the `baseline`, and on all in one `sentence`."""

    baseline: str
    each: tuple[Verdict, ...]
    sentence: str

    @property
    def shown(self) -> bool:
        """Whether any shows an advantage."""
        return any(one.shown for one in self.each)


def verdicts(runs: Sequence[LearningCurve], table: EpsilonTable) -> Verdicts:
    """Judge every name among `runs` against Random, by the `table` of their pooled accuracies.

    Raises CartographyError when Random is not among the runs, or under several names, and when a
    name has a seed twice.
    """
    named = {name: list(seeds.values()) for name, seeds in seeds_by_name(runs).items()}
    baselines = list(dict.fromkeys(run.name for run in runs if run.strategy == BASELINE))
    if not baselines:
        raise CartographyError("Random is not among the runs: add it, the others are judged by it")
    if len(baselines) > 1:
        raise CartographyError(
            f"Random is among the runs as {' and as '.join(baselines)}: leave one of them"
        )
    (baseline,) = baselines
    each = tuple(
        verdict(name, baseline, table, labels_saved(own, named[baseline]))
        for name, own in named.items()
        if name != baseline
    )
    return Verdicts(baseline, each, _all_in_words(each, baseline))


def _in_words(saved: LabelsSaved) -> str:
    """The labels saved with what they rest on, as the end of a sentence."""
    if not saved.seeds:
        return "labels saved cannot be counted, as no seed was run with both"
    if not saved.counted:
        return "labels saved cannot be counted, as no range of accuracy is reached by both"
    mean = f"{round(saved.mean):,} labels saved at equal accuracy"
    if saved.counted == 1:
        return f"{mean} on one seed, and one seed cannot show an advantage"
    interval = f"{round(saved.low):,} to {round(saved.high):,}"
    return f"{mean} (95 % interval {interval}, {saved.counted} seeds)"


def _all_in_words(each: Sequence[Verdict], baseline: str) -> str:
    """One sentence on all strategies: which show an advantage, which do not."""
    if not each:
        return f"There is nothing to compare with {baseline} yet: add runs of another strategy."
    said = []
    for outcome, words in (
        ("advantage", f"advantage over {baseline} shown for"),
        ("disadvantage", f"disadvantage against {baseline} shown for"),
        ("none shown", f"no advantage over {baseline} shown for"),
    ):
        if names := [one.name for one in each if one.outcome == outcome]:
            said.append(f"{words} {join_names(names)}")
    if all(one.saved.counted == 1 for one in each):
        said.append("one seed cannot show one")
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _first_reached(
    labelled: NDArray[np.int64], accuracy: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Labels at which the rising `accuracy` (k,) first comes to each of `levels` (L,).

    Every level lies between the first and the last accuracy.
    """
    after = np.searchsorted(accuracy, levels)
    before = np.maximum(after - 1, 0)
    rise = accuracy[after] - accuracy[before]
    part = np.divide(levels - accuracy[before], rise, out=np.zeros_like(levels), where=rise > 0)
    return labelled[before] + part * (labelled[after] - labelled[before])
