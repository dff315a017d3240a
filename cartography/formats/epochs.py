"""Training dynamics of several files joined by the ids of their items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.formats.typed_columns import shorten
from cartography.formatting import count_noun
from cartography.tables.table import Table


@dataclass(frozen=True, eq=False)
class RecordedDynamics:
    """What was computed from the logits of n items in E epochs.

    Attributes
    ----------
    ids : object array, shape (n,)
        In the order of the first epoch.
    gold : int64 array, shape (n,)
    values : tuple of arrays, shape (E, n, ...)
        The results of `measure`.
    notes : tuple of str
        Which items were left out.
    """

    ids: NDArray[np.object_]
    gold: NDArray[np.int64]
    values: tuple[NDArray[Any], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class MeasuredEpoch:
    """What was computed from the file of one epoch, in its own order.

    Attributes
    ----------
    table : Table
        The file.
    ids : object array, shape (n,)
        Whole numbers or strings.
    gold : int64 array, shape (n,)
    values : tuple of arrays, shape (n, ...)
    """

    table: Table
    ids: NDArray[np.object_]
    gold: NDArray[np.int64]
    values: tuple[NDArray[Any], ...]


def join_epochs(epochs: Sequence[MeasuredEpoch]) -> RecordedDynamics:
    """Join the files of all epochs.

    Parameters
    ----------
    epochs : sequence of MeasuredEpoch
        At least one.

    Returns
    -------
    RecordedDynamics
        Of the items that are in every epoch. If no two files have an item in common, all items,
        with one epoch.

    Raises
    ------
    CartographyError
        Less than half of the items are in every epoch, or a gold label changes.
    """
    distinct = {str(item) for epoch in epochs for item in epoch.ids}
    if len(epochs) > 1 and len(distinct) == sum(len(epoch.ids) for epoch in epochs):
        return _join_samples(epochs)
    return _join_items(epochs)


def _join_samples(epochs: Sequence[MeasuredEpoch]) -> RecordedDynamics:
    """Files that have no item in common: each item has one epoch."""
    values = tuple(
        np.concatenate(parts)[None] for parts in zip(*(e.values for e in epochs), strict=True)
    )
    return RecordedDynamics(
        ids=np.concatenate([epoch.ids for epoch in epochs]),
        gold=np.concatenate([epoch.gold for epoch in epochs]),
        values=values,
        notes=(
            f"each of the {len(epochs)} files has other items, as in a published sample: every "
            "item has one epoch, so its variability is 0",
        ),
    )


def _join_items(epochs: Sequence[MeasuredEpoch]) -> RecordedDynamics:
    """The items that are in all epochs, in the order of the first."""
    first = epochs[0]
    names = [str(item) for item in first.ids]
    rows = np.arange(len(names))[None].repeat(len(epochs), axis=0)
    others: dict[str, str] = {}  # items that the first epoch does not have, and where they are
    for number, epoch in enumerate(epochs[1:], start=1):
        at = {str(item): row for row, item in enumerate(epoch.ids)}
        rows[number] = [at.get(name, -1) for name in names]
        known = int((rows[number] >= 0).sum())
        if 2 * known < len(names):
            raise CartographyError(
                f"{epoch.table.location} has only {known:,} of the {len(names):,} guids of "
                f"{first.table.name}: every epoch must have the same items; remove the file if its "
                "epoch was cut short"
            )
        if known < len(at):
            for name in at.keys() - set(names):
                others.setdefault(name, f"{epoch.table.name}, {epoch.table.row_name(at[name])}")
    kept = (rows >= 0).all(axis=0)
    if 2 * kept.sum() < len(names):
        raise CartographyError(
            f"{first.table.location}: only {kept.sum():,} of its {len(names):,} guids are in every "
            "epoch; every epoch must have the same items"
        )
    rows = rows[:, kept]
    gold = first.gold[rows[0]]
    for epoch, order in zip(epochs, rows, strict=True):
        differs = epoch.gold[order] != gold
        if differs.any():
            item = int(differs.argmax())
            row = int(order[item])
            raise CartographyError(
                f"{epoch.table.location}, {epoch.table.row_name(row)} has gold {epoch.gold[row]} "
                f"for guid {shorten(str(epoch.ids[row]))!r}, but {first.table.name} has "
                f"{gold[item]}"
            )
    left = int((~kept).sum()) + len(others)
    notes: tuple[str, ...] = ()
    if left:
        missing = np.flatnonzero(~kept)
        name, where = (
            (names[missing[0]], first.table.name) if len(missing) else next(iter(others.items()))
        )
        notes = (
            f"{count_noun(left, 'item')} left out, not in every epoch: such as "
            f"{shorten(name)!r} of {where}",
        )
    values = tuple(
        np.stack([part[order] for part, order in zip(parts, rows, strict=True)])
        for parts in zip(*(epoch.values for epoch in epochs), strict=True)
    )
    return RecordedDynamics(first.ids[kept], gold, values, notes)
