"""Where each strategy picks, over variability and confidence, on one reference map."""

from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out
from cartography.figures.marks import written
from cartography.figures.palette import NEUTRAL

_COLUMNS = 3
_PANEL_HEIGHT = 170
_OUTLINED = 0.9

# From the page's own colour, light or dark, to a deep one.
_FAINT_TO_STRONG = ((0.0, "rgba(34, 104, 181, 0.04)"), (1.0, "rgba(34, 104, 181, 1)"))


def pick_density_figure(
    reference: NDArray[np.float64], densities: Mapping[str, NDArray[np.float64]]
) -> go.Figure:
    """Where on a reference map the picks of each name lie, a panel for each.

    `reference` and each density are shares (bins, bins) of texts, the first axis variability from
    0 to 0.5, the second confidence from 0 to 1. All panels have one colour scale, by the square
    root of the share so that thin places show; the line in each goes round the densest cells of
    the reference, smoothed, that hold nine tenths of it.
    """
    figure = go.Figure()
    rows = max(1, ceil(len(densities) / _COLUMNS))
    most = max((float(density.max(initial=0.0)) for density in densities.values()), default=0.0)
    bins = len(reference)
    grid: dict[str, Any] = {
        "x": (np.arange(bins) + 0.5) / bins / 2,
        "y": (np.arange(bins) + 0.5) / bins,
        "showscale": False,
    }
    smooth = _smoothed(_smoothed(reference).T).T
    level = outline_level(smooth, _OUTLINED)
    for panel, density in enumerate(densities.values()):
        number = str(panel + 1) if panel else ""
        axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        figure.add_trace(
            go.Heatmap(
                z=np.sqrt(density.T),
                customdata=density.T,
                zmin=0.0,
                zmax=np.sqrt(most) or 1.0,
                colorscale=_FAINT_TO_STRONG,
                hovertemplate="variability %{x:.2f}, confidence %{y:.2f}: "
                "%{customdata:.1%} of its picks<extra></extra>",
                **axes,
                **grid,
            )
        )
        figure.add_trace(
            go.Contour(
                z=smooth.T,
                contours={"start": level, "end": level, "size": 1, "coloring": "none"},
                line={"color": NEUTRAL, "width": 2},
                hoverinfo="skip",
                **axes,
                **grid,
            )
        )
    lay_out(figure, x="", y="", legend=False, height=110 + _PANEL_HEIGHT * rows)
    figure.update_layout(margin={"l": 52, "t": 52})
    for panel, name in enumerate(densities):
        _lay_out_panel(figure, panel, rows, len(densities), written(name, 16))
    _say(figure, most)
    return figure


def _smoothed(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row of (bins, bins) as a quarter, a half and a quarter of the rows about it."""
    padded = np.pad(cells, ((1, 1), (0, 0)), mode="edge")
    return padded[:-2] / 4 + padded[1:-1] / 2 + padded[2:] / 4


def outline_level(reference: NDArray[np.float64], held: float) -> float:
    """The share at or above which the densest cells of `reference` (bins, bins) lie that
    together hold at least the fraction `held` of it.
    """
    cells = np.sort(reference, axis=None)[::-1]
    reached = np.cumsum(cells) >= held * cells.sum() - 1e-12
    return float(cells[int(np.argmax(reached))])


def _lay_out_panel(figure: go.Figure, panel: int, rows: int, panels: int, name: str) -> None:
    number = str(panel + 1) if panel else ""
    row, column = divmod(panel, _COLUMNS)
    width, height = 1 / _COLUMNS, 1 / rows
    left, top = column * width, 1 - row * height
    # Room above each panel for its name.
    room = 24 / (_PANEL_HEIGHT * rows)
    lowest = panel + _COLUMNS >= panels
    figure.update_layout(
        {
            f"xaxis{number}": {
                "domain": (left, left + 0.93 * width),
                "anchor": f"y{number}",
                "range": (0, 0.5),
                "tickvals": [0, 0.2, 0.4],
                "showticklabels": lowest,
                "title": {"text": "variability" if lowest else "", "standoff": 4},
                "showgrid": False,
                "zeroline": False,
            },
            f"yaxis{number}": {
                "domain": (max(0.0, top - height + room), top),
                "anchor": f"x{number}",
                "range": (0, 1),
                "tickvals": [0, 0.5, 1],
                "showticklabels": column == 0,
                "title": {"text": "confidence" if column == 0 else "", "standoff": 4},
                "showgrid": False,
                "zeroline": False,
            },
        }
    )
    figure.add_annotation(
        x=left,
        y=top,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        yshift=2,
        text=name,
        showarrow=False,
    )


def _say(figure: go.Figure, most: float) -> None:
    figure.add_annotation(
        x=0,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        yshift=24,
        text=f"strongest colour: {100 * most:.1f} % of a strategy's picks in a cell",
        showarrow=False,
        font={"size": 12},
    )
