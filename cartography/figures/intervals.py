"""What a strategy comes to over its seeds: accuracy by threshold, and labels saved."""

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
    style_of,
)
from cartography.figures.palette import NEUTRAL


def sweep_figure(
    levels: NDArray[np.float64],
    accuracies: NDArray[np.float64],
    *,
    baseline: float | None = None,
) -> go.Figure:
    """Final test accuracy of CAL by t_cor, Table 3 as a figure: at each of the `levels` (L,) the
    mean of `accuracies` (S, L) over the seeds, a band from the lowest to the highest, and each
    seed as a faint point. NaN stands for a run that is not there; a level without any is a gap.
    `baseline`, the mean final accuracy of Random, is a line across.
    """
    figure = go.Figure()
    mean, low, high = mean_and_range(accuracies)
    style = style_of("cal", 0)
    seeds = np.isfinite(accuracies)
    if len(accuracies) > 1:
        add_band(figure, "lowest to highest", style["color"], levels, low, high, in_legend=True)
        figure.add_trace(
            go.Scatter(
                x=np.broadcast_to(levels, accuracies.shape)[seeds],
                y=accuracies[seeds],
                name="a seed",
                mode="markers",
                opacity=0.45,
                marker={"color": style["color"], "symbol": "circle-open", "size": 8},
                hovertemplate="t_cor %{x:.2f}: %{y:.3f}",
            )
        )
    add_line(figure, "mean", style, levels, mean, hover="t_cor %{x:.2f}: %{y:.3f}")
    lay_out(figure, x="t_cor", y="final test accuracy", legend=True)
    known = accuracies[seeds] if baseline is None else np.append(accuracies[seeds], baseline)
    figure.update_yaxes(range=padded_range(known, least=0.02, most=1.0))
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
    """Labels saved against Random at equal accuracy: for each of the k `names` a point at `mean`
    (k,) with an interval from `low` (k,) to `high` (k,), about a line at 0. A name whose bounds
    are NaN has a point alone, and one whose mean is NaN says that there is nothing to compare.
    """
    figure = go.Figure()
    known = np.isfinite(mean)
    for place, name in enumerate(names):
        if not known[place]:
            figure.add_annotation(
                x=0,
                y=place,
                text="not comparable",
                showarrow=False,
                xanchor="left",
                xshift=6,
            )
            continue
        style = style_of(name, place)
        bounded = bool(np.isfinite(low[place]) and np.isfinite(high[place]))
        span = (
            f"{low[place]:,.0f} to {high[place]:,.0f}" if bounded else "one seed gives no interval"
        )
        figure.add_trace(
            go.Scatter(
                x=[mean[place]],
                y=[place],
                name=escape_name(name),
                mode="markers",
                marker={"color": style["color"], "symbol": style["symbol"], "size": 11},
                error_x={
                    "type": "data",
                    "array": [high[place] - mean[place] if bounded else 0.0],
                    "arrayminus": [mean[place] - low[place] if bounded else 0.0],
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
