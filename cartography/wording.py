"""Numbers in sentences: rounded so that they do not belie what is said of them."""

import numpy as np


def beside(value: float, *limits: float, digits: int = 2) -> str:
    """`value` with as few decimals, from `digits` on, as keep it on its side of every limit.

    0.2996 beside 0.3 is 0.2996, for "0.30, below 0.3" would be taken for a mistake.
    """
    for more in range(digits, 17):
        text = f"{value:.{more}f}"
        if all(np.sign(float(text) - limit) == np.sign(value - limit) for limit in limits):
            return text
    return repr(float(value))


def counted(number: int, what: str) -> str:
    """`number` with its noun: "1 text", "1,200 texts"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
