from dataclasses import fields, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from clouds import CLASSES, CORPUS, FEATURES, TEST, TEST_FEATURES, picks
from clouds import PRESET as SMALL
from sklearn.model_selection import train_test_split

from cartography.active.learner import ActiveLearner
from cartography.active.simulation import Iteration, Trial, seed_set, simulate
from cartography.models.metrics import evaluate
from cartography.errors import CartographyError
from cartography.models.presets import PAPER, RELEASED
from cartography.models.switches import Switches, describe_switches, switch_values
from cartography.reproduction.plan import CAL_ALONE
from cartography.strategies.bald import bald
from cartography.strategies.cal import round_to_fifths
from cartography.strategies.entropy import entropy_of


def test_the_released_method_departs_in_every_switch() -> None:
    paper, released = PAPER.switches, RELEASED.switches
    assert paper == Switches()
    for each in fields(Switches):
        assert getattr(paper, each.name) != getattr(released, each.name)
        assert describe_switches()[each.name].endswith(".")


def test_switches_decide_the_recipes() -> None:
    main, binary = RELEASED.classifier, RELEASED.discriminator
    assert main.hidden == (300, 300)
    assert (main.dynamics, main.dropout_at_test, main.shuffle) == ("training_pass", True, False)
    assert (binary.hidden, binary.relu_outputs, binary.shuffle) == ((), True, False)
    assert RELEASED.with_switches(Switches()) == replace(PAPER, name="released")


def test_settings_are_read_as_they_are_written() -> None:
    asked = Switches().with_settings(["dropout_at_test=on", "hidden_layers=2"])
    assert asked == Switches(dropout_at_test=True, hidden_layers=2)
    assert Switches.released().with_settings(["dropout_at_test=off"]).dropout_at_test is False
    released = Switches.released()
    written = [f"{name}={value}" for name, value in released.settings().items()]
    assert Switches().with_settings(written) == released
    assert switch_values("weight_reset") == ("on", "off")
    with pytest.raises(CartographyError, match="there is no switch 'droput'; the switches are"):
        Switches().with_settings(["droput=on"])
    with pytest.raises(CartographyError, match="--set dynamics=on: dynamics must be epoch_end"):
        Switches().with_settings(["dynamics=on"])


def test_correctness_in_fifths_needs_nine_epochs_of_thirty_to_be_above_t_cor() -> None:
    levels = round_to_fifths(np.arange(31) / 30)
    assert np.flatnonzero(levels > 0.2)[0] == 9
    assert set(np.round(levels * 5).astype(int)) == {0, 1, 2, 3, 4, 5}


def test_the_fixed_seed_set_is_one_for_all_seeds() -> None:
    fixed = [seed_set(CORPUS, 20, seed, stratified=False).tolist() for seed in (1, 2)]
    assert fixed[0] == fixed[1]
    assert len(set(fixed[0])) == 20
    assert seed_set(CORPUS, 20, 1).tolist() != seed_set(CORPUS, 20, 2).tolist()


def test_the_fixed_seed_set_is_scikit_learns_random_split() -> None:
    ids, _, labels, _ = train_test_split(CORPUS.ids, CORPUS.labels, train_size=20, random_state=42)
    first = run(replace(Switches(), stratified_seed=False), "random")[0]
    assert CORPUS.ids[first.rows].tolist() == ids.tolist(), "in its order too"
    assert first.labels.tolist() == labels.tolist()


def test_bald_over_log_probabilities_is_the_geometric_mean() -> None:
    passes = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.4, 0.6], [0.5, 0.5]]], np.float32)
    seen: Any = SimpleNamespace(mc_probabilities=passes, preset=RELEASED)
    query = bald(seen, 2, np.random.default_rng(0))
    mean = np.sqrt([0.9 * 0.4, 0.1 * 0.6])
    assert query.positions.tolist() == [1, 0]
    assert query.scores[1] == pytest.approx(entropy_of((mean / mean.sum())[None])[0], rel=1e-5)


def run(switches: Switches, strategy: str = "cal-dal", **more: object) -> list[Iteration]:
    preset = SMALL.with_switches(switches)
    arms = [Trial(strategy, 7)]
    options = {"preset": preset, **more}
    return list(simulate(CORPUS, FEATURES, TEST, TEST_FEATURES, arms, **options))


def told(iterations: list[Iteration]) -> list[list[float]]:
    """The place of every text on every map, and the score of every pick."""
    maps = [each.data_map.confidence.tolist() for each in iterations]
    return maps + [each.batch.scores.tolist() for each in iterations if each.batch]


@cache
def as_stated(strategy: str) -> list[list[float]]:
    return told(run(Switches(), strategy))


# `padding` and `tokens` change the features; see test_embedding.py.
@pytest.mark.parametrize(
    "name", [each.name for each in fields(Switches) if each.name not in ("padding", "tokens")]
)
def test_each_switch_by_itself_changes_what_it_is_about(name: str) -> None:
    strategy = "bald" if name == "log_bald" else "cal-dal"
    switches = replace(Switches(), **{name: getattr(Switches.released(), name)})
    assert told(run(switches, strategy)) != as_stated(strategy)


@pytest.mark.parametrize("base", [Switches(), Switches.released()], ids=["paper", "released"])
def test_switches_that_random_does_not_read_change_none_of_its_figures(base: Switches) -> None:
    other = Switches.released() if base == Switches() else Switches()
    plain = run(base, "random")
    for name in CAL_ALONE:
        found = run(replace(base, **{name: getattr(other, name)}), "random")
        assert picks(found) == picks(plain), name
        assert [each.evaluation for each in found] == [each.evaluation for each in plain], name


def taught(switches: Switches) -> ActiveLearner:
    preset = SMALL.with_switches(switches)
    learner = ActiveLearner(FEATURES, CORPUS.ids, CLASSES, preset=preset, seed=7, device="cpu")
    learner.teach_rows(np.arange(20), CORPUS.labels[:20])
    return learner


def test_dropout_at_test_drops_its_share_of_psi() -> None:
    view = taught(Switches(dropout_at_test=True)).view()
    # The same model in both: what of psi ReLU sets to 0, and what is 0 with dropout on.
    plain = replace(view, preset=SMALL.with_switches(Switches()))
    without, zeros = (float((each.representations == 0).float().mean()) for each in (plain, view))
    assert 0.3 < without < 0.6
    dropout = SMALL.classifier.dropout
    assert zeros == pytest.approx(without + dropout * (1 - without), abs=0.015)


@pytest.mark.parametrize("on", [True, False])
def test_dropout_at_test_moves_test_accuracy_from_draw_to_draw(on: bool) -> None:
    learner = taught(Switches(dropout_at_test=on))
    held_out = torch.from_numpy(TEST_FEATURES)
    found = set()
    for seed in range(6):
        learner.seed = seed  # of what is drawn from now on; the model is trained
        predicted = learner.probabilities(held_out).argmax(axis=1)
        found.add(evaluate(predicted, TEST.labels).accuracy)
    assert len(found) > 2 if on else len(found) == 1


def test_without_weight_reset_a_resumed_simulation_is_the_one_never_stopped() -> None:
    switches = Switches.released()
    whole = run(switches)
    batches = picks(whole)
    resumed = run(switches, done=[[np.array(batches[0])]])
    assert picks(resumed) == batches[1:]
    assert [each.evaluation for each in resumed] == [each.evaluation for each in whole[2:]]
