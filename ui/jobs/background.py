"""Runs of the command line in worker processes: started, watched, stopped, found again.

All that is known of a task lies in its folder: the run or runs themselves, and below `.worker`
what was asked, the worker's output and its process number. So a page that was reloaded, or a
server that was started again, finds it and can go on with it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from cartography.corpora.sources import SAVED_MARKS
from cartography.corpora.tables import READERS
from cartography.files import atomic_write, cache_folder, content_key
from cartography.runs import manifest as runs
from ui import ROOT
from ui.state import workspace
from ui.state.session import DataChoice

Kind = Literal["map", "learn", "threshold", "embed"]
Phase = Literal["absent", "preparing", "running", "stopped", "finished", "refused", "failed"]


_PATIENCE = 5.0  # seconds a worker is given to end before it is killed
_HIDDEN = ".worker"

# Workers that this server started. They have to be waited for, or their numbers stay taken.
_children: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Task:
    """One call of the command line: what it does with which corpus, and the folder it writes.

    `options` are (name, value) pairs; a value that is a tuple is given several times.
    """

    kind: Kind
    choice: DataChoice
    options: tuple[tuple[str, Any], ...]
    folder: Path

    @property
    def key(self) -> str:
        """Ten hexadecimal digits that change with what is asked: the task's name in an address."""
        return self.folder.name[-10:]

    @property
    def arguments(self) -> list[str]:
        """The arguments of the command line that decide the content."""
        given = [
            f"--{name}={each}"
            for name, value in self.options
            for each in (value if isinstance(value, tuple) else (value,))
        ]
        return [*given, *self.choice.arguments()]

    @property
    def log(self) -> Path:
        """The worker's output."""
        return self.folder / _HIDDEN / "log"

    @property
    def pid_file(self) -> Path:
        """The worker's process number."""
        return self.folder / _HIDDEN / "pid"

    def option(self, name: str, usual: Any = None) -> Any:
        """The value of an option, `usual` where it was left to the command line."""
        return dict(self.options).get(name, usual)

    def run_folders(self) -> list[Path]:
        """The folders of its runs so far: the task's own, or one for each of several."""
        if (self.folder / runs.MANIFEST).exists():
            return [self.folder]
        return sorted(path.parent for path in self.folder.glob(f"*/{runs.MANIFEST}"))


@dataclass(frozen=True)
class TaskState:
    """Where a task stands, and what its worker said last.

    *refused*: the user's mistake, which `said` words; *failed*: a bug, told in the log alone.
    """

    phase: Phase
    said: str = ""

    @property
    def busy(self) -> bool:
        """Whether a worker is at it."""
        return self.phase in ("preparing", "running")


def shared_runs() -> Path:
    """The folder of the runs that every visitor sees."""
    return cache_folder() / "runs"


def roots() -> list[Path]:
    """The folders that hold the runs this browser may see."""
    return [shared_runs(), workspace.folder() / "runs"]


def task(kind: Kind, choice: DataChoice, options: Mapping[str, object], label: str = "") -> Task:
    """The task of `kind` on a corpus; options that are None are left to the command line.

    The folder is named by the content of the arguments and by when the files were changed last:
    the same choice finds its own run again, and a file that was changed is a new choice. What is
    done with an upload lies in the browser's own workspace.
    """
    pairs = tuple((name, value) for name, value in options.items() if value is not None)
    root = workspace.folder() / "runs" if choice.is_private else shared_runs()
    unnamed = Task(kind, choice, pairs, root)
    key = content_key(kind, *unnamed.arguments, stamp(choice))[:10]
    words = re.sub(r"[^a-z0-9]+", "-", f"{kind} {label} {choice.name}".lower()).strip("-")
    return Task(kind, choice, pairs, root / f"{words[:60]}-{key}")


def tasks() -> Iterator[Task]:
    """Every task that this browser may see and that was ever started, in no order."""
    for root in roots():
        for path in root.glob(f"*/{_HIDDEN}/task.json"):
            found = _read_task(path)
            if found is not None:
                yield found


def find_task(key: str) -> Task | None:
    """The task called `key` in an address, None if this browser knows none."""
    return next((task for task in tasks() if task.key == key), None)


def task_of_folder(folder: Path) -> Task | None:
    """The task that wrote the run in `folder`; None for a run that was put there otherwise."""
    for place in (folder, folder.parent):
        found = _read_task(place / _HIDDEN / "task.json")
        if found is not None:
            return found
    return None


def stamp(choice: DataChoice) -> str:
    """A text that changes when one of the choice's files is changed."""
    return " ".join(_stamp(file) for file in choice.files)


def start(task: Task, *, pause_after: int | None = None) -> None:
    """Start a worker on `task` unless one is at it or it is finished; with `pause_after`, for that
    many iterations.

    The worker outlives this server.
    """
    task.log.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(task.pid_file.with_suffix(".starting")):
        found = task_state(task)
        if found.busy or found.phase == "finished":
            return
        _write_task(task)
        # Pages stay responsive while a worker takes all it can get of the rest.
        gently = ["nice", "-n", "5"] if shutil.which("nice") else []
        paused = [f"--pause-after={pause_after}"] if pause_after is not None else []
        command = [
            *(*gently, sys.executable, "-m", "cartography", task.kind, f"--out={task.folder}"),
            *(*paused, *task.arguments),
        ]
        with task.log.open("wb") as log:
            child = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "400"},
            )
        _children[task.folder] = child
        with atomic_write(task.pid_file) as temporary:
            temporary.write_text(str(child.pid), encoding="utf-8")


def stop(task: Task) -> None:
    """End the worker of `task`, if there is one; what is on disk stays whole."""
    pid = _worker(task)
    if pid is None:
        return
    deadline = time.monotonic() + _PATIENCE
    with suppress(ProcessLookupError):  # it may end by itself at any moment
        os.kill(pid, signal.SIGTERM)
        while _worker(task) is not None:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                deadline += _PATIENCE
            time.sleep(0.05)
    task.pid_file.unlink(missing_ok=True)


def seconds_since_start(task: Task) -> float:
    """How long ago the worker of `task` was started, 0 if none was."""
    try:
        return max(0.0, time.time() - task.pid_file.stat().st_mtime)
    except OSError:
        return 0.0


def task_state(task: Task) -> TaskState:
    """Where `task` stands."""
    # Looked for before its files are: all that a worker wrote before it ended is then seen.
    at_it = _worker(task) is not None
    folders = task.run_folders()
    if all((folder / runs.SUMMARY).exists() for folder in folders or [task.folder]):
        return TaskState("finished")
    if at_it:
        return TaskState("running" if folders else "preparing", _last_line(task))
    # Not asked while our worker is at it: asking takes the lock for a moment, which the worker
    # might want at that moment.
    if folders and runs.status(task.folder) == "running":
        return TaskState("running")
    said, bug = _last_words(task)
    if said:
        return TaskState("refused", said)
    if bug:
        # By its name alone: the folder above may be a visitor's secret.
        return TaskState("failed", f"{task.folder.name}/{_HIDDEN}/{task.log.name}")
    return TaskState("stopped" if folders else "absent")


def _worker(task: Task) -> int | None:
    """The process number of the worker that is at `task`."""
    child = _children.get(task.folder)
    if child is not None:
        if child.poll() is None:
            return child.pid
        return None
    try:
        pid = int(task.pid_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # The number may be another process's by now; ours names the folder among its arguments.
    return pid if str(task.folder) in _command_line(pid) else None


def _command_line(pid: int) -> str:
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout


def _write_task(task: Task) -> None:
    asked = {"kind": task.kind, "choice": asdict(task.choice), "options": dict(task.options)}
    with atomic_write(task.folder / _HIDDEN / "task.json") as temporary:
        temporary.write_text(json.dumps(asked), encoding="utf-8")


def _read_task(path: Path) -> Task | None:
    try:
        asked = json.loads(path.read_text(encoding="utf-8"))
        pairs = [
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in asked["options"].items()
        ]
        return Task(asked["kind"], DataChoice(**asked["choice"]), tuple(pairs), path.parent.parent)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _lines(task: Task) -> list[str]:
    try:
        text = task.log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    # Shown on a page, where the folder of a visitor's uploads is a secret.
    shown = workspace.without_folders(text)
    return [line.strip() for line in shown.splitlines() if line.strip()]


def _last_line(task: Task) -> str:
    lines = _lines(task)
    return lines[-1] if lines else ""


def _last_words(task: Task) -> tuple[str, bool]:
    """The mistake that ended the worker, "" if none did, and whether a bug, or the machine for want
    of memory, ended it.
    """
    if not task.log.exists():
        return "", False  # nothing was begun, or all of it was deleted
    lines = _lines(task)
    if lines and lines[-1].startswith("cartography: "):
        return lines[-1].removeprefix("cartography: "), False
    child = _children.get(task.folder)
    code = child.returncode if child is not None else None
    # Who stops a worker takes its number away; one that was killed by others still has it.
    stopped = code is not None and code < 0 and not task.pid_file.exists()
    ended = code in (None, 0) or stopped
    return "", not ended or any(line.startswith("Traceback (most") for line in lines)


def _stamp(path: Path) -> str:
    try:
        files = _read_of(path) if path.is_dir() else [path]
        return " ".join(f"{file.stat().st_mtime_ns}:{file.stat().st_size}" for file in files)
    except OSError:
        return ""


def _read_of(folder: Path) -> list[Path]:
    """The files of a source that is a folder: its own tables, or those of a saved data set and of
    its splits. Whatever else lies there, or deeper, does not concern the texts.
    """
    if any((folder / mark).exists() for mark in SAVED_MARKS):
        found = [*folder.glob("*"), *folder.glob("*/*")]
    else:
        found = [path for path in folder.glob("[!.]*") if path.suffix.lower() in READERS]
    return sorted(path for path in found if path.is_file())
