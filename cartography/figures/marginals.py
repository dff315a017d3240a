"""The density of the items of a map, and its marginal distributions."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.figures.colouring import nearest_level
from cartography.figures.palette import CORRECTNESS, NEUTRAL
from cartography.maps.data_map import DataMap

_CELLS = 100
_BARS = 50


@dataclass(frozen=True, eq=False)
class DensityGrid:
    """Numbers of items of a map.

    Attributes
    ----------
    cells : int64 array, shape (100, 100)
        By confidence (rows) and variability (columns), both ascending.
    levels : int64 array, shape (11,)
        By correctness, rounded to tenths.
    """

    cells: NDArray[np.int64]
    levels: NDArray[np.int64]


def count_density(data_map: DataMap, positions: NDArray[np.int64]) -> DensityGrid:
    """Count the items at `positions` (k,), all with finite statistics, by cell and level."""
    # Counting cell numbers is much faster than NumPy's histograms.
    row = _cell_index(data_map.confidence[positions], 1.0)
    column = _cell_index(data_map.variability[positions], 0.5)
    cells = np.bincount(row * _CELLS + column, minlength=_CELLS**2).reshape(_CELLS, _CELLS)
    levels = np.bincount(nearest_level(data_map.correctness[positions], 10), minlength=11)
    return DensityGrid(cells, levels)


def density_heatmap(counts: DensityGrid) -> go.Heatmap:
    """Return the density of all items as a grey trace below the points, on a logarithmic scale."""
    density = np.full(counts.cells.shape, np.nan, dtype=np.float32)
    filled = counts.cells > 0
    density[filled] = np.log1p(counts.cells[filled])
    return go.Heatmap(
        x=_centres(_CELLS, 0.5),
        y=_centres(_CELLS, 1.0),
        z=density,
        zmin=0.0,
        # One grey of varying opacity suits light and dark pages.
        colorscale=((0.0, "rgba(128, 134, 148, 0.05)"), (1.0, "rgba(128, 134, 148, 0.85)")),
        showscale=False,
        hoverinfo="skip",
    )


def marginal_bars(counts: DensityGrid) -> list[go.Bar]:
    """Return the bars of variability (top), confidence (right) and correctness (corner)."""
    cells_per_bar = _CELLS // _BARS
    variability = counts.cells.sum(axis=0).reshape(_BARS, cells_per_bar).sum(axis=1)
    confidence = counts.cells.sum(axis=1).reshape(_BARS, cells_per_bar).sum(axis=1)
    marker = {"color": NEUTRAL, "line": {"width": 0}}
    return [
        go.Bar(
            x=_centres(_BARS, 0.5),
            y=variability,
            width=0.5 / _BARS,
            yaxis="y2",
            marker=marker,
            showlegend=False,
            hovertemplate="%{y:,} items<extra>variability %{x:.2f}</extra>",
        ),
        go.Bar(
            x=confidence,
            y=_centres(_BARS, 1.0),
            width=1.0 / _BARS,
            orientation="h",
            xaxis="x2",
            marker=marker,
            showlegend=False,
            hovertemplate="%{x:,} items<extra>confidence %{y:.2f}</extra>",
        ),
        go.Bar(
            x=np.arange(11) / 10,
            y=counts.levels,
            width=0.09,
            xaxis="x3",
            yaxis="y3",
            marker={"color": CORRECTNESS, "line": {"width": 0}},
            showlegend=False,
            hovertemplate="%{y:,} items<extra>correctness %{x:.1f}</extra>",
        ),
    ]


def _cell_index(values: NDArray[np.float64], top: float) -> NDArray[np.int64]:
    cells = (values * (_CELLS / top)).astype(np.int64)
    return np.clip(cells, 0, _CELLS - 1, out=cells)


def _centres(bins: int, top: float) -> NDArray[np.float64]:
    return (np.arange(bins, dtype=np.float64) + 0.5) * (top / bins)
