import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cartography.errors import CartographyError
from cartography.formats.coordinates import Coordinates, read_coordinates, write_coordinates

LINE = {"guid": 5, "index": 0, "confidence": 0.9, "variability": 0.1, "correctness": 3}


def write(path: Path, *changes: dict[str, Any]) -> Path:
    lines = [
        json.dumps({**LINE, "guid": number, **change}) for number, change in enumerate(changes)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "map.jsonl"


class TestCorrectness:
    def test_a_count_is_divided_by_the_largest(self, file: Path) -> None:
        found = read_coordinates(write(file, {}, {"correctness": 6}, {"correctness": 0}))
        assert found.correctness.tolist() == [0.5, 1.0, 0.0]
        assert found.epochs == 6
        assert found.notes == ("6 epochs, the largest correctness in the file",)

    def test_the_number_of_epochs_can_be_given(self, file: Path) -> None:
        found = read_coordinates(write(file, {}, {"correctness": 6}), epochs=10)
        assert found.correctness.tolist() == [0.3, 0.6]
        assert (found.epochs, found.notes) == (10, ())
        with pytest.raises(CartographyError, match=r"correctness of 6.*--epochs is 5: give 6"):
            read_coordinates(file, epochs=5)

    def test_a_fraction_stays_one(self, file: Path) -> None:
        found = read_coordinates(write(file, {"correctness": 0.2}, {"correctness": 2 / 3}))
        assert found.correctness.tolist() == [0.2, 2 / 3]
        assert found.epochs == 15
        assert "15 epochs, the fewest that give every correctness" in found.notes[0]
        assert read_coordinates(file, epochs=30).epochs == 30

    def test_rounded_fractions(self, file: Path) -> None:
        write(file, {"correctness": 0.333333}, {"correctness": 0.666667})
        assert read_coordinates(file).epochs == 3

    def test_only_zeros_and_ones_are_one_epoch(self, file: Path) -> None:
        found = read_coordinates(write(file, {"correctness": 0}, {"correctness": 1}))
        assert found.correctness.tolist() == [0.0, 1.0]
        assert found.epochs == 1

    def test_fractions_that_show_no_number_of_epochs(self, file: Path) -> None:
        write(file, {"correctness": 0.3183098862}, {"correctness": 0.7182818285})
        with pytest.raises(CartographyError, match=r"does not show the number of epochs.*--epochs"):
            read_coordinates(file)
        assert read_coordinates(file, epochs=7).epochs == 7


def test_the_published_map(data_folder: Path) -> None:
    found = read_coordinates(data_folder / "winogrande_data_map_coordinates.jsonl")
    assert len(found.ids) == 40_398
    assert found.ids[:3].tolist() == [17715, 39201, 32909]
    assert found.confidence[0] == 0.8901795546
    assert found.correctness[0] == 5 / 6
    assert found.epochs == 6
    assert found.forgetfulness is None


def test_a_table_as_we_write_it(tmp_path: Path) -> None:
    path = tmp_path / "data_map.csv"
    path.write_text(
        "id,text,label,predicted_label,confidence,variability,correctness,region,forgetfulness\n"
        "07,a cat,pet,pet,0.5,0.25,0.75,ambiguous,2\n"
        "8,,pet,,,,,,\n"
        '9,"a, b",wild,,1,0,1.0,easy-to-learn,0\n'
    )
    found = read_coordinates(path)
    assert found.ids.tolist() == ["07", "9"]
    assert found.epochs == 4
    assert found.texts is not None
    assert found.labels is not None
    assert found.predicted is not None
    assert found.forgetfulness is not None
    assert found.texts.tolist() == ["a cat", "a, b"]
    assert found.labels.tolist() == ["pet", "wild"]
    assert found.predicted.tolist() == ["pet", ""]
    assert found.forgetfulness.tolist() == [2, 0]
    assert found.notes[1] == "1 row without statistics left out: not on the map"


def test_a_table_without_ids_has_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("Confidence,VARIABILITY,correctness\n0.5,0.25,1\n0.25,0.5,2\n")
    found = read_coordinates(path)
    assert found.ids.tolist() == [0, 1]
    assert "row numbers from 0" in found.notes[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (({"confidence": 1.01},), "(row|item) 1.*'confidence' has 1.01, but .* from 0 to 1"),
        (({}, {"confidence": -0.1}), "row 2.*'confidence' has -0.1"),
        (({"variability": 0.6},), "(row|item) 1.*'variability' has 0.6, but .* from 0 to 0.5"),
        (
            ({"confidence": float("inf")},),
            "(row|item) 1.*'confidence' has a number and not a finite",
        ),
        (
            ({"confidence": "high"},),
            "(row|item) 1.*'confidence' has 'high' and not a finite number",
        ),
        (({}, {"confidence": None}), "row 2.*'confidence' is empty: every row needs a number"),
        (({"confidence": [0.5]},), "(row|item) 1.*'confidence' has a list"),
        (
            ({"correctness": 2.5},),
            "(row|item) 1.*'correctness' has 2.5: give whole counts of epochs, or",
        ),
        (({"correctness": -1},), "(row|item) 1.*'correctness' has -1"),
        (({"correctness": 10**20},), "(row|item) 1.*'correctness' has 1e\\+20"),
        (({"correctness": 10**400},), "(row|item) 1.*'correctness' has a number and not a finite"),
        (({"guid": 1}, {"guid": 1}), "row 2.* has the id '1' of (row|item) 1.* again"),
        (({"guid": None},), "(row|item) 1.*'guid' is empty"),
        (
            ({"forgetfulness": 0.5},),
            "(row|item) 1.*'forgetfulness' has 0.5 and not a number of times",
        ),
        (({"forgetfulness": -1},), "(row|item) 1.*'forgetfulness' has -1"),
        (
            ({"confidence": None, "variability": None, "correctness": None},),
            "has no row with statistics of a data map",
        ),
    ],
)
def test_errors_name_the_row(file: Path, changes: tuple[dict[str, Any], ...], message: str) -> None:
    with pytest.raises(CartographyError, match=message) as caught:
        read_coordinates(write(file, *changes))
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_column_is_named_with_those_there_are(file: Path) -> None:
    file.write_text('{"guid": 1, "confidence": 0.5, "variability": 0.1}\n')
    with pytest.raises(
        CartographyError, match="no column 'correctness', so it is not a data map; "
    ):
        read_coordinates(file)


@pytest.mark.parametrize("known", [True, False])
def test_what_is_written_is_read_back_equal(file: Path, known: bool) -> None:
    rng = np.random.default_rng(0)
    ids = np.array([3, "a", "ü\u2028", -1, 10**25, *range(100, 195)], dtype=object)
    made = Coordinates(
        ids=ids,
        confidence=rng.random(100),
        variability=rng.random(100) / 2,
        correctness=rng.integers(0, 8, 100) / 7,
        epochs=7,
        forgetfulness=rng.integers(0, 4, 100) if known else None,
    )
    write_coordinates(file, made)
    found = read_coordinates(file)
    assert found.ids.tolist() == ids.tolist()
    for name in ("confidence", "variability", "correctness"):
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name))
    assert found.epochs == 7
    assert (found.forgetfulness is not None) == known
    if made.forgetfulness is not None:
        np.testing.assert_array_equal(found.forgetfulness, made.forgetfulness)
    first = json.loads(file.read_text().splitlines()[0])
    fields = ["guid", "index", "threshold_closeness", "confidence", "variability", "correctness"]
    assert list(first) == [*fields, *(["forgetfulness"] if known else [])]
    assert first["correctness"] == round(made.correctness[0] * 7)
    assert first["threshold_closeness"] == made.confidence[0] * (1 - made.confidence[0])
