"""Runs of the command line in worker processes: started, watched, stopped, found again.

A run's folder lies in `cache_folder()/runs`; beside it stand the worker's output (`NAME.log`) and
its process number (`.NAME.pid`). All that is known of a run is read from these, so that a page
that was reloaded, or a server that was started again, finds it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from cartography import runs
from cartography.disk import cache_folder, content_key, written_whole
from cartography.embedding import CORPUS_VECTORS
from ui.session import DataChoice

Kind = Literal["map", "learn"]
Phase = Literal["absent", "preparing", "running", "stopped", "finished", "refused", "failed"]

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 5.0  # seconds a worker is given to end before it is killed

# Workers that this server started. They have to be waited for, or their numbers stay taken.
_children: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Task:
    """One run of the command line: its folder, and the arguments that decide its content."""

    kind: Kind
    folder: Path
    arguments: tuple[str, ...]

    @property
    def log(self) -> Path:
        """The worker's output."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def pid_file(self) -> Path:
        """The worker's process number."""
        return self.folder.with_name(f".{self.folder.name}.pid")


@dataclass(frozen=True)
class State:
    """Where a task stands, and what its worker said last.

    *refused*: the user's mistake, which `said` words; *failed*: a bug, told in the log alone.
    """

    phase: Phase
    said: str = ""

    @property
    def busy(self) -> bool:
        """Whether a worker is at it."""
        return self.phase in ("preparing", "running")


def runs_folder() -> Path:
    """The folder of all runs of the dashboard."""
    return cache_folder() / "runs"


def task(kind: Kind, choice: DataChoice, options: Mapping[str, object], label: str = "") -> Task:
    """The task of `kind` on a corpus; options that are None are left to the command line.

    The folder is named by the content of the arguments and by when the files were changed last:
    the same choice finds its own run again, and a file that was changed is a new choice.
    """
    given = [f"--{name}={value}" for name, value in options.items() if value is not None]
    arguments = (*given, *choice.arguments())
    key = content_key(kind, *arguments, stamp(choice))[:10]
    words = re.sub(r"[^a-z0-9]+", "-", f"{kind} {label} {choice.name}".lower()).strip("-")
    return Task(kind, runs_folder() / f"{words[:60]}-{key}", arguments)


def stamp(choice: DataChoice) -> str:
    """A text that changes when one of the choice's files is changed."""
    vectors = None if choice.vectors == CORPUS_VECTORS else choice.vectors
    source = None if choice.source == "sample" else choice.source
    files = [Path(name) for name in (source, choice.test, vectors) if name is not None]
    return " ".join(_stamp(file) for file in files)


def start(task: Task, *, pause_after: int | None = None) -> None:
    """Start a worker on `task` unless one is at it; with `pause_after`, for that many iterations.

    The worker outlives this server.
    """
    task.folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(task.pid_file.with_suffix(".starting")):
        if state(task).busy:
            return
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
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "400"},
            )
        _children[task.folder] = child
        with written_whole(task.pid_file) as temporary:
            temporary.write_text(str(child.pid), encoding="utf-8")


def stop(task: Task) -> None:
    """End the worker of `task`, if there is one; what is on disk stays whole."""
    pid = _worker(task)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE
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


def state(task: Task) -> State:
    """Where `task` stands."""
    if (task.folder / runs.SUMMARY).exists():
        return State("finished")
    if _worker(task) is not None:
        begun = (task.folder / runs.MANIFEST).exists()
        return State("running" if begun else "preparing", _last_line(task))
    # Not asked while our worker is at it: asking takes the lock for a moment, which the worker
    # might want at that moment.
    if task.folder.exists() and runs.status(task.folder) == "running":
        return State("running")
    said, bug = _last_words(task)
    if said:
        return State("refused", said)
    if bug:
        return State("failed", f"{task.log}")
    return State("stopped" if (task.folder / runs.MANIFEST).exists() else "absent")


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


def _lines(task: Task) -> list[str]:
    try:
        text = task.log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.strip() for line in text.splitlines() if line.strip()]


def _last_line(task: Task) -> str:
    lines = _lines(task)
    return lines[-1] if lines else ""


def _last_words(task: Task) -> tuple[str, bool]:
    """The mistake that ended the worker, "" if none did, and whether a bug ended it."""
    lines = _lines(task)
    if lines and lines[-1].startswith("cartography: "):
        return lines[-1].removeprefix("cartography: "), False
    child = _children.get(task.folder)
    code = child.returncode if child is not None else None
    ours = (None, 0, -signal.SIGTERM, -signal.SIGKILL)
    return "", code not in ours or any(line.startswith("Traceback (most") for line in lines)


def _stamp(path: Path) -> str:
    try:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        return " ".join(f"{file.stat().st_mtime_ns}:{file.stat().st_size}" for file in files)
    except OSError:
        return ""
