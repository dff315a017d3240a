"""Groups of the points of a data map, each with a colour and a shape."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartography.figures.palette import (
    BATCH_COLOURS,
    CLASS_COLOURS,
    CORRECTNESS,
    CORRECTNESS_SYMBOLS,
    HIGHLIGHT,
    MUTED,
    REGION_COLOURS,
    SEED_SET,
    SYMBOLS,
)
from cartography.maps.data_map import REGIONS, DataMap

_REGION_SYMBOLS = ("circle", "diamond", "x")


@dataclass(frozen=True, eq=False)
class Colouring:
    """n items split into g groups.

    Attributes
    ----------
    title : str
        Title of the legend.
    names : tuple of str, length g
        In the order of the legend. Where points overlap, the first group is drawn on top.
    group : int64 array, shape (n,)
        Index into `names`, `colours` and `symbols`; -1 if unknown.
    colours : tuple of str, length g
        As `#rrggbb`.
    symbols : tuple of str, length g
        Plotly marker symbols.
    """

    title: str
    names: tuple[str, ...]
    group: NDArray[np.int64]
    colours: tuple[str, ...]
    symbols: tuple[str, ...]


def by_correctness(data_map: DataMap) -> Colouring:
    """Group the items by level of correctness.

    Parameters
    ----------
    data_map : DataMap

    Returns
    -------
    Colouring
        Eleven levels (tenths) up to ten epochs, six levels (fifths) above.
    """
    step = 10 if data_map.epochs <= 10 else 5
    width = 10 // step
    levels = range(0, 11, width)
    return Colouring(
        title="correctness",
        names=tuple(_level_name(level, width) for level in levels),
        group=nearest_level(data_map.correctness, step),
        colours=tuple(CORRECTNESS[level] for level in levels),
        symbols=tuple(CORRECTNESS_SYMBOLS[level] for level in levels),
    )


def nearest_level(correctness: NDArray[np.float64], steps: int) -> NDArray[np.int64]:
    """Round correctness to levels; half a level always rounds up, unlike in `numpy.round`.

    Parameters
    ----------
    correctness : float64 array, shape (n,)
        In [0, 1]; NaN if unknown.
    steps : int
        Number of the highest level.

    Returns
    -------
    int64 array, shape (n,)
        Levels from 0 to `steps`; -1 for NaN.
    """
    nearest = np.floor(np.nan_to_num(correctness) * steps + 0.5 + 1e-9).astype(np.int64)
    return np.where(np.isfinite(correctness), nearest, -1)


def by_region(data_map: DataMap) -> Colouring:
    """Group the items by region, from hard-to-learn to easy-to-learn.

    Parameters
    ----------
    data_map : DataMap
        Its thresholds define the regions.

    Returns
    -------
    Colouring
    """
    names = REGIONS[::-1]
    return Colouring(
        title="region",
        names=names,
        group=len(REGIONS) - 1 - data_map.region,
        colours=tuple(REGION_COLOURS[name] for name in names),
        symbols=_REGION_SYMBOLS[::-1],
    )


def by_class(labels: NDArray[np.int64], classes: Sequence[str]) -> Colouring:
    """Group the items by class, the smallest class first so that it is not covered.

    Parameters
    ----------
    labels : int64 array, shape (n,)
        Index into `classes`; -1 if unknown.
    classes : sequence of str

    Returns
    -------
    Colouring
        One group per class, up to eight classes. Of more, the seven largest have a group each and
        the rest are "others".
    """
    labels = np.asarray(labels, dtype=np.int64)
    counts = np.bincount(labels[labels >= 0], minlength=len(classes))
    most = len(CLASS_COLOURS)
    kept = np.argsort(-counts, kind="stable")[: len(classes) if len(classes) <= most else most - 1]
    # A class keeps its colour while the counts change, unless it changes rank among the largest.
    style = {int(number): position for position, number in enumerate(np.sort(kept))}
    smallest_first = kept[::-1]
    names = [classes[number] for number in smallest_first]
    colours = [CLASS_COLOURS[style[int(number)]] for number in smallest_first]
    symbols = [SYMBOLS[style[int(number)]] for number in smallest_first]
    group_of = np.full(len(classes) + 1, -1)  # the last entry is that of label -1
    if len(kept) < len(classes):
        names.append(f"{len(classes) - len(kept)} others")
        colours.append(MUTED)
        symbols.append("circle")
        group_of[:-1] = len(kept)
    group_of[smallest_first] = np.arange(len(kept))
    return Colouring("class", tuple(names), group_of[labels], tuple(colours), tuple(symbols))


def by_batch(joined: NDArray[np.int64]) -> Colouring:
    """Group the items by the batch in which they joined the labelled set.

    Parameters
    ----------
    joined : int64 array, shape (n,)
        -1 if never, 0 for the seed set, k for batch k.

    Returns
    -------
    Colouring
        If there are more batches than colours, a group is a range of batches; the ranges are of
        equal length, except for the last.
    """
    joined = np.asarray(joined, dtype=np.int64)
    ranges = batch_ranges(int(joined.max(initial=0)))
    names = [batch_range_name(first, last) for first, last in ranges]
    colours = [*batch_colours(len(ranges))]
    symbols = [*SYMBOLS[1 : len(ranges) + 1]]
    width = ranges[0][1] if ranges else 1
    group = np.where(joined > 0, (joined - 1) // width, -1)
    for number, name, colour, symbol in (
        (0, "seed set", SEED_SET, SYMBOLS[-1]),
        (-1, "never picked", MUTED, "circle"),
    ):
        members = joined == number
        if members.any():
            group[members] = len(names)
            names.append(name)
            colours.append(colour)
            symbols.append(symbol)
    return Colouring("joined in", tuple(names), group, tuple(colours), tuple(symbols))


def batch_ranges(batches: int) -> list[tuple[int, int]]:
    """Split the batches 1 to `batches` into ranges that share a colour.

    Parameters
    ----------
    batches : int

    Returns
    -------
    list of (int, int)
        First and last batch of each range.
    """
    width = -(-batches // len(BATCH_COLOURS)) or 1
    return [(first, min(batches, first + width - 1)) for first in range(1, batches + 1, width)]


def batch_range_name(first: int, last: int) -> str:
    """Return the name of the range of batches `first` to `last`."""
    # With an en dash.
    return f"batch {first}" if first == last else f"batches {first}–{last}"  # noqa: RUF001


def batch_colours(ranges: int) -> tuple[str, ...]:
    """Return one colour per range of batches, evenly spaced on the scale."""
    positions = np.linspace(0, len(BATCH_COLOURS) - 1, ranges).round().astype(int)
    return tuple(BATCH_COLOURS[position] for position in positions)


def by_mask(name: str, mask: NDArray[np.bool_]) -> Colouring:
    """Group the items into those of a mask and the rest.

    Parameters
    ----------
    name : str
        Name of the masked group, such as the words of a search.
    mask : bool array, shape (n,)

    Returns
    -------
    Colouring
    """
    return Colouring(
        title="",
        names=(name, "the rest"),
        group=np.where(mask, 0, 1),
        colours=(HIGHLIGHT, MUTED),
        symbols=("diamond", "circle"),
    )


def by_split(data_map: DataMap, t_cor: float) -> Colouring:
    """Group the items into low-cor (correctness up to the threshold) and high-cor (above it).

    Parameters
    ----------
    data_map : DataMap
    t_cor : float
        In [0, 1].

    Returns
    -------
    Colouring
    """
    return Colouring(
        title=f"t_cor {t_cor:g}",
        names=("low-cor", "high-cor"),
        group=data_map.high_cor(t_cor).astype(np.int64),
        colours=(CORRECTNESS[0], CORRECTNESS[-1]),
        symbols=("x", "circle"),
    )


def _level_name(level: int, width: int) -> str:
    if width == 1:
        return f"{level / 10:.1f}"
    low, high = max(0.0, level / 10 - 0.1), min(1.0, level / 10 + 0.1)
    return f"{low:.1f}–{high:.1f}"  # noqa: RUF001 - an en dash
