"""Why a text is where it is on a data map, and why a strategy picked it, in words."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cartography.formatting import count_noun, format_against
from cartography.maps.data_map import REGIONS, DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.strategies.table import get_strategy


def explain_positions(
    data_map: DataMap,
    dynamics: TrainingDynamics,
    items: NDArray[np.int64],
    gold: NDArray[np.object_],
    predicted: NDArray[np.object_],
) -> list[str]:
    """Explain the region of each item, with the numbers that decide it.

    Parameters
    ----------
    data_map : DataMap
        A map of n items.
    dynamics : TrainingDynamics
        What the map was made from.
    items : array of int, shape (k,)
        Positions on the map.
    gold, predicted : array of object, shape (n,)
        Names of each item's gold label and of the class that the trained model predicts.

    Returns
    -------
    list of str, length k
        One or two sentences per item.
    """
    probability = dynamics.gold_probability[:, items]
    low, high = probability.min(axis=0), probability.max(axis=0)
    explanations = []
    for item, least, most in zip(items.tolist(), low.tolist(), high.tolist(), strict=True):
        reason = _explain_region(data_map, item, f" between {least:.2f} and {most:.2f}")
        region = REGIONS[data_map.region[item]]
        if predicted[item] != gold[item]:
            reason += f" The model ends on {predicted[item]}, not on the gold label {gold[item]}."
        elif region != "easy-to-learn":
            reason += f" The model ends on the gold label {gold[item]}."
        explanations.append(reason)
    return explanations


def explain_regions(data_map: DataMap, items: NDArray[np.int64]) -> list[str]:
    """Explain the region of each item from the map alone.

    Parameters
    ----------
    data_map : DataMap
    items : array of int, shape (k,)
        Positions on the map.

    Returns
    -------
    list of str, length k
        One sentence per item.
    """
    return [_explain_region(data_map, item) for item in items.tolist()]


def _explain_region(data_map: DataMap, item: int, swing: str = "") -> str:
    """The sentence of one item; `swing` is the range of its gold-label probability if known."""
    limits = data_map.thresholds
    correctness = float(data_map.correctness[item])
    variability = float(data_map.variability[item])
    region = REGIONS[data_map.region[item]]
    share = f"correctness {format_against(correctness, limits.hard, limits.easy)}"
    spread = f"variability {format_against(variability, limits.ambiguous)}"
    right = _right(round(correctness * data_map.epochs), data_map.epochs)
    if region != "ambiguous":
        bound = (
            f"at least {limits.easy:g}" if region == "easy-to-learn" else f"at most {limits.hard:g}"
        )
        return (
            f"{right} ({share}, {bound}) and steady ({spread}, below {limits.ambiguous:g}): "
            f"{region}."
        )
    between = limits.hard < correctness < limits.easy
    if variability < limits.ambiguous:
        extent = f"is{swing} ({spread})" if swing else f"has {spread}"
        return (
            f"{right} ({share}, between {limits.hard:g} and {limits.easy:g}); the probability of "
            f"its gold label {extent}: ambiguous."
        )
    return (
        f"{right} ({share}){';' if between else ', yet'} the probability of its gold label swings"
        f"{swing} ({spread}, at least {limits.ambiguous:g}): ambiguous."
    )


def _right(count: int, epochs: int) -> str:
    if epochs > 1 and count in (0, epochs):
        return f"Right in {'all' if count else 'none of'} {epochs} epochs"
    return f"Right in {count} of {count_noun(epochs, 'epoch')}"


def explain_picks(
    strategy: str, scores: Sequence[float] | NDArray[np.float64], *, classes: int, query_size: int
) -> list[str]:
    """Explain why a strategy wanted each text of one whole batch.

    Parameters
    ----------
    strategy : str
    scores : sequence of float, length k
        The strategy's scores, the most wanted first.
    classes : int
        Number of classes.
    query_size : int
        Number of texts that were asked for.

    Returns
    -------
    list of str, length k
        A sentence per text; it says what the score says and no more.

    Raises
    ------
    CartographyError
        The strategy is unknown.
    """
    get_strategy(strategy)
    # CAL gets the odd text of the two halves; see `strategies.cal_dal`.
    of_cal = query_size - query_size // 2
    explanations = []
    for position, score in enumerate(map(float, scores)):
        source = strategy
        if strategy == "cal-dal":
            source = "cal" if position < of_cal else "dal"
        # CAL's score is never above 0; where no threshold splits the map it draws from [0, 1).
        if source == "cal" and score > 0:
            source = "random"
        explanations.append(
            _PICKS[source].format(
                score=_rounded(score),
                minus=_rounded(-score),
                rest=_rounded(1 - score),
                bits=f"of at most {np.log2(classes):.2f} bits",
            )
        )
    return explanations


_PICKS = {
    "random": "It was drawn at random.",
    "lc": "Its most probable class has {rest}.",
    "entropy": "The entropy of its predicted classes is {score} {bits}.",
    "margin": "Its two most probable classes are {minus} apart.",
    "bald": "With dropout on, the entropy of its mean prediction is {score} {bits}.",
    "bald-mi": (
        "With dropout on, its predictions disagree by {score} bits (mutual information of label "
        "and model)."
    ),
    "dal": "P(unlabelled) is {score} by the discriminator of labelled and unlabelled texts.",
    "cal": "P(high-cor) is {minus} from the boundary 0.5.",
}
"""What each strategy's score says: itself, `minus` it, or the `rest` of it to 1."""


def _rounded(value: float) -> str:
    """Two decimals; a small value is not rounded to 0, nor a large probability to 1."""
    text = f"{value:.2f}"
    if float(text) == 0:
        return "less than 0.01" if value > 0 else "0.00"
    return "more than 0.99" if text == "1.00" and value < 1 else text
