"""Layout shared by all figures, and export as HTML.

Backgrounds are transparent and no text colour is set, so that a figure fits a light or a dark page;
`as_html` sets a white background.
"""

from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from cartography.figures.marks import escape_name
from cartography.figures.palette import CORRECTNESS, NEUTRAL, TRANSPARENT
from cartography.files import atomic_write

MODEBAR = {"bgcolor": TRANSPARENT, "color": NEUTRAL, "activecolor": CORRECTNESS[-1]}


def as_html(figure: go.Figure) -> str:
    """Return a figure as one HTML page that needs no network.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        It is not changed.

    Returns
    -------
    str
        The figure on a white background, with its caption, if any, below it.
    """
    page = go.Figure(figure)
    page.update_layout(template="plotly_white", paper_bgcolor="white", plot_bgcolor="white")
    plot = page.to_html(include_plotlyjs=True, full_html=False)
    caption = caption_of(figure)
    paragraph = f'<p style="max-width: 50em">{escape(caption)}</p>\n' if caption else ""
    style = "margin: 12px; font-family: system-ui, sans-serif; color: #1f242e; background: white"
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f'<title>Cartography</title></head>\n<body style="{style}">\n'
        f"{plot}\n{paragraph}</body>\n</html>\n"
    )


def write_html(figure: go.Figure, path: Path) -> None:
    """Write a figure as one HTML file that needs no network.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    path : Path
        The file to create or replace.

    Raises
    ------
    CartographyError
        The file cannot be written.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(as_html(figure), encoding="utf-8", newline="\n")


def caption_of(figure: go.Figure) -> str:
    """Return the caption in the metadata of a figure, "" if there is none."""
    meta = figure.layout.meta or {}
    return str(meta.get("caption", ""))


def lay_out(figure: go.Figure, *, x: str, y: str, legend: bool, height: int = 380) -> None:
    """Set the axis titles and the layout that all figures except maps and trails share.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    x, y : str
        Axis titles.
    legend : bool
        Whether to show the legend.
    height : int
        In pixels.
    """
    figure.update_layout(
        height=height,
        margin={"l": 56, "r": 12, "t": 16, "b": 56},
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="closest",
    )
    figure.update_xaxes(title={"text": x}, zeroline=False)
    figure.update_yaxes(title={"text": y}, zeroline=False)


def map_axes() -> dict[str, Any]:
    """Return the axes of maps and trails, which are the same in every figure and epoch."""
    plain = {"zeroline": False, "showline": False, "tickformat": ".1f"}
    return {
        "xaxis": {
            **plain,
            "range": (-0.012, 0.512),
            "title": {"text": "variability", "standoff": 14},
        },
        "yaxis": {
            **plain,
            # Leaves space above and below the points for the names of the regions.
            "range": (-0.1, 1.1),
            "tickvals": (0, 0.2, 0.4, 0.6, 0.8, 1),
            "title": {"text": "confidence", "standoff": 6},
        },
    }


def legend_below(title: str) -> dict[str, Any]:
    """Return a legend below the figure, in as many rows as its width requires."""
    return {
        "orientation": "h",
        "title": {"text": escape_name(title), "side": "top"},
        "x": 0,
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
        "itemsizing": "constant",
        "font": {"size": 12},
        # Hidden groups stay hidden while points move, but not when the grouping changes.
        "uirevision": title,
    }


def paper_note(text: str, **options: Any) -> dict[str, Any]:
    """Return an annotation in paper coordinates; `options` are Plotly's, such as `x` and `y`."""
    return {"text": text, "xref": "paper", "yref": "paper", "showarrow": False, **options}
