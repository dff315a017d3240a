import time

import numpy as np
import pytest

from cartography.active.reasons import explain_picks, explain_positions, explain_regions
from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap, Thresholds
from cartography.maps.dynamics import TrainingDynamics
from cartography.strategies.table import STRATEGIES


def reason(
    probability: list[float],
    right: list[int],
    predicted: str = "LOC",
    thresholds: Thresholds | None = None,
) -> str:
    """The reason of one text with the gold label LOC, by its two curves."""
    ids = np.array(["a"], dtype=object)
    dynamics = TrainingDynamics(
        ids,
        np.array(probability, dtype=np.float32)[:, None],
        np.array(right, dtype=np.bool_)[:, None],
    )
    gold, found = np.array(["LOC"], dtype=object), np.array([predicted], dtype=object)
    data_map = DataMap.of(dynamics, thresholds)
    [text] = explain_positions(data_map, dynamics, np.array([0]), gold, found)
    return text


def test_the_three_regions() -> None:
    assert reason([0.1, 0.2, 0.3, 0.2, 0.2], [0, 0, 1, 0, 0], "HUM") == (
        "Right in 1 of 5 epochs (correctness 0.20, at most 0.2) and steady (variability 0.06, "
        "below 0.3): hard-to-learn. The model ends on HUM, not on the gold label LOC."
    )
    assert reason([0.6, 0.8, 0.8, 0.8, 0.4], [1, 1, 1, 1, 0]) == (
        "Right in 4 of 5 epochs (correctness 0.80, at least 0.8) and steady (variability 0.16, "
        "below 0.3): easy-to-learn."
    )
    assert reason([0.1, 0.9, 0.1, 0.9], [0, 1, 0, 1]) == (
        "Right in 2 of 4 epochs (correctness 0.50); the probability of its gold label swings "
        "between 0.10 and 0.90 (variability 0.40, at least 0.3): ambiguous. The model ends on the "
        "gold label LOC."
    )


def test_places_of_which_the_map_alone_is_known() -> None:
    data_map = DataMap(
        ids=np.array(["a", "b", "c", "d"], dtype=object),
        confidence=np.array([0.2, 0.5, 0.6, 0.9]),
        variability=np.array([0.06, 0.05, 0.4, 0.1]),
        correctness=np.array([0.2, 0.5, 0.8, 1.0]),
        epochs=10,
    )

    assert explain_regions(data_map, np.array([1, 2, 0])) == [
        "Right in 5 of 10 epochs (correctness 0.50, between 0.2 and 0.8); the probability of its "
        "gold label has variability 0.05: ambiguous.",
        "Right in 8 of 10 epochs (correctness 0.80), yet the probability of its gold label swings "
        "(variability 0.40, at least 0.3): ambiguous.",
        "Right in 2 of 10 epochs (correctness 0.20, at most 0.2) and steady (variability 0.06, "
        "below 0.3): hard-to-learn.",
    ]


def test_ambiguous_by_one_rule_alone() -> None:
    assert reason([0.45, 0.55], [0, 1]).startswith(
        "Right in 1 of 2 epochs (correctness 0.50, between 0.2 and 0.8); the probability of its "
        "gold label is between 0.45 and 0.55 (variability 0.05): ambiguous."
    )
    # Standard deviation of 0.32 and 1.0: 0.34.
    assert reason([0.32, 1.0], [1, 1]).startswith(
        "Right in all 2 epochs (correctness 1.00), yet the probability of its gold label swings "
        "between 0.32 and 1.00 (variability 0.34, at least 0.3): ambiguous."
    )
    assert reason([0.0, 0.0, 0.48, 0.0], [0, 0, 0, 0], "HUM").startswith("Right in none of 4 epoch")
    assert reason([0.9], [1]).startswith("Right in 1 of 1 epoch (")
    assert reason([0.1], [0]).startswith("Right in 0 of 1 epoch (")


def test_the_words_follow_the_thresholds() -> None:
    curve = [0.2, 0.4, 0.6, 0.6]
    assert "ambiguous" in reason(curve, [0, 0, 1, 1])
    assert reason(curve, [0, 0, 1, 1], thresholds=Thresholds(hard=0.5, easy=0.75)).startswith(
        "Right in 2 of 4 epochs (correctness 0.50, at most 0.5) and steady (variability 0.17, "
        "below 0.3): hard-to-learn."
    )
    assert "(variability 0.17, at least 0.1): ambiguous" in reason(
        curve, [1, 1, 1, 1], thresholds=Thresholds(ambiguous=0.1)
    )


def test_a_number_close_to_its_threshold_is_not_rounded_onto_it() -> None:
    assert "(variability 0.2996, below 0.3): easy" in reason([0.3, 0.8992], [1, 1])


def test_each_sentence_belongs_to_its_item() -> None:
    ids = np.array(["a", "b", "c"], dtype=object)
    probability = np.array([[0.9, 0.1, 0.5], [0.9, 0.2, 0.5]], dtype=np.float32)
    correct = np.array([[1, 0, 1], [1, 0, 0]], dtype=np.bool_)
    dynamics = TrainingDynamics(ids, probability, correct)
    names = np.array(["LOC", "HUM", "NUM"], dtype=object)
    found = explain_positions(DataMap.of(dynamics), dynamics, np.array([2, 0]), names, names)
    assert "is between 0.50 and 0.50" in found[0]
    assert found[0].endswith("The model ends on the gold label NUM.")
    assert "Right in all 2 epochs" in found[1]


def test_thousands_of_texts_take_no_time() -> None:
    rng = np.random.default_rng(1)
    dynamics = TrainingDynamics(
        np.arange(5_000).astype(object),
        rng.random((30, 5_000), dtype=np.float32),
        rng.random((30, 5_000)) < 0.5,
    )
    names = rng.choice(np.array(["LOC", "HUM"], dtype=object), 5_000)
    data_map = DataMap.of(dynamics)
    start = time.perf_counter()
    assert len(explain_positions(data_map, dynamics, np.arange(5_000), names, names)) == 5_000
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("strategy", "score", "sentence"),
    [
        ("random", 0.93, "It was drawn at random."),
        ("lc", 0.78, "Its most probable class has 0.22."),
        ("lc", 0.001, "Its most probable class has more than 0.99."),
        ("entropy", 1.5, "The entropy of its predicted classes is 1.50 of at most 2.00 bits."),
        ("margin", -0.03, "Its two most probable classes are 0.03 apart."),
        ("margin", -0.0, "Its two most probable classes are 0.00 apart."),
        (
            "bald",
            1.25,
            "With dropout on, the entropy of its mean prediction is 1.25 of at most 2.00 bits.",
        ),
        (
            "bald-mi",
            0.4,
            "With dropout on, its predictions disagree by 0.40 bits (mutual information of label "
            "and model).",
        ),
        (
            "dal",
            0.97,
            "P(unlabelled) is 0.97 by the discriminator of labelled and unlabelled texts.",
        ),
        ("cal", -0.01, "P(high-cor) is 0.01 from the boundary 0.5."),
        ("cal", -0.0004, "P(high-cor) is less than 0.01 from the boundary 0.5."),
        ("cal", 0.42, "It was drawn at random."),
    ],
)
def test_what_a_score_says(strategy: str, score: float, sentence: str) -> None:
    assert explain_picks(strategy, [score], classes=4, query_size=5) == [sentence]


def test_cal_dal_takes_its_first_half_from_cal_and_the_odd_text_too() -> None:
    scores = np.array([-0.1, -0.2, -0.3, 0.9, 0.8])
    found = explain_picks("cal-dal", scores, classes=4, query_size=5)
    assert ["high-cor" in each for each in found] == [True, True, True, False, False]
    assert "P(unlabelled) is 0.80" in found[4]


def test_every_strategy_has_its_words() -> None:
    for strategy in STRATEGIES:
        assert explain_picks(strategy, [0.1], classes=2, query_size=1)[0].endswith(".")
    with pytest.raises(CartographyError, match="strategy 'calm' is not one of"):
        explain_picks("calm", [0.1], classes=2, query_size=1)
