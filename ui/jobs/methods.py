"""The method of a run: its preset and the switches changed from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from cartography.models.presets import PAPER, PRESETS, STANDARD
from cartography.models.switches import Switches, describe_switches, switch_values

# Fields of a preset that are no part of the method: they are named separately, or, for the length
# that texts are padded to, follow from the corpus.
_SIZES = ("name", "switches", "t_cor", "seed_size", "query_size", "iterations", "padded_to")
_RECIPES = {"classifier": ("epochs", "batch_size"), "discriminator": ("batch_size",)}


@dataclass(frozen=True)
class Method:
    """A preset and the switches changed from it.

    Attributes
    ----------
    preset : str
        Name of the preset.
    changed : tuple of str
        The changed switches as name=value, in the order of `Switches`.
    """

    preset: str = STANDARD.name
    changed: tuple[str, ...] = ()

    @classmethod
    def from_options(cls, preset: str, settings: Sequence[str]) -> Method:
        """Return the method of these command-line options.

        Parameters
        ----------
        preset : str
        settings : sequence of str
            Switches as name=value, in any order.

        Raises
        ------
        CartographyError
            A switch or its value is unknown.
        """
        return cls._with(preset, PRESETS[preset].switches.with_settings(settings))

    @classmethod
    def of(cls, preset: Mapping[str, Any]) -> Method:
        """Return the method of a run from the preset in its manifest."""
        return cls._with(preset.get("name", PAPER.name), _switches(preset))

    @classmethod
    def _with(cls, preset: str, switches: Switches) -> Method:
        defaults = PRESETS.get(preset, PAPER).switches.settings()
        changed = [
            f"{name}={value}"
            for name, value in switches.settings().items()
            if value != defaults[name]
        ]
        return cls(preset, tuple(changed))

    @property
    def name(self) -> str:
        """Name for a page, such as "released, dropout_at_test=off"."""
        return ", ".join((self.preset, *self.changed))

    @property
    def suffix(self) -> str:
        """Suffix for the name of a run, such as ", released"; empty for the usual method."""
        preset = () if self.preset == STANDARD.name else (self.preset,)
        return "".join(f", {part}" for part in (*preset, *self.changed))

    @property
    def fresh_weights(self) -> bool:
        """Whether each training starts from new weights."""
        switches = PRESETS.get(self.preset, STANDARD).switches
        return switches.with_settings(self.changed).weight_reset

    @property
    def sort_key(self) -> tuple[bool, bool, str]:
        """Sorts the usual method first, then other presets, then changed ones."""
        return bool(self.changed), self.preset != STANDARD.name, self.name


USUAL = Method()
"""The method of runs for which none is named."""


def alternatives(preset: str) -> list[str]:
    """Return every setting that differs from `preset`, as name=value."""
    return [
        f"{name}={value}"
        for name, default in PRESETS[preset].switches.settings().items()
        for value in switch_values(name)
        if value != default
    ]


def reason(setting: str) -> str:
    """Return the description of the switch in `setting`, a name=value pair."""
    return describe_switches()[setting.partition("=")[0]]


def feature_settings(preset: Mapping[str, Any]) -> str:
    """Return the settings of a manifest's preset that decide the features of the texts.

    Two runs on the same corpus and word vectors have the same features if this string is equal.
    """
    switches = _switches(preset)
    padding = preset["padded_to"] if switches.padding else ""
    return f"{switches.tokens} {padding} {preset.get('scaled_features', False)}"


def departures(preset: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a manifest's preset that do not follow from its switches.

    Parameters
    ----------
    preset : mapping
        The preset as in a manifest.

    Returns
    -------
    dict of str to Any
        Without the values that are named separately: sizes, epochs and t_cor.
    """
    implied = _implied(preset.get("name", PAPER.name), _switches(preset))
    values = {
        name: value
        for name, value in preset.items()
        if name not in (*_SIZES, *_RECIPES) and value != implied.get(name)
    }
    for recipe, separate in _RECIPES.items():
        values |= {
            f"{recipe} {name}": value
            for name, value in preset[recipe].items()
            if name not in separate and value != implied[recipe].get(name)
        }
    return values


def _switches(preset: Mapping[str, Any]) -> Switches:
    # Manifests of earlier versions lack some switches, or all.
    values = preset.get("switches", {})
    names = [field.name for field in fields(Switches)]
    return Switches(**{name: values[name] for name in names if name in values})


@cache
def _implied(name: str, switches: Switches) -> dict[str, Any]:
    """The preset of this name with these switches, as in a manifest."""
    named = PRESETS.get(name, PAPER).with_switches(switches)
    preset: dict[str, Any] = json.loads(json.dumps(named.as_dict()))
    return preset
