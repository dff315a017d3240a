"""The list of the runs that this browser may see, and what can be done with each."""

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
from ui.jobs.methods import USUAL, Method
from ui.jobs.results import change_times

_NAME = ".name"
_MAX_NAME = 80  # characters
_REPRODUCTION = "reproduction"  # contains a folder per data set of `cartography reproduce`
KINDS = {
    "map": "data map",
    "learn": "active learning",
    "threshold": "threshold study",
    "imported": "imported map",
    "open": "imported map",
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
    """An entry of the list: one task, or the runs of one call of the command line.

    Attributes
    ----------
    folder : Path
    task : Task or None
        None for runs of the command line, which cannot be resumed from the dashboard.
    manifests : tuple of mapping
        One per run; damaged runs are missing.
    phase : str
        A key of `PHASES`.
    """

    folder: Path
    task: Task | None
    manifests: tuple[Mapping[str, Any], ...]
    phase: str

    @property
    def key(self) -> str:
        """Key of the entry, distinct from all others."""
        return str(self.folder)

    @property
    def short_key(self) -> str:
        """The task's key in an address, or the folder's name; distinguishes entries by eye."""
        return self.task.key if self.task else self.folder.name

    @property
    def kind(self) -> str:
        """Kind of the runs, a key of `KINDS`; "" if there is none."""
        if self.folder.parent.name == _REPRODUCTION:
            return _REPRODUCTION
        if self.manifests:
            return str(self.manifests[0]["kind"])
        return self.task.kind if self.task else ""

    @property
    def busy(self) -> bool:
        """Whether a worker is running."""
        return self.phase in ("preparing", "running")

    @property
    def corpus(self) -> str:
        """Name of the corpus."""
        if self.manifests:
            return str(self.manifests[0]["train"]["name"])
        return self.task.choice.name if self.task else ""

    @property
    def name(self) -> str:
        """The name that a visitor chose, or the description."""
        try:
            chosen_name = (self.folder / _NAME).read_text(encoding="utf-8").strip()
        except OSError:
            chosen_name = ""
        return chosen_name or self.description

    @property
    def description(self) -> str:
        """Strategies or map sizes, and the methods if they are not the paper's."""
        if self.kind == _REPRODUCTION:
            presets = [method.name for method in self.methods if not method.changed]
            others = len(self.methods) - len(presets)
            names = join_names(
                [*presets, *([count_noun(others, "other method")] if others else [])]
            )
            return f"Reproduction, {self.folder.name}: {names}"
        methods = [method.name for method in self.methods if method != USUAL]
        return " · ".join([self._content, *methods])

    @property
    def _content(self) -> str:
        """The description without the method."""
        if self.kind == "learn":
            manifests = self._learn_manifests
            strategies = dict.fromkeys(str(manifest["strategy"]) for manifest in manifests)
            seeds = {manifest["seed"] for manifest in manifests}
            if not strategies and self.task:
                strategies = dict.fromkeys(self.task.option("strategy", ()))
            names = ", ".join(map(strategy_name, strategies))
            return f"{names} · {len(seeds)} seeds" if len(seeds) > 1 else names
        if self.kind == "map":
            sizes = [manifest["preset"]["seed_size"] for manifest in self.manifests]
            return " and ".join(f"seed map of {size:,}" if size else "full map" for size in sizes)
        if self.kind == "imported":
            return f"imported map, {self.manifests[0]['form']}"
        return KINDS[self.kind]

    @property
    def methods(self) -> list[Method]:
        """The distinct methods of the runs, the paper's first."""
        methods = {
            Method.of(manifest["preset"]) for manifest in self.manifests if "preset" in manifest
        }
        if not methods and self.task and self.task.kind != "open":
            methods = {tasks.method_of(self.task)}
        return sorted(methods, key=lambda method: method.sort_key)

    @property
    def comparison_keys(self) -> list[str]:
        """Keys of its active-learning runs that a comparison shows by default."""
        run_infos = [RunInfo(self.folder, manifest) for manifest in self._learn_manifests]
        return [run.key for run in default_selection(run_infos)]

    @property
    def _learn_manifests(self) -> list[Mapping[str, Any]]:
        return [manifest for manifest in self.manifests if manifest["kind"] == "learn"]

    @property
    def changed_at(self) -> datetime:
        """Time of the last change."""
        files = [self.folder, *self.folder.glob("*")]
        return datetime.fromtimestamp(max(change_times(files), default=0.0))


def list_runs() -> list[ListedRun]:
    """Return all entries, the last changed first."""
    entries = []
    for root in background.roots():
        for folder in [*root.glob("*/"), *root.glob(f"{_REPRODUCTION}/*/")]:
            entry = _read_entry(folder) if folder.name != _REPRODUCTION else None
            if entry is not None:
                entries.append(entry)
    return sorted(entries, key=lambda entry: entry.changed_at, reverse=True)


def table(entries: Sequence[ListedRun]) -> pd.DataFrame:
    """Return the entries as a table."""
    return pd.DataFrame(
        {
            "name": [entry.name for entry in entries],
            "corpus": [entry.corpus for entry in entries],
            "state": [PHASES[entry.phase] for entry in entries],
            "kind": [KINDS[entry.kind] for entry in entries],
            "runs": [len(entry.manifests) for entry in entries],
            "last change": [entry.changed_at for entry in entries],
            "key": [entry.short_key for entry in entries],
        }
    )


def rename(entry: ListedRun, name: str) -> None:
    """Set the name of an entry; with an empty name its description is shown again."""
    with atomic_write(entry.folder / _NAME) as temporary:
        temporary.write_text(" ".join(name.split())[:_MAX_NAME], encoding="utf-8")


def delete(entry: ListedRun) -> None:
    """Stop the worker of an entry and delete all its files.

    Raises
    ------
    CartographyError
        A command line is writing the entry; the dashboard cannot stop that.
    """
    if entry.task is not None:
        background.stop(entry.task)
    if any(runs.status(run) == "running" for run in runs.find_runs(entry.folder)):
        raise CartographyError(
            f"{entry.name} ({entry.short_key}) is being written by a command line: stop "
            "that first, then delete the run"
        )
    shutil.rmtree(entry.folder, ignore_errors=True)


def archive(entry: ListedRun) -> bytes:
    """Return all files of an entry as a ZIP archive, without the dashboard's hidden ones."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as zip_file:
        for path in sorted(entry.folder.rglob("*")):
            name = path.relative_to(entry.folder.parent)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):
                zip_file.write(path, name)
    return content.getvalue()


def _read_entry(folder: Path) -> ListedRun | None:
    """The entry in `folder`; None if there is no run, or only features were computed."""
    task = background.task_of_folder(folder)
    if task is not None and task.kind == "embed":
        return None
    manifests = []
    for run in runs.find_runs(folder):
        try:
            manifests.append(runs.read_manifest(run))
        except CartographyError:
            continue  # a damaged folder must not hide the other runs
    if task is None and not manifests:
        return None
    if task is not None:
        phase: str = background.task_state(task).phase
    else:
        states = {runs.status(run) for run in runs.find_runs(folder)}
        phase = next((state for state in ("running", "stopped") if state in states), "finished")
    return ListedRun(folder, task, tuple(manifests), phase)
