"""What all figures share: their frame, and how they become a file.

Backgrounds are transparent and no text colour is set, so that a figure takes on the light or dark
page it stands on; `write_html` gives it a white one of its own.
"""

from pathlib import Path

import plotly.graph_objects as go

from cartography.disk import written_whole
from cartography.figures.palette import CLEAR


def write_html(figure: go.Figure, path: Path) -> None:
    """Write `figure` as one HTML file that needs no network, on a white background."""
    page = go.Figure(figure)
    page.update_layout(template="plotly_white", paper_bgcolor="white", plot_bgcolor="white")
    with written_whole(path) as temporary:
        temporary.write_text(page.to_html(include_plotlyjs=True), encoding="utf-8")


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
