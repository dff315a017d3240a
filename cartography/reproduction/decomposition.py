"""The effect of each switch by itself, starting from either preset."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import pandas as pd

from cartography.evaluation.verdict import Verdict
from cartography.models.presets import PAPER_PRESETS
from cartography.reproduction import plan
from cartography.reproduction.estimates import (
    Estimate,
    at_iteration,
    estimate,
    final_accuracy,
    full_training,
    mean_accuracy,
    paired_difference,
    values_by_seed,
)
from cartography.reproduction.results import Results, missing_from
from cartography.reproduction.tables import select_curves, verdicts_against_random

Measure = Callable[[Results, str], pd.Series]


def _final_minus_full(results: Results, method: str, strategy: str) -> pd.Series:
    return paired_difference(
        final_accuracy(results, method, strategy), full_training(results, method)
    )


MEASURES: Mapping[str, Measure] = {
    "all texts": full_training,
    "seed set": lambda results, method: at_iteration(values_by_seed(results, method, "cal"), 0),
    "CAL, mean": partial(mean_accuracy, strategy="cal"),
    "CAL, last": partial(final_accuracy, strategy="cal"),
    "Random, mean": partial(mean_accuracy, strategy="random"),
    "Random, last": partial(final_accuracy, strategy="random"),
    "CAL less Random, mean": lambda results, method: paired_difference(
        mean_accuracy(results, method, "cal"), mean_accuracy(results, method, "random")
    ),
    "CAL less all texts, last": partial(_final_minus_full, strategy="cal"),
    "Random less all texts, last": partial(_final_minus_full, strategy="random"),
}
"""Measures of a method: accuracy, or a difference of accuracies, per seed.

"seed set" is iteration 0, before any pick; "mean" is over all iterations including iteration 0;
"last" is after the last batch.
"""

DIFFERENCES = tuple(name for name in MEASURES if " less " in name)
"""The entries of `MEASURES` that are differences."""


@dataclass(frozen=True, eq=False)
class DecompositionPart:
    """A preset, or a preset with one switch set to the other preset's value.

    Attributes
    ----------
    base : str
        Name of the preset.
    setting : str
        The switch and its value, as in "padding=on"; "" for the preset itself.
    levels : mapping of str to Estimate
        Estimate of each of `MEASURES`, without seeds where it was not run.
    effects_by_seed : mapping of str to Series
        Change of each of `MEASURES` from the preset, per seed; empty for the preset itself.
    verdict : Verdict or None
        CAL against Random, with only these two compared; None if they were not run.
    """

    base: str
    setting: str
    levels: Mapping[str, Estimate]
    effects_by_seed: Mapping[str, pd.Series]
    verdict: Verdict | None

    @cached_property
    def effects(self) -> dict[str, Estimate]:
        """Estimates of `effects_by_seed`."""
        return {name: estimate(values) for name, values in self.effects_by_seed.items()}

    @property
    def name(self) -> str:
        """Name of the method."""
        return f"{self.base}, {self.setting}" if self.setting else self.base

    @property
    def switch(self) -> str:
        """Name of the switch; "" for the preset itself."""
        return self.setting.partition("=")[0]


@dataclass(frozen=True, eq=False)
class Decomposition:
    """The differences between the presets, split by switch.

    Attributes
    ----------
    parts : tuple of DecompositionPart
        The presets, then the presets with one switch changed, as far as they were run.
    missing : tuple of str
        Names of the methods that were not run, or not with all seeds.
    gaps_by_seed : mapping of str to Series
        Preset released minus preset paper for each of `MEASURES`, per seed.
    """

    parts: tuple[DecompositionPart, ...]
    missing: tuple[str, ...]
    gaps_by_seed: Mapping[str, pd.Series]

    @cached_property
    def gaps(self) -> dict[str, Estimate]:
        """Estimates of `gaps_by_seed`."""
        return {name: estimate(values) for name, values in self.gaps_by_seed.items()}

    def preset(self, name: str) -> DecompositionPart | None:
        """Return the part of a preset itself, or None if it was not run."""
        return next((part for part in self.parts if part.base == name and not part.setting), None)

    def switch_parts(self, base: str) -> tuple[DecompositionPart, ...]:
        """Return the parts that change one switch of the preset `base`."""
        return tuple(part for part in self.parts if part.base == base and part.setting)


def decompose(results: Results) -> Decomposition:
    """Split the differences between the presets by switch.

    Parameters
    ----------
    results : Results
        Raw results of one data set.

    Returns
    -------
    Decomposition
    """
    methods = plan.decomposition()
    names = [
        name for name in [*PAPER_PRESETS, *(m.name for m in methods)] if name in results.methods
    ]
    seeds, iterations = results.corpus["seeds"], results.corpus["iterations"]
    missing = [m.name for m in methods if missing_from(results, m, seeds, iterations)]
    paper, released = PAPER_PRESETS
    results = _copy_random_runs(results)
    return Decomposition(
        parts=tuple(_part(results, name) for name in names),
        missing=tuple(missing),
        gaps_by_seed={
            name: paired_difference(measure(results, released), measure(results, paper))
            for name, measure in MEASURES.items()
        },
    )


def _copy_random_runs(results: Results) -> Results:
    """Copy each preset's runs of Random to the switches that Random does not use."""
    table = results.accuracy
    random = table[table["strategy"] == "random"]
    copies = [
        random[random["method"] == method.preset.name].assign(method=method.name)
        for method in plan.decomposition()
        if "random" not in method.strategies
    ]
    return replace(results, accuracy=pd.concat([table, *copies], ignore_index=True))


def _part(results: Results, method: str) -> DecompositionPart:
    base, _, setting = method.partition(", ")
    values = {name: measure(results, method) for name, measure in MEASURES.items()}
    effects = (
        {
            name: paired_difference(values[name], measure(results, base))
            for name, measure in MEASURES.items()
        }
        if setting
        else {}
    )
    verdicts = verdicts_against_random(select_curves(results, method, ("random", "cal")))
    return DecompositionPart(
        base=base,
        setting=setting,
        levels={name: estimate(series) for name, series in values.items()},
        effects_by_seed=effects,
        verdict=verdicts.each[0] if verdicts else None,
    )
