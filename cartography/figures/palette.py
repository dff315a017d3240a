"""One colour for one meaning, wherever it is drawn."""

from collections.abc import Mapping

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

NEUTRAL = "rgba(128, 134, 148, 0.65)"

CLEAR = "rgba(0, 0, 0, 0)"
