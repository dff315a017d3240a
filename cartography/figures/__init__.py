"""Values in, Plotly figures out."""

from cartography.figures.curves import (
    BatchSeries,
    Curve,
    accuracy_figure,
    batch_statistics_figure,
)
from cartography.figures.layout import write_html
from cartography.figures.maps import MOST_POINTS, data_map_figure
from cartography.figures.palette import (
    CORRECTNESS,
    HIGHLIGHT,
    REGION_COLOURS,
    STRATEGY_COLOURS,
)
from cartography.figures.shares import class_shares_figure, region_shares_figure

__all__ = [
    "CORRECTNESS",
    "HIGHLIGHT",
    "MOST_POINTS",
    "REGION_COLOURS",
    "STRATEGY_COLOURS",
    "BatchSeries",
    "Curve",
    "accuracy_figure",
    "batch_statistics_figure",
    "class_shares_figure",
    "data_map_figure",
    "region_shares_figure",
    "write_html",
]
