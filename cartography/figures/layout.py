"""What all figures share: their frame, and how they become a file.

Backgrounds are transparent and no text colour is set, so that a figure takes on the light or dark
page it stands on; `as_html` gives it a white one of its own.
"""

from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from cartography.figures.marks import escape_name
from cartography.figures.palette import CLEAR, CORRECTNESS, NEUTRAL
from cartography.files import atomic_write

MODEBAR = {"bgcolor": CLEAR, "color": NEUTRAL, "activecolor": CORRECTNESS[-1]}


def as_html(figure: go.Figure) -> str:
    """`figure` as one HTML page that needs no network, on a white background, with the figure's
    caption, if it has one, below it.
    """
    page = go.Figure(figure)
    page.update_layout(template="plotly_white", paper_bgcolor="white", plot_bgcolor="white")
    drawn = page.to_html(include_plotlyjs=True, full_html=False)
    caption = caption_of(figure)
    below = f'<p style="max-width: 50em">{escape(caption)}</p>\n' if caption else ""
    style = "margin: 12px; font-family: system-ui, sans-serif; color: #1f242e; background: white"
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f'<title>Cartography</title></head>\n<body style="{style}">\n'
        f"{drawn}\n{below}</body>\n</html>\n"
    )


def write_html(figure: go.Figure, path: Path) -> None:
    """Write `figure` as one HTML file, as `as_html` makes it."""
    with atomic_write(path) as temporary:
        temporary.write_text(as_html(figure), encoding="utf-8")


def caption_of(figure: go.Figure) -> str:
    """The small print that a figure carries for the page below it; empty where it has none."""
    meta = figure.layout.meta or {}
    return str(meta.get("caption", ""))


def lay_out(figure: go.Figure, *, x: str, y: str, legend: bool, height: int = 380) -> None:
    """Title the axes `x` and `y` and set the frame that all figures but the map have."""
    figure.update_layout(
        height=height,
        margin={"l": 56, "r": 12, "t": 16, "b": 56},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="closest",
    )
    figure.update_xaxes(title={"text": x}, zeroline=False)
    figure.update_yaxes(title={"text": y}, zeroline=False)


def plane() -> dict[str, Any]:
    """The axes of the plane that maps and trails lie on, the same in every figure and epoch."""
    plain = {"zeroline": False, "showline": False, "tickformat": ".1f"}
    return {
        "xaxis": {
            **plain,
            "range": (-0.012, 0.512),
            "title": {"text": "variability", "standoff": 4},
        },
        "yaxis": {
            **plain,
            # Room above and below the points, where the names of the regions cover none.
            "range": (-0.1, 1.1),
            "tickvals": (0, 0.2, 0.4, 0.6, 0.8, 1),
            "title": {"text": "confidence", "standoff": 6},
        },
    }


def legend_below(title: str) -> dict[str, Any]:
    """A legend at the foot of a figure, in as many rows as the width asks for."""
    return {
        "orientation": "h",
        "title": {"text": escape_name(title), "side": "top"},
        "x": 0,
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
        "itemsizing": "constant",
        "font": {"size": 12},
        # What is switched off stays off while points move, but not when the groups are others.
        "uirevision": title,
    }


def note(text: str, **place: Any) -> dict[str, Any]:
    """Words at a place of a figure's paper."""
    return {"text": text, "xref": "paper", "yref": "paper", "showarrow": False, **place}
