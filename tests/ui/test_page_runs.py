"""The Runs page: the list and the actions."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from dashboard import EPOCHS, carry_out, labels, learn_task, page, refuse
from filelock import FileLock
from typer.testing import CliRunner

from cartography.cli import app
from cartography.errors import CartographyError
from cartography.runs import manifest as runs
from ui.jobs import address, background, run_list, tasks
from ui.jobs.methods import Method
from ui.panels.dataset.sources import LOCAL
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")


def command_line_map(choice: DataChoice) -> Path:
    """Draw a map on the command line and return its folder."""
    folder = background.shared_runs() / "by-hand"
    arguments = ["map", f"--out={folder}", "--quiet", f"--epochs={EPOCHS}", *choice.arguments()]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    return folder


def test_without_runs_the_page_says_so() -> None:
    opened = page("runs")

    assert not opened.exception
    assert not opened.error
    assert "no runs yet" in opened.info[0].value


def test_runs_are_listed_with_description_and_state(tiny: DataChoice) -> None:
    carry_out(tasks.maps(tiny, seed_size=6, epochs=EPOCHS))
    carry_out(
        tasks.learning(
            tiny,
            ("random", "cal"),
            seeds=(1, 2),
            seed_size=6,
            query_size=3,
            iterations=1,
            epochs=EPOCHS,
        )
    )
    carry_out(learn_task(tiny), "--pause-after=1")
    refused = learn_task(tiny, "lc")
    background._write_task(refused)
    refuse(refused, "no.")
    background._write_task(tasks.embedding(tiny))

    opened = page("runs")

    assert not opened.exception
    assert not opened.error
    rows = opened.dataframe[0].value
    entries = {(row["name"], row["kind"], row["state"], row["runs"]) for _, row in rows.iterrows()}
    assert entries == {
        ("full map and seed map of 6", "data map", "finished", 2),
        ("CAL, Random · 2 seeds", "active learning", "finished", 4),
        ("CAL", "active learning", "stopped", 1),
        ("LC", "active learning", "refused", 0),
    }
    assert set(rows["corpus"]) == {"tiny.csv"}


def test_a_method_other_than_the_paper_s_is_named(tiny: DataChoice) -> None:
    sizes = {"seed_size": 6, "query_size": 3, "iterations": 1, "epochs": EPOCHS}
    method = Method("released", ("padding=off",))
    finished = tasks.learning(tiny, ["lc"], method=method, **sizes)
    carry_out(finished)
    refused = tasks.learning(tiny, ["cal"], method=Method("released"), **sizes)
    background._write_task(refused)
    refuse(refused, "no.")

    names = {entry.name for entry in run_list.list_runs()}

    assert names == {"LC · released, padding=off", "CAL · released"}


def test_a_reproduction_is_one_entry_per_data_set(tiny: DataChoice, own_cache: Path) -> None:
    sizes = {"seed_size": 6, "query_size": 3, "iterations": 1, "epochs": EPOCHS}
    out = own_cache / "runs" / "reproduction"
    for data, preset in (("trec", "paper"), ("trec", "released"), ("agnews", "paper")):
        task = tasks.learning(tiny, ["random"], method=Method(preset), **sizes)
        if not task.folder.exists():
            carry_out(task)
        shutil.copytree(task.folder, out / data / preset / "random" / "seed-1")
    (out / "trec" / "results").mkdir()

    opened = page("runs")

    assert not opened.exception
    rows = opened.dataframe[0].value
    reproductions = rows[rows["kind"] == "reproduction"]
    assert set(zip(reproductions["name"], reproductions["runs"], strict=True)) == {
        ("Reproduction, trec: paper and released", 2),
        ("Reproduction, agnews: paper", 1),
    }
    opened.selectbox(key="run_chosen").set_value(str(out / "trec")).run()
    assert "Compare" in labels(opened.get("page_link"))


def test_a_stopped_run_can_be_resumed_and_a_finished_one_cannot(tiny: DataChoice) -> None:
    stopped = learn_task(tiny)
    carry_out(stopped, "--pause-after=1")
    opened = page("runs")
    assert "Resume" in labels(opened.button)

    carry_out(stopped)

    assert "Resume" not in labels(page("runs").button)


def test_a_run_can_be_renamed_and_reset(tiny: DataChoice) -> None:
    carry_out(learn_task(tiny))
    opened = page("runs")

    opened.text_input[0].set_value("  my  run ").run()
    opened.button(key="run_rename").click().run()

    assert list(opened.dataframe[0].value["name"]) == ["my run"]
    (entry,) = run_list.list_runs()
    run_list.rename(entry, "")
    assert entry.name == "CAL"


def test_a_confirmed_deletion_removes_all_files(tiny: DataChoice) -> None:
    task = learn_task(tiny)
    carry_out(task)
    opened = page("runs")

    opened.button(key="run_delete").click().run()

    assert not opened.exception
    assert not task.folder.exists()
    assert "no runs yet" in opened.info[0].value


def test_of_runs_with_equal_names_the_chosen_one_is_deleted(tiny: DataChoice) -> None:
    equal_names = [
        tasks.learning(tiny, ["lc"], seed_size=size, query_size=3, iterations=1, epochs=EPOCHS)
        for size in (6, 8)
    ]
    for task in equal_names:
        carry_out(task)
    opened = page("runs")
    assert len(set(opened.selectbox[0].options)) == 2
    chosen = opened.selectbox[0].value

    opened.run()  # the browser identifies the choice by its text
    assert opened.selectbox[0].value == chosen
    opened.button(key="run_delete").click().run()

    assert [str(task.folder) == chosen for task in equal_names] == [
        not task.folder.exists() for task in equal_names
    ]


def test_the_chosen_run_stays_when_another_changes(tiny: DataChoice) -> None:
    first, later = learn_task(tiny, "lc"), learn_task(tiny, "random")
    carry_out(later)
    carry_out(first)
    opened = page("runs")
    assert opened.selectbox[0].value == str(first.folder)

    run_list.rename(run_list.ListedRun(later.folder, later, (), "finished"), "now the newest")
    opened.run()

    assert opened.selectbox[0].value == str(first.folder)


def test_an_archive_contains_all_files_but_the_dashboard_s(tiny: DataChoice) -> None:
    task = learn_task(tiny)
    carry_out(task)
    (entry,) = run_list.list_runs()

    with zipfile.ZipFile(io.BytesIO(run_list.archive(entry))) as archive:
        names = set(archive.namelist())
        batches = archive.read(f"{task.folder.name}/batches.csv")

    assert f"{task.folder.name}/maps/iteration-002.parquet" in names
    assert not any("/." in name for name in names)
    assert batches == (task.folder / "batches.csv").read_bytes()


def test_a_run_of_the_command_line_is_listed_too(tiny: DataChoice) -> None:
    command_line_map(tiny)

    opened = page("runs")

    assert not opened.exception
    assert list(opened.dataframe[0].value["name"]) == ["full map"]
    assert any("command line" in caption.value for caption in opened.caption)
    assert "run_resume" not in [button.key for button in opened.button]


@pytest.mark.parametrize("texts", [False, True])
def test_an_imported_map_of_the_command_line_is_opened(tmp_path: Path, texts: bool) -> None:
    path = tmp_path / "coordinates.jsonl"
    row = {"confidence": 0.5, "variability": 0.1, "correctness": 1, "text": "a", "label": "x"}
    kept = row if texts else {name: row[name] for name in list(row)[:3]}
    path.write_text("\n".join(json.dumps({"guid": i, **kept}) for i in range(600)))
    folder = background.shared_runs() / "a-longer-name"
    arguments = ["open", str(path), f"--out={folder}", "--epochs=1"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output

    opened = page("runs")
    assert not opened.exception
    assert "Open" in labels(opened.get("page_link"))
    assert not any("command line" in caption.value for caption in opened.caption)

    shown = page("data_map")
    shown.query_params[address.RUN] = folder.name
    shown.run()
    assert not shown.exception
    assert not shown.warning
    assert not shown.error
    assert "This is the data map in a-longer-name" in shown.info[0].value
    (figure,) = (json.loads(chart.proto.spec) for chart in shown.get("plotly_chart"))
    noun = "texts" if texts else "items"
    heading = figure["layout"]["annotations"][0]["text"]
    assert heading == f"<b>Full map: 600 {noun}, 1 epoch</b>"
    (delta,) = {metric.delta for metric in shown.metric if metric.label == "easy-to-learn"}
    assert delta == "100.0 %"

    assert "batch" not in shown.segmented_control(key="map_colour").options

    dataset = page("dataset", None, source_kind=LOCAL, source_path=str(folder))
    assert any("holds a data map" in text.value for text in dataset.markdown)
    assert not dataset.error


def test_a_run_that_a_command_line_is_writing_is_not_deleted(tiny: DataChoice) -> None:
    folder = command_line_map(tiny)
    (folder / runs.SUMMARY).unlink()
    opened = page("runs")
    (entry,) = run_list.list_runs()
    assert not opened.button(key="run_delete").disabled

    with FileLock(folder / runs.LOCK):  # another process resumes it
        opened.button(key="run_delete").click().run()
        assert opened.button(key="run_delete").disabled
        assert any(
            "A command line is writing this run" in element.value for element in opened.markdown
        )
        with pytest.raises(CartographyError, match="is being written by a command line"):
            run_list.delete(entry)

    assert not opened.error
    assert (folder / runs.MANIFEST).exists()


def test_a_damaged_run_does_not_hide_others(tiny: DataChoice) -> None:
    carry_out(learn_task(tiny))
    damaged = learn_task(tiny, "random")
    carry_out(damaged)
    Path(damaged.folder / "manifest.json").write_text("{")

    opened = page("runs")

    assert not opened.exception
    assert not opened.error
    assert len(opened.dataframe[0].value) == 2
