"""Data sets of the library `datasets`, saved on disk with a column of class labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from cartography.errors import CartographyError
from cartography.formats.export import plain_column
from cartography.formats.tool_records import classes_of, items_of

_LABELS = ("label", "predicted_label")
_NO_LABEL = -1  # as in the Hub's data sets whose test labels are withheld


def write_dataset(items: pd.DataFrame, folder: Path, classes: Sequence[str] = ()) -> None:
    """Write a data set that `datasets.load_from_disk` reads.

    Parameters
    ----------
    items : pandas.DataFrame
        With `id` and `text`, and perhaps `label`, `predicted_label` and others. The two columns of
        labels become integers of one `ClassLabel`; -1 is no label.
    folder : Path
        New or empty.
    classes : sequence of str
        All classes of the corpus, in their order; by default those of `items`.

    Raises
    ------
    CartographyError
        The package `datasets` is missing, or the folder is not empty or cannot be written.
    """
    try:
        import datasets
    except ImportError as error:
        raise CartographyError(
            "writing a data set needs the package `datasets`: "
            'pip install "cartography-explorer[hub]"'
        ) from error
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CartographyError(f"{folder} is not empty; name a new folder")
        frame, names = _encode(items, classes)
        columns = pa.Table.from_pandas(frame, preserve_index=False)
        features = datasets.Features.from_arrow_schema(columns.schema)
        for name in _LABELS:
            if name in features:
                features[name] = datasets.ClassLabel(names=names)
        bars = not datasets.are_progress_bars_disabled()
        datasets.disable_progress_bars()
        try:
            datasets.Dataset(columns.cast(features.arrow_schema)).save_to_disk(str(folder))
        finally:
            if bars:
                datasets.enable_progress_bars()
    except (OSError, pa.ArrowException) as error:
        raise CartographyError(f"{folder} cannot be written: {error}") from error


def _encode(items: pd.DataFrame, classes: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """The table with labels as positions in the classes, and the classes."""
    rows = items_of(items)
    names = classes_of(rows, classes)
    positions: dict[str | None, int] = {name: i for i, name in enumerate(names)}
    frame = pd.DataFrame({name: plain_column(items[name]) for name in items.columns})
    frame["id"] = [item.id for item in rows]
    frame["text"] = [item.text for item in rows]
    for name in _LABELS:
        if name in items.columns:
            labels = [item.label if name == "label" else item.predicted_label for item in rows]
            frame[name] = [positions.get(label, _NO_LABEL) for label in labels]
    return frame, names
