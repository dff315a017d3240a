"""Invented results of a reproduction, for its tests."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from cartography.reproduction.claims import ClaimFinding, claims
from cartography.reproduction.estimates import Estimate
from cartography.reproduction.plan import decomposition
from cartography.reproduction.results import (
    ACCURACY_COLUMNS,
    FULL_COLUMNS,
    MAPS_COLUMNS,
    PICKS_COLUMNS,
    Results,
)

Runs = Mapping[tuple[str, str, float | None], Mapping[int, Sequence[float]]]
"""Accuracies by iteration of each seed, by method, strategy and t_cor."""

T_OVER_SQRT_3 = 4.302653 / 3**0.5
"""Student's t at 97.5 % with two degrees of freedom, divided by the square root of three seeds."""

CORPUS: dict[str, Any] = {
    "dataset": "trec",
    "train": 110,
    "test": 50,
    "classes": ["a", "b"],
    "vectors": "vectors of a test",
    "notes": ["They are made up."],
    "machines": ["2 cores of 2"],
    "seeds": [1, 2, 3],
    "iterations": 2,
    "seed_size": 10,
    "query_size": 2,
    "commands": ["cartography reproduce some.csv"],
}
RANDOM = {1: (0.50, 0.60, 0.70), 2: (0.52, 0.62, 0.72), 3: (0.54, 0.64, 0.74)}
FULL = {1: 0.80, 2: 0.82, 3: 0.84}
NOISE = {1: 0.01, 2: -0.01, 3: 0.0}


def shift(runs: Mapping[int, Sequence[float]], *steps: float) -> dict[int, list[float]]:
    """`runs` with each seed's accuracies shifted by one of `steps`, from iteration 1 on."""
    return {
        seed: [first, *(round(accuracy + step, 6) for accuracy in later)]
        for (seed, (first, *later)), step in zip(runs.items(), steps, strict=True)
    }


def make_results(
    runs: Runs,
    full: Mapping[str, Mapping[int, float]] | None = None,
    picks: Mapping[tuple[str, str], Mapping[int, str]] | None = None,
    map_points: Sequence[tuple[float, float, float]] = (),
    moved_runs: Collection[tuple[str, int]] = (),
    **corpus: object,
) -> Results:
    """Results of invented runs.

    Parameters
    ----------
    runs : Runs
        Accuracies.
    full : mapping, optional
        Accuracies after training on all texts, by method and seed.
    picks : mapping, optional
        Batches by method and strategy, then by seed: a letter is a text, as in "ab cd".
    map_points : sequence of tuples
        Confidence, variability and correctness of the texts on the map of the seed set under
        preset paper.
    moved_runs : collection of tuples
        Strategies and seeds whose t_cor was moved in every query.
    **corpus
        Entries that replace those of `CORPUS`.
    """
    corpus = {**CORPUS, **corpus}
    rows = [
        {
            "method": method,
            "strategy": strategy,
            "t_cor": t_cor,
            "seed": seed,
            "iteration": number,
            "labelled": 10 + 2 * number,
            "accuracy": accuracy,
            "discriminator_accuracy": 0.5 + 0.1 * number if strategy == "cal" and number else None,
            "confidence": 0.1 * number if number else None,
            "train_seconds": 2.0,
            "select_seconds": float(number) if number else None,
            "fallback": "it was moved" if number and (strategy, seed) in moved_runs else None,
        }
        for (method, strategy, t_cor), seeds in runs.items()
        for seed, accuracies in seeds.items()
        for number, accuracy in enumerate(accuracies)
    ]
    full_rows = [
        (method, seed, 30, accuracy, accuracy, 0.5, 0.3, 0.2)
        for method, seeds in (full or {}).items()
        for seed, accuracy in seeds.items()
    ]
    pick_rows = [
        (method, strategy, seed, number, " ".join(batch))
        for (method, strategy), seeds in (picks or {}).items()
        for seed, batches in seeds.items()
        for number, batch in enumerate(batches.split(), start=1)
    ]
    return Results(
        corpus,
        pd.DataFrame(rows, columns=list(ACCURACY_COLUMNS)).astype({"t_cor": float}),
        pd.DataFrame(full_rows, columns=list(FULL_COLUMNS)),
        pd.DataFrame(pick_rows, columns=list(PICKS_COLUMNS)),
        pd.DataFrame(
            [("paper", "seed", *point) for point in map_points],
            columns=list(MAPS_COLUMNS),
        ),
        folder=f"docs/reproduction/{corpus['dataset']}",
    )


def random_and_cal(step: float = 0.1) -> Runs:
    """Random and CAL under preset paper, with CAL ahead by about `step`."""
    cal = shift(RANDOM, step, step + 0.01, step - 0.01)
    return {("paper", "random", None): RANDOM, ("paper", "cal", 0.2): cal}


def bounds(value: Estimate) -> list[float]:
    """Mean, low and high."""
    return [value.mean, value.low, value.high]


def full_accuracies(**effects: Mapping[int, float] | float) -> dict[str, dict[int, float]]:
    """Accuracies after training on all texts: `FULL` under preset paper, 0.2 less under released.

    `effects` are named paper_SWITCH or released_SWITCH and add a method with that switch changed.
    """
    methods = {
        (name.partition(", ")[0], name.partition(", ")[2].partition("=")[0]): name
        for name in (method.name for method in decomposition())
    }
    bases = {"paper": FULL, "released": {seed: value - 0.2 for seed, value in FULL.items()}}
    full = {name: dict(values) for name, values in bases.items()}
    for key, effect in effects.items():
        base, _, switch = key.partition("_")
        full[methods[base, switch]] = {
            seed: value + (effect if isinstance(effect, float) else effect[seed])
            for seed, value in bases[base].items()
        }
    return full


def finding(results: Results, text: str) -> ClaimFinding:
    """The finding under preset paper on the one claim that contains `text`."""
    (claim,) = [claim for claim in claims(results, "paper") if text in claim.text]
    return claim.finding
