"""The paper's tables, and its figures as numbers, from the raw results of one data set.

Functions take the results of finished runs and the name of a method, and return our numbers with
the paper's where it has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cartography.evaluation.comparison import LearningCurve, pooled_accuracies, seeds_by_name
from cartography.evaluation.significance import EpsilonTable, epsilon_min_table
from cartography.evaluation.verdict import BASELINE, Verdicts, verdicts
from cartography.formatting import strategy_name
from cartography.models.presets import PAPER_PRESETS
from cartography.reproduction.estimates import (
    Estimate,
    at_iteration,
    estimate,
    final_accuracy,
    full_training,
    values_by_seed,
)
from cartography.reproduction.plan import BATCH_STRATEGIES, STRATEGIES, T_COR_LEVELS
from cartography.reproduction.published import PUBLISHED, TABLE_2_STRATEGIES
from cartography.reproduction.results import Results

REGIONS = ("easy", "ambiguous", "hard")
_BOOTSTRAP_SEED = 0
# Bootstrap samples of fewer scores hardly differ, so epsilon_min would show false orders.
_MIN_SEEDS = 5
# Figure 3 has no numbers; these iterations trace its curves.
_CURVE_ITERATIONS = (0, 5, 10, 20, 30)


@dataclass(frozen=True)
class ComparisonRow:
    """Our estimate of a quantity and the paper's number, or None where it has none."""

    label: str
    ours: Estimate
    published: float | None = None

    @property
    def difference(self) -> Estimate | None:
        """Ours minus the paper's, which is treated as exact."""
        return None if self.published is None else self.ours.minus(self.published)


@dataclass(frozen=True)
class CountRow:
    """A count of Table 1: ours and the paper's."""

    label: str
    ours: int
    published: int


def corpus_counts(results: Results) -> tuple[CountRow, ...]:
    """Return the counts of Table 1."""
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
    """Return the names of the presets that were run, the paper's first."""
    return [name for name in PAPER_PRESETS if name in results.methods]


def accuracy_rows(results: Results, method: str) -> tuple[ComparisonRow, ...]:
    """Return the accuracies of Table 3 and Section 5.

    Parameters
    ----------
    results : Results
        Raw results of one data set.
    method : str
        Name of the method.

    Returns
    -------
    tuple of ComparisonRow
        Training on all texts, final accuracy of CAL by t_cor, final accuracy of CAL+DAL.
    """
    paper = PUBLISHED[results.corpus["dataset"]]
    by_level = [
        ComparisonRow(
            f"CAL, t_cor {level:g}",
            estimate(final_accuracy(results, method, "cal", level)),
            paper.by_t_cor[level],
        )
        for level in T_COR_LEVELS
    ]
    return (
        ComparisonRow("all texts", estimate(full_training(results, method)), paper.full),
        *by_level,
        ComparisonRow(
            "CAL+DAL", estimate(final_accuracy(results, method, "cal-dal")), paper.cal_dal
        ),
    )


@dataclass(frozen=True)
class ThresholdMoves:
    """How many queries of a run had to move t_cor because it left one side empty.

    See `strategies.cal.split_by_correctness`.

    Attributes
    ----------
    label : str
        Strategy and t_cor.
    moves : int
        Queries with a moved t_cor, over all seeds.
    queries : int
        All queries, over all seeds.
    """

    label: str
    moves: int
    queries: int


def threshold_moves(results: Results, method: str) -> tuple[ThresholdMoves, ...]:
    """Return the counts of moved t_cor, for strategies and levels with at least one."""
    table = results.accuracy
    queries = table[(table["method"] == method) & table["t_cor"].notna() & (table["iteration"] > 0)]
    counts = []
    for (strategy, level), rows in queries.groupby(["strategy", "t_cor"]):
        moves = int(rows["fallback"].notna().sum())
        if moves:
            label = f"{strategy_name(str(strategy))}, t_cor {level:g}"
            counts.append(ThresholdMoves(label, moves, len(rows)))
    return tuple(counts)


def region_shares(results: Results, method: str) -> tuple[ComparisonRow, ...]:
    """Return the shares of the regions on the map of a training on all texts."""
    return tuple(
        ComparisonRow(f"share of {name}", estimate(full_training(results, method, name)))
        for name in REGIONS
    )


def select_curves(
    results: Results, method: str, strategies: Sequence[str] = TABLE_2_STRATEGIES
) -> list[LearningCurve]:
    """Return the method's runs at the paper's t_cor, ordered by strategy and seed.

    Parameters
    ----------
    results : Results
        Raw results of one data set.
    method : str
        Name of the method.
    strategies : sequence of str
        Strategies to return, in their order.

    Returns
    -------
    list of LearningCurve
    """
    runs = [run for run in results.learning_curves(method) if run.strategy in strategies]
    return sorted(runs, key=lambda run: (strategies.index(run.strategy), run.seed))


@dataclass(frozen=True, eq=False)
class Dominance:
    """epsilon_min of each strategy over each other (Table 2), by display name.

    Attributes
    ----------
    pooled : EpsilonTable
        From the accuracies of all seeds at all points. Like the paper, this treats the accuracies
        of one run as independent.
    by_seed : EpsilonTable or None
        From one score per seed, its mean over the points. None if a strategy has fewer than five
        seeds.
    points : int
        Number of label counts at which all runs are compared.
    """

    pooled: EpsilonTable
    by_seed: EpsilonTable | None
    points: int


def dominance(runs: Sequence[LearningCurve]) -> Dominance:
    """Return Table 2 of some runs, compared at the label counts that all of them have."""
    pooled = pooled_accuracies(runs)
    named = seeds_by_name(runs)
    means = {
        name: scores.reshape(len(named[name]), -1).mean(axis=1) for name, scores in pooled.items()
    }
    return Dominance(
        pooled=epsilon_min_table(pooled, rng=np.random.default_rng(_BOOTSTRAP_SEED)),
        by_seed=epsilon_min_table(means, rng=np.random.default_rng(_BOOTSTRAP_SEED))
        if min(map(len, named.values())) >= _MIN_SEEDS
        else None,
        points=min(len(scores) // len(named[name]) for name, scores in pooled.items()),
    )


def verdicts_against_random(runs: Sequence[LearningCurve]) -> Verdicts | None:
    """Return the verdicts on runs against Random; None without Random or any other strategy."""
    strategies = {run.strategy for run in runs}
    if BASELINE not in strategies or len(strategies) < 2:
        return None
    return verdicts(runs, dominance(runs).pooled)


@dataclass(frozen=True)
class Trajectory:
    """A column of the accuracy table for one strategy, at some iterations.

    Attributes
    ----------
    strategy : str
        Short name of the strategy.
    iterations : tuple of int
        The iterations.
    estimates : tuple of Estimate
        The estimate at each of `iterations`.
    mean : Estimate
        Estimate of the mean over all iterations that have a value.
    """

    strategy: str
    iterations: tuple[int, ...]
    estimates: tuple[Estimate, ...]
    mean: Estimate


def _trajectories(
    results: Results,
    method: str,
    column: str,
    strategies: Sequence[str],
    iterations: Sequence[int],
) -> tuple[Trajectory, ...]:
    """Trajectories of a column for each of `strategies` that was run."""
    trajectories = []
    for strategy in strategies:
        runs = values_by_seed(results, method, strategy, column)
        if not runs.empty:
            trajectories.append(
                Trajectory(
                    strategy=strategy,
                    iterations=tuple(iterations),
                    estimates=tuple(estimate(at_iteration(runs, number)) for number in iterations),
                    mean=estimate(runs.mean(axis="columns")),
                )
            )
    return tuple(trajectories)


def accuracy_trajectories(results: Results, method: str) -> tuple[Trajectory, ...]:
    """Return the accuracy curve of each strategy (Figure 3)."""
    final = results.corpus["iterations"]
    iterations = [*(number for number in _CURVE_ITERATIONS if number < final), final]
    return _trajectories(results, method, "accuracy", STRATEGIES, iterations)


def batch_trajectories(results: Results, method: str, column: str) -> tuple[Trajectory, ...]:
    """Return a map statistic of the first, middle and last batch (Figure 4)."""
    final = results.corpus["iterations"]
    iterations = sorted({1, max(1, final // 2), final})
    return _trajectories(results, method, column, BATCH_STRATEGIES, iterations)


def discriminator_trajectories(results: Results, method: str) -> tuple[Trajectory, ...]:
    """Return the training accuracy of the discriminator at the first, sixth and last batch."""
    final = results.corpus["iterations"]
    iterations = [*(number for number in (1, 6) if number < final), final]
    return _trajectories(results, method, "discriminator_accuracy", ("cal", "dal"), iterations)


def iteration_seconds(results: Results, method: str) -> tuple[ComparisonRow, ...]:
    """Return the seconds per iteration, training and query, by strategy (Section 7)."""
    paper = PUBLISHED[results.corpus["dataset"]]
    rows = []
    for strategy in STRATEGIES:
        training, query = (
            values_by_seed(results, method, strategy, column)
            for column in ("train_seconds", "select_seconds")
        )
        if not training.empty:
            # Iteration 0 has no query, so its NaN is left out of the mean.
            means = (training + query).mean(axis="columns")
            published = paper.seconds if strategy == "cal" else None
            rows.append(ComparisonRow(strategy_name(strategy), estimate(means), published))
    return tuple(rows)


@dataclass(frozen=True)
class DataEfficiency:
    """A strategy compared with a training on all texts (Section 5).

    Attributes
    ----------
    share : Estimate
        Final accuracy as a share of that of all texts.
    labels : int or None
        Smallest number of labels at which the mean accuracy reaches that of all texts, or None.
    max_labels : int
        Number of labels at the end.
    texts : int
        Number of all texts.
    """

    share: Estimate
    labels: int | None
    max_labels: int
    texts: int


def data_efficiency(results: Results, method: str, strategy: str) -> DataEfficiency | None:
    """Return the data efficiency of a strategy; None if it or all texts were not run."""
    runs, full = values_by_seed(results, method, strategy), full_training(results, method)
    if runs.empty or full.empty:
        return None
    labelled = values_by_seed(results, method, strategy, "labelled").iloc[0]
    reached = runs.mean() >= full.mean()
    return DataEfficiency(
        share=estimate(final_accuracy(results, method, strategy) / full),
        labels=int(labelled[reached].iloc[0]) if reached.any() else None,
        max_labels=int(labelled.iloc[-1]),
        texts=results.corpus["train"],
    )
