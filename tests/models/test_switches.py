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
from cartography.errors import CartographyError
from cartography.models.metrics import Evaluation, evaluate
from cartography.models.presets import PAPER, RELEASED
from cartography.models.switches import Switches, describe_switches, switch_values
from cartography.reproduction.plan import CAL_ONLY_SWITCHES
from cartography.strategies.bald import bald
from cartography.strategies.cal import round_to_fifths
from cartography.strategies.entropy import predictive_entropy


def test_every_switch_differs_between_the_presets() -> None:
    paper, released = PAPER.switches, RELEASED.switches
    assert paper == Switches()
    for switch in fields(Switches):
        assert getattr(paper, switch.name) != getattr(released, switch.name)
        assert describe_switches()[switch.name].endswith(".")


def test_switches_decide_the_recipes() -> None:
    main, binary = RELEASED.classifier, RELEASED.discriminator
    assert main.hidden == (300, 300)
    assert (main.dynamics, main.dropout_at_test, main.shuffle) == ("training_pass", True, False)
    assert (binary.hidden, binary.relu_outputs, binary.shuffle) == ((), True, False)
    assert RELEASED.with_switches(Switches()) == replace(PAPER, name="released")


def test_settings_round_trip() -> None:
    switches = Switches().with_settings(["dropout_at_test=on", "hidden_layers=2"])
    assert switches == Switches(dropout_at_test=True, hidden_layers=2)
    assert Switches.released().with_settings(["dropout_at_test=off"]).dropout_at_test is False
    released = Switches.released()
    written = [f"{name}={value}" for name, value in released.settings().items()]
    assert Switches().with_settings(written) == released
    assert switch_values("weight_reset") == ("on", "off")
    with pytest.raises(
        CartographyError, match="no switch 'droput'; the switches are hidden_layers, w"
    ):
        Switches().with_settings(["droput=on"])
    with pytest.raises(CartographyError, match="--set dynamics=on: dynamics must be epoch_end"):
        Switches().with_settings(["dynamics=on"])


def test_rounded_correctness_exceeds_t_cor_from_nine_epochs_of_thirty() -> None:
    levels = round_to_fifths(np.arange(31) / 30)
    assert np.flatnonzero(levels > 0.2)[0] == 9
    assert set(np.round(levels * 5).astype(int)) == {0, 1, 2, 3, 4, 5}


def test_the_unstratified_seed_set_is_the_same_for_all_seeds() -> None:
    fixed = [seed_set(CORPUS, 20, seed, stratified=False).tolist() for seed in (1, 2)]
    assert fixed[0] == fixed[1]
    assert len(set(fixed[0])) == 20
    assert seed_set(CORPUS, 20, 1).tolist() != seed_set(CORPUS, 20, 2).tolist()


def test_the_unstratified_seed_set_is_the_random_split_of_scikit_learn() -> None:
    ids, _, labels, _ = train_test_split(CORPUS.ids, CORPUS.labels, train_size=20, random_state=42)
    first = run(replace(Switches(), stratified_seed=False), "random")[0]
    assert CORPUS.ids[first.rows].tolist() == ids.tolist(), "also in the same order"
    assert first.labels.tolist() == labels.tolist()


def test_log_bald_uses_the_geometric_mean() -> None:
    passes = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.4, 0.6], [0.5, 0.5]]], np.float32)
    view: Any = SimpleNamespace(mc_probabilities=passes, preset=RELEASED)
    selection = bald(view, 2, np.random.default_rng(0))
    mean = np.sqrt([0.9 * 0.4, 0.1 * 0.6])
    assert selection.positions.tolist() == [1, 0]
    (entropy,) = predictive_entropy((mean / mean.sum())[None])
    assert selection.scores[1] == pytest.approx(entropy, rel=1e-5)


def run(switches: Switches, strategy: str = "cal-dal", **more: object) -> list[Iteration]:
    preset = SMALL.with_switches(switches)
    trials = [Trial(strategy, 7)]
    options = {"preset": preset, **more}
    return list(simulate(CORPUS, FEATURES, TEST, TEST_FEATURES, trials, **options))


def confidence_and_scores(iterations: list[Iteration]) -> list[list[float]]:
    """The confidence of every text on every map, and the score of every queried text."""
    maps = [iteration.data_map.confidence.tolist() for iteration in iterations]
    return maps + [iteration.batch.scores.tolist() for iteration in iterations if iteration.batch]


@cache
def paper_results(strategy: str) -> list[list[float]]:
    return confidence_and_scores(run(Switches(), strategy))


# `padding` and `tokens` change the features; see test_embedding.py.
@pytest.mark.parametrize(
    "name", [switch.name for switch in fields(Switches) if switch.name not in ("padding", "tokens")]
)
def test_each_switch_alone_changes_the_results(name: str) -> None:
    strategy = "bald" if name == "log_bald" else "cal-dal"
    switches = replace(Switches(), **{name: getattr(Switches.released(), name)})
    assert confidence_and_scores(run(switches, strategy)) != paper_results(strategy)


@pytest.mark.parametrize("base", [Switches(), Switches.released()], ids=["paper", "released"])
def test_switches_of_cal_alone_do_not_change_random(base: Switches) -> None:
    other = Switches.released() if base == Switches() else Switches()
    expected = run(base, "random")
    for name in CAL_ONLY_SWITCHES:
        switched = run(replace(base, **{name: getattr(other, name)}), "random")
        assert picks(switched) == picks(expected), name
        assert evaluations(switched) == evaluations(expected), name


def evaluations(iterations: list[Iteration]) -> list[Evaluation | None]:
    return [iteration.evaluation for iteration in iterations]


def taught_learner(switches: Switches) -> ActiveLearner:
    preset = SMALL.with_switches(switches)
    learner = ActiveLearner(FEATURES, CORPUS.ids, CLASSES, preset=preset, seed=7, device="cpu")
    learner.teach_rows(np.arange(20), CORPUS.labels[:20])
    return learner


def test_dropout_at_test_drops_the_right_fraction_of_psi() -> None:
    view = taught_learner(Switches(dropout_at_test=True)).view()
    # The same model without and with dropout: the fraction of psi that is 0.
    view_without = replace(view, preset=SMALL.with_switches(Switches()))
    without, with_dropout = (
        float((v.representations == 0).float().mean()) for v in (view_without, view)
    )
    assert 0.3 < without < 0.6
    dropout = SMALL.classifier.dropout
    assert with_dropout == pytest.approx(without + dropout * (1 - without), abs=0.015)


@pytest.mark.parametrize("on", [True, False])
def test_dropout_at_test_makes_test_accuracy_vary_between_draws(on: bool) -> None:
    learner = taught_learner(Switches(dropout_at_test=on))
    held_out = torch.from_numpy(TEST_FEATURES)
    accuracies = set()
    for seed in range(6):
        learner._learner.seed = seed  # only of later draws: the model is trained once
        predicted = learner.probabilities(held_out).argmax(axis=1)
        accuracies.add(evaluate(predicted, TEST.labels).accuracy)
    assert len(accuracies) > 2 if on else len(accuracies) == 1


def test_without_weight_reset_a_resumed_simulation_equals_an_uninterrupted_one() -> None:
    switches = Switches.released()
    uninterrupted = run(switches)
    batches = picks(uninterrupted)
    resumed = run(switches, done=[[np.array(batches[0])]])
    assert picks(resumed) == batches[1:]
    assert evaluations(resumed) == evaluations(uninterrupted[2:])
