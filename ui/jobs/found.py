"""The active-learning runs on disk, each by its manifest alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cartography.errors import CartographyError
from cartography.formatting import strategy_name
from cartography.runs import manifest as runs
from cartography.strategies.table import STRATEGIES, USES_T_COR
from ui.jobs import background
from ui.jobs.methods import Method, departures, reading
from ui.jobs.results import iteration_files


@dataclass(frozen=True)
class RunInfo:
    """An active-learning run on disk, by its manifest alone."""

    folder: Path
    manifest: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """What names it in an address."""
        return runs.run_id(self.manifest)

    @property
    def strategy(self) -> str:
        """The query strategy."""
        return str(self.manifest["strategy"])

    @property
    def seed(self) -> int:
        """The seed."""
        return int(self.manifest["seed"])

    @property
    def t_cor(self) -> float | None:
        """CAL's threshold of correctness, None where the strategy does not look at it."""
        return float(self.manifest["preset"]["t_cor"]) if self.strategy in USES_T_COR else None

    @cached_property
    def method(self) -> Method:
        """The preset and the switches that were changed from it."""
        return Method.of(self.manifest["preset"])

    @property
    def series(self) -> str:
        """Strategy, t_cor and method in a line: with equal settings, these and the seed decide the
        run.
        """
        t_cor = "" if self.t_cor is None else f", t_cor {self.t_cor:g}"
        return f"{strategy_name(self.strategy)}{t_cor}{self.method.suffix}"

    @property
    def place(self) -> tuple[Any, ...]:
        """Where it stands among others: Random first, and of a strategy the paper's method."""
        return list(STRATEGIES).index(self.strategy), self.t_cor or 0, self.method.place, self.seed

    @property
    def corpus(self) -> str:
        """The fingerprint of the corpus that it learned from."""
        return str(self.manifest["train"]["fingerprint"])

    @property
    def corpus_name(self) -> str:
        """The corpus, as a reader would call it."""
        train = self.manifest["train"]
        return f"{train['name']}, {train['rows']:,} texts to learn from"

    @property
    def epochs(self) -> int:
        """The epochs of a training."""
        return int(self.manifest["preset"]["classifier"]["epochs"])

    @property
    def done(self) -> int:
        """How many of its trainings are on disk."""
        return len(iteration_files(self.folder))

    @property
    def phase(self) -> str:
        """Finished, running, or stopped."""
        return runs.status(self.folder)

    @property
    def name(self) -> str:
        """The run in a line: series, seed and its batches. It stays while the run goes on, since a
        list of choices knows its entries by their names.
        """
        batches = self.manifest["preset"]["iterations"]
        phase = self.phase
        came = (
            f"{batches} batches"
            if phase != "stopped"
            else f"{max(0, self.done - 1)} of {batches} batches, {phase}"
        )
        return f"{self.series}, seed {self.seed} ({came})"

    @cached_property
    def settings(self) -> dict[str, str]:
        """What runs have to agree in to be compared, each as a reader would name it."""
        preset = self.manifest["preset"]
        return {
            "test set": self.manifest["test"]["fingerprint"][:6],
            "word vectors": self.manifest["train"]["vectors"],
            "seed size": f"{preset['seed_size']}",
            "query size": f"{preset['query_size']}",
            "epochs": f"{self.epochs}",
            "batch size": f"{preset['classifier']['batch_size']}",
            "other settings": json.dumps(departures(preset), sort_keys=True),
        }

    @property
    def reading(self) -> str:
        """How its method makes features of texts."""
        return reading(self.manifest["preset"])

    @property
    def features(self) -> str:
        """The key of the features that it learned from."""
        return str(self.manifest["train"]["features"])


def find_active_runs() -> list[RunInfo]:
    """The active-learning runs that this browser may see and that have an iteration, the newest
    first.
    """
    return [
        RunInfo(folder, manifest)
        for folder, manifest in manifests()
        if manifest.get("kind") == "learn" and iteration_files(folder)
    ]


def runs_in_folders(folders: Iterable[Path]) -> list[RunInfo]:
    """The runs in `folders` that have an iteration. Raises CartographyError for a damaged one."""
    return [
        RunInfo(folder, runs.read_manifest(folder)) for folder in folders if iteration_files(folder)
    ]


def manifests() -> list[tuple[Path, dict[str, Any]]]:
    """The folder and manifest of every run that this browser may see, the newest first."""
    read = []
    for root in background.roots():
        for folder in runs.find_runs(root):
            try:
                read.append((folder, runs.read_manifest(folder)))
            except CartographyError:
                continue  # a damaged folder must not hide the runs beside it
    return read


def by_corpus(found: Iterable[RunInfo]) -> dict[str, list[RunInfo]]:
    """The runs on each corpus, by its fingerprint; the corpus of the newest run first."""
    corpora = defaultdict(list)
    for run in found:
        corpora[run.corpus].append(run)
    return dict(corpora)
