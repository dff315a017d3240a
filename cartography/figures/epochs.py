"""Training dynamics: the probability of the gold label by epoch."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out, paper_note
from cartography.figures.marks import add_band, add_line, add_reference, escape_name, line_style
from cartography.figures.palette import CORRECTNESS, NEUTRAL
from cartography.maps.data_map import confidence, variability

MOST_LINES = 20
"""The largest number of texts that are drawn as one line each; of more, quantiles are drawn."""

# Not the colours of the strategies. Paul Tol's "bright" scheme is safe for colour-blind readers.
# One more colour than there are dashes, so that few lines agree in both.
_HUES = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999")

_FAN = (("90 % of the texts", 0.05, 0.95), ("half of the texts", 0.25, 0.75))


def epoch_curves_figure(
    gold_probability: NDArray[np.float32],
    names: Sequence[str],
    *,
    colours: Sequence[str] | None = None,
    statistics: bool = False,
) -> go.Figure:
    """Plot the gold-label probability of k texts after each of E epochs.

    Up to `MOST_LINES` texts are drawn as one line each. More are drawn as a fan: their median and
    the bands that contain half and nine tenths of them.

    Parameters
    ----------
    gold_probability : float32 array, shape (k, E)
    names : sequence of str, length k
        Unused for a fan.
    colours : sequence of str, length k, optional
        As `#rrggbb`. Default: colours without a meaning.
    statistics : bool
        Whether to draw and write out confidence and variability, which are the mean and the
        standard deviation of the curve. For one text only.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        `statistics` with any other number of texts than one.
    """
    texts, last = gold_probability.shape
    if statistics and texts != 1:
        raise ValueError(f"statistics need exactly one text, but there are {texts}")
    figure = go.Figure()
    epochs = np.arange(1, last + 1)
    if texts <= MOST_LINES:
        for position, (name, curve) in enumerate(zip(names, gold_probability, strict=True)):
            colour = _HUES[position % len(_HUES)] if colours is None else colours[position]
            add_line(
                figure,
                escape_name(name, 40),
                {"color": colour, **line_style(position)},
                epochs,
                curve,
                hover="epoch %{x}: %{y:.2f}",
                size=6,
            )
    else:
        _add_fan(figure, epochs, gold_probability)
    lay_out(figure, x="epoch", y="probability of the gold label", legend=texts > 1, height=320)
    if 1 < texts <= MOST_LINES:
        _move_legend_below(figure, texts)
    # A tick at every epoch if they are few; otherwise Plotly chooses.
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
        {"color": colour, **line_style(0)},
        epochs,
        np.median(gold_probability, axis=0),
        hover="epoch %{x}: %{y:.2f}",
        size=6,
    )


def _move_legend_below(figure: go.Figure, texts: int) -> None:
    """Move the legend under the plot, one text per row, which also fits a narrow page."""
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
    summary = (
        f"dashed: mean {mean:.2f} (confidence)<br>"
        f"grey: ± standard deviation {deviation:.2f} (variability)"
    )
    corner = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "align": "left"}
    figure.add_annotation(**paper_note(summary, yshift=4, font={"size": 12}, **corner))
