"""Ask M strategies side by side, their discriminators trained in one go."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from cartography.strategies.discriminator import (
    DiscriminatorTask,
    StrategyCoroutine,
    run_discriminators,
)
from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection

Strategy: TypeAlias = Callable[[PoolView, int, np.random.Generator], Selection | StrategyCoroutine]
"""What picks: from a view, how many, and a generator, a query, at once or after it was given the
discriminators it asks for.
"""


def run_strategies(
    strategies: Sequence[Strategy],
    views: Sequence[PoolView],
    query_size: int,
    rngs: Sequence[np.random.Generator],
) -> list[Selection]:
    """The query of each of M strategies about its view, with its generator.

    The views' presets share the discriminator's recipe.
    """
    answers: dict[int, Selection] = {}
    asking: dict[int, StrategyCoroutine] = {}
    for number, (strategy, view, rng) in enumerate(zip(strategies, views, rngs, strict=True)):
        found = strategy(view, query_size, rng)
        if isinstance(found, Selection):
            answers[number] = found
        else:
            asking[number] = found
    sent: dict[int, Any] = dict.fromkeys(asking)
    while asking:
        wanted: dict[int, DiscriminatorTask] = {}
        for number in list(asking):
            try:
                wanted[number] = asking[number].send(sent[number])
            except StopIteration as end:
                answers[number] = end.value
                del asking[number]
        if wanted:
            recipe = views[0].preset.discriminator
            sent = dict(zip(wanted, run_discriminators(list(wanted.values()), recipe), strict=True))
    return [answers[number] for number in range(len(strategies))]
