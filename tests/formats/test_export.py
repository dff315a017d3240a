import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cartography.errors import CartographyError
from cartography.formats.export import (
    BATCH_COLUMNS,
    selection_card,
    to_csv,
    to_jsonl,
    to_parquet,
    to_spreadsheet_csv,
    write_table,
)
from cartography.formats.guard import GUARD_COLUMN, unguard_table
from cartography.tables.reading import read_table

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
# What reading would change if it were not quoted, or would take for something else than a cell.
HARD = [
    "-35",
    "@user hello",
    "=1+1",
    "",
    " leading and trailing ",
    "two\nlines",
    "lone\rreturn",
    "both\r\nends",
    'a "quotation", and more',
    '"',
    "it's; a | list\tof, marks",
    "NA",
    "nan",
    "null",
    "\ufeffmark",
    "#comment",
    "sep=;",
    "a\\",
    'a\\"b',
    "'apostrophe",
    "00012",
    "1e5",
    "नमस्ते",
    "e\u0301",
    "line\u2028separator\x85and\x0bmore",
    "\U0001f600",
]
# Without NUL, which makes a file no text; without Unicode's surrogates, which no file can hold.
WRITABLE = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.sampled_from(HARD)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Tables of texts with ids that are distinct."""
    rows = draw(st.lists(st.tuples(WRITABLE, WRITABLE, WRITABLE), min_size=1, max_size=8))
    return pd.DataFrame(
        {
            "id": [f"{row}{cells[0]}" for row, cells in enumerate(rows)],
            "text": [cells[1] for cells in rows],
            "label": [cells[2] for cells in rows],
            "score": np.linspace(-1, 1, len(rows)),
        }
    ).astype({"id": "str", "text": "str", "label": "str"})


def read(path: Path) -> pd.DataFrame:
    """The texts of a file by our own reader."""
    table = unguard_table(read_table(path))
    return pd.DataFrame(table.head(table.rows))


def values(table: pd.DataFrame) -> list[list[object]]:
    """The columns of a table, numbers as numbers."""
    cells = {name: table[name].tolist() for name in ("id", "text", "label", "score")}
    return [*list(cells.values())[:3], [float(score) for score in cells["score"]]]


thorough = settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class TestUnchanged:
    def test_a_csv_has_the_values_themselves(self, tmp_path: Path) -> None:
        path = tmp_path / "batch.csv"
        write_table(BATCH, path)
        with path.open(newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        assert list(rows[0]) == list(BATCH_COLUMNS)
        for name in ("id", "text", "label", "predicted_label"):
            assert [row[name] for row in rows] == BATCH[name].tolist()
        assert [float(row["score"]) for row in rows] == [-0.5, -0.25, 0.0, 1e-9]

    def test_missing_values_are_empty(self) -> None:
        table = pd.DataFrame({"text": ["a", None], "confidence": [0.5, float("nan")]})
        assert to_csv(table) == "text,confidence\na,0.5\n,\n"
        assert to_jsonl(table) == '{"text": "a", "confidence": 0.5}\n' + (
            '{"text": null, "confidence": null}\n'
        )
        assert pd.read_parquet(io.BytesIO(to_parquet(table)))["text"].isna().tolist() == [
            False,
            True,
        ]

    def test_numbers_of_every_type(self) -> None:
        table = pd.DataFrame(
            {
                "whole": [2**62, -1],
                "single": np.array([0.1, 1e-30], dtype=np.float32),
                "truth": [True, False],
                "missing": pd.array([1, None], dtype="Int64"),
                "list": [["a", "b"], None],
            }
        )
        assert to_csv(table).splitlines() == [
            '"whole","single","truth","missing","list"',
            '4611686018427387904,0.1,True,1,"[""a"", ""b""]"',
            '-1,1e-30,False,,""',
        ]
        assert json.loads(to_jsonl(table).splitlines()[0]) == {
            "whole": 2**62,
            "single": float(np.float32(0.1)),
            "truth": True,
            "missing": 1,
            "list": ["a", "b"],
        }
        assert pd.read_parquet(io.BytesIO(to_parquet(table)))["missing"].tolist()[0] == 1

    def test_a_column_of_texts_and_numbers_is_one_of_texts_in_parquet(self) -> None:
        table = pd.DataFrame({"id": ["a", 1]}, dtype=object)
        assert pd.read_parquet(io.BytesIO(to_parquet(table)))["id"].tolist() == ["a", "1"]

    def test_pandas_reads_lists_of_arrow_from_parquet(self) -> None:
        lists = pa.array([["a", "b"], None], pa.list_(pa.string()))
        frame = pa.table({"tags": lists}).to_pandas(types_mapper=pd.ArrowDtype)
        again = pd.read_parquet(io.BytesIO(to_parquet(frame)))["tags"]
        assert again[0].tolist() == ["a", "b"]
        assert again[1] is None

    def test_a_lone_surrogate_is_replaced(self) -> None:
        table = pd.DataFrame({"text": ["a\ud800b"]}, dtype=object)
        assert to_csv(table) == "text\na\ufffdb\n"
        assert json.loads(to_jsonl(table)) == {"text": "a\ufffdb"}
        assert pd.read_parquet(io.BytesIO(to_parquet(table)))["text"].tolist() == ["a\ufffdb"]

    def test_an_empty_table_has_its_header(self) -> None:
        table = pd.DataFrame(columns=BATCH_COLUMNS)
        assert to_csv(table) == ",".join(BATCH_COLUMNS) + "\n"
        assert to_jsonl(table) == ""
        assert list(pd.read_parquet(io.BytesIO(to_parquet(table)))) == list(BATCH_COLUMNS)

    @pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
    @thorough
    @given(table=tables())
    @example(
        table=pd.DataFrame(
            {
                "id": [str(row) for row in range(len(HARD))],
                "text": HARD,
                "label": HARD[::-1],
                "score": np.arange(len(HARD)) / 7,
            }
        )
    )
    def test_what_is_written_is_read(
        self, suffix: str, table: pd.DataFrame, tmp_path: Path
    ) -> None:
        path = tmp_path / f"table{suffix}"
        write_table(table, path)
        assert values(read(path)) == values(table)

    @thorough
    @given(table=tables())
    def test_pandas_reads_the_same(self, table: pd.DataFrame) -> None:
        again = pd.read_csv(
            io.StringIO(to_csv(table), newline=""), dtype="str", keep_default_na=False
        )
        assert values(again) == values(table)
        lines = to_jsonl(table).splitlines()
        assert [json.loads(line)["text"] for line in lines] == table["text"].tolist()

    @pytest.mark.skipif("CARTOGRAPHY_DATA" not in os.environ, reason="needs real corpora")
    @pytest.mark.parametrize("name", ["trec_train.csv", "sms_spam.csv", "clinc150.csv"])
    def test_a_corpus_comes_back_unchanged(self, name: str, tmp_path: Path) -> None:
        source = read_table(Path(os.environ["CARTOGRAPHY_DATA"]) / name)
        cells = source.head(source.rows)
        table = pd.DataFrame(cells, dtype="str")
        for form in ("t.csv", "t.jsonl", "t.parquet"):
            write_table(table, tmp_path / form)
            assert read(tmp_path / form).to_dict("list") == cells
        write_table(table, tmp_path / "s.csv", "spreadsheet")
        assert read(tmp_path / "s.csv").to_dict("list") == cells

    def test_a_suffix_that_names_no_form(self, tmp_path: Path) -> None:
        with pytest.raises(CartographyError, match=r"batch\.xlsx: tables are written to files"):
            write_table(BATCH, tmp_path / "batch.xlsx")

    def test_a_file_that_cannot_be_written_is_one_clear_error(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(CartographyError, match=r"file/batch\.csv cannot be written"):
            write_table(BATCH, tmp_path / "file" / "batch.csv")


class TestForSpreadsheets:
    def test_texts_are_guarded_and_numbers_are_not(self, tmp_path: Path) -> None:
        path = tmp_path / "batch.csv"
        write_table(BATCH, path, "spreadsheet")
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        assert list(rows[0]) == [*BATCH_COLUMNS, GUARD_COLUMN]
        assert [row["id"] for row in rows] == ["1", "'-2", "3", "4"]
        assert rows[0]["text"] == "'=1+1"
        assert [row["label"] for row in rows] == ["'-", "ham", "ham", "'\tspam"]
        assert [float(row["score"]) for row in rows] == [-0.5, -0.25, 0.0, 1e-9]
        assert BATCH["text"][0] == "=1+1"

    @thorough
    @given(table=tables())
    def test_reading_undoes_the_guard(self, table: pd.DataFrame, tmp_path: Path) -> None:
        path = tmp_path / "table.csv"
        write_table(table, path, "spreadsheet")
        assert values(read(path)) == values(table)

    def test_names_of_columns_are_guarded(self, tmp_path: Path) -> None:
        table = pd.DataFrame({"id": ["1"], "=cmd": ["x"], GUARD_COLUMN: ["y"]})
        assert to_spreadsheet_csv(table).splitlines()[0] == (
            f'\ufeff"id","\'=cmd","\'{GUARD_COLUMN}","{GUARD_COLUMN}"'
        )
        path = tmp_path / "table.csv"
        write_table(table, path, "spreadsheet")
        assert read(path).to_dict("list") == table.to_dict("list")


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
