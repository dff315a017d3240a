"""What each t_cor would do, worked out by hand and against the simulation that does it."""

from dataclasses import replace

import numpy as np
import pytest
from clouds import CORPUS, FEATURES, PRESET, TEST, TEST_FEATURES
from numpy.typing import NDArray

from cartography.active.learner import ActiveLearner
from cartography.active.simulation import Trial, seed_set, simulate
from cartography.active.threshold_study import (
    SplitBalance,
    StudyEpoch,
    ThresholdStudy,
    attainable_levels,
    compare_batches,
    distinct_splits,
    run_study,
)
from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap
from cartography.models.presets import Preset
from cartography.models.switches import Switches
from cartography.strategies.selection import Selection


def test_the_attainable_levels_are_fractions_of_the_epochs() -> None:
    assert attainable_levels(4).tolist() == [0, 0.25, 0.5, 0.75]
    assert attainable_levels(30)[6] == 0.2
    assert attainable_levels(10)[3] == 0.3


def test_levels_with_nothing_between_them_share_a_split() -> None:
    correctness = np.array([0.25, 1.0, 0.25, 0.75])
    assert distinct_splits(correctness, attainable_levels(4)).tolist() == [-1, 0, 0, 1]
    assert distinct_splits(np.ones(4), attainable_levels(4)).tolist() == [-1] * 4


@pytest.mark.parametrize(
    ("high", "low", "warning"),
    [
        (190, 10, ""),
        (
            191,
            9,
            "9 of 200 labelled texts (4.5%) are low-cor, too few to learn from: raise t_cor, or "
            "label more texts.",
        ),
        (
            9,
            12,
            "9 of 21 labelled texts (42.9%) are high-cor, too few to learn from: lower t_cor, or "
            "label more texts.",
        ),
        (
            49,
            951,
            "49 of 1,000 labelled texts (4.9%) are high-cor, too few to learn from: lower t_cor, "
            "or label more texts.",
        ),
        (50, 950, ""),
        (20, 0, "No labelled text is low-cor here, so there are no two groups to distinguish."),
        (0, 20, "No labelled text is high-cor here, so there are no two groups to distinguish."),
    ],
)
def test_a_thin_side_is_warned_of(high: int, low: int, warning: str) -> None:
    balance = SplitBalance(high, low)
    assert balance.warning == warning
    assert balance.high_share + balance.low_share == pytest.approx(1)
    assert balance.low_share == pytest.approx(low / (high + low))
    assert balance.majority_share == pytest.approx(max(high, low) / (high + low))


def test_a_change_names_what_is_kept_gone_and_new_in_the_order_of_the_batches() -> None:
    before = Selection(np.array([7, 3, 9, 1]), np.zeros(4))
    after = Selection(np.array([5, 9, 7, 2]), np.zeros(4))
    found = compare_batches(before, after)
    assert found.kept.tolist() == [9, 7]
    assert found.gone.tolist() == [3, 1]
    assert found.new.tolist() == [5, 2]


def studied(preset: Preset, features: NDArray[np.float32]) -> list[StudyEpoch]:
    learner = ActiveLearner(features, CORPUS.ids, CORPUS.classes, preset=preset, seed=7)
    rows = seed_set(CORPUS, 20, 7, preset.switches.stratified_seed)
    learner.teach_rows(rows, CORPUS.labels[rows])
    return list(run_study(learner))


def study_of(preset: Preset, features: NDArray[np.float32]) -> ThresholdStudy:
    found = studied(preset, features)[-1].study
    assert found is not None
    return found


# Few distinct rows, some in the wrong place: the pool is full of equal scores.
TIED = np.eye(8, dtype=np.float32)[
    np.where(np.random.default_rng(5).random(90) < 0.3, (CORPUS.labels + 1) % 3, CORPUS.labels)
]
# One epoch that learns everything: no threshold can split the map.
SURE = np.eye(8, dtype=np.float32)[CORPUS.labels]
# As released but for CAL's own switches, which a study refuses.
SWITCHED = PRESET.with_switches(
    replace(
        Switches.released(),
        rounded_correctness=False,
        cal_representations="trained",
        linear_discriminator=False,
    )
)
ONE_EPOCH = PRESET.with_classifier(epochs=1, learning_rate=0.05, dropout=0.0, batch_size=2)


@pytest.mark.parametrize(
    ("preset", "features", "fallbacks", "distinct"),
    [
        (PRESET, FEATURES, 1, 2),
        (PRESET, TIED, 1, 1),
        (ONE_EPOCH, SURE, 7, 1),
        (SWITCHED, FEATURES, 1, 2),
    ],
    ids=["clouds", "tied", "sure", "switched"],
)
def test_the_batch_is_the_one_that_a_simulation_picks(
    preset: Preset, features: NDArray[np.float32], fallbacks: int, distinct: int
) -> None:
    found = study_of(preset, features)
    pool = np.setdiff1d(np.arange(90), seed_set(CORPUS, 20, 7, preset.switches.stratified_seed))
    said = 0
    batches = set()
    for t_cor in (0.0, 0.2, 0.25, 0.5, 0.6, 0.75, 1.0):
        asked = replace(preset, t_cor=t_cor, iterations=1)
        steps = simulate(
            CORPUS, features, TEST, TEST_FEATURES, [Trial("cal", 7)], preset=asked, device="cpu"
        )
        *_, last = steps
        assert last.batch is not None
        query = found.batch(t_cor, preset.query_size)
        assert CORPUS.ids[pool[query.positions]].tolist() == last.batch.ids.tolist()
        np.testing.assert_array_equal(query.scores, last.batch.scores)
        assert query.fallback == last.batch.fallback
        np.testing.assert_equal(query.discriminator_accuracy, last.batch.discriminator_accuracy)
        np.testing.assert_equal(found.accuracy(t_cor), query.discriminator_accuracy)
        said += bool(query.fallback)
        batches.add(tuple(query.positions))
    assert said >= fallbacks
    assert len(batches) >= distinct


@pytest.mark.parametrize(
    "setting",
    ["rounded_correctness=on", "cal_representations=first_epoch", "linear_discriminator=on"],
)
def test_a_switch_of_cals_own_is_refused(setting: str) -> None:
    name, _, value = setting.partition("=")
    preset = PRESET.with_switches(PRESET.switches.with_settings([setting]))
    with pytest.raises(CartographyError, match=f"but the switch {name} is {value}: set it to"):
        studied(preset, FEATURES)


def test_progress_counts_both_trainings_and_ends_with_the_study() -> None:
    steps = studied(PRESET, FEATURES)
    assert [step.number for step in steps] == list(range(1, 9))
    assert {step.total for step in steps} == {8}
    assert [step.study is None for step in steps] == [True] * 7 + [False]


MAP = DataMap(
    ids=np.array(list("abcd"), dtype=object),
    confidence=np.full(4, 0.5),
    variability=np.full(4, 0.1),
    correctness=np.array([0.25, 1.0, 0.25, 0.75]),
    epochs=4,
)
KNOWN = ThresholdStudy(
    data_map=MAP,
    splits=np.array([-1, 0, 0, 1]),
    discriminator_accuracy=np.array([np.nan, 0.8, 0.8, 0.9]),
    high_cor_probability=np.array([[0.1, 0.45, 0.9], [0.6, 0.2, 0.9]], np.float32),
    query_seed=3,
)


@pytest.mark.parametrize(
    ("t_cor", "balance", "split", "accuracy", "best"),
    [
        # Nothing is low-cor at 0: the discriminator is that of 0.25.
        (0.0, SplitBalance(4, 0), 0, 0.8, 1),
        (0.25, SplitBalance(2, 2), 0, 0.8, 1),
        (0.5, SplitBalance(2, 2), 0, 0.8, 1),
        (0.6, SplitBalance(2, 2), 0, 0.8, 1),
        (0.75, SplitBalance(1, 3), 1, 0.9, 0),
        (1.0, SplitBalance(0, 4), 1, 0.9, 0),
    ],
)
def test_everything_is_looked_up_at_the_highest_level_not_above(
    t_cor: float, balance: SplitBalance, split: int, accuracy: float, best: int
) -> None:
    assert KNOWN.levels.tolist() == [0, 0.25, 0.5, 0.75]
    assert KNOWN.balance(t_cor) == balance
    probability = KNOWN.probability(t_cor)
    assert probability is not None
    assert probability.tolist() == KNOWN.high_cor_probability[split].tolist()
    assert KNOWN.accuracy(t_cor) == accuracy
    assert KNOWN.batch(t_cor, 1).positions.tolist() == [best]


def test_a_map_that_no_threshold_splits_has_no_discriminator() -> None:
    found = study_of(ONE_EPOCH, SURE)
    assert found.high_cor_probability.shape == (0, 70)
    assert found.probability(0.0) is None
    assert np.isnan(found.accuracy(0.0))
    assert "no t_cor can split them" in found.batch(0.0, 6).fallback


@pytest.mark.parametrize("t_cor", [-0.1, 1.5, float("nan")])
def test_a_threshold_that_is_no_share_is_refused(t_cor: float) -> None:
    for ask in (KNOWN.balance, KNOWN.probability, KNOWN.accuracy):
        with pytest.raises(CartographyError, match=f"from 0 to 1; it is {t_cor:g}"):
            ask(t_cor)


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (0.75, "always naming high-cor would be right for 3, so it has not"),
        (1.0, "always naming high-cor would be right for 3, 1 fewer."),
    ],
)
def test_the_gain_is_over_always_saying_the_larger_side(accuracy: float, said: str) -> None:
    data_map = DataMap(CORPUS.ids[:4], *np.array([np.ones(4), np.ones(4), [0.0, 1, 1, 1]]), 2)
    found = ThresholdStudy(
        data_map, np.array([0, 0]), np.full(2, accuracy), np.ones((1, 3), dtype=np.float32), 0
    )

    assert said in found.gain(0.5)
    # At 1 nothing is high-cor, and the threshold below the highest level stands in.
    assert found.gain(1.0) == found.gain(0.5)


def test_there_is_no_gain_without_a_discriminator() -> None:
    data_map = DataMap(CORPUS.ids[:4], np.ones(4), np.ones(4), np.ones(4), 2)
    nothing = np.empty((0, 3), dtype=np.float32)
    found = ThresholdStudy(data_map, np.array([-1, -1]), np.full(2, np.nan), nothing, 0)

    assert found.gain(0.5) == ""
