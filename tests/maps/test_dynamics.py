import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from cartography.errors import CartographyError
from cartography.formats.dataset_cartography import read_dynamics, read_texts
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import DynamicsRecorder, measure


def test_the_recorder_accepts_items_in_any_order() -> None:
    recorder = DynamicsRecorder()
    recorder.update(["a", "b"], [[0.0, 0.0], [np.log(3), 0.0]], [0, 0])
    recorder.update(["c"], [[0.0, np.log(4)]], [0])
    recorder.end_epoch()
    recorder.update(["c", "a", "b"], [[5.0, 5.0], [0.0, np.log(9)], [0.0, np.log(9)]], [0, 1, 0])
    recorder.end_epoch()
    dynamics = recorder.dynamics()
    assert dynamics.ids.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(
        dynamics.gold_probability, [[0.5, 0.75, 0.2], [0.9, 0.1, 0.5]], rtol=1e-6
    )
    assert dynamics.correct.tolist() == [[True, True, False], [True, False, True]]
    assert dynamics.epochs == 2


def test_tensors_with_gradients_half_precision_and_single_items_are_accepted() -> None:
    recorder = DynamicsRecorder()
    logits = torch.tensor([[1.0, 1.0]], dtype=torch.bfloat16, requires_grad=True)
    recorder.update(torch.tensor([7]), logits, torch.tensor([1]))
    recorder.end_epoch()
    assert recorder.dynamics().ids.tolist() == [7]
    assert recorder.dynamics().gold_probability.tolist() == [[0.5]]


def test_huge_logits_do_not_overflow() -> None:
    recorder = DynamicsRecorder()
    recorder.update(["a"], [[1e4, -1e4]], [0])
    recorder.end_epoch()
    assert recorder.dynamics().gold_probability.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.update(["a", "a"], [[0, 1], [0, 1]], [0, 0]), "'a' occurs twice in epoch 1"),
        (lambda r: r.update(["a"], [[0, 1]], [2]), "'a' has gold label 2, but the logits have 2"),
        (lambda r: r.update(["a"], [[0, 1]], [-1]), "'a' has gold label -1"),
        (lambda r: r.update(["a"], [[0, 1]], [0.5]), "'a' has gold label 0.5"),
        (lambda r: r.update(["a"], [[0, float("nan")]], [0]), "logits of item 'a' are not all"),
        (lambda r: r.update(["a"], [0, 1], [0]), "logits of shape (2,)"),
        (lambda r: r.update(["a", "b"], [[0, 1]], [0]), "given 2 ids, logits of shape (1, 2)"),
        (lambda r: r.end_epoch(), "the epoch has no items"),
        (lambda r: r.dynamics(), "no epoch is closed yet"),
    ],
)
def test_errors_name_the_mistake(call, message: str) -> None:
    with pytest.raises(CartographyError, match=re.escape(message)):
        call(DynamicsRecorder())


def test_a_rejected_batch_is_not_recorded() -> None:
    recorder = DynamicsRecorder()
    with pytest.raises(CartographyError, match="occurs twice"):
        recorder.update(["a", "b", "b"], [[0, 1]] * 3, [0, 0, 0])
    recorder.update([], np.zeros((0, 2)), [])
    recorder.update([("a", 1), "b", 3], [[0, 1]] * 3, np.array([0.0, 1.0, 1.0]))
    recorder.end_epoch()
    assert recorder.dynamics().ids.tolist() == [("a", 1), "b", 3]


def test_an_item_missing_from_an_epoch_is_an_error() -> None:
    recorder = DynamicsRecorder()
    recorder.update(["a", "b"], [[0, 1], [0, 1]], [0, 0])
    recorder.end_epoch()
    recorder.update(["a"], [[0, 1]], [0])
    with pytest.raises(CartographyError, match="'b' was not in every epoch: epoch 2 has 1 items"):
        recorder.end_epoch()


@pytest.mark.parametrize("epoch", range(5))
def test_published_logits_of_another_model(data_folder: Path, epoch: int) -> None:
    """RoBERTa on SNLI, against a plain softmax. Each file has different items, so each is a map."""
    path = data_folder / "snli_training_dynamics" / f"dynamics_epoch_{epoch}.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    logits = [record[f"logits_epoch_{epoch}"] for record in records]
    gold = [record["gold"] for record in records]
    recorder = DynamicsRecorder()
    recorder.update([record["guid"] for record in records], logits, gold)
    recorder.end_epoch()
    data_map = DataMap.of(recorder.dynamics())
    assert len(data_map) == 10
    for row, (scores, label) in enumerate(zip(logits, gold, strict=True)):
        expected = np.exp(scores[label]) / sum(np.exp(score) for score in scores)
        assert data_map.confidence[row] == pytest.approx(expected, abs=1e-6)
        assert data_map.variability[row] == 0
        assert data_map.correctness[row] == (max(scores) == scores[label])


def test_dynamics_of_the_first_epochs() -> None:
    recorder = DynamicsRecorder()
    for logits in ([0.0, 0.0], [5.0, 0.0], [0.0, 5.0]):
        recorder.update(["a"], [logits], [0])
        recorder.end_epoch()
    dynamics = recorder.dynamics()

    assert dynamics.until(2).correct.tolist() == [[True], [True]]
    assert dynamics.until(3).epochs == 3
    for epochs in (0, 4):
        with pytest.raises(CartographyError, match=f"no map of {epochs} epochs.* give 1 to 3"):
            dynamics.until(epochs)


def two_epochs() -> DynamicsRecorder:
    recorder = DynamicsRecorder()
    recorder.update(["a", 7], [[0.1, 2.0, -1e-7], [3e4, 0.0, 1.0]], [1, 2])
    recorder.end_epoch()
    recorder.update([7, "a"], [[0.0, 0.5, 1.5], [1.0, 0.25, 0.5]], [2, 1])
    recorder.end_epoch()
    return recorder


def test_margins_are_those_of_the_gold_logit() -> None:
    dynamics = two_epochs().dynamics()
    assert dynamics.margin is not None
    np.testing.assert_allclose(dynamics.margin, [[1.9, -29_999], [-0.75, 1.0]], rtol=1e-6)
    first = dynamics.until(1).margin
    assert first is not None
    assert first.shape == (1, 2)
    taken = dynamics.take(np.array([1]))
    assert taken.ids.tolist() == [7]
    assert taken.margin is not None
    assert taken.margin.tolist() == [[-29_999.0], [1.0]]
    assert taken.correct.tolist() == [[False], [True]]


@pytest.mark.parametrize("in_memory", [2**20, 1])
def test_saved_dynamics_are_read_back_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr("cartography.maps.dynamics._IN_MEMORY", in_memory)
    recorder = two_epochs()
    recorder.save(tmp_path, texts={"a": "A\u2028b", 7: "ß"}, labels={"a": "x", 7: "y,z"})
    expected = recorder.dynamics()

    read = read_dynamics(tmp_path, measure)

    assert read.ids.tolist() == ["a", 7]
    assert read.gold.tolist() == [1, 2]
    assert read.notes == ()
    for values, wanted in zip(
        read.values, (expected.gold_probability, expected.correct, expected.margin), strict=True
    ):
        np.testing.assert_array_equal(values, wanted)
    ids, texts, labels = read_texts(tmp_path / "texts.jsonl")
    assert ids.tolist() == ["a", 7]
    assert texts.tolist() == ["A\u2028b", "ß"]
    assert labels.tolist() == ["x", "y,z"]
    first = (tmp_path / "training_dynamics" / "dynamics_epoch_0.jsonl").read_text().splitlines()[0]
    assert first == '{"guid":"a","logits_epoch_0":[0.1,2.0,-1e-07],"gold":1}'


def test_a_training_can_be_saved_after_each_epoch(tmp_path: Path) -> None:
    recorder = DynamicsRecorder()
    for epoch in range(3):
        recorder.update(["a"], [[0.0, float(epoch)]], [1])
        recorder.end_epoch()
        recorder.save(tmp_path)
        assert len(read_dynamics(tmp_path, measure).values[0]) == epoch + 1
    assert not (tmp_path / "texts.jsonl").exists()
    shorter = two_epochs()
    with pytest.raises(CartographyError, match="has epoch 2 of another training"):
        shorter.save(tmp_path)


@pytest.mark.parametrize(
    ("ids", "gold", "options", "message"),
    [
        ([(1, 2)], [0, 0], {}, r"item \(1, 2\) cannot be saved"),
        ([True], [0, 0], {}, "item True cannot be saved"),
        (["a"], [0, 1], {}, "'a' has gold label 1 in epoch 2, but 0 in the first"),
        (["a"], [0, 0], {"texts": {}}, "'a' has no text: give one for every id"),
        (["a"], [0, 0], {"labels": {"b": "x"}}, "'a' has no label"),
    ],
)
def test_what_cannot_be_saved(
    tmp_path: Path, ids: list[object], gold: list[int], options: dict[str, object], message: str
) -> None:
    recorder = DynamicsRecorder()
    for label in gold:
        recorder.update(ids, [[0.0, 1.0]], [label])
        recorder.end_epoch()
    with pytest.raises(CartographyError, match=message):
        recorder.save(tmp_path, **options)  # type: ignore[arg-type]


def test_nothing_is_saved_before_an_epoch_is_closed(tmp_path: Path) -> None:
    with pytest.raises(CartographyError, match="no epoch is closed yet"):
        DynamicsRecorder().save(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_one_output_is_refused_and_the_classes_stay_the_same() -> None:
    recorder = DynamicsRecorder()
    with pytest.raises(CartographyError, match=r"need two classes or more, not 1: .*\[0, logit\]"):
        recorder.update(["a"], [[0.3]], [0])
    recorder.update(["a"], [[0.0, 1.0]], [0])
    with pytest.raises(CartographyError, match="3 classes, but 2 in earlier batches"):
        recorder.update(["b"], [[0.0, 1.0, 2.0]], [0])
    for logits in ([[0.0, 1e300]], [["x", "y"]], [[[0.0, 1.0]], [0.0]]):
        with pytest.raises(CartographyError):
            recorder.update(["b"], logits, [0])
