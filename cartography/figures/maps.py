"""The data map, with the marginal densities of its three statistics (Figures 1, 5 and 6)."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.corpus import stratified_draw
from cartography.data_map import REGIONS, DataMap
from cartography.figures.palette import CLEAR, CORRECTNESS, HIGHLIGHT, NEUTRAL

MOST_POINTS = 50_000
"""Points drawn one by one; of more, a stratified sample is."""

# Shape as well as colour; neighbouring levels never share a shape.
_SYMBOLS = (
    "x",
    "triangle-down",
    "cross",
    "triangle-left",
    "star",
    "square",
    "hexagon",
    "triangle-right",
    "diamond",
    "triangle-up",
    "circle",
)

_SAMPLE_SEED = 0


def data_map_figure(
    data_map: DataMap,
    *,
    title: str = "",
    t_cor: float | None = None,
    highlighted: NDArray[np.bool_] | None = None,
    highlight_name: str = "highlighted",
) -> go.Figure:
    """The map as in Figure 1, with the distributions of its statistics as in Figures 5 and 6.

    Colour and shape show correctness: its levels up to ten epochs, fifths above. Every point
    carries its position in `data_map` as `customdata` [position], since point numbers count
    within a trace. With `t_cor` the low-cor side is marked on the correctness panel; `highlighted`
    (n,) rings points. Of more than `MOST_POINTS` items a sample stratified by correctness is
    drawn, and every highlighted one.
    """
    finite = np.isfinite(data_map.confidence) & np.isfinite(data_map.variability)
    finite &= np.isfinite(data_map.correctness)
    places = np.flatnonzero(finite)
    bins = _bins(data_map.correctness[places], data_map.epochs)
    ringed = np.zeros(len(data_map), dtype=np.bool_) if highlighted is None else highlighted
    shown = _shown(places, bins, ringed)
    figure = go.Figure()
    size, opacity = _marker(int(shown.sum()))
    width = 1 if data_map.epochs <= 10 else 2
    # The low levels are few and lie under the crowd, so they are drawn last, on top.
    for level in range(10, -1, -width):
        positions = places[shown & (bins == level)]
        figure.add_trace(
            go.Scattergl(
                **_points(data_map, positions),
                name=_level_name(level, width),
                marker={
                    "color": CORRECTNESS[level],
                    "symbol": _SYMBOLS[level],
                    "size": size,
                    "opacity": opacity,
                },
                hovertemplate="confidence %{y:.2f}<br>variability %{x:.2f}",
            )
        )
    _add_rings(figure, data_map, np.flatnonzero(ringed & finite), size, highlight_name)
    _add_marginals(figure, data_map, places, t_cor)
    _lay_out_map(figure, data_map, title, t_cor, int(shown.sum()))
    return figure


def _points(data_map: DataMap, positions: NDArray[np.int64]) -> dict[str, Any]:
    """Where the items at `positions` lie, each with its position for a selection to name."""
    return {
        "x": data_map.variability[positions].astype(np.float32),
        "y": data_map.confidence[positions].astype(np.float32),
        # A typed array would come back from the browser as an object, not as a list.
        "customdata": [[position] for position in positions.tolist()],
        "mode": "markers",
    }


def _bins(correctness: NDArray[np.float64], epochs: int) -> NDArray[np.int64]:
    """The nearest tenth (0 to 10) of each item, or with more than ten epochs the nearest fifth
    (0, 2 ... 10).
    """
    step = 10 if epochs <= 10 else 5
    # Half a level goes up on every line of the scale, where NumPy's own rounding goes to even.
    nearest = np.floor(correctness * step + 0.5 + 1e-9).astype(np.int64)
    return nearest * (10 // step)


def _level_name(level: int, width: int) -> str:
    if width == 1:
        return f"{level / 10:.1f}"
    low, high = max(0.0, level / 10 - 0.1), min(1.0, level / 10 + 0.1)
    return f"{low:.1f}–{high:.1f}"  # noqa: RUF001 - a range is written with an en dash


def _shown(
    places: NDArray[np.int64], bins: NDArray[np.int64], ringed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the finite items (n,) are drawn."""
    if len(places) <= MOST_POINTS:
        return np.ones(len(places), dtype=np.bool_)
    drawn = np.zeros(len(places), dtype=np.bool_)
    drawn[stratified_draw(bins, MOST_POINTS, np.random.default_rng(_SAMPLE_SEED))] = True
    return drawn | ringed[places]


def _marker(points: int) -> tuple[float, float]:
    """Size in pixels and opacity that keep `points` markers apart."""
    for most, size, opacity in ((300, 10.0, 0.9), (2_000, 8.0, 0.8), (8_000, 6.0, 0.7)):
        if points <= most:
            return size, opacity
    return 4.5, 0.6


def _add_rings(
    figure: go.Figure, data_map: DataMap, positions: NDArray[np.int64], size: float, name: str
) -> None:
    if not len(positions):
        return
    figure.add_trace(
        go.Scattergl(
            **_points(data_map, positions),
            name=f"{name} ({len(positions):,})",
            marker={
                "symbol": "circle-open",
                "color": HIGHLIGHT,
                "size": size + 7,
                "line": {"width": 2},
            },
            hovertemplate="confidence %{y:.2f}<br>variability %{x:.2f}",
        )
    )


def _add_marginals(
    figure: go.Figure, data_map: DataMap, places: NDArray[np.int64], t_cor: float | None
) -> None:
    """Histograms of all finite items, sampled or not: variability above, confidence at the right,
    correctness in the corner between them.
    """
    common: dict[str, Any] = {"showlegend": False, "marker": {"color": NEUTRAL, "line_width": 0}}
    counts, edges = np.histogram(data_map.variability[places], bins=50, range=(0.0, 0.5))
    figure.add_trace(
        go.Bar(
            x=_middles(edges),
            y=counts,
            width=0.01,
            yaxis="y2",
            hovertemplate="%{y:,} texts<extra>variability %{x:.2f}</extra>",
            **common,
        )
    )
    counts, edges = np.histogram(data_map.confidence[places], bins=50, range=(0.0, 1.0))
    figure.add_trace(
        go.Bar(
            x=counts,
            y=_middles(edges),
            width=0.02,
            orientation="h",
            xaxis="x2",
            hovertemplate="%{x:,} texts<extra>confidence %{y:.2f}</extra>",
            **common,
        )
    )
    levels = _bins(data_map.correctness[places], 10)
    common["marker"] = {"color": list(CORRECTNESS), "line": {"width": 0}}
    figure.add_trace(
        go.Bar(
            x=np.arange(11) / 10,
            y=np.bincount(levels, minlength=11),
            width=0.09,
            xaxis="x3",
            yaxis="y3",
            hovertemplate="%{y:,} texts<extra>correctness %{x:.1f}</extra>",
            **common,
        )
    )
    if t_cor is not None:
        figure.add_shape(
            type="line",
            xref="x3",
            yref="y3 domain",
            x0=t_cor,
            x1=t_cor,
            y0=0,
            y1=1,
            line={"width": 2, "dash": "dot", "color": HIGHLIGHT},
        )


def _lay_out_map(
    figure: go.Figure, data_map: DataMap, title: str, t_cor: float | None, shown: int
) -> None:
    limits = data_map.thresholds
    said = [f"<b>{title.replace('<', '&lt;')}</b>"] if title else []
    said += [
        f"regions by correctness: easy-to-learn from {limits.easy:g}, hard-to-learn up to "
        f"{limits.hard:g};",
        f"ambiguous between them, and wherever variability is {limits.ambiguous:g} or more",
    ]
    if t_cor is not None:
        high = int(data_map.high_cor(t_cor).sum())
        said.append(
            f"high-cor: {high:,} with correctness above t_cor = {t_cor:g}; "
            f"low-cor: {len(data_map) - high:,}"
        )
    if shown < len(data_map):
        said.append(f"{shown:,} of {len(data_map):,} shown")
    quiet = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
    plain = {"zeroline": False, "showline": False, "tickformat": ".1f"}
    figure.update_layout(
        modebar={"bgcolor": CLEAR, "color": NEUTRAL, "activecolor": CORRECTNESS[-1]},
        height=560 + 18 * len(said),
        margin={"l": 68, "r": 12, "t": 24 + 18 * len(said), "b": 88},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        bargap=0,
        # Zoom and selection outlive a redraw with other points.
        uirevision="data map",
        dragmode="select",
        hovermode="closest",
        legend={
            "orientation": "h",
            "title": {"text": "correctness  "},
            "x": 0,
            "y": -0.13,
            "yanchor": "top",
            "itemsizing": "constant",
            "traceorder": "reversed",
        },
        xaxis={
            **plain,
            "domain": (0, 0.8),
            "range": (-0.012, 0.512),
            "title": {"text": "variability", "standoff": 6},
        },
        yaxis={
            **plain,
            "domain": (0, 0.82),
            # Room above and below the points, where the region names cover none.
            "range": (-0.1, 1.1),
            "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1],
            "title": {"text": "confidence", "standoff": 14},
        },
        yaxis2={**quiet, "domain": (0.85, 1), "anchor": "x"},
        xaxis2={**quiet, "domain": (0.82, 1), "anchor": "y"},
        xaxis3={
            "domain": (0.82, 1),
            "anchor": "y3",
            "range": (-0.06, 1.06),
            "tickvals": [0, 1],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "title": {"text": "correctness", "standoff": 0, "font": {"size": 11}},
            "tickfont": {"size": 10},
        },
        yaxis3={**quiet, "domain": (0.9, 1), "anchor": "x3"},
    )
    # Not the figure's title: a page's theme would make all of it large and bold.
    figure.add_annotation(
        x=0,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        yshift=6,
        align="left",
        text="<br>".join(said),
        showarrow=False,
        font={"size": 12},
    )
    _name_regions(figure, data_map)


def _name_regions(figure: go.Figure, data_map: DataMap) -> None:
    """Name the regions where they lie: the foot and the head of the left edge, and the right."""
    shares = data_map.statistics().region_shares
    spots = ((0.0, 1.06, "left"), (0.508, 0.5, "right"), (0.0, -0.06, "left"))
    for region, (x, y, anchor), share in zip(REGIONS, spots, shares, strict=True):
        said = f"{region} {100 * share:.0f} %" if len(data_map) else region
        figure.add_annotation(
            x=x,
            y=y,
            text=said,
            xanchor=anchor,
            yanchor="middle",
            showarrow=False,
            borderpad=3,
            # White on dark can be read on either page and over points.
            bgcolor="rgba(32, 36, 46, 0.78)",
            font={"color": "#ffffff", "size": 12},
        )


def _middles(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    middles: NDArray[np.float64] = (edges[:-1] + edges[1:]) / 2
    return middles
