import csv
from pathlib import Path

import pandas as pd
import pytest

from cartography.errors import CartographyError
from cartography.formats.export import BATCH_COLUMNS, csv_text, selection_card, write_csv

BATCH = pd.DataFrame(
    {
        "id": ["1", "-2", "3", "4"],
        "text": ["=1+1", "+49 30", 'a "quoted", line\nand another', "@home"],
        "label": ["-", "ham", "ham", "\tspam"],
        "rank": [1, 2, 3, 4],
        "strategy": "cal",
        "iteration": 3,
        "score": [-0.5, -0.25, 0.0, 1e-9],
        "confidence": 0.5,
        "variability": 0.1,
        "correctness": 0.2,
        "region": ["easy-to-learn", "ambiguous", "ambiguous", "hard-to-learn"],
        "predicted_label": ["ham", "\rham", "", "spam"],
        "seed": 7,
        "run_id": "abc",
    }
)


def test_formulas_are_escaped_and_numbers_are_not(tmp_path: Path) -> None:
    path = tmp_path / "batch.csv"
    write_csv(BATCH, path)
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == list(BATCH_COLUMNS)
    assert [row["text"] for row in rows] == [
        "'=1+1",
        "'+49 30",
        'a "quoted", line\nand another',
        "'@home",
    ]
    assert [row["id"] for row in rows] == ["1", "'-2", "3", "4"]
    assert [row["label"] for row in rows] == ["'-", "ham", "ham", "'\tspam"]
    assert [row["predicted_label"] for row in rows] == ["ham", "'\rham", "", "spam"]
    assert [float(row["score"]) for row in rows] == [-0.5, -0.25, 0.0, 1e-9]
    assert BATCH["text"][0] == "=1+1"


def test_missing_values_stay_empty() -> None:
    table = pd.DataFrame({"text": ["a", None], "confidence": [0.5, float("nan")]})
    assert csv_text(table) == "text,confidence\na,0.5\n,\n"


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CartographyError, match=r"file/batch\.csv cannot be written"):
        write_csv(BATCH, tmp_path / "file" / "batch.csv")


def test_the_selection_card_states_the_origin_of_a_batch() -> None:
    manifest = {
        "strategy": "cal",
        "seed": 7,
        "preset": {"t_cor": 0.2},
        "device": "cpu",
        "versions": {"torch": "2"},
        "train": {"fingerprint": "f00"},
    }
    card = selection_card(manifest, "abc", BATCH)
    assert card["iterations"] == [3]
    assert card["corpus"] == {"fingerprint": "f00"}
    assert card["counts"] == {
        "batch": 4,
        "by_label": {"ham": 2, "-": 1, "\tspam": 1},
        "by_region": {"ambiguous": 2, "easy-to-learn": 1, "hard-to-learn": 1},
    }
