"""How well a classifier predicts, and how much two classifiers agree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError


@dataclass(frozen=True)
class Evaluation:
    """Accuracy and macro-averaged F1 on a test set, both in [0, 1]."""

    accuracy: float
    macro_f1: float


def evaluate(predicted: NDArray[np.int64], gold: NDArray[np.int64]) -> Evaluation:
    """Compare predicted classes with gold labels.

    Parameters
    ----------
    predicted : array of int, shape (n,)
    gold : array of int, shape (n,)
        -1 where a text has no gold label; such texts are left out.

    Returns
    -------
    Evaluation
        Macro-F1 averages over the classes that occur in either array.

    Raises
    ------
    CartographyError
        No text has a gold label.
    """
    labelled = gold >= 0
    if not labelled.any():
        raise CartographyError("the test set has no gold labels: name its label column")
    predicted, gold = predicted[labelled], gold[labelled]
    hits = np.bincount(gold[predicted == gold], minlength=1 + max(predicted.max(), gold.max()))
    either = np.bincount(predicted, minlength=len(hits)) + np.bincount(gold, minlength=len(hits))
    f1 = 2 * hits[either > 0] / either[either > 0]
    return Evaluation(accuracy=float((predicted == gold).mean()), macro_f1=float(f1.mean()))


def cohen_kappa(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Cohen's kappa between two models' predicted classes of the same texts.

    It needs no gold label, so it can be followed where there are none (Bloodgood & Vijay-Shanker
    2009).

    Parameters
    ----------
    first, second : array of int, shape (n,)

    Returns
    -------
    float
        At most 1. Two models that give all texts one and the same class agree: 1, although the
        formula gives 0 / 0.
    """
    observed = float((first == second).mean())
    if observed == 1:
        return 1.0
    classes = int(max(first.max(), second.max())) + 1
    shares = [
        np.bincount(predicted, minlength=classes) / len(predicted) for predicted in (first, second)
    ]
    expected = float(shares[0] @ shares[1])
    return (observed - expected) / (1 - expected)
