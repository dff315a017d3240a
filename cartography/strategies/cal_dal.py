"""CAL and DAL with half the budget each (Section 5 of the paper)."""

from dataclasses import replace

import numpy as np

from cartography.strategies.cal import cal
from cartography.strategies.dal import dal
from cartography.strategies.discriminator import StrategyCoroutine
from cartography.strategies.pool_view import PoolView


def cal_dal(view: PoolView, query_size: int, rng: np.random.Generator) -> StrategyCoroutine:
    """CAL's best half, then DAL's best that CAL did not take; CAL has the odd item.

    Scores are each strategy's own. The discriminator accuracy is that of CAL's.
    """
    first = yield from cal(view, query_size - query_size // 2, rng)
    second = yield from dal(view, query_size, rng)
    new = ~np.isin(second.positions, first.positions)
    room = query_size - len(first.positions)
    return replace(
        first,
        positions=np.concatenate([first.positions, second.positions[new][:room]]),
        scores=np.concatenate([first.scores, second.scores[new][:room]]),
    )
