"""The table of query strategies: every name that `--strategy` takes, and what it runs."""

from cartography.errors import CartographyError
from cartography.strategies.bald import bald, bald_mi
from cartography.strategies.cal import cal
from cartography.strategies.cal_dal import cal_dal
from cartography.strategies.dal import dal
from cartography.strategies.entropy import entropy
from cartography.strategies.least_confidence import least_confidence
from cartography.strategies.margin import margin
from cartography.strategies.random import random
from cartography.strategies.runner import Strategy

STRATEGIES: dict[str, Strategy] = {
    "random": random,
    "lc": least_confidence,
    "entropy": entropy,
    "margin": margin,
    "bald": bald,
    "bald-mi": bald_mi,
    "dal": dal,
    "cal": cal,
    "cal-dal": cal_dal,
}

USES_T_COR = frozenset({"cal", "cal-dal"})
"""The strategies that look at `Preset.t_cor`."""

USES_POOL = frozenset({"dal", "cal-dal"})
"""The strategies that tell the labelled set from the pool."""


def strategy_named(name: str) -> Strategy:
    """The strategy called `name`. Raises CartographyError when there is none."""
    if name not in STRATEGIES:
        raise CartographyError(f"strategy {name!r} is not one of {', '.join(STRATEGIES)}")
    return STRATEGIES[name]
