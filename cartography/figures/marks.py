"""Lines, bands, panels and names, shared by all charts."""

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


# A series may have the short name of its strategy or the name for display.
_STRATEGY_OF = {strategy_name(strategy): strategy for strategy in STRATEGY_COLOURS}


def escape_name(name: str, max_length: int = 28) -> str:
    """Shorten `name` to `max_length` characters and escape its markup."""
    short = name if len(name) <= max_length else f"{name[: max_length - 1]}…"
    return escape(short, quote=False)


def line_style(position: int) -> dict[str, str]:
    """Return the dash and symbol of the line at `position`; neighbours differ in both."""
    return {
        "dash": _DASHES[position % len(_DASHES)],
        "symbol": _MARKERS[position % len(_MARKERS)],
    }


def series_style(name: str, position: int) -> dict[str, str]:
    """Return the style of a series.

    Parameters
    ----------
    name : str
        A strategy has its own style. A strategy with a method, as in "CAL, released", has the
        colour of the strategy with another dash and symbol.
    position : int
        Position of the series in the figure; decides the style of any other name.

    Returns
    -------
    dict
        "color", "dash" and "symbol".
    """
    strategies = list(STRATEGY_COLOURS)
    plain, _, method = name.partition(", ")
    strategy = _STRATEGY_OF.get(plain, plain)
    if strategy not in STRATEGY_COLOURS:
        number = len(strategies) - 1 - position % len(strategies)
        return {"color": STRATEGY_COLOURS[strategies[number]], **line_style(number)}
    presets = ["", *(preset for preset in PRESETS if preset != PAPER.name)]
    offset = presets.index(method) if method in presets else len(presets) + position
    return {"color": STRATEGY_COLOURS[strategy], **line_style(strategies.index(strategy) + offset)}


def translucent(colour: str) -> str:
    """Return the colour `#rrggbb` as the translucent fill of a band."""
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
    """Add a line with markers.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    name : str
        Name in the legend.
    style : mapping
        As from `series_style`.
    x, y : arrays, shape (k,)
    hover : str
        Plotly's hover template.
    axis : int
        Number of the panel, from 1.
    in_legend : bool
    size : int
        Of the markers, in pixels.
    """
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
    """Add the filled area between two curves, with gaps at NaN.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    name : str
        Name in the legend.
    colour : str
        As `#rrggbb`.
    x : array, shape (k,)
    low, high : float64 arrays, shape (k,)
    axis : int
        Number of the panel, from 1.
    group : str
        The legend entry that shows and hides the band. Default: its own.
    in_legend : bool
    """
    number = str(axis) if axis > 1 else ""
    finite = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    outline_x: list[NDArray[np.float64]] = []
    outline_y: list[NDArray[np.float64]] = []
    for piece in np.split(finite, np.flatnonzero(np.diff(finite) > 1) + 1):
        # A NaN point separates two areas.
        gap = np.full(1 if outline_x else 0, np.nan)
        outline_x += [gap, x[piece], x[piece][::-1]]
        outline_y += [gap, high[piece], low[piece][::-1]]
    figure.add_trace(
        go.Scatter(
            x=np.concatenate(outline_x),
            y=np.concatenate(outline_y),
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
    """Add a dashed grey horizontal line; its label is in the legend, where it covers no curve.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    name : str
        Name in the legend.
    value : float
        The y value.
    span : (float, float)
        First and last x.
    axis : int
        Number of the panel, from 1.
    in_legend : bool
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
    """Set the axes of panels next to each other.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    titles : sequence of str
        Title above each panel.
    x : str
        Title of the x axis of every panel.
    ranges : sequence of (float, float)
        Range of the y axis of each panel.
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
        # Above the panel: a title of the y axis would overlap the previous panel.
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
    """Compute mean and range over the seeds, ignoring NaN.

    Parameters
    ----------
    values : float64 array, shape (S, ...)
        One entry per seed.

    Returns
    -------
    mean, low, high : float64 arrays, shape (...)
        NaN if there is no finite value.
    """
    finite = np.isfinite(values)
    has_values = finite.any(axis=0)
    total = np.where(finite, values, 0.0).sum(axis=0)
    mean = np.where(has_values, total / np.maximum(finite.sum(axis=0), 1), np.nan)
    low = np.where(has_values, np.where(finite, values, np.inf).min(axis=0), np.nan)
    high = np.where(has_values, np.where(finite, values, -np.inf).max(axis=0), np.nan)
    return mean, low, high


def padded_range(
    values: NDArray[Any], *, min_padding: float, upper: float
) -> tuple[float, float] | None:
    """Compute the range of an axis with padding on both sides of the values.

    Parameters
    ----------
    values : float array, shape (k,)
        NaN is ignored.
    min_padding : float
        The padding is this, or a tenth of the span of the values if that is more.
    upper : float
        The range is clipped to 0 and `upper`.

    Returns
    -------
    (float, float) or None
        None if no value is finite.
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = float(finite.min()), float(finite.max())
    padding = max(min_padding, 0.1 * (high - low))
    return max(0.0, low - padding), min(upper, high + padding)
