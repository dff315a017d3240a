"""Ask M strategies side by side, their discriminators trained in one go."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from cartography.strategies.discriminator import Asking, Discrimination, discriminate
from cartography.strategies.pool_view import View
from cartography.strategies.selection import Query

Strategy: TypeAlias = Callable[[View, int, np.random.Generator], Query | Asking]
"""What picks: from a view, how many, and a generator, a query, at once or after it was given the
discriminators it asks for.
"""


def ask(
    strategies: Sequence[Strategy],
    views: Sequence[View],
    query_size: int,
    rngs: Sequence[np.random.Generator],
) -> list[Query]:
    """The query of each of M strategies about its view, with its generator.

    The views' presets share the discriminator's recipe.
    """
    answers: dict[int, Query] = {}
    asking: dict[int, Asking] = {}
    for number, (strategy, view, rng) in enumerate(zip(strategies, views, rngs, strict=True)):
        found = strategy(view, query_size, rng)
        if isinstance(found, Query):
            answers[number] = found
        else:
            asking[number] = found
    sent: dict[int, Any] = dict.fromkeys(asking)
    while asking:
        wanted: dict[int, Discrimination] = {}
        for number in list(asking):
            try:
                wanted[number] = asking[number].send(sent[number])
            except StopIteration as end:
                answers[number] = end.value
                del asking[number]
        if wanted:
            recipe = views[0].preset.discriminator
            sent = dict(zip(wanted, discriminate(list(wanted.values()), recipe), strict=True))
    return [answers[number] for number in range(len(strategies))]
