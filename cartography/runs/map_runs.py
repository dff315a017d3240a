"""A data map on disk: one file per epoch during training, then the finished map."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.active.group import predict
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.figures import data_map_figure, write_html
from cartography.files import atomic_write
from cartography.formats.export import write_table
from cartography.maps.data_map import REGIONS, DataMap, Thresholds
from cartography.maps.dynamics import TrainingDynamics
from cartography.maps.under_training import under_training
from cartography.models.metrics import evaluate
from cartography.models.mlp import InferenceDropout, torch_seed
from cartography.models.trainer import TrainingSet
from cartography.models.training import Epoch, as_tensor, pick_device, train_epochs
from cartography.runs.manifest import (
    SUMMARY,
    AnyManifest,
    Manifest,
    read_json,
    read_manifest,
    write_json,
)
from cartography.runs.user_columns import USER_COLUMNS, join_user_columns, write_user_columns

ITEMS = "items.parquet"
EPOCHS = "epochs"
DYNAMICS = "dynamics.npz"
COORDINATES = "coordinates.npz"
TABLE = "data_map.csv"
PAGE = "data_map.html"

_COORDINATES = ("confidence", "variability", "correctness", "forgetfulness", "aum")


@dataclass(frozen=True, eq=False)
class MapRun:
    """A data map read from disk, complete or partial.

    Attributes
    ----------
    folder : Path
    manifest : dict
        As in manifest.json.
    items : pandas.DataFrame
        id, text and label of the items, and predicted_label once the run is finished, in the
        order of `dynamics`.
    dynamics : TrainingDynamics or None
        The epochs so far; None before the first, and for an imported map whose epochs are not
        known.
    summary : dict or None
        As in run.json; None until the run is finished.
    coordinates : DataMap or None
        The map itself if the run has no dynamics.
    """

    folder: Path
    manifest: dict[str, Any]
    items: pd.DataFrame
    dynamics: TrainingDynamics | None
    summary: dict[str, Any] | None
    coordinates: DataMap | None = None

    @property
    def is_imported(self) -> bool:
        """Whether another tool or another model has made the map."""
        return bool(self.manifest["kind"] == "imported")

    @property
    def epochs(self) -> int:
        """The number of epochs of the complete run."""
        if self.is_imported:
            return int(self.manifest["epochs"])
        return int(self.manifest["preset"]["classifier"]["epochs"])

    @property
    def epochs_done(self) -> int:
        """The number of epochs so far."""
        if self.coordinates is not None:
            return self.coordinates.epochs
        return 0 if self.dynamics is None else self.dynamics.epochs

    def data_map(self, thresholds: Thresholds | None = None, epochs: int | None = None) -> DataMap:
        """Return the map, complete or partial.

        Parameters
        ----------
        thresholds : Thresholds, optional
        epochs : int, optional
            Use the first epochs only. A map whose epochs are not known has all of them.

        Raises
        ------
        CartographyError
            No epoch is finished yet, or there are not so many.
        """
        if self.coordinates is not None:
            return replace(self.coordinates, thresholds=thresholds or Thresholds())
        if self.dynamics is None:
            raise CartographyError("no epoch is finished yet: wait a moment")
        dynamics = self.dynamics if epochs is None else self.dynamics.until(epochs)
        return DataMap.of(dynamics, thresholds)


def record_maps(
    runs: Mapping[Path, Manifest],
    rows: Mapping[Path, NDArray[np.int64]],
    corpus: Corpus,
    features: NDArray[np.float32],
    test: Corpus | None,
    test_features: NDArray[np.float32] | None,
) -> Iterator[Epoch]:
    """Train the maps of several runs side by side and write each epoch to disk.

    An interrupted run starts again, since its weights are not stored.

    Parameters
    ----------
    runs : mapping of Path to Manifest
        The manifest of each folder. They differ in seed and rows only.
    rows : mapping of Path to int64 array
        The rows of the corpus that each run trains on.
    corpus : Corpus
        The n texts.
    features : float32 array, shape (n, d)
    test : Corpus or None
        The m test texts.
    test_features : float32 array, shape (m, d), or None

    Yields
    ------
    Epoch
        After it is on disk. When the iterator is exhausted, the runs are finished: each folder
        contains data_map.csv, dynamics.npz, data_map.html and, written last, run.json.

    Raises
    ------
    CartographyError
        The training is refused, or a file cannot be written.
    """
    first = next(iter(runs.values()))
    device = pick_device(first.device)
    write_user_columns(runs, corpus)
    for folder in runs:
        shutil.rmtree(folder / EPOCHS, ignore_errors=True)
        with atomic_write(folder / ITEMS) as temporary:
            text_table(corpus.take(rows[folder])).to_parquet(temporary)
    sets = [TrainingSet(rows[f], corpus.labels[rows[f]], run.seed) for f, run in runs.items()]
    shared = as_tensor(features, device)
    epochs = []
    try:
        for epoch in train_epochs(shared, sets, len(corpus.classes), first.preset.classifier):
            epochs.append((epoch.gold_probability, epoch.correct))
            for model, folder in enumerate(runs):
                with atomic_write(folder / EPOCHS / f"{epoch.number:04d}.npz") as temporary:
                    np.savez(
                        temporary,
                        gold_probability=epoch.gold_probability[model],
                        correct=epoch.correct[model],
                    )
            yield epoch
    except CartographyError:
        # Leaves the folder free for the corrected run.
        for folder in runs:
            shutil.rmtree(folder / EPOCHS, ignore_errors=True)
            for name in (ITEMS, USER_COLUMNS):
                with suppress(OSError):  # Windows refuses if a reader has the file open
                    (folder / name).unlink()
        raise
    for model, (folder, run) in enumerate(runs.items()):
        dynamics = TrainingDynamics(
            corpus.ids[rows[folder]],
            np.stack([gold[model] for gold, _ in epochs]),
            np.stack([correct[model] for _, correct in epochs]),
        )
        recipe = run.preset.classifier
        # Purposes 0 to epochs + 1 are those of the weights, the training and the epochs.
        dropouts = [
            InferenceDropout.for_recipe(recipe, torch_seed(run.seed, recipe.epochs + 2 + number))
            for number in (0, 1)
        ]
        predicted = predict(epoch.classifiers[model], shared, dropouts[0]).argmax(axis=1)
        evaluation: dict[str, Any] = {}
        if test is not None and test_features is not None:
            probabilities = predict(
                epoch.classifiers[model], as_tensor(test_features, device), dropouts[1]
            )
            scores = evaluate(probabilities.argmax(axis=1), test.labels)
            evaluation = {"test_accuracy": scores.accuracy, "test_macro_f1": scores.macro_f1}
        if warning := under_training(dynamics, corpus.labels[rows[folder]]):
            evaluation["under_training"] = warning
        _finish(folder, run, corpus, dynamics, predicted, evaluation)


def text_table(corpus: Corpus) -> pd.DataFrame:
    """Return id, text and label of all texts of a corpus as strings."""
    return pd.DataFrame(
        {
            "id": corpus.ids,
            "text": corpus.texts,
            "label": corpus.label_names(corpus.labels),
        },
        dtype="str",
    )


def _finish(
    folder: Path,
    manifest: Manifest,
    corpus: Corpus,
    dynamics: TrainingDynamics,
    predicted: NDArray[np.int64],
    evaluation: dict[str, Any],
) -> None:
    table = text_table(corpus).assign(predicted_label=corpus.label_names(predicted))
    write_finished_map(folder, manifest, table, DataMap.of(dynamics), dynamics, evaluation)
    # Windows refuses to remove files that a reader has open; a finished run does not need them.
    shutil.rmtree(folder / EPOCHS, ignore_errors=True)


def write_finished_map(
    folder: Path,
    manifest: AnyManifest,
    table: pd.DataFrame,
    data_map: DataMap,
    dynamics: TrainingDynamics | None,
    evaluation: Mapping[str, Any] | None = None,
) -> None:
    """Write all files of a finished map but the manifest; run.json comes last.

    Parameters
    ----------
    folder : Path
    manifest : AnyManifest
    table : pandas.DataFrame
        id, text, label and predicted_label of all texts as strings. Texts that are not on the map
        get no statistics.
    data_map : DataMap
        Its ids are strings.
    dynamics : TrainingDynamics or None
        What the map was computed from, if that is known.
    evaluation : mapping of str to float, optional
        Test results.

    Raises
    ------
    CartographyError
        A file cannot be written.
    """
    map_rows = pd.Index(table["id"]).get_indexer(pd.Index(data_map.ids))
    with atomic_write(folder / ITEMS) as temporary:
        table.iloc[map_rows].to_parquet(temporary, index=False)
    if dynamics is not None:
        arrays = {
            "ids": dynamics.ids.astype(str),
            "gold_probability": dynamics.gold_probability,
            "correct": dynamics.correct,
            "margin": dynamics.margin,
        }
    else:
        arrays = {name: getattr(data_map, name) for name in _COORDINATES}
    with atomic_write(folder / (COORDINATES if dynamics is None else DYNAMICS)) as temporary:
        known: dict[str, Any] = {
            name: values for name, values in arrays.items() if values is not None
        }
        np.savez(temporary, **known)
    table = table.join(data_map.to_frame().set_index("id"), on="id")
    write_table(join_user_columns(folder, table), folder / TABLE)
    statistics = data_map.statistics()
    title = f"Data map of {manifest.train.name}"
    write_html(data_map_figure(data_map, title=title), folder / PAGE)
    write_json(
        folder / SUMMARY,
        {
            "run_id": manifest.run_id,
            **manifest.as_dict(),
            "items": statistics.count,
            "confidence": statistics.confidence,
            "variability": statistics.variability,
            "correctness": statistics.correctness,
            "thresholds": vars(data_map.thresholds),
            "region_shares": dict(zip(REGIONS, statistics.region_shares, strict=True)),
            **(evaluation or {}),
        },
    )


def map_table(run: MapRun, data_map: DataMap) -> pd.DataFrame:
    """Return the table of data_map.csv with the statistics of another map of the same items.

    Parameters
    ----------
    run : MapRun
        A finished run.
    data_map : DataMap
        With other thresholds or fewer epochs than the run.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    CartographyError
        data_map.csv cannot be read.
    """
    try:
        table = pd.read_csv(
            run.folder / TABLE,
            usecols=["id", "text", "label", "predicted_label"],
            dtype="str",
            keep_default_na=False,
        )
    except (OSError, ValueError) as error:
        raise CartographyError(f"{run.folder / TABLE} cannot be read: {error}") from error
    # Earlier versions wrote an apostrophe before ids that look like formulas.
    ids = table["id"]
    table["id"] = ids.where(ids.isin(data_map.ids), ids.str.removeprefix("'"))
    return table.join(data_map.to_frame().set_index("id"), on="id")


def read_map(folder: Path) -> MapRun:
    """Read a data map from disk.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    MapRun
        Complete or partial.

    Raises
    ------
    CartographyError
        The folder does not contain a data map, or one of its files cannot be read.
    """
    manifest = read_manifest(folder)
    if manifest["kind"] not in ("map", "imported"):
        raise CartographyError(f"{folder} contains a {manifest['kind']} run, not a data map")
    finished = (folder / SUMMARY).exists()
    dynamics = coordinates = None
    unreadable: Exception | None = None
    try:
        items = (
            pd.read_parquet(folder / ITEMS)
            if (folder / ITEMS).exists()
            else pd.DataFrame({"id": [], "text": [], "label": []}, dtype="str")
        )
        ids = items["id"].to_numpy(dtype=object)
        if finished and (folder / COORDINATES).exists():
            values = _load(folder / COORDINATES, (len(ids),))
            coordinates = DataMap(ids, **values, epochs=int(manifest["epochs"]))  # type: ignore[arg-type]
        else:
            dynamics = _read_dynamics(folder, ids, finished)
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile) as error:
        unreadable = error
    if not finished and (folder / SUMMARY).exists():
        return read_map(folder)  # it has finished meanwhile, which removes the files of epochs
    if unreadable:
        raise CartographyError(f"the map in {folder} cannot be read: {unreadable}") from unreadable
    return MapRun(
        folder=folder,
        manifest=manifest,
        items=items,
        dynamics=dynamics,
        summary=read_json(folder / SUMMARY) if finished else None,
        coordinates=coordinates,
    )


def _read_dynamics(
    folder: Path, ids: NDArray[np.object_], finished: bool
) -> TrainingDynamics | None:
    files = [folder / DYNAMICS] if finished else sorted((folder / EPOCHS).glob("[0-9]*.npz"))
    epochs = [_load(file, (-1, len(ids))) for file in files]
    if not epochs:
        return None
    gold, correct = (
        np.vstack([epoch[name] for epoch in epochs]) for name in ("gold_probability", "correct")
    )
    return TrainingDynamics(ids, gold, correct, epochs[0].get("margin"))


def _load(file: Path, shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
    # NumPy would not close a damaged archive that it opened itself.
    with file.open("rb") as handle, np.load(handle) as stored:
        return {name: stored[name].reshape(shape) for name in stored if name != "ids"}
