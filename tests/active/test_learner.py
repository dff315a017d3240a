import pytest
import torch
from clouds import CLASSES, CORPUS, FEATURES, PRESET

from cartography.active.learner import ActiveLearner
from cartography.errors import CartographyError


def test_a_batch_says_what_the_model_predicted_before_it_was_taught() -> None:
    learner = ActiveLearner(FEATURES, CORPUS.ids, CLASSES, strategy="lc", preset=PRESET)
    learner.teach(CORPUS.ids[:30], CORPUS.labels[:30])
    batch = learner.query(60)
    expected = learner.probabilities(torch.from_numpy(FEATURES))[batch.rows]
    assert len(set(batch.predicted.tolist())) > 1
    assert batch.predicted.tolist() == expected.argmax(axis=1).tolist()
    assert batch.scores.tolist() == pytest.approx((1 - expected.max(axis=1)).tolist(), abs=1e-6)


def test_draws_depend_on_the_seed_and_on_the_number_of_labels() -> None:
    found = []
    for seed, labels in ((1, 30), (2, 30), (1, 31)):
        learner = ActiveLearner(
            FEATURES, CORPUS.ids, CLASSES, strategy="random", preset=PRESET, seed=seed
        )
        learner.teach(CORPUS.ids[:labels], CORPUS.labels[:labels])
        found.append(learner.query(20).rows.tolist())
    assert found[0] != found[1]
    assert found[0] != found[2]


def test_a_learner_is_taught_by_names_or_numbers() -> None:
    learner = ActiveLearner(FEATURES, CORPUS.ids, CLASSES, preset=PRESET)
    learner.teach(["1-0", "1-1", "1-2"], ["circle", 1, "triangle"])
    assert learner.labelled.tolist() == [0, 1, 2]
    batch = learner.query(5)
    assert len(batch) == 5
    assert not set(batch.rows) & {0, 1, 2}
    assert learner.query(5).rows.tolist() == batch.rows.tolist()
    assert len(learner.data_map) == 3
    learner.teach(batch.ids, ["square"] * 5)
    assert len(learner.pool) == 82
    assert len(learner.data_map) == 8


@pytest.mark.parametrize(
    ("ids", "labels", "message"),
    [
        (["nobody"], [0], "no item with the id 'nobody'"),
        (["1-5"], ["oval"], "'1-5' was given the label 'oval', which is not a class"),
        (["1-5"], [3], r"a number from 0 to 2"),
        (["1-5"], [-1], "label -1"),
        (["1-0"], [0], "'1-0' has been taught already"),
        (["1-5", "1-5"], [0, 0], "'1-5' has been taught already"),
        (["1-5"], [0, 1], "1 ids for 2 labels"),
    ],
)
def test_teaching_mistakes_change_nothing(
    ids: list[str], labels: list[object], message: str
) -> None:
    learner = ActiveLearner(FEATURES, CORPUS.ids, CLASSES, preset=PRESET)
    learner.teach(["1-0"], [0])
    with pytest.raises(CartographyError, match=message):
        learner.teach(ids, labels)
    assert learner.labelled.tolist() == [0]


def test_mistakes() -> None:
    learner = ActiveLearner(FEATURES, CORPUS.ids, CLASSES, preset=PRESET)
    with pytest.raises(CartographyError, match="nothing to train on"):
        learner.query(3)
    learner.teach(CORPUS.ids, CORPUS.labels)
    with pytest.raises(CartographyError, match="the pool is empty"):
        learner.query(3)
    for size in (0, -3):
        with pytest.raises(CartographyError, match=f"one item or more, not for {size}"):
            learner.query(size)
    with pytest.raises(CartographyError, match="a seed is 0 or more"):
        ActiveLearner(FEATURES, CORPUS.ids, CLASSES, seed=-1)
    numbered = ActiveLearner(FEATURES, CORPUS.ids, ("1", "2", "3"))
    with pytest.raises(CartographyError, match="give names as text, such as '1'"):
        numbered.teach(["1-0"], [1])
    numbered.teach(["1-0"], ["1"])
    with pytest.raises(CartographyError, match="at least two classes; the labels name 1"):
        ActiveLearner(FEATURES, CORPUS.ids, ["one"])
    with pytest.raises(CartographyError, match="90 features for 3 ids"):
        ActiveLearner(FEATURES, ["a", "b", "c"], CLASSES)
    with pytest.raises(CartographyError, match="ids are not distinct"):
        ActiveLearner(FEATURES[:2], ["a", "a"], CLASSES)


def test_labels_that_come_during_a_training_are_refused() -> None:
    learner = ActiveLearner(FEATURES, CORPUS.ids, CLASSES, preset=PRESET)
    learner.teach(CORPUS.ids[:30], CORPUS.labels[:30])
    epochs = learner.train()
    next(epochs)
    learner.teach(CORPUS.ids[30:32], CORPUS.labels[30:32])
    with pytest.raises(CartographyError, match="taught while the model trained"):
        list(epochs)
    assert len(learner.data_map) == 32
