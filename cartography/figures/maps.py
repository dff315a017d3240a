"""The data map, with the distributions of its three statistics (Figures 1, 5 and 6)."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.figures.colouring import Colouring, by_correctness
from cartography.figures.layout import MODEBAR, legend_below, map_axes, paper_note
from cartography.figures.marginals import count_density, density_heatmap, marginal_bars
from cartography.figures.marks import escape_name
from cartography.figures.palette import HIGHLIGHT, MUTED, TRANSPARENT
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
    """Plot a data map as in Figure 1, with distributions of its statistics as in Figures 5 and 6.

    Above `MOST_POINTS` items, the density of all items is drawn below a sample of the points and
    all highlighted ones. The sample does not change from epoch to epoch. Items without statistics
    are omitted. Zoom, selection and hidden groups are kept when the figure of another epoch
    replaces this one on a page.

    Parameters
    ----------
    data_map : DataMap
        The map of n items.
    colouring : Colouring, optional
        Default: `by_correctness(data_map)`.
    faded : bool array, shape (n,), optional
        Items to draw small and grey.
    title : str
    t_cor : float, optional
        Threshold to mark on the correctness panel.
    highlighted : bool array, shape (n,), optional
        Items to draw with a ring.
    highlight_name : str
        Name of the highlighted items in the legend.

    Returns
    -------
    plotly.graph_objects.Figure
        The `customdata` of a point is its position in `data_map` (see `positions_of`); the
        caption is in `layout.meta` (see `caption_of`).

    Raises
    ------
    CartographyError
        The length of `colouring`, `faded` or `highlighted` is not n.

    Examples
    --------
    >>> statistics = np.array([0.9, 0.4]), np.array([0.05, 0.3]), np.array([1.0, 0.5])
    >>> figure = data_map_figure(DataMap(np.array(["a", "b"]), *statistics, epochs=2))
    """
    groups = by_correctness(data_map) if colouring is None else colouring
    is_faded = np.zeros(len(data_map), dtype=np.bool_) if faded is None else faded
    is_ringed = np.zeros(len(data_map), dtype=np.bool_) if highlighted is None else highlighted
    for argument, values in (
        ("colouring", groups.group),
        ("mask of faded items", is_faded),
        ("mask of highlighted items", is_ringed),
    ):
        if len(values) != len(data_map):
            raise CartographyError(
                f"the {argument} has {len(values):,} items and the map {len(data_map):,}: "
                "make it for this map"
            )
    finite = np.isfinite(data_map.confidence) & np.isfinite(data_map.variability)
    finite &= np.isfinite(data_map.correctness)
    is_sampled = sample_points(groups.group, finite & ~is_faded, finite & is_faded)
    counts = count_density(data_map, np.flatnonzero(finite))
    drawn = np.flatnonzero(is_sampled | (is_ringed & finite))
    size, opacity = _marker_style(len(drawn))
    traces: list[Any] = []
    if not is_sampled[finite].all():
        traces.append(density_heatmap(counts))
    # Even if it is empty: the browser matches the traces of two epochs by their number.
    traces.append(_faded_trace(data_map, drawn[is_faded[drawn]], size))
    traces += _group_traces(data_map, groups, drawn[~is_faded[drawn]], size, opacity)
    if is_ringed.any():
        traces.append(
            _ring_trace(data_map, np.flatnonzero(is_ringed & finite), size, highlight_name)
        )
    traces += marginal_bars(counts)
    return go.Figure(traces, _layout(data_map, title, groups.title, t_cor, len(drawn)))


def positions_of(points: Iterable[Mapping[str, Any]]) -> list[int]:
    """Return the positions in the map of the points that are selected on its figure.

    Parameters
    ----------
    points : iterable of mapping
        The points of a selection as Plotly and Streamlit report them.

    Returns
    -------
    list of int
        Sorted, without duplicates. Points that are not of the map, such as bars, are skipped.
    """
    return sorted({int(point["customdata"]) for point in points if "customdata" in point})


def map_caption(data_map: DataMap, *, t_cor: float | None = None) -> str:
    """Describe the regions of a map and its split at t_cor in a few sentences.

    Parameters
    ----------
    data_map : DataMap
    t_cor : float, optional

    Returns
    -------
    str
    """
    limits = data_map.thresholds
    caption = (
        f"Regions: easy-to-learn from correctness {limits.easy:g}, hard-to-learn up to "
        f"{limits.hard:g}, ambiguous between them and wherever variability is "
        f"{limits.ambiguous:g} or more."
    )
    if t_cor is not None:
        high = int(data_map.high_cor(t_cor).sum())
        caption += (
            f" High-cor: {high:,} with correctness above t_cor = {t_cor:g}; "
            f"low-cor: {len(data_map) - high:,}."
        )
    return caption


def _marker_style(points: int) -> tuple[float, float]:
    """Size in pixels and opacity of a marker, smaller and fainter the more points there are."""
    for limit, size, opacity in ((300, 10.0, 0.9), (2_000, 8.0, 0.8), (8_000, 6.0, 0.7)):
        if points <= limit:
            return size, opacity
    return 4.5, 0.6


def _points(
    data_map: DataMap, positions: NDArray[np.int64], name: str, **options: Any
) -> go.Scattergl:
    """A trace of the items at `positions`."""
    return go.Scattergl(
        x=data_map.variability[positions].astype(np.float32),
        y=data_map.confidence[positions].astype(np.float32),
        # One number per point: rows of a two-dimensional array come back from the browser as
        # objects, and lists take ten times the bytes.
        customdata=positions.astype(np.int32),
        mode="markers",
        name=escape_name(name),
        hovertemplate=_HOVER,
        **options,
    )


def _faded_trace(data_map: DataMap, positions: NDArray[np.int64], size: float) -> go.Scattergl:
    marker = {"color": MUTED, "symbol": "circle", "size": size - 1, "opacity": 0.25}
    return _points(data_map, positions, "faded", marker=marker, showlegend=False)


def _group_traces(
    data_map: DataMap,
    colouring: Colouring,
    positions: NDArray[np.int64],
    size: float,
    opacity: float,
) -> list[go.Scattergl | go.Scatter]:
    """Two traces per group, its points and its legend; the first group is drawn last, on top."""
    group = colouring.group[positions]
    styles = list(zip(colouring.names, colouring.colours, colouring.symbols, strict=True))
    if (colouring.group < 0).any():
        group = np.where(group < 0, len(styles), group)
        styles.append(("unknown", MUTED, "circle"))
    traces = []
    for number in reversed(range(len(styles))):
        name, colour, symbol = styles[number]
        marker = {"color": colour, "symbol": symbol, "size": size}
        traces.append(
            _points(
                data_map,
                positions[group == number],
                name,
                marker={**marker, "opacity": opacity},
                legendgroup=str(number),
                showlegend=False,
            )
        )
        # One faint point is dimmer on a dark page than many that overlap, and the legend has one.
        traces.append(
            go.Scatter(
                x=[None],
                y=[None],
                mode="markers",
                name=escape_name(name),
                marker=marker,
                legendgroup=str(number),
                # Plotly hides a legend of one entry by default, but it explains the colour.
                showlegend=True,
            )
        )
    return traces


def _ring_trace(
    data_map: DataMap, positions: NDArray[np.int64], size: float, name: str
) -> go.Scattergl:
    marker = {
        "symbol": "circle-open",
        "color": HIGHLIGHT,
        "size": size + 7,
        "line": {"width": 2},
    }
    return _points(data_map, positions, f"{name} ({len(positions):,})", marker=marker)


def _layout(
    data_map: DataMap, title: str, legend_title: str, t_cor: float | None, drawn: int
) -> dict[str, Any]:
    head = [f"<b>{escape_name(title, 60)}</b>"] if title else []
    if drawn < len(data_map):
        head.append(f"{drawn:,} of {len(data_map):,} shown")
    # Space for two lines even if there is one, so that adjacent maps are aligned.
    head_height = 36 if head else 0
    plain = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
    axes = map_axes()
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
    # Not the title of the layout: the theme of a page would make all of it large and bold.
    heading = paper_note(
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
        "height": 572 + head_height,
        "margin": {"l": 56, "r": 8, "t": 26 + head_height, "b": 60},
        "paper_bgcolor": TRANSPARENT,
        "plot_bgcolor": TRANSPARENT,
        "bargap": 0,
        # Keeps zoom and selection when the points change.
        "uirevision": "data map",
        "dragmode": "select",
        "hovermode": "closest",
        "legend": {**legend_below(legend_title), "traceorder": "reversed"},
        **axes,
        "yaxis2": {**plain, "domain": (0.85, 1), "anchor": "x"},
        "xaxis2": {**plain, "domain": (0.82, 1), "anchor": "y"},
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
        "yaxis3": {**plain, "domain": (0.9, 1), "anchor": "x3"},
        "shapes": [] if t_cor is None else [threshold],
        "annotations": [*([heading] if head else []), *_region_names(data_map)],
    }


def _region_names(data_map: DataMap) -> list[dict[str, Any]]:
    """The names of the regions, where they cover no point."""
    shares = data_map.statistics().region_shares
    # A variability of 0.3 or more needs a confidence from 0.1 to 0.9.
    spots = ((0.0, 1.06, "left"), (0.508, 0.93, "right"), (0.0, -0.06, "left"))
    return [
        {
            "x": x,
            "y": y,
            # As precise as the numbers above the map on a page: a small region is not of 0 %.
            "text": f"{region} {100 * share:.1f} %" if len(data_map) else region,
            "xanchor": anchor,
            "yanchor": "middle",
            "showarrow": False,
            "borderpad": 3,
            # White on dark is legible on light and dark pages and over points.
            "bgcolor": "rgba(32, 36, 46, 0.78)",
            "font": {"color": "#ffffff", "size": 12},
        }
        for region, (x, y, anchor), share in zip(REGIONS, spots, shares, strict=True)
    ]
