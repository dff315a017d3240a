"""Groups of runs that can be compared, and the names of their curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from cartography.files import content_key
from cartography.formatting import count_noun, strategy_name
from cartography.models.presets import PAPER, PRESETS
from ui.jobs.found import RunInfo
from ui.jobs.methods import Method

_COUNTS = ("seed size", "query size", "epochs", "batch size")
# With more series, figures are crowded and colours repeat.
_MAX_DEFAULT_SERIES = 9


@dataclass(frozen=True)
class ComparableRuns:
    """Runs on one corpus and test set that differ in strategy, t_cor, method and seed only.

    Attributes
    ----------
    runs : tuple of RunInfo
        Sorted by series; one run per series and seed, the one with the most trainings.
    repeats : tuple of RunInfo
        The other runs of the same series and seed.
    """

    runs: tuple[RunInfo, ...]
    repeats: tuple[RunInfo, ...]

    @cached_property
    def series(self) -> dict[str, list[RunInfo]]:
        """The runs of each series, by its name."""
        by_name = defaultdict(list)
        for run in self.runs:
            by_name[run.series].append(run)
        return dict(by_name)

    @property
    def seeds(self) -> list[int]:
        """All seeds, ascending."""
        return sorted({run.seed for run in self.runs})

    def matching(self, predicate: Callable[[RunInfo], bool]) -> list[RunInfo]:
        """Return the runs for which `predicate` is true, of them or of one of their repeats."""
        trials = {_trial(run) for run in (*self.runs, *self.repeats) if predicate(run)}
        return [run for run in self.runs if _trial(run) in trials]

    @property
    def key(self) -> str:
        """Key of the group, distinct from all others."""
        first = min(self.runs, key=lambda run: run.feature_settings)
        return content_key(first.corpus, *first.settings.values(), first.features)[:8]

    @property
    def name(self) -> str:
        """The shared settings for a page."""
        settings = self.runs[0].settings
        return (
            f"{settings['seed size']} labels, then batches of {settings['query size']}, "
            f"{settings['epochs']} epochs ({count_noun(len(self.runs), 'run')})"
        )


def comparable_groups(run_infos: Iterable[RunInfo]) -> list[ComparableRuns]:
    """Group runs that can be compared; groups are in the order of their first runs."""
    by_settings = defaultdict(list)
    for run in run_infos:
        by_settings[(run.corpus, *run.settings.values())].append(run)
    return [
        _without_repeats(group) for runs in by_settings.values() for group in _by_features(runs)
    ]


def default_selection(runs: Sequence[RunInfo]) -> list[RunInfo]:
    """Return the runs to show before a visitor chooses any.

    All of them, or if there are many series, only those of one method at the t_cor of its preset.
    The method is the usual one if it is among them.
    """
    if len({run.series for run in runs}) <= _MAX_DEFAULT_SERIES:
        return list(runs)
    method = min((run.method for run in runs), key=lambda method: method.sort_key)
    levels = (None, PRESETS.get(method.preset, PAPER).t_cor)
    selection = [run for run in runs if run.method == method and run.t_cor in levels]
    return selection or list(runs)


def left_out(run_infos: Sequence[RunInfo], group: ComparableRuns) -> list[str]:
    """Describe the runs on a corpus that are not in `group`: how many, and why."""
    settings = group.runs[0].settings
    members = {run.folder for run in (*group.runs, *group.repeats)}
    counts: dict[str, int] = defaultdict(int)
    for run in run_infos:
        if run.folder in members:
            continue
        differences = [
            f"{name} {value}" if name in _COUNTS else f"other {name.removeprefix('other ')}"
            for name, value in run.settings.items()
            if value != settings[name]
        ]
        counts[" and ".join(differences or ["other text features"])] += 1
    reasons = [f"{count_noun(number, 'run')} with {reason}" for reason, number in counts.items()]
    if group.repeats:
        repeats = count_noun(len(group.repeats), "run")
        reasons.append(
            f"{repeats} with the strategy, t_cor, method and seed of another (the one with most "
            "trainings is shown)"
        )
    return reasons


def series_names(run_infos: Sequence[RunInfo]) -> list[str]:
    """Return the name of each run's curve.

    The name is the strategy, with t_cor if the strategy has runs at several, and with the method if
    there are several and it is not the usual one. Runs that differ in their seed only share a name.
    """
    levels = defaultdict(set)
    for run in run_infos:
        levels[run.strategy].add(run.t_cor)
    has_several_methods = len(methods(run_infos)) > 1
    return [
        strategy_name(run.strategy)
        + (
            f" · t_cor {run.t_cor:g}"
            if run.t_cor is not None and len(levels[run.strategy]) > 1
            else ""
        )
        + (run.method.suffix if has_several_methods else "")
        for run in run_infos
    ]


def methods(run_infos: Iterable[RunInfo]) -> list[Method]:
    """Return the distinct methods of runs, the usual one first."""
    return sorted({run.method for run in run_infos}, key=lambda method: method.sort_key)


def _trial(run: RunInfo) -> tuple[str, int]:
    return run.series, run.seed


def _by_features(runs: Sequence[RunInfo]) -> list[list[RunInfo]]:
    """Split runs of equal settings by their features if the method does not explain these.

    With different features for the same feature settings, the manifests do not say which runs
    belong together.
    """
    features = defaultdict(set)
    for run in runs:
        features[run.feature_settings].add(run.features)
    if all(len(keys) == 1 for keys in features.values()):
        return [list(runs)]
    by_features = defaultdict(list)
    for run in runs:
        by_features[run.features].append(run)
    return list(by_features.values())


def _without_repeats(run_infos: Sequence[RunInfo]) -> ComparableRuns:
    best: dict[tuple[str, int], RunInfo] = {}
    for run in sorted(run_infos, key=lambda run: -run.done):
        best.setdefault(_trial(run), run)
    folders = {run.folder for run in best.values()}
    return ComparableRuns(
        runs=tuple(sorted(best.values(), key=lambda run: run.sort_key)),
        repeats=tuple(run for run in run_infos if run.folder not in folders),
    )
