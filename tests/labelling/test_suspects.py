import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics.pairwise import cosine_similarity
from torch import Tensor

from cartography.errors import CartographyError
from cartography.labelling.cross_validation import FoldPlan, cross_validated, deal_folds
from cartography.labelling.planted_noise import Spread, flip_labels, planted_noise
from cartography.labelling.suspects import (
    RANKINGS,
    Ranking,
    Suspects,
    class_thresholds,
    confident_classes,
    find_in_sets,
    find_suspects,
    mean_log_odds,
    normalised_margin,
)
from cartography.maps.data_map import area_under_margin
from cartography.maps.dynamics import TrainingDynamics, measure
from cartography.models.mlp import probabilities
from cartography.models.presets import RELEASED, STANDARD
from cartography.models.trainer import TrainingSet
from cartography.models.training import train_epochs

CLASSES = 3
PRESET = STANDARD.with_classifier(hidden=(16,), epochs=8, least_steps=0, learning_rate=1e-2)
RECIPE = PRESET.for_corpus(150).classifier


def clusters(texts: int = 150) -> tuple[Tensor, NDArray[np.int64], NDArray[np.int64]]:
    """Features of three separate Gaussian clusters in the rows 10 and up, the rows and classes."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, CLASSES, texts)
    centres = 4 * np.eye(CLASSES, 6)
    points = rng.normal(size=(10 + texts, 6))
    points[10:] = centres[labels] + 0.4 * points[10:]
    return torch.from_numpy(points.astype(np.float32)), np.arange(10, 10 + texts), labels


def made_up(out_of_fold: NDArray[np.float32], labels: NDArray[np.int64]) -> Suspects:
    """Suspects with given predictions."""
    rows = np.arange(len(labels))
    gold = out_of_fold[rows, labels][None]
    dynamics = TrainingDynamics(rows.astype(object), gold, gold > 0.5)
    return Suspects(rows, labels, dynamics, out_of_fold, torch.zeros(len(rows), 2))


def random_predictions(
    texts: int, classes: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(texts) % classes)
    predicted = rng.dirichlet(np.full(classes, 0.5), texts) + np.eye(classes)[labels]
    return (predicted / 2).astype(np.float32), labels


class TestFolds:
    def test_every_class_is_divided_evenly(self) -> None:
        labels = np.repeat([0, 1, 2], [23, 11, 6])
        fold = deal_folds(labels, 5, np.random.default_rng(0))
        table = np.stack([np.bincount(fold[labels == label], minlength=5) for label in range(3)])
        assert (np.ptp(table, axis=1) <= 1).all()
        assert np.bincount(fold).tolist() == [8] * 5

    def test_each_text_is_held_out_of_its_fold_and_trained_on_in_the_others(self) -> None:
        _, rows, labels = clusters()
        plan = FoldPlan.of(rows, labels, 3, 5)
        for number, training_set in enumerate(plan.sets):
            held = rows[plan.fold == number]
            assert sorted([*training_set.rows, *held]) == rows.tolist()
            assert (training_set.labels == labels[training_set.rows - 10]).all()
        assert len(set(plan.seeds)) == 5

    def test_fewer_texts_than_folds(self) -> None:
        assert sorted(deal_folds(np.array([0, 1, 0]), 5, np.random.default_rng(0))) == [0, 1, 2]

    @pytest.mark.parametrize(("texts", "folds"), [(0, 5), (1, 5), (9, 1)])
    def test_too_few_to_validate(self, texts: int, folds: int) -> None:
        with pytest.raises(CartographyError, match="two folds and two labelled texts"):
            deal_folds(np.zeros(texts, dtype=np.int64), folds, np.random.default_rng(0))


class TestCrossValidated:
    def test_equals_the_folds_trained_one_by_one(self) -> None:
        features, rows, labels = clusters()
        predicted = cross_validated(features, rows, labels, CLASSES, RECIPE, seed=3)
        plan = FoldPlan.of(rows, labels, 3, 5)
        for number, training_set in enumerate(plan.sets):
            *_, last = train_epochs(features, [training_set], CLASSES, RECIPE)
            held = plan.fold == number
            alone = probabilities(last.classifiers[0], features, torch.from_numpy(rows[held])[None])
            assert (predicted[held] == alone[0].numpy()).all()

    def test_separate_clusters_are_predicted(self) -> None:
        features, rows, labels = clusters()
        predicted = cross_validated(features, rows, labels, CLASSES, RECIPE)
        assert predicted.dtype == np.float32
        assert predicted.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)
        assert (predicted.argmax(axis=1) == labels).all()

    def test_the_seed_decides(self) -> None:
        features, rows, labels = clusters()
        once, again, other = (
            cross_validated(features, rows, labels, CLASSES, RECIPE, seed=seed)
            for seed in (1, 1, 2)
        )
        assert (once == again).all()
        assert (once != other).any()

    def test_a_label_out_of_range(self) -> None:
        features, rows, labels = clusters()
        with pytest.raises(CartographyError, match="training labels must be 0 to 1"):
            cross_validated(features, rows, labels, 2, RECIPE)


class TestFormulas:
    def test_log_odds_by_hand(self) -> None:
        gold = np.array([[0.5, 0.8], [0.5, 0.2], [0.75, 0.5]], dtype=np.float32)
        assert mean_log_odds(gold) == pytest.approx([math.log(3) / 3, 0], abs=1e-6)

    def test_log_odds_of_two_classes_are_the_area_under_the_margin(self) -> None:
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 2, 20)
        epochs = [measure(rng.normal(size=(20, 2)).astype(np.float32), labels) for _ in range(4)]
        gold, margin = (np.stack([epoch[part] for epoch in epochs]) for part in (0, 2))
        assert mean_log_odds(gold) == pytest.approx(area_under_margin(margin), abs=1e-5)

    def test_log_odds_of_many_classes_are_near_it(self) -> None:
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 6, 50)
        gold, _, margin = measure((3 * rng.normal(size=(50, 6))).astype(np.float32), labels)
        difference = area_under_margin(margin[None]) - mean_log_odds(gold[None])
        assert difference.min() > -1e-5
        assert difference.max() < math.log(5)

    def test_log_odds_of_certainty_are_finite(self) -> None:
        certain = mean_log_odds(np.array([[0, 1]], dtype=np.float32))
        assert certain[0] == pytest.approx(math.log(np.finfo(np.float32).smallest_normal))
        assert certain[1] == pytest.approx(math.log(2**24), rel=1e-6)

    def test_margin_by_hand(self) -> None:
        predicted = np.array([[0.5, 0.25, 0.25], [0.125, 0.25, 0.625]], dtype=np.float32)
        assert normalised_margin(predicted, np.array([0, 0])).tolist() == [0.25, -0.5]
        assert predicted[0, 0] == 0.5  # the input is unchanged

    def test_thresholds_by_hand(self) -> None:
        predicted = np.array([[0.75, 0.25, 0], [0.25, 0.75, 0], [0.5, 0.5, 0]], dtype=np.float32)
        thresholds = class_thresholds(predicted, np.array([0, 0, 1]))
        assert thresholds[:2].tolist() == [0.5, 0.5]
        assert math.isnan(thresholds[2])

    def test_the_confident_joint_by_a_plain_version(self) -> None:
        predicted, labels = random_predictions(200, 5, 4)
        expected = []
        thresholds = [
            predicted[labels == label, label].mean(dtype=np.float64) for label in range(5)
        ]
        for row in predicted:
            reached = [label for label in range(5) if row[label] >= thresholds[label]]
            expected.append(max(reached, key=lambda label: row[label]) if reached else -1)
        assert confident_classes(predicted, labels).tolist() == expected
        assert -1 in expected

    def test_issues_are_off_the_diagonal_and_predicted_otherwise(self) -> None:
        predicted = np.array(
            [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8], [0.6, 0.4], [0.45, 0.55]], dtype=np.float32
        )
        labels = np.array([0, 0, 0, 1, 1])
        # Thresholds 1.6 / 3 and 0.95 / 2. Text 1 is counted in class 1, but predicted as class 0.
        assert confident_classes(predicted, labels).tolist() == [0, 1, 1, 0, 1]
        suspects = made_up(predicted, labels)
        assert suspects.issues.tolist() == [False, False, True, True, False]
        assert suspects.order("confident learning").tolist() == [2, 3, 1, 4, 0]

    def test_cleanlab_scores_and_finds_the_same(self) -> None:
        rank = pytest.importorskip("cleanlab.rank")
        count = pytest.importorskip("cleanlab.count")
        filters = pytest.importorskip("cleanlab.filter")
        predicted, labels = random_predictions(300, 4, 7)
        suspects = made_up(predicted, labels)
        quality = rank.get_label_quality_scores(labels, predicted, method="self_confidence")
        assert suspects.scores["cross-validation"] == pytest.approx(1 - quality)
        margin = rank.get_label_quality_scores(labels, predicted, method="normalized_margin")
        assert normalised_margin(predicted, labels) == pytest.approx(2 * margin - 1, abs=1e-6)
        thresholds = count.get_confident_thresholds(labels, predicted)
        assert class_thresholds(predicted, labels) == pytest.approx(thresholds, abs=1e-6)
        theirs = filters.find_label_issues(
            labels, predicted, filter_by="confident_learning", n_jobs=1
        )
        assert (suspects.issues <= theirs).all()
        # Theirs also has texts that are confidently counted in their own class.
        assert (confident_classes(predicted, labels) == labels)[theirs & ~suspects.issues].all()


class TestFindSuspects:
    def test_every_ranking_finds_planted_flips(self) -> None:
        features, rows, truth = clusters()
        labels, flipped = flip_labels(truth, CLASSES, 0.1, np.random.default_rng(0))
        suspects = find_suspects(features, rows, labels, CLASSES, PRESET)
        assert flipped.sum() == 15
        for name in RANKINGS:
            assert flipped[suspects.order(name)[:15]].mean() > 0.9, name
        assert (suspects.predicted == truth).mean() > 0.98
        assert (suspects.issues == flipped).mean() > 0.95
        assert suspects.dynamics.ids.tolist() == rows.tolist()
        assert len(suspects.data_map) == len(rows)

    def test_scores_follow_their_definitions(self) -> None:
        features, rows, labels = clusters()
        suspects = find_suspects(features, rows, labels, CLASSES, PRESET)
        assert list(suspects.scores) == list(RANKINGS)
        own = suspects.out_of_fold[np.arange(len(rows)), labels]
        assert suspects.scores["cross-validation"] == pytest.approx(1 - own)
        low = 1 - suspects.dynamics.gold_probability.mean(axis=0)
        assert suspects.scores["low confidence"] == pytest.approx(low, abs=1e-6)

    def test_the_main_model_is_trained_on_all_texts(self) -> None:
        features, rows, labels = clusters()
        suspects = find_suspects(features, rows, labels, CLASSES, PRESET, 3)
        seed = int(np.random.SeedSequence([3, 0]).generate_state(1, np.uint32)[0])
        alone = [TrainingSet(rows, labels, seed)]
        gold = [epoch.gold_probability[0] for epoch in train_epochs(features, alone, 3, RECIPE)]
        assert (suspects.dynamics.gold_probability == np.stack(gold)).all()

    def test_folds_and_seed_are_those_of_cross_validated(self) -> None:
        features, rows, labels = clusters()
        suspects = find_suspects(features, rows, labels, CLASSES, PRESET, 4)
        predicted = cross_validated(features, rows, labels, CLASSES, RECIPE, seed=4)
        assert (suspects.out_of_fold == predicted).all()

    def test_sets_side_by_side_are_as_if_alone(self) -> None:
        features, rows, labels = clusters()
        sets = [(rows, labels, 1), (rows[:40], labels[:40], 2)]
        for labelled, beside in zip(sets, find_in_sets(features, sets, 3, PRESET), strict=True):
            alone = find_suspects(features, *labelled[:2], CLASSES, PRESET, labelled[2])
            assert (alone.out_of_fold == beside.out_of_fold).all()
            assert (alone.dynamics.gold_probability == beside.dynamics.gold_probability).all()
            assert (alone.dynamics.correct == beside.dynamics.correct).all()

    def test_classes_of_a_single_text(self) -> None:
        features, rows, labels = clusters()
        labels = labels.copy()
        labels[[5, 9]] = [3, 4]
        suspects = find_suspects(features, rows, labels, 6, PRESET)
        assert np.flatnonzero(suspects.single).tolist() == [5, 9]
        for name in RANKINGS:
            assert np.isfinite(suspects.scores[name]).all()
        assert set(suspects.order("cross-validation")[:2]) == {5, 9}

    def test_two_texts_of_one_class(self) -> None:
        features, rows, _ = clusters()
        suspects = find_suspects(features, rows[:2], np.array([1, 1]), CLASSES, PRESET)
        assert suspects.out_of_fold.shape == (2, 3)
        assert not suspects.issues.any()

    def test_dropout_that_stays_on_is_drawn_from_the_seed(self) -> None:
        features, rows, labels = clusters()
        preset = RELEASED.with_classifier(epochs=2)
        assert preset.classifier.dropout_at_test
        once, again = (
            find_suspects(features, rows, labels, CLASSES, preset).out_of_fold for _ in range(2)
        )
        assert (once == again).all()

    def test_nearest_by_cosine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        features, rows, labels = clusters()
        suspects = made_up(np.full((150, 3), 1 / 3, dtype=np.float32), labels)
        suspects = Suspects(rows, labels, suspects.dynamics, suspects.out_of_fold, features)
        similarity = cosine_similarity(features[10:].numpy())
        np.fill_diagonal(similarity, -2)
        expected = np.argsort(-similarity, axis=1)[[7, 3, 149], :5]
        assert (suspects.nearest(np.array([7, 3, 149])) == expected).all()
        monkeypatch.setattr("cartography.labelling.suspects._BLOCK", 40)
        assert (suspects.nearest(np.array([7, 3, 149])) == expected).all()

    def test_nearest_of_few_texts(self) -> None:
        suspects = made_up(np.full((3, 2), 0.5, dtype=np.float32), np.array([0, 1, 1]))
        assert suspects.nearest(np.array([1])).tolist() == [[0, 2]]

    def test_what_is_refused(self) -> None:
        features, rows, labels = clusters()
        with pytest.raises(CartographyError, match="at least two classes"):
            find_suspects(features, rows, np.zeros_like(labels), 1, PRESET)
        with pytest.raises(CartographyError, match="two labelled texts or more"):
            find_suspects(features, rows[:1], labels[:1], CLASSES, PRESET)
        suspects = made_up(np.full((2, 2), 0.5, dtype=np.float32), np.array([0, 1]))
        with pytest.raises(CartographyError, match="there is no ranking 'magic': give one of low"):
            suspects.order("magic")


class TestPlantedNoise:
    def test_flipped_labels(self) -> None:
        labels = np.arange(200) % 4
        noisy, flipped = flip_labels(labels, 4, 0.25, np.random.default_rng(0))
        assert flipped.sum() == 50
        assert ((noisy != labels) == flipped).all()
        assert set(noisy) == {0, 1, 2, 3}
        assert flip_labels(labels, 4, 0.001, np.random.default_rng(0))[1].sum() == 1

    def test_rankings_that_know_the_truth_and_its_opposite(self) -> None:
        features, rows, truth = clusters()

        def knows(suspects: Suspects) -> NDArray[np.float64]:
            return (suspects.labels != truth).astype(np.float64)

        rankings = {
            "knows": Ranking("", knows),
            "inverted": Ranking("", lambda suspects: -knows(suspects)),
        }
        report = planted_noise(
            features, rows, truth, CLASSES, PRESET, seeds=(0, 1), rankings=rankings
        )
        assert (report.texts, report.flipped, report.seeds) == (150, 15, (0, 1))
        found = report.rankings["knows"]
        assert list(found) == [10, 15, 30, 50, 100]
        assert found[10].precision == found[15].recall == Spread(1, 1, 1)
        assert found[10].recall.mean == pytest.approx(10 / 15)
        assert found[30].precision == Spread(0.5, 0.5, 0.5)
        assert report.rankings["inverted"][100].recall == Spread(0, 0, 0)

    def test_the_rankings_on_separate_clusters(self) -> None:
        features, rows, truth = clusters()
        report = planted_noise(features, rows, truth, CLASSES, PRESET)
        assert list(report.rankings) == list(RANKINGS)
        for depths in report.rankings.values():
            assert depths[15].recall.mean > 0.9
            assert depths[15].precision == depths[15].recall
        easy, *others = report.regions.values()
        assert sum(region.size.mean for region in report.regions.values()) == pytest.approx(150)
        assert sum(region.recall.mean for region in report.regions.values()) == pytest.approx(1)
        assert sum(region.recall.mean for region in others) > 0.9
        assert easy.size.mean > 100
        assert report.issues.recall.mean > 0.8

    def test_the_report_as_a_table(self) -> None:
        features, rows, truth = clusters()
        frame = planted_noise(features, rows, truth, CLASSES, PRESET, seeds=(5,)).to_frame()
        assert frame["kind"].value_counts().to_dict() == {"ranking": 20, "region": 3, "issues": 1}
        first = frame[frame["name"] == "cross-validation"].set_index("size")
        assert first.loc[15, "precision"] == first.loc[15, "recall_high"]

    def test_some_seeds_at_a_time_give_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        features, rows, truth = clusters()
        whole = planted_noise(features, rows, truth, CLASSES, PRESET, seeds=(1, 2, 3))
        monkeypatch.setattr("cartography.labelling.planted_noise._MOST_VALUES", 2 * 6 * 150 * 3)
        parts = planted_noise(features, rows, truth, CLASSES, PRESET, seeds=(1, 2, 3))
        assert parts.to_frame().equals(whole.to_frame())

    def test_spread_without_a_value(self) -> None:
        assert Spread.of([1, np.nan, 3]) == Spread(2, 1, 3)
        assert math.isnan(Spread.of([np.nan]).mean)

    def test_what_is_refused(self) -> None:
        features, rows, truth = clusters()
        with pytest.raises(CartographyError, match="at least one seed"):
            planted_noise(features, rows, truth, CLASSES, PRESET, seeds=())
        with pytest.raises(CartographyError, match="between 0 and 1, not 1"):
            planted_noise(features, rows, truth, CLASSES, PRESET, 1)
        with pytest.raises(CartographyError, match="two classes or more, not 1"):
            planted_noise(features, rows, np.zeros_like(truth), 1, PRESET)
