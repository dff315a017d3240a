"""The data map, with the marginal densities of its three statistics (Figures 1, 5 and 6)."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.figures.colouring import Colouring, by_correctness
from cartography.figures.layout import MODEBAR, legend_below, note, plane
from cartography.figures.marginals import bars, count_density, shade
from cartography.figures.marks import escape_name
from cartography.figures.palette import CLEAR, HIGHLIGHT, QUIET
from cartography.figures.sampling import sample_points
from cartography.maps.data_map import REGIONS, DataMap

_HOVER = "confidence %{y:.2f}<br>variability %{x:.2f}"


def data_map_figure(
    data_map: DataMap,
    *,
    colouring: Colouring | None = None,
    faded: NDArray[np.bool_] | None = None,
    title: str = "",
    t_cor: float | None = None,
    highlighted: NDArray[np.bool_] | None = None,
    highlight_name: str = "highlighted",
) -> go.Figure:
    """The map as in Figure 1, with the distributions of its statistics as in Figures 5 and 6.

    Colour and shape show the `colouring`, by default correctness. The items of `faded` (n,) stand
    back in grey, those of `highlighted` (n,) are ringed; with `t_cor` the threshold is marked on
    the correctness panel. Above `MOST_POINTS` items the density of all lies under a sample of the
    points and every highlighted one; which items are sampled does not change from epoch to epoch.
    Every point carries its position in `data_map` as its customdata: see `positions_of`. The
    layout's meta has the `map_caption`. Items without statistics are left out.

    Axes, zoom and legend stay as they are when a figure of another epoch takes this one's place.

    Raises CartographyError where `colouring`, `faded` or `highlighted` is of another length than
    the map.
    """
    shown_by = by_correctness(data_map) if colouring is None else colouring
    quiet = np.zeros(len(data_map), dtype=np.bool_) if faded is None else faded
    ringed = np.zeros(len(data_map), dtype=np.bool_) if highlighted is None else highlighted
    for what, found in (
        ("colouring", shown_by.group),
        ("mask of faded items", quiet),
        ("mask of highlighted items", ringed),
    ):
        if len(found) != len(data_map):
            raise CartographyError(
                f"the {what} has {len(found):,} items and the map {len(data_map):,}: "
                "make it for this map"
            )
    finite = np.isfinite(data_map.confidence) & np.isfinite(data_map.variability)
    finite &= np.isfinite(data_map.correctness)
    chosen = sample_points(shown_by.group, finite & ~quiet, finite & quiet)
    counts = count_density(data_map, np.flatnonzero(finite))
    shown = np.flatnonzero(chosen | (ringed & finite))
    size, opacity = _marker(len(shown))
    traces: list[Any] = []
    if not chosen[finite].all():
        traces.append(shade(counts))
    # Without points too: a trace is known by its number when the next epoch takes its place.
    traces.append(_faded_points(data_map, shown[quiet[shown]], size))
    traces += _groups(data_map, shown_by, shown[~quiet[shown]], size, opacity)
    if ringed.any():
        traces.append(_rings(data_map, np.flatnonzero(ringed & finite), size, highlight_name))
    traces += bars(counts)
    return go.Figure(traces, _layout(data_map, title, shown_by.title, t_cor, len(shown)))


def positions_of(points: Iterable[Mapping[str, Any]]) -> list[int]:
    """The positions in the map, sorted, of the points of a selection on its figure.

    `points` is what Plotly and Streamlit report: one mapping a point. A position that is drawn
    twice, as a point and as a ring, counts once, and what is no point of the map not at all.
    """
    return sorted({int(point["customdata"]) for point in points if "customdata" in point})


def map_caption(data_map: DataMap, *, t_cor: float | None = None) -> str:
    """Where the regions of `data_map` lie, and its two sides of `t_cor`, in a few sentences."""
    limits = data_map.thresholds
    said = (
        f"Regions: easy-to-learn from correctness {limits.easy:g}, hard-to-learn up to "
        f"{limits.hard:g}, ambiguous between them and wherever variability is "
        f"{limits.ambiguous:g} or more."
    )
    if t_cor is not None:
        high = int(data_map.high_cor(t_cor).sum())
        said += (
            f" High-cor: {high:,} with correctness above t_cor = {t_cor:g}; "
            f"low-cor: {len(data_map) - high:,}."
        )
    return said


def _marker(points: int) -> tuple[float, float]:
    """Size in pixels and opacity that keep `points` markers apart."""
    for most, size, opacity in ((300, 10.0, 0.9), (2_000, 8.0, 0.8), (8_000, 6.0, 0.7)):
        if points <= most:
            return size, opacity
    return 4.5, 0.6


def _points(
    data_map: DataMap, positions: NDArray[np.int64], name: str, **more: Any
) -> go.Scattergl:
    """Where the items at `positions` lie, each with its position for a selection to name."""
    return go.Scattergl(
        x=data_map.variability[positions].astype(np.float32),
        y=data_map.confidence[positions].astype(np.float32),
        # One number a point: a row of a two-dimensional array comes back from the browser as an
        # object, and lists cost ten times the bytes.
        customdata=positions.astype(np.int32),
        mode="markers",
        name=escape_name(name),
        hovertemplate=_HOVER,
        **more,
    )


def _faded_points(data_map: DataMap, positions: NDArray[np.int64], size: float) -> go.Scattergl:
    marker = {"color": QUIET, "symbol": "circle", "size": size - 1, "opacity": 0.25}
    return _points(data_map, positions, "faded", marker=marker, showlegend=False)


def _groups(
    data_map: DataMap,
    colouring: Colouring,
    positions: NDArray[np.int64],
    size: float,
    opacity: float,
) -> list[go.Scattergl]:
    """A trace for each group, the first drawn last and so on top."""
    group = colouring.group[positions]
    styles = list(zip(colouring.names, colouring.colours, colouring.symbols, strict=True))
    if (colouring.group < 0).any():
        group = np.where(group < 0, len(styles), group)
        styles.append(("unknown", QUIET, "circle"))
    return [
        _points(
            data_map,
            positions[group == number],
            styles[number][0],
            marker={
                "color": styles[number][1],
                "symbol": styles[number][2],
                "size": size,
                "opacity": opacity,
            },
            # A legend of one entry would be left out, and it is what says the colour.
            showlegend=True,
        )
        for number in reversed(range(len(styles)))
    ]


def _rings(data_map: DataMap, positions: NDArray[np.int64], size: float, name: str) -> go.Scattergl:
    marker = {
        "symbol": "circle-open",
        "color": HIGHLIGHT,
        "size": size + 7,
        "line": {"width": 2},
    }
    return _points(data_map, positions, f"{name} ({len(positions):,})", marker=marker)


def _layout(
    data_map: DataMap, title: str, grouped_by: str, t_cor: float | None, shown: int
) -> dict[str, Any]:
    head = [f"<b>{escape_name(title, 60)}</b>"] if title else []
    if shown < len(data_map):
        head.append(f"{shown:,} of {len(data_map):,} shown")
    # Two lines even for one, so that the planes of maps beside each other are level.
    room = 36 if head else 0
    quiet = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
    axes = plane()
    axes["xaxis"]["domain"] = (0, 0.8)
    axes["yaxis"]["domain"] = (0, 0.82)
    threshold = {
        "type": "line",
        "xref": "x3",
        "yref": "y3 domain",
        "x0": t_cor,
        "x1": t_cor,
        "y0": 0,
        "y1": 1,
        "line": {"width": 2, "dash": "dot", "color": HIGHLIGHT},
    }
    # Not the figure's title: a page's theme would make all of it large and bold.
    heading = note(
        "<br>".join(head),
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        yshift=6,
        align="left",
        font={"size": 13},
    )
    return {
        "meta": {"caption": map_caption(data_map, t_cor=t_cor)},
        "modebar": MODEBAR,
        "height": 560 + room,
        "margin": {"l": 56, "r": 8, "t": 26 + room, "b": 48},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "bargap": 0,
        # Zoom and selection outlive a redraw with other points.
        "uirevision": "data map",
        "dragmode": "select",
        "hovermode": "closest",
        "legend": {**legend_below(grouped_by), "traceorder": "reversed"},
        **axes,
        "yaxis2": {**quiet, "domain": (0.85, 1), "anchor": "x"},
        "xaxis2": {**quiet, "domain": (0.82, 1), "anchor": "y"},
        "xaxis3": {
            "domain": (0.82, 1),
            "anchor": "y3",
            "range": (-0.06, 1.06),
            "tickvals": (0, 1),
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "title": {"text": "correctness", "standoff": 0, "font": {"size": 11}},
            "tickfont": {"size": 10},
        },
        "yaxis3": {**quiet, "domain": (0.9, 1), "anchor": "x3"},
        "shapes": [] if t_cor is None else [threshold],
        "annotations": [*([heading] if head else []), *_region_names(data_map)],
    }


def _region_names(data_map: DataMap) -> list[dict[str, Any]]:
    """The regions named where they lie: the head and the foot of the left edge, and the right."""
    shares = data_map.statistics().region_shares
    spots = ((0.0, 1.06, "left"), (0.508, 0.5, "right"), (0.0, -0.06, "left"))
    return [
        {
            "x": x,
            "y": y,
            "text": f"{region} {100 * share:.0f} %" if len(data_map) else region,
            "xanchor": anchor,
            "yanchor": "middle",
            "showarrow": False,
            "borderpad": 3,
            # White on dark can be read on either page and over points.
            "bgcolor": "rgba(32, 36, 46, 0.78)",
            "font": {"color": "#ffffff", "size": 12},
        }
        for region, (x, y, anchor), share in zip(REGIONS, spots, shares, strict=True)
    ]
