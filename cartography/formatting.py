"""Numbers and names as they appear in sentences."""

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
"""The paper's name of each query strategy, for display. Files and options use the short name."""


def format_against(value: float, *limits: float, digits: int = 2) -> str:
    """Format a number so that rounding does not move it to another side of a limit.

    Parameters
    ----------
    value : float
    *limits : float
        The limits that the sentence compares `value` with.
    digits : int, default 2
        The smallest number of decimals.

    Returns
    -------
    str
        `value` with as few decimals as possible.

    Examples
    --------
    >>> format_against(0.2996, 0.3)
    '0.2996'
    """
    for decimals in range(digits, 17):
        text = f"{value:.{decimals}f}"
        if all(np.sign(float(text) - limit) == np.sign(value - limit) for limit in limits):
            return text
    return repr(float(value))


def count_noun(number: int, noun: str) -> str:
    """Return `number` with its noun in the right form: "1 text", "1,200 texts"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def join_names(names: Sequence[str]) -> str:
    """Join at least one name for a sentence: "a", "a and b", "a, b and c"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def strategy_name(strategy: str) -> str:
    """Return the display name of `strategy`: the paper's name, or the short name itself."""
    return STRATEGY_NAMES.get(strategy, strategy)
