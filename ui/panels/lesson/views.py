"""How the lesson shows maps and texts: large enough for the back row of a classroom."""

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
    shown: MapView,
    placed: DataMap,
    *,
    colouring: Colouring | None = None,
    faded: NDArray[np.bool_] | None = None,
    ringed: NDArray[np.bool_] | None = None,
    ring_name: str = "",
    title: str = "",
) -> go.Figure:
    """A map of the lesson; kept, since the same few are looked at again and again."""
    masks = [np.packbits(mask).tobytes() for mask in (faded, ringed) if mask is not None]
    names = f"{title} {ring_name} {colouring.title if colouring else ''}"
    key = f"{shown.stamp} {placed.epochs} {names} {faded is None}"
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
    drawn = data_map_figure(
        _placed,
        colouring=_colouring,
        faded=_faded,
        highlighted=_ringed,
        highlight_name=ring_name,
        title=title,
    )
    return enlarged(drawn)


def many(dynamics: TrainingDynamics) -> bool:
    """Whether the curves of all texts are too many for a line and a name each."""
    return len(dynamics.ids) > MOST_LINES


def enlarged(figure: go.Figure, height: int | None = None) -> go.Figure:
    """`figure` with letters that can be read from the back row of a classroom."""
    axis = {"title": {"font": {"size": 17}}, "tickfont": {"size": 15}}
    # A map's other axes are those of its margins, which have no room.
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
    """The text at a position."""
    return str(full.run.items["text"].iat[position])


def shortened(text: str, most: int = _LONGEST) -> str:
    """`text` in one line of at most `most` characters, with an ellipsis where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 2].rstrip()} …"


def card(full: MapView, position: int) -> str:
    """A text with its label and what the model makes of it, as HTML."""
    item = full.run.items.iloc[position]
    sentences = (
        f"gold label <b>{escape(item['label'])}</b> · the model ends on "
        f"<b>{escape(item['predicted_label'])}</b> · confidence "
        f"{full.placed.confidence[position]:.2f}"
    )
    return f'{plain_card(item["text"])}<p style="margin: 0.4rem 0 0; opacity: 0.8">{sentences}</p>'


def plain_card(text: str) -> str:
    """A text as HTML, shortened."""
    style = "font-size: 1.25rem; margin: 0; overflow-wrap: anywhere"
    return f'<p style="{style}">{escape(shortened(text))}</p>'
