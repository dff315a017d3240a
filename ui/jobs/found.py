"""Active-learning runs on disk, described by their manifests."""

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
from ui.jobs.methods import Method, departures, feature_settings
from ui.jobs.results import iteration_files


@dataclass(frozen=True)
class RunInfo:
    """An active-learning run on disk, described by its manifest.

    Attributes
    ----------
    folder : Path
    manifest : mapping
    """

    folder: Path
    manifest: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """Id of the run in an address."""
        return runs.run_id(self.manifest)

    @property
    def strategy(self) -> str:
        """Short name of the query strategy."""
        return str(self.manifest["strategy"])

    @property
    def seed(self) -> int:
        """Random seed."""
        return int(self.manifest["seed"])

    @property
    def t_cor(self) -> float | None:
        """CAL's threshold of correctness; None if the strategy does not use it."""
        return float(self.manifest["preset"]["t_cor"]) if self.strategy in USES_T_COR else None

    @cached_property
    def method(self) -> Method:
        """Preset and changed switches."""
        return Method.of(self.manifest["preset"])

    @property
    def series(self) -> str:
        """Strategy, t_cor and method; comparable runs of one series differ in their seed only."""
        t_cor = "" if self.t_cor is None else f", t_cor {self.t_cor:g}"
        return f"{strategy_name(self.strategy)}{t_cor}{self.method.suffix}"

    @property
    def sort_key(self) -> tuple[Any, ...]:
        """Sorts by strategy with Random first, then t_cor, method and seed."""
        position = list(STRATEGIES).index(self.strategy)
        return position, self.t_cor or 0, self.method.sort_key, self.seed

    @property
    def corpus(self) -> str:
        """Fingerprint of the training corpus."""
        return str(self.manifest["train"]["fingerprint"])

    @property
    def corpus_name(self) -> str:
        """Name and size of the training corpus."""
        train = self.manifest["train"]
        return f"{train['name']}, {train['rows']:,} texts to learn from"

    @property
    def epochs(self) -> int:
        """Epochs per training."""
        return int(self.manifest["preset"]["classifier"]["epochs"])

    @property
    def done(self) -> int:
        """Number of trainings on disk."""
        return len(iteration_files(self.folder))

    @property
    def phase(self) -> str:
        """State of the run: "finished", "running" or "stopped"."""
        return runs.status(self.folder)

    @property
    def name(self) -> str:
        """Series, seed and number of batches.

        It does not change while the run is running, because widgets identify entries by name.
        """
        batches = self.manifest["preset"]["iterations"]
        phase = self.phase
        size = (
            f"{batches} batches"
            if phase != "stopped"
            else f"{max(0, self.done - 1)} of {batches} batches, {phase}"
        )
        return f"{self.series}, seed {self.seed} ({size})"

    @cached_property
    def settings(self) -> dict[str, str]:
        """Settings that comparable runs share, by their names on a page."""
        preset = self.manifest["preset"]
        return {
            "test set": self.manifest["test"]["fingerprint"][:6],
            "features": self.manifest["train"]["vectors"],
            "seed size": f"{preset['seed_size']}",
            "query size": f"{preset['query_size']}",
            "epochs": f"{self.epochs}",
            "batch size": f"{preset['classifier']['batch_size']}",
            "other settings": json.dumps(departures(preset), sort_keys=True),
        }

    @property
    def feature_settings(self) -> str:
        """Settings of the method that decide the features of the texts."""
        return feature_settings(self.manifest["preset"])

    @property
    def features(self) -> str:
        """Key of the training features."""
        return str(self.manifest["train"]["features"])


def find_active_runs() -> list[RunInfo]:
    """Return the active-learning runs with at least one iteration, the newest first.

    Only runs that this browser may see.
    """
    return [
        RunInfo(folder, manifest)
        for folder, manifest in manifests()
        if manifest.get("kind") == "learn" and iteration_files(folder)
    ]


def runs_in_folders(folders: Iterable[Path]) -> list[RunInfo]:
    """Return the runs in `folders` that have at least one iteration.

    Raises
    ------
    CartographyError
        A manifest is damaged.
    """
    return [
        RunInfo(folder, runs.read_manifest(folder)) for folder in folders if iteration_files(folder)
    ]


def manifests() -> list[tuple[Path, dict[str, Any]]]:
    """Return folder and manifest of every run that this browser may see, the newest first."""
    pairs = []
    for root in background.roots():
        for folder in runs.find_runs(root):
            try:
                pairs.append((folder, runs.read_manifest(folder)))
            except CartographyError:
                continue  # a damaged folder must not hide the other runs
    return pairs


def by_corpus(run_infos: Iterable[RunInfo]) -> dict[str, list[RunInfo]]:
    """Group runs by the fingerprint of their corpus, in the order of the runs."""
    corpora = defaultdict(list)
    for run in run_infos:
        corpora[run.corpus].append(run)
    return dict(corpora)
