"""The runs of a method: planned in batches, carried out on disk, and read back as result tables."""

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
from cartography.models.presets import PAPER_PRESETS, Preset
from cartography.models.training import pick_device
from cartography.reproduction.plan import BATCH_STRATEGIES, MAP_EPOCHS, Method
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

# Strategies per batch on a CPU: more would not be faster, and results would come later.
_CPU_STRATEGIES = 2
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
    """Runs of one method that are carried out side by side.

    Attributes
    ----------
    method : Method
        The method.
    label : str
        Title of the batch on the console.
    total : int
        Number of epochs or iterations.
    runs : mapping of Path to Manifest
        Manifest of each run by its folder.
    """

    method: Method
    label: str
    total: int
    runs: Mapping[Path, Manifest]

    @property
    def unfinished(self) -> dict[Path, Manifest]:
        """The runs that are not finished.

        Raises
        ------
        CartographyError
            A folder contains another run.
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
    """Plan the runs of a method.

    Parameters
    ----------
    out : Path
        Folder of all runs.
    method : Method
        The method.
    preset : Preset
        The method's preset with the sizes for the corpus.
    inputs : CorpusFeatures
        Corpora and features.
    seeds : sequence of int
        Seeds of every run; the first is that of the maps.
    device : {"auto", "cpu", "cuda"}
        Where to train.

    Yields
    ------
    RunBatch
        The trainings on all texts, the maps, then the strategies, a few at a time.
    """

    def manifest(kind: str, seed: int, run_preset: Preset, strategy: str = "") -> Manifest:
        return Manifest(
            kind=kind,  # type: ignore[arg-type]
            train=Source.of(inputs.train, inputs.features),
            test=Source.of(inputs.test, inputs.test_features),
            preset=run_preset,
            seed=seed,
            device=pick_device(device).type,
            strategy=strategy,
        )

    home = out / method.slug

    def for_each_seed(
        kind: str, name: str, run_preset: Preset, strategy: str = ""
    ) -> dict[Path, Manifest]:
        return {
            home / name / f"seed-{seed}": manifest(kind, seed, run_preset, strategy)
            for seed in seeds
        }

    whole = replace(preset, seed_size=None)
    full = for_each_seed("map", _FULL, whole)
    yield RunBatch(method, f"{method.name}: all texts", preset.classifier.epochs, full)
    if method.maps:
        maps = {
            home / _MAP / f"{kind}-seed-{seeds[0]}": manifest(
                "map",
                seeds[0],
                (whole if kind == "all" else preset).with_classifier(epochs=MAP_EPOCHS),
            )
            for kind in method.maps
        }
        label = f"{method.name}: maps of {' and '.join(method.maps)}"
        yield RunBatch(method, label, MAP_EPOCHS, maps)
    groups = {}
    for strategy, level in method.variants:
        name = strategy if level is None else f"{strategy}-t_cor-{level:g}"
        run_preset = preset if level is None else replace(preset, t_cor=level)
        groups[name] = for_each_seed("learn", name, run_preset, strategy)
    width = _CPU_STRATEGIES if pick_device(device).type == "cpu" else len(groups)
    names = list(groups)
    for start in range(0, len(names), width):
        batch_names = names[start : start + width]
        runs = {folder: run for name in batch_names for folder, run in groups[name].items()}
        yield RunBatch(method, f"{method.name}: {', '.join(batch_names)}", preset.iterations, runs)


def run_batch(batch: RunBatch, inputs: CorpusFeatures) -> Iterator[int]:
    """Carry out the unfinished runs of a batch.

    Parameters
    ----------
    batch : RunBatch
        Runs of one kind: all maps, or all active-learning runs.
    inputs : CorpusFeatures
        Corpora and features.

    Yields
    ------
    int
        Number of each epoch or iteration, after it is on disk.

    Raises
    ------
    CartographyError
        A folder contains another run or is in use.
    """
    runs = batch.unfinished
    with ExitStack() as stack:
        for folder, manifest in runs.items():
            folder.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(claim_folders(folder, {folder: manifest}))
        if not runs:
            return
        features, test_features = inputs.features.features, inputs.test_features.features
        if next(iter(runs.values())).kind == "map":
            rows = {folder: _map_rows(inputs.train, run) for folder, run in runs.items()}
            for epoch in record_maps(
                runs, rows, inputs.train, features, inputs.test, test_features
            ):
                yield epoch.number
        else:
            for iteration in record_active_runs(
                runs, inputs.train, features, inputs.test, test_features
            ):
                yield iteration.number


def _map_rows(corpus: Corpus, manifest: Manifest) -> NDArray[np.int64]:
    """Rows of the corpus on a map: the seed set if the manifest has a seed size, else all."""
    preset = manifest.preset
    if preset.seed_size is None:
        return np.arange(len(corpus))
    return seed_set(corpus, preset.seed_size, manifest.seed, preset.switches.stratified_seed)


def result_tables(
    batch: RunBatch,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read the results of a finished batch.

    Parameters
    ----------
    batch : RunBatch
        A batch whose runs are all finished.

    Returns
    -------
    tuple of four DataFrames
        The batch's rows of the tables `accuracy`, `full`, `picks` and `maps` of `Results`.
    """
    accuracy, full, picks, maps = [], [], [], []
    method = batch.method
    for folder, manifest in batch.runs.items():
        if manifest.kind == "map":
            if folder.parent.name == _MAP:
                maps.append(_map_table(method.name, folder))
            else:
                full.append(_full_row(method.name, manifest, read_json(folder / SUMMARY)))
            continue
        outline = read_run_outline(folder)
        strategy, seed = manifest.strategy, manifest.seed
        level = manifest.preset.t_cor if strategy in USES_T_COR else np.nan
        table = outline.iterations.assign(
            method=method.name, strategy=strategy, t_cor=level, seed=seed
        )
        # NaN instead of "", as in tables read from disk.
        table["fallback"] = table["fallback"].where(table["fallback"] != "")
        accuracy.append(table[list(ACCURACY_COLUMNS)])
        # Other picks would take most of the space, and no table of the report uses them.
        if (
            method.name in PAPER_PRESETS
            and strategy in BATCH_STRATEGIES
            and (strategy != "cal" or level == method.preset.t_cor)
        ):
            picks += [
                (method.name, strategy, seed, number, format_ids(ids))
                for number, ids in enumerate(outline.batches, start=1)
            ]
    return (
        _concat(accuracy, ACCURACY_COLUMNS),
        pd.DataFrame(full, columns=list(FULL_COLUMNS)),
        pd.DataFrame(picks, columns=list(PICKS_COLUMNS)),
        _concat(maps, MAPS_COLUMNS),
    )


def _concat(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(columns))


def _map_table(method: str, folder: Path) -> pd.DataFrame:
    dynamics = read_map(folder).dynamics
    assert dynamics is not None
    data_map = DataMap.of(dynamics)
    return pd.DataFrame(
        {
            "method": method,
            "mapped": folder.name.partition("-")[0],
            "confidence": data_map.confidence,
            "variability": data_map.variability,
            "correctness": data_map.correctness,
        }
    )


def _full_row(method: str, manifest: Manifest, summary: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        *(method, manifest.seed, manifest.preset.classifier.epochs),
        *(summary["test_accuracy"], summary["test_macro_f1"]),
        *summary["region_shares"].values(),
    )
