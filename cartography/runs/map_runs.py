"""A data map on disk: its dynamics epoch by epoch while it trains, then the finished map."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.active.group import predict
from cartography.models.metrics import evaluate
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.figures import data_map_figure, write_html
from cartography.files import atomic_write
from cartography.formats.export import escape_formulas, write_csv
from cartography.maps.data_map import REGIONS, DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.models.mlp import InferenceDropout, torch_seed
from cartography.models.trainer import TrainingSet
from cartography.models.training import Epoch, as_tensor, pick_device, train_epochs
from cartography.runs.manifest import SUMMARY, Manifest, read_json, read_manifest, write_json

ITEMS = "items.parquet"
EPOCHS = "epochs"
DYNAMICS = "dynamics.npz"
TABLE = "data_map.csv"
PAGE = "data_map.html"


@dataclass(frozen=True, eq=False)
class MapRun:
    """A map read back: what was asked, the items, and the epochs so far.

    `items` has the columns id, text and label, and predicted_label once the run is finished, in
    the order of `dynamics`, which is None before the first epoch. `summary` is None until the run
    is finished.
    """

    folder: Path
    manifest: dict[str, Any]
    items: pd.DataFrame
    dynamics: TrainingDynamics | None
    summary: dict[str, Any] | None

    @property
    def epochs(self) -> int:
        """Number of epochs the run will have."""
        return int(self.manifest["preset"]["classifier"]["epochs"])


def record_maps(
    runs: Mapping[Path, Manifest],
    rows: Mapping[Path, NDArray[np.int64]],
    corpus: Corpus,
    features: NDArray[np.float32],
    test: Corpus | None,
    test_features: NDArray[np.float32] | None,
) -> Iterator[Epoch]:
    """Train the map of each run side by side on `rows` of the corpus, writing as it goes.

    Yields each epoch after it is on disk; when the iterator is exhausted the runs are finished:
    `data_map.csv`, `dynamics.npz`, `data_map.html` and, last, `run.json`.
    """
    first = next(iter(runs.values()))
    device = pick_device(first.device)
    for folder in runs:
        # Epochs of an interrupted training cannot be gone on from without its weights.
        shutil.rmtree(folder / EPOCHS, ignore_errors=True)
        taken = corpus.take(rows[folder])
        with atomic_write(folder / ITEMS) as temporary:
            _items(taken).to_parquet(temporary)
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
        # A refused training leaves nothing, so that the mended one may have its folder.
        for folder in runs:
            shutil.rmtree(folder / EPOCHS, ignore_errors=True)
            (folder / ITEMS).unlink()
        raise
    for model, (folder, run) in enumerate(runs.items()):
        dynamics = TrainingDynamics(
            corpus.ids[rows[folder]],
            np.stack([gold[model] for gold, _ in epochs]),
            np.stack([correct[model] for _, correct in epochs]),
        )
        recipe = run.preset.classifier
        # Beside the seeds of the weights, the training and every epoch's observation.
        noises = [
            InferenceDropout.for_recipe(recipe, torch_seed(run.seed, recipe.epochs + 2 + each))
            for each in (0, 1)
        ]
        predicted = predict(epoch.classifiers[model], shared, noises[0]).argmax(axis=1)
        evaluation: dict[str, Any] = {}
        if test is not None and test_features is not None:
            held_out = predict(
                epoch.classifiers[model], as_tensor(test_features, device), noises[1]
            )
            found = evaluate(held_out.argmax(axis=1), test.labels)
            evaluation = {"test_accuracy": found.accuracy, "test_macro_f1": found.macro_f1}
        _finish(folder, run, corpus, dynamics, predicted, evaluation)


def _items(corpus: Corpus) -> pd.DataFrame:
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
    """Write the finished map; texts outside it are listed with their predicted label alone."""
    data_map = DataMap.of(dynamics)
    table = _items(corpus).assign(predicted_label=corpus.label_names(predicted))
    placed_rows = pd.Index(corpus.ids).get_indexer(pd.Index(dynamics.ids))
    with atomic_write(folder / ITEMS) as temporary:
        table.iloc[placed_rows].to_parquet(temporary, index=False)
    with atomic_write(folder / DYNAMICS) as temporary:
        np.savez(
            temporary,
            ids=dynamics.ids.astype(str),
            gold_probability=dynamics.gold_probability,
            correct=dynamics.correct,
        )
    write_csv(table.join(data_map.to_frame().set_index("id"), on="id"), folder / TABLE)
    statistics = data_map.statistics()
    write_html(data_map_figure(data_map, title=f"Data map of {corpus.name}"), folder / PAGE)
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
            **evaluation,
        },
    )
    shutil.rmtree(folder / EPOCHS)


def map_table(run: MapRun, data_map: DataMap) -> pd.DataFrame:
    """`data_map.csv` of a finished run as it would be for `data_map`, a map of the same items with
    other thresholds or fewer epochs. Raises CartographyError when the file cannot be read.
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
    places = data_map.to_frame().set_index("id")
    # As the file has them.
    places.index = pd.Index(escape_formulas(pd.DataFrame({"id": places.index}))["id"])
    return table.join(places, on="id")


def read_map(folder: Path) -> MapRun:
    """The map in `folder`, finished or as far as it has come.

    Raises CartographyError when the folder holds no map or a file of it cannot be read.
    """
    manifest = read_manifest(folder)
    if manifest["kind"] != "map":
        raise CartographyError(f"{folder} holds no data map but a {manifest['kind']} run")
    finished = (folder / SUMMARY).exists()
    unreadable: Exception | None = None
    try:
        items = (
            pd.read_parquet(folder / ITEMS)
            if (folder / ITEMS).exists()
            else pd.DataFrame({"id": [], "text": [], "label": []}, dtype="str")
        )
        ids = items["id"].to_numpy(dtype=object)
        files = [folder / DYNAMICS] if finished else sorted((folder / EPOCHS).glob("[0-9]*.npz"))
        gold, correct = [], []
        for file in files:
            # Opened here: NumPy leaves a damaged archive open.
            with file.open("rb") as handle, np.load(handle) as stored:
                gold.append(np.atleast_2d(stored["gold_probability"]))
                correct.append(np.atleast_2d(stored["correct"]))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        unreadable = error
    if not finished and (folder / SUMMARY).exists():
        return read_map(folder)  # it finished meanwhile, and its epochs went while they were read
    if unreadable:
        raise CartographyError(f"the map in {folder} cannot be read: {unreadable}") from unreadable
    return MapRun(
        folder=folder,
        manifest=manifest,
        items=items,
        dynamics=TrainingDynamics(ids, np.vstack(gold), np.vstack(correct)) if gold else None,
        summary=read_json(folder / SUMMARY) if finished else None,
    )
