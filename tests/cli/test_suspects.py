"""`cartography suspects` as a user meets it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from cartography.cli import app
from cartography.cli.suspects import table_lines
from cartography.corpora.reading import read_corpus
from cartography.labelling.project import Project, ProjectSettings, create_project
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore
from cartography.labelling.suspect_runs import read_suspect_runs, suspects_folder
from cartography.runs.manifest import SUMMARY
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")

Run = Callable[..., Result]


@pytest.fixture
def project(own_cache: Path, tiny: DataChoice) -> Project:
    """Forty texts, the first of them with another class than its text has."""
    table = Path(tiny.source)
    table.write_text(table.read_text().replace("sun day 0,dry", '"sun\n\tday 0\x1b[31m",wet'))
    settings = ProjectSettings(features="words", vectors=tiny.vectors)
    store = LabelStore()
    project = create_project(store, "days", read_corpus(table), None, settings, "Ada")
    store.close()
    return project


@pytest.fixture
def suspects() -> Run:
    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["suspects", "--device=cpu", *map(str, arguments)])

    return run


def test_the_top_is_printed_and_not_computed_twice(project: Project, suspects: Run) -> None:
    first = suspects("days", "--top", 5)
    assert first.exit_code == 0, first.output
    header, *rows, last = first.stdout.splitlines()
    assert header.split("  ")[0].strip() == "id"
    assert all(name in header for name in ("label", "model says", "log odds", "region", "text"))
    assert len(rows) == 5
    assert last.startswith("days: the first 5 of 40 labels by log odds; confident learning takes ")
    (found,) = read_suspect_runs(project)
    assert [row.split()[0] for row in rows] == found.table["id"].iloc[
        found.order("log odds")[:5]
    ].tolist()

    again = suspects("days", "--top", 40, "--by", "cross-validation")
    assert "epoch" not in again.stderr
    assert len(read_suspect_runs(project)) == 1
    lines = again.stdout.splitlines()
    assert len(lines) == 42
    (mine,) = [line for line in lines if "sun day 0" in line]
    assert "sun day 0\N{REPLACEMENT CHARACTER}[31m" in mine
    assert "100%" not in again.stdout


def test_changed_labels_are_looked_at_again(project: Project, suspects: Run) -> None:
    suspects("days", "--quiet")
    store = LabelStore()
    LabelSession(project, "Ada", store).settle(str(project.corpus.ids[0]), "dry")
    store.close()
    suspects("days", "--quiet")
    assert len(read_suspect_runs(project)) == 2


def test_planted_noise(project: Project, suspects: Run, tmp_path: Path) -> None:
    csv = tmp_path / "suspects.csv"
    result = suspects("days", "--noise", "--csv", csv, "--quiet")
    assert result.exit_code == 0, result.output
    assert [run.work for run in read_suspect_runs(project)] == ["find", "noise"]
    (measured,) = read_suspect_runs(project, "noise")
    rows = measured.table.query("kind == 'ranking' and name == 'log odds' and size == 4")
    line = next(line for line in result.stdout.splitlines() if line.startswith("with "))
    assert line.startswith("with 4 of 40 labels flipped at random, the first 4 by log odds ")
    assert f"{rows['recall'].iloc[0]:.0%} of them" in line
    assert result.stderr == ""
    table = pd.read_csv(csv, dtype={"id": str})
    found = read_suspect_runs(project, "find")[0]
    assert table["id"].tolist() == found.table["id"].iloc[found.order("log odds")].tolist()
    assert {"text", "label", "log odds", "predicted_label", "issue"} <= set(table.columns)


def test_a_worker_does_one_thing_in_its_folder(project: Project, suspects: Run) -> None:
    folder = suspects_folder(project) / "0001"
    result = suspects(f"--out={folder}", "--work=noise", "--", project.id)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    (run,) = read_suspect_runs(project)
    assert (run.folder, run.work) == (folder, "noise")
    assert result.stderr.splitlines()[-1] == "epoch 20 of 20"
    assert (folder / SUMMARY).exists()


def test_mistakes_are_one_line(project: Project, suspects: Run, tmp_path: Path) -> None:
    for arguments, message in (
        (("nobody",), "there is no project 'nobody'; there are 'days'"),
        (("days", "--by", "magic"), "there is no ranking 'magic': give one of low confidence"),
        (("days", "--csv", tmp_path), "is a folder: name a file in it"),
    ):
        result = suspects(*arguments)
        assert result.exit_code == 2
        (line,) = result.stderr.splitlines()
        assert line.startswith("cartography: ")
        assert message in line
    assert read_suspect_runs(project) == []


class TestTableLines:
    def test_columns_are_aligned_and_the_last_is_cut(self) -> None:
        rows = [("id", "text"), ("a", "x" * 50), ("bbb", "short")]
        assert table_lines(rows, 40) == [
            "id   text",
            f"a    {'x' * 34}…",
            "bbb  short",
        ]

    def test_wide_characters_count_double(self) -> None:
        assert table_lines([("日本", "a"), ("c", "b")], 80) == ["日本  a", "c     b"]

    def test_a_narrow_terminal_leaves_thirty_cells(self) -> None:
        (line,) = table_lines([("i" * 40, "x" * 50)], 20)
        assert line == f"{'i' * 27}…  {'x' * 29}…"
