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
    style_of,
)


@dataclass(frozen=True, eq=False)
class Curve:
    """Test accuracy (k,) in [0, 1] by the number of labelled texts (k,) of one run.

    `name` says whose it is: a strategy's name, short or the paper's, gives the curve that
    strategy's colour, and curves of one name are seeds of one thing.
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


def accuracy_figure(
    curves: Sequence[Curve], *, of: int | None = None, full: float | None = None
) -> go.Figure:
    """Test accuracy by labelled texts, a line for each name, as in Figure 3.

    Several curves of one name are drawn as their mean, with a band from the lowest to the highest,
    at the label counts that all of them have. With `of`, how many texts could be labelled, the
    axis is in percent of the data. `full`, the accuracy with all labels, is a line across.
    """
    figure = go.Figure()
    unit = 1.0 if of is None else 100 / of
    for place, (name, group) in enumerate(_by_name(curves).items()):
        labelled = group[0].labelled
        for curve in group[1:]:
            labelled = np.intersect1d(labelled, curve.labelled)
        values = np.array(
            [curve.accuracy[np.isin(curve.labelled, labelled)] for curve in group], dtype=np.float64
        )  # (seeds, k)
        mean, low, high = mean_and_range(values)
        said = f"{escape_name(name)} ({len(group)} seeds)" if len(group) > 1 else escape_name(name)
        style = style_of(name, place)
        x = labelled if of is None else labelled * unit
        if len(group) > 1 and len(labelled):
            add_band(
                figure,
                f"{escape_name(name)}, lowest to highest",
                style["color"],
                x,
                low,
                high,
                group=said,
            )
        counted = "%{x:,} labelled" if of is None else "%{x:.1f} % labelled"
        add_line(figure, said, style, x, mean, hover=f"{counted}: %{{y:.3f}}")
    title = "labelled texts" if of is None else "labelled texts (% of the data)"
    lay_out(figure, x=title, y="test accuracy", legend=len(curves) > 1 or full is not None)
    figure.update_xaxes(tickformat="," if of is None else None)
    if curves:
        accuracies = np.concatenate([curve.accuracy for curve in curves])
        if full is not None:
            accuracies = np.append(accuracies, full)
        labels = np.concatenate([curve.labelled for curve in curves])
        figure.update_yaxes(range=padded_range(accuracies, least=0.05, most=1.0))
        # A single point would otherwise stand on an axis of fractions of a text.
        span = padded_range(labels * unit, least=20.0 * unit, most=np.inf)
        figure.update_xaxes(range=span)
        if full is not None and span is not None:
            add_reference(figure, f"all labels: {full:.3f}", full, span)
    return figure


def batch_statistics_figure(series: Sequence[BatchSeries]) -> go.Figure:
    """Confidence, variability and correctness of each batch by iteration, in three panels, as in
    Figure 4: on the map of the training that the batch was first part of.
    """
    figure = go.Figure()
    panels = ("confidence", "variability", "correctness")
    groups = _by_name(series)
    for place, (name, group) in enumerate(groups.items()):
        for panel, statistic in enumerate(panels):
            for seed, one in enumerate(group):
                add_line(
                    figure,
                    escape_name(name),
                    style_of(name, place),
                    one.iteration,
                    getattr(one, statistic),
                    hover=f"iteration %{{x}}: {statistic} %{{y:.2f}}",
                    axis=panel + 1,
                    in_legend=panel == 0 and seed == 0,
                )
    lay_out(figure, x="", y="", legend=len(groups) > 1, height=320)
    ranges = ((0, 1.03), (0, 0.515), (0, 1.03))
    lay_out_panels(figure, panels, x="iteration", ranges=ranges)
    return figure


def _by_name(values: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for value in values:
        groups.setdefault(value.name, []).append(value)
    return groups
