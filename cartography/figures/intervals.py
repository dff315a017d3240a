"""Final accuracy by threshold, and labels saved against Random, over several seeds."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out
from cartography.figures.marks import (
    add_band,
    add_line,
    add_reference,
    escape_name,
    mean_and_range,
    padded_range,
    series_style,
)
from cartography.figures.palette import NEUTRAL


def sweep_figure(
    levels: NDArray[np.float64],
    accuracies: NDArray[np.float64],
    *,
    baseline: float | None = None,
) -> go.Figure:
    """Plot the final test accuracy of CAL against t_cor, Table 3 as a figure.

    Parameters
    ----------
    levels : float64 array, shape (L,)
        Values of t_cor.
    accuracies : float64 array, shape (S, L)
        Final accuracy of each seed at each level; NaN for a missing run.
    baseline : float, optional
        Mean final accuracy of Random, drawn as a horizontal line.

    Returns
    -------
    plotly.graph_objects.Figure
        The mean, a band from the lowest to the highest seed, and a faint point per seed. A level
        without any run is a gap.
    """
    figure = go.Figure()
    mean, low, high = mean_and_range(accuracies)
    style = series_style("cal", 0)
    is_known = np.isfinite(accuracies)
    if len(accuracies) > 1:
        add_band(figure, "lowest to highest", style["color"], levels, low, high, in_legend=True)
        figure.add_trace(
            go.Scatter(
                x=np.broadcast_to(levels, accuracies.shape)[is_known],
                y=accuracies[is_known],
                name="a seed",
                mode="markers",
                opacity=0.45,
                marker={"color": style["color"], "symbol": "circle-open", "size": 8},
                hovertemplate="t_cor %{x:.2f}: %{y:.3f}",
            )
        )
    add_line(figure, "mean", style, levels, mean, hover="t_cor %{x:.2f}: %{y:.3f}")
    lay_out(figure, x="t_cor", y="final test accuracy", legend=True)
    values = accuracies[is_known]
    if baseline is not None:
        values = np.append(values, baseline)
    figure.update_yaxes(range=padded_range(values, min_padding=0.02, upper=1.0))
    span = (-0.03, 1.03)
    figure.update_xaxes(range=span)
    if baseline is not None:
        add_reference(figure, f"Random: {baseline:.3f}", baseline, span)
    return figure


def labels_saved_figure(
    names: Sequence[str],
    mean: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> go.Figure:
    """Plot the labels saved against Random at equal accuracy.

    Parameters
    ----------
    names : sequence of str, length k
    mean : float64 array, shape (k,)
        NaN if there is nothing to compare; the figure then says so.
    low, high : float64 arrays, shape (k,)
        Bounds of the interval. If NaN, only the mean is drawn.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure()
    is_known = np.isfinite(mean)
    for position, name in enumerate(names):
        if not is_known[position]:
            figure.add_annotation(
                x=0,
                y=position,
                text="not comparable",
                showarrow=False,
                xanchor="left",
                xshift=6,
            )
            continue
        style = series_style(name, position)
        bounded = bool(np.isfinite(low[position]) and np.isfinite(high[position]))
        span = (
            f"{low[position]:,.0f} to {high[position]:,.0f}"
            if bounded
            else "one seed gives no interval"
        )
        figure.add_trace(
            go.Scatter(
                x=[mean[position]],
                y=[position],
                name=escape_name(name),
                mode="markers",
                marker={"color": style["color"], "symbol": style["symbol"], "size": 11},
                error_x={
                    "type": "data",
                    "array": [high[position] - mean[position] if bounded else 0.0],
                    "arrayminus": [mean[position] - low[position] if bounded else 0.0],
                    "color": style["color"],
                    "thickness": 3,
                    "width": 6,
                },
                hovertemplate=f"%{{x:,.0f}} labels saved ({span})",
            )
        )
    title = "labels saved against Random<br>(right of 0: fewer needed)"
    lay_out(figure, x=title, y="", legend=False, height=130 + 38 * max(1, len(names)))
    figure.add_shape(
        type="line",
        x0=0,
        x1=0,
        y0=0,
        y1=1,
        yref="y domain",
        layer="below",
        line={"width": 2, "dash": "dash", "color": NEUTRAL},
    )
    reach = np.abs(np.concatenate([mean, low, high]))
    reach = reach[np.isfinite(reach)]
    widest = 1.15 * max(float(reach.max()), 1.0) if len(reach) else 1.0
    figure.update_xaxes(range=(-widest, widest), tickformat=",", nticks=5)
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[escape_name(name, 16) for name in names],
        range=(len(names) - 0.5, -0.5),
        showgrid=False,
        automargin=True,
    )
    return figure
