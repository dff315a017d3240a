"""The Threshold page in all its states."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dashboard import EPOCHS, SEED, SEED_SIZE, carry_out, charts, labels, page, refuse

from cartography.formats.forms import FORMS
from cartography.runs.next_batch import next_batch
from cartography.runs.threshold_runs import HIGH_COR, PROGRESS, read_threshold
from ui import parts
from ui.jobs import address, background, tasks
from ui.jobs.background import Task, TaskState
from ui.jobs.methods import Method
from ui.panels.threshold import values as threshold_values
from ui.state import session
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")

METHOD = Method("paper")
LEVEL = f"threshold_t_cor_{EPOCHS}"
SETTINGS = {
    "threshold_preset": METHOD.preset,
    "threshold_seed_size": SEED_SIZE,
    "threshold_epochs": EPOCHS,
    "threshold_query_size": 5,
    "sweep_levels": [0.0, 0.5],
    "sweep_seeds": 1,
    "sweep_iterations": 1,
    "sweep_query_size": 3,
}


def study_task(choice: DataChoice) -> Task:
    return tasks.study(choice, SEED_SIZE, EPOCHS, SEED, METHOD)


def sweep_task(choice: DataChoice) -> Task:
    return tasks.learning(
        choice,
        ("cal", "random"),
        t_cor=[0.0, 0.5],
        seeds=[SEED],
        seed_size=SEED_SIZE,
        query_size=3,
        iterations=1,
        epochs=EPOCHS,
        method=METHOD,
    )


@pytest.fixture
def partly(tiny: DataChoice, tmp_path: Path) -> DataChoice:
    """The tiny corpus with gold labels for its first ten texts only."""
    header, *rows = Path(tiny.source).read_text().splitlines()
    unlabelled = [row.rsplit(",", 1)[0] + "," for row in rows[10:]]
    table = tmp_path / "partly.csv"
    table.write_text("\n".join([header, *rows[:10], *unlabelled]) + "\n")
    return DataChoice(source=str(table), features="words", vectors=tiny.vectors)


def set_state(monkeypatch: pytest.MonkeyPatch, task: Task, phase: str, message: str = "") -> None:
    """Give `task` a state without a worker."""
    read_state = background.task_state

    def state(other: Task) -> TaskState:
        if other == task:
            return TaskState(phase, message)  # type: ignore[arg-type]
        return read_state(other)

    monkeypatch.setattr(background, "task_state", state)


def test_before_the_first_study_the_page_says_what_to_do(tiny: DataChoice) -> None:
    app = page("threshold", tiny, **SETTINGS)

    assert not app.exception
    assert not app.error
    assert [info.value.split(".")[0] for info in app.info] == [
        "There is no study of tiny",
        "There is no sweep of tiny",
    ]
    assert labels(app.button) == ["Start the study", "Start the sweep"]
    assert not app.query_params


def test_a_finished_study(tiny: DataChoice) -> None:
    carry_out(study_task(tiny))

    app = page("threshold", tiny, **SETTINGS)

    assert not app.exception
    assert not app.error
    assert app.select_slider(key=LEVEL).options == ["0", "0.5"]
    assert app.select_slider(key=LEVEL).value == 0.0, "the level that splits as 0.2 does"
    study = read_threshold(study_task(tiny).folder).study
    counts = {metric.label: metric.value for metric in app.metric}
    assert counts["high-cor"] == str(study.balance(0.0).high)
    assert counts["low-cor"] == str(study.balance(0.0).low)
    assert charts(app) == 2
    batch = app.dataframe[-1].value
    assert len(batch) == 5
    assert "change" not in batch
    assert any("gold labels are not used" in caption.value for caption in app.caption)
    assert app.query_params["run"] == study_task(tiny).key
    assert app.query_params["t_cor"] == "0"


def test_moving_t_cor_shows_what_changed(tiny: DataChoice) -> None:
    task = study_task(tiny)
    carry_out(task)
    # Two discriminators that pick from opposite ends of the pool.
    make_two_sided(task.folder)
    app = page("threshold", tiny, **SETTINGS)
    before = list(app.dataframe[-1].value["id"])

    app.select_slider(key=LEVEL).set_value(0.5).run()

    assert not app.exception
    assert app.query_params["t_cor"] == "0.5"
    counts = {metric.label: metric.value for metric in app.metric}
    batch = app.dataframe[-1].value
    kept = [text_id in before for text_id in batch["id"]]
    assert list(batch["change"]) == ["kept" if is_kept else "new" for is_kept in kept]
    assert counts["kept"] == str(sum(kept))
    assert counts["new"] == counts["gone"] == str(5 - sum(kept)) != "0"

    app.number_input(key="threshold_query_size").set_value(4).run()

    assert len(app.dataframe[-1].value) == 4
    assert "change" in app.dataframe[-1].value, "the previous t_cor stays"


def make_two_sided(folder: Path) -> None:
    """Give the study in `folder` labelled texts on both sides of both levels."""
    labelled = pd.read_parquet(folder / "labelled.parquet")
    labelled["correctness"] = [0.0, 0.5, 0.5, 1.0, 1.0, 1.0]
    labelled.to_parquet(folder / "labelled.parquet")
    levels = pd.read_csv(folder / "levels.csv")
    levels["split"] = [0, 1]
    levels["discriminator_accuracy"] = [0.9, 0.8]
    levels.to_csv(folder / "levels.csv", index=False)
    rising = np.linspace(0.5, 1.0, 34, dtype=np.float32)
    np.save(folder / HIGH_COR, np.stack([rising, rising[::-1]]))


def test_texts_without_a_gold_label_are_the_pool(partly: DataChoice) -> None:
    carry_out(study_task(partly))

    app = page("threshold", partly, **SETTINGS)

    assert not app.exception
    assert "the 30 texts without a gold label" in app.info[0].value


def test_the_batch_is_downloaded_for_the_tool_with_its_second_file(tiny: DataChoice) -> None:
    carry_out(study_task(tiny))

    app = page("threshold", tiny, **SETTINGS, threshold_batch_form="label-studio")

    assert not app.exception
    files = [button.proto for button in app.get("download_button")]
    assert [file.label for file in files] == [
        "Batch",
        "Labelling configuration (XML)",
        "Selection card (JSON)",
    ]
    names = [file.id.rsplit("-threshold_", 1)[1] for file in files]
    assert names == [
        "batch_next-batch-t_cor-0.json",
        "batch_next-batch-t_cor-0.xml",
        "card_next-batch-t_cor-0.card.json",
    ]


def test_downloads_name_the_run_and_offer_its_classes(tiny: DataChoice) -> None:
    carry_out(study_task(tiny))
    folder = study_task(tiny).folder
    run = read_threshold(folder)
    chosen = next_batch(run, 0.0, 1).table
    classes = run.manifest["train"]["classes"]
    assert len(classes) > 1

    tables = [("Batch", lambda: chosen, "batch")]
    (prodigy,) = parts.text_files(FORMS["prodigy"], folder, tables)
    tasks_file, config = parts.text_files(FORMS["label-studio"], folder, tables)

    task = json.loads(prodigy[1]())
    assert task["meta"]["model_version"] == run.summary["run_id"]
    assert [option["id"] for option in task["options"]] == classes
    assert tasks_file[2:] == ("batch.json", "application/json")
    assert config[2:] == ("batch.xml", "application/xml")
    assert config[1]().count(b"<Choice ") == len(classes)


def test_of_tables_of_several_runs_no_run_is_named(tiny: DataChoice) -> None:
    carry_out(study_task(tiny))
    folder = study_task(tiny).folder
    table = next_batch(read_threshold(folder), 0.0, 1).table.drop(columns="run_id")

    files = parts.text_files(
        FORMS["prodigy"], folder, [("a", lambda: table, "a"), ("b", lambda: table, "b")]
    )

    assert json.loads(files[0][1]())["meta"]["model_version"] == ""


def test_the_card_has_the_settings_of_the_batch(tiny: DataChoice) -> None:
    carry_out(study_task(tiny))
    run = read_threshold(study_task(tiny).folder)

    card = json.loads(threshold_values.card_bytes(run, next_batch(run, 0.5, 4)))

    assert (card["preset"]["t_cor"], card["preset"]["query_size"]) == (0.5, 4)


def test_progress_while_training_and_while_scoring(
    tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = study_task(tiny)
    carry_out(task)
    (task.folder / "run.json").unlink()
    total = EPOCHS + 30
    set_state(monkeypatch, task, "running")
    for number, text in ((1, "classifier"), (EPOCHS, "discriminator"), (total - 1, "Scoring")):
        progress = {"number": number, "total": total, "seconds": 2.0}
        (task.folder / PROGRESS).write_text(json.dumps(progress))
        app = page("threshold", tiny, **SETTINGS)
        assert not app.exception
        assert text in app.get("progress")[0].proto.text
        assert "threshold_cancel" in [button.key for button in app.button]


def test_a_preparing_worker_says_what_it_reads(
    tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_state(monkeypatch, study_task(tiny), "preparing", "reading tiny.csv")

    app = page("threshold", tiny, **SETTINGS)

    assert not app.exception
    assert "reading tiny.csv" in app.get("progress")[0].proto.text


def test_the_errors_of_workers_are_shown(tiny: DataChoice) -> None:
    refuse(study_task(tiny), "a seed set of 6 leaves no pool.")
    refuse(sweep_task(tiny), "the test set is empty.")

    app = page("threshold", tiny, **SETTINGS)

    assert not app.exception
    assert [error.value for error in app.error] == [
        "A seed set of 6 leaves no pool.",
        "The test set is empty.",
    ]
    assert "threshold_start" in [button.key for button in app.button]


def test_a_damaged_study_is_reported_and_the_sweep_stays(tiny: DataChoice) -> None:
    task = study_task(tiny)
    carry_out(task)
    (task.folder / HIGH_COR).write_bytes(b"no numbers")

    app = page("threshold", tiny, **SETTINGS)

    assert not app.exception
    assert "cannot be read" in app.error[0].value
    assert "Start the sweep" in labels(app.button)


def test_the_address_restores_corpus_settings_and_t_cor(tiny: DataChoice) -> None:
    carry_out(study_task(tiny))
    carry_out(sweep_task(tiny))
    names = {"run": study_task(tiny).key, "t_cor": "0.5", address.SWEEP: sweep_task(tiny).key}
    app = page("threshold")
    for name, value in names.items():
        app.query_params[name] = value
    app.run()

    assert not app.exception
    assert app.session_state[session.CHOICE] == tiny
    assert app.number_input(key="threshold_epochs").value == EPOCHS
    assert app.select_slider(key=LEVEL).value == 0.5
    assert app.multiselect(key="sweep_levels").value == [0.0, 0.5]
    assert app.number_input(key="sweep_seeds").value == 1
    assert dict(app.query_params) == names


def test_a_missing_run_is_reported(tiny: DataChoice) -> None:
    app = page("threshold", tiny, **SETTINGS)
    app.query_params["run"] = "0123456789"
    app.run()

    assert not app.exception
    assert "There is no such run here" in app.warning[0].value


def test_a_study_of_a_changed_file_is_shown_as_on_disk(tiny: DataChoice) -> None:
    task = study_task(tiny)
    carry_out(task)
    Path(tiny.source).touch()
    app = page("threshold")
    app.query_params["run"] = task.key
    app.run()

    for _ in range(2):  # it stays when something else is clicked
        assert not app.exception
        assert "on tiny.csv, as it is on disk" in app.info[0].value
        assert charts(app) == 2
        assert app.query_params["run"] == task.key
        app.run()
    assert app.session_state[session.CHOICE] == DataChoice(), "the settings stay"

    app.button(key="address_close").click().run()

    assert not app.exception
    assert "There is no study" in app.info[0].value
    assert "run" not in app.query_params


def test_the_address_restores_many_epochs(tiny: DataChoice) -> None:
    task = tasks.study(tiny, SEED_SIZE, 300, SEED, METHOD)
    background._write_task(task)
    refuse(task, "the table has no rows.")
    app = page("threshold")
    app.query_params["run"] = task.key
    app.run()

    assert not app.exception
    assert app.number_input(key="threshold_epochs").value == 300
    assert app.query_params["run"] == task.key


def test_the_first_level_splits_as_the_t_cor_of_the_paper(tiny: DataChoice) -> None:
    carry_out(tasks.study(tiny, SEED_SIZE, 3, SEED, METHOD))

    app = page("threshold", tiny, **{**SETTINGS, "threshold_epochs": 3})

    assert app.select_slider(key="threshold_t_cor_3").value == 0.0, "1/3 is nearer to 0.2"


def test_a_level_with_more_digits_than_the_address_is_restored(tiny: DataChoice) -> None:
    carry_out(tasks.study(tiny, SEED_SIZE, 3, SEED, METHOD))
    app = page("data_map", tiny, **{**SETTINGS, "threshold_epochs": 3})
    app.query_params["t_cor"] = "0.6667"
    app.switch_page("pages/threshold.py").run()

    assert app.select_slider(key="threshold_t_cor_3").value == pytest.approx(2 / 3)


class TestSweep:
    def test_a_finished_sweep(self, tiny: DataChoice) -> None:
        carry_out(sweep_task(tiny))

        app = page("threshold", tiny, **SETTINGS)

        assert not app.exception
        assert not app.error
        assert charts(app) == 1
        assert any("3 of 3 runs are finished" in caption.value for caption in app.caption)
        assert any("With 9 labels" in element.value for element in app.markdown)
        assert labels(app.button) == ["Start the study"]

    def test_a_paused_sweep_can_be_resumed(self, tiny: DataChoice) -> None:
        carry_out(sweep_task(tiny), "--pause-after=1")

        app = page("threshold", tiny, **SETTINGS)

        assert not app.exception
        assert "Resume" in labels(app.button)
        assert any("0 of 3 runs are finished" in caption.value for caption in app.caption)

    def test_results_on_disk_stay_after_an_error(self, tiny: DataChoice) -> None:
        carry_out(sweep_task(tiny), "--pause-after=1")
        refuse(sweep_task(tiny), "the disk is full.")

        app = page("threshold", tiny, **SETTINGS)

        assert not app.exception
        assert app.error[0].value == "The disk is full."
        assert "Resume" in labels(app.button)
        assert app.get("progress")[0].proto.text.startswith("Ended early")
        assert charts(app) == 1

    @pytest.mark.parametrize("changed", ["its file", "its levels"])
    def test_a_sweep_that_cannot_be_continued_is_reported(
        self, tiny: DataChoice, changed: str
    ) -> None:
        task = sweep_task(tiny)
        if changed == "its levels":
            options = {**dict(task.options), "t-cor": (0.0, 0.25)}
            task = background.task("learn", tiny, options, "cal random")
        carry_out(task)
        if changed == "its file":
            Path(tiny.source).touch()
        app = page("threshold")
        app.query_params[address.SWEEP] = task.key
        app.run()

        assert not app.exception
        assert "cannot be continued here" in app.info[0].value
        assert app.get("page_link")[0].proto.label == "See it on Compare"
        assert app.session_state[session.CHOICE] == DataChoice(), "the settings stay"

    def test_without_a_level_there_is_no_sweep(self, tiny: DataChoice) -> None:
        app = page("threshold", tiny, **{**SETTINGS, "sweep_levels": []})

        assert not app.exception
        assert "at least one t_cor" in app.info[-1].value
