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

from cartography import runs
from cartography.disk import written_whole
from cartography.errors import CartographyError
from cartography.wording import strategy_name
from ui import background
from ui.background import Task
from ui.results import changes_of

_NAME = ".name"
_MOST_LETTERS = 80
KINDS = {"map": "data map", "learn": "active learning", "threshold": "threshold study", "": "–"}  # noqa: RUF001
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
class Entry:
    """One task, or one run that was put on disk by the command line, with its manifests.

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
        if self.kind == "learn":
            strategies = dict.fromkeys(str(each["strategy"]) for each in self.manifests)
            seeds = {each["seed"] for each in self.manifests}
            if not strategies and self.task:
                strategies = dict.fromkeys(self.task.option("strategy", ()))
            said = ", ".join(map(strategy_name, strategies))
            return f"{said} · {len(seeds)} seeds" if len(seeds) > 1 else said
        if self.kind == "map":
            sizes = [each["preset"]["seed_size"] for each in self.manifests]
            return " and ".join(f"seed map of {size:,}" if size else "full map" for size in sizes)
        return KINDS[self.kind]

    @property
    def changed(self) -> datetime:
        """When something was last written."""
        files = [self.folder, *self.folder.glob("*")]
        return datetime.fromtimestamp(max(changes_of(files), default=0.0))


def entries() -> list[Entry]:
    """All entries, the one that changed last first."""
    found = []
    for root in background.roots():
        for folder in root.glob("*/"):
            entry = _entry(folder)
            if entry is not None:
                found.append(entry)
    return sorted(found, key=lambda entry: entry.changed, reverse=True)


def table(found: Sequence[Entry]) -> pd.DataFrame:
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


def rename(entry: Entry, name: str) -> None:
    """Call an entry `name`; an empty name gives it back its description."""
    with written_whole(entry.folder / _NAME) as temporary:
        temporary.write_text(" ".join(name.split())[:_MOST_LETTERS], encoding="utf-8")


def delete(entry: Entry) -> None:
    """Remove an entry and all its files, its worker ended first."""
    if entry.task is not None:
        background.stop(entry.task)
    shutil.rmtree(entry.folder, ignore_errors=True)


def archive(entry: Entry) -> bytes:
    """All files of an entry as one ZIP archive; what is hidden is the dashboard's own."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(entry.folder.rglob("*")):
            inside = path.relative_to(entry.folder.parent)
            if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                packed.write(path, inside)
    return content.getvalue()


def _entry(folder: Path) -> Entry | None:
    """The entry in `folder`; None where there is no run, or only the making of features."""
    task = background.of_folder(folder)
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
        phase: str = background.state(task).phase
    else:
        states = {runs.status(run) for run in runs.find_runs(folder)}
        phase = states.pop() if len(states) == 1 else "stopped"
    return Entry(folder, task, tuple(manifests), phase)
