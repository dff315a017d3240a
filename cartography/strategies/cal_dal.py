"""CAL and DAL with half of the query each.

References
----------
Zhang & Plank (2021), Cartography active learning, Section 5.
"""

from dataclasses import replace

import numpy as np

from cartography.strategies.cal import cal
from cartography.strategies.dal import dal
from cartography.strategies.discriminator import StrategyCoroutine
from cartography.strategies.pool_view import PoolView


def cal_dal(view: PoolView, query_size: int, rng: np.random.Generator) -> StrategyCoroutine:
    """Select the best items of CAL, then the best items of DAL that CAL did not select.

    Parameters
    ----------
    view : PoolView
    query_size : int
        If it is odd, CAL selects one item more than DAL.
    rng : Generator
        Used by CAL, then by DAL.

    Yields
    ------
    DiscriminatorTask
        CAL's, then DAL's.

    Returns
    -------
    Selection
        The score of an item is that of the strategy that selected it. The discriminator accuracy
        and the fallback are CAL's.
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
