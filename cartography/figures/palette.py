"""Colours and marker symbols with one meaning in all figures."""

from collections.abc import Mapping

# Vermilion to blue through a warm grey: distinguishable with any common colour blindness. All are
# of medium lightness, so that no level fades on a light or a dark page.
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

CLASS_COLOURS = (
    "#0072b2",
    "#d98c00",
    "#009e73",
    "#c4609a",
    "#d55e00",
    "#4aa3d8",
    "#8b5cc9",
    "#a6761d",
)
"""Colours of classes after Okabe and Ito: distinguishable with any common colour blindness."""

BATCH_COLOURS = ("#5566c9", "#8a59c4", "#b54fae", "#d44f84", "#e06a4f", "#dd9a2b")
"""Colours of the batches in the order of picking, from blue to amber."""

SEED_SET = "#2a9d8f"

HIGHLIGHT = "#d6006e"

NEUTRAL = "rgba(128, 134, 148, 0.65)"

# For points in the background: lighter than all colours above, but not brighter on a dark page.
MUTED = "#9ba1ac"

TRANSPARENT = "rgba(0, 0, 0, 0)"

# Shape as well as colour; adjacent levels have dissimilar shapes.
CORRECTNESS_SYMBOLS = (
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
"""Shapes of the correctness levels 0.0, 0.1 ... 1.0."""

SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "x",
    "triangle-down",
    "cross",
    "hexagon",
)
"""Shapes of groups without an order."""
