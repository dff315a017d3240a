"""Lines, bands, panels and names, as every chart draws them."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.palette import NEUTRAL, STRATEGY_COLOURS
from cartography.formatting import strategy_name
from cartography.models.presets import PAPER, PRESETS

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

_MARKERS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "x",
    "cross",
    "star",
    "hexagon",
    "triangle-down",
)


# A series may be called by the short name of its strategy or as a reader is told.
_STRATEGY_OF = {strategy_name(strategy): strategy for strategy in STRATEGY_COLOURS}


def escape_name(name: str, most: int = 28) -> str:
    """`name` as a chart writes it: at most `most` characters, and none of them read as markup."""
    return escape(name if len(name) <= most else f"{name[: most - 1]}…", quote=False)


def line_marks(place: int) -> dict[str, str]:
    """The dash and the marker symbol of the line at `place`; neighbours differ in both."""
    return {"dash": _DASHES[place % len(_DASHES)], "symbol": _MARKERS[place % len(_MARKERS)]}


def style_of(name: str, place: int) -> dict[str, str]:
    """Colour, dash and symbol of a name: a strategy's own, or those of its `place`.

    What is named after a strategy and a method, as in "CAL, released", has the strategy's colour
    with a dash and a symbol of its own.
    """
    known = list(STRATEGY_COLOURS)
    plain, _, method = name.partition(", ")
    strategy = _STRATEGY_OF.get(plain, plain)
    if strategy not in STRATEGY_COLOURS:
        number = len(known) - 1 - place % len(known)
        return {"color": STRATEGY_COLOURS[known[number]], **line_marks(number)}
    presets = ["", *(preset for preset in PRESETS if preset != PAPER.name)]
    further = presets.index(method) if method in presets else len(presets) + place
    return {"color": STRATEGY_COLOURS[strategy], **line_marks(known.index(strategy) + further)}


def translucent(colour: str) -> str:
    """The colour `#rrggbb` as the fill of a band."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.18)"


def add_line(
    figure: go.Figure,
    name: str,
    style: Mapping[str, str],
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    hover: str,
    axis: int = 1,
    in_legend: bool = True,
    size: int = 7,
) -> None:
    """A line with markers, x (k,) and y (k,), on the panel `axis` (from 1)."""
    number = str(axis) if axis > 1 else ""
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            name=name,
            legendgroup=name,
            showlegend=in_legend,
            mode="lines+markers",
            line={"color": style["color"], "dash": style["dash"], "width": 2},
            marker={"color": style["color"], "symbol": style["symbol"], "size": size},
            hovertemplate=hover,
            xaxis=f"x{number}",
            yaxis=f"y{number}",
        )
    )


def add_band(
    figure: go.Figure,
    name: str,
    colour: str,
    x: NDArray[Any],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    *,
    axis: int = 1,
    group: str = "",
    in_legend: bool = False,
) -> None:
    """The area between `low` (k,) and `high` (k,) at x (k,), left open where either is not a
    number; it comes and goes with the line of the legend that is called `group`.
    """
    number = str(axis) if axis > 1 else ""
    known = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    across: list[NDArray[np.float64]] = []
    along: list[NDArray[np.float64]] = []
    for piece in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        # A point that is not a number parts two areas.
        gap = np.full(1 if across else 0, np.nan)
        across += [gap, x[piece], x[piece][::-1]]
        along += [gap, high[piece], low[piece][::-1]]
    figure.add_trace(
        go.Scatter(
            x=np.concatenate(across),
            y=np.concatenate(along),
            name=name,
            legendgroup=group or name,
            showlegend=in_legend,
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillcolor=translucent(colour),
            hoverinfo="skip",
            xaxis=f"x{number}",
            yaxis=f"y{number}",
        )
    )


def add_reference(
    figure: go.Figure,
    name: str,
    value: float,
    span: tuple[float, float],
    *,
    axis: int = 1,
    in_legend: bool = True,
) -> None:
    """A quiet horizontal line at `value` over the `span` of x on the panel `axis`.

    What it is stands in the legend: words on the line would cover curves that cross it.
    """
    number = str(axis) if axis > 1 else ""
    figure.add_trace(
        go.Scatter(
            x=span,
            y=(value, value),
            name=name,
            legendgroup=name,
            showlegend=in_legend,
            mode="lines",
            line={"color": NEUTRAL, "dash": "dash", "width": 2},
            hoverinfo="skip",
            xaxis=f"x{number}",
            yaxis=f"y{number}",
        )
    )


def lay_out_panels(
    figure: go.Figure,
    titles: Sequence[str],
    *,
    x: str,
    ranges: Sequence[tuple[float, float]],
) -> None:
    """Set the axes of panels side by side: each with its title above it, `x` below it and its
    range of y.
    """
    gap = 0.195 / len(titles)
    width = (1 - gap * (len(titles) - 1)) / len(titles)
    figure.update_layout(margin={"l": 36, "t": 40}, legend={"y": 1.12})
    for panel, (title, limits) in enumerate(zip(titles, ranges, strict=True)):
        number = str(panel + 1) if panel else ""
        left = panel * (width + gap)
        figure.update_layout(
            {
                f"xaxis{number}": {
                    "domain": (left, min(1.0, left + width)),
                    "anchor": f"y{number}",
                    "title": {"text": x},
                    "zeroline": False,
                },
                f"yaxis{number}": {"anchor": f"x{number}", "range": limits, "zeroline": False},
            }
        )
        # Above the panel: at its side it would stand on the panel before it.
        figure.add_annotation(
            x=left,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            yshift=4,
            text=title,
            showarrow=False,
        )


def mean_and_range(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean, lowest and highest over the first axis of (S, ...), of the values that are numbers;
    NaN where none is.
    """
    known = np.isfinite(values)
    some = known.any(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    mean = np.where(some, total / np.maximum(known.sum(axis=0), 1), np.nan)
    low = np.where(some, np.where(known, values, np.inf).min(axis=0), np.nan)
    high = np.where(some, np.where(known, values, -np.inf).max(axis=0), np.nan)
    return mean, low, high


def padded_range(values: NDArray[Any], *, least: float, most: float) -> tuple[float, float] | None:
    """A range of an axis with room on both sides of `values`, `least` or a tenth of their span."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = float(finite.min()), float(finite.max())
    room = max(least, 0.1 * (high - low))
    return max(0.0, low - room), min(most, high + room)
