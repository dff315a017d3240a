"""Training dynamics as they are: the probability of the gold label, epoch by epoch."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out, note
from cartography.figures.marks import add_band, add_line, add_reference, escape_name, line_marks
from cartography.figures.palette import CORRECTNESS, NEUTRAL
from cartography.maps.data_map import confidence, variability

MOST_LINES = 20
"""Texts drawn as a line each; of more, the quantiles are."""

# Texts are not strategies: hues of their own, of middle lightness, told apart with any common
# colour blindness (Paul Tol's "bright"); one more than there are dashes.
_HUES = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999")

_FAN = (("90 % of the texts", 0.05, 0.95), ("half of the texts", 0.25, 0.75))


def epoch_curves_figure(
    gold_probability: NDArray[np.float32],
    names: Sequence[str],
    *,
    colours: Sequence[str] | None = None,
    statistics: bool = False,
) -> go.Figure:
    """Gold-label probability (k, E) of k texts after each of E epochs, counted from 1.

    Up to `MOST_LINES` texts have a line each, called by `names` (k,), in `colours` (k,) where a
    colour is to mean something, as that of a region. More are drawn as a fan: their median and
    the bands that hold half and nine tenths of them. With `statistics` the one text's confidence
    and variability, mean and standard deviation of its curve, are drawn and written out.
    """
    texts, last = gold_probability.shape
    if statistics and texts != 1:
        raise ValueError(f"statistics are drawn of one text, and there are {texts}")
    figure = go.Figure()
    epochs = np.arange(1, last + 1)
    if texts <= MOST_LINES:
        for place, (name, curve) in enumerate(zip(names, gold_probability, strict=True)):
            colour = _HUES[place % len(_HUES)] if colours is None else colours[place]
            add_line(
                figure,
                escape_name(name, 40),
                {"color": colour, **line_marks(place)},
                epochs,
                curve,
                hover="epoch %{x}: %{y:.2f}",
                size=6,
            )
    else:
        _add_fan(figure, epochs, gold_probability)
    lay_out(figure, x="epoch", y="probability of the gold label", legend=texts > 1, height=320)
    if 1 < texts <= MOST_LINES:
        _list_below(figure, texts)
    # Whole epochs: a few stand on every one, and many are left to the browser's own steps.
    figure.update_xaxes(
        range=(0.5, last + 0.5), tickformat="d", tick0=1, dtick=1 if last <= 10 else None
    )
    figure.update_yaxes(range=(-0.03, 1.03), tickvals=[0, 0.2, 0.4, 0.6, 0.8, 1])
    if statistics:
        _add_statistics(figure, gold_probability)
    return figure


def _add_fan(
    figure: go.Figure, epochs: NDArray[np.int64], gold_probability: NDArray[np.float32]
) -> None:
    colour = CORRECTNESS[-2]
    for name, least, most in _FAN:
        low, high = np.quantile(gold_probability, (least, most), axis=0)
        add_band(figure, name, colour, epochs, low, high, in_legend=True)
    add_line(
        figure,
        f"median of {len(gold_probability):,} texts",
        {"color": colour, **line_marks(0)},
        epochs,
        np.median(gold_probability, axis=0),
        hover="epoch %{x}: %{y:.2f}",
        size=6,
    )


def _list_below(figure: go.Figure, texts: int) -> None:
    """Put the legend under the plot, a text a row, which holds on a narrow page too."""
    height, foot, row = 320, 60, 22
    plot = height - foot - figure.layout.margin.t
    figure.update_layout(
        height=height + row * texts + 8,
        margin={"b": foot + row * texts + 8},
        legend={
            "orientation": "v",
            "y": -foot / plot,
            "yanchor": "top",
            "maxheight": row * texts + 40,
            "tracegroupgap": 0,
        },
    )


def _add_statistics(figure: go.Figure, gold_probability: NDArray[np.float32]) -> None:
    [mean] = confidence(gold_probability.T)
    [deviation] = variability(gold_probability.T)
    add_reference(figure, "confidence", mean, (0.5, gold_probability.shape[1] + 0.5))
    figure.add_shape(
        type="rect",
        xref="x domain",
        x0=0,
        x1=1,
        y0=mean - deviation,
        y1=mean + deviation,
        layer="below",
        line={"width": 0},
        fillcolor=NEUTRAL,
        opacity=0.25,
    )
    figure.update_layout(margin={"t": 44})
    said = (
        f"dashed: mean {mean:.2f} (confidence)<br>"
        f"grey: ± standard deviation {deviation:.2f} (variability)"
    )
    corner = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "align": "left"}
    figure.add_annotation(**note(said, yshift=4, font={"size": 12}, **corner))
