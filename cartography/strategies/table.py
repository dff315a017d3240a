"""The table of query strategies."""

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
"""The query strategies by the name that `--strategy` accepts."""

USES_T_COR = frozenset({"cal", "cal-dal"})
"""The strategies that use `Preset.t_cor`."""

USES_POOL = frozenset({"dal", "cal-dal"})
"""The strategies that train a discriminator on the pool."""


def get_strategy(name: str) -> Strategy:
    """Return a strategy by its name.

    Parameters
    ----------
    name : str
        A key of `STRATEGIES`.

    Returns
    -------
    Strategy

    Raises
    ------
    CartographyError
        There is no strategy of this name.
    """
    if name not in STRATEGIES:
        raise CartographyError(f"strategy {name!r} is not one of {', '.join(STRATEGIES)}")
    return STRATEGIES[name]
