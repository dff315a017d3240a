import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LinearRegression, Perceptron, SGDClassifier
from sklearn.naive_bayes import MultinomialNB

from cartography.errors import CartographyError
from cartography.maps import recorders
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import DynamicsRecorder
from cartography.maps.recorders import record_partial_fit, trainer_callback

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "own-model.md"
HAS_TRANSFORMERS = all(map(importlib.util.find_spec, ("transformers", "accelerate")))
FEATURES = np.array([[3.0, 0.0], [0.0, 2.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
LABELS = ["a", "b", "a", "b", "b"]


def code_blocks() -> dict[str, str]:
    """The examples of the how-to, by their headings."""
    page = PAGE.read_text(encoding="utf-8")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        blocks = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        if blocks:
            (found[section.partition("\n")[0]],) = blocks
    return found


def test_the_page_has_three_examples() -> None:
    assert list(code_blocks()) == ["Any training loop", "scikit-learn", "transformers"]


@pytest.mark.parametrize(
    ("name", "items", "epochs"),
    [
        ("Any training loop", 64, 5),
        ("scikit-learn", 40, 10),
        pytest.param(
            "transformers",
            32,
            3,
            marks=[
                pytest.mark.skipif(
                    not HAS_TRANSFORMERS, reason="transformers and accelerate are missing"
                ),
                pytest.mark.filterwarnings("default"),
            ],
        ),
    ],
)
def test_an_example_of_the_how_to_runs(
    name: str, items: int, epochs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(code_blocks()[name], "own-model.md", "exec"), names)
    data_map = names["data_map"]
    assert isinstance(data_map, DataMap)
    assert (len(data_map), data_map.epochs) == (items, epochs)
    assert data_map.aum is not None
    (saved,) = tmp_path.glob("my_*")
    assert len(list((saved / "training_dynamics").iterdir())) == epochs
    assert len((saved / "texts.jsonl").read_text().splitlines()) == items


def test_partial_fit_equals_a_plain_loop() -> None:
    recorder = record_partial_fit(
        SGDClassifier(loss="log_loss", random_state=0),
        FEATURES,
        LABELS,
        epochs=3,
        ids=list("vwxyz"),
        batch_size=2,
        seed=5,
    )
    dynamics = recorder.dynamics()

    model = SGDClassifier(loss="log_loss", random_state=0)
    rng = np.random.default_rng(5)
    gold = np.array(LABELS)
    for epoch in range(3):
        order = rng.permutation(5)
        for batch in (order[:2], order[2:4], order[4:]):
            model.partial_fit(FEATURES[batch], gold[batch], classes=["a", "b"])
        predicted = model.predict_proba(FEATURES)[range(5), [0, 1, 0, 1, 1]]
        np.testing.assert_allclose(dynamics.gold_probability[epoch], predicted, atol=1e-6)
    assert dynamics.ids.tolist() == list("vwxyz")
    assert dynamics.epochs == 3


def test_sparse_features_lists_and_certain_predictions() -> None:
    matrix = sparse.csr_matrix(FEATURES)
    recorder = record_partial_fit(MultinomialNB(alpha=1e-300), matrix, LABELS, epochs=1)
    assert recorder.dynamics().ids.tolist() == [0, 1, 2, 3, 4]
    assert np.isfinite(DataMap.of(recorder.dynamics()).confidence).all()
    assert record_partial_fit(MultinomialNB(), FEATURES.tolist(), LABELS, epochs=1)


@pytest.mark.parametrize(
    "ids", [np.array([10, 11, 12, 13, 14]), list(np.arange(10, 15)), pd.Series(range(10, 15))]
)
def test_ids_of_arrays_are_saved(ids: Any, tmp_path: Path) -> None:
    recorder = record_partial_fit(MultinomialNB(), FEATURES, LABELS, epochs=1, ids=ids)
    assert all(type(item) is int for item in recorder.dynamics().ids)
    recorder.save(tmp_path)
    lines = (tmp_path / "training_dynamics" / "dynamics_epoch_0.jsonl").read_text().splitlines()
    assert lines[0].startswith('{"guid":10,')


def test_a_data_frame_of_features() -> None:
    frame = pd.DataFrame(FEATURES, columns=["meow", "bark"], index=list("vwxyz"))
    model = MultinomialNB()
    dynamics = record_partial_fit(model, frame, LABELS, epochs=2).dynamics()
    expected = record_partial_fit(MultinomialNB(), FEATURES, LABELS, epochs=2).dynamics()
    np.testing.assert_array_equal(dynamics.gold_probability, expected.gold_probability)
    assert model.feature_names_in_.tolist() == ["meow", "bark"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": LinearRegression()}, "LinearRegression has no partial_fit"),
        ({"model": Perceptron()}, "Perceptron has no predict_proba"),
        ({"labels": ["a"] * 5}, "fewer than two classes"),
        ({"labels": ["a", "b"]}, "5 rows of features, 5 ids and labels of shape (2,)"),
        ({"ids": ["x"]}, "5 rows of features, 1 ids"),
        ({"epochs": 0}, "they are 0 and 32"),
        ({"ids": ["x"] * 5}, "item 'x' occurs twice in epoch 1"),
    ],
)
def test_what_cannot_be_recorded(change: dict[str, object], message: str) -> None:
    arguments = {"model": MultinomialNB(), "features": FEATURES, "labels": LABELS, "epochs": 1}
    with pytest.raises(CartographyError, match=re.escape(message)):
        record_partial_fit(**{**arguments, **change})  # type: ignore[arg-type]


def test_the_callback_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(recorders, "import_module", missing)
    with pytest.raises(CartographyError, match="pip install transformers"):
        trainer_callback(DynamicsRecorder())


class TestACallback:
    """The callback with the loader and the model of a trainer, without transformers."""

    def record(self, monkeypatch: pytest.MonkeyPatch, ids: Any, **options: object):  # type: ignore[no-untyped-def]
        import torch
        from torch.utils.data import DataLoader

        class Base:
            pass

        class Library:
            TrainerCallback = Base

        class Output:
            def __init__(self, logits: torch.Tensor) -> None:
                self.logits = logits

        class Model(torch.nn.Linear):
            device = "cpu"

            def forward(self, inputs: torch.Tensor) -> Output:  # type: ignore[override]
                assert not self.training
                return Output(super().forward(inputs))

        monkeypatch.setattr(recorders, "import_module", lambda _: Library)
        torch.manual_seed(0)
        model = Model(2, 2)
        rows = [
            {"inputs": torch.tensor(row, dtype=torch.float32), "labels": int(label == "b")}
            for row, label in zip(FEATURES, LABELS, strict=True)
        ]
        loader = DataLoader(rows, batch_size=2, shuffle=True, drop_last=True)  # type: ignore[arg-type]
        recorder = DynamicsRecorder()
        callback = trainer_callback(recorder, ids)
        before = torch.get_rng_state()
        callback.on_epoch_end(
            *("args", "state", "control"), model=model, train_dataloader=loader, **options
        )
        assert torch.equal(torch.get_rng_state(), before)
        assert model.training
        scores = FEATURES @ model.weight.detach().numpy().T + model.bias.detach().numpy()
        return recorder.dynamics(), scores

    def test_every_item_is_recorded_in_its_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dynamics, scores = self.record(monkeypatch, list("vwxyz"), eval_dataloader=None)
        assert dynamics.ids.tolist() == list("vwxyz")
        odds = np.exp(scores)
        expected = odds[range(5), [0, 1, 0, 1, 1]] / odds.sum(axis=1)
        np.testing.assert_allclose(dynamics.gold_probability[0], expected, atol=1e-6)

    def test_ids_of_an_array(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dynamics, _ = self.record(monkeypatch, np.arange(10, 15))
        assert all(type(item) is int for item in dynamics.ids)

    def test_the_number_of_ids_is_checked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(CartographyError, match="1 ids, but the training set has 5 rows"):
            self.record(monkeypatch, ["v"])
