import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cartography.errors import CartographyError
from cartography.formats.coordinates import read_coordinates
from cartography.maps.data_map import (
    NEVER_LEARNED,
    RANKINGS,
    REGIONS,
    DataMap,
    Thresholds,
    area_under_margin,
    confidence,
    correctness,
    forgetfulness,
    variability,
)
from cartography.maps.dynamics import TrainingDynamics

# Three items, four epochs; expected values computed by hand.
GOLD = np.array([[0.9, 0.1, 0.0], [0.9, 0.1, 1.0], [0.9, 0.3, 0.0], [0.9, 0.3, 1.0]], np.float32)
CORRECT = np.array([[1, 0, 0], [1, 0, 1], [1, 0, 0], [1, 1, 1]], bool)
MAP = DataMap.of(TrainingDynamics(np.array(["a", "b", "c"], object), GOLD, CORRECT))


def test_equations_1_to_3() -> None:
    np.testing.assert_allclose(confidence(GOLD), [0.9, 0.2, 0.5], atol=1e-7)
    np.testing.assert_allclose(variability(GOLD), [0.0, 0.1, 0.5], atol=1e-7)
    assert correctness(CORRECT).tolist() == [1.0, 0.25, 0.5]


@pytest.mark.parametrize("epochs", [5, 10, 20, 30, 100])
def test_correctness_at_a_threshold_is_not_above_it(epochs: int) -> None:
    """6 of 30 epochs at t_cor = 0.2 is low-cor; in float32 it would be high-cor."""
    for tenths in (2, 4, 6, 8):
        right = epochs * tenths // 10
        level = correctness(np.arange(epochs)[:, None] < np.array([right, right + 1]))
        assert (level > tenths / 10).tolist() == [False, True]


def test_correctness_has_e_plus_1_levels() -> None:
    all_counts = np.arange(6)[:, None] < np.arange(7)
    assert np.unique(correctness(all_counts)).tolist() == [0, 1 / 6, 2 / 6, 0.5, 4 / 6, 5 / 6, 1]


def test_regions() -> None:
    assert MAP.region_names.tolist() == ["easy-to-learn", "ambiguous", "ambiguous"]
    stricter = DataMap(
        MAP.ids, MAP.confidence, MAP.variability, MAP.correctness, 4, Thresholds(hard=0.25)
    )
    assert stricter.region_names.tolist() == ["easy-to-learn", "hard-to-learn", "ambiguous"]


@pytest.mark.parametrize(
    ("cor", "var", "region"),
    [
        (1.0, 0.29, 0),
        (0.8, 0.0, 0),
        (0.79, 0.0, 1),
        (0.21, 0.0, 1),
        (0.2, 0.0, 2),
        (0.0, 0.29, 2),
        (1.0, 0.3, 1),
        (0.0, 0.3, 1),
    ],
)
def test_regions_at_their_borders(cor: float, var: float, region: int) -> None:
    data_map = DataMap(
        np.array(["x"], object), np.array([0.5]), np.array([var]), np.array([cor]), epochs=10
    )
    assert data_map.region_names[0] == REGIONS[region]


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"hard": 0.8, "easy": 0.8}, "hard is 0.8 and easy is 0.8"),
        ({"easy": 1.5}, "easy is 1.5"),
        ({"ambiguous": 0.0}, "must be above 0; it is 0"),
    ],
)
def test_invalid_thresholds(thresholds: dict[str, float], message: str) -> None:
    with pytest.raises(CartographyError, match=message):
        Thresholds(**thresholds)


def test_high_cor_is_strictly_above() -> None:
    assert MAP.high_cor(0.25).tolist() == [True, False, True]


def test_statistics_of_all_some_and_no_items() -> None:
    everything = MAP.statistics()
    assert everything.count == 3
    assert everything.confidence == pytest.approx((0.9 + 0.2 + 0.5) / 3)
    assert everything.region_shares == pytest.approx((1 / 3, 2 / 3, 0))
    last = MAP.statistics(np.array([2]))
    assert (last.count, last.correctness) == (1, 0.5)
    assert MAP.statistics(np.array([True, False, False])).variability == 0
    empty = MAP.statistics(np.array([], dtype=np.int64))
    assert empty.count == 0
    assert math.isnan(empty.confidence)


def test_a_published_map_has_all_three_regions(data_folder: Path) -> None:
    """RoBERTa on WinoGrande, 6 epochs, published by Swayamdipta et al. (2020)."""
    lines = (data_folder / "winogrande_data_map_coordinates.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    published = DataMap(
        ids=np.array([record["guid"] for record in records], dtype=object),
        confidence=np.array([record["confidence"] for record in records]),
        variability=np.array([record["variability"] for record in records]),
        correctness=np.array([record["correctness"] for record in records]) / 6,
        epochs=6,
    )
    easy, ambiguous, hard = (published.region == region for region in range(3))
    assert len(published) == easy.sum() + ambiguous.sum() + hard.sum() == 40_398
    assert min(easy.sum(), ambiguous.sum(), hard.sum()) > 50
    means = [published.statistics(region).confidence for region in (easy, ambiguous, hard)]
    assert means[0] > 0.8 > means[1] > means[2]
    assert published.high_cor(0.2).mean() > 0.95


def test_the_map_as_a_table() -> None:
    gold = np.array([[0.9, 0.2], [0.7, 0.4]], dtype=np.float32)
    dynamics = TrainingDynamics(np.array(["a", "b"], dtype=object), gold, gold > 0.5)

    table = DataMap.of(dynamics).to_frame()

    assert list(table.columns) == [
        *("id", "confidence", "variability", "correctness", "region"),
        *("threshold_closeness", "forgetfulness"),
    ]
    assert list(table["id"]) == ["a", "b"]
    assert table["confidence"].to_list() == pytest.approx([0.8, 0.3])
    assert table["variability"].to_list() == pytest.approx([0.1, 0.1])
    assert table["correctness"].to_list() == [1.0, 0.0]
    assert list(table["region"]) == ["easy-to-learn", "hard-to-learn"]
    assert table["threshold_closeness"].to_list() == pytest.approx([0.16, 0.21])
    assert table["forgetfulness"].to_list() == [0, NEVER_LEARNED]
    with_margin = TrainingDynamics(dynamics.ids, gold, gold > 0.5, gold - 0.5)
    assert DataMap.of(with_margin).to_frame()["aum"].to_list() == pytest.approx([0.3, -0.2])


def forgotten_one_by_one(trend: list[bool]) -> int:
    """The forgetfulness of one item, counted epoch by epoch."""
    if not any(trend):
        return 1000
    learned, times = False, 0
    for is_correct in trend:
        times += learned and not is_correct
        learned = is_correct
    return times


def test_forgetfulness_equals_a_count_epoch_by_epoch() -> None:
    trends = [[bool(number >> epoch & 1) for epoch in range(6)] for number in range(64)]
    assert forgetfulness(np.array(trends).T).tolist() == [*map(forgotten_one_by_one, trends)]
    assert forgetfulness(np.array([[True, False]])).tolist() == [0, NEVER_LEARNED]


def test_the_area_under_the_margin_is_the_mean_margin() -> None:
    margin = np.array([[1.0, -3.0], [3.0, -4.0]], np.float32)
    assert area_under_margin(margin).tolist() == [2.0, -3.5]


RANKED = DataMap(
    ids=np.array(["a", "b", "c", "d"], object),
    confidence=np.array([0.75, 0.5, 0.25, 0.5]),
    variability=np.array([0.1, 0.4, 0.2, 0.4]),
    correctness=np.array([1.0, 0.5, 0.0, 0.5]),
    epochs=4,
    forgetfulness=np.array([0, 2, NEVER_LEARNED, 1]),
    aum=np.array([3.0, -1.0, -2.0, 0.0]),
)


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        ("easy", "abdc"),
        ("ambiguous", "bdca"),
        ("hard", "cbda"),
        ("confidence", "cbda"),
        ("variability", "bdca"),
        ("correctness", "cbda"),
        ("forgetfulness", "cbda"),
        ("threshold_closeness", "bdac"),
        ("aum", "cbda"),
    ],
)
def test_rankings_and_their_ties(ranking: str, expected: str) -> None:
    assert "".join(RANKED.ids[RANKED.top(ranking, 1.0)]) == expected
    assert RANKED.ids[RANKED.top(ranking, 0.5)].tolist() == list(expected[:2])
    assert len(RANKED.top(ranking, 0.01)) == 1
    assert set(RANKINGS) == {"easy", "ambiguous", "hard", *STATISTICS_OF_A_RANKING}


STATISTICS_OF_A_RANKING = {statistic for statistic, _ in RANKINGS.values()}


@pytest.mark.parametrize(
    ("ranking", "share", "message"),
    [
        ("best", 0.5, "no ranking 'best': give one of easy, ambiguous, hard"),
        ("easy", 0.0, "above 0 and at most 1; it is 0"),
        ("easy", 1.1, "above 0 and at most 1; it is 1.1"),
        ("easy", float("nan"), "above 0 and at most 1; it is nan"),
        ("aum", 0.5, "no aum: it takes the logits of every epoch"),
        ("forgetfulness", 0.5, "no forgetfulness: it takes the predictions of every epoch"),
    ],
)
def test_rankings_that_a_map_does_not_have(ranking: str, share: float, message: str) -> None:
    with pytest.raises(CartographyError, match=message):
        replace(RANKED, aum=None, forgetfulness=None).top(ranking, share)


def test_regions_by_shares_overlap() -> None:
    assert RANKED.top_regions(0.5).tolist() == [
        [True, True, False, False],
        [False, True, False, True],
        [False, True, True, False],
    ]


def test_some_items_of_a_map() -> None:
    part = RANKED.take(np.array([2, 0]))
    assert part.ids.tolist() == ["c", "a"]
    assert part.forgetfulness is not None
    assert part.aum is not None
    assert part.forgetfulness.tolist() == [NEVER_LEARNED, 0]
    assert part.aum.tolist() == [-2.0, 3.0]
    assert part.region_names.tolist() == [*RANKED.region_names[[2, 0]]]


def test_most_of_the_published_ambiguous_third_is_easy_by_thresholds(data_folder: Path) -> None:
    published = read_coordinates(data_folder / "winogrande_data_map_coordinates.jsonl")
    data_map = DataMap(
        published.ids, published.confidence, published.variability, published.correctness, 6
    )
    easy, ambiguous, hard = data_map.top_regions()
    assert easy.sum() == ambiguous.sum() == hard.sum() == 13_466
    assert (data_map.region[ambiguous] == 0).mean() == pytest.approx(0.694, abs=5e-4)
