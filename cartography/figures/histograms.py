"""Histograms of P(high-cor), of confidence under label noise, of a pool, and of text lengths."""

from collections.abc import Sequence
from functools import cache
from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out, paper_note
from cartography.figures.palette import CORRECTNESS, HIGHLIGHT, NEUTRAL

_BINS = 50
_CONFIDENCE_BINS = 25
_LENGTH_BARS = 40
_HATCHED = {"fillmode": "overlay", "fgcolor": "#ffffff", "fgopacity": 0.6, "size": 6}


def high_cor_histogram(
    probability: NDArray[np.float32], batch: NDArray[np.int64] | None = None
) -> go.Figure:
    """Plot the distribution of P(high-cor) over the pool in 50 bins.

    A dotted line marks the discriminator's decision boundary at 0.5.

    Parameters
    ----------
    probability : float32 array, shape (n,)
        P(high-cor) of each text of the pool, in [0, 1].
    batch : int64 array, shape (k,), optional
        Positions of the next batch in the pool. A band marks the range of its probabilities.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    counts, edges = np.histogram(probability, bins=_BINS, range=(0.0, 1.0))
    bars = _bars(edges, counts, "%{y:,} texts at P(high-cor) %{x:.2f}")
    shapes = [_vertical_line(0.5, "dot", NEUTRAL)]
    notes = []
    if batch is not None and len(batch):
        low, high = float(probability[batch].min()), float(probability[batch].max())
        shapes.append(_vertical_band(low, high))
        middle = (low + high) / 2
        caption = f"next batch: {len(batch):,} texts, P from {low:.3f} to {high:.3f}"
        notes.append(_note_above(middle, middle, caption))
    return go.Figure(bars, layout={**_pool_layout(), "shapes": shapes, "annotations": notes})


@cache
def _pool_layout() -> dict[str, Any]:
    """The layout of every histogram of P(high-cor).

    Cached: one is drawn at each move of a slider, and building the layout takes several times as
    long as everything else.
    """
    figure = go.Figure()
    title = "P(high-cor), boundary at 0.5 dotted"
    lay_out(figure, x=title, y="texts in the pool", legend=False, height=300)
    figure.update_layout(margin={"t": 40})
    figure.update_xaxes(range=(-0.01, 1.01), tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_yaxes(tickformat=",")
    layout: dict[str, Any] = figure.layout.to_plotly_json()
    # A new figure has the same template; passing the large dictionary would validate it again.
    del layout["template"]
    return layout


def noise_figure(confidence: NDArray[np.float64], flipped: NDArray[np.bool_]) -> go.Figure:
    """Plot the distributions of confidence of texts with flipped and with untouched labels.

    Parameters
    ----------
    confidence : float64 array, shape (n,)
        In [0, 1].
    flipped : bool array, shape (n,)
        Which labels were flipped.

    Returns
    -------
    plotly.graph_objects.Figure
        Each group in percent of itself, in 25 bins.
    """
    groups = (
        ("untouched", confidence[~flipped], CORRECTNESS[-1], ""),
        ("flipped", confidence[flipped], CORRECTNESS[0], "/"),
    )
    return _shares_of_groups(groups, "confidence")


def pool_figure(
    max_probability: NDArray[np.float32], batch: NDArray[np.float64], name: str = "next batch"
) -> go.Figure:
    """Plot how sure a model is of the texts of the pool, and of those of a batch.

    Parameters
    ----------
    max_probability : float32 array, shape (n,)
        Probability of the most probable class of each text of the pool, in [0, 1].
    batch : float64 array, shape (k,)
        The same of the texts of the batch.
    name : str
        Name of the batch in the legend.

    Returns
    -------
    plotly.graph_objects.Figure
        Each group in percent of itself, in 25 bins.
    """
    groups = (("pool", max_probability, NEUTRAL, ""), (name, batch, HIGHLIGHT, "/"))
    return _shares_of_groups(groups, "probability of the most probable class")


def _shares_of_groups(
    groups: Sequence[tuple[str, NDArray[Any], str, str]], title: str
) -> go.Figure:
    """Histograms of groups (name, values, colour, pattern) over each other."""
    figure = go.Figure()
    for name, values, colour, pattern in groups:
        counts, edges = np.histogram(values, bins=_CONFIDENCE_BINS, range=(0.0, 1.0))
        percent = 100 * counts / max(1, counts.sum())
        bars = _bars(edges, percent, f"%{{y:.1f}} % at {title} %{{x:.2f}}")
        bars.update(
            name=f"{name} ({len(values):,})",
            opacity=0.65,
            marker={"color": colour, "pattern": {"shape": pattern, **_HATCHED}},
        )
        figure.add_trace(bars)
    lay_out(figure, x=title, y="share of its group (%)", legend=True, height=320)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=(-0.01, 1.01))
    return figure


def lengths_figure(lengths: NDArray[np.int64]) -> go.Figure:
    """Plot the distribution of text lengths, with the median marked.

    Parameters
    ----------
    lengths : int64 array, shape (n,)
        Words per text.

    Returns
    -------
    plotly.graph_objects.Figure
        If the longest hundredth is much longer than the rest, it is one hatched bar at the end.
    """
    figure = go.Figure()
    title = "words in a text"
    if len(lengths):
        counts, edges, has_tail = count_lengths(lengths)
        bars = _bars(edges - 0.5, counts, "%{y:,} texts of %{customdata} words")
        names = [
            f"{low:,}" if high - low == 1 else f"{low:,} to {high - 1:,}"
            for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        ]
        shapes = [""] * len(counts)
        if has_tail:
            names[-1] = f"{edges[-2]:,} to {lengths.max():,}"
            shapes[-1] = "/"
            title += f" (last bar: {names[-1]})"
        bars.update(customdata=names, marker={"pattern": {"shape": shapes, **_HATCHED}})
        figure.add_trace(bars)
    lay_out(figure, x=title, y="texts", legend=False, height=300)
    figure.update_layout(margin={"t": 40})
    figure.update_xaxes(tickformat=",")
    figure.update_yaxes(tickformat=",")
    if len(lengths):
        median = float(np.median(lengths))
        figure.add_shape(_vertical_line(median, "dash", HIGHLIGHT))
        figure.add_annotation(
            _note_above(median, median / float(edges[-1]), f"median: {median:,g} words")
        )
    return figure


def count_lengths(
    lengths: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Count text lengths in at most 41 bars of equal width.

    Parameters
    ----------
    lengths : int64 array, shape (n,), n > 0
        Words per text.

    Returns
    -------
    counts : int64 array, shape (b,)
    edges : int64 array, shape (b + 1,)
        The first length of each bar, and the one after the last bar.
    has_tail : bool
        Whether the last bar also counts all longer texts.
    """
    longest = int(lengths.max())
    common = max(1, ceil(float(np.quantile(lengths, 0.99))))
    has_tail = longest > 1.5 * common
    width = max(1, ceil(((common if has_tail else longest) + 1) / _LENGTH_BARS))
    bars = (common if has_tail else longest) // width + 1 + has_tail
    bins = np.minimum(lengths // width, bars - 1)
    counts = np.bincount(bins, minlength=bars)
    return counts, np.arange(bars + 1) * width, has_tail


def _bars(edges: NDArray[Any], heights: NDArray[Any], hover: str) -> go.Bar:
    return go.Bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=heights,
        width=0.94 * np.diff(edges),
        marker={"color": NEUTRAL, "line": {"width": 0}},
        hovertemplate=f"{hover}<extra></extra>",
    )


def _vertical_line(x: float, dash: str, colour: str) -> dict[str, Any]:
    line = {"width": 2, "dash": dash, "color": colour}
    return {"type": "line", "yref": "y domain", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line}


def _vertical_band(low: float, high: float) -> dict[str, Any]:
    return {
        "type": "rect",
        "yref": "y domain",
        "x0": low,
        "x1": high,
        "y0": 0,
        "y1": 1,
        "fillcolor": "rgba(214, 0, 110, 0.2)",
        # The outline keeps a narrow band visible.
        "line": {"width": 1.5, "color": HIGHLIGHT},
    }


def _note_above(x: float, fraction: float, text: str) -> dict[str, Any]:
    """`text` above the plot at `x`, which is at `fraction` of the width, kept inside the figure."""
    anchor = "left" if fraction < 0.3 else "right" if fraction > 0.7 else "center"
    return paper_note(
        text, x=x, xref="x", xanchor=anchor, y=1, yanchor="bottom", yshift=4, font={"size": 12}
    )
