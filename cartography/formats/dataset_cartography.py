"""Training dynamics in the form of Dataset Cartography (Swayamdipta et al. 2020).

A file per epoch, `dynamics_epoch_N.jsonl`, with a line per item: guid, logits_epoch_N, gold. The
coordinates of a map are in `coordinates`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.files import atomic_write
from cartography.formats.epochs import MeasuredEpoch, RecordedDynamics, join_epochs
from cartography.formats.typed_columns import (
    describe_cell,
    distinct_ids,
    id_as_json,
    read_id,
    read_numbers,
    read_strings,
    require_column,
)
from cartography.formatting import count_noun
from cartography.tables.limits import Limits
from cartography.tables.reading import read_table
from cartography.tables.table import Table

DYNAMICS_FOLDER = "training_dynamics"
TEXTS = "texts.jsonl"

Measure = Callable[[NDArray[np.float32], NDArray[np.int64]], tuple[NDArray[Any], ...]]

_EPOCH_FILE = re.compile(r"dynamics_epoch_(0|[1-9][0-9]{0,5})\.jsonl?(\.gz)?")
_MOST_EPOCHS = 10_000


@dataclass(frozen=True, eq=False)
class EpochLogits:
    """What a model said of n items at the end of one epoch.

    Attributes
    ----------
    number : int
        The epoch, from 0.
    ids : object array, shape (n,)
        Whole numbers or strings.
    logits : float32 array, shape (n, C)
    gold : int64 array, shape (n,)
        Gold labels, in 0 .. C - 1.
    """

    number: int
    ids: NDArray[np.object_]
    logits: NDArray[np.float32]
    gold: NDArray[np.int64]


def has_dynamics(path: Path) -> bool:
    """Return whether `path` is what `read_dynamics` reads."""
    return _find_files(path) is not None


def read_dynamics(path: Path, measure: Measure) -> RecordedDynamics:
    """Read training dynamics; the logits of one epoch at a time are in memory.

    Items that are not in every epoch are left out, as a loader that drops its last batch makes
    them. If every file has other items, as in samples that are published, each item has one epoch.

    Parameters
    ----------
    path : Path
        A folder with `dynamics_epoch_0.jsonl` and so on, its parent if its name is
        `training_dynamics`, or the file of one epoch.
    measure : callable
        `measure(logits, gold)` is called for the logits (n, C) and gold labels (n,) of each epoch,
        and returns a tuple of arrays of shape (n, ...).

    Returns
    -------
    RecordedDynamics

    Raises
    ------
    CartographyError
        A file of an epoch is missing or malformed, or the epochs have few items in common or other
        gold labels. The message names the file and the line.
    """
    files = _find_files(path)
    if files is None:
        raise CartographyError(
            f"{path} has no file dynamics_epoch_0.jsonl, nor has a folder {DYNAMICS_FOLDER} in it"
        )
    epochs = []
    classes = 0
    for number, file in files:
        epoch = _read_epoch(file, number, classes)
        classes = epoch.logits.shape[1]
        epochs.append(
            MeasuredEpoch(epoch.table, epoch.ids, epoch.gold, measure(epoch.logits, epoch.gold))
        )
    return join_epochs(epochs)


def _find_files(path: Path) -> list[tuple[int, Path]] | None:
    match = _EPOCH_FILE.fullmatch(path.name)
    if match and path.is_file():
        return [(int(match[1]), path)]
    for folder in (path, path / DYNAMICS_FOLDER):
        if folder.is_dir() and _numbered_files(folder):
            return _epoch_files(folder)
    return None


def _numbered_files(folder: Path) -> list[tuple[int, Path]]:
    """The files of epochs in a folder with their numbers, in order."""
    matches = [(_EPOCH_FILE.fullmatch(file.name), file) for file in folder.iterdir()]
    return sorted((int(match[1]), file) for match, file in matches if match)


def _epoch_files(folder: Path) -> list[tuple[int, Path]]:
    """The files of all epochs with their numbers, which have no gaps."""
    files = _numbered_files(folder)
    if len(files) > _MOST_EPOCHS:
        raise CartographyError(
            f"{folder} has {len(files):,} epochs, but at most {_MOST_EPOCHS:,} are read"
        )
    for expected, (number, file) in enumerate(files, start=files[0][0]):
        if number > expected:
            raise CartographyError(
                f"{folder} has {file.name} but no dynamics_epoch_{expected}.jsonl: the epochs must "
                "be numbered without gaps"
            )
        if number < expected:
            raise CartographyError(
                f"{folder} has epoch {number} twice, as .json and as .jsonl: remove one of them"
            )
    return files


@dataclass(frozen=True, eq=False)
class _EpochFile:
    """One file of an epoch, in its own order."""

    table: Table
    ids: NDArray[np.object_]
    logits: NDArray[np.float32]
    gold: NDArray[np.int64]


def _read_epoch(file: Path, number: int, classes: int) -> _EpochFile:
    """Read one file; its items have `classes` logits unless that is 0."""
    table = read_table(file)
    content = "a file of an epoch's training dynamics"
    guid = require_column(table, "guid", content=content)
    logits = require_column(table, f"logits_epoch_{number}", content=f"that of epoch {number}")
    gold = require_column(table, "gold", content=content)
    ids: list[int | str] = []
    parts: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.int64]] = []
    for guid_cells, logit_cells, gold_cells in table.batches([guid, logits, gold]):
        start = len(ids)
        ids.extend(read_id(table, guid, cell, start + row) for row, cell in enumerate(guid_cells))
        part = _read_logits(table, logits, logit_cells, start, classes)
        if not len(part):
            continue
        classes = part.shape[1]
        Limits.current().check("columns", classes, f"{table.location}, column {logits!r}")
        parts.append(part)
        labels.append(_read_gold(table, gold, gold_cells, start, classes))
    return _EpochFile(
        table, distinct_ids(table, ids), np.concatenate(parts), np.concatenate(labels)
    )


def _read_logits(
    table: Table, column: str, cells: Sequence[Any], start: int, classes: int
) -> NDArray[np.float32]:
    """Logits (k, C) of the rows from `start`; C is `classes` unless that is 0."""
    try:
        with np.errstate(over="ignore"):
            values = np.asarray(cells, dtype=np.float64).astype(np.float32)
        if not len(cells):
            return values
        if (
            values.ndim == 2
            and values.shape[1] >= 2
            and classes in (0, values.shape[1])
            and np.isfinite(values).all()
        ):
            return values
    except (TypeError, ValueError, OverflowError):
        pass
    for row, cell in enumerate(cells, start):
        where = f"{table.location}, {table.row_name(row)}, column {column!r}"
        if not isinstance(cell, list | tuple):
            raise CartographyError(f"{where} has {describe_cell(cell)} and not a list of logits")
        if len(cell) < 2:
            raise CartographyError(f"{where} has fewer than two logits: give one for each class")
        classes = classes or len(cell)
        if len(cell) != classes:
            raise CartographyError(
                f"{where} has {count_noun(len(cell), 'logit')}, but the items before have "
                f"{classes}: give one for each class"
            )
        for value in cell:
            if not _is_finite(value):
                raise CartographyError(
                    f"{where} has {describe_cell(value)} among the logits that is not a finite "
                    "number"
                )
    raise CartographyError(f"{table.location}, column {column!r} has no lists of finite numbers")


def _is_finite(value: Any) -> bool:
    try:
        return abs(float(value)) <= float(np.finfo(np.float32).max)
    except (TypeError, ValueError, OverflowError):
        return False


def _read_gold(
    table: Table, column: str, cells: Sequence[Any], start: int, classes: int
) -> NDArray[np.int64]:
    values = read_numbers(table, column, cells, start)
    wrong = (values != np.floor(values)) | (values < 0) | (values >= classes)
    if wrong.any():
        row = int(wrong.argmax())
        raise CartographyError(
            f"{table.location}, {table.row_name(start + row)} has gold {values[row]:g}, but there "
            f"are {classes} logits: gold must be a whole number from 0 to {classes - 1}"
        )
    return values.astype(np.int64)


def write_dynamics(
    folder: Path,
    epochs: Iterable[EpochLogits],
    count: int,
    texts: Mapping[Any, str] | None = None,
    labels: Mapping[Any, str] | None = None,
) -> None:
    """Write training dynamics, and a table of the texts beside them.

    Parameters
    ----------
    folder : Path
        It gets `training_dynamics/dynamics_epoch_0.jsonl` and so on, and `texts.jsonl` with id,
        text and label of the items whose texts or labels are given.
    epochs : iterable of EpochLogits
        With the same items in the same order.
    count : int
        Number of epochs, at least 1.
    texts, labels : mapping of id to str, optional
        Of all items. The label names the gold label.

    Raises
    ------
    CartographyError
        An id is neither a whole number nor a string, an item has no text or label or two gold
        labels, the folder has later epochs of another training, or a file cannot be written.
    """
    target = folder / DYNAMICS_FOLDER
    names: list[str] = []
    first: EpochLogits | None = None
    later = [n for n, _ in _numbered_files(target) if n >= count] if target.is_dir() else []
    if later:
        raise CartographyError(
            f"{target} has epoch {min(later)} of another training: choose another folder"
        )
    for epoch in epochs:
        if first is None:
            first = epoch
            names = [id_as_json(item) for item in epoch.ids]
            rows = _text_rows(epoch, texts, labels)  # refused before anything is written
        elif (epoch.gold != first.gold).any():
            item = int((epoch.gold != first.gold).argmax())
            raise CartographyError(
                f"item {first.ids[item]!r} has gold label {epoch.gold[item]} in epoch "
                f"{epoch.number + 1}, but {first.gold[item]} in the first"
            )
        field = f"logits_epoch_{epoch.number}"
        with (
            atomic_write(target / f"dynamics_epoch_{epoch.number}.jsonl") as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            for name, scores, gold in zip(names, epoch.logits, epoch.gold, strict=True):
                # The shortest digits that give the same float32 again.
                values = ",".join(map(str, scores))
                file.write(f'{{"guid":{name},"{field}":[{values}],"gold":{gold}}}\n')
    if texts is not None or labels is not None:
        with (
            atomic_write(folder / TEXTS) as temporary,
            temporary.open("w", encoding="utf-8", newline="\n") as file,
        ):
            file.writelines(f"{json.dumps(row)}\n" for row in rows)


def _text_rows(
    epoch: EpochLogits, texts: Mapping[Any, str] | None, labels: Mapping[Any, str] | None
) -> list[dict[str, Any]]:
    rows = []
    for item, gold in zip(epoch.ids, epoch.gold.tolist(), strict=True):
        row: dict[str, Any] = {"id": item}
        for field, values in (("text", texts), ("label", labels)):
            if values is not None and item not in values:
                raise CartographyError(f"item {item!r} has no {field}: give one for every id")
        row["text"] = "" if texts is None else str(texts[item])
        row["label"] = str(gold) if labels is None else str(labels[item])
        rows.append(row)
    return rows


def read_texts(path: Path) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]:
    """Read the table of texts that `write_dynamics` writes.

    Returns
    -------
    ids, texts, labels : object array, shape (n,)

    Raises
    ------
    CartographyError
        A column is missing, or an id is empty or given twice.
    """
    table = read_table(path)
    names = [
        require_column(table, name, content="a table of texts") for name in ("id", "text", "label")
    ]
    ids: list[int | str] = []
    strings: list[list[str]] = [[], []]
    for batch in table.batches(names):
        start = len(ids)
        ids.extend(read_id(table, names[0], cell, start + row) for row, cell in enumerate(batch[0]))
        for found, cells in zip(strings, batch[1:], strict=True):
            found.extend(read_strings(cells))
    texts, labels = (np.array(found, dtype=object) for found in strings)
    return distinct_ids(table, ids), texts, labels
