"""What cleanlab takes and gives: labels with predicted probabilities; tables of label issues."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.files import atomic_write
from cartography.formats.typed_columns import (
    as_table,
    describe_cell,
    distinct_ids,
    find_column,
    read_id,
    read_numbers,
    read_range,
    read_strings,
    require_column,
)
from cartography.tables.limits import Limits
from cartography.tables.table import Table

_SCORES = ("label_score", "label_quality")  # of Datalab, and of CleanLearning
_TRUTHS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


@dataclass(frozen=True, eq=False)
class PredictedLabels:
    """Labels and predicted probabilities, as cleanlab takes them.

    Attributes
    ----------
    labels : int64 array, shape (n,)
        In 0 .. C - 1.
    pred_probs : float array, shape (n, C)
        Each row has the sum 1.
    """

    labels: NDArray[np.int64]
    pred_probs: NDArray[np.floating]

    def __post_init__(self) -> None:
        labels, probabilities = self.labels, self.pred_probs
        if (
            labels.ndim != 1
            or probabilities.ndim != 2
            or len(labels) != len(probabilities)
            or labels.dtype.kind not in "iu"
            or probabilities.dtype.kind != "f"
        ):
            raise CartographyError(
                "labels must be whole numbers (n,) and pred_probs floats (n, C); they are "
                f"{labels.dtype} {labels.shape} and {probabilities.dtype} {probabilities.shape}"
            )
        classes = probabilities.shape[1]
        if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
            raise CartographyError(
                f"labels must be from 0 to {classes - 1}, the columns of pred_probs; there is a "
                f"label {labels.min() if labels.min() < 0 else labels.max()}"
            )
        valid = np.isfinite(probabilities).all() and (probabilities >= 0).all()
        if not valid or (np.abs(probabilities.sum(axis=1) - 1) > 1e-3).any():
            raise CartographyError("every row of pred_probs must be probabilities with the sum 1")


def write_cleanlab(path: Path, predicted: PredictedLabels) -> None:
    """Write labels and predicted probabilities as NumPy archive.

    `data = numpy.load(path)` gives `data["labels"]` and `data["pred_probs"]`, the arguments of
    `cleanlab.filter.find_label_issues`.

    Raises
    ------
    CartographyError
        The file cannot be written.
    """
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, labels=predicted.labels, pred_probs=predicted.pred_probs)


def read_cleanlab(path: Path) -> PredictedLabels:
    """Read labels and predicted probabilities from a NumPy archive.

    Raises
    ------
    CartographyError
        The file is no archive with the arrays `labels` and `pred_probs`, or they do not fit.
    """
    try:
        with ZipFile(path) as archive:
            labels, probabilities = (
                _read_array(archive, name) for name in ("labels", "pred_probs")
            )
    except KeyError as error:
        raise CartographyError(f"{path} has no labels.npy or no pred_probs.npy in it") from error
    except (OSError, ValueError, TypeError, EOFError, BadZipFile, zlib.error) as error:
        reason = str(error).split("\n")[0]
        raise CartographyError(f"{path} is not a complete NumPy archive ({reason})") from error
    try:
        return PredictedLabels(labels, probabilities)
    except CartographyError as error:
        raise CartographyError(f"{path}: {error}") from error


def _read_array(archive: ZipFile, name: str) -> NDArray[Any]:
    """An array of an archive; its size is checked before memory is allocated for it."""
    member = archive.getinfo(f"{name}.npy")
    Limits.current().check("unpacked", member.file_size, f"{archive.filename}, array {name!r}")
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    if any(size < 0 for size in shape) or math.prod(shape) * dtype.itemsize > member.file_size:
        raise ValueError(f"array {name!r} is shorter than its header says")
    with archive.open(member) as file:
        values: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return values


def has_issues(table: Table) -> bool:
    """Return whether a table has the columns of cleanlab's label issues."""
    return (
        find_column(table, "is_label_issue") is not None
        and find_column(table, *_SCORES) is not None
    )


def read_label_issues(source: Path | Table) -> pd.DataFrame:
    """Read cleanlab's table of label issues.

    Parameters
    ----------
    source : Path or Table
        The table of `Datalab.get_issues("label")` (is_label_issue, label_score, given_label,
        predicted_label) or of `CleanLearning.get_label_issues()` (label_quality instead of
        label_score), as CSV, JSON lines or Parquet. A column id, or the index that pandas writes
        without a name, has the ids.

    Returns
    -------
    pandas.DataFrame
        `id` (the row number from 0 if the table has no ids), `is_label_issue`, `label_score` in
        [0, 1], low for labels that are likely wrong, and `given_label` and `predicted_label` as
        text if the table has them.

    Raises
    ------
    CartographyError
        A column is missing or a cell is wrong. The message names the file and the row.
    """
    table = as_table(source)
    content = "cleanlab's table of label issues"
    issue = require_column(table, "is_label_issue", content=content)
    score = require_column(table, *_SCORES, content=content)
    id_column = find_column(table, "id", "guid", "", "unnamed: 0", "__index_level_0__")
    labels = [
        name for name in ("given_label", "predicted_label") if find_column(table, name) is not None
    ]
    label_columns = [require_column(table, name, content=content) for name in labels]
    wanted = [issue, score, *label_columns, *([] if id_column is None else [id_column])]
    issues: list[bool] = []
    scores: list[NDArray[np.float64]] = []
    ids: list[int | str] = []
    strings: list[list[str]] = [[] for _ in labels]
    for batch in table.batches(wanted):
        start = len(issues)
        for row, cell in enumerate(batch[0], start):
            # Not str of anything: a number may have thousands of digits.
            is_short = isinstance(cell, bool | str | float) or cell in (0, 1)
            truth = _TRUTHS.get(str(cell).strip().casefold()) if is_short else None
            if truth is None:
                raise CartographyError(
                    f"{table.location}, {table.row_name(row)}, column {issue!r} has "
                    f"{describe_cell(cell)}: give True or False"
                )
            issues.append(truth)
        values = read_numbers(table, score, batch[1], start)
        scores.append(read_range(table, score, values, 0, 1, start))
        for found, cells in zip(strings, batch[2:], strict=False):
            found.extend(read_strings(cells))
        if id_column is not None:
            ids.extend(
                read_id(table, id_column, cell, start + row) for row, cell in enumerate(batch[-1])
            )
    names = distinct_ids(table, ids if id_column is not None else range(len(issues)))
    columns = {"id": names, "is_label_issue": issues, "label_score": np.concatenate(scores)}
    return pd.DataFrame({**columns, **dict(zip(labels, strings, strict=True))})
