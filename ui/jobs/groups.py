"""Which runs can be compared with each other, and what their curves are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from cartography.files import content_key
from cartography.formatting import count_noun, strategy_name
from cartography.models.presets import PAPER
from ui.jobs.found import RunInfo
from ui.jobs.methods import Method

_COUNTS = ("seed size", "query size", "epochs", "batch size")
# Of more, a figure shows little, and no two of them in colours of their own.
_MOST_AT_FIRST = 9


@dataclass(frozen=True)
class ComparableRuns:
    """Runs that can be compared: one corpus, one test set, and all settings but t_cor and the
    method the same.

    `runs` are in the order of their series, and of several with one series and seed only the one
    that has come furthest; the others are `repeats`.
    """

    runs: tuple[RunInfo, ...]
    repeats: tuple[RunInfo, ...]

    @cached_property
    def series(self) -> dict[str, list[RunInfo]]:
        """The runs that differ in their seed alone, by the name of their series."""
        found = defaultdict(list)
        for run in self.runs:
            found[run.series].append(run)
        return dict(found)

    @property
    def seeds(self) -> list[int]:
        """All seeds, ascending."""
        return sorted({run.seed for run in self.runs})

    def standing_in_for(self, wanted: Callable[[RunInfo], bool]) -> list[RunInfo]:
        """The runs that are `wanted`, and those kept in place of a repeat that is."""
        arms = {_arm(run) for run in (*self.runs, *self.repeats) if wanted(run)}
        return [run for run in self.runs if _arm(run) in arms]

    @property
    def key(self) -> str:
        """What names it among all groups."""
        first = min(self.runs, key=lambda run: run.reading)
        return content_key(first.corpus, *first.settings.values(), first.features)[:8]

    @property
    def name(self) -> str:
        """The settings in a line."""
        settings = self.runs[0].settings
        return (
            f"{settings['seed size']} labels, then batches of {settings['query size']}, "
            f"{settings['epochs']} epochs ({count_noun(len(self.runs), 'run')})"
        )


def comparable_groups(found: Iterable[RunInfo]) -> list[ComparableRuns]:
    """The groups of runs that can be compared, the one with the newest run first."""
    alike = defaultdict(list)
    for run in found:
        alike[(run.corpus, *run.settings.values())].append(run)
    return [_without_repeats(each) for runs in alike.values() for each in _by_features(runs)]


def default_selection(runs: Sequence[RunInfo]) -> list[RunInfo]:
    """Which of `runs` to show before somebody chose: all, or of many series those of one method,
    the paper's if it is among them, and at the paper's t_cor.
    """
    if len({run.series for run in runs}) <= _MOST_AT_FIRST:
        return list(runs)
    method = min((run.method for run in runs), key=lambda method: method.place)
    usual = [run for run in runs if run.method == method and run.t_cor in (None, PAPER.t_cor)]
    return usual or list(runs)


def left_out(found: Sequence[RunInfo], group: ComparableRuns) -> list[str]:
    """How many of the runs on a corpus are not in `group`, and why, in words."""
    ours = group.runs[0].settings
    members = {run.folder for run in (*group.runs, *group.repeats)}
    why: dict[str, int] = defaultdict(int)
    for run in found:
        if run.folder in members:
            continue
        different = [
            f"{name} {value}" if name in _COUNTS else f"other {name.removeprefix('other ')}"
            for name, value in run.settings.items()
            if value != ours[name]
        ]
        why[" and ".join(different or ["other features of its texts"])] += 1
    said = [f"{count_noun(number, 'run')} with {reason}" for reason, number in why.items()]
    if group.repeats:
        repeated = count_noun(len(group.repeats), "run")
        said.append(
            f"{repeated} with the strategy, t_cor, method and seed of another that came further"
        )
    return said


def series_names(found: Sequence[RunInfo]) -> list[str]:
    """What to call each run's curve: its strategy, with t_cor where one has runs with several, and
    with the method where there are several and it is not the paper's.

    Runs that differ in their seed alone get one name.
    """
    levels = defaultdict(set)
    for run in found:
        levels[run.strategy].add(run.t_cor)
    several = len(methods(found)) > 1
    return [
        strategy_name(run.strategy)
        + (
            f" · t_cor {run.t_cor:g}"
            if run.t_cor is not None and len(levels[run.strategy]) > 1
            else ""
        )
        + (run.method.suffix if several else "")
        for run in found
    ]


def methods(found: Iterable[RunInfo]) -> list[Method]:
    """The methods of runs, each once, the paper's first."""
    return sorted({run.method for run in found}, key=lambda method: method.place)


def _arm(run: RunInfo) -> tuple[str, int]:
    return run.series, run.seed


def _by_features(runs: Sequence[RunInfo]) -> list[list[RunInfo]]:
    """Runs whose settings are the same, parted where one way of reading texts gave several
    features: their manifests then do not tell whose features belong together.
    """
    features = defaultdict(set)
    for run in runs:
        features[run.reading].add(run.features)
    if all(len(keys) == 1 for keys in features.values()):
        return [list(runs)]
    parted = defaultdict(list)
    for run in runs:
        parted[run.features].append(run)
    return list(parted.values())


def _without_repeats(found: Sequence[RunInfo]) -> ComparableRuns:
    kept: dict[tuple[str, int], RunInfo] = {}
    for run in sorted(found, key=lambda run: -run.done):
        kept.setdefault(_arm(run), run)
    chosen = {run.folder for run in kept.values()}
    return ComparableRuns(
        runs=tuple(sorted(kept.values(), key=lambda run: run.place)),
        repeats=tuple(run for run in found if run.folder not in chosen),
    )
