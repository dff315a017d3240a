"""How a run was made: its preset, and the switches that were changed from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from cartography.models.presets import PAPER, PRESETS
from cartography.models.switches import Switches, describe_switches, switch_values

# Of a preset's fields, what has a name of its own beside the method. The length that texts are
# padded to is the corpus's, and changes the features.
_SIZES = ("name", "switches", "t_cor", "seed_size", "query_size", "iterations", "padded_to")
_RECIPES = {"classifier": ("epochs", "batch_size"), "discriminator": ("batch_size",)}


@dataclass(frozen=True)
class Method:
    """A preset by name, and what is `changed` from it: name=value of switches, in their order."""

    preset: str = PAPER.name
    changed: tuple[str, ...] = ()

    @classmethod
    def asked(cls, preset: str, settings: Sequence[str]) -> Method:
        """The method of these options of the command line, however they are ordered. Raises
        CartographyError for an unknown switch or value.
        """
        return cls._with(preset, PRESETS[preset].switches.with_settings(settings))

    @classmethod
    def of(cls, preset: Mapping[str, Any]) -> Method:
        """The method of a run, by the preset in its manifest."""
        return cls._with(preset.get("name", PAPER.name), _switches(preset))

    @classmethod
    def _with(cls, preset: str, switches: Switches) -> Method:
        usual = PRESETS.get(preset, PAPER).switches.settings()
        own = switches.settings()
        return cls(preset, tuple(f"{name}={own[name]}" for name in own if own[name] != usual[name]))

    @property
    def name(self) -> str:
        """What to call it: "released, dropout_at_test=off"."""
        return ", ".join((self.preset, *self.changed))

    @property
    def suffix(self) -> str:
        """What follows the name of something that was made so: nothing where all is as the paper
        has it.
        """
        named = () if self.preset == PAPER.name else (self.preset,)
        return "".join(f", {each}" for each in (*named, *self.changed))

    @property
    def fresh_weights(self) -> bool:
        """Whether every training starts from fresh weights."""
        switches = PRESETS.get(self.preset, PAPER).switches
        return switches.with_settings(self.changed).weight_reset

    @property
    def place(self) -> tuple[bool, bool, str]:
        """Where it stands among others: presets before what is changed, the paper's first."""
        return bool(self.changed), self.preset != PAPER.name, self.name


AS_PAPER = Method()
"""All as the paper states it."""


def alternatives(preset: str) -> list[str]:
    """Every switch as it is not in `preset`, each as name=value."""
    usual = PRESETS[preset].switches.settings()
    return [
        f"{name}={value}" for name in usual for value in switch_values(name) if value != usual[name]
    ]


def reason(setting: str) -> str:
    """What the switch of `setting`, name=value, is."""
    return describe_switches()[setting.partition("=")[0]]


def reading(preset: Mapping[str, Any]) -> str:
    """How the method of a manifest's `preset` makes features of texts, as a text: with all else
    equal, equal ones have equal features.
    """
    switches = _switches(preset)
    return f"{switches.tokens} {preset['padded_to'] if switches.padding else ''}"


def departures(preset: Mapping[str, Any]) -> dict[str, Any]:
    """What in a manifest's `preset` does not follow from its switches, without what has a name
    beside the method: sizes, epochs, t_cor.
    """
    usual = _implied(_switches(preset))
    found = {
        name: value
        for name, value in preset.items()
        if name not in (*_SIZES, *_RECIPES) and value != usual.get(name)
    }
    for recipe, named in _RECIPES.items():
        found |= {
            f"{recipe} {name}": value
            for name, value in preset[recipe].items()
            if name not in named and value != usual[recipe].get(name)
        }
    return found


def _switches(preset: Mapping[str, Any]) -> Switches:
    known = [each.name for each in fields(Switches)]
    given = preset.get("switches", {})
    return Switches(**{name: given[name] for name in known if name in given})


@cache
def _implied(switches: Switches) -> dict[str, Any]:
    """What follows from switches, as a manifest holds it."""
    plain: dict[str, Any] = json.loads(json.dumps(PAPER.with_switches(switches).as_dict()))
    return plain
