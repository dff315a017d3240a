"""Run M strategies together, with their discriminators trained as one batch."""

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
"""A function of a view, a query size and a random generator.

It returns a selection, or a coroutine if it needs discriminators.
"""


def run_strategies(
    strategies: Sequence[Strategy],
    views: Sequence[PoolView],
    query_size: int,
    rngs: Sequence[np.random.Generator],
) -> list[Selection]:
    """Run M strategies, each on its own view.

    Parameters
    ----------
    strategies : sequence of Strategy, length M
    views : sequence of PoolView, length M
        Their presets must have the same discriminator recipe.
    query_size : int
    rngs : sequence of Generator, length M

    Returns
    -------
    list of Selection, length M
    """
    selections: dict[int, Selection] = {}
    coroutines: dict[int, StrategyCoroutine] = {}
    for number, (strategy, view, rng) in enumerate(zip(strategies, views, rngs, strict=True)):
        answer = strategy(view, query_size, rng)
        if isinstance(answer, Selection):
            selections[number] = answer
        else:
            coroutines[number] = answer
    results: dict[int, Any] = dict.fromkeys(coroutines)  # None starts a coroutine
    while coroutines:
        tasks: dict[int, DiscriminatorTask] = {}
        for number in list(coroutines):
            try:
                tasks[number] = coroutines[number].send(results[number])
            except StopIteration as end:
                selections[number] = end.value
                del coroutines[number]
        if tasks:
            recipe = views[0].preset.discriminator
            results = dict(
                zip(tasks, run_discriminators(list(tasks.values()), recipe), strict=True)
            )
    return [selections[number] for number in range(len(strategies))]
