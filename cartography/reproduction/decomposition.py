"""The two presets taken apart: what each switch does by itself, starting from either."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from cartography.evaluation.verdict import Verdict
from cartography.models.presets import PRESETS
from cartography.reproduction.estimates import (
    Estimate,
    at,
    by_seed,
    estimate,
    last,
    on_all_texts,
    over_iterations,
    paired,
)
from cartography.reproduction.plan import decomposition
from cartography.reproduction.results import Results, missing_from
from cartography.reproduction.tables import compared_runs, verdicts_on_random

Measure = Callable[[Results, str], pd.Series]

MEASURES: Mapping[str, Measure] = {
    "all texts": on_all_texts,
    "seed set": lambda results, method: at(by_seed(results, method, "cal"), 0),
    "CAL, mean": lambda results, method: over_iterations(results, method, "cal"),
    "CAL, last": lambda results, method: last(results, method, "cal"),
    "Random, mean": lambda results, method: over_iterations(results, method, "random"),
    "Random, last": lambda results, method: last(results, method, "random"),
    "CAL less Random, mean": lambda results, method: paired(
        over_iterations(results, method, "cal"), over_iterations(results, method, "random")
    ),
    "CAL less all texts, last": lambda results, method: paired(
        last(results, method, "cal"), on_all_texts(results, method)
    ),
    "Random less all texts, last": lambda results, method: paired(
        last(results, method, "random"), on_all_texts(results, method)
    ),
}
"""What is measured of a method, in accuracy of each seed.

The seed set's is that of iteration 0, before any pick; a mean is over all iterations from 0 on.
"""

DIFFERENCES = tuple(name for name in MEASURES if " less " in name)
"""Those of `MEASURES` that are differences themselves."""


@dataclass(frozen=True, eq=False)
class DecompositionPart:
    """A preset, or a preset with one switch of the other's.

    `setting` is the switch and its value as in "padding=on", empty for the preset itself. `levels`
    has the name of each of `MEASURES`, and `moves` how far the setting moves it from its `base`,
    seed by seed, which `effects` are the estimates of; empty and of no seed where it was not run.
    `verdict` is CAL's against Random, by these two alone; None where they were not run.
    """

    base: str
    setting: str
    levels: Mapping[str, Estimate]
    moves: Mapping[str, pd.Series]
    verdict: Verdict | None

    @cached_property
    def effects(self) -> dict[str, Estimate]:
        """The estimates of `moves`."""
        return {name: estimate(each) for name, each in self.moves.items()}

    @property
    def name(self) -> str:
        """The name of the method."""
        return f"{self.base}, {self.setting}" if self.setting else self.base

    @property
    def switch(self) -> str:
        """The name of the switch, empty for the preset itself."""
        return self.setting.partition("=")[0]


@dataclass(frozen=True, eq=False)
class Decomposition:
    """The presets taken apart, as far as was run.

    `missing` names the methods of the decomposition that were not, or not with all seeds; `apart`
    has for each of `MEASURES` the released preset's figure less the paper preset's, seed by seed,
    which `gaps` are the estimates of.
    """

    parts: tuple[DecompositionPart, ...]
    missing: tuple[str, ...]
    apart: Mapping[str, pd.Series]

    @cached_property
    def gaps(self) -> dict[str, Estimate]:
        """The estimates of `apart`."""
        return {name: estimate(each) for name, each in self.apart.items()}

    def preset(self, name: str) -> DecompositionPart | None:
        """The part that is the preset `name`, None where it was not run."""
        return next((part for part in self.parts if part.base == name and not part.setting), None)

    def switched(self, base: str) -> tuple[DecompositionPart, ...]:
        """The parts that change one switch of the preset `base`."""
        return tuple(part for part in self.parts if part.base == base and part.setting)


def decompose(results: Results) -> Decomposition:
    """Every preset of `results` and every preset with a switch changed, presets first."""
    expected = decomposition()
    there = set(results.methods)
    names = [name for name in [*PRESETS, *(each.name for each in expected)] if name in there]
    seeds, iterations = results.corpus["seeds"], results.corpus["iterations"]
    missing = [each.name for each in expected if missing_from(results, each, seeds, iterations)]
    paper, released = PRESETS
    results = _with_random(results)
    return Decomposition(
        parts=tuple(_part(results, name) for name in names),
        missing=tuple(missing),
        apart={
            name: paired(measure(results, released), measure(results, paper))
            for name, measure in MEASURES.items()
        },
    )


def _with_random(results: Results) -> Results:
    """`results` with each preset's runs of Random also under the switches that Random does not
    read.
    """
    table = results.accuracy
    random = table[table["strategy"] == "random"]
    lent = [
        random[random["method"] == method.preset.name].assign(method=method.name)
        for method in decomposition()
        if "random" not in method.strategies
    ]
    return replace(results, accuracy=pd.concat([table, *lent], ignore_index=True))


def _part(results: Results, method: str) -> DecompositionPart:
    base, _, setting = method.partition(", ")
    values = {name: measure(results, method) for name, measure in MEASURES.items()}
    moves = (
        {name: paired(values[name], measure(results, base)) for name, measure in MEASURES.items()}
        if setting
        else {}
    )
    found = verdicts_on_random(compared_runs(results, method, ("random", "cal")))
    return DecompositionPart(
        base=base,
        setting=setting,
        levels={name: estimate(series) for name, series in values.items()},
        moves=moves,
        verdict=found.each[0] if found else None,
    )
