"""Accuracy and batch statistics over the iterations (Figures 3 and 4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out
from cartography.figures.palette import STRATEGY_COLOURS

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


@dataclass(frozen=True, eq=False)
class Curve:
    """Test accuracy (k,) in [0, 1] by the number of labelled texts (k,) of one run.

    `name` says whose it is: a strategy's name gives the curve that strategy's colour, and curves
    of one name are seeds of one thing.
    """

    name: str
    labelled: NDArray[np.int64]
    accuracy: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BatchSeries:
    """Mean confidence, variability and correctness (k,) of the batches of one run, by iteration
    (k,); `name` as in `Curve`.
    """

    name: str
    iteration: NDArray[np.int64]
    confidence: NDArray[np.float64]
    variability: NDArray[np.float64]
    correctness: NDArray[np.float64]


def accuracy_figure(curves: Sequence[Curve]) -> go.Figure:
    """Test accuracy by labelled texts, a line for each name.

    Several curves of one name are drawn as their mean, with a band from the lowest to the highest,
    at the label counts that all of them have.
    """
    figure = go.Figure()
    for place, (name, group) in enumerate(_by_name(curves).items()):
        labelled = group[0].labelled
        for curve in group[1:]:
            labelled = np.intersect1d(labelled, curve.labelled)
        values = np.array(
            [curve.accuracy[np.isin(curve.labelled, labelled)] for curve in group]
        )  # (seeds, k)
        if len(group) > 1 and len(labelled):
            _add_band(figure, name, place, labelled, values)
        _add_line(
            figure,
            f"{name} ({len(group)} seeds)" if len(group) > 1 else name,
            _style(name, place),
            labelled,
            values.mean(axis=0) if len(labelled) else labelled,
            hover="%{x:,} labelled: %{y:.3f}",
        )
    lay_out(figure, x="labelled texts", y="test accuracy", legend=len(curves) > 1)
    figure.update_xaxes(tickformat=",")
    if curves:
        accuracies = np.concatenate([curve.accuracy for curve in curves])
        labels = np.concatenate([curve.labelled for curve in curves])
        figure.update_yaxes(range=_around(accuracies, least=0.05, most=1.0))
        # A single point would otherwise stand on an axis of fractions of a text.
        figure.update_xaxes(range=_around(labels, least=20.0, most=np.inf))
    return figure


def batch_statistics_figure(series: Sequence[BatchSeries]) -> go.Figure:
    """Confidence, variability and correctness of each batch by iteration, in three panels, as in
    Figure 4: on the map of the training that the batch was first part of.
    """
    figure = go.Figure()
    panels = ("confidence", "variability", "correctness")
    domains = ((0.0, 0.29), (0.355, 0.645), (0.71, 1.0))
    for place, (name, group) in enumerate(_by_name(series).items()):
        for panel, statistic in enumerate(panels):
            for seed, one in enumerate(group):
                _add_line(
                    figure,
                    name,
                    _style(name, place),
                    one.iteration,
                    getattr(one, statistic),
                    hover=f"iteration %{{x}}: {statistic} %{{y:.2f}}",
                    axis=panel + 1,
                    in_legend=panel == 0 and seed == 0,
                )
    lay_out(figure, x="", y="", legend=len(_by_name(series)) > 1, height=320)
    figure.update_layout(margin={"l": 36, "t": 40}, legend={"y": 1.12})
    for panel, (statistic, domain) in enumerate(zip(panels, domains, strict=True)):
        number = str(panel + 1) if panel else ""
        top = 0.5 if statistic == "variability" else 1.0
        figure.update_layout(
            {
                f"xaxis{number}": {
                    "domain": domain,
                    "anchor": f"y{number}",
                    "title": {"text": "iteration"},
                    "zeroline": False,
                },
                f"yaxis{number}": {
                    "anchor": f"x{number}",
                    "range": (0, top * 1.03),
                    "zeroline": False,
                },
            }
        )
        # Above the panel: at its side it would stand on the panel before it.
        figure.add_annotation(
            x=domain[0],
            y=1,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            yshift=4,
            text=statistic,
            showarrow=False,
        )
    return figure


def _style(name: str, place: int) -> dict[str, Any]:
    """Colour, dash and marker of a name: a strategy's own, or those of its `place`."""
    known = list(STRATEGY_COLOURS)
    number = known.index(name) if name in known else len(known) - 1 - place % len(known)
    return {
        "color": STRATEGY_COLOURS[known[number]],
        "dash": _DASHES[number % len(_DASHES)],
        "symbol": _MARKERS[number % len(_MARKERS)],
    }


def _add_line(
    figure: go.Figure,
    name: str,
    style: Mapping[str, Any],
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    hover: str,
    axis: int = 1,
    in_legend: bool = True,
) -> None:
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
            marker={"color": style["color"], "symbol": style["symbol"], "size": 7},
            hovertemplate=hover,
            xaxis=f"x{number}",
            yaxis=f"y{number}",
        )
    )


def _add_band(
    figure: go.Figure,
    name: str,
    place: int,
    x: NDArray[np.int64],
    values: NDArray[np.float64],
) -> None:
    """The area between the lowest and the highest of `values` (seeds, k)."""
    figure.add_trace(
        go.Scatter(
            x=np.concatenate([x, x[::-1]]),
            y=np.concatenate([values.max(axis=0), values.min(axis=0)[::-1]]),
            name=f"{name}, lowest to highest",
            legendgroup=name,
            showlegend=False,
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillcolor=_translucent(_style(name, place)["color"]),
            hoverinfo="skip",
        )
    )


def _translucent(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.18)"


def _by_name(values: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for value in values:
        groups.setdefault(value.name, []).append(value)
    return groups


def _around(values: NDArray[Any], *, least: float, most: float) -> tuple[float, float] | None:
    """A range of an axis with room on both sides of `values`, `least` or a tenth of their span."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = float(finite.min()), float(finite.max())
    room = max(least, 0.1 * (high - low))
    return max(0.0, low - room), min(most, high + room)
