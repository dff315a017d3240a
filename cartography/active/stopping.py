"""When to stop: what a run's own numbers say for it. Advice, never a command."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartography.formatting import count_noun, format_against

WINDOW = 3
"""How many of the last iterations a signal looks at."""

SETTLED = 0.99
"""Cohen's kappa at which predictions count as settled (Bloodgood & Vijay-Shanker 2009)."""

SURE = 0.95
"""Mean highest class probability at which the pool has little left to ask about; ours."""


@dataclass(frozen=True)
class StoppingSignal:
    """One reason to stop or to go on: a name, and a sentence with its own numbers.

    `points_to_stop` is None while it is too early to say or the run did not record what it needs.
    """

    name: str
    sentence: str
    points_to_stop: bool | None


def stopping_signals(
    accuracy: NDArray[np.float64],
    agreement: NDArray[np.float64],
    labelled: NDArray[np.int64],
    pool: NDArray[np.float64] | NDArray[np.int64],
    pool_max_probability: NDArray[np.float64],
    *,
    test_size: int,
) -> tuple[StoppingSignal, ...]:
    """The signals of a run of k iterations: plateau, stability and what is left in the pool.

    The arrays (k,) are the columns of iterations.csv of those names, NaN where one is not known;
    `test_size` is the number of test texts that have a gold label.
    """
    return (
        plateau(accuracy, test_size),
        stability(agreement),
        left_in_pool(labelled, pool, pool_max_probability),
    )


def plateau(accuracy: NDArray[np.float64], test_size: int) -> StoppingSignal:
    """Whether test accuracy (k,) has stopped rising.

    The mean of the last three iterations is compared with the mean of the three before. It points
    to stopping when the gain is at most one binomial standard error of an accuracy on `test_size`
    texts, sqrt(a (1 - a) / n) with a the mean of all six: less than that, this test set cannot
    show. The rule is ours.
    """
    name = "Plateau of accuracy"
    known = len(accuracy)
    if known < 2 * WINDOW:
        return StoppingSignal(
            name,
            f"Too early to say: {2 * WINDOW} iterations are compared, and there "
            f"{'is' if known == 1 else 'are'} {known}.",
            None,
        )
    before, last = accuracy[-2 * WINDOW : -WINDOW].mean(), accuracy[-WINDOW:].mean()
    mean = (before + last) / 2
    error = float(np.sqrt(mean * (1 - mean) / test_size))
    gain = float(last - before)
    flat = gain <= error
    return StoppingSignal(
        name,
        f"Accuracy averaged {last:.3f} over the last {WINDOW} iterations, {abs(gain):.3f} "
        f"{'below' if gain < 0 else 'above'} the {WINDOW} before. That is "
        f"{'no gain of more than' if flat else 'a gain of more than'} one standard error on "
        f"{count_noun(test_size, 'test text')} ({error:.3f}).",
        flat,
    )


def stability(agreement: NDArray[np.float64]) -> StoppingSignal:
    """Whether the predictions have settled: each of the last three agreements (k,) of a model with
    the one before it, as Cohen's kappa, is 0.99 or more (Bloodgood & Vijay-Shanker 2009).

    Every model starts from fresh weights, so agreement stays lower than between models that
    carry theirs on; until it gets there, this signal says go on.
    """
    name = "Stability of predictions"
    last = agreement[-WINDOW:]
    known = int(np.isfinite(last).sum())
    if known < WINDOW:
        return StoppingSignal(
            name,
            f"Too early to say: {WINDOW} models are each compared with the one before, and "
            f"{count_noun(known, 'comparison')} {'is' if known == 1 else 'are'} there.",
            None,
        )
    settled = bool((last >= SETTLED).all())
    *first, newest = (format_against(kappa, SETTLED, digits=3) for kappa in last)
    return StoppingSignal(
        name,
        f"Each model's test predictions agree with those of the one before by kappa "
        f"{', '.join(first)} and {newest} in the last {WINDOW} iterations. "
        f"{'All are' if settled else 'Not all are'} {SETTLED:g} or more: the predictions have "
        f"{'settled' if settled else 'not settled'}.",
        settled,
    )


def left_in_pool(
    labelled: NDArray[np.int64],
    pool: NDArray[np.float64] | NDArray[np.int64],
    pool_max_probability: NDArray[np.float64],
) -> StoppingSignal:
    """Whether the pool has little left to ask about: it is empty, or the model that was asked last
    gave its most probable class 0.95 or more on average over the pool.

    The threshold is ours; the mean over the pool is the idea of overall uncertainty (Zhu, Wang &
    Hovy 2008).
    """
    name = "What is left in the pool"
    if not len(pool) or not np.isfinite(pool[-1]):
        return StoppingSignal(name, "The run does not say what is left in its pool.", None)
    # The last batch is still counted in the pool that it was taken from.
    taken = int(labelled[-1] - labelled[-2]) if len(labelled) > 1 else 0
    left = int(pool[-1]) - taken
    if not left:
        return StoppingSignal(name, "No text is left in the pool.", True)
    told = f"{count_noun(left, 'text')} {'is' if left == 1 else 'are'} left in the pool."
    mean = pool_max_probability[-1]
    if not np.isfinite(mean):
        return StoppingSignal(
            name, f"{told} Too early to say more: no batch was asked for yet.", None
        )
    sure = bool(mean >= SURE)
    return StoppingSignal(
        name,
        f"{told} When the last batch was picked, the most probable class had "
        f"{format_against(mean, SURE, digits=3)} on average over the pool of {int(pool[-1]):,}: "
        f"{'at least' if sure else 'below'} {SURE:g}, so the model is "
        f"{'sure' if sure else 'not sure'} of most of it.",
        sure,
    )
