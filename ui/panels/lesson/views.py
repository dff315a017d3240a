"""Maps and texts of the lesson, large enough for the back row of a classroom."""

from __future__ import annotations

from html import escape

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from cartography.figures import MOST_LINES, Colouring, data_map_figure
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics
from ui.panels.data_map.values import MapView

_LONGEST = 240  # characters of a text on a card


def map_figure(
    view: MapView,
    placed: DataMap,
    *,
    colouring: Colouring | None = None,
    faded: NDArray[np.bool_] | None = None,
    ringed: NDArray[np.bool_] | None = None,
    ring_name: str = "",
    title: str = "",
) -> go.Figure:
    """Draw a data map of the lesson. Cached, because the same few maps are shown many times.

    Parameters
    ----------
    view : MapView
        The map; part of the cache key.
    placed : DataMap
        Points to draw: those of `view`, or those after fewer epochs.
    colouring : Colouring, optional
    faded, ringed : NDArray of bool, shape (n,), optional
        Points to draw in grey, and points to mark with a ring.
    ring_name, title : str
        Legend entry of the ringed points, and title of the figure.
    """
    masks = [np.packbits(mask).tobytes() for mask in (faded, ringed) if mask is not None]
    names = f"{title} {ring_name} {colouring.title if colouring else ''}"
    key = f"{view.stamp} {placed.epochs} {names} {faded is None}"
    return _map_figure(key, tuple(masks), placed, colouring, faded, ringed, ring_name, title)


@st.cache_resource(max_entries=32, show_spinner=False)
def _map_figure(
    key: str,
    masks: tuple[bytes, ...],
    _placed: DataMap,
    _colouring: Colouring | None,
    _faded: NDArray[np.bool_] | None,
    _ringed: NDArray[np.bool_] | None,
    ring_name: str,
    title: str,
) -> go.Figure:
    del key, masks
    figure = data_map_figure(
        _placed,
        colouring=_colouring,
        faded=_faded,
        highlighted=_ringed,
        highlight_name=ring_name,
        title=title,
    )
    return enlarged(figure)


def too_many_lines(dynamics: TrainingDynamics) -> bool:
    """Return whether there are too many texts to draw each curve with its own line and name."""
    return len(dynamics.ids) > MOST_LINES


def enlarged(figure: go.Figure, height: int | None = None) -> go.Figure:
    """Enlarge the type of `figure` in place, for the back row of a classroom; return it."""
    axis = {"title": {"font": {"size": 17}}, "tickfont": {"size": 15}}
    # Only the main axes: the marginal plots of a map have no room for larger type.
    figure.update_layout(
        font={"size": 16},
        legend={"font": {"size": 15}},
        xaxis=axis,
        yaxis=axis,
        height=height or figure.layout.height,
    )
    figure.update_annotations(font={"size": 15})
    return figure


def text_at(full: MapView, position: int) -> str:
    """Return the text at a position."""
    return str(full.run.items["text"].iat[position])


def shortened(text: str, most: int = _LONGEST) -> str:
    """Return `text` in one line of at most `most` characters, with an ellipsis if it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 2].rstrip()} …"


def card(full: MapView, position: int) -> str:
    """Return a text with its label, final prediction and confidence, as HTML."""
    item = full.run.items.iloc[position]
    details = (
        f"gold label <b>{escape(item['label'])}</b> · final prediction "
        f"<b>{escape(item['predicted_label'])}</b> · confidence "
        f"{full.placed.confidence[position]:.2f}"
    )
    return f'{plain_card(item["text"])}<p style="margin: 0.4rem 0 0; opacity: 0.8">{details}</p>'


def plain_card(text: str) -> str:
    """Return a text as HTML, shortened."""
    style = "font-size: 1.25rem; margin: 0; overflow-wrap: anywhere"
    return f'<p style="{style}">{escape(shortened(text))}</p>'
