"""The paper's tables, and its figures as numbers, from the raw results of one data set.

All take results of finished runs (`estimates.finished`) and a method's name, and give the paper's
figure beside ours wherever there is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cartography.evaluation.comparison import LearningCurve, pooled_accuracies, seeds_by_name
from cartography.evaluation.significance import EpsilonTable, epsilon_min_table
from cartography.evaluation.verdict import BASELINE, Verdicts, verdicts
from cartography.formatting import strategy_name
from cartography.models.presets import PRESETS
from cartography.reproduction.estimates import Estimate, at, by_seed, estimate, last, on_all_texts
from cartography.reproduction.plan import BATCHES_OF, LEVELS, STRATEGIES
from cartography.reproduction.published import COMPARED, PUBLISHED
from cartography.reproduction.results import Results

REGIONS = ("easy", "ambiguous", "hard")
_BOOTSTRAP_SEED = 0
# Samples drawn from fewer scores hardly differ, and epsilon_min then shows orders that are none.
_LEAST_SEEDS = 5
# Figure 3 has no numbers; these iterations follow its curves.
_ALONG = (0, 5, 10, 20, 30)


@dataclass(frozen=True)
class AccuracyRow:
    """A quantity with our figure and the paper's, None where it gives none."""

    label: str
    ours: Estimate
    published: float | None = None

    @property
    def difference(self) -> Estimate | None:
        """Ours less the paper's, whose spread is not known."""
        return None if self.published is None else self.ours.less(self.published)


@dataclass(frozen=True)
class CountRow:
    """A number of Table 1: ours and the paper's."""

    label: str
    ours: int
    published: int


def counts(results: Results) -> tuple[CountRow, ...]:
    """Table 1."""
    corpus, paper = results.corpus, PUBLISHED[results.corpus["dataset"]]
    return (
        CountRow("training texts", corpus["train"], paper.train),
        CountRow("test texts", corpus["test"], paper.test),
        CountRow("classes", len(corpus["classes"]), paper.classes),
        CountRow("seed set", corpus["seed_size"], paper.seed_size),
        CountRow("texts a batch", corpus["query_size"], paper.query_size),
        CountRow("batches", corpus["iterations"], paper.iterations),
        CountRow("seeds", len(corpus["seeds"]), 5),
    )


def presets_of(results: Results) -> list[str]:
    """The presets that were run, the paper's first."""
    return [name for name in PRESETS if name in results.methods]


def accuracies(results: Results, method: str) -> tuple[AccuracyRow, ...]:
    """Accuracy of all texts, and the final one of CAL by t_cor (Table 3) and of CAL+DAL
    (Section 5).
    """
    paper = PUBLISHED[results.corpus["dataset"]]
    by_level = [
        AccuracyRow(
            f"CAL, t_cor {level:g}",
            estimate(last(results, method, "cal", level)),
            paper.by_t_cor[level],
        )
        for level in LEVELS
    ]
    return (
        AccuracyRow("all texts", estimate(on_all_texts(results, method)), paper.full),
        *by_level,
        AccuracyRow("CAL+DAL", estimate(last(results, method, "cal-dal")), paper.cal_dal),
    )


@dataclass(frozen=True)
class ThresholdMoves:
    """A t_cor that left no labelled text above it, or none below, in `queries` of so many `of`: the
    nearest that parts them was taken instead (`strategies.cal.split_by_correctness`).
    """

    label: str
    queries: int
    of: int


def threshold_moves(results: Results, method: str) -> tuple[ThresholdMoves, ...]:
    """How often each t_cor of the method was moved, of those that were."""
    table = results.accuracy
    asked = table[(table["method"] == method) & table["t_cor"].notna() & (table["iteration"] > 0)]
    found = []
    for (strategy, level), rows in asked.groupby(["strategy", "t_cor"]):
        queries = int(rows["fallback"].notna().sum())
        if queries:
            label = f"{strategy_name(str(strategy))}, t_cor {level:g}"
            found.append(ThresholdMoves(label, queries, len(rows)))
    return tuple(found)


def regions(results: Results, method: str) -> tuple[AccuracyRow, ...]:
    """Shares of the regions on the map that a whole training on all texts makes."""
    return tuple(
        AccuracyRow(f"share of {name}", estimate(on_all_texts(results, method, name)))
        for name in REGIONS
    )


def compared_runs(
    results: Results, method: str, strategies: Sequence[str] = COMPARED
) -> list[LearningCurve]:
    """The method's runs of these strategies at the paper's t_cor, in the order of `strategies`."""
    runs = [run for run in results.learned(method) if run.strategy in strategies]
    return sorted(runs, key=lambda run: (strategies.index(run.strategy), run.seed))


@dataclass(frozen=True, eq=False)
class Dominance:
    """epsilon_min of each strategy over each other (Table 2).

    `pooled` takes the accuracies of all seeds at all `points`, as the paper does, and so takes
    those of one run for independent; `by_seed` takes each seed's mean over the points as one
    score, and is None where a strategy has fewer than five seeds, too few to draw samples from.
    Both have the names of a reader.
    """

    pooled: EpsilonTable
    by_seed: EpsilonTable | None
    points: int


def dominance(runs: Sequence[LearningCurve]) -> Dominance:
    """Table 2 from `runs`; at the numbers of labels that all of them have."""
    pooled = pooled_accuracies(runs)
    named = seeds_by_name(runs)
    means = {
        name: scores.reshape(len(named[name]), -1).mean(axis=1) for name, scores in pooled.items()
    }
    return Dominance(
        pooled=epsilon_min_table(pooled, rng=np.random.default_rng(_BOOTSTRAP_SEED)),
        by_seed=epsilon_min_table(means, rng=np.random.default_rng(_BOOTSTRAP_SEED))
        if min(map(len, named.values())) >= _LEAST_SEEDS
        else None,
        points=min(len(scores) // len(named[name]) for name, scores in pooled.items()),
    )


def verdicts_on_random(runs: Sequence[LearningCurve]) -> Verdicts | None:
    """The verdicts on `runs` against Random, None where Random or everything else is missing."""
    strategies = {run.strategy for run in runs}
    if BASELINE not in strategies or len(strategies) < 2:
        return None
    return verdicts(runs, dominance(runs).pooled)


@dataclass(frozen=True)
class Trajectory:
    """How a column of the results runs for one strategy: at some iterations, and averaged over
    all of them that have it.
    """

    strategy: str
    iterations: tuple[int, ...]
    at: tuple[Estimate, ...]
    mean: Estimate


def trajectories(
    results: Results,
    method: str,
    column: str,
    strategies: Sequence[str],
    iterations: Sequence[int],
) -> tuple[Trajectory, ...]:
    """The course of `column` for each of `strategies` that was run."""
    found = []
    for strategy in strategies:
        runs = by_seed(results, method, strategy, column)
        if not runs.empty:
            found.append(
                Trajectory(
                    strategy=strategy,
                    iterations=tuple(iterations),
                    at=tuple(estimate(at(runs, number)) for number in iterations),
                    mean=estimate(runs.mean(axis="columns")),
                )
            )
    return tuple(found)


def accuracy_trajectories(results: Results, method: str) -> tuple[Trajectory, ...]:
    """Figure 3: accuracy along the iterations, of each strategy that was run."""
    final = results.corpus["iterations"]
    shown = [*(number for number in _ALONG if number < final), final]
    return trajectories(results, method, "accuracy", STRATEGIES, shown)


def batch_trajectories(results: Results, method: str, column: str) -> tuple[Trajectory, ...]:
    """Figure 4: confidence, variability or correctness of the first, middle and last batch."""
    final = results.corpus["iterations"]
    shown = sorted({1, max(1, final // 2), final})
    return trajectories(results, method, column, BATCHES_OF, shown)


def discriminator_trajectories(results: Results, method: str) -> tuple[Trajectory, ...]:
    """Training accuracy of the discriminator at the first, the sixth and the last batch."""
    final = results.corpus["iterations"]
    shown = [*(number for number in (1, 6) if number < final), final]
    return trajectories(results, method, "discriminator_accuracy", ("cal", "dal"), shown)


def seconds(results: Results, method: str) -> tuple[AccuracyRow, ...]:
    """Seconds that an iteration takes, training and query, by strategy (Section 7)."""
    paper = PUBLISHED[results.corpus["dataset"]]
    rows = []
    for strategy in STRATEGIES:
        training, query = (
            by_seed(results, method, strategy, column)
            for column in ("train_seconds", "select_seconds")
        )
        if not training.empty:
            # Iteration 0 has no query: NaN there leaves it out of the mean.
            each = (training + query).mean(axis="columns")
            published = paper.seconds if strategy == "cal" else None
            rows.append(AccuracyRow(strategy_name(strategy), estimate(each), published))
    return tuple(rows)


@dataclass(frozen=True)
class DataEfficiency:
    """How a strategy compares with a training on all texts (Section 5).

    `share` is its final accuracy by that of all texts, of each seed; `labels` the first number
    of labels with which its mean accuracy comes to theirs, None where it does not, out of `texts`.
    """

    share: Estimate
    labels: int | None
    most: int
    texts: int


def data_efficiency(results: Results, method: str, strategy: str) -> DataEfficiency | None:
    """Data efficiency of a strategy, None where it or all texts were not run."""
    runs, full = by_seed(results, method, strategy), on_all_texts(results, method)
    if runs.empty or full.empty:
        return None
    labelled = by_seed(results, method, strategy, "labelled").iloc[0]
    there = runs.mean() >= full.mean()
    return DataEfficiency(
        share=estimate(last(results, method, strategy) / full),
        labels=int(labelled[there].iloc[0]) if there.any() else None,
        most=int(labelled.iloc[-1]),
        texts=results.corpus["train"],
    )
