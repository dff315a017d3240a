"""Heat maps of pairs of strategies (Tables 2 and 4)."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out
from cartography.figures.marks import escape_name

# Every colour is dark enough for white numbers and visible on light and dark pages: the scales
# differ in saturation, starting from a slate grey, and not in lightness.
_SLATE = "#6a7180"
_AMOUNT = ((0.0, _SLATE), (1.0, "#0b5cbd"))
_TWO_SIDED = ((0.0, "#0b5cbd"), (0.5, _SLATE), (1.0, "#c03a12"))

_LEAST_FULL_SHARE = 0.1

_CELLS = {"showscale": False, "xgap": 2, "ygap": 2, "hoverongaps": False}


def overlap_figure(
    names: Sequence[str], counts: NDArray[np.int64], totals: NDArray[np.int64]
) -> go.Figure:
    """Plot how many picks each pair of strategies has in common, as in Table 4.

    The colour shows the share `counts / totals`. The strongest colour is the largest share, but at
    least one tenth. The diagonal, which shows all picks of a strategy, has no colour.

    Parameters
    ----------
    names : sequence of str, length k
    counts : int64 array, shape (k, k)
        Picks in common.
    totals : int64 array, shape (k, k)
        Picks that the pair could have in common.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    k = len(names)
    totals = np.broadcast_to(totals, (k, k))
    share = np.where(totals > 0, counts / np.maximum(totals, 1), np.nan)
    others = np.where(np.eye(k, dtype=np.bool_), np.nan, share)
    most = max(_LEAST_FULL_SHARE, float(np.nanmax(others, initial=0.0)))
    few = k <= 5
    numbers = [
        [
            f"{counts[i, j]:,}<br>{100 * others[i, j]:.1f} %"
            if few and np.isfinite(others[i, j])
            else f"{counts[i, j]}"
            for j in range(k)
        ]
        for i in range(k)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=others,
            zmin=0.0,
            zmax=most,
            colorscale=_AMOUNT,
            customdata=np.dstack([counts, totals]),
            hovertemplate="%{customdata[0]:,} of %{customdata[1]:,} picks in common "
            "(%{z:.1%})<extra></extra>",
            **_CELLS,
        )
    )
    _add_numbers(figure, numbers, np.isfinite(others))
    _lay_out_pairs(figure, names, "picks in common (diagonal: all its picks)")
    return figure


def epsilon_figure(names: Sequence[str], values: NDArray[np.float64]) -> go.Figure:
    """Plot epsilon_min of each pair of strategies, as in Table 2.

    Cells are blue below 0.5, where the row almost stochastically dominates the column, and
    vermilion above.

    Parameters
    ----------
    names : sequence of str, length k
    values : float64 array, shape (k, k)
        Row over column, in [0, 1]. NaN and the diagonal are empty cells.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    k = len(names)
    z = np.where(np.eye(k, dtype=np.bool_), np.nan, values)
    numbers = [[f"{value:.2f}" if np.isfinite(value) else "" for value in row] for row in z]
    figure = go.Figure(
        go.Heatmap(
            z=z,
            zmin=0.0,
            zmax=1.0,
            colorscale=_TWO_SIDED,
            hovertemplate="epsilon_min %{z:.3f}<extra></extra>",
            **_CELLS,
        )
    )
    _add_numbers(figure, numbers, np.isfinite(z))
    _lay_out_pairs(figure, names, "row over column<br>(0: the row dominates)")
    return figure


def _add_numbers(figure: go.Figure, numbers: list[list[str]], filled: NDArray[np.bool_]) -> None:
    """Write `numbers` (k, k): white if `filled` (k, k), else in the text colour of the page."""
    for mask, colour in ((filled, "#ffffff"), (~filled, None)):
        rows, columns = np.nonzero(mask)
        figure.add_trace(
            go.Scatter(
                x=columns,
                y=rows,
                mode="text",
                text=[numbers[i][j] for i, j in zip(rows, columns, strict=True)],
                textfont={"color": colour, "size": 13 if len(numbers) <= 5 else 11},
                showlegend=False,
                hoverinfo="skip",
            )
        )


def _lay_out_pairs(figure: go.Figure, names: Sequence[str], title: str) -> None:
    k = len(names)
    lay_out(figure, x=title, y="", legend=False, height=110 + (52 if k <= 5 else 38) * max(1, k))
    common = {
        "tickvals": list(range(k)),
        "ticktext": [escape_name(name, 16) for name in names],
        "showgrid": False,
        "automargin": True,
    }
    figure.update_xaxes(range=(-0.5, k - 0.5), **common)
    figure.update_yaxes(range=(k - 0.5, -0.5), **common)
