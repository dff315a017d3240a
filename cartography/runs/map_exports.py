"""A data map in the forms of other tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cartography.errors import CartographyError
from cartography.formats.aum import AumValues, write_aum
from cartography.formats.coordinates import Coordinates, write_coordinates
from cartography.formats.embedding_atlas import write_embedding_atlas
from cartography.formats.export import write_table
from cartography.runs.opened import OpenedMap


def export_map(opened: OpenedMap, form: str, path: Path) -> None:
    """Write a data map to a file.

    Parameters
    ----------
    opened : OpenedMap
    form : str
        A key of `MAP_FORMS`: "csv", "coordinates" (Dataset Cartography), "aum" or "atlas"
        (Embedding Atlas, with the variability as x and the confidence as y).
    path : Path

    Raises
    ------
    CartographyError
        The map lacks what the form needs, or the file cannot be written.
    """
    MAP_FORMS[form](opened, path)


def _write_csv(opened: OpenedMap, path: Path) -> None:
    write_table(opened.to_frame(), path, "csv")


def _write_coordinates(opened: OpenedMap, path: Path) -> None:
    data_map = opened.data_map
    write_coordinates(
        path,
        Coordinates(
            data_map.ids,
            data_map.confidence,
            data_map.variability,
            data_map.correctness,
            data_map.epochs,
            data_map.forgetfulness,
        ),
    )


def _write_aum(opened: OpenedMap, path: Path) -> None:
    if opened.data_map.aum is None:
        raise CartographyError(
            f"{opened.name} has no areas under the margin: they take the logits of every epoch"
        )
    write_aum(path, AumValues(opened.data_map.ids, opened.data_map.aum))


def _write_atlas(opened: OpenedMap, path: Path) -> None:
    table = opened.to_frame()
    # Parquet has one type per column; ids may be numbers and texts.
    table["id"] = table["id"].astype(str)
    names = ["x", "y"]
    for name in table.columns:
        while name in names:
            name = f"{name} (data)"
        names.append(name)
    table.insert(0, "x", opened.data_map.variability, allow_duplicates=True)
    table.insert(1, "y", opened.data_map.confidence, allow_duplicates=True)
    write_embedding_atlas(path, table.set_axis(names, axis=1))


MAP_FORMS: Mapping[str, Callable[[OpenedMap, Path], None]] = {
    "csv": _write_csv,
    "coordinates": _write_coordinates,
    "aum": _write_aum,
    "atlas": _write_atlas,
}
"""The writer of each form of a map."""
