"""Distributions as counted bars: P(high-cor), confidence under label noise, lengths."""

from functools import cache
from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out, note
from cartography.figures.palette import CORRECTNESS, HIGHLIGHT, NEUTRAL

_BINS = 50
_CONFIDENCE_BINS = 25
_LENGTH_BARS = 40
_HATCHED = {"fillmode": "overlay", "fgcolor": "#ffffff", "fgopacity": 0.6, "size": 6}


def high_cor_histogram(
    probability: NDArray[np.float32], batch: NDArray[np.int64] | None = None
) -> go.Figure:
    """P(high-cor) of the texts of the pool, `probability` (n,), counted in 50 bins over [0, 1].

    A dotted line marks the discriminator's boundary at 0.5, and a band reaches from the smallest
    to the largest probability in the next batch, given by its positions (k,) in the pool.
    """
    counts, edges = np.histogram(probability, bins=_BINS, range=(0.0, 1.0))
    bars = _bars(edges, counts, "%{y:,} texts at P(high-cor) %{x:.2f}")
    shapes = [_upright(0.5, "dot", NEUTRAL)]
    notes = []
    if batch is not None and len(batch):
        low, high = float(probability[batch].min()), float(probability[batch].max())
        shapes.append(_span(low, high))
        middle = (low + high) / 2
        said = f"next batch: {len(batch):,} texts, P from {low:.3f} to {high:.3f}"
        notes.append(_said_at(middle, middle, said))
    return go.Figure(bars, layout={**_pool_frame(), "shapes": shapes, "annotations": notes})


@cache
def _pool_frame() -> dict[str, Any]:
    """The layout that every histogram of P(high-cor) has. One is drawn at each move of a slider,
    and to build this anew would take several times what all the rest does.
    """
    figure = go.Figure()
    title = "P(high-cor), boundary at 0.5 dotted"
    lay_out(figure, x=title, y="texts in the pool", legend=False, height=300)
    figure.update_layout(margin={"t": 40})
    figure.update_xaxes(range=(-0.01, 1.01), tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_yaxes(tickformat=",")
    frame: dict[str, Any] = figure.layout.to_plotly_json()
    # A new figure brings its own, which is large, without checking it again.
    del frame["template"]
    return frame


def noise_figure(confidence: NDArray[np.float64], flipped: NDArray[np.bool_]) -> go.Figure:
    """Where flipped labels go: the `confidence` (n,) of the texts whose label was `flipped` (n,)
    against that of the untouched ones, each group as percent of itself in 25 bins over [0, 1].
    """
    figure = go.Figure()
    groups = (
        ("untouched", ~flipped, CORRECTNESS[-1], ""),
        ("flipped", flipped, CORRECTNESS[0], "/"),
    )
    for name, mask, colour, pattern in groups:
        counts, edges = np.histogram(confidence[mask], bins=_CONFIDENCE_BINS, range=(0.0, 1.0))
        percent = 100 * counts / max(1, counts.sum())
        bars = _bars(edges, percent, "%{y:.1f} % at confidence %{x:.2f}")
        bars.update(
            name=f"{name} ({mask.sum():,})",
            opacity=0.65,
            marker={"color": colour, "pattern": {"shape": pattern, **_HATCHED}},
        )
        figure.add_trace(bars)
    lay_out(figure, x="confidence", y="share of its group (%)", legend=True, height=320)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=(-0.01, 1.01))
    return figure


def lengths_figure(lengths: NDArray[np.int64]) -> go.Figure:
    """Words a text, `lengths` (n,), as a histogram with the median marked. The longest hundredth,
    where it reaches far beyond the rest, is gathered in one hatched bar at the end.
    """
    figure = go.Figure()
    title = "words in a text"
    if len(lengths):
        counts, firsts, gathered = count_lengths(lengths)
        bars = _bars(firsts - 0.5, counts, "%{y:,} texts of %{customdata} words")
        said = [
            f"{low:,}" if after - low == 1 else f"{low:,} to {after - 1:,}"
            for low, after in zip(firsts[:-1].tolist(), firsts[1:].tolist(), strict=True)
        ]
        shapes = [""] * len(counts)
        if gathered:
            said[-1] = f"{firsts[-2]:,} to {lengths.max():,}"
            shapes[-1] = "/"
            title += f" (last bar: {said[-1]})"
        bars.update(customdata=said, marker={"pattern": {"shape": shapes, **_HATCHED}})
        figure.add_trace(bars)
    lay_out(figure, x=title, y="texts", legend=False, height=300)
    figure.update_layout(margin={"t": 40})
    figure.update_xaxes(tickformat=",")
    figure.update_yaxes(tickformat=",")
    if len(lengths):
        median = float(np.median(lengths))
        figure.add_shape(_upright(median, "dash", HIGHLIGHT))
        figure.add_annotation(
            _said_at(median, median / float(firsts[-1]), f"median: {median:,g} words")
        )
    return figure


def count_lengths(
    lengths: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Counts (b,) of at most 41 bars over `lengths` (n,), n > 0; the first length of each bar and
    the one after the last (b + 1,); and whether the last bar gathers all longer texts as well.
    """
    most = int(lengths.max())
    common = max(1, ceil(float(np.quantile(lengths, 0.99))))
    gathered = most > 1.5 * common
    width = max(1, ceil(((common if gathered else most) + 1) / _LENGTH_BARS))
    bars = (common if gathered else most) // width + 1 + gathered
    bins = np.minimum(lengths // width, bars - 1)
    counts = np.bincount(bins, minlength=bars)
    return counts, np.arange(bars + 1) * width, gathered


def _bars(edges: NDArray[Any], heights: NDArray[Any], hover: str) -> go.Bar:
    return go.Bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=heights,
        width=0.94 * np.diff(edges),
        marker={"color": NEUTRAL, "line": {"width": 0}},
        hovertemplate=f"{hover}<extra></extra>",
    )


def _upright(x: float, dash: str, colour: str) -> dict[str, Any]:
    line = {"width": 2, "dash": dash, "color": colour}
    return {"type": "line", "yref": "y domain", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line}


def _span(low: float, high: float) -> dict[str, Any]:
    return {
        "type": "rect",
        "yref": "y domain",
        "x0": low,
        "x1": high,
        "y0": 0,
        "y1": 1,
        "fillcolor": "rgba(214, 0, 110, 0.2)",
        # The edges keep a pixel or two however narrow the span is.
        "line": {"width": 1.5, "color": HIGHLIGHT},
    }


def _said_at(x: float, along: float, text: str) -> dict[str, Any]:
    """`text` above the plot at `x`, which is the fraction `along` of its width, so that it stays
    within the figure.
    """
    anchor = "left" if along < 0.3 else "right" if along > 0.7 else "center"
    return note(
        text, x=x, xref="x", xanchor=anchor, y=1, yanchor="bottom", yshift=4, font={"size": 12}
    )
