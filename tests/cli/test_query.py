"""Rounds of a project on the command line."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from tickets import ran, refused, run, tickets, write_pool

from cartography import LabelSession
from cartography.formats.forms import FORMS
from cartography.labelling.tables import BATCH_COLUMNS


@pytest.fixture
def gold(own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """A project `tickets` without labels, and one, `some`, with 20 labels and a test set."""
    monkeypatch.chdir(tmp_path)
    gold = write_pool(tmp_path / "pool.csv")
    ran("project", "new", "tickets", "pool.csv", "--quiet")
    table = tickets().rename(columns={"class": "label"})
    table.loc[20:, "label"] = ""
    table.to_csv("some.csv", index=False)
    test = tickets(20, seed=1, prefix="e-").rename(columns={"class": "label"})
    test.to_csv("test.csv", index=False)
    ran("project", "new", "some", "some.csv", "--test", "test.csv", "--quiet")
    return gold


def test_a_cold_start(gold: Mapping[str, str]) -> None:
    out = ran("query", "tickets", "--n", 6, "--batch", "batch.csv", "--quiet")
    assert "round 1, 0 labels, no model before two classes have a label" in out
    assert "6 texts asked for by diverse" in out
    assert "their labels come back by cartography label tickets --batch batch.csv" in out
    batch = pd.read_csv("batch.csv")
    assert batch.columns.tolist() == [*BATCH_COLUMNS, "weight"]
    assert batch["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    assert batch[["label", "score", "predicted_label", "probability"]].isna().all(axis=None)
    assert batch["id"].tolist() == [each.item for each in LabelSession("tickets").queue()]
    assert [f"t-{weight}" for weight in batch["weight"]] == batch["id"].tolist()


def test_a_round_with_a_model(gold: Mapping[str, str]) -> None:
    code, out, err = run("query", "some", "--strategy", "margin", "--batch", "batch.csv", "--n", 5)
    assert code == 0
    (done,) = LabelSession("some").rounds
    accuracy = done.summary["accuracy"]
    assert accuracy > 0.8
    assert f"some: round 1, 20 labels, accuracy {accuracy:.3f}, macro-F1 " in out
    assert "(test set, 20 texts)" in out
    assert "5 texts asked for by Margin" in out
    assert "20/20" in err
    batch = pd.read_csv("batch.csv")
    # The highest score is the smallest margin.
    assert batch["score"].is_monotonic_decreasing
    assert batch["probability"].is_monotonic_increasing
    assert batch["predicted_label"].isin(["sport", "money"]).all()
    assert batch["probability"].between(0.5, 1).all()
    assert not set(batch["id"]) & {f"t-{i}" for i in range(20)}


def test_cross_validation_and_no_batch(gold: Mapping[str, str]) -> None:
    ran("project", "new", "b", "some.csv", "--quiet")
    out = ran("query", "b", "--n", 0, "--quiet")
    assert "(cross-validation, 20 texts)" in out
    assert "0 texts asked for" in out
    assert LabelSession("b").queue() == []


@pytest.mark.parametrize("form", [*FORMS])
def test_every_form_of_a_batch_comes_back(gold: Mapping[str, str], form: str) -> None:
    file = f"batch{FORMS[form].suffix}"
    ran("query", "some", "--n", 5, "--batch", file, "--as", form, "--quiet")
    # Predictions are no labels.
    assert "has no labels to add" in refused("label", "some", "--batch", file)


def test_the_probability_of_a_prediction_is_the_score_in_a_tool(gold: Mapping[str, str]) -> None:
    ran("query", "some", "--n", 5, "--batch", "b.json", "--as", "label-studio", "--quiet")
    batch = LabelSession("some").rounds[0].batch
    tasks = json.loads(Path("b.json").read_text())
    for task, (_, row) in zip(tasks, batch.iterrows(), strict=True):
        assert task["data"]["id"] == row["id"]
        assert task["predictions"][0]["score"] == row["probability"]
        assert task["data"]["strategy_score"] == row["score"]
        assert task["annotations"] == []
        assert task["predictions"][0]["model_version"] == "some, round 1"
    assert Path("b.xml").exists()


def test_the_share_of_an_annotator(gold: Mapping[str, str]) -> None:
    team = ["--annotator", "Ada", "--annotator", "Ben", "--overlap", 2]
    ran("project", "new", "team", "some.csv", *team, "--quiet")
    ran("query", "team", "--n", 8, "--annotator", "Ada", "--batch", "ada.csv", "--quiet")
    ran("label", "team", "--annotator", "Ben", "--queue", "ben.csv")
    ids = LabelSession("team").rounds[0].batch["id"].tolist()
    assert pd.read_csv("ada.csv")["id"].tolist() == [*ids[:2], *ids[2::2]]
    assert pd.read_csv("ben.csv")["id"].tolist() == [*ids[:2], *ids[3::2]]


def test_a_worker_of_the_dashboard(gold: Mapping[str, str], own_cache: Path) -> None:
    session = LabelSession("some")
    folder = session.project.rounds_folder / "0001"
    options = [f"--out={folder}", "--strategy=entropy", "--n=4", "--annotator=Ada"]
    command = [sys.executable, "-m", "cartography", "query", *options, "--", session.project.id]
    subprocess.run(command, check=True, capture_output=True)
    (done,) = session.rounds
    assert done.folder == folder
    assert len(done.batch) == 4
    asked = [event for event in session.state.events if event.kind == "asked"]
    assert [event.annotator for event in asked] == ["Ada"]
    assert "is finished already" in refused("query", "some", f"--out={folder}")


def test_what_is_refused(gold: Mapping[str, str], tmp_path: Path) -> None:
    assert "there is no project 'x'" in refused("query", "x")
    assert "give --batch FILE too" in refused("query", "some", "--as", "csv")
    assert "name its form" in refused("query", "some", "--batch", "batch.txt")
    assert "is a folder" in refused("query", "some", "--batch", tmp_path)
    assert "is not the folder of a round" in refused("query", "some", "--out", tmp_path / "1")
    assert "--t-cor" in refused("query", "some", "--t-cor", "2")
    assert "--strategy" in refused("query", "some", "--strategy", "best")
    assert LabelSession("some").rounds == []
    ran("query", "tickets", "--n", 60, "--quiet")
    assert "nothing is left to label" in refused("query", "tickets", "--quiet")
