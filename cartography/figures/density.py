"""Where each strategy picks, over variability and confidence, on one reference map."""

from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out, note
from cartography.figures.marks import escape_name
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
    traces: list[Any] = []
    for panel, density in enumerate(densities.values()):
        number = str(panel + 1) if panel else ""
        axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        traces.append(
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
        traces.append(
            go.Contour(
                z=smooth.T,
                contours={"start": level, "end": level, "size": 1, "coloring": "none"},
                line={"color": NEUTRAL, "width": 2},
                hoverinfo="skip",
                **axes,
                **grid,
            )
        )
    figure = go.Figure(traces)
    lay_out(figure, x="", y="", legend=False, height=110 + _PANEL_HEIGHT * rows)
    said = f"strongest colour: {100 * most:.1f} % of a strategy's picks in a cell"
    corner = {"xanchor": "left", "yanchor": "bottom"}
    notes = [note(said, x=0, y=1, yshift=24, **corner)]
    axes = {}
    for panel, name in enumerate(densities):
        row, column = divmod(panel, _COLUMNS)
        place = {"x": column / _COLUMNS, "y": 1 - row / rows, **corner}
        notes.append(note(escape_name(name, 16), yshift=2, **place))
        axes |= _panel_axes(panel, rows, lowest=panel + _COLUMNS >= len(densities))
    figure.update_layout(margin={"l": 52, "t": 52}, annotations=notes, **axes)
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


def _panel_axes(panel: int, rows: int, *, lowest: bool) -> dict[str, Any]:
    """The two axes of a panel, titled at the left and at the foot of the grid alone."""
    number = str(panel + 1) if panel else ""
    row, column = divmod(panel, _COLUMNS)
    left, top = column / _COLUMNS, 1 - row / rows
    # Room above each panel for its name.
    room = 24 / (_PANEL_HEIGHT * rows)
    quiet = {"showgrid": False, "zeroline": False}
    return {
        f"xaxis{number}": {
            **quiet,
            "domain": (left, left + 0.93 / _COLUMNS),
            "anchor": f"y{number}",
            "range": (0, 0.5),
            "tickvals": [0, 0.2, 0.4],
            "showticklabels": lowest,
            "title": {"text": "variability" if lowest else "", "standoff": 4},
        },
        f"yaxis{number}": {
            **quiet,
            "domain": (max(0.0, top - 1 / rows + room), top),
            "anchor": f"x{number}",
            "range": (0, 1),
            "tickvals": [0, 0.5, 1],
            "showticklabels": column == 0,
            "title": {"text": "confidence" if column == 0 else "", "standoff": 4},
        },
    }
