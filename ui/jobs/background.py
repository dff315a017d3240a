"""Command-line runs in worker processes that outlive the server.

Everything about a task is in its folder: its runs, and in `.worker` the options, the worker's
output and its process number. A reloaded page or a restarted server finds the task there and can
resume it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
from filelock import FileLock

from cartography.corpora.sources import SAVED_MARKS
from cartography.errors import CartographyError
from cartography.files import atomic_write, cache_folder, content_key
from cartography.runs import manifest as runs
from cartography.tables.reading import is_table
from ui import ROOT
from ui.state import workspace
from ui.state.session import DataChoice

Kind = Literal["map", "learn", "threshold", "embed", "open", "query", "suspects"]
Phase = Literal["absent", "preparing", "running", "stopped", "finished", "refused", "failed"]


_PATIENCE = 5.0  # seconds that a worker has to end before it is killed
_NICENESS = 5  # pages stay responsive while a worker uses all cores
_HIDDEN = ".worker"
_KEYED = re.compile(r"-[0-9a-f]{10}$")

# Workers that this server started. Without polling them, they would stay as zombies.
_children: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Task:
    """One call of the command line.

    Attributes
    ----------
    kind : Kind
        The subcommand.
    choice : DataChoice
        The corpus.
    options : tuple of (str, Any)
        Names and values of the options. A tuple as value stands for a repeated option.
    folder : Path
        Where the command writes.
    """

    kind: Kind
    choice: DataChoice
    options: tuple[tuple[str, Any], ...]
    folder: Path

    @property
    def key(self) -> str:
        """The name of the task in an address: ten hexadecimal digits, a hash of the arguments.

        That of an imported map of the command line is the name of its folder.
        """
        name = self.folder.name
        return name[-10:] if _KEYED.search(name) else name

    @property
    def arguments(self) -> list[str]:
        """The command-line arguments that determine the results."""
        options = [
            f"--{name}={item}"
            for name, value in self.options
            for item in (value if isinstance(value, tuple) else (value,))
        ]
        return [*options, *self.choice.arguments()]

    @property
    def log(self) -> Path:
        """File with the worker's output."""
        return self.folder / _HIDDEN / "log"

    @property
    def pid_file(self) -> Path:
        """File with the worker's process number."""
        return self.folder / _HIDDEN / "pid"

    def option(self, name: str, default: Any = None) -> Any:
        """Return the value of an option, or `default` if the task does not set it."""
        return dict(self.options).get(name, default)

    def run_folders(self) -> list[Path]:
        """Return the folders of the runs so far: the task's own, or its subfolders."""
        if (self.folder / runs.MANIFEST).exists():
            return [self.folder]
        return sorted(path.parent for path in self.folder.glob(f"*/{runs.MANIFEST}"))


@dataclass(frozen=True)
class TaskState:
    """The state of a task.

    Attributes
    ----------
    phase : Phase
        "refused": an error that the user can fix; "failed": a bug, or too little memory.
    message : str
        The last line of a busy worker, the error of a refused task, or the log of a failed one.
    """

    phase: Phase
    message: str = ""

    @property
    def busy(self) -> bool:
        """Whether a worker is running."""
        return self.phase in ("preparing", "running")


def shared_runs() -> Path:
    """Return the folder of the runs that every visitor sees."""
    return cache_folder() / "runs"


def roots() -> list[Path]:
    """Return the folders with the runs that this browser may see."""
    return [shared_runs(), workspace.folder() / "runs"]


def task(kind: Kind, choice: DataChoice, options: Mapping[str, object], label: str = "") -> Task:
    """Build the task for a question; the same question gives the same task.

    Parameters
    ----------
    kind : Kind
    choice : DataChoice
        The corpus. Tasks on uploads are in the browser's own workspace.
    options : mapping of str to object
        None leaves an option at the command line's default.
    label : str, optional
        Part of the folder's name, for people who look at the disk.

    Returns
    -------
    Task
        Its folder is named by a hash of the arguments and of the files' modification times, so a
        changed file gives a new task.
    """
    pairs = tuple((name, value) for name, value in options.items() if value is not None)
    root = workspace.folder() / "runs" if choice.is_private else shared_runs()
    unnamed = Task(kind, choice, pairs, root)
    key = content_key(kind, *unnamed.arguments, stamp(choice))[:10]
    words = re.sub(r"[^a-z0-9]+", "-", f"{kind} {label} {choice.name}".lower()).strip("-")
    return Task(kind, choice, pairs, root / f"{words[:60]}-{key}")


def tasks() -> Iterator[Task]:
    """Yield every task that this browser may see and that has a folder, in no particular order."""
    for root in roots():
        for folder in root.glob("*/"):
            found = _task_in(folder)
            if found is not None:
                yield found


def find_task(key: str) -> Task | None:
    """Return the task with this key, or None if this browser sees no such task."""
    return next((task for task in tasks() if task.key == key), None)


def task_of_folder(folder: Path) -> Task | None:
    """Return the task that wrote the run in `folder`, or that shows the map in it.

    None for other runs of the command line.
    """
    return _task_in(folder) or _task_in(folder.parent)


def stamp(choice: DataChoice) -> str:
    """Return a string that changes when a file of `choice` is changed."""
    return " ".join(_file_stamp(path) for path in choice.files)


def start(task: Task, *, pause_after: int | None = None) -> None:
    """Start a worker unless the task is running or finished. The worker outlives this server.

    Parameters
    ----------
    task : Task
    pause_after : int, optional
        Pause after this many iterations.
    """
    task.log.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(task.pid_file.with_suffix(".starting")):
        state = task_state(task)
        if state.busy or state.phase == "finished":
            return
        _write_task(task)
        pause = [f"--pause-after={pause_after}"] if pause_after is not None else []
        command = [
            *(sys.executable, "-m", "cartography", task.kind, _out_argument(task)),
            *(*pause, *task.arguments),
        ]
        with task.log.open("wb") as log:
            child = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "400"},
                **_detached_options(),
            )
        _lower_priority(child.pid)
        _children[task.folder] = child
        with atomic_write(task.pid_file) as temporary:
            temporary.write_text(str(child.pid), encoding="utf-8")


def stop(task: Task) -> None:
    """End the worker of `task` if there is one. Finished results stay on disk."""
    process = _find_worker(task)
    if process is None:
        return
    deadline = time.monotonic() + _PATIENCE
    # The worker may end at any moment. psutil raises NoSuchProcess then, also if another process
    # has received its number.
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        while _find_worker(task) is not None:
            if time.monotonic() > deadline:
                process.kill()
                deadline += _PATIENCE
            time.sleep(0.05)
    task.pid_file.unlink(missing_ok=True)


def seconds_since_start(task: Task) -> float:
    """Return the seconds since the worker of `task` was started, 0 if it never was."""
    try:
        return max(0.0, time.time() - task.pid_file.stat().st_mtime)
    except OSError:
        return 0.0


def task_state(task: Task) -> TaskState:
    """Return the current state of `task`."""
    # Before the files: a worker that ends in between has then written all of them.
    has_worker = _find_worker(task) is not None
    folders = task.run_folders()
    if all((folder / runs.SUMMARY).exists() for folder in folders or [task.folder]):
        return TaskState("finished")
    if has_worker:
        return TaskState("running" if folders else "preparing", _last_line(task))
    # `status` takes the run's lock for a moment; a worker of ours might need it then.
    if folders and runs.status(task.folder) == "running":
        return TaskState("running")
    message, failed = _read_ending(task)
    if message:
        return TaskState("refused", message)
    if failed:
        # The folder's name only: the path may contain the secret of a workspace.
        return TaskState("failed", f"{task.folder.name}/{_HIDDEN}/{task.log.name}")
    return TaskState("stopped" if folders else "absent")


def _out_argument(task: Task) -> str:
    return f"--out={task.folder}"


def _detached_options() -> dict[str, Any]:
    """Options of Popen that keep signals to the server's terminal away from the worker."""
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["start_new_session"] = True
    return options


def _lower_priority(pid: int) -> None:
    with suppress(psutil.Error):  # the worker may have ended
        process = psutil.Process(pid)
        if sys.platform == "win32":
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            process.nice(process.nice() + _NICENESS)


def _find_worker(task: Task) -> psutil.Process | None:
    """Return the running worker of `task`, or None."""
    child = _children.get(task.folder)
    try:
        if child is not None:
            return psutil.Process(child.pid) if child.poll() is None else None
        process = psutil.Process(int(task.pid_file.read_text(encoding="utf-8")))
        # The number may have been given to another process; only ours writes to this folder.
        return process if _out_argument(task) in process.cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None


def _write_task(task: Task) -> None:
    record = {"kind": task.kind, "choice": asdict(task.choice), "options": dict(task.options)}
    with atomic_write(task.folder / _HIDDEN / "task.json") as temporary:
        temporary.write_text(json.dumps(record), encoding="utf-8")


def _task_in(folder: Path) -> Task | None:
    """The task whose folder this is."""
    return _read_task(folder / _HIDDEN / "task.json") or _imported_task(folder)


def _imported_task(folder: Path) -> Task | None:
    """The finished task of a map that `cartography open` wrote, which has no settings."""
    if not (folder / runs.SUMMARY).exists():
        return None
    try:
        is_imported = runs.read_manifest(folder)["kind"] == "imported"
    except CartographyError:
        return None  # a damaged folder must not hide the other runs
    return Task("open", DataChoice(source=str(folder)), (), folder) if is_imported else None


def _read_task(path: Path) -> Task | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        pairs = [
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in record["options"].items()
        ]
        return Task(
            record["kind"], DataChoice.of_json(record["choice"]), tuple(pairs), path.parent.parent
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _log_lines(task: Task) -> list[str]:
    try:
        text = task.log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    # Pages show these lines, and the folder of a visitor's uploads is a secret.
    lines = workspace.without_folders(text).splitlines()
    return [line.strip() for line in lines if line.strip()]


def _last_line(task: Task) -> str:
    lines = _log_lines(task)
    return lines[-1] if lines else ""


def _read_ending(task: Task) -> tuple[str, bool]:
    """Return the error that ended the worker ("" if none) and whether it failed or was killed."""
    if not task.log.exists():
        return "", False  # never started, or deleted
    lines = _log_lines(task)
    if lines and lines[-1].startswith("cartography: "):
        return lines[-1].removeprefix("cartography: "), False
    child = _children.get(task.folder)
    code = child.returncode if child is not None else None
    # POSIX reports a signal as a negative code; on Windows psutil uses SIGTERM as the exit code.
    was_killed = code is not None and (code < 0 or code == signal.SIGTERM)
    # `stop` removes the process number; a worker that somebody else killed still has it.
    was_stopped = was_killed and not task.pid_file.exists()
    has_ended_well = code in (None, 0) or was_stopped
    return "", not has_ended_well or any(line.startswith("Traceback (most") for line in lines)


def _file_stamp(path: Path) -> str:
    try:
        files = _corpus_files(path) if path.is_dir() else [path]
        return " ".join(f"{file.stat().st_mtime_ns}:{file.stat().st_size}" for file in files)
    except OSError:
        return ""


def _corpus_files(folder: Path) -> list[Path]:
    """The tables of a folder, or all files of a saved data set and its splits.

    Other files and deeper folders do not affect the texts.
    """
    if any((folder / mark).exists() for mark in SAVED_MARKS):
        paths = [*folder.glob("*"), *folder.glob("*/*")]
    else:
        paths = [path for path in folder.glob("[!.]*") if is_table(path.name)]
    return sorted(path for path in paths if path.is_file())
