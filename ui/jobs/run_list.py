"""The runs on disk that this browser may see, each as one entry of a list."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from cartography.errors import CartographyError
from cartography.files import atomic_write
from cartography.formatting import count_noun, join_names, strategy_name
from cartography.runs import manifest as runs
from ui.jobs import background, tasks
from ui.jobs.background import Task
from ui.jobs.found import RunInfo
from ui.jobs.groups import default_selection
from ui.jobs.methods import AS_PAPER, Method
from ui.jobs.results import change_times

_NAME = ".name"
_MOST_LETTERS = 80
_REPRODUCTION = "reproduction"  # below it, `cartography reproduce` has a folder for a data set
KINDS = {
    "map": "data map",
    "learn": "active learning",
    "threshold": "threshold study",
    _REPRODUCTION: "reproduction",
    "": "–",  # noqa: RUF001
}
PHASES = {
    "absent": "not started",
    "preparing": "preparing",
    "running": "running",
    "stopped": "stopped",
    "finished": "finished",
    "refused": "refused",
    "failed": "failed",
}


@dataclass(frozen=True)
class ListedRun:
    """One task, or what a call of the command line put on disk, with its manifests.

    `task` is None for the latter: it can be read but not gone on with from here.
    """

    folder: Path
    task: Task | None
    manifests: tuple[Mapping[str, Any], ...]
    phase: str

    @property
    def key(self) -> str:
        """What names it among all entries."""
        return str(self.folder)

    @property
    def mark(self) -> str:
        """What tells it from others of its name: its key in an address, else its folder."""
        return self.task.key if self.task else self.folder.name

    @property
    def kind(self) -> str:
        """The kind of its runs, "" where nothing has begun."""
        if self.folder.parent.name == _REPRODUCTION:
            return _REPRODUCTION
        if self.manifests:
            return str(self.manifests[0]["kind"])
        return self.task.kind if self.task else ""

    @property
    def busy(self) -> bool:
        """Whether a worker is at it."""
        return self.phase in ("preparing", "running")

    @property
    def corpus(self) -> str:
        """What it is of."""
        if self.manifests:
            return str(self.manifests[0]["train"]["name"])
        return self.task.choice.name if self.task else ""

    @property
    def name(self) -> str:
        """The name that somebody gave it, else what it does in a few words."""
        try:
            given = (self.folder / _NAME).read_text(encoding="utf-8").strip()
        except OSError:
            given = ""
        return given or self.described

    @property
    def described(self) -> str:
        """What it does, in a few words."""
        methods = [each for each in self.methods if each != AS_PAPER]
        if self.kind == _REPRODUCTION:
            named = [each.name for each in self.methods if not each.changed]
            others = len(self.methods) - len(named)
            said = join_names([*named, *([count_noun(others, "other method")] if others else [])])
            return f"Reproduction, {self.folder.name}: {said}"
        return " · ".join([self._done, *(each.name for each in methods)])

    @property
    def _done(self) -> str:
        """What it does, but for the method."""
        if self.kind == "learn":
            learned = [each for each in self.manifests if each["kind"] == "learn"]
            strategies = dict.fromkeys(str(each["strategy"]) for each in learned)
            seeds = {each["seed"] for each in learned}
            if not strategies and self.task:
                strategies = dict.fromkeys(self.task.option("strategy", ()))
            said = ", ".join(map(strategy_name, strategies))
            return f"{said} · {len(seeds)} seeds" if len(seeds) > 1 else said
        if self.kind == "map":
            sizes = [each["preset"]["seed_size"] for each in self.manifests]
            return " and ".join(f"seed map of {size:,}" if size else "full map" for size in sizes)
        return KINDS[self.kind]

    @property
    def methods(self) -> list[Method]:
        """How its runs are made, each method once, the paper's first."""
        found = {Method.of(each["preset"]) for each in self.manifests}
        if not found and self.task:
            found = {tasks.method_of(self.task)}
        return sorted(found, key=lambda method: method.place)

    @property
    def to_compare(self) -> list[str]:
        """What names its active-learning runs in the address of a comparison; of many, of those
        that a comparison shows at first.
        """
        learned = [RunInfo(self.folder, each) for each in self.manifests if each["kind"] == "learn"]
        return [run.key for run in default_selection(learned)]

    @property
    def changed(self) -> datetime:
        """When something was last written."""
        files = [self.folder, *self.folder.glob("*")]
        return datetime.fromtimestamp(max(change_times(files), default=0.0))


def list_runs() -> list[ListedRun]:
    """All entries, the one that changed last first."""
    found = []
    for root in background.roots():
        for folder in [*root.glob("*/"), *root.glob(f"{_REPRODUCTION}/*/")]:
            entry = _entry(folder) if folder.name != _REPRODUCTION else None
            if entry is not None:
                found.append(entry)
    return sorted(found, key=lambda entry: entry.changed, reverse=True)


def table(found: Sequence[ListedRun]) -> pd.DataFrame:
    """The entries as a table."""
    return pd.DataFrame(
        {
            "name": [entry.name for entry in found],
            "corpus": [entry.corpus for entry in found],
            "state": [PHASES[entry.phase] for entry in found],
            "kind": [KINDS[entry.kind] for entry in found],
            "runs": [len(entry.manifests) for entry in found],
            "last change": [entry.changed for entry in found],
            "key": [entry.mark for entry in found],
        }
    )


def rename(entry: ListedRun, name: str) -> None:
    """Call an entry `name`; an empty name gives it back its description."""
    with atomic_write(entry.folder / _NAME) as temporary:
        temporary.write_text(" ".join(name.split())[:_MOST_LETTERS], encoding="utf-8")


def delete(entry: ListedRun) -> None:
    """Remove an entry and all its files, its worker ended first.

    Raises CartographyError while a command line writes it, which cannot be ended from here.
    """
    if entry.task is not None:
        background.stop(entry.task)
    if any(runs.status(run) == "running" for run in runs.find_runs(entry.folder)):
        raise CartographyError(
            f"{entry.name} ({entry.mark}) is being written by a command line: end that first, then "
            "delete the run"
        )
    shutil.rmtree(entry.folder, ignore_errors=True)


def archive(entry: ListedRun) -> bytes:
    """All files of an entry as one ZIP archive; what is hidden is the dashboard's own."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(entry.folder.rglob("*")):
            inside = path.relative_to(entry.folder.parent)
            if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                packed.write(path, inside)
    return content.getvalue()


def _entry(folder: Path) -> ListedRun | None:
    """The entry in `folder`; None where there is no run, or only the making of features."""
    task = background.task_of_folder(folder)
    if task is not None and task.kind == "embed":
        return None
    manifests = []
    for run in runs.find_runs(folder):
        try:
            manifests.append(runs.read_manifest(run))
        except CartographyError:
            continue  # a damaged folder must not hide the runs beside it
    if task is None and not manifests:
        return None
    if task is not None:
        phase: str = background.task_state(task).phase
    else:
        states = {runs.status(run) for run in runs.find_runs(folder)}
        phase = next((each for each in ("running", "stopped") if each in states), "finished")
    return ListedRun(folder, task, tuple(manifests), phase)
