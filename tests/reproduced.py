"""Made-up results of a reproduction, for its tests."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from cartography.reproduction.claims import Claim, claims
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


# Student's t at 97.5 % with two degrees of freedom, by the square root of three seeds.
T3 = 4.302653 / 3**0.5


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


def moved(runs: Mapping[int, Sequence[float]], *by: float) -> dict[int, list[float]]:
    """`runs` with each seed's accuracies moved by one of `by`, from iteration 1 on."""
    return {
        seed: [accuracy[0], *(round(each + step, 6) for each in accuracy[1:])]
        for (seed, accuracy), step in zip(runs.items(), by, strict=True)
    }


def made(
    runs: Runs,
    full: Mapping[str, Mapping[int, float]] | None = None,
    picks: Mapping[tuple[str, str], Mapping[int, str]] | None = None,
    places: Sequence[tuple[float, float, float]] = (),
    moved_of: Collection[tuple[str, int]] = (),
    **corpus: object,
) -> Results:
    """Results; `picks` names a text by each letter, as in "ab cd", and `places` are on the map of
    the seed set under preset paper: confidence, variability and correctness. t_cor was moved in the
    runs of `moved_of`, strategies and seeds.
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
            "accuracy": value,
            "discriminator_accuracy": 0.5 + 0.1 * number if strategy == "cal" and number else None,
            "confidence": 0.1 * number if number else None,
            "train_seconds": 2.0,
            "select_seconds": float(number) if number else None,
            "fallback": "it was moved" if number and (strategy, seed) in moved_of else None,
        }
        for (method, strategy, t_cor), seeds in runs.items()
        for seed, values in seeds.items()
        for number, value in enumerate(values)
    ]
    whole = [
        (method, seed, 30, value, value, 0.5, 0.3, 0.2)
        for method, seeds in (full or {}).items()
        for seed, value in seeds.items()
    ]
    picked = [
        (method, strategy, seed, number, " ".join(batch))
        for (method, strategy), seeds in (picks or {}).items()
        for seed, batches in seeds.items()
        for number, batch in enumerate(batches.split(), start=1)
    ]
    return Results(
        corpus,
        pd.DataFrame(rows, columns=list(ACCURACY_COLUMNS)).astype({"t_cor": float}),
        pd.DataFrame(whole, columns=list(FULL_COLUMNS)),
        pd.DataFrame(picked, columns=list(PICKS_COLUMNS)),
        pd.DataFrame(
            [("paper", "seed", *place) for place in places],
            columns=list(MAPS_COLUMNS),
        ),
        folder=f"docs/reproduction/{corpus['dataset']}",
    )


def both(step: float = 0.1) -> Runs:
    """Random and CAL under preset paper, CAL ahead by about `step`."""
    cal = moved(RANDOM, step, step + 0.01, step - 0.01)
    return {("paper", "random", None): RANDOM, ("paper", "cal", 0.2): cal}


def ends(value: Estimate) -> list[float]:
    return [value.mean, value.low, value.high]


def switched(**effects: Mapping[int, float] | float) -> dict[str, dict[int, float]]:
    """Full-data accuracies: 0.8 or so under preset paper, moved by the effects named
    paper_SWITCH or released_SWITCH, 0.2 lower under released.
    """
    settings = {
        (name.partition(", ")[0], name.partition(", ")[2].partition("=")[0]): name
        for name in (method.name for method in decomposition())
    }
    bases = {"paper": FULL, "released": {seed: value - 0.2 for seed, value in FULL.items()}}
    full = {name: dict(values) for name, values in bases.items()}
    for key, by in effects.items():
        base, _, switch = key.partition("_")
        full[settings[base, switch]] = {
            seed: value + (by if isinstance(by, float) else by[seed])
            for seed, value in bases[base].items()
        }
    return full


NOISE = {1: 0.01, 2: -0.01, 3: 0.0}


def finding(results: Results, text: str) -> Any:
    """What the results say under preset paper to the one claim with this text."""
    found: list[Claim] = [each for each in claims(results, "paper") if text in each.text]
    assert len(found) == 1
    return found[0].finding
