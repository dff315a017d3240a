"""Coordinates of data maps: JSON lines of Dataset Cartography, and every table with such columns.

The fields of Swayamdipta et al. (2020): guid, index, threshold_closeness, confidence, variability,
correctness (a count of epochs) and forgetfulness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.files import atomic_write
from cartography.formats.typed_columns import (
    as_table,
    distinct_ids,
    find_column,
    id_as_json,
    read_id,
    read_numbers,
    read_range,
    read_strings,
    require_column,
)
from cartography.formatting import count_noun
from cartography.tables.table import Table

ID_COLUMNS = ("guid", "id", "sample_id", "index")
STATISTICS = ("confidence", "variability", "correctness")

_NUMBERS = ("forgetfulness", "aum")
_STRINGS = ("text", "label", "predicted_label")
_MOST_EPOCHS = 1_000_000


@dataclass(frozen=True, eq=False)
class Coordinates:
    """The coordinates of a data map of n items.

    Attributes
    ----------
    ids : object array, shape (n,)
        Whole numbers or strings.
    confidence, variability : float64 array, shape (n,)
    correctness : float64 array, shape (n,)
        A fraction of the epochs.
    epochs : int
    forgetfulness : int64 array, shape (n,), optional
    aum : float64 array, shape (n,), optional
    texts, labels, predicted : object array of str, shape (n,), optional
    notes : tuple of str
        What was inferred or left out.
    """

    ids: NDArray[np.object_]
    confidence: NDArray[np.float64]
    variability: NDArray[np.float64]
    correctness: NDArray[np.float64]
    epochs: int
    forgetfulness: NDArray[np.int64] | None = None
    aum: NDArray[np.float64] | None = None
    texts: NDArray[np.object_] | None = None
    labels: NDArray[np.object_] | None = None
    predicted: NDArray[np.object_] | None = None
    notes: tuple[str, ...] = ()


def has_coordinates(table: Table) -> bool:
    """Return whether a table has the columns of a data map."""
    return all(find_column(table, name) is not None for name in STATISTICS)


def read_coordinates(source: Path | Table, epochs: int | None = None) -> Coordinates:
    """Read the coordinates of a data map from a table.

    Parameters
    ----------
    source : Path or Table
        With the columns guid (or id, sample_id, index), confidence, variability and correctness, a
        count of epochs or a fraction; optionally forgetfulness, aum, text, label and
        predicted_label. Rows without any of the three statistics are left out.
    epochs : int, optional
        The number of epochs. By default the largest count, or the smallest number of epochs that
        all fractions can come from.

    Returns
    -------
    Coordinates

    Raises
    ------
    CartographyError
        A column is missing or a cell is wrong. The message names the file and the row.
    """
    if epochs is not None and not 1 <= epochs <= _MOST_EPOCHS:
        raise CartographyError(f"--epochs is {epochs}: give a number from 1 to {_MOST_EPOCHS:,}")
    table = as_table(source)
    names = {name: require_column(table, name, content="a data map") for name in STATISTICS}
    id_column = find_column(table, *ID_COLUMNS)
    optional = {
        name: column
        for name in (*_NUMBERS, *_STRINGS)
        if (column := find_column(table, name)) is not None
    }
    wanted = dict.fromkeys([*names.values(), *optional.values()])
    if id_column is not None:
        wanted[id_column] = None
    ids: list[int | str] = []
    numbers: dict[str, list[NDArray[np.float64]]] = {
        name: [] for name in (*names, *optional.keys() & set(_NUMBERS))
    }
    strings: dict[str, list[str]] = {name: [] for name in optional.keys() & set(_STRINGS)}
    start = 0
    for batch in table.batches(list(wanted)):
        cells = dict(zip(wanted, batch, strict=True))
        size = len(batch[0])
        for name, parts in numbers.items():
            column = {**names, **optional}[name]
            parts.append(read_numbers(table, column, cells[column], start, empty=True))
        for name, found in strings.items():
            found.extend(read_strings(cells[optional[name]]))
        ids.extend(
            start + row if id_column is None else read_id(table, id_column, cell, start + row)
            for row, cell in enumerate(range(size) if id_column is None else cells[id_column])
        )
        start += size
    array = distinct_ids(table, ids)
    columns = {name: np.concatenate(parts) for name, parts in numbers.items()}
    kept, notes = _rows_on_map(table, {names[name]: columns[name] for name in names})
    limits = {"confidence": 1.0, "variability": 0.5}
    for name, high in limits.items():
        values = np.where(kept, columns[name], 0)
        columns[name] = read_range(table, names[name], values, 0, high)
    fraction, epochs, how = _read_correctness(
        table, names["correctness"], columns["correctness"], kept, epochs
    )
    texts = {name: np.array(cells, dtype=object)[kept] for name, cells in strings.items()}
    if id_column is None:
        notes.append("the file has no column of ids: the row numbers from 0 are used")
    return Coordinates(
        ids=array[kept],
        confidence=columns["confidence"][kept],
        variability=columns["variability"][kept],
        correctness=fraction,
        epochs=epochs,
        forgetfulness=_read_forgetfulness(table, columns.get("forgetfulness"), kept),
        aum=_complete(columns.get("aum"), kept),
        texts=texts.get("text"),
        labels=texts.get("label"),
        predicted=texts.get("predicted_label"),
        notes=(*([how] if how else []), *notes),
    )


def _rows_on_map(
    table: Table, columns: Mapping[str, NDArray[np.float64]]
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which rows have all statistics; those with none are noted, those with some are refused."""
    missing = np.stack([np.isnan(values) for values in columns.values()])
    some = missing.any(axis=0) & ~missing.all(axis=0)
    if some.any():
        row = int(some.argmax())
        column = list(columns)[int(missing[:, row].argmax())]
        raise CartographyError(
            f"{table.location}, {table.row_name(row)}, column {column!r} is empty: every row "
            "needs a number"
        )
    kept = np.asarray(~missing.any(axis=0))
    if not kept.any():
        raise CartographyError(f"{table.location} has no row with statistics of a data map")
    left = int((~kept).sum())
    note = f"{count_noun(left, 'row')} without statistics left out: not on the map"
    return kept, [note] if left else []


def _read_correctness(
    table: Table,
    column: str,
    values: NDArray[np.float64],
    kept: NDArray[np.bool_],
    epochs: int | None,
) -> tuple[NDArray[np.float64], int, str]:
    """The fractions, the number of epochs, and how it was found."""
    filled = np.where(kept, values, 0)
    if filled.max() > 1:
        filled = read_range(table, column, filled, 0, _MOST_EPOCHS)
        broken = filled != np.floor(filled)
        if broken.any():
            row = int(broken.argmax())
            raise CartographyError(
                f"{table.location}, {table.row_name(row)}, column {column!r} has "
                f"{filled[row]:g}: give whole counts of epochs, or fractions from 0 to 1"
            )
        largest = int(filled.max())
        if epochs is not None and epochs < largest:
            raise CartographyError(
                f"{table.location} has a correctness of {largest}, a count of epochs, but "
                f"--epochs is {epochs}: give {largest} or more"
            )
        how = "" if epochs else f"{largest} epochs, the largest correctness in the file"
        return filled[kept] / (epochs or largest), epochs or largest, how
    fraction = read_range(table, column, filled, 0, 1)[kept]
    if epochs is not None:
        return fraction, epochs, ""
    levels = np.unique(fraction)
    for number in range(1, 1001):
        # Fractions may be rounded to six digits.
        if np.abs(levels * number - np.rint(levels * number)).max() <= min(1e-6 * number, 0.01):
            how = f"{count_noun(number, 'epoch')}, the fewest that give every correctness "
            return fraction, number, f"{how}(--epochs sets another)"
    raise CartographyError(
        f"{table.location}, column {column!r} does not show the number of epochs: give it with "
        "--epochs"
    )


def _read_forgetfulness(
    table: Table, values: NDArray[np.float64] | None, kept: NDArray[np.bool_]
) -> NDArray[np.int64] | None:
    complete = _complete(values, kept)
    if complete is None:
        return None
    wrong = (complete < 0) | (complete != np.floor(complete)) | (complete > 1e9)
    if wrong.any():
        row = int(np.flatnonzero(kept)[int(wrong.argmax())])
        raise CartographyError(
            f"{table.location}, {table.row_name(row)}, column 'forgetfulness' has "
            f"{complete[wrong.argmax()]:g} and not a number of times"
        )
    return complete.astype(np.int64)


def _complete(
    values: NDArray[np.float64] | None, kept: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """The values of the rows on the map, None unless all of them have one."""
    if values is None or np.isnan(values[kept]).any():
        return None
    return values[kept]


def write_coordinates(path: Path, coordinates: Coordinates) -> None:
    """Write the coordinates of a data map as JSON lines.

    Parameters
    ----------
    path : Path
        Its lines have the fields guid, index, threshold_closeness, confidence, variability,
        correctness (a count of epochs) and, if it is known, forgetfulness.
    coordinates : Coordinates

    Raises
    ------
    CartographyError
        An id is neither a whole number nor a string, or the file cannot be written.
    """
    counts = np.rint(coordinates.correctness * coordinates.epochs).astype(np.int64)
    columns: dict[str, list[Any]] = {
        "threshold_closeness": (coordinates.confidence * (1 - coordinates.confidence)).tolist(),
        "confidence": coordinates.confidence.tolist(),
        "variability": coordinates.variability.tolist(),
        "correctness": counts.tolist(),
    }
    if coordinates.forgetfulness is not None:
        columns["forgetfulness"] = coordinates.forgetfulness.tolist()
    names = [id_as_json(item) for item in coordinates.ids]
    with (
        atomic_write(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        for index, (name, *values) in enumerate(zip(names, *columns.values(), strict=True)):
            fields = "".join(
                f',"{key}":{value!r}' for key, value in zip(columns, values, strict=True)
            )
            file.write(f'{{"guid":{name},"index":{index}{fields}}}\n')
