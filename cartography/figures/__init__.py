"""Plotly figures from arrays and tables; nothing here reads a file or a session.

May import `corpora`, `models` and `maps` for their types. A new figure is a function in a module of
this package, exported below.
"""

from cartography.figures.colouring import (
    Colouring,
    by_batch,
    by_class,
    by_correctness,
    by_mask,
    by_region,
    by_split,
)
from cartography.figures.curves import BatchSeries, Curve, accuracy_figure, batch_statistics_figure
from cartography.figures.density import pick_density_figure
from cartography.figures.epochs import MOST_LINES, epoch_curves_figure
from cartography.figures.heat import epsilon_figure, overlap_figure
from cartography.figures.histograms import (
    count_lengths,
    high_cor_histogram,
    lengths_figure,
    noise_figure,
    pool_figure,
)
from cartography.figures.intervals import labels_saved_figure, sweep_figure
from cartography.figures.layout import as_html, caption_of, write_html
from cartography.figures.maps import data_map_figure, map_caption, positions_of
from cartography.figures.palette import (
    CLASS_COLOURS,
    CORRECTNESS,
    HIGHLIGHT,
    REGION_COLOURS,
    STRATEGY_COLOURS,
)
from cartography.figures.precision import precision_figure
from cartography.figures.sampling import MOST_POINTS
from cartography.figures.shares import (
    class_shares_figure,
    region_share_bands_figure,
    region_shares_figure,
)
from cartography.figures.trails import MOST_TRAILS, Trail, trails_figure

__all__ = [
    "CLASS_COLOURS",
    "CORRECTNESS",
    "HIGHLIGHT",
    "MOST_LINES",
    "MOST_POINTS",
    "MOST_TRAILS",
    "REGION_COLOURS",
    "STRATEGY_COLOURS",
    "BatchSeries",
    "Colouring",
    "Curve",
    "Trail",
    "accuracy_figure",
    "as_html",
    "batch_statistics_figure",
    "by_batch",
    "by_class",
    "by_correctness",
    "by_mask",
    "by_region",
    "by_split",
    "caption_of",
    "class_shares_figure",
    "count_lengths",
    "data_map_figure",
    "epoch_curves_figure",
    "epsilon_figure",
    "high_cor_histogram",
    "labels_saved_figure",
    "lengths_figure",
    "map_caption",
    "noise_figure",
    "overlap_figure",
    "pick_density_figure",
    "pool_figure",
    "positions_of",
    "precision_figure",
    "region_share_bands_figure",
    "region_shares_figure",
    "sweep_figure",
    "trails_figure",
    "write_html",
]
