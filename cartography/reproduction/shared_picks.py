"""Texts that two strategies both pick (Table 4), next to what chance gives."""

from dataclasses import dataclass, replace

import numpy as np

from cartography.evaluation.comparison import LearningCurve, pick_overlap
from cartography.formatting import strategy_name
from cartography.reproduction.published import PUBLISHED, TABLE_4_PAIRS
from cartography.reproduction.results import Results
from cartography.reproduction.tables import select_curves


@dataclass(frozen=True)
class SharedPicks:
    """Texts that two strategies both picked (Table 4).

    Attributes
    ----------
    label : str
        Names of the two strategies.
    same_batch : int
        Texts that both picked in the same iteration.
    whole_run : int
        Texts that both picked in any iteration.
    picks : int
        Picks of one strategy, over all seeds.
    same_batch_by_chance, whole_run_by_chance : float
        Expected counts for two strategies that draw at random.
    published : int
        The paper's count.
    published_picks : int
        Picks of one strategy in the paper.
    published_by_chance : float
        Expected count of a same batch in the paper.
    """

    label: str
    same_batch: int
    whole_run: int
    picks: int
    same_batch_by_chance: float
    whole_run_by_chance: float
    published: int
    published_picks: int
    published_by_chance: float


def shared_picks(results: Results, method: str) -> tuple[SharedPicks, ...]:
    """Return Table 4.

    The paper's counts are close to what chance gives within an iteration, and a thirtieth of what
    it gives over whole runs, so they are compared with the counts within an iteration.

    Parameters
    ----------
    results : Results
        Raw results of one data set.
    method : str
        Name of the method.

    Returns
    -------
    tuple of SharedPicks
        One per pair of strategies whose picks were stored.
    """
    corpus, paper = results.corpus, PUBLISHED[results.corpus["dataset"]]
    # A run without stored picks would count as one that shares nothing.
    runs = [run for run in select_curves(results, method) if any(map(len, run.batches))]
    if not runs:
        return ()
    whole_run = pick_overlap(runs)
    same_batch = pick_overlap([_number_ids(run) for run in runs])
    pool = corpus["train"] - corpus["seed_size"]
    pairs = []
    for pair, published in zip(TABLE_4_PAIRS, paper.overlap, strict=True):
        names = [strategy_name(strategy) for strategy in pair]
        if not set(names) <= set(whole_run.names):
            continue
        cell = tuple(whole_run.names.index(name) for name in names)
        picks, seeds = int(whole_run.totals[cell]), int(whole_run.seeds[cell])
        if picks:
            pairs.append(
                SharedPicks(
                    label=" and ".join(names),
                    same_batch=int(same_batch.counts[cell]),
                    whole_run=int(whole_run.counts[cell]),
                    picks=picks,
                    # For two random strategies, a text of the pool (N texts) is in batch k of one
                    # with probability q / N, and in any of its K batches with K q / N.
                    same_batch_by_chance=picks * corpus["query_size"] / pool,
                    whole_run_by_chance=picks**2 / seeds / pool,
                    published=published,
                    published_picks=paper.picks,
                    published_by_chance=paper.picks
                    * paper.query_size
                    / (paper.train - paper.seed_size),
                )
            )
    return tuple(pairs)


def _number_ids(run: LearningCurve) -> LearningCurve:
    """Put the batch number before each id, so that different batches share no id."""
    batches = (
        np.array([f"{number} {text_id}" for text_id in batch], dtype=object)
        for number, batch in enumerate(run.batches)
    )
    return replace(run, batches=tuple(batches))
