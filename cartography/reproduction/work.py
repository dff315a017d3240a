"""A method's runs on disk, written as they go and read back as results."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.active.simulation import seed_set
from cartography.corpora.corpus import Corpus
from cartography.features.embedding import Embedding
from cartography.maps.data_map import DataMap
from cartography.models.presets import PRESETS, Preset
from cartography.models.training import pick_device
from cartography.reproduction.plan import BATCHES_OF, MAP_EPOCHS, Method
from cartography.reproduction.results import (
    ACCURACY_COLUMNS,
    FULL_COLUMNS,
    MAPS_COLUMNS,
    PICKS_COLUMNS,
    format_ids,
)
from cartography.runs.active_runs import record_active_runs
from cartography.runs.iteration_files import read_run_outline
from cartography.runs.manifest import (
    SUMMARY,
    Manifest,
    Source,
    claim_folders,
    is_finished,
    read_json,
)
from cartography.runs.map_runs import read_map, record_maps
from cartography.strategies.table import USES_T_COR

# Strategies side by side on a CPU; more would not be faster, and results come sooner.
_AT_ONCE = 2
_FULL, _MAP = "full", "map"


@dataclass(frozen=True, eq=False)
class CorpusFeatures:
    """A training and a test corpus with their features."""

    train: Corpus
    features: Embedding
    test: Corpus
    test_features: Embedding


@dataclass(frozen=True, eq=False)
class RunBatch:
    """Runs of one method that are carried out side by side: a label, how many steps they have, and
    their manifests by folder.
    """

    method: Method
    label: str
    total: int
    runs: Mapping[Path, Manifest]

    @property
    def unfinished(self) -> dict[Path, Manifest]:
        """Those of its runs that are not finished. Raises CartographyError when a folder holds
        another run.
        """
        return {
            folder: manifest
            for folder, manifest in self.runs.items()
            if not is_finished(folder, manifest)
        }


def plan_batches(
    out: Path,
    method: Method,
    preset: Preset,
    inputs: CorpusFeatures,
    seeds: Sequence[int],
    device: str,
) -> Iterator[RunBatch]:
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

    def each_seed(kind: str, name: str, chosen: Preset, strategy: str = "") -> dict[Path, Manifest]:
        return {
            home / name / f"seed-{seed}": manifest(kind, seed, chosen, strategy) for seed in seeds
        }

    whole = replace(preset, seed_size=None)
    full = each_seed("map", _FULL, whole)
    yield RunBatch(method, f"{method.name}: all texts", preset.classifier.epochs, full)
    if method.mapped:
        maps = {
            home / _MAP / f"{mapped}-seed-{seeds[0]}": manifest(
                "map",
                seeds[0],
                (whole if mapped == "all" else preset).with_classifier(epochs=MAP_EPOCHS),
            )
            for mapped in method.mapped
        }
        label = f"{method.name}: maps of {' and '.join(method.mapped)}"
        yield RunBatch(method, label, MAP_EPOCHS, maps)
    groups = {}
    for strategy, level in method.variants:
        name = strategy if level is None else f"{strategy}-t_cor-{level:g}"
        chosen = preset if level is None else replace(preset, t_cor=level)
        groups[name] = each_seed("learn", name, chosen, strategy)
    width = _AT_ONCE if pick_device(device).type == "cpu" else len(groups)
    names = list(groups)
    for start in range(0, len(names), width):
        some = names[start : start + width]
        runs = {folder: run for name in some for folder, run in groups[name].items()}
        yield RunBatch(method, f"{method.name}: {', '.join(some)}", preset.iterations, runs)


def run_batch(work: RunBatch, inputs: CorpusFeatures) -> Iterator[int]:
    """Carry out what of `work` is not finished; yields the number of each step that is on disk."""
    runs = work.unfinished
    with ExitStack() as stack:
        for folder, manifest in runs.items():
            folder.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(claim_folders(folder, {folder: manifest}))
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
            for iteration in record_active_runs(
                runs, inputs.train, features, inputs.test, test_features
            ):
                yield iteration.number


def _rows(corpus: Corpus, manifest: Manifest) -> NDArray[np.int64]:
    """The texts of a map: the seed set where the manifest has its size, all where it has none."""
    preset = manifest.preset
    if preset.seed_size is None:
        return np.arange(len(corpus))
    return seed_set(corpus, preset.seed_size, manifest.seed, preset.switches.stratified_seed)


def result_tables(
    work: RunBatch,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What the runs of finished `work` came to: their rows of the four tables of `Results`."""
    accuracy, full, picks, maps = [], [], [], []
    method = work.method
    for run, manifest in work.runs.items():
        if manifest.kind == "map":
            if run.parent.name == _MAP:
                maps.append(_map_rows(method.name, run))
            else:
                full.append(_full_row(method.name, manifest, read_json(run / SUMMARY)))
            continue
        outline = read_run_outline(run)
        strategy, seed = manifest.strategy, manifest.seed
        level = manifest.preset.t_cor if strategy in USES_T_COR else np.nan
        table = outline.iterations.assign(
            method=method.name, strategy=strategy, t_cor=level, seed=seed
        )
        # As it comes back from disk.
        table["fallback"] = table["fallback"].where(table["fallback"] != "")
        accuracy.append(table[list(ACCURACY_COLUMNS)])
        # Those of others would be most of what is kept, and no table has them.
        if (
            method.name in PRESETS
            and strategy in BATCHES_OF
            and (strategy != "cal" or level == method.preset.t_cor)
        ):
            picks += [
                (method.name, strategy, seed, number, format_ids(batch))
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
            "mapped": run.name.partition("-")[0],
            "confidence": placed.confidence,
            "variability": placed.variability,
            "correctness": placed.correctness,
        }
    )


def _full_row(method: str, manifest: Manifest, summary: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        *(method, manifest.seed, manifest.preset.classifier.epochs),
        *(summary["test_accuracy"], summary["test_macro_f1"]),
        *summary["region_shares"].values(),
    )
