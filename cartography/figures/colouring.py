"""What the colours and shapes of a map's points say: a value, and the ways to make one."""

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
    QUIET,
    REGION_COLOURS,
    SEED_SET,
    SYMBOLS,
)
from cartography.maps.data_map import REGIONS, DataMap

_REGION_SYMBOLS = ("circle", "diamond", "x")


@dataclass(frozen=True, eq=False)
class Colouring:
    """n items parted into g groups, each with a name, a colour and a shape.

    `group` (n,) is an index into `names`, `colours` and `symbols`, or -1 where it is unknown.
    The legend lists the groups in their order, under `title`; where points overlap, the first
    group lies on top.
    """

    title: str
    names: tuple[str, ...]
    group: NDArray[np.int64]
    colours: tuple[str, ...]
    symbols: tuple[str, ...]


def by_correctness(data_map: DataMap) -> Colouring:
    """The levels of correctness: tenths up to ten epochs, fifths above."""
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
    """The nearest of the levels 0 to `steps` to each item (n,); -1 where there is no correctness.

    Half a level goes up on every line of the scale, where NumPy's own rounding goes to even.
    """
    nearest = np.floor(np.nan_to_num(correctness) * steps + 0.5 + 1e-9).astype(np.int64)
    return np.where(np.isfinite(correctness), nearest, -1)


def by_region(data_map: DataMap) -> Colouring:
    """The regions under the map's thresholds, from hard-to-learn to easy-to-learn."""
    names = REGIONS[::-1]
    return Colouring(
        title="region",
        names=names,
        group=len(REGIONS) - 1 - data_map.region,
        colours=tuple(REGION_COLOURS[name] for name in names),
        symbols=_REGION_SYMBOLS[::-1],
    )


def by_class(labels: NDArray[np.int64], classes: Sequence[str]) -> Colouring:
    """The class of each label (n,), the smallest first so that none is covered; -1 is unknown.

    Eight classes have a colour and a shape each. Of more, the seven largest have, and the rest
    are "others".
    """
    labels = np.asarray(labels, dtype=np.int64)
    counts = np.bincount(labels[labels >= 0], minlength=len(classes))
    most = len(CLASS_COLOURS)
    kept = np.argsort(-counts, kind="stable")[: len(classes) if len(classes) <= most else most - 1]
    # A class keeps its colour while the counts change, unless it changes rank among the largest.
    places = np.sort(kept)
    style = {int(number): place for place, number in enumerate(places)}
    smallest_first = kept[::-1]
    names = [classes[number] for number in smallest_first]
    colours = [CLASS_COLOURS[style[int(number)]] for number in smallest_first]
    symbols = [SYMBOLS[style[int(number)]] for number in smallest_first]
    group_of = np.full(len(classes) + 1, -1)  # the last entry is that of label -1
    if len(kept) < len(classes):
        names.append(f"{len(classes) - len(kept)} others")
        colours.append(QUIET)
        symbols.append("circle")
        group_of[:-1] = len(kept)
    group_of[smallest_first] = np.arange(len(kept))
    return Colouring("class", tuple(names), group_of[labels], tuple(colours), tuple(symbols))


def by_batch(joined: NDArray[np.int64]) -> Colouring:
    """When each item joined the labelled set (n,): -1 never, 0 with the seed set, k with batch k.

    More batches than colours are put together into ranges of equal length.
    """
    joined = np.asarray(joined, dtype=np.int64)
    ranges = batch_ranges(int(joined.max(initial=0)))
    names = [batches_name(first, last) for first, last in ranges]
    colours = [*batch_colours(len(ranges))]
    symbols = [*SYMBOLS[1 : len(ranges) + 1]]
    width = ranges[0][1] if ranges else 1
    group = np.where(joined > 0, (joined - 1) // width, -1)
    for number, name, colour, symbol in (
        (0, "seed set", SEED_SET, SYMBOLS[-1]),
        (-1, "never picked", QUIET, "circle"),
    ):
        members = joined == number
        if members.any():
            group[members] = len(names)
            names.append(name)
            colours.append(colour)
            symbols.append(symbol)
    return Colouring("joined in", tuple(names), group, tuple(colours), tuple(symbols))


def batch_ranges(batches: int) -> list[tuple[int, int]]:
    """The first and last of the batches 1 to `batches` that share a colour."""
    width = -(-batches // len(BATCH_COLOURS)) or 1
    return [(first, min(batches, first + width - 1)) for first in range(1, batches + 1, width)]


def batches_name(first: int, last: int) -> str:
    """What a range of batches is called."""
    # A range is written with an en dash.
    return f"batch {first}" if first == last else f"batches {first}–{last}"  # noqa: RUF001


def batch_colours(ranges: int) -> tuple[str, ...]:
    """A colour for each of so many ranges of batches, spread over the scale."""
    spread = np.linspace(0, len(BATCH_COLOURS) - 1, ranges).round().astype(int)
    return tuple(BATCH_COLOURS[place] for place in spread)


def by_mask(name: str, mask: NDArray[np.bool_]) -> Colouring:
    """The items of `mask` (n,), such as the matches of a search called `name`, and the rest."""
    return Colouring(
        title="",
        names=(name, "the rest"),
        group=np.where(mask, 0, 1),
        colours=(HIGHLIGHT, QUIET),
        symbols=("diamond", "circle"),
    )


def by_split(data_map: DataMap, t_cor: float) -> Colouring:
    """The two sides of the threshold: low-cor, correctness up to `t_cor`, and high-cor above."""
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
    return f"{low:.1f}–{high:.1f}"  # noqa: RUF001 - a range is written with an en dash
