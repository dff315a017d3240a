"""Maps and training dynamics that other tools or models have made: opened, and written as runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.corpora.reading import read_corpus
from cartography.errors import CartographyError
from cartography.files import content_key, expand_home
from cartography.formats.aum import has_aum, read_aum
from cartography.formats.cleanlab import has_issues, read_label_issues
from cartography.formats.coordinates import has_coordinates, read_coordinates
from cartography.formats.dataset_cartography import (
    DYNAMICS_FOLDER,
    TEXTS,
    has_dynamics,
    read_dynamics,
    read_texts,
)
from cartography.formats.embedding_atlas import has_atlas, read_embedding_atlas
from cartography.formats.tools import open_table
from cartography.formats.typed_columns import list_columns
from cartography.formatting import count_noun
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics, measure
from cartography.runs.manifest import MANIFEST, AnyManifest, Source, claim_folders, versions
from cartography.runs.map_runs import read_map, write_finished_map
from cartography.runs.opened import LISTED, OpenedMap, OpenedTable
from cartography.runs.user_columns import write_user_columns
from cartography.tables.table import Table


@dataclass(frozen=True)
class ImportManifest(AnyManifest):
    """The origin of a data map that another tool or another model has made.

    Attributes
    ----------
    epochs : int
    form : str
        The form of the file that the map was read from, in words.
    versions : mapping of str to str
    """

    epochs: int
    form: str
    versions: Mapping[str, str] = field(default_factory=versions)


def open_path(path: Path, epochs: int | None = None) -> OpenedMap | OpenedTable:
    """Open any file or folder that holds training dynamics, a data map, or scores of items.

    Parameters
    ----------
    path : Path
        The folder of a map of ours; a folder with `dynamics_epoch_0.jsonl` and so on, or one of
        these files; a table with confidence, variability and correctness; areas under the margin;
        cleanlab's label issues; a table of Embedding Atlas.
    epochs : int, optional
        Of training dynamics, use the first epochs only; of a map, the number of epochs, if the file
        does not say it.

    Returns
    -------
    OpenedMap or OpenedTable
        The latter if there is no map in it.

    Raises
    ------
    CartographyError
        The file is none of these, or cannot be read.
    """
    path = expand_home(path)
    if not path.exists():
        raise CartographyError(f"{path} does not exist: name a file or a folder")
    if epochs is not None and epochs < 1:
        raise CartographyError(f"--epochs is {epochs}: give a number from 1")
    try:
        if (path / MANIFEST).is_file():
            return _open_run(path, epochs)
        if has_dynamics(path):
            return _open_dynamics(path, epochs)
        if path.is_dir():
            raise CartographyError(
                f"{path} has neither {MANIFEST} nor dynamics_epoch_0.jsonl in it or in "
                f"{DYNAMICS_FOLDER}: name a folder with training dynamics, or a file"
            )
        return _open_table(open_table(path), path, epochs)
    except OSError as error:
        reason = error.strerror or str(error).split("\n")[0]
        raise CartographyError(f"{path} cannot be read: {reason}") from error


def _open_run(folder: Path, epochs: int | None) -> OpenedMap:
    run = read_map(folder)
    if not len(run.items):
        raise CartographyError(f"the map in {folder} has no items yet: wait for its first epoch")
    dynamics = run.dynamics
    if dynamics is not None:
        dynamics = dynamics.until(epochs or dynamics.epochs)
    items = {name: run.items[name].to_numpy(dtype=object) for name in run.items.columns}
    return OpenedMap(
        name=folder.name,
        form="data map of Cartography",
        data_map=run.data_map(epochs=epochs),
        dynamics=dynamics,
        texts=items.get("text"),
        labels=items.get("label"),
        predicted=items.get("predicted_label"),
        notes=() if run.summary else (f"the run has {run.epochs} epochs and is not finished",),
    )


def _open_dynamics(path: Path, epochs: int | None) -> OpenedMap:
    def measure_epoch(
        logits: NDArray[np.float32], gold: NDArray[np.int64]
    ) -> tuple[NDArray[Any], ...]:
        return *measure(logits, gold), logits.argmax(axis=1)

    recorded = read_dynamics(path, measure_epoch)
    gold_probability, correct, margin, predicted = recorded.values
    dynamics = TrainingDynamics(recorded.ids, gold_probability, correct, margin)
    dynamics = dynamics.until(epochs or dynamics.epochs)
    opened = OpenedMap(
        name=path.parent.name if path.name == DYNAMICS_FOLDER else path.name,
        form="training dynamics of Dataset Cartography",
        data_map=DataMap.of(dynamics),
        dynamics=dynamics,
        labels=recorded.gold.astype(str).astype(object),
        predicted=predicted[dynamics.epochs - 1].astype(str).astype(object),
        notes=recorded.notes,
    )
    # A recorder saves them beside its folder; next to any other folder they are not about it.
    folders = (path, path.parent) if path.name == DYNAMICS_FOLDER else (path,)
    texts = [folder / TEXTS for folder in folders if (folder / TEXTS).is_file()]
    if not texts or not path.is_dir():
        return opened
    return _join(opened, str(texts[0]), *read_texts(texts[0]))


def _open_table(table: Table, path: Path, epochs: int | None) -> OpenedMap | OpenedTable:
    if has_coordinates(table):
        found = read_coordinates(table, epochs)
        data_map = DataMap(
            found.ids,
            found.confidence,
            found.variability,
            found.correctness,
            found.epochs,
            forgetfulness=found.forgetfulness,
            aum=found.aum,
        )
        return OpenedMap(
            name=path.name,
            form="coordinates of a data map",
            data_map=data_map,
            texts=found.texts,
            labels=found.labels,
            predicted=found.predicted,
            notes=found.notes,
        )
    if has_aum(table):
        values = read_aum(table)
        return _scores(path.name, "areas under the margin (AUM)", "aum", values.ids, values.aum, ())
    if has_issues(table):
        issues = read_label_issues(table)
        count = int(issues["is_label_issue"].sum())
        return _scores(
            path.name,
            "label issues of cleanlab",
            "label score",
            issues["id"].to_numpy(dtype=object),
            issues["label_score"].to_numpy(dtype=np.float64),
            (f"{count_noun(count, 'label issue')} ({count / len(issues):.1%})",),
        )
    if has_atlas(table):
        atlas = read_embedding_atlas(table)
        ranges = [f"{name} {atlas[name].min():g} to {atlas[name].max():g}" for name in ("x", "y")]
        return OpenedTable(
            path.name,
            "table of Embedding Atlas",
            (
                f"table of Embedding Atlas: {count_noun(len(atlas), 'item')}, {', '.join(ranges)}",
                "it has no confidence, variability and correctness, so it is no data map",
            ),
        )
    raise CartographyError(
        f"{table.location} is no data map: it needs the columns confidence, variability and "
        f"correctness, or sample_id and aum, is_label_issue and label_score, or x and y; its "
        f"columns are {list_columns(table)}"
    )


def _scores(
    name: str,
    form: str,
    score: str,
    ids: NDArray[np.object_],
    values: NDArray[np.float64],
    more: tuple[str, ...],
) -> OpenedTable:
    lowest = np.argsort(values, kind="stable")[:LISTED]
    return OpenedTable(
        name,
        form,
        (
            f"{form}: {count_noun(len(ids), 'item')}, {score} {values.min():.3f} to "
            f"{values.max():.3f}, mean {values.mean():.3f}",
            *more,
            f"lowest {score}: {', '.join(str(ids[row]) for row in lowest)}",
        ),
    )


def join_texts(opened: OpenedMap, source: str | Path) -> OpenedMap:
    """Return a map with the texts and labels of a table, joined by the ids.

    Parameters
    ----------
    opened : OpenedMap
    source : str or Path
        What `read_corpus` reads.

    Returns
    -------
    OpenedMap
        With a note if items have no text.

    Raises
    ------
    CartographyError
        The table cannot be read, or has no id of the map.
    """
    corpus = read_corpus(source)
    labels = corpus.label_names(corpus.labels) if corpus.labelled.any() else None
    joined = _join(opened, str(source), corpus.ids, corpus.texts, labels)
    notes = joined.notes
    if corpus.account is not None and corpus.account.id is None:
        notes += (f"{source} has no column of ids: its texts are joined by row numbers from 0",)
    return replace(joined, corpus=corpus, notes=notes)


def _join(
    opened: OpenedMap,
    source: str,
    ids: NDArray[np.object_],
    texts: NDArray[np.object_],
    labels: NDArray[np.object_] | None,
) -> OpenedMap:
    names = [str(item) for item in opened.data_map.ids]
    rows = pd.Index([str(item) for item in ids], dtype=object).get_indexer(
        pd.Index(names, dtype=object)
    )
    found = rows >= 0
    if not found.any():
        raise CartographyError(
            f"{source} has none of the ids of {opened.name}, such as {names[0]!r}: its ids are "
            f"such as {str(ids[0])!r}; it needs a column id with the ids of the map"
        )
    notes = opened.notes
    if not found.all():
        notes += (
            f"{count_noun(int((~found).sum()), 'item')} without a text in {source}, such as "
            f"{names[int((~found).argmax())]!r}",
        )
    empty = np.full(len(names), "", dtype=object)
    before = empty if opened.texts is None else opened.texts
    joined = replace(opened, texts=np.where(found, texts[rows], before), notes=notes)
    if labels is None:
        return joined
    known = found & (labels[rows] != "")
    gold, predicted = opened.labels, opened.predicted
    if gold is not None:
        named = known & (gold != "")
        pairs = gold[named], labels[rows][named]
        predicted = None if predicted is None else _renamed(predicted, *pairs)
        gold = _renamed(gold, *pairs)
    gold = np.where(known, labels[rows], empty if gold is None else gold)
    return replace(joined, labels=gold, predicted=predicted)


def _renamed(
    given: NDArray[np.object_], old: NDArray[np.object_], new: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Labels by the new names of the gold labels, if each old name has one."""
    pairs = set(zip(old.tolist(), new.tolist(), strict=True))
    names = dict(pairs)
    if len(names) != len(pairs):
        return given
    return np.array([names.get(name, name) for name in given.tolist()], dtype=object)


def write_map_run(opened: OpenedMap, out: Path) -> None:
    """Write an opened map as a run, which the dashboard and `read_map` open.

    Parameters
    ----------
    opened : OpenedMap
    out : Path
        A new or empty folder.

    Raises
    ------
    CartographyError
        The folder contains something else, or a file cannot be written.
    """
    ids = np.array([str(item) for item in opened.data_map.ids], dtype=object)
    columns = {"text": opened.texts, "label": opened.labels, "predicted_label": opened.predicted}
    table = pd.DataFrame(
        {
            "id": ids,
            **{name: "" if cells is None else cells for name, cells in columns.items()},
        },
        dtype="str",
    )
    data_map = replace(opened.data_map, ids=ids)
    arrays = (data_map.confidence, data_map.variability, data_map.correctness)
    manifest = ImportManifest(
        kind="imported",
        train=Source(
            name=opened.name,
            fingerprint=content_key(
                *(cell for name in table for cell in table[name]),
                *(array.tobytes() for array in arrays),
            ),
            rows=len(table),
            classes=tuple(sorted(set(table["label"]) - {""})),
            features="",
            vectors="",
        ),
        epochs=data_map.epochs,
        form=opened.form,
    )
    dynamics = None if opened.dynamics is None else replace(opened.dynamics, ids=ids)
    with claim_folders(out, {out: manifest}):
        if opened.corpus is not None:
            write_user_columns([out], opened.corpus)
        write_finished_map(out, manifest, table, data_map, dynamics)
