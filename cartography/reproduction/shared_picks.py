"""How many texts two strategies both pick: Table 4, beside chance."""

from dataclasses import dataclass, replace

import numpy as np

from cartography.evaluation.comparison import LearningCurve, pick_overlap
from cartography.formatting import strategy_name
from cartography.reproduction.published import PAIRS, PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.tables import compared_runs


@dataclass(frozen=True)
class SharedPicks:
    """Texts that two strategies both picked (Table 4), and what chance alone would give.

    `together` counts those picked by both in the same iteration, `whole` those picked by both in
    any; each is out of `picks`. `published` is out of `published_picks`. A share of chance is
    exact for two strategies that both draw at random.
    """

    label: str
    together: int
    whole: int
    picks: int
    together_by_chance: float
    whole_by_chance: float
    published: int
    published_picks: int
    published_by_chance: float


def overlaps(results: Results, method: str) -> tuple[SharedPicks, ...]:
    """Table 4, of the pairs whose picks were kept.

    The paper's counts are of the size that chance gives within an iteration, and a thirtieth of
    what it gives over whole runs; so they are compared with the former.
    """
    corpus, paper = results.corpus, PUBLISHED[results.corpus["dataset"]]
    # Without its picks a run would count as one that shares nothing.
    runs = [run for run in compared_runs(results, method) if any(map(len, run.batches))]
    if not runs:
        return ()
    whole, together = pick_overlap(runs), pick_overlap([_numbered(run) for run in runs])
    pool = corpus["train"] - corpus["seed_size"]
    found = []
    for pair, published in zip(PAIRS, paper.overlap, strict=True):
        names = [strategy_name(each) for each in pair]
        if not set(names) <= set(whole.names):
            continue
        cell = tuple(whole.names.index(name) for name in names)
        picks, seeds = int(whole.totals[cell]), int(whole.seeds[cell])
        if picks:
            found.append(
                SharedPicks(
                    label=" and ".join(names),
                    together=int(together.counts[cell]),
                    whole=int(whole.counts[cell]),
                    picks=picks,
                    # A text of the pool is in batch k with probability q / N, for either of two
                    # random strategies, and in any batch with probability K q / N.
                    together_by_chance=picks * corpus["query_size"] / pool,
                    whole_by_chance=picks**2 / seeds / pool,
                    published=published,
                    published_picks=paper.picks,
                    published_by_chance=paper.picks
                    * paper.query_size
                    / (paper.train - paper.seed_size),
                )
            )
    return tuple(found)


def _numbered(run: LearningCurve) -> LearningCurve:
    """`run` with the number of its batch before each id, so that batches share no text."""
    batches = (
        np.array([f"{number} {text}" for text in batch], dtype=object)
        for number, batch in enumerate(run.batches)
    )
    return replace(run, batches=tuple(batches))
