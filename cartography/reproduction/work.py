"""A method's runs on disk, written as they go and read back as results."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.corpus import Corpus
from cartography.data_map import DataMap
from cartography.embedding import Embedding
from cartography.iteration_files import read_outline
from cartography.learn_runs import record_learning
from cartography.map_runs import read_map, record_maps
from cartography.presets import Preset
from cartography.reproduction.plan import MAP_EPOCHS, Method
from cartography.reproduction.results import (
    ACCURACY_COLUMNS,
    FULL_COLUMNS,
    MAPS_COLUMNS,
    PICKS_COLUMNS,
)
from cartography.runs import (
    SUMMARY,
    Manifest,
    Source,
    claimed,
    read_json,
    read_manifest,
    run_folders,
)
from cartography.simulation import seed_set
from cartography.training import pick_device

# Whose picks Table 4 compares; the others' would be most of what is kept.
COMPARED = ("random", "lc", "dal", "cal")
# Strategies side by side on a CPU; more would not be faster, and results come sooner.
_AT_ONCE = 2
_FULL, _MAP = "full", "map"


@dataclass(frozen=True, eq=False)
class Inputs:
    """A training and a test corpus with their features."""

    train: Corpus
    features: Embedding
    test: Corpus
    test_features: Embedding


@dataclass(frozen=True, eq=False)
class Work:
    """Runs that are carried out side by side: a label, how many steps they have, their folders and
    manifests.
    """

    label: str
    total: int
    groups: Mapping[Path, Mapping[Path, Manifest]]

    @property
    def finished(self) -> bool:
        """Whether all of its runs are."""
        return all((run / SUMMARY).exists() for runs in self.groups.values() for run in runs)


def works(
    out: Path, method: Method, preset: Preset, inputs: Inputs, seeds: Sequence[int], device: str
) -> Iterator[Work]:
    """All that `method` has to do below `out`, in parts; `preset` is its own with sizes decided."""

    def manifest(kind: str, seed: int, chosen: Preset, strategy: str = "") -> Manifest:
        return Manifest(
            kind=kind,  # type: ignore[arg-type]
            train=Source.of(inputs.train, inputs.features),
            test=Source.of(inputs.test, inputs.test_features),
            preset=chosen,
            seed=seed,
            device=pick_device(device).type,
            strategy=strategy,
        )

    home = out / method.slug

    def folders(name: str) -> list[Path]:
        return run_folders(home / name, [{"seed": seed} for seed in seeds])

    whole = replace(preset, seed_size=None)
    full = {
        folder: manifest("map", seed, whole)
        for folder, seed in zip(folders(_FULL), seeds, strict=True)
    }
    yield Work(f"{method.name}: all texts", preset.classifier.epochs, {home / _FULL: full})
    if method.mapped:
        maps = {
            home / _MAP / mapped: manifest(
                "map",
                seeds[0],
                (whole if mapped == "all" else preset).with_classifier(epochs=MAP_EPOCHS),
            )
            for mapped in method.mapped
        }
        label = f"{method.name}: maps of {' and '.join(method.mapped)}"
        yield Work(label, MAP_EPOCHS, {home / _MAP: maps})
    groups = {}
    for strategy, level in method.variants:
        name = strategy if level is None else f"{strategy}-t_cor-{level:g}"
        chosen = preset if level is None else replace(preset, t_cor=level)
        groups[name] = {
            folder: manifest("learn", seed, chosen, strategy)
            for folder, seed in zip(folders(name), seeds, strict=True)
        }
    width = _AT_ONCE if pick_device(device).type == "cpu" else len(groups)
    names = list(groups)
    for start in range(0, len(names), width):
        some = names[start : start + width]
        yield Work(
            f"{method.name}: {', '.join(some)}",
            preset.iterations,
            {home / name: groups[name] for name in some},
        )


def carried_out(work: Work, inputs: Inputs) -> Iterator[int]:
    """Carry out what of `work` is not finished; yields the number of each step that is on disk."""
    with ExitStack() as stack:
        runs: dict[Path, Manifest] = {}
        for group, manifests in work.groups.items():
            if all((folder / SUMMARY).exists() for folder in manifests):
                continue
            group.parent.mkdir(parents=True, exist_ok=True)
            unfinished = stack.enter_context(claimed(group, manifests))
            runs |= {folder: manifests[folder] for folder in unfinished}
        if not runs:
            return
        features, test_features = inputs.features.features, inputs.test_features.features
        if next(iter(runs.values())).kind == "map":
            rows = {folder: _rows(inputs.train, run) for folder, run in runs.items()}
            for epoch in record_maps(
                runs, rows, inputs.train, features, inputs.test, test_features
            ):
                yield epoch.number
        else:
            for iteration in record_learning(
                runs, inputs.train, features, inputs.test, test_features
            ):
                yield iteration.number


def _rows(corpus: Corpus, manifest: Manifest) -> NDArray[np.int64]:
    """The texts of a map: the seed set where the manifest has its size, all where it has none."""
    preset = manifest.preset
    if preset.seed_size is None:
        return np.arange(len(corpus))
    return seed_set(corpus, preset.seed_size, manifest.seed, preset.switches.stratified_seed)


def tables(
    out: Path, method: Method
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What the runs of `method` below `out` have come to so far: the rows of the four tables of
    `Results`.
    """
    accuracy, full, picks, maps = [], [], [], []
    for folder in sorted((out / method.slug).glob("*/**/manifest.json")):
        run = folder.parent
        manifest = read_manifest(run)
        if manifest["kind"] == "map":
            if not (run / SUMMARY).exists():
                continue
            if run.parent.name == _MAP:
                maps.append(_map_rows(method.name, run))
            else:
                full.append(_full_row(method.name, manifest["seed"], read_json(run / SUMMARY)))
            continue
        outline = read_outline(run)
        strategy, seed = manifest["strategy"], manifest["seed"]
        level = manifest["preset"]["t_cor"] if strategy.startswith("cal") else np.nan
        table = outline.iterations.assign(
            method=method.name, strategy=strategy, t_cor=level, seed=seed
        )
        accuracy.append(table[list(ACCURACY_COLUMNS)])
        if strategy in COMPARED and (strategy != "cal" or level == method.preset.t_cor):
            picks += [
                (method.name, strategy, seed, number, " ".join(batch))
                for number, batch in enumerate(outline.batches, start=1)
            ]
    return (
        _together(accuracy, ACCURACY_COLUMNS),
        pd.DataFrame(full, columns=list(FULL_COLUMNS)),
        pd.DataFrame(picks, columns=list(PICKS_COLUMNS)),
        _together(maps, MAPS_COLUMNS),
    )


def _together(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns))


def _map_rows(method: str, run: Path) -> pd.DataFrame:
    dynamics = read_map(run).dynamics
    assert dynamics is not None
    placed = DataMap.of(dynamics)
    return pd.DataFrame(
        {
            "method": method,
            "mapped": run.name,
            "confidence": placed.confidence,
            "variability": placed.variability,
            "correctness": placed.correctness,
        }
    )


def _full_row(method: str, seed: int, summary: Mapping[str, object]) -> tuple[object, ...]:
    shares = summary["region_shares"]
    assert isinstance(shares, Mapping)
    preset = summary["preset"]
    assert isinstance(preset, Mapping)
    return (
        *(method, seed, preset["classifier"]["epochs"]),
        *(summary["test_accuracy"], summary["test_macro_f1"]),
        *shares.values(),
    )
