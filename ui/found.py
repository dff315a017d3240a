"""The active-learning runs on disk, and which of them can be compared."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cartography import runs
from cartography.disk import content_key
from cartography.errors import CartographyError
from cartography.iteration_files import MAPS
from cartography.strategies import USES_T_COR
from cartography.wording import counted, strategy_name
from ui import background

# In what runs may differ that are compared; in the names of a preset's fields.
_MAY_DIFFER = ("t_cor", "iterations", "name")


@dataclass(frozen=True)
class Found:
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

    @property
    def arm(self) -> tuple[str, float | None, int]:
        """Strategy, t_cor and seed: with equal settings, these decide the run."""
        return self.strategy, self.t_cor, self.seed

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
        return len(list((self.folder / MAPS).glob("*.parquet")))

    @property
    def phase(self) -> str:
        """Finished, running, or stopped."""
        return runs.status(self.folder)

    @property
    def name(self) -> str:
        """The run in a line: strategy, seed and its batches. It stays while the run goes on, since
        a list of choices knows its entries by their names.
        """
        t_cor = "" if self.t_cor is None else f", t_cor {self.t_cor:g}"
        batches = self.manifest["preset"]["iterations"]
        phase = self.phase
        came = (
            f"{batches} batches"
            if phase != "stopped"
            else f"{max(0, self.done - 1)} of {batches} batches, {phase}"
        )
        return f"{strategy_name(self.strategy)}{t_cor}, seed {self.seed} ({came})"

    @cached_property
    def settings(self) -> dict[str, str]:
        """What runs have to agree in to be compared, each as a reader would name it."""
        preset = self.manifest["preset"]
        classifier = preset["classifier"]
        named = ("seed_size", "query_size", "classifier", "discriminator", *_MAY_DIFFER)
        rest = {
            **{name: value for name, value in preset.items() if name not in named},
            "classifier": {**classifier, "epochs": 0, "batch_size": 0},
            # One batch size is given for both, and named apart.
            "discriminator": {**preset["discriminator"], "batch_size": 0},
        }
        return {
            "test set": self.manifest["test"]["fingerprint"][:6],
            "word vectors": self.manifest["train"]["features"][:6],
            "seed size": f"{preset['seed_size']}",
            "query size": f"{preset['query_size']}",
            "epochs": f"{classifier['epochs']}",
            "batch size": f"{classifier['batch_size']}",
            "other settings": content_key(json.dumps(rest, sort_keys=True))[:6],
        }


@dataclass(frozen=True)
class Group:
    """Runs that can be compared: one corpus, one test set, and all settings but t_cor the same.

    `runs` are the newest first, and of several with one strategy, t_cor and seed only the one
    that has come furthest; the others are `repeats`.
    """

    runs: tuple[Found, ...]
    repeats: tuple[Found, ...]

    def standing_in_for(self, wanted: Callable[[Found], bool]) -> list[Found]:
        """The runs that are `wanted`, and those kept in place of a repeat that is."""
        arms = {run.arm for run in (*self.runs, *self.repeats) if wanted(run)}
        return [run for run in self.runs if run.arm in arms]

    @property
    def key(self) -> str:
        """What names it among all groups."""
        return _group_key(self.runs[0])

    @property
    def name(self) -> str:
        """The settings in a line."""
        settings = self.runs[0].settings
        return (
            f"{settings['seed size']} labels, then batches of {settings['query size']}, "
            f"{settings['epochs']} epochs ({counted(len(self.runs), 'run')})"
        )


def found_runs() -> list[Found]:
    """The active-learning runs that this browser may see and that have an iteration, the newest
    first.
    """
    return [
        Found(folder, manifest)
        for folder, manifest in manifests()
        if manifest.get("kind") == "learn" and any((folder / MAPS).glob("*.parquet"))
    ]


def in_folders(folders: Iterable[Path]) -> list[Found]:
    """The runs in `folders` that have an iteration. Raises CartographyError for a damaged one."""
    return [
        Found(folder, runs.read_manifest(folder))
        for folder in folders
        if any((folder / MAPS).glob("*.parquet"))
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


def by_corpus(found: Iterable[Found]) -> dict[str, list[Found]]:
    """The runs on each corpus, by its fingerprint; the corpus of the newest run first."""
    corpora = defaultdict(list)
    for run in found:
        corpora[run.corpus].append(run)
    return dict(corpora)


def groups(found: Iterable[Found]) -> list[Group]:
    """The groups of runs that can be compared, the one with the newest run first."""
    alike = defaultdict(list)
    for run in found:
        alike[_group_key(run)].append(run)
    return [_without_repeats(each) for each in alike.values()]


def left_out(found: Sequence[Found], group: Group) -> list[str]:
    """How many of the runs on a corpus are not in `group`, and why, in words."""
    ours = group.runs[0].settings
    why: dict[str, int] = defaultdict(int)
    for run in found:
        different = [
            f"{name} {value}" if value.isdecimal() and name in _COUNTS else f"other {name}"
            for name, value in run.settings.items()
            if value != ours[name]
        ]
        if different:
            why[" and ".join(different).replace("other other", "other")] += 1
    said = [f"{counted(number, 'run')} with {reason}" for reason, number in why.items()]
    if group.repeats:
        repeated = counted(len(group.repeats), "run")
        said.append(f"{repeated} with the strategy, t_cor and seed of another that came further")
    return said


def series_names(found: Sequence[Found]) -> list[str]:
    """What to call each run's curve: its strategy, and t_cor where one has runs with several.

    Runs that differ in their seed alone get one name.
    """
    levels = defaultdict(set)
    for run in found:
        levels[run.strategy].add(run.t_cor)
    return [
        f"{strategy_name(run.strategy)} · t_cor {run.t_cor:g}"
        if len(levels[run.strategy]) > 1 and run.t_cor is not None
        else strategy_name(run.strategy)
        for run in found
    ]


_COUNTS = ("seed size", "query size", "epochs", "batch size")


def _group_key(run: Found) -> str:
    return content_key(run.corpus, *run.settings.values())[:8]


def _without_repeats(found: Sequence[Found]) -> Group:
    kept: dict[tuple[str, float | None, int], Found] = {}
    for run in sorted(found, key=lambda run: -run.done):
        kept.setdefault(run.arm, run)
    chosen = {run.folder for run in kept.values()}
    return Group(
        runs=tuple(run for run in found if run.folder in chosen),
        repeats=tuple(run for run in found if run.folder not in chosen),
    )
