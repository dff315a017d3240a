"""Accuracy and batch statistics over the iterations (Figures 3 and 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out
from cartography.figures.marks import (
    add_band,
    add_line,
    add_reference,
    escape_name,
    lay_out_panels,
    mean_and_range,
    padded_range,
    series_style,
)


@dataclass(frozen=True, eq=False)
class Curve:
    """The learning curve of one run.

    Attributes
    ----------
    name : str
        Curves of the same name are seeds of the same configuration. The name of a strategy, short
        or as in the paper, gives the curve the colour of that strategy.
    labelled : int64 array, shape (k,)
        Numbers of labelled texts, ascending.
    accuracy : float64 array, shape (k,)
        Test accuracy, in [0, 1].
    """

    name: str
    labelled: NDArray[np.int64]
    accuracy: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BatchSeries:
    """Statistics of the batches of one run.

    Attributes
    ----------
    name : str
        As in `Curve`.
    iteration : int64 array, shape (k,)
    confidence, variability, correctness : float64 arrays, shape (k,)
        Means over the batch of each iteration.
    """

    name: str
    iteration: NDArray[np.int64]
    confidence: NDArray[np.float64]
    variability: NDArray[np.float64]
    correctness: NDArray[np.float64]


def accuracy_figure(
    curves: Sequence[Curve], *, of: int | None = None, full: float | None = None
) -> go.Figure:
    """Plot test accuracy against the number of labelled texts, as in Figure 3.

    Parameters
    ----------
    curves : sequence of Curve
        Curves of the same name are drawn as one line, their mean, with a band from the lowest to
        the highest, at the numbers of labels that all of them have.
    of : int, optional
        Number of texts that could be labelled. If given, the x axis is in percent of it.
    full : float, optional
        Accuracy with all labels, drawn as a horizontal line.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> curve = Curve("cal", np.array([500, 550]), np.array([0.71, 0.74]))
    >>> figure = accuracy_figure([curve], of=5_000, full=0.82)
    """
    figure = go.Figure()
    unit = 1.0 if of is None else 100 / of
    for position, (name, group) in enumerate(_group_by_name(curves).items()):
        labelled = group[0].labelled
        for curve in group[1:]:
            labelled = np.intersect1d(labelled, curve.labelled)
        values = np.array(
            [curve.accuracy[np.isin(curve.labelled, labelled)] for curve in group], dtype=np.float64
        )  # (seeds, k)
        mean, low, high = mean_and_range(values)
        legend = escape_name(name) + (f" ({len(group)} seeds)" if len(group) > 1 else "")
        style = series_style(name, position)
        x = labelled if of is None else labelled * unit
        if len(group) > 1 and len(labelled):
            add_band(
                figure,
                f"{escape_name(name)}, lowest to highest",
                style["color"],
                x,
                low,
                high,
                group=legend,
            )
        labels = "%{x:,} labelled" if of is None else "%{x:.1f} % labelled"
        add_line(figure, legend, style, x, mean, hover=f"{labels}: %{{y:.3f}}")
    title = "labelled texts" if of is None else "labelled texts (% of the data)"
    lay_out(figure, x=title, y="test accuracy", legend=len(curves) > 1 or full is not None)
    figure.update_xaxes(tickformat="," if of is None else None)
    if curves:
        accuracies = np.concatenate([curve.accuracy for curve in curves])
        if full is not None:
            accuracies = np.append(accuracies, full)
        label_counts = np.concatenate([curve.labelled for curve in curves])
        figure.update_yaxes(range=padded_range(accuracies, min_padding=0.05, upper=1.0))
        # The padding keeps the axis of a single point from having ticks at fractions of a text.
        span = padded_range(label_counts * unit, min_padding=20.0 * unit, upper=np.inf)
        figure.update_xaxes(range=span)
        if full is not None and span is not None:
            add_reference(figure, f"all labels: {full:.3f}", full, span)
    return figure


def batch_statistics_figure(series: Sequence[BatchSeries]) -> go.Figure:
    """Plot confidence, variability and correctness of the batches by iteration, as in Figure 4.

    Parameters
    ----------
    series : sequence of BatchSeries
        The values are from the map of the first training that includes the batch.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per statistic.
    """
    figure = go.Figure()
    panels = ("confidence", "variability", "correctness")
    groups = _group_by_name(series)
    for position, (name, group) in enumerate(groups.items()):
        for panel, statistic in enumerate(panels):
            for seed, run in enumerate(group):
                add_line(
                    figure,
                    escape_name(name),
                    series_style(name, position),
                    run.iteration,
                    getattr(run, statistic),
                    hover=f"iteration %{{x}}: {statistic} %{{y:.2f}}",
                    axis=panel + 1,
                    in_legend=panel == 0 and seed == 0,
                )
    lay_out(figure, x="", y="", legend=len(groups) > 1, height=320)
    ranges = ((0, 1.03), (0, 0.515), (0, 1.03))
    lay_out_panels(figure, panels, x="iteration", ranges=ranges)
    return figure


def _group_by_name(values: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for value in values:
        groups.setdefault(value.name, []).append(value)
    return groups
