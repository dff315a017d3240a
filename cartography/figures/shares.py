"""Shares of regions and classes as bars and lines."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from cartography.corpora.corpus import CorpusReport
from cartography.figures.layout import lay_out
from cartography.figures.marks import (
    add_band,
    add_line,
    add_reference,
    escape_name,
    lay_out_panels,
    mean_and_range,
    series_style,
)
from cartography.figures.palette import REGION_COLOURS
from cartography.maps.data_map import REGIONS

_REGION_PATTERNS = ("", "/", "x")

_MOST_CLASSES = 30


def region_shares_figure(
    names: Sequence[str], shares: NDArray[np.float64], *, axis: str = ""
) -> go.Figure:
    """Plot shares of regions as stacked bars.

    Parameters
    ----------
    names : sequence of str, length k
        Names of the bars, such as runs or iterations.
    shares : float64 array, shape (k, 3)
        In the order of `REGIONS`.
    axis : str
        Title of the x axis.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure()
    percent = 100 * np.asarray(shares, dtype=np.float64).reshape(-1, len(REGIONS))
    few = len(names) <= 8
    for region, pattern, values in zip(REGIONS, _REGION_PATTERNS, percent.T, strict=True):
        figure.add_trace(
            go.Bar(
                x=[escape_name(name) for name in names],
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
    lay_out(figure, x=axis, y="share (%)", legend=True, height=320)
    figure.update_layout(barmode="stack", bargap=0.3 if few else 0.1)
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(range=(0, 100))
    return figure


def region_share_bands_figure(
    shares: Mapping[str, NDArray[np.float64]],
    *,
    reference: tuple[float, float, float] | None = None,
) -> go.Figure:
    """Plot the share of each region among the picks of each name by iteration.

    Parameters
    ----------
    shares : mapping of str to float64 array, shape (S, b, 3)
        For each name, by seed, batch (from iteration 1) and region (in the order of `REGIONS`);
        NaN for a missing batch.
    reference : tuple of three floats, optional
        Shares of the regions in the whole reference map, which a random batch has on average.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per region. A line is the mean over the seeds, its band their range.
    """
    figure = go.Figure()
    for position, (name, values) in enumerate(shares.items()):
        style = series_style(name, position)
        legend = escape_name(name) + (f" ({len(values)} seeds)" if len(values) > 1 else "")
        iterations = np.arange(1, values.shape[1] + 1)
        for panel, (mean, low, high) in enumerate(
            zip(*(100 * curve.T for curve in mean_and_range(values)), strict=True)
        ):
            if len(values) > 1:
                add_band(
                    figure,
                    f"{escape_name(name)}, lowest to highest",
                    style["color"],
                    iterations,
                    low,
                    high,
                    axis=panel + 1,
                    group=legend,
                )
            add_line(
                figure,
                legend,
                style,
                iterations,
                mean,
                hover=f"iteration %{{x}}: {REGIONS[panel]} %{{y:.0f}} %",
                axis=panel + 1,
                in_legend=panel == 0,
                size=4,
            )
    for panel, share in enumerate(reference or ()):
        add_reference(
            figure,
            "all texts",
            100 * share,
            (1, max((values.shape[1] for values in shares.values()), default=1)),
            axis=panel + 1,
            in_legend=panel == 0,
        )
    lay_out(figure, x="", y="", legend=len(shares) > 1 or reference is not None, height=340)
    lay_out_panels(
        figure,
        [f"{region}, %" for region in REGIONS],
        x="iteration",
        ranges=((-2, 102),) * len(REGIONS),
    )
    return figure


def class_shares_figure(report: CorpusReport) -> go.Figure:
    """Plot the number of texts of each class as horizontal bars, the largest class first.

    Parameters
    ----------
    report : CorpusReport

    Returns
    -------
    plotly.graph_objects.Figure
        Of more than 30 classes, the 30 largest and the sum of the others.
    """
    order = sorted(range(len(report.classes)), key=lambda i: -report.class_counts[i])
    head, tail = order[:_MOST_CLASSES], order[_MOST_CLASSES:]
    names = [escape_name(report.classes[i]) for i in head]
    counts = [report.class_counts[i] for i in head]
    shares = [report.class_shares[i] for i in head]
    if tail:
        names.append(f"{len(tail)} smaller classes")
        counts.append(sum(report.class_counts[i] for i in tail))
        shares.append(sum(report.class_shares[i] for i in tail))
    figure = go.Figure(
        go.Bar(
            # Positions, so that classes with the same shortened name keep separate bars.
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
    lay_out(figure, x="texts", y="", legend=False, height=max(180, 90 + 26 * len(names)))
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, autorange="reversed", showgrid=False
    )
    figure.update_xaxes(range=(0, 1.25 * max(counts, default=1)), tickformat=",")
    return figure
