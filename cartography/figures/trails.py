"""Where picked texts went on the maps of the iterations after their batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.colouring import batch_colours, batch_ranges, batches_name
from cartography.figures.layout import MODEBAR, legend_below, note, plane
from cartography.figures.marks import escape_name
from cartography.figures.palette import CLEAR, SYMBOLS

MOST_TRAILS = 60
"""Trails drawn; of more, every so-many-th in the order of the batches is."""


@dataclass(frozen=True, eq=False)
class Trail:
    """The places of one picked text on the seed maps of the `iterations` (k,), in their order:
    its variability (k,) and confidence (k,). `name` is what a reader knows it by, `joined` the
    batch that brought it, from 1.
    """

    name: str
    iterations: NDArray[np.int64]
    variability: NDArray[np.float64]
    confidence: NDArray[np.float64]
    joined: int


def trails_figure(placed: Sequence[Trail]) -> go.Figure:
    """A thin line for each trail from the map of its batch on, its last place marked, coloured by
    the batch; of more than `MOST_TRAILS`, so many, spread evenly over the batches.
    """
    trails = sorted((trail for trail in placed if len(trail.iterations)), key=_batch)
    spaced = np.linspace(0, len(trails) - 1, min(len(trails), MOST_TRAILS)).round().astype(int)
    shown = [trails[place] for place in spaced]
    ranges = batch_ranges(max((trail.joined for trail in trails), default=0))
    colours = batch_colours(len(ranges))
    traces = []
    for (first, last), colour, symbol in zip(ranges, colours, SYMBOLS[1:], strict=False):
        group = [trail for trail in shown if first <= trail.joined <= last]
        if group:
            traces += _traces(group, batches_name(first, last), colour, symbol)
    said = f"{len(shown):,} of {len(placed):,} shown" if len(shown) < len(placed) else ""
    layout = {
        "height": 520,
        "margin": {"l": 56, "r": 8, "t": 30, "b": 48},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "modebar": MODEBAR,
        "hovermode": "closest",
        "uirevision": "trails",
        "legend": legend_below("joined in"),
        **plane(),
        "annotations": [
            note(said, x=0, y=1, xanchor="left", yanchor="bottom", yshift=6, font={"size": 13})
        ],
    }
    return go.Figure(traces, layout)


def _batch(trail: Trail) -> int:
    return trail.joined


def _traces(group: Sequence[Trail], name: str, colour: str, symbol: str) -> list[go.Scatter]:
    """The lines of a group as one trace, with gaps between them, and their last places."""
    gap = np.array([np.nan])
    common = {"legendgroup": name, "name": name, "hovertemplate": "%{text}<extra></extra>"}
    lines = go.Scatter(
        x=np.concatenate([part for trail in group for part in (trail.variability, gap)]),
        y=np.concatenate([part for trail in group for part in (trail.confidence, gap)]),
        text=[
            text
            for trail in group
            for text in (*(_place(trail, number) for number in trail.iterations), "")
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
        text=[_place(trail, trail.iterations[-1]) for trail in group],
        mode="markers",
        marker={"color": colour, "symbol": symbol, "size": 8},
        showlegend=True,
        **common,
    )
    return [lines, ends]


def _place(trail: Trail, iteration: int) -> str:
    return f"{escape_name(trail.name, 60)}<br>batch {trail.joined}, map of iteration {iteration}"
