"""Numbers and names in sentences: rounded so that they do not belie what is said of them, and as
the paper writes them.
"""

from collections.abc import Mapping, Sequence

import numpy as np

STRATEGY_NAMES: Mapping[str, str] = {
    "random": "Random",
    "lc": "LC",
    "entropy": "Entropy",
    "margin": "Margin",
    "bald": "BALD",
    "bald-mi": "BALD-MI",
    "dal": "DAL",
    "cal": "CAL",
    "cal-dal": "CAL+DAL",
}
"""What the paper calls each query strategy, for a reader; files and options keep the short name."""


def format_against(value: float, *limits: float, digits: int = 2) -> str:
    """`value` with as few decimals, from `digits` on, as keep it on its side of every limit.

    0.2996 beside 0.3 is 0.2996, for "0.30, below 0.3" would be taken for a mistake.
    """
    for more in range(digits, 17):
        text = f"{value:.{more}f}"
        if all(np.sign(float(text) - limit) == np.sign(value - limit) for limit in limits):
            return text
    return repr(float(value))


def count_noun(number: int, what: str) -> str:
    """`number` with its noun: "1 text", "1,200 texts"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def join_names(names: Sequence[str]) -> str:
    """At least one name, in a sentence: "a", "a and b", "a, b and c"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def strategy_name(strategy: str) -> str:
    """What a reader is told that `strategy` is called: the paper's name, where it is known."""
    return STRATEGY_NAMES.get(strategy, strategy)
