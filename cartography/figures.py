"""Values in, Plotly figures out.

Backgrounds are transparent and no text colour is set, so that a figure takes on the light or dark
page it stands on; `write_html` gives it a white one of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.corpus import CorpusReport, stratified_draw
from cartography.data_map import REGIONS, DataMap
from cartography.disk import written_whole

MOST_POINTS = 50_000
"""Points drawn one by one; of more, a stratified sample is."""

# Vermilion to blue through a warm grey: told apart with any common colour blindness, and of middle
# lightness throughout, so that no level fades into a white or a dark page.
CORRECTNESS = (
    "#c8401a",
    "#d8601f",
    "#e58a2e",
    "#d39a55",
    "#bd9d79",
    "#a3a09b",
    "#87a1b1",
    "#6aa1c2",
    "#4a9aca",
    "#3583c2",
    "#2268b5",
)
"""Colours of the correctness levels 0.0, 0.1 ... 1.0."""

REGION_COLOURS: Mapping[str, str] = {
    "easy-to-learn": "#2f7bbf",
    "ambiguous": "#e0a030",
    "hard-to-learn": "#c8401a",
}

STRATEGY_COLOURS: Mapping[str, str] = {
    "random": "#8c8c8c",
    "lc": "#0072b2",
    "entropy": "#56b4e9",
    "margin": "#009e73",
    "bald": "#cc79a7",
    "bald-mi": "#9a4fb0",
    "dal": "#e69f00",
    "cal": "#d55e00",
    "cal-dal": "#a6761d",
}

HIGHLIGHT = "#d6006e"

_NEUTRAL = "rgba(128, 134, 148, 0.65)"
_CLEAR = "rgba(0, 0, 0, 0)"
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
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_MARKERS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "x",
    "cross",
    "star",
    "hexagon",
    "triangle-down",
)
_REGION_PATTERNS = ("", "/", "x")
_MOST_CLASSES = 30
_SAMPLE_SEED = 0


@dataclass(frozen=True, eq=False)
class Curve:
    """Test accuracy (k,) in [0, 1] by the number of labelled texts (k,) of one run.

    `name` says whose it is: a strategy's name gives the curve that strategy's colour, and curves
    of one name are seeds of one thing.
    """

    name: str
    labelled: NDArray[np.int64]
    accuracy: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BatchSeries:
    """Mean confidence, variability and correctness (k,) of the batches of one run, by iteration
    (k,); `name` as in `Curve`.
    """

    name: str
    iteration: NDArray[np.int64]
    confidence: NDArray[np.float64]
    variability: NDArray[np.float64]
    correctness: NDArray[np.float64]


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
                x=data_map.variability[positions].astype(np.float32),
                y=data_map.confidence[positions].astype(np.float32),
                # A typed array would come back from the browser as an object, not as a list.
                customdata=[[position] for position in positions.tolist()],
                mode="markers",
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


def accuracy_figure(curves: Sequence[Curve]) -> go.Figure:
    """Test accuracy by labelled texts, a line for each name.

    Several curves of one name are drawn as their mean, with a band from the lowest to the highest,
    at the label counts that all of them have.
    """
    figure = go.Figure()
    for place, (name, group) in enumerate(_by_name(curves).items()):
        labelled = group[0].labelled
        for curve in group[1:]:
            labelled = np.intersect1d(labelled, curve.labelled)
        values = np.array(
            [curve.accuracy[np.isin(curve.labelled, labelled)] for curve in group]
        )  # (seeds, k)
        if len(group) > 1 and len(labelled):
            _add_band(figure, name, place, labelled, values)
        _add_line(
            figure,
            f"{name} ({len(group)} seeds)" if len(group) > 1 else name,
            _style(name, place),
            labelled,
            values.mean(axis=0) if len(labelled) else labelled,
            hover="%{x:,} labelled: %{y:.3f}",
        )
    _lay_out(figure, x="labelled texts", y="test accuracy", legend=len(curves) > 1)
    figure.update_xaxes(tickformat=",")
    if curves:
        accuracies = np.concatenate([curve.accuracy for curve in curves])
        labels = np.concatenate([curve.labelled for curve in curves])
        figure.update_yaxes(range=_around(accuracies, least=0.05, most=1.0))
        # A single point would otherwise stand on an axis of fractions of a text.
        figure.update_xaxes(range=_around(labels, least=20.0, most=np.inf))
    return figure


def batch_statistics_figure(series: Sequence[BatchSeries]) -> go.Figure:
    """Confidence, variability and correctness of each batch by iteration, in three panels, as in
    Figure 4: on the map of the training that the batch was first part of.
    """
    figure = go.Figure()
    panels = ("confidence", "variability", "correctness")
    domains = ((0.0, 0.29), (0.355, 0.645), (0.71, 1.0))
    for place, (name, group) in enumerate(_by_name(series).items()):
        for panel, statistic in enumerate(panels):
            for seed, one in enumerate(group):
                _add_line(
                    figure,
                    name,
                    _style(name, place),
                    one.iteration,
                    getattr(one, statistic),
                    hover=f"iteration %{{x}}: {statistic} %{{y:.2f}}",
                    axis=panel + 1,
                    in_legend=panel == 0 and seed == 0,
                )
    _lay_out(figure, x="", y="", legend=len(_by_name(series)) > 1, height=320)
    figure.update_layout(margin={"l": 36, "t": 40}, legend={"y": 1.12})
    for panel, (statistic, domain) in enumerate(zip(panels, domains, strict=True)):
        number = str(panel + 1) if panel else ""
        top = 0.5 if statistic == "variability" else 1.0
        figure.update_layout(
            {
                f"xaxis{number}": {
                    "domain": domain,
                    "anchor": f"y{number}",
                    "title": {"text": "iteration"},
                    "zeroline": False,
                },
                f"yaxis{number}": {
                    "anchor": f"x{number}",
                    "range": (0, top * 1.03),
                    "zeroline": False,
                },
            }
        )
        # Above the panel: at its side it would stand on the panel before it.
        figure.add_annotation(
            x=domain[0],
            y=1,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            yshift=4,
            text=statistic,
            showarrow=False,
        )
    return figure


def region_shares_figure(
    names: Sequence[str], shares: NDArray[np.float64], *, axis: str = ""
) -> go.Figure:
    """Stacked bars of the shares (k, 3) of the regions, a bar for each of the k `names`.

    The names are runs or iterations; `axis` says which. The order of regions is that of `REGIONS`.
    """
    figure = go.Figure()
    percent = 100 * np.asarray(shares, dtype=np.float64).reshape(-1, len(REGIONS))
    few = len(names) <= 8
    for region, pattern, values in zip(REGIONS, _REGION_PATTERNS, percent.T, strict=True):
        figure.add_trace(
            go.Bar(
                x=list(names),
                y=values,
                name=region,
                marker={
                    "color": REGION_COLOURS[region],
                    "pattern": {
                        "shape": pattern,
                        "fillmode": "overlay",
                        "fgcolor": "#ffffff",
                        "fgopacity": 0.3,
                        "size": 7,
                    },
                    "line": {"width": 0},
                },
                text=[f"{value:.0f} %" if value >= 6 else "" for value in values] if few else None,
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"color": "#1f242e" if region == "ambiguous" else "#ffffff", "size": 13},
                hovertemplate=f"%{{x}}<br>{region} %{{y:.1f}} %<extra></extra>",
            )
        )
    _lay_out(figure, x=axis, y="share (%)", legend=True, height=320)
    figure.update_layout(barmode="stack", bargap=0.3 if few else 0.1)
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(range=(0, 100))
    return figure


def class_shares_figure(report: CorpusReport) -> go.Figure:
    """The texts of each class as horizontal bars, the largest first; of many classes, the 30
    largest and the sum of the rest.
    """
    order = sorted(range(len(report.classes)), key=lambda i: -report.class_counts[i])
    head, tail = order[:_MOST_CLASSES], order[_MOST_CLASSES:]
    names = [_shortened(report.classes[i]) for i in head]
    counts = [report.class_counts[i] for i in head]
    shares = [report.class_shares[i] for i in head]
    if tail:
        names.append(f"{len(tail)} smaller classes")
        counts.append(sum(report.class_counts[i] for i in tail))
        shares.append(sum(report.class_shares[i] for i in tail))
    figure = go.Figure(
        go.Bar(
            # Positions, so that two classes whose shortened names agree keep a bar each.
            y=list(range(len(names))),
            x=counts,
            orientation="h",
            marker={"color": REGION_COLOURS["easy-to-learn"]},
            text=[
                f"{count:,} · {100 * share:.1f} %"
                for count, share in zip(counts, shares, strict=True)
            ],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x:,} texts<extra></extra>",
        )
    )
    _lay_out(figure, x="texts", y="", legend=False, height=max(180, 90 + 26 * len(names)))
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, autorange="reversed", showgrid=False
    )
    figure.update_xaxes(range=(0, 1.25 * max(counts, default=1)), tickformat=",")
    return figure


def write_html(figure: go.Figure, path: Path) -> None:
    """Write `figure` as one HTML file that needs no network, on a white background."""
    page = go.Figure(figure)
    page.update_layout(template="plotly_white", paper_bgcolor="white", plot_bgcolor="white")
    with written_whole(path) as temporary:
        temporary.write_text(page.to_html(include_plotlyjs=True), encoding="utf-8")


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
            x=data_map.variability[positions].astype(np.float32),
            y=data_map.confidence[positions].astype(np.float32),
            customdata=[[position] for position in positions.tolist()],
            mode="markers",
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
    common: dict[str, Any] = {"showlegend": False, "marker": {"color": _NEUTRAL, "line_width": 0}}
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
        modebar={"bgcolor": _CLEAR, "color": _NEUTRAL, "activecolor": CORRECTNESS[-1]},
        height=560 + 18 * len(said),
        margin={"l": 68, "r": 12, "t": 24 + 18 * len(said), "b": 88},
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
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


def _lay_out(figure: go.Figure, *, x: str, y: str, legend: bool, height: int = 380) -> None:
    figure.update_layout(
        height=height,
        margin={"l": 56, "r": 12, "t": 16, "b": 56},
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="closest",
    )
    figure.update_xaxes(title={"text": x}, zeroline=False)
    figure.update_yaxes(title={"text": y}, zeroline=False)


def _style(name: str, place: int) -> dict[str, Any]:
    """Colour, dash and marker of a name: a strategy's own, or those of its `place`."""
    known = list(STRATEGY_COLOURS)
    number = known.index(name) if name in known else len(known) - 1 - place % len(known)
    return {
        "color": STRATEGY_COLOURS[known[number]],
        "dash": _DASHES[number % len(_DASHES)],
        "symbol": _MARKERS[number % len(_MARKERS)],
    }


def _add_line(
    figure: go.Figure,
    name: str,
    style: Mapping[str, Any],
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    hover: str,
    axis: int = 1,
    in_legend: bool = True,
) -> None:
    number = str(axis) if axis > 1 else ""
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            name=name,
            legendgroup=name,
            showlegend=in_legend,
            mode="lines+markers",
            line={"color": style["color"], "dash": style["dash"], "width": 2},
            marker={"color": style["color"], "symbol": style["symbol"], "size": 7},
            hovertemplate=hover,
            xaxis=f"x{number}",
            yaxis=f"y{number}",
        )
    )


def _add_band(
    figure: go.Figure,
    name: str,
    place: int,
    x: NDArray[np.int64],
    values: NDArray[np.float64],
) -> None:
    """The area between the lowest and the highest of `values` (seeds, k)."""
    figure.add_trace(
        go.Scatter(
            x=np.concatenate([x, x[::-1]]),
            y=np.concatenate([values.max(axis=0), values.min(axis=0)[::-1]]),
            name=f"{name}, lowest to highest",
            legendgroup=name,
            showlegend=False,
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillcolor=_translucent(_style(name, place)["color"]),
            hoverinfo="skip",
        )
    )


def _translucent(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.18)"


def _by_name(values: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for value in values:
        groups.setdefault(value.name, []).append(value)
    return groups


def _around(values: NDArray[Any], *, least: float, most: float) -> tuple[float, float] | None:
    """A range of an axis with room on both sides of `values`, `least` or a tenth of their span."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = float(finite.min()), float(finite.max())
    room = max(least, 0.1 * (high - low))
    return max(0.0, low - room), min(most, high + room)


def _middles(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    middles: NDArray[np.float64] = (edges[:-1] + edges[1:]) / 2
    return middles


def _shortened(name: str, most: int = 28) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
