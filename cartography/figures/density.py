"""Density of the picks of each strategy on a reference map."""

from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.layout import lay_out, paper_note
from cartography.figures.marks import escape_name
from cartography.figures.palette import NEUTRAL

_COLUMNS = 3
_PANEL_HEIGHT = 170
_OUTLINED = 0.9

# From transparent, on a light or a dark page, to a strong colour.
_FAINT_TO_STRONG = ((0.0, "rgba(34, 104, 181, 0.04)"), (1.0, "rgba(34, 104, 181, 1)"))


def pick_density_figure(
    reference: NDArray[np.float64], densities: Mapping[str, NDArray[np.float64]]
) -> go.Figure:
    """Plot the density of the picks of each name on a reference map, one panel per name.

    All panels have the same colour scale, linear in the square root of the share so that low
    densities are visible. The contour in each panel encloses the densest cells of the smoothed
    reference that together contain nine tenths of it.

    Parameters
    ----------
    reference : float64 array, shape (bins, bins)
        Share of all texts in each cell; the first axis is variability from 0 to 0.5, the second
        confidence from 0 to 1.
    densities : mapping of str to float64 array, shape (bins, bins)
        The same of the picks of each name.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    rows = max(1, ceil(len(densities) / _COLUMNS))
    most = max((float(density.max(initial=0.0)) for density in densities.values()), default=0.0)
    bins = len(reference)
    grid: dict[str, Any] = {
        "x": (np.arange(bins) + 0.5) / bins / 2,
        "y": (np.arange(bins) + 0.5) / bins,
        "showscale": False,
    }
    smooth = _smooth_rows(_smooth_rows(reference).T).T
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
    scale = f"strongest colour: {100 * most:.1f} % of a strategy's picks in a cell"
    corner = {"xanchor": "left", "yanchor": "bottom"}
    notes = [paper_note(scale, x=0, y=1, yshift=24, **corner)]
    axes = {}
    for panel, name in enumerate(densities):
        row, column = divmod(panel, _COLUMNS)
        position = {"x": column / _COLUMNS, "y": 1 - row / rows, **corner}
        notes.append(paper_note(escape_name(name, 16), yshift=2, **position))
        axes |= _panel_axes(panel, rows, at_foot=panel + _COLUMNS >= len(densities))
    figure.update_layout(margin={"l": 52, "t": 52}, annotations=notes, **axes)
    return figure


def _smooth_rows(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace each row of (bins, bins) by the average of three rows, weighted 1/4, 1/2, 1/4."""
    padded = np.pad(cells, ((1, 1), (0, 0)), mode="edge")
    return padded[:-2] / 4 + padded[1:-1] / 2 + padded[2:] / 4


def outline_level(reference: NDArray[np.float64], fraction: float) -> float:
    """Find the level of the contour that encloses a fraction of a density.

    Parameters
    ----------
    reference : float64 array, shape (bins, bins)
    fraction : float
        In [0, 1].

    Returns
    -------
    float
        The highest level such that the cells at or above it contain at least `fraction` of the sum.
    """
    cells = np.sort(reference, axis=None)[::-1]
    is_enclosed = np.cumsum(cells) >= fraction * cells.sum() - 1e-12
    return float(cells[int(np.argmax(is_enclosed))])


def _panel_axes(panel: int, rows: int, *, at_foot: bool) -> dict[str, Any]:
    """The two axes of a panel; only those at the left and at the foot of the grid have titles."""
    number = str(panel + 1) if panel else ""
    row, column = divmod(panel, _COLUMNS)
    left, top = column / _COLUMNS, 1 - row / rows
    # For the name above each panel.
    gap = 24 / (_PANEL_HEIGHT * rows)
    plain = {"showgrid": False, "zeroline": False}
    return {
        f"xaxis{number}": {
            **plain,
            "domain": (left, left + 0.93 / _COLUMNS),
            "anchor": f"y{number}",
            "range": (0, 0.5),
            "tickvals": [0, 0.2, 0.4],
            "showticklabels": at_foot,
            "title": {"text": "variability" if at_foot else "", "standoff": 4},
        },
        f"yaxis{number}": {
            **plain,
            "domain": (max(0.0, top - 1 / rows + gap), top),
            "anchor": f"x{number}",
            "range": (0, 1),
            "tickvals": [0, 0.5, 1],
            "showticklabels": column == 0,
            "title": {"text": "confidence" if column == 0 else "", "standoff": 4},
        },
    }
