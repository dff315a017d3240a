"""How the items are spread over a map: their density beneath it, and its margins."""

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
    """Counts of items: `cells` (100, 100) by confidence and variability, both upwards, and
    `levels` (11,) by the nearest tenth of correctness.
    """

    cells: NDArray[np.int64]
    levels: NDArray[np.int64]


def count_density(data_map: DataMap, places: NDArray[np.int64]) -> DensityGrid:
    """How the items at `places` are spread."""
    # Whole arrays are much cheaper counted as cell numbers than by NumPy's histograms.
    row = _cell(data_map.confidence[places], 1.0)
    column = _cell(data_map.variability[places], 0.5)
    cells = np.bincount(row * _CELLS + column, minlength=_CELLS**2).reshape(_CELLS, _CELLS)
    levels = np.bincount(nearest_level(data_map.correctness[places], 10), minlength=11)
    return DensityGrid(cells, levels)


def shade(counts: DensityGrid) -> go.Heatmap:
    """All items as a shade under the points that are drawn of them, on a logarithmic scale."""
    depth = np.full(counts.cells.shape, np.nan, dtype=np.float32)
    filled = counts.cells > 0
    depth[filled] = np.log1p(counts.cells[filled])
    return go.Heatmap(
        x=_middles(_CELLS, 0.5),
        y=_middles(_CELLS, 1.0),
        z=depth,
        zmin=0.0,
        # A shade of one grey is as quiet on a dark page as on a white one.
        colorscale=((0.0, "rgba(128, 134, 148, 0.05)"), (1.0, "rgba(128, 134, 148, 0.85)")),
        showscale=False,
        hoverinfo="skip",
    )


def bars(counts: DensityGrid) -> list[go.Bar]:
    """Variability above the map, confidence at its right, correctness in the corner between."""
    together = _CELLS // _BARS
    variability = counts.cells.sum(axis=0).reshape(_BARS, together).sum(axis=1)
    confidence = counts.cells.sum(axis=1).reshape(_BARS, together).sum(axis=1)
    quiet = {"color": NEUTRAL, "line": {"width": 0}}
    return [
        go.Bar(
            x=_middles(_BARS, 0.5),
            y=variability,
            width=0.5 / _BARS,
            yaxis="y2",
            marker=quiet,
            showlegend=False,
            hovertemplate="%{y:,} texts<extra>variability %{x:.2f}</extra>",
        ),
        go.Bar(
            x=confidence,
            y=_middles(_BARS, 1.0),
            width=1.0 / _BARS,
            orientation="h",
            xaxis="x2",
            marker=quiet,
            showlegend=False,
            hovertemplate="%{x:,} texts<extra>confidence %{y:.2f}</extra>",
        ),
        go.Bar(
            x=np.arange(11) / 10,
            y=counts.levels,
            width=0.09,
            xaxis="x3",
            yaxis="y3",
            marker={"color": CORRECTNESS, "line": {"width": 0}},
            showlegend=False,
            hovertemplate="%{y:,} texts<extra>correctness %{x:.1f}</extra>",
        ),
    ]


def _cell(values: NDArray[np.float64], top: float) -> NDArray[np.int64]:
    cells = (values * (_CELLS / top)).astype(np.int64)
    return np.clip(cells, 0, _CELLS - 1, out=cells)


def _middles(bins: int, top: float) -> NDArray[np.float64]:
    return (np.arange(bins, dtype=np.float64) + 0.5) * (top / bins)
