import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from cartography.errors import CartographyError
from cartography.formats.aum import read_aum
from cartography.formats.coordinates import read_coordinates
from cartography.formats.embedding_atlas import read_embedding_atlas
from cartography.formats.export import write_table
from cartography.maps.data_map import NEVER_LEARNED, DataMap, Thresholds
from cartography.maps.dynamics import DynamicsRecorder
from cartography.runs.imported_maps import join_texts, open_path, write_map_run
from cartography.runs.manifest import find_runs, read_json, read_manifest, run_id, status
from cartography.runs.map_exports import MAP_FORMS, export_map
from cartography.runs.map_runs import map_table, read_map
from cartography.runs.opened import OpenedMap, OpenedTable

TEXTS = {"a": "a cat", 7: "a wolf", "-c": "=a dog, or two"}
NAMES = {"a": "pet", 7: "wild", "-c": "pet"}
LOGITS = [
    [[2.0, 0.0], [0.0, 0.0], [0.0, 3.0]],
    [[3.0, 0.0], [0.0, 1.0], [1.0, 3.0]],
    [[4.0, 0.0], [1.0, 0.0], [0.0, 1.0]],
]


def recorded() -> DynamicsRecorder:
    recorder = DynamicsRecorder()
    for logits in LOGITS:
        recorder.update(list(TEXTS), logits, [0, 1, 0])
        recorder.end_epoch()
    return recorder


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    recorded().save(tmp_path / "model", texts=TEXTS, labels=NAMES)
    return tmp_path / "model"


def opened_map(path: Path, epochs: int | None = None) -> OpenedMap:
    opened = open_path(path, epochs)
    assert isinstance(opened, OpenedMap)
    return opened


def coordinates(path: Path, rows: int = 12) -> Path:
    lines = [
        {
            "guid": number,
            "confidence": (number + 1) / 20,
            "variability": number / 40,
            "correctness": number % 5,
        }
        for number in range(rows)
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


class TestDynamics:
    def test_a_saved_recorder_opens_as_it_was(self, saved: Path) -> None:
        opened = opened_map(saved)
        expected = DataMap.of(recorded().dynamics())
        assert opened.data_map.ids.tolist() == ["a", 7, "-c"]
        for name in ("confidence", "variability", "correctness", "forgetfulness", "aum"):
            np.testing.assert_array_equal(getattr(opened.data_map, name), getattr(expected, name))
        assert opened.texts is not None
        assert opened.labels is not None
        assert opened.predicted is not None
        assert opened.texts.tolist() == list(TEXTS.values())
        assert opened.labels.tolist() == ["pet", "wild", "pet"]
        assert opened.predicted.tolist() == ["pet", "pet", "wild"]
        assert opened.name == "model"
        assert opened.summary[:2] == (
            "training dynamics of Dataset Cartography: 3 items, 3 epochs",
            f"means: confidence {expected.confidence.mean():.3f}, variability "
            f"{expected.variability.mean():.3f}, correctness 0.444",
        )
        assert opened.summary[-1] == "lowest confidence: -c, 7, a"

    def test_the_first_epochs(self, saved: Path, tmp_path: Path) -> None:
        opened = opened_map(saved, epochs=2)
        expected = DataMap.of(recorded().dynamics().until(2))
        np.testing.assert_array_equal(opened.data_map.confidence, expected.confidence)
        assert opened.predicted is not None
        assert opened.predicted.tolist() == ["pet", "wild", "wild"]
        write_map_run(opened, tmp_path / "run")
        assert read_map(tmp_path / "run").epochs == 2
        assert opened_map(tmp_path / "run", epochs=1).data_map.epochs == 1
        with pytest.raises(CartographyError, match="no map of 4 epochs: the training has 3"):
            open_path(saved, epochs=4)

    def test_labels_are_numbers_without_a_table_of_texts(self, saved: Path) -> None:
        opened = opened_map(saved / "training_dynamics")
        assert opened.texts is not None
        (saved / "texts.jsonl").unlink()
        opened = opened_map(saved / "training_dynamics")
        assert opened.texts is None
        assert opened.labels is not None
        assert opened.labels.tolist() == ["0", "1", "0"]
        assert opened.name == "model"

    def test_texts_beside_another_folder_are_not_about_it(
        self, saved: Path, tmp_path: Path
    ) -> None:
        (saved / "training_dynamics").rename(tmp_path / "dynamics")
        (tmp_path / "texts.jsonl").write_text('{"note": "of something else"}\n')
        assert opened_map(tmp_path / "dynamics").texts is None

    def test_the_run_equals_the_dynamics(self, saved: Path, tmp_path: Path) -> None:
        out = tmp_path / "runs" / "mine"
        write_map_run(opened_map(saved), out)
        run = read_map(out)
        dynamics = recorded().dynamics()
        assert run.dynamics is not None
        assert run.dynamics.margin is not None
        assert dynamics.margin is not None
        np.testing.assert_array_equal(run.dynamics.gold_probability, dynamics.gold_probability)
        np.testing.assert_array_equal(run.dynamics.correct, dynamics.correct)
        np.testing.assert_array_equal(run.dynamics.margin, dynamics.margin)
        assert run.dynamics.ids.tolist() == ["a", "7", "-c"]
        assert (run.epochs, run.epochs_done, run.is_imported) == (3, 3, True)
        assert run.data_map(epochs=1).epochs == 1
        assert run.data_map(Thresholds(hard=0.1)).thresholds.hard == 0.1
        assert run.items["text"].tolist() == list(TEXTS.values())
        assert run.items["predicted_label"].tolist() == ["pet", "pet", "wild"]
        assert run.manifest["train"]["classes"] == ["pet", "wild"]
        assert status(out) == "finished"
        assert find_runs(tmp_path / "runs") == [out]
        table = map_table(run, run.data_map(epochs=2))
        assert table["confidence"].notna().all()
        again = opened_map(out)
        assert again.form == "data map of Cartography"
        assert again.data_map.confidence.tolist() == run.data_map().confidence.tolist()

    def test_the_ids_1_and_one_would_be_the_same(self, tmp_path: Path) -> None:
        recorder = DynamicsRecorder()
        recorder.update([1, "1"], [[0.0, 1.0], [0.0, 1.0]], [0, 0])
        recorder.end_epoch()
        recorder.save(tmp_path)
        with pytest.raises(CartographyError, match=r"row 2 .* has the id '1' of row 1 .* again"):
            open_path(tmp_path)


class TestCoordinates:
    def test_a_map_without_dynamics_is_a_run(self, tmp_path: Path) -> None:
        opened = opened_map(coordinates(tmp_path / "map.jsonl"))
        out = tmp_path / "run"
        write_map_run(opened, out)
        run = read_map(out)
        assert run.dynamics is None
        assert (run.epochs, run.epochs_done, run.is_imported) == (4, 4, True)
        stricter = run.data_map(Thresholds(easy=1.0))
        assert stricter.thresholds.easy == 1.0
        for name in ("confidence", "variability", "correctness"):
            np.testing.assert_array_equal(getattr(stricter, name), getattr(opened.data_map, name))
        assert stricter.ids.tolist() == [str(number) for number in range(12)]
        assert stricter.forgetfulness is None
        manifest = read_manifest(out)
        assert manifest["kind"] == "imported"
        assert manifest["form"] == "coordinates of a data map"
        summary = read_json(out / "run.json")
        assert summary["run_id"] == run_id(manifest)
        assert summary["items"] == 12
        table = pd.read_csv(out / "data_map.csv")
        assert table["confidence"].tolist() == opened.data_map.confidence.tolist()
        assert "<html" in (out / "data_map.html").read_text(encoding="utf-8")[:200]

    def test_a_map_that_was_guarded_for_a_spreadsheet(self, saved: Path, tmp_path: Path) -> None:
        opened = opened_map(saved)
        write_table(opened.to_frame(), tmp_path / "map.csv", "spreadsheet")
        again = opened_map(tmp_path / "map.csv", epochs=3)
        assert again.data_map.ids.tolist() == ["a", "7", "-c"]
        assert again.texts is not None
        assert again.texts.tolist() == list(TEXTS.values())
        assert read_coordinates(tmp_path / "map.csv", 3).ids.tolist() == ["a", "7", "-c"]

    def test_a_run_is_written_once(self, tmp_path: Path) -> None:
        opened = opened_map(coordinates(tmp_path / "map.jsonl"))
        write_map_run(opened, tmp_path / "run")
        with pytest.raises(CartographyError, match="contains this run, finished"):
            write_map_run(opened, tmp_path / "run")
        other = opened_map(coordinates(tmp_path / "map.jsonl", rows=11))
        with pytest.raises(CartographyError, match="contains another run"):
            write_map_run(other, tmp_path / "run")
        with pytest.raises(CartographyError, match="is not empty"):
            write_map_run(opened, tmp_path)

    def test_forgetfulness_of_the_file_is_kept(self, saved: Path, tmp_path: Path) -> None:
        export_map(opened_map(saved), "coordinates", tmp_path / "td_metrics.jsonl")
        opened = opened_map(tmp_path / "td_metrics.jsonl", epochs=3)
        assert opened.data_map.forgetfulness is not None
        assert opened.data_map.forgetfulness.tolist() == [0, 1, NEVER_LEARNED]
        write_map_run(opened, tmp_path / "run")
        again = read_map(tmp_path / "run").data_map()
        assert again.forgetfulness is not None
        assert again.forgetfulness.tolist() == [0, 1, NEVER_LEARNED]

    def test_a_damaged_run_is_named(self, tmp_path: Path) -> None:
        out = tmp_path / "run"
        write_map_run(opened_map(coordinates(tmp_path / "map.jsonl")), out)
        intact = (out / "coordinates.npz").read_bytes()
        for content in (b"", b"no archive", intact[: len(intact) // 2]):
            (out / "coordinates.npz").write_bytes(content)
            with pytest.raises(CartographyError, match="cannot be read"):
                read_map(out)

    def test_the_published_map(self, data_folder: Path, tmp_path: Path) -> None:
        opened = opened_map(data_folder / "winogrande_data_map_coordinates.jsonl")
        assert opened.notes == ("6 epochs, the largest correctness in the file",)
        assert opened.summary == (
            "coordinates of a data map: 40,398 items, 6 epochs",
            "means: confidence 0.897, variability 0.148, correctness 0.916",
            "regions by thresholds: easy-to-learn 89.6%, ambiguous 10.2%, hard-to-learn 0.2%",
            "regions as thirds (Dataset Cartography): 13,466 items each; 69.4% of the ambiguous "
            "third and 68.8% of the hard third are easy-to-learn by thresholds; 23.7% of the items "
            "are in two thirds, 23.7% in none",
            "lowest confidence: 17312, 11537, 10089, 36464, 23944, 10740, 11536, 12489, 21357, "
            "12580",
        )
        write_map_run(opened, tmp_path / "run")
        assert len(read_map(tmp_path / "run").data_map()) == 40_398

    def test_published_dynamics(self, data_folder: Path) -> None:
        opened = opened_map(data_folder / "snli_training_dynamics")
        assert opened.summary[0].endswith("50 items, 1 epoch")
        assert opened.summary[2].endswith(
            "easy-to-learn 84.0%, ambiguous 0.0%, hard-to-learn 16.0%"
        )
        assert opened.summary[3].endswith("since the ambiguous third is that of variability")


class TestTexts:
    def test_texts_are_joined_by_ids(self, tmp_path: Path) -> None:
        opened = opened_map(coordinates(tmp_path / "map.jsonl", rows=3))
        texts = tmp_path / "texts.csv"
        texts.write_text("id,text,label,source\n2,two,x,web\n0,zero,y,mail\n9,nine,y,web\n")
        joined = join_texts(opened, texts)
        assert joined.texts is not None
        assert joined.labels is not None
        assert joined.texts.tolist() == ["zero", "", "two"]
        assert joined.labels.tolist() == ["y", "", "x"]
        assert joined.notes[-1].startswith("1 item without a text in")
        assert joined.notes[-1].endswith("such as '1'")
        table = joined.to_frame()
        assert table["source"].fillna("").tolist() == ["mail", "", "web"]
        write_map_run(joined, tmp_path / "run")
        written = pd.read_csv(tmp_path / "run" / "data_map.csv", keep_default_na=False)
        assert written["source"].tolist() == ["mail", "", "web"]

    def test_what_the_table_lacks_stays_as_it_was(self, saved: Path, tmp_path: Path) -> None:
        (saved / "texts.jsonl").unlink()
        texts = tmp_path / "texts.csv"
        texts.write_text("id,text,label\na,a cat,pet\n7,a wolf,\n")
        joined = join_texts(opened_map(saved), texts)
        assert joined.labels is not None
        assert joined.predicted is not None
        assert joined.labels.tolist() == ["pet", "1", "pet"]
        assert joined.predicted.tolist() == ["pet", "pet", "1"]
        again = join_texts(replace(joined, texts=np.array(["x", "y", "z"], dtype=object)), texts)
        assert again.texts is not None
        assert again.texts.tolist() == ["a cat", "a wolf", "z"]
        unlabelled = replace(joined, labels=np.array(["", "1", ""], dtype=object))
        named = join_texts(unlabelled, texts).labels
        assert named is not None
        assert named.tolist() == ["pet", "1", ""]

    def test_row_numbers_as_ids_are_named(self, tmp_path: Path) -> None:
        opened = opened_map(coordinates(tmp_path / "map.jsonl", rows=3))
        texts = tmp_path / "texts.csv"
        texts.write_text("text,label\nzero,x\none,y\ntwo,x\n")
        joined = join_texts(opened, texts)
        assert joined.texts is not None
        assert joined.texts.tolist() == ["zero", "one", "two"]
        assert "joined by row numbers from 0" in joined.notes[-1]

    def test_a_table_of_other_texts(self, tmp_path: Path) -> None:
        opened = opened_map(coordinates(tmp_path / "map.jsonl", rows=3))
        texts = tmp_path / "texts.csv"
        texts.write_text("id,text,label\nq,zero,x\nr,one,y\n")
        with pytest.raises(CartographyError, match=r"none of the ids of map.jsonl, such as '0'"):
            join_texts(opened, texts)


class TestExports:
    def test_each_form_of_the_first_third(self, saved: Path, tmp_path: Path) -> None:
        opened = opened_map(saved)
        chosen = opened.take(opened.data_map.top("hard", 0.67))
        for form in MAP_FORMS:
            export_map(chosen, form, tmp_path / form)
        found = read_aum((tmp_path / "aum").rename(tmp_path / "aum.csv"))
        assert found.ids.tolist() == ["7", "-c"]
        map_of_two = read_coordinates((tmp_path / "coordinates").rename(tmp_path / "c.jsonl"), 3)
        assert map_of_two.ids.tolist() == ["-c", 7]
        np.testing.assert_array_equal(map_of_two.confidence, chosen.data_map.confidence)
        atlas = read_embedding_atlas((tmp_path / "atlas").rename(tmp_path / "atlas.parquet"))
        assert atlas["id"].tolist() == ["-c", "7"]
        assert atlas["x"].tolist() == chosen.data_map.variability.tolist()
        assert atlas["y"].tolist() == chosen.data_map.confidence.tolist()
        assert atlas["text"].tolist() == ["=a dog, or two", "a wolf"]
        assert pq.read_schema(tmp_path / "atlas.parquet").names[:4] == ["x", "y", "id", "text"]
        table = pd.read_csv(tmp_path / "csv")
        assert list(table.columns) == [
            *("id", "text", "label", "predicted_label", "confidence", "variability"),
            *("correctness", "region", "threshold_closeness", "forgetfulness", "aum"),
        ]
        assert table["forgetfulness"].tolist() == [NEVER_LEARNED, 1]

    def test_an_atlas_keeps_the_columns_x_and_y_of_the_data(self, tmp_path: Path) -> None:
        opened = opened_map(coordinates(tmp_path / "map.jsonl", rows=3))
        texts = tmp_path / "texts.csv"
        texts.write_text("id,text,label,x,y,x (data)\n0,a,p,10,20,30\n1,b,q,11,21,31\n2,c,p,,,\n")
        path = tmp_path / "atlas.parquet"
        export_map(join_texts(opened, texts), "atlas", path)
        table = pd.read_parquet(path)
        assert table["x"].tolist() == opened.data_map.variability.tolist()
        names = ["x (data)", "y (data)", "x (data) (data)"]
        assert list(table.columns[-3:]) == names
        assert table[names].to_numpy()[:2].tolist() == [["10", "20", "30"], ["11", "21", "31"]]

    def test_no_areas_without_logits(self, tmp_path: Path) -> None:
        opened = opened_map(coordinates(tmp_path / "map.jsonl"))
        with pytest.raises(CartographyError, match=r"map\.jsonl has no areas under the margin"):
            export_map(opened, "aum", tmp_path / "aum.csv")


class TestTables:
    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            (
                "sample_id,aum\nx,1.5\ny,-2\n",
                ("2 items, aum -2.000 to 1.500, mean -0.250", "lowest aum: y, x"),
            ),
            (
                ",is_label_issue,label_score\n0,False,0.75\n1,True,0.25\n",
                ("2 items, label score 0.250", "1 label issue (50.0%)", "lowest label score: 1, 0"),
            ),
            ("x,y,text\n0,1,a\n2,3,b\n", ("2 items, x 0 to 2, y 1 to 3", "so it is no data map")),
        ],
    )
    def test_scores_of_other_tools_are_described(
        self, tmp_path: Path, text: str, lines: tuple[str, ...]
    ) -> None:
        path = tmp_path / "table.csv"
        path.write_text(text)
        opened = open_path(path)
        assert isinstance(opened, OpenedTable)
        for line, part in zip(opened.summary, lines, strict=True):
            assert part in line


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(CartographyError, match="does not exist"):
        open_path(tmp_path / "missing")
    with pytest.raises(CartographyError, match=r"neither manifest\.json nor dynamics_epoch_0"):
        open_path(tmp_path)
    (tmp_path / "table.csv").write_text("text,label\na,b\n")
    with pytest.raises(
        CartographyError, match=r"is no data map: .* its columns are 'text', 'label'"
    ):
        open_path(tmp_path / "table.csv")
    with pytest.raises(CartographyError, match="--epochs is 0"):
        open_path(tmp_path / "table.csv", epochs=0)
    (tmp_path / "manifest.json").write_text('{"kind": "imported"}')
    with pytest.raises(CartographyError, match="is not the manifest of a run"):
        open_path(tmp_path)
