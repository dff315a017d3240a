import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cartography.errors import CartographyError
from cartography.formats.dataset_cartography import (
    EpochLogits,
    RecordedDynamics,
    has_dynamics,
    read_dynamics,
    read_texts,
    write_dynamics,
)

Row = dict[str, Any]


def as_they_are(logits: Any, gold: Any) -> tuple[Any, ...]:
    return logits, gold


def read(path: Path) -> RecordedDynamics:
    return read_dynamics(path, as_they_are)


def write(folder: Path, *epochs: Sequence[Row], start: int = 0) -> Path:
    """The files of some epochs, as pandas writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, rows in enumerate(epochs, start=start):
        lines = [
            json.dumps(
                {"guid": row["guid"], f"logits_epoch_{number}": row["logits"], **row["more"]}
            )
            for row in rows
        ]
        (folder / f"dynamics_epoch_{number}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def row(guid: object, logits: object, gold: object = 0, **more: object) -> Row:
    return {"guid": guid, "logits": logits, "more": {"gold": gold, **more}}


EPOCHS = (
    [row(5, [0.5, 1.5]), row("b", [2, -1.25], 1), row("c", [0.0, 0.0], 1)],
    [row("c", [1.0, 3.0], 1), row(5, [0.25, 0.75]), row("b", [-2.0, -3.0], 1)],
)


class TestReading:
    @pytest.mark.parametrize("inside", ["", "training_dynamics"])
    def test_epochs_are_joined_by_their_guids(self, tmp_path: Path, inside: str) -> None:
        write(tmp_path / inside, *EPOCHS)
        assert has_dynamics(tmp_path)
        found = read(tmp_path)
        logits, gold = found.values
        assert found.ids.tolist() == [5, "b", "c"]
        assert found.gold.tolist() == [0, 1, 1]
        assert logits.tolist() == [
            [[0.5, 1.5], [2.0, -1.25], [0.0, 0.0]],
            [[0.25, 0.75], [-2.0, -3.0], [1.0, 3.0]],
        ]
        assert gold.tolist() == [[0, 1, 1], [0, 1, 1]]
        assert found.notes == ()

    def test_one_file_is_one_epoch(self, tmp_path: Path) -> None:
        write(tmp_path, *EPOCHS)
        found = read(tmp_path / "dynamics_epoch_1.jsonl")
        assert found.ids.tolist() == ["c", 5, "b"]
        assert found.values[0].shape == (1, 3, 2)

    def test_epochs_may_be_numbered_from_1_and_be_json(self, tmp_path: Path) -> None:
        write(tmp_path, *EPOCHS, start=1)
        first = tmp_path / "dynamics_epoch_1.jsonl"
        first.rename(first.with_suffix(".json"))
        assert read(tmp_path).values[0].shape == (2, 3, 2)

    def test_ten_epochs_are_in_the_order_of_their_numbers(self, tmp_path: Path) -> None:
        write(tmp_path, *([row("a", [float(number), 0.0])] for number in range(12)))
        assert read(tmp_path).values[0][:, 0, 0].tolist() == list(range(12))

    def test_items_that_a_loader_dropped_are_left_out_and_counted(self, tmp_path: Path) -> None:
        first, second = EPOCHS
        write(tmp_path, first, [*second[:2], row("d", [0.0, 1.0])])
        found = read(tmp_path)
        assert found.ids.tolist() == [5, "c"]
        assert found.values[0][1].tolist() == [[0.25, 0.75], [1.0, 3.0]]
        assert found.notes == (
            "2 items left out, not in every epoch: such as 'b' of dynamics_epoch_0.jsonl",
        )

    def test_files_without_a_common_item_are_a_sample(self, tmp_path: Path) -> None:
        write(tmp_path, [row("a", [0.0, 1.0], 1)], [row("b", [2.0, 3.0], 0)])
        found = read(tmp_path)
        assert found.ids.tolist() == ["a", "b"]
        assert found.gold.tolist() == [1, 0]
        assert found.values[0].tolist() == [[[0.0, 1.0], [2.0, 3.0]]]
        assert "each of the 2 files has other items" in found.notes[0]

    def test_published_dynamics(self, data_folder: Path) -> None:
        found = read(data_folder / "snli_training_dynamics")
        assert len(found.ids) == 50
        assert found.values[0].shape == (1, 50, 3)
        assert found.ids[0] == 4734364254410
        assert found.values[0][0, 0].tolist() == pytest.approx([-0.4754295, -0.2257211, 0.9408462])


GOOD = [row("a", [0.0, 1.0]), row("b", [0.0, 1.0])]


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        ([[row(None, [0, 1])]], "dynamics_epoch_0.jsonl, (row|item) 1.*'guid' is empty"),
        ([[row([1], [0, 1])]], "(row|item) 1.*column 'guid' has a list: every row needs an id"),
        ([[row(1.5, [0, 1])]], "(row|item) 1.*column 'guid' has a number"),
        ([[row(True, [0, 1])]], "(row|item) 1.*column 'guid' has a truth value"),
        ([[row(1, [0, 1]), row("1", [0, 1])]], "row 2.* has the id '1' of (row|item) 1.* again"),
        ([[*GOOD, row("c", [0.0, 1.0, 2.0])]], "row 3.* has 3 logits, but the items before have 2"),
        ([[row("a", [0.5])]], "(row|item) 1.* has fewer than two logits"),
        ([[row("a", [])]], "(row|item) 1.* has fewer than two logits"),
        ([[row("a", 0.5)]], "(row|item) 1.* has a number and not a list of logits"),
        ([[row("a", "0.5")]], "(row|item) 1.* has '0.5' and not a list of logits"),
        ([[row("a", None)]], "(row|item) 1.* and not a list of logits"),
        ([[row("a", [0.0, None])]], "(row|item) 1.* has null among the logits"),
        (
            [[row("a", [0.0, float("nan")])]],
            "(row|item) 1.* has a number among the logits that is not a",
        ),
        ([[row("a", [0.0, 1e39])]], "(row|item) 1.* that is not a finite number"),
        ([[row("a", [0.0, 10**400])]], "(row|item) 1.* that is not a finite number"),
        ([[row("a", [[0.0], [1.0]])]], "(row|item) 1.* has a list among the logits"),
        ([[row("a", [0.0, 1.0], 2)]], "(row|item) 1.* has gold 2, but there are 2 logits"),
        ([[row("a", [0.0, 1.0], -1)]], "(row|item) 1.* has gold -1"),
        ([[row("a", [0.0, 1.0], 0.5)]], "(row|item) 1.* has gold 0.5"),
        (
            [[row("a", [0.0, 1.0], "x")]],
            "(row|item) 1.*column 'gold' has 'x' and not a finite number",
        ),
        ([[row("a", [0.0, 1.0], None)]], "(row|item) 1.*column 'gold' is empty"),
        (
            [GOOD, [row("a", [0.0, 1.0]), row("b", [0.0, 1.0], 1)]],
            "1.jsonl, row 2.* gold 1 for guid",
        ),
        (
            [GOOD, [row("a", [0.0, 1.0, 2.0])]],
            "epoch_1.*(row|item) 1.* has 3 logits, but .* have 2",
        ),
        ([[*GOOD, row("c", [0, 1])], GOOD[:1]], "1.jsonl has only 1 of the 3 guids of dynamics_e"),
        ([GOOD, GOOD[:1], GOOD[1:]], "only 0 of its 2 guids are in every epoch"),
    ],
)
def test_errors_name_the_file_and_the_row(
    tmp_path: Path, epochs: list[list[Row]], message: str
) -> None:
    write(tmp_path, *epochs)
    with pytest.raises(CartographyError, match=message) as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


def remove(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def put(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (remove("dynamics_epoch_1.jsonl"), "but no dynamics_epoch_1.jsonl: .* without gaps"),
        (put("dynamics_epoch_1.json", b"{}"), "has epoch 1 twice"),
        (put("dynamics_epoch_1.jsonl", b""), "dynamics_epoch_1.jsonl"),
        (put("dynamics_epoch_1.jsonl", b'{"guid": 1, "lo'), "dynamics_epoch_1.jsonl"),
        (put("dynamics_epoch_1.jsonl", b"\xff\x00\x00"), "dynamics_epoch_1.jsonl"),
        (put("dynamics_epoch_1.jsonl", b"[" * 100_000), "dynamics_epoch_1.jsonl"),
        (put("dynamics_epoch_1.jsonl", b'{"guid":1,"gold":0}'), "no column 'logits_epoch_1'"),
        (put("dynamics_epoch_1.jsonl", b'{"logits_epoch_1":[0,1],"gold":0}'), "no column 'guid'"),
        (put("dynamics_epoch_1.jsonl", b'{"guid":1,"logits_epoch_1":[0,1]}'), "no column 'gold'"),
    ],
)
def test_damaged_folders(tmp_path: Path, change: Callable[[Path], object], message: str) -> None:
    write(tmp_path, GOOD, GOOD, GOOD)
    change(tmp_path)
    with pytest.raises(CartographyError, match=message):
        read(tmp_path)


def test_a_folder_without_dynamics(tmp_path: Path) -> None:
    assert not has_dynamics(tmp_path)
    assert not has_dynamics(tmp_path / "missing")
    with pytest.raises(CartographyError, match=r"has no file dynamics_epoch_0.jsonl"):
        read(tmp_path)


def test_more_classes_than_columns_are_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTOGRAPHY_MAX_COLUMNS", "3")
    write(tmp_path, [row("a", [0.0, 1.0, 2.0, 3.0])])
    with pytest.raises(CartographyError, match="CARTOGRAPHY_MAX_COLUMNS"):
        read(tmp_path)


def test_what_is_written_is_read_back_equal(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ids = np.array([7, -3, "x", 'quo"te', "ü\ud800", "0", 10**30], dtype=object)
    logits = (rng.normal(size=(3, 7, 4)) * 10.0 ** rng.integers(-30, 30, (3, 7, 4))).astype("f4")
    gold = rng.integers(0, 4, 7)
    epochs = [EpochLogits(number, ids, values, gold) for number, values in enumerate(logits)]
    write_dynamics(tmp_path, epochs, 3, {item: f"text {item!r}" for item in ids})
    found = read(tmp_path)
    assert found.ids.tolist() == ids.tolist()
    assert found.gold.tolist() == gold.tolist()
    np.testing.assert_array_equal(found.values[0], logits)
    again, texts, labels = read_texts(tmp_path / "texts.jsonl")
    assert again.tolist() == ids.tolist()
    assert texts.tolist() == [f"text {item!r}" for item in ids]
    assert labels.tolist() == [str(label) for label in gold]


def test_pandas_reads_what_is_written(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    epoch = EpochLogits(
        0, np.array([3, 4], object), np.float32([[0.5, 1], [2, 3]]), np.array([1, 0])
    )
    write_dynamics(tmp_path, [epoch], 1)
    path = tmp_path / "training_dynamics" / "dynamics_epoch_0.jsonl"
    frame = pd.read_json(path, lines=True)
    assert frame.to_dict("list") == {
        "guid": [3, 4],
        "logits_epoch_0": [[0.5, 1.0], [2.0, 3.0]],
        "gold": [1, 0],
    }
