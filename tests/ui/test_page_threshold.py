"""The threshold page in all its states."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dashboard import EPOCHS, SEED, SEED_SIZE, carry_out, charts, labels, page, refuse

from cartography.runs.next_batch import next_batch
from cartography.runs.threshold_runs import HIGH_COR, PROGRESS, read_threshold
from ui.jobs import address, background, tasks
from ui.jobs.background import Task, TaskState
from ui.panels.threshold import values as threshold_values
from ui.state import session
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")

LEVEL = f"threshold_t_cor_{EPOCHS}"
SETTINGS = {
    "threshold_seed_size": SEED_SIZE,
    "threshold_epochs": EPOCHS,
    "threshold_query_size": 5,
    "sweep_levels": [0.0, 0.5],
    "sweep_seeds": 1,
    "sweep_iterations": 1,
    "sweep_query_size": 3,
}


def study_task(choice: DataChoice) -> Task:
    return tasks.study(choice, SEED_SIZE, EPOCHS, SEED)


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
    )


@pytest.fixture
def partly(tiny: DataChoice, tmp_path: Path) -> DataChoice:
    """The tiny corpus with labels on its first ten texts alone."""
    head, *rows = Path(tiny.source).read_text().splitlines()
    without = [row.rsplit(",", 1)[0] + "," for row in rows[10:]]
    table = tmp_path / "partly.csv"
    table.write_text("\n".join([head, *rows[:10], *without]) + "\n")
    return DataChoice(source=str(table), vectors=tiny.vectors)


def started(monkeypatch: pytest.MonkeyPatch, task: Task, phase: str, said: str = "") -> None:
    """Let `task` be at `phase` without a worker."""
    real = background.task_state

    def state(asked: Task) -> TaskState:
        return TaskState(phase, said) if asked == task else real(asked)  # type: ignore[arg-type]

    monkeypatch.setattr(background, "state", state)


def test_nothing_yet_says_what_to_do(tiny: DataChoice) -> None:
    opened = page("threshold", tiny, **SETTINGS)

    assert not opened.exception
    assert not opened.error
    assert [info.value.split(".")[0] for info in opened.info] == [
        "There is no study of tiny",
        "There is no sweep of tiny",
    ]
    assert labels(opened.button) == ["Start the study", "Start the sweep"]
    assert not opened.query_params


def test_a_finished_study(tiny: DataChoice) -> None:
    carry_out(study_task(tiny))

    opened = page("threshold", tiny, **SETTINGS)

    assert not opened.exception
    assert not opened.error
    assert opened.select_slider(key=LEVEL).options == ["0", "0.5"]
    assert opened.select_slider(key=LEVEL).value == 0.0, "the level that splits as 0.2 does"
    study = read_threshold(study_task(tiny).folder).study
    counts = {metric.label: metric.value for metric in opened.metric}
    assert counts["high-cor"] == str(study.balance(0.0).high)
    assert counts["low-cor"] == str(study.balance(0.0).low)
    assert charts(opened) == 2
    batch = opened.dataframe[-1].value
    assert len(batch) == 5
    assert "change" not in batch
    assert any("gold labels are not used" in caption.value for caption in opened.caption)
    assert opened.query_params["run"] == study_task(tiny).key
    assert opened.query_params["t_cor"] == "0"


def test_moving_t_cor_tells_what_changed(tiny: DataChoice) -> None:
    task = study_task(tiny)
    carry_out(task)
    # Two discriminators that want the two ends of the pool.
    made_two_sided(task.folder)
    opened = page("threshold", tiny, **SETTINGS)
    before = list(opened.dataframe[-1].value["id"])

    opened.select_slider(key=LEVEL).set_value(0.5).run()

    assert not opened.exception
    assert opened.query_params["t_cor"] == "0.5"
    counts = {metric.label: metric.value for metric in opened.metric}
    batch = opened.dataframe[-1].value
    stays = [text in before for text in batch["id"]]
    assert list(batch["change"]) == ["kept" if each else "new" for each in stays]
    assert counts["kept"] == str(sum(stays))
    assert counts["new"] == counts["gone"] == str(5 - sum(stays)) != "0"

    opened.number_input(key="threshold_query_size").set_value(4).run()

    assert len(opened.dataframe[-1].value) == 4
    assert "change" in opened.dataframe[-1].value, "the t_cor before is still the one before"


def made_two_sided(folder: Path) -> None:
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


def test_texts_without_a_label_are_what_to_label_next(partly: DataChoice) -> None:
    carry_out(study_task(partly))

    opened = page("threshold", partly, **SETTINGS)

    assert not opened.exception
    assert "the 30 texts without a gold label" in opened.info[0].value


def test_the_card_says_where_the_batch_came_from(tiny: DataChoice) -> None:
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
    started(monkeypatch, task, "running")
    for number, said in ((1, "classifier"), (EPOCHS, "discriminator"), (total - 1, "Scoring")):
        told = {"number": number, "total": total, "seconds": 2.0}
        (task.folder / PROGRESS).write_text(json.dumps(told))
        opened = page("threshold", tiny, **SETTINGS)
        assert not opened.exception
        assert said in opened.get("progress")[0].proto.text
        assert "threshold_cancel" in [button.key for button in opened.button]


def test_a_worker_that_is_reading_says_so(
    tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(monkeypatch, study_task(tiny), "preparing", "reading tiny.csv")

    opened = page("threshold", tiny, **SETTINGS)

    assert not opened.exception
    assert "reading tiny.csv" in opened.get("progress")[0].proto.text


def test_a_worker_s_mistake_is_said_in_place(tiny: DataChoice) -> None:
    refuse(study_task(tiny), "a seed set of 6 leaves no pool.")
    refuse(sweep_task(tiny), "the test set is empty.")

    opened = page("threshold", tiny, **SETTINGS)

    assert not opened.exception
    assert [error.value for error in opened.error] == [
        "A seed set of 6 leaves no pool.",
        "The test set is empty.",
    ]
    assert "threshold_start" in [button.key for button in opened.button]


def test_a_damaged_study_is_said_in_place_and_the_sweep_stays(tiny: DataChoice) -> None:
    task = study_task(tiny)
    carry_out(task)
    (task.folder / HIGH_COR).write_bytes(b"no numbers")

    opened = page("threshold", tiny, **SETTINGS)

    assert not opened.exception
    assert "cannot be read" in opened.error[0].value
    assert "Start the sweep" in labels(opened.button)


def test_the_address_brings_back_corpus_settings_and_t_cor(tiny: DataChoice) -> None:
    carry_out(study_task(tiny))
    carry_out(sweep_task(tiny))
    names = {"run": study_task(tiny).key, "t_cor": "0.5", address.SWEEP: sweep_task(tiny).key}
    opened = page("threshold")
    for name, value in names.items():
        opened.query_params[name] = value
    opened.run()

    assert not opened.exception
    assert opened.session_state[session.CHOICE] == tiny
    assert opened.number_input(key="threshold_epochs").value == EPOCHS
    assert opened.select_slider(key=LEVEL).value == 0.5
    assert opened.multiselect(key="sweep_levels").value == [0.0, 0.5]
    assert opened.number_input(key="sweep_seeds").value == 1
    assert dict(opened.query_params) == names


def test_a_run_that_is_gone_is_said(tiny: DataChoice) -> None:
    opened = page("threshold", tiny, **SETTINGS)
    opened.query_params["run"] = "0123456789"
    opened.run()

    assert not opened.exception
    assert "There is no such run here" in opened.warning[0].value


def test_a_study_of_a_file_that_was_saved_again_is_shown_as_it_is(tiny: DataChoice) -> None:
    task = study_task(tiny)
    carry_out(task)
    Path(tiny.source).touch()
    opened = page("threshold")
    opened.query_params["run"] = task.key
    opened.run()

    for _ in range(2):  # it stays when something else on the page is clicked
        assert not opened.exception
        assert "on tiny.csv, as it is on disk" in opened.info[0].value
        assert charts(opened) == 2
        assert opened.query_params["run"] == task.key
        opened.run()
    assert opened.session_state[session.CHOICE] == DataChoice(), "nothing is taken over"

    opened.button(key="address_close").click().run()

    assert not opened.exception
    assert "There is no study" in opened.info[0].value
    assert "run" not in opened.query_params


def test_a_study_of_many_epochs_is_opened_as_it_was_asked(tiny: DataChoice) -> None:
    task = tasks.study(tiny, SEED_SIZE, 300, SEED)
    background._write_task(task)
    refuse(task, "the table has no rows.")
    opened = page("threshold")
    opened.query_params["run"] = task.key
    opened.run()

    assert not opened.exception
    assert opened.number_input(key="threshold_epochs").value == 300
    assert opened.query_params["run"] == task.key


def test_the_first_level_is_the_one_that_the_paper_s_acts_as(tiny: DataChoice) -> None:
    carry_out(tasks.study(tiny, SEED_SIZE, 3, SEED))

    opened = page("threshold", tiny, **{**SETTINGS, "threshold_epochs": 3})

    assert opened.select_slider(key="threshold_t_cor_3").value == 0.0, "1/3 is nearer to 0.2"


def test_a_level_with_more_digits_than_the_address_is_found_again(tiny: DataChoice) -> None:
    carry_out(tasks.study(tiny, SEED_SIZE, 3, SEED))
    opened = page("data_map", tiny, **{**SETTINGS, "threshold_epochs": 3})
    opened.query_params["t_cor"] = "0.6667"
    opened.switch_page("pages/threshold.py").run()

    assert opened.select_slider(key="threshold_t_cor_3").value == pytest.approx(2 / 3)


class TestSweep:
    def test_a_finished_sweep(self, tiny: DataChoice) -> None:
        carry_out(sweep_task(tiny))

        opened = page("threshold", tiny, **SETTINGS)

        assert not opened.exception
        assert not opened.error
        assert charts(opened) == 1
        assert any("3 of 3 runs are finished" in each.value for each in opened.caption)
        assert any("With 9 labels" in each.value for each in opened.markdown)
        assert labels(opened.button) == ["Start the study"]

    def test_a_paused_sweep_can_be_gone_on_with(self, tiny: DataChoice) -> None:
        carry_out(sweep_task(tiny), "--pause-after=1")

        opened = page("threshold", tiny, **SETTINGS)

        assert not opened.exception
        assert "Go on" in labels(opened.button)
        assert any("0 of 3 runs are finished" in each.value for each in opened.caption)

    def test_after_a_mistake_what_is_on_disk_stays(self, tiny: DataChoice) -> None:
        carry_out(sweep_task(tiny), "--pause-after=1")
        refuse(sweep_task(tiny), "the disk is full.")

        opened = page("threshold", tiny, **SETTINGS)

        assert not opened.exception
        assert opened.error[0].value == "The disk is full."
        assert "Go on" in labels(opened.button)
        assert opened.get("progress")[0].proto.text.startswith("Ended early")
        assert charts(opened) == 1

    @pytest.mark.parametrize("changed", ["its file", "its levels"])
    def test_one_that_this_page_cannot_go_on_with_is_said(
        self, tiny: DataChoice, changed: str
    ) -> None:
        task = sweep_task(tiny)
        if changed == "its levels":
            odd = {**dict(task.options), "t-cor": (0.0, 0.25)}
            task = background.task("learn", tiny, odd, "cal random")
        carry_out(task)
        if changed == "its file":
            Path(tiny.source).touch()
        opened = page("threshold")
        opened.query_params[address.SWEEP] = task.key
        opened.run()

        assert not opened.exception
        assert "cannot be gone on with here" in opened.info[0].value
        assert opened.get("page_link")[0].proto.label == "See it on Compare"
        assert opened.session_state[session.CHOICE] == DataChoice(), "nothing is taken over"

    def test_no_level_is_chosen(self, tiny: DataChoice) -> None:
        opened = page("threshold", tiny, **{**SETTINGS, "sweep_levels": []})

        assert not opened.exception
        assert "at least one t_cor" in opened.info[-1].value
