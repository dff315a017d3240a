"""Trails of picked texts over the maps of later iterations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.colouring import batch_colours, batch_range_name, batch_ranges
from cartography.figures.layout import MODEBAR, legend_below, map_axes, paper_note
from cartography.figures.marks import escape_name
from cartography.figures.palette import SYMBOLS, TRANSPARENT

MOST_TRAILS = 60
"""The largest number of trails drawn; of more, a selection evenly spaced over the batches."""


@dataclass(frozen=True, eq=False)
class Trail:
    """The positions of one picked text on the maps of the iterations since it was picked.

    Attributes
    ----------
    name : str
        Name for display.
    iterations : int64 array, shape (k,)
        Ascending.
    variability, confidence : float64 arrays, shape (k,)
        On the map of each iteration.
    joined : int
        Number of the batch that contains the text, from 1.
    """

    name: str
    iterations: NDArray[np.int64]
    variability: NDArray[np.float64]
    confidence: NDArray[np.float64]
    joined: int


def trails_figure(trails: Sequence[Trail]) -> go.Figure:
    """Plot one thin line per trail, coloured by batch, with its last position marked.

    Parameters
    ----------
    trails : sequence of Trail
        Of more than `MOST_TRAILS`, that many are drawn, evenly spaced over the batches. Trails
        without a position are not drawn.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    in_order = sorted((trail for trail in trails if len(trail.iterations)), key=_batch)
    positions = (
        np.linspace(0, len(in_order) - 1, min(len(in_order), MOST_TRAILS)).round().astype(int)
    )
    drawn = [in_order[position] for position in positions]
    ranges = batch_ranges(max((trail.joined for trail in in_order), default=0))
    colours = batch_colours(len(ranges))
    traces = []
    for (first, last), colour, symbol in zip(ranges, colours, SYMBOLS[1:], strict=False):
        group = [trail for trail in drawn if first <= trail.joined <= last]
        if group:
            traces += _traces(group, batch_range_name(first, last), colour, symbol)
    heading = f"{len(drawn):,} of {len(trails):,} shown" if len(drawn) < len(trails) else ""
    layout = {
        "height": 532,
        "margin": {"l": 56, "r": 8, "t": 30, "b": 60},
        "paper_bgcolor": TRANSPARENT,
        "plot_bgcolor": TRANSPARENT,
        "modebar": MODEBAR,
        "hovermode": "closest",
        "uirevision": "trails",
        "legend": legend_below("joined in"),
        **map_axes(),
        "annotations": [
            paper_note(
                heading, x=0, y=1, xanchor="left", yanchor="bottom", yshift=6, font={"size": 13}
            )
        ],
    }
    return go.Figure(traces, layout)


def _batch(trail: Trail) -> int:
    return trail.joined


def _traces(group: Sequence[Trail], name: str, colour: str, symbol: str) -> list[go.Scatter]:
    """All lines of a group as one trace, with gaps between them, and their last positions."""
    gap = np.array([np.nan])
    common = {"legendgroup": name, "name": name, "hovertemplate": "%{text}<extra></extra>"}
    lines = go.Scatter(
        x=np.concatenate([piece for trail in group for piece in (trail.variability, gap)]),
        y=np.concatenate([piece for trail in group for piece in (trail.confidence, gap)]),
        text=[
            text
            for trail in group
            for text in (*(_hover_text(trail, number) for number in trail.iterations), "")
        ],
        mode="lines",
        line={"color": colour, "width": 1.2},
        opacity=0.55,
        showlegend=False,
        **common,
    )
    ends = go.Scatter(
        x=np.array([trail.variability[-1] for trail in group]),
        y=np.array([trail.confidence[-1] for trail in group]),
        text=[_hover_text(trail, trail.iterations[-1]) for trail in group],
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 8},
        showlegend=True,
        **common,
    )
    return [lines, ends]


def _hover_text(trail: Trail, iteration: int) -> str:
    return f"{escape_name(trail.name, 60)}<br>batch {trail.joined}, map of iteration {iteration}"
