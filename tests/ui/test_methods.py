"""The method of a run, read from its manifest."""

import json
from dataclasses import replace

import pytest

from cartography.errors import CartographyError
from cartography.models.presets import PAPER, RELEASED, STANDARD, Preset
from ui.jobs.methods import USUAL, Method, alternatives, departures, feature_settings


def recorded(preset: Preset) -> dict[str, object]:
    """The preset as in a manifest."""
    values: dict[str, object] = json.loads(json.dumps(preset.for_corpus(5_000).as_dict()))
    return values


def switched(preset: Preset, *settings: str) -> Preset:
    return preset.with_switches(preset.switches.with_settings(settings))


def test_a_manifest_gives_the_preset_and_the_changed_switches() -> None:
    assert Method.of(recorded(PAPER)) == Method("paper")
    assert Method.of(recorded(STANDARD)) == USUAL
    assert Method.of(recorded(switched(PAPER, "padding=on"))).name == "paper, padding=on"
    changed = Method.of(recorded(switched(RELEASED, "tokens=words", "weight_reset=on")))
    assert changed.name == "released, weight_reset=on, tokens=words"
    assert changed.suffix == f", {changed.name}"
    assert Method.of({"t_cor": 0.2}) == Method("paper"), "from a version without switches"


def test_order_and_default_settings_do_not_change_the_method() -> None:
    method = Method.from_options("released", ["padding=off", "shuffle=on"])
    assert method == Method.from_options("released", ["shuffle=on", "log_bald=on", "padding=off"])
    with pytest.raises(CartographyError, match="there is no switch 'dropout'"):
        Method.from_options("paper", ["dropout=off"])


def test_methods_sort_the_usual_one_first_and_changed_ones_last() -> None:
    methods = [Method("released"), Method("paper", ("padding=on",)), USUAL]

    assert [method.name for method in sorted(methods, key=lambda method: method.sort_key)] == [
        "standard",
        "released",
        "paper, padding=on",
    ]


def test_fresh_weights_follow_the_switch() -> None:
    assert USUAL.fresh_weights
    assert not Method("released").fresh_weights
    assert Method("released", ("weight_reset=on",)).fresh_weights


def test_alternatives_are_the_settings_that_differ_from_the_preset() -> None:
    assert "dropout_at_test=on" in alternatives("paper")
    assert "dropout_at_test=off" in alternatives("released")
    assert len(alternatives("paper")) == len(alternatives("released"))


def test_what_follows_from_switches_is_no_departure() -> None:
    for preset in (PAPER, RELEASED, switched(PAPER, "hidden_layers=2", "linear_discriminator=on")):
        assert departures(recorded(preset)) == {}
    assert departures(recorded(PAPER.with_classifier(epochs=7, batch_size=3))) == {}
    departing = replace(RELEASED.with_classifier(dropout=0.5, hidden=(40,)), mc_passes=3)
    assert departures(recorded(departing)) == {
        "mc_passes": 3,
        "classifier dropout": 0.5,
        "classifier hidden": [40],
    }


def test_features_depend_on_tokens_and_padding_only() -> None:
    plain = feature_settings(recorded(PAPER))
    assert feature_settings(recorded(switched(PAPER, "shuffle=off"))) == plain
    assert feature_settings(recorded(replace(PAPER, padded_to=50))) == plain
    padded = {
        feature_settings(recorded(replace(switched(PAPER, "padding=on"), padded_to=n)))
        for n in (42, 50)
    }
    assert (
        len({plain, feature_settings(recorded(switched(PAPER, "tokens=white_space"))), *padded})
        == 4
    )
