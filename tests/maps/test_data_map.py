import json
import math
from pathlib import Path

import numpy as np
import pytest

from cartography.errors import CartographyError
from cartography.maps.data_map import (
    REGIONS,
    DataMap,
    Thresholds,
    confidence,
    correctness,
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

    assert list(table.columns) == ["id", "confidence", "variability", "correctness", "region"]
    assert list(table["id"]) == ["a", "b"]
    assert table["confidence"].to_list() == pytest.approx([0.8, 0.3])
    assert table["variability"].to_list() == pytest.approx([0.1, 0.1])
    assert table["correctness"].to_list() == [1.0, 0.0]
    assert list(table["region"]) == ["easy-to-learn", "hard-to-learn"]
