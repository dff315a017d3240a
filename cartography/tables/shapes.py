"""The shapes in which a JSON document holds the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartography.errors import CartographyError
from cartography.tables.limits import Limits
from cartography.tables.table import Record, value_kind

_USUAL_KEYS = ("data", "records", "rows", "items", "examples", "instances")
_LISTED = 8


def records_of(document: Any, location: str) -> tuple[list[Record], str]:
    """Find the records of a JSON document.

    Parameters
    ----------
    document : object
        A list of objects; an object with such a list below a key, at any depth; an object of
        columns (lists, or objects by row); or one of the forms of pandas' `to_json`.
    location : str
        Name of the file in errors.

    Returns
    -------
    records : list of dict
    note : str
        Where they were found; "" for a list of objects.

    Raises
    ------
    CartographyError
        The document has another shape.
    """
    if isinstance(document, list):
        return _checked(document, location), ""
    if not isinstance(document, dict):
        raise CartographyError(f"{location} is {value_kind(document)}; give a list of JSON objects")
    if _is_split(document):
        return _split(document, location), ""
    if columns := _columns(document):
        return columns, ""
    lists = dict(_lists_below(document, "", Limits.current().nesting))
    if not lists:
        _refuse_no_rows(document, location)
        return [document], ""  # one record
    usual = [path for path in lists if path.rpartition(".")[2] in _USUAL_KEYS]
    if len(lists) > 1 and len(usual) != 1:
        listed = ", ".join(repr(path) for path in list(lists)[:_LISTED])
        raise CartographyError(
            f"{location} has {len(lists):,} lists of objects ({listed}); give a file with one of "
            "them"
        )
    path = usual[0] if len(lists) > 1 else next(iter(lists))
    return _checked(lists[path], location), f"read from the list {path!r}"


def _checked(items: list[Any], location: str) -> list[Record]:
    if items and all(isinstance(item, list) for item in items):
        raise CartographyError(
            f"{location} is a list of lists, which have no column names; give a list of JSON "
            "objects"
        )
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise CartographyError(
                f"{location}, item {number:,} is {value_kind(item)}; give a list of JSON objects"
            )
    return items


def _is_split(document: Mapping[str, Any]) -> bool:
    """Whether this is pandas' form of columns, index and a list of rows."""
    names, rows = document.get("columns"), document.get("data")
    return (
        isinstance(names, list)
        and isinstance(rows, list)
        and all(isinstance(row, list) for row in rows)
    )


def _split(document: Mapping[str, Any], location: str) -> list[Record]:
    names = [str(name) for name in document["columns"]]
    if len(set(names)) < len(names):
        raise CartographyError(f"{location} has several columns of one name: rename all but one")
    for number, row in enumerate(document["data"], 1):
        if len(row) != len(names):
            raise CartographyError(
                f"{location}, item {number:,} of 'data' has {len(row):,} values but 'columns' has "
                f"{len(names):,}: make them equal"
            )
    return [dict(zip(names, row, strict=True)) for row in document["data"]]


def _refuse_no_rows(document: Mapping[str, Any], location: str) -> None:
    """Refuse columns of different lengths, and a list of records that is empty."""
    lists = {name: value for name, value in document.items() if isinstance(value, list)}
    if len(lists) > 1 and len(lists) == len(document):
        lengths = ", ".join(
            f"{name!r} {len(value):,}" for name, value in [*lists.items()][:_LISTED]
        )
        raise CartographyError(
            f"{location} has columns of different lengths ({lengths}): make them equal"
        )
    for name in _USUAL_KEYS:
        if lists.get(name) == []:
            raise CartographyError(f"{location} has no rows in {name!r}; give a file with rows")


def _columns(document: Mapping[str, Any]) -> list[Record]:
    """The rows of an object of columns or of rows; empty if it is neither."""
    values = list(document.values())
    if not values:
        return []
    if all(isinstance(value, list) for value in values):
        lengths = {len(value) for value in values}
        if len(lengths) == 1 and not any(isinstance(value[0], dict) for value in values if value):
            return [dict(zip(document, row, strict=True)) for row in zip(*values, strict=True)]
        return []
    if not all(isinstance(value, dict) for value in values):
        return []
    if any(value.keys() != values[0].keys() for value in values):
        return []
    inner = list(values[0])
    # Rows are numbered; else there are more rows than columns.
    is_of_rows = all(name.isdecimal() for name in document)
    is_of_columns = not is_of_rows and all(name.isdecimal() for name in inner)
    if not (is_of_rows or is_of_columns):
        if len(values) < 2:
            return []
        is_of_rows = len(document) > len(inner)
    if is_of_rows:
        return [dict(value) for value in values]
    return [{name: document[name][key] for name in document} for key in inner]


def _lists_below(
    document: Mapping[str, Any], path: str, depth: int
) -> Iterator[tuple[str, list[Any]]]:
    """The paths of lists of objects in an object."""
    if depth == 0:
        return
    for name, value in document.items():
        inner = f"{path}.{name}" if path else name
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield inner, value
        elif isinstance(value, dict):
            yield from _lists_below(value, inner, depth - 1)
