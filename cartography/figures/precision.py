"""Precision of rankings by depth."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out
from cartography.figures.marks import add_band, add_line, add_reference, escape_name, line_style
from cartography.figures.palette import CLASS_COLOURS

_BESIDE = 1.16  # ratio of two depths whose tick labels do not touch


def precision_figure(
    names: Sequence[str],
    depths: NDArray[np.int64],
    mean: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    *,
    chance: float,
) -> go.Figure:
    """Plot how many of the first k texts of each ranking are hits.

    Parameters
    ----------
    names : sequence of str, length R
        Names of the rankings.
    depths : int64 array, shape (K,)
        Values of k, rising.
    mean, low, high : float64 arrays, shape (R, K)
        Precision over the seeds, in [0, 1].
    chance : float
        Precision of a random order.

    Returns
    -------
    plotly.graph_objects.Figure
        A line per ranking with a band from the lowest to the highest seed, over a logarithmic k.
    """
    figure = go.Figure()
    for position, name in enumerate(names):
        colour = CLASS_COLOURS[position % len(CLASS_COLOURS)]
        label = escape_name(name)
        add_band(
            figure, f"{label} range", colour, depths, low[position], high[position], group=label
        )
        add_line(
            figure,
            label,
            {"color": colour, **line_style(position)},
            depths,
            mean[position],
            hover="of the first %{x:,}: %{y:.0%}",
        )
    span = (float(depths[0]), float(depths[-1]))
    add_reference(figure, f"random order: {chance:.0%}", chance, span)
    lay_out(figure, x="first k labels of the ranking", y="of these wrong", legend=True)
    figure.update_yaxes(range=(-0.02, 1.02), tickformat=".0%")
    ticks = [int(depths[0])]
    for depth in depths[1:].tolist():
        if depth / ticks[-1] >= _BESIDE:
            ticks.append(depth)
    margin = 0.04 * max(0.5, float(np.log10(span[1] / span[0])))
    figure.update_xaxes(
        type="log",
        range=(np.log10(span[0]) - margin, np.log10(span[1]) + margin),
        tickvals=ticks,
        ticktext=[f"{depth:,}" for depth in ticks],
    )
    return figure
