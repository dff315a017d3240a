"""How a run was made, told by its manifest."""

import json
from dataclasses import replace

import pytest

from cartography.errors import CartographyError
from cartography.models.presets import PAPER, RELEASED, Preset
from ui.jobs.methods import AS_PAPER, Method, alternatives, departures, reading


def recorded(preset: Preset) -> dict[str, object]:
    """The preset as a manifest holds it."""
    plain: dict[str, object] = json.loads(json.dumps(preset.for_corpus(5_000).as_dict()))
    return plain


def switched(preset: Preset, *settings: str) -> Preset:
    return preset.with_switches(preset.switches.with_settings(settings))


def test_a_manifest_tells_the_preset_and_what_was_changed_from_it() -> None:
    assert Method.of(recorded(PAPER)) == AS_PAPER
    assert Method.of(recorded(switched(PAPER, "padding=on"))).name == "paper, padding=on"
    changed = Method.of(recorded(switched(RELEASED, "tokens=words", "weight_reset=on")))
    assert changed.name == "released, weight_reset=on, tokens=words"
    assert changed.suffix == f", {changed.name}"
    assert Method.of({"t_cor": 0.2}) == AS_PAPER, "from before there were switches"


def test_the_order_of_settings_and_those_that_change_nothing_make_no_other_method() -> None:
    one = Method.asked("released", ["padding=off", "shuffle=on"])
    assert one == Method.asked("released", ["shuffle=on", "log_bald=on", "padding=off"])
    with pytest.raises(CartographyError, match="there is no switch 'dropout'"):
        Method.asked("paper", ["dropout=off"])


def test_the_paper_s_stands_first_and_presets_before_what_is_changed() -> None:
    found = [Method("released"), Method("paper", ("padding=on",)), AS_PAPER]

    assert [each.name for each in sorted(found, key=lambda each: each.place)] == [
        "paper",
        "released",
        "paper, padding=on",
    ]


def test_weights_are_fresh_as_the_switch_says() -> None:
    assert AS_PAPER.fresh_weights
    assert not Method("released").fresh_weights
    assert Method("released", ("weight_reset=on",)).fresh_weights


def test_what_can_be_changed_is_what_the_preset_does_not_have() -> None:
    assert "dropout_at_test=on" in alternatives("paper")
    assert "dropout_at_test=off" in alternatives("released")
    assert len(alternatives("paper")) == len(alternatives("released"))


def test_all_that_follows_from_switches_is_no_departure() -> None:
    for preset in (PAPER, RELEASED, switched(PAPER, "hidden_layers=2", "linear_discriminator=on")):
        assert departures(recorded(preset)) == {}
    assert departures(recorded(PAPER.with_classifier(epochs=7, batch_size=3))) == {}
    other = replace(RELEASED.with_classifier(dropout=0.5, hidden=(40,)), mc_passes=3)
    assert departures(recorded(other)) == {
        "mc_passes": 3,
        "classifier dropout": 0.5,
        "classifier hidden": [40],
    }


def test_features_differ_by_tokens_and_padding_alone() -> None:
    plain = reading(recorded(PAPER))
    assert reading(recorded(switched(PAPER, "shuffle=off"))) == plain
    assert reading(recorded(replace(PAPER, padded_to=50))) == plain
    padded = {
        reading(recorded(replace(switched(PAPER, "padding=on"), padded_to=n))) for n in (42, 50)
    }
    assert len({plain, reading(recorded(switched(PAPER, "tokens=white_space"))), *padded}) == 4
