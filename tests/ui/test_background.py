"""Workers: started, watched, stopped, and found again by what lies on disk."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from dashboard import EPOCHS, carry_out, learn_task, refuse

from ui.jobs import background, tasks
from ui.jobs.background import Task, TaskState
from ui.state import workspace
from ui.state.session import DataChoice

pytestmark = pytest.mark.usefixtures("own_cache")

Until = Callable[[Callable[[], bool]], None]


def map_task(choice: DataChoice) -> Task:
    return tasks.maps(choice, seed_size=6, epochs=EPOCHS)


def test_a_worker_is_started_watched_and_found_again(tiny: DataChoice, until: Until) -> None:
    task = map_task(tiny)
    assert background.task_state(task) == TaskState("absent")

    background.start(task)
    assert background.task_state(task).busy
    child = background._children.pop(task.folder)
    # By its process number alone; for a moment, while `nice` gives way to Python, it has no name.
    until(lambda: background.task_state(task).busy)
    child.wait()
    until(lambda: background.task_state(task).phase == "finished")

    assert sorted(folder.name for folder in task.run_folders()) == ["all", "size-6"]


def test_a_task_is_found_by_its_key_with_all_that_was_asked(tiny: DataChoice) -> None:
    task = learn_task(tiny)
    carry_out(task)

    found = background.find_task(task.key)

    assert found is not None
    assert (found.kind, found.choice, found.folder) == (task.kind, task.choice, task.folder)
    assert found.arguments == task.arguments
    assert found.option("query-size") == 3
    assert found.option("t-cor", 0.9) == 0.2
    assert found.option("device", "auto") == "auto"
    assert background.find_task("0" * 10) is None


def test_values_given_several_times_survive_the_disk(tiny: DataChoice) -> None:
    task = tasks.learning(tiny, ("random", "cal"), seeds=(1, 2), epochs=EPOCHS)
    assert {"--strategy=random", "--strategy=cal", "--seed=1", "--seed=2"} < set(task.arguments)
    background._write_task(task)

    found = background.find_task(task.key)

    assert found is not None
    assert found == task


def test_a_run_of_several_knows_its_task(tiny: DataChoice) -> None:
    task = map_task(tiny)
    carry_out(task)

    for folder in task.run_folders():
        assert background.task_of_folder(folder) == task


def test_it_is_finished_when_all_of_its_runs_are(tiny: DataChoice) -> None:
    task = map_task(tiny)
    carry_out(task)
    assert background.task_state(task).phase == "finished"

    (task.folder / "all" / "run.json").unlink()

    assert background.task_state(task).phase == "stopped"


def test_a_stopped_worker_leaves_no_process(tiny: DataChoice) -> None:
    task = tasks.maps(tiny, seed_size=6, epochs=200)
    background.start(task)

    background.stop(task)

    assert background.task_state(task).phase in ("absent", "stopped")


def test_a_mistake_is_kept(until: Until) -> None:
    task = tasks.maps(DataChoice("/no/such.csv"))
    background.start(task)
    until(lambda: not background.task_state(task).busy)

    assert background.task_state(task).phase == "refused"
    assert "/no/such.csv" in background.task_state(task).said


def test_a_bug_is_not_called_a_mistake(tiny: DataChoice) -> None:
    task = map_task(tiny)
    refuse(task, "")
    task.log.write_text("Traceback (most recent call last):\nKeyError: 'x'\n")

    assert background.task_state(task) == TaskState("failed", f"{task.folder.name}/.worker/log")


def test_a_worker_that_others_killed_did_not_stop(tiny: DataChoice, until: Until) -> None:
    task = tasks.maps(tiny, seed_size=6, epochs=200)
    background.start(task)

    os.kill(int(task.pid_file.read_text()), signal.SIGKILL)
    until(lambda: not background.task_state(task).busy)

    # As "stopped" the lesson would start it again, and again.
    assert background.task_state(task).phase == "failed"


def test_a_task_that_was_deleted_is_absent(until: Until) -> None:
    task = tasks.maps(DataChoice("/no/such.csv"))
    background.start(task)
    until(lambda: background.task_state(task).phase == "refused")

    shutil.rmtree(task.folder)

    assert background.task_state(task) == TaskState("absent")


def test_a_finished_task_is_not_started_again(
    tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = map_task(tiny)
    carry_out(task)
    monkeypatch.setattr(background.subprocess, "Popen", pytest.fail)

    background.start(task)


def test_a_worker_that_ends_while_it_is_looked_at_is_finished(
    tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = map_task(tiny)

    def ends_now(task: Task) -> None:
        carry_out(task)

    monkeypatch.setattr(background, "_worker", ends_now)

    assert background.task_state(task).phase == "finished"


def test_a_changed_file_is_another_task(tiny: DataChoice) -> None:
    before = map_task(tiny)
    assert map_task(tiny) == before

    with Path(tiny.source).open("a") as table:
        table.write("one more,dry\n")

    assert map_task(tiny).folder != before.folder


def test_of_a_folder_its_own_tables_count_alone(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    (folder / "below").mkdir(parents=True)
    (folder / "train.csv").write_text("text,label\na,b\n")
    choice = DataChoice(str(folder))
    before = background.stamp(choice)

    for other in ("app.log", ".train-1.csv", "below/train.csv"):
        (folder / other).write_text("another file")
    assert background.stamp(choice) == before

    (folder / "test.csv").write_text("text,label\nc,d\n")
    assert background.stamp(choice) != before


@pytest.mark.parametrize("several", [False, True], ids=["one part", "train"])
def test_of_a_saved_data_set_its_rows_count(tmp_path: Path, several: bool) -> None:
    import datasets

    folder = tmp_path / "saved"
    rows = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]})
    (datasets.DatasetDict(train=rows) if several else rows).save_to_disk(str(folder))
    before = background.stamp(DataChoice(str(folder)))
    (file,) = folder.rglob("*.arrow")

    os.utime(file, (1, 1))

    assert background.stamp(DataChoice(str(folder))) != before


def test_equal_questions_are_equal_tasks(tiny: DataChoice) -> None:
    assert tasks.learning(tiny, ["lc"], t_cor=[0.4]) == tasks.learning(tiny, ["lc"])
    assert tasks.learning(tiny, ["cal"], t_cor=[0.4]) != tasks.learning(tiny, ["cal"])
    assert tasks.maps(tiny, flip=0.0) == tasks.maps(tiny)


def test_what_is_done_with_an_upload_is_its_browser_s_alone(
    tiny: DataChoice, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = own_cache / "workspaces" / ("a" * 32), own_cache / "workspaces" / ("b" * 32)
    monkeypatch.setattr(workspace, "folder", lambda: mine)
    upload = mine / "uploads" / "0123456789" / "tiny.csv"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(Path(tiny.source).read_bytes())
    task = map_task(DataChoice(source=str(upload), vectors=tiny.vectors))
    carry_out(task)

    assert mine in task.folder.parents
    assert background.find_task(task.key) == task
    monkeypatch.setattr(workspace, "folder", lambda: other)
    assert background.find_task(task.key) is None
    assert list(background.tasks()) == []


def test_a_damaged_task_file_hides_no_other(tiny: DataChoice) -> None:
    whole, damaged = learn_task(tiny), learn_task(tiny, "random")
    for task in (whole, damaged):
        background._write_task(task)
    (damaged.folder / ".worker" / "task.json").write_text(json.dumps({"kind": "learn"}))

    assert [task.key for task in background.tasks()] == [whole.key]
