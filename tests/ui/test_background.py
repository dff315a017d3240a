"""Workers: starting, watching, stopping and finding them again on disk."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
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


def test_a_worker_is_started_and_found_again(tiny: DataChoice, until: Until) -> None:
    task = map_task(tiny)
    assert background.task_state(task) == TaskState("absent")

    background.start(task)
    assert background.task_state(task).busy
    child = background._children.pop(task.folder)
    assert background.task_state(task).busy, "found by its process number"
    child.wait()
    until(lambda: background.task_state(task).phase == "finished")

    assert sorted(folder.name for folder in task.run_folders()) == ["all", "size-6"]


def test_a_task_is_found_by_its_key_with_all_options(tiny: DataChoice) -> None:
    task = learn_task(tiny)
    carry_out(task)

    stored = background.find_task(task.key)

    assert stored is not None
    assert (stored.kind, stored.choice, stored.folder) == (task.kind, task.choice, task.folder)
    assert stored.arguments == task.arguments
    assert stored.option("query-size") == 3
    assert stored.option("t-cor", 0.9) == 0.2
    assert stored.option("device", "auto") == "auto"
    assert background.find_task("0" * 10) is None


def test_repeated_options_are_stored_and_read(tiny: DataChoice) -> None:
    task = tasks.learning(tiny, ("random", "cal"), seeds=(1, 2), epochs=EPOCHS)
    assert {"--strategy=random", "--strategy=cal", "--seed=1", "--seed=2"} < set(task.arguments)
    background._write_task(task)

    stored = background.find_task(task.key)

    assert stored is not None
    assert stored == task


def test_each_run_of_a_task_is_traced_to_the_task(tiny: DataChoice) -> None:
    task = map_task(tiny)
    carry_out(task)

    for folder in task.run_folders():
        assert background.task_of_folder(folder) == task


def test_a_task_is_finished_when_all_its_runs_are(tiny: DataChoice) -> None:
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


def test_a_user_error_is_kept(until: Until) -> None:
    task = tasks.maps(DataChoice("/no/such.csv"))
    background.start(task)
    until(lambda: not background.task_state(task).busy)

    assert background.task_state(task).phase == "refused"
    assert "/no/such.csv" in background.task_state(task).message


def test_a_bug_is_not_a_user_error(tiny: DataChoice) -> None:
    task = map_task(tiny)
    refuse(task, "")
    task.log.write_text("Traceback (most recent call last):\nKeyError: 'x'\n")

    assert background.task_state(task) == TaskState("failed", f"{task.folder.name}/.worker/log")


def test_a_worker_killed_by_others_has_failed(tiny: DataChoice, until: Until) -> None:
    task = tasks.maps(tiny, seed_size=6, epochs=200)
    background.start(task)

    psutil.Process(int(task.pid_file.read_text())).kill()
    until(lambda: not background.task_state(task).busy)

    # The lesson would restart a "stopped" task again and again.
    assert background.task_state(task).phase == "failed"


def test_a_worker_that_ignores_the_request_is_killed(
    tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tasks.maps(tiny, seed_size=6, epochs=200)
    background.start(task)
    child = background._children[task.folder]
    monkeypatch.setattr(psutil.Process, "terminate", lambda self: None)
    monkeypatch.setattr(background, "_PATIENCE", 0.1)

    background.stop(task)

    assert child.poll() is not None
    assert background.task_state(task).phase in ("absent", "stopped")


def test_workers_need_no_posix_names(tiny: DataChoice, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        *((signal, name) for name in ("SIGKILL", "SIGHUP")),
        *((os, name) for name in ("killpg", "getpgid", "setsid", "nice")),
    ):
        monkeypatch.delattr(module, name, raising=False)
    task = tasks.maps(tiny, seed_size=6, epochs=200)
    background.start(task)
    child = background._children[task.folder]

    background.stop(task)

    assert child.poll() is not None
    assert background.task_state(task).phase in ("absent", "stopped")


def test_a_worker_on_windows_has_its_own_group_and_a_low_priority(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    priorities = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 512, raising=False)
    monkeypatch.setattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", 16384, raising=False)
    monkeypatch.setattr(psutil.Process, "nice", lambda self, value: priorities.append(value))

    assert background._detached_options() == {"creationflags": 512}
    background._lower_priority(os.getpid())

    assert priorities == [16384]


@pytest.mark.parametrize("code", [-signal.SIGTERM, signal.SIGTERM], ids=["posix", "windows"])
def test_a_stopped_worker_has_not_failed(tiny: DataChoice, code: int) -> None:
    task = map_task(tiny)
    refuse(task, "")
    task.log.write_text("reading …\n")
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    child.returncode = code
    background._children[task.folder] = child

    assert background.task_state(task).phase == "absent"
    task.pid_file.write_text("1")
    assert background.task_state(task).phase == "failed"


@pytest.mark.parametrize("content", ["", "-5", "0", "99999999999", "this process"])
def test_a_process_number_of_another_process_is_no_worker(tiny: DataChoice, content: str) -> None:
    task = map_task(tiny)
    task.pid_file.parent.mkdir(parents=True)
    task.pid_file.write_text(content.replace("this process", str(os.getpid())))

    assert background.task_state(task) == TaskState("absent")
    background.stop(task)
    assert task.pid_file.exists()


def test_a_deleted_task_is_absent(until: Until) -> None:
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


def test_a_worker_that_ends_during_the_check_is_finished(
    tiny: DataChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = map_task(tiny)

    def end_now(task: Task) -> None:
        carry_out(task)

    monkeypatch.setattr(background, "_find_worker", end_now)

    assert background.task_state(task).phase == "finished"


def test_a_changed_file_gives_a_new_task(tiny: DataChoice) -> None:
    before = map_task(tiny)
    assert map_task(tiny) == before

    with Path(tiny.source).open("a") as table:
        table.write("one more,dry\n")

    assert map_task(tiny).folder != before.folder


def test_the_stamp_of_a_folder_covers_its_own_tables_only(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    (folder / "below").mkdir(parents=True)
    (folder / "train.csv").write_text("text,label\na,b\n")
    choice = DataChoice(str(folder))
    before = background.stamp(choice)

    for path in ("app.log", ".train-1.csv", "below/train.csv"):
        (folder / path).write_text("another file")
    assert background.stamp(choice) == before

    (folder / "test.csv").write_text("text,label\nc,d\n")
    assert background.stamp(choice) != before


@pytest.mark.parametrize("has_splits", [False, True], ids=["no splits", "train"])
def test_the_stamp_of_a_saved_data_set_covers_its_rows(tmp_path: Path, has_splits: bool) -> None:
    import datasets

    folder = tmp_path / "saved"
    rows = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]})
    (datasets.DatasetDict(train=rows) if has_splits else rows).save_to_disk(str(folder))
    before = background.stamp(DataChoice(str(folder)))
    (file,) = folder.rglob("*.arrow")

    os.utime(file, (1, 1))

    assert background.stamp(DataChoice(str(folder))) != before


def test_equal_settings_give_equal_tasks(tiny: DataChoice) -> None:
    assert tasks.learning(tiny, ["lc"], t_cor=[0.4]) == tasks.learning(tiny, ["lc"])
    assert tasks.learning(tiny, ["cal"], t_cor=[0.4]) != tasks.learning(tiny, ["cal"])
    assert tasks.maps(tiny, flip=0.0) == tasks.maps(tiny)


def test_runs_on_an_upload_are_visible_to_its_browser_only(
    tiny: DataChoice, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = own_cache / "workspaces" / ("a" * 32), own_cache / "workspaces" / ("b" * 32)
    monkeypatch.setattr(workspace, "folder", lambda: mine)
    upload = mine / "uploads" / "0123456789" / "tiny.csv"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(Path(tiny.source).read_bytes())
    task = map_task(DataChoice(source=str(upload), features="words", vectors=tiny.vectors))
    carry_out(task)

    assert mine in task.folder.parents
    assert background.find_task(task.key) == task
    monkeypatch.setattr(workspace, "folder", lambda: other)
    assert background.find_task(task.key) is None
    assert list(background.tasks()) == []


def test_a_damaged_task_file_does_not_hide_others(tiny: DataChoice) -> None:
    intact, damaged = learn_task(tiny), learn_task(tiny, "random")
    for task in (intact, damaged):
        background._write_task(task)
    (damaged.folder / ".worker" / "task.json").write_text(json.dumps({"kind": "learn"}))

    assert [task.key for task in background.tasks()] == [intact.key]
