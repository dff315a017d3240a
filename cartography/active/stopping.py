"""When to stop: what a run's own numbers suggest. It is advice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartography.formatting import count_noun, format_against

WINDOW = 3
"""Number of last iterations that a signal looks at."""

SETTLED = 0.99
"""Cohen's kappa at which predictions count as settled (Bloodgood & Vijay-Shanker 2009)."""

SURE = 0.95
"""Mean highest class probability at which the pool has little left to ask about; our choice."""


@dataclass(frozen=True)
class StoppingSignal:
    """One reason to stop or to go on.

    Attributes
    ----------
    name : str
    sentence : str
        The reason with its numbers.
    points_to_stop : bool or None
        None if it is too early to say, or the run did not record what the signal needs.
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
    """Return the three signals of a run: plateau, stability, and what is left in the pool.

    Parameters
    ----------
    accuracy, agreement, labelled, pool, pool_max_probability : array, shape (k,)
        The columns of iterations.csv, a value per iteration; NaN where it is not known.
    test_size : int
        Number of test texts with a gold label.
    """
    return (
        plateau(accuracy, test_size),
        stability(agreement),
        left_in_pool(labelled, pool, pool_max_probability),
    )


def plateau(accuracy: NDArray[np.float64], test_size: int) -> StoppingSignal:
    """Say whether test accuracy has stopped rising.

    The mean of the last three iterations is compared with the mean of the three before. The signal
    points to stopping if the gain is at most one binomial standard error of an accuracy on
    `test_size` texts, sqrt(a (1 - a) / n), where a is the mean of all six: this test set cannot
    show a smaller gain. The rule is ours.

    Parameters
    ----------
    accuracy : array of float, shape (k,)
    test_size : int
    """
    name = "Plateau of accuracy"
    iterations = len(accuracy)
    if iterations < 2 * WINDOW:
        return StoppingSignal(
            name,
            f"Too early to say: {2 * WINDOW} iterations are compared, and there "
            f"{'is' if iterations == 1 else 'are'} {iterations}.",
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
    """Say whether the predictions have settled.

    They have if Cohen's kappa between each of the last three models and the model before it is
    0.99 or more (Bloodgood & Vijay-Shanker 2009). Every model starts from fresh weights, so kappa
    stays lower here than between models that keep their weights.

    Parameters
    ----------
    agreement : array of float, shape (k,)
    """
    name = "Stability of predictions"
    last = agreement[-WINDOW:]
    comparisons = int(np.isfinite(last).sum())
    if comparisons < WINDOW:
        return StoppingSignal(
            name,
            f"Too early to say: {WINDOW} models are each compared with the one before, and there "
            f"{'is' if comparisons == 1 else 'are'} {count_noun(comparisons, 'comparison')}.",
            None,
        )
    settled = bool((last >= SETTLED).all())
    *first, newest = (format_against(kappa, SETTLED, digits=3) for kappa in last)
    return StoppingSignal(
        name,
        f"Each model's test predictions agree with those of the model before by kappa "
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
    """Say whether the pool has little left to ask about.

    It has if it is empty, or if the last model that was queried gave its most probable class 0.95
    or more on average over the pool. The limit is ours; the mean over the pool is the idea of
    overall uncertainty (Zhu, Wang & Hovy 2008).

    Parameters
    ----------
    labelled, pool, pool_max_probability : array, shape (k,)
    """
    name = "What is left in the pool"
    if not len(pool) or not np.isfinite(pool[-1]):
        return StoppingSignal(name, "The run does not say what is left in its pool.", None)
    # The pool that the last batch was taken from still counts that batch.
    newest = int(labelled[-1] - labelled[-2]) if len(labelled) > 1 else 0
    left = int(pool[-1]) - newest
    if not left:
        # That a simulation has used all labels is no reason to stop labelling.
        sentence = "The simulation has used every text that has a label, so it cannot go on."
        return StoppingSignal(name, sentence, None)
    sentence = f"{count_noun(left, 'text')} {'is' if left == 1 else 'are'} left in the pool."
    mean = pool_max_probability[-1]
    if not np.isfinite(mean):
        return StoppingSignal(
            name, f"{sentence} Too early to say more: no batch was asked for yet.", None
        )
    sure = bool(mean >= SURE)
    return StoppingSignal(
        name,
        f"{sentence} When the last batch was picked, the most probable class had "
        f"{format_against(mean, SURE, digits=3)} on average over the pool of {int(pool[-1]):,}: "
        f"{'at least' if sure else 'below'} {SURE:g}, so the model is "
        f"{'sure' if sure else 'not sure'} of most of it.",
        sure,
    )
