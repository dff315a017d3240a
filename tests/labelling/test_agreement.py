import math
from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from cartography.labelling.agreement import agreement, cohen_kappa, krippendorff_alpha


def spell(rows: dict[str, str]) -> dict[str, dict[str, str]]:
    """Ratings from a string per annotator: a class per unit, "." where it is missing."""
    return {
        name: {str(unit): label for unit, label in enumerate(labels) if label != "."}
        for name, labels in rows.items()
    }


# Krippendorff (2011), section C: four observers, twelve units.
PUBLISHED = spell(
    {"A": "123321412...", "B": "1233224125.3", "C": ".3332342251.", "D": "12332441251."}
)


def plain_alpha(ratings: dict[str, dict[str, str]]) -> float:
    """Alpha by its definition: every ordered pair of labels of an item, written out."""
    items = sorted({item for labels in ratings.values() for item in labels})
    values = [[labels[item] for labels in ratings.values() if item in labels] for item in items]
    values = [labels for labels in values if len(labels) > 1]
    pooled = [label for labels in values for label in labels]
    observed = sum(
        2 * sum(a != b for a, b in combinations(labels, 2)) / (len(labels) - 1) for labels in values
    ) / len(pooled)
    expected = (
        2 * sum(a != b for a, b in combinations(pooled, 2)) / (len(pooled) * (len(pooled) - 1))
    )
    return 1 - observed / expected


class TestKrippendorff:
    def test_the_published_example(self) -> None:
        rated = agreement(PUBLISHED)
        assert round(rated.alpha, 3) == 0.743
        assert rated.items == 11  # only one observer saw the last unit
        assert rated.note == ""

    def test_two_annotators_by_hand(self) -> None:
        # Three of four items agree. Observed: 2 / 8 ordered pairs. Expected, with 5 x and 3 y:
        # 2 * 5 * 3 / (8 * 7). Alpha = 1 - (1 / 4) / (30 / 56) = 8 / 15.
        rated = agreement(spell({"ann": "xxxy", "ben": "xxyy"}))
        assert rated.alpha == pytest.approx(8 / 15)

    def test_random_ratings_with_gaps_equal_the_definition(self) -> None:
        rng = np.random.default_rng(3)
        for _ in range(20):
            rows = {name: "".join(rng.choice(list("xyz.."), size=15)) for name in "abcd"}
            ratings = spell(rows)
            assert agreement(ratings, draws=10).alpha == pytest.approx(plain_alpha(ratings))

    def test_full_agreement_and_full_disagreement(self) -> None:
        assert agreement(spell({"a": "xyxy", "b": "xyxy"})).alpha == 1
        # Observed 1, expected 2 * 16 / 56.
        assert agreement(spell({"a": "xyxy", "b": "yxyx"})).alpha == pytest.approx(1 - 56 / 32)

    def test_weights_are_repeated_items(self) -> None:
        counts = np.array([[2, 0], [1, 1], [0, 3]])
        weights = np.array([[2.0, 1.0, 3.0]])
        repeated = np.repeat(counts, [2, 1, 3], axis=0)
        assert krippendorff_alpha(counts, weights) == pytest.approx(
            krippendorff_alpha(repeated, np.ones((1, 6)))
        )


class TestKappa:
    def test_two_annotators_by_hand(self) -> None:
        # Equal 3 / 4; by chance 3/4 * 2/4 + 1/4 * 2/4 = 1/2; kappa = (3/4 - 1/2) / (1/2).
        (pair,) = agreement(spell({"ann": "xxxy.", "ben": "xxyyx"})).pairs
        assert (pair.first, pair.second, pair.items, pair.equal) == ("ann", "ben", 4, 0.75)
        assert pair.kappa == pytest.approx(0.5)
        assert pair.interval[0] <= pair.kappa <= pair.interval[1]

    def test_resampled_kappa_is_that_of_scikit_learn(self) -> None:
        rng = np.random.default_rng(5)
        first, second = rng.integers(0, 4, (2, 30))
        weights = rng.multinomial(30, np.full(30, 1 / 30), size=8)
        values = cohen_kappa(first, second, weights.astype(np.float64))
        expected = [cohen_kappa_score(first, second, sample_weight=row) for row in weights]
        assert values == pytest.approx(expected)

    def test_every_pair_once_in_the_order_given(self) -> None:
        pairs = agreement(PUBLISHED, draws=10).pairs
        assert [pair.first + pair.second for pair in pairs] == ["AB", "AC", "AD", "BC", "BD", "CD"]
        assert [pair.items for pair in pairs] == [9, 8, 9, 9, 10, 10]


class TestIntervals:
    def test_the_plain_bootstrap_over_items_gives_about_the_same(self) -> None:
        rng = np.random.default_rng(0)
        truth = rng.integers(0, 3, 120)
        rows = np.where(rng.random((3, 120)) < 0.75, truth, rng.integers(0, 3, (3, 120)))
        ratings = {
            str(name): {str(item): str(label) for item, label in enumerate(row)}
            for name, row in enumerate(rows)
        }
        rated = agreement(ratings, draws=4000)
        counts = np.stack([(rows == label).sum(axis=0) for label in range(3)], axis=1)
        once = np.ones((1, 120))
        alphas = [
            float(krippendorff_alpha(counts[rng.integers(0, 120, 120)], once)[0])
            for _ in range(4000)
        ]
        assert rated.interval == pytest.approx(np.quantile(alphas, [0.025, 0.975]), abs=0.012)
        assert rated.interval[0] < rated.alpha < rated.interval[1]

    def test_the_generator_decides(self) -> None:
        first = agreement(PUBLISHED, rng=np.random.default_rng(1))
        assert first == agreement(PUBLISHED, rng=np.random.default_rng(1))
        assert first.interval != agreement(PUBLISHED, rng=np.random.default_rng(2)).interval

    def test_few_draws_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = agreement(PUBLISHED, draws=50)
        monkeypatch.setattr("cartography.labelling.agreement._BLOCK", 30)
        assert agreement(PUBLISHED, draws=50) == whole

    def test_a_narrower_level_is_inside(self) -> None:
        wide, narrow = (agreement(PUBLISHED, level=level).interval for level in (0.95, 0.5))
        assert wide[0] < narrow[0] < narrow[1] < wide[1]


class TestNotDefined:
    def test_nobody_and_one_annotator(self) -> None:
        for ratings in ({}, {"a": {}}, {"a": {"1": "x", "2": "y"}}):
            rated = agreement(ratings)
            assert math.isnan(rated.alpha)
            assert math.isnan(rated.interval[0])
            assert (rated.items, rated.pairs) == (0, ())
            assert rated.note == "no item was labelled by two annotators"

    def test_no_item_in_common(self) -> None:
        rated = agreement({"a": {"1": "x"}, "b": {"2": "x"}, "c": {"1": "x", "2": "y"}})
        apart, *_ = rated.pairs
        assert (apart.items, apart.note) == (0, "no item was labelled by both")
        assert math.isnan(apart.equal)
        assert math.isnan(apart.kappa)
        # Each other pair has one item in common.
        assert rated.items == 2

    def test_only_one_class(self) -> None:
        rated = agreement(spell({"a": "xxx", "b": "xxx"}))
        (pair,) = rated.pairs
        assert rated.items == pair.items == 3
        assert pair.equal == 1
        for part in (rated, pair):
            assert part.note == "only one class was used, 'x'"
        assert math.isnan(rated.alpha)
        assert math.isnan(pair.kappa)

    def test_one_item_with_two_classes(self) -> None:
        # Alpha of one item is 0: it is as unlike itself as by chance.
        rated = agreement({"a": {"1": "x"}, "b": {"1": "y"}})
        assert rated.alpha == 0
        assert rated.pairs[0].kappa == 0

    def test_samples_without_a_value_are_left_out(self) -> None:
        # A resample may contain the items of one class alone.
        rated = agreement(spell({"a": "xxxy", "b": "xxxy"}))
        assert rated.alpha == 1
        assert rated.interval == (1, 1)
