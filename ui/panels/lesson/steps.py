"""Controls and figures of the steps about maps, once their runs are finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cartography.figures import by_mask, by_region, epoch_curves_figure, noise_figure
from cartography.maps.data_map import REGIONS
from ui import parts, words
from ui.naming import distinct_names
from ui.panels.data_map import values as data_map_values
from ui.panels.lesson import choosing, values, views
from ui.panels.lesson.choosing import numbers
from ui.panels.lesson.script import FLIP, FLIPS
from ui.state import session
from ui.state.session import DataChoice

ONE, TEN, ALL = "One text", "Ten texts", "All texts"
_FLIP_KEY = "lesson_flip"
_CARDS = 3


def dynamics(choice: DataChoice, on_change: Callable[[], None]) -> None:
    """Show the curves of one text, of ten texts or of all."""
    full = values.full_map(choice)
    with _controls():
        how_many = st.segmented_control(
            "Show",
            [ONE, TEN, ALL],
            default=ONE,
            required=True,
            key="lesson_how_many",
            on_change=on_change,
        )
        _draw_button(on_change)
    positions = values.examples(full, session.draw())
    if how_many == ALL and views.too_many_lines(values.dynamics_of(full)):
        dynamics_of_all = values.dynamics_of(full)
        drawn = epoch_curves_figure(dynamics_of_all.gold_probability.T, [])
        parts.figure(
            views.enlarged(drawn, 460),
            "lesson_curves",
            f"Probability of the gold label by epoch: median and spread of {len(full.placed):,} "
            "texts.",
            lambda: values.quantile_table(dynamics_of_all),
        )
        return
    if how_many == ALL:
        positions = list(range(len(full.placed)))
    if how_many == ONE:
        positions = [positions[values.most_variable(full, positions)]]
        st.html(views.card(full, positions[0]))
    curves = values.dynamics_of(full).gold_probability[:, positions].T
    names = [views.shortened(views.text_at(full, position), 40) for position in positions]
    parts.figure(
        views.enlarged(epoch_curves_figure(curves, names), 460 if how_many == ONE else 640),
        "lesson_curves",
        f"Probability of the gold label by epoch of {len(positions)} texts. At the end it is "
        + ", ".join(f"{last:.2f}" for last in curves[:, -1])
        + ".",
        lambda: values.curve_table(full, positions),
    )
    if how_many == TEN:
        st.caption(
            "One text drawn from each tenth of the corpus, by confidence (the mean of the curve)."
        )


def point(choice: DataChoice, on_change: Callable[[], None]) -> None:
    """Show one text's curve next to its point, as more epochs are read."""
    full = values.full_map(choice)
    positions = values.examples(full, session.draw())
    names = distinct_names(
        {position: views.shortened(views.text_at(full, position), 60) for position in positions},
        lambda position: str(full.placed.ids[position]),
    )
    with _controls():
        epochs = st.slider(
            "Epochs read",
            1,
            full.placed.epochs,
            1,
            key="lesson_epochs_read",
            help=words.EPOCHS,
            on_change=on_change,
            width=320,
        )
        position: int = st.selectbox(
            "The ringed text",
            positions,
            index=values.most_variable(full, positions),
            format_func=names.__getitem__,
            # A new draw has other options, so it needs another widget.
            key=f"lesson_text_{session.draw()}",
            on_change=on_change,
            width=420,
        )
        _draw_button(on_change)
    placed = values.up_to(full, epochs)
    ringed = np.arange(len(placed)) == position
    with _pair():
        with st.container():
            curve = values.dynamics_of(full).gold_probability[:epochs, [position]].T
            parts.figure(
                views.enlarged(epoch_curves_figure(curve, [""], statistics=True), 480),
                "lesson_curve",
                f"The text's probability of its gold label, epochs 1 to {epochs}: mean "
                f"{placed.confidence[position]:.2f}, standard deviation "
                f"{placed.variability[position]:.2f}.",
                lambda: values.curve_table(full, [position]).head(epochs),
            )
        with st.container():
            parts.figure(
                views.map_figure(full, placed, ringed=ringed, ring_name="the text"),
                "lesson_point_map",
                f"Data map after {epochs} epochs, one text ringed at variability "
                f"{placed.variability[position]:.2f} and confidence "
                f"{placed.confidence[position]:.2f}. {parts.describe_regions(placed)}",
                lambda: data_map_values.table(replace(full, placed=placed)),
            )
    numbers(
        ("confidence", placed.confidence[position], words.CONFIDENCE),
        ("variability", placed.variability[position], words.VARIABILITY),
        ("correctness", placed.correctness[position], words.CORRECTNESS),
    )


def regions(choice: DataChoice, on_change: Callable[[], None]) -> None:
    """Show texts of a region, and where the region is on the map."""
    full = values.full_map(choice)
    with _controls():
        region = st.segmented_control(
            "Region",
            REGIONS,
            default=REGIONS[0],
            required=True,
            key="lesson_region",
            help=words.REGION,
            on_change=on_change,
        )
        _draw_button(on_change)
    positions = values.texts_of_region(full, region, _CARDS, session.draw())
    if not positions:
        st.info(f"No text of this corpus is {region}. Choose another region.")
    for position in positions:
        with st.container(border=True):
            st.html(views.card(full, position))
    parts.figure(
        views.map_figure(
            full,
            full.placed,
            colouring=by_region(full.placed),
            faded=full.placed.region != REGIONS.index(region),
            title=region,
        ),
        "lesson_regions_map",
        f"Data map by region, {region} in colour. {parts.describe_regions(full.placed)}",
        lambda: data_map_values.table(full),
    )


def seed_map(choice: DataChoice, on_change: Callable[[], None]) -> None:
    """Show the seed map next to the full map."""
    seed, full = values.seed_and_full(choice)
    seed_only = st.toggle(
        "On the full map, show only the seed set",
        key="lesson_seed_alone",
        help=words.SEED_SET,
        on_change=on_change,
    )
    outside_seed_set = ~np.isin(full.placed.ids.astype(str), seed.placed.ids.astype(str))
    with _pair():
        for view, faded in ((seed, None), (full, outside_seed_set if seed_only else None)):
            title = f"{view.name}: {len(view.placed):,} texts"
            with st.container():
                parts.figure(
                    views.map_figure(view, view.placed, faded=faded, title=title),
                    f"lesson_{view.key}",
                    f"{title}. {parts.describe_regions(view.placed)}",
                    partial(data_map_values.table, view),
                )


def choose_flip(on_change: Callable[[], None]) -> float:
    """Show the widget for the share of wrong labels; return the share."""
    return float(
        st.segmented_control(
            "Wrong labels",
            FLIPS,
            default=FLIP,
            required=True,
            format_func=lambda share: f"{share:.0%}",
            key=_FLIP_KEY,
            on_change=on_change,
        )
    )


def noise(choice: DataChoice, on_change: Callable[[], None]) -> None:
    """Show the texts with a wrong label on the map trained with them; see `choose_flip`."""
    del on_change
    flip = float(st.session_state[_FLIP_KEY])
    noisy = values.noise(choice, flip)
    placed, flipped = noisy.view.placed, noisy.flipped
    parts.figure(
        views.map_figure(
            noisy.view,
            placed,
            colouring=by_mask(f"wrong label ({int(flipped.sum()):,})", flipped),
            title=f"{flip:.0%} of the labels wrong",
        ),
        "lesson_noise_map",
        f"Full data map with the {int(flipped.sum()):,} texts with a wrong label marked. "
        f"{parts.describe_regions(placed)}",
        lambda: data_map_values.table(noisy.view).assign(flipped=flipped),
    )
    parts.figure(
        views.enlarged(noise_figure(placed.confidence, flipped), 420),
        "lesson_noise",
        f"Confidence of flipped texts, {placed.confidence[flipped].mean():.2f} on average, and of "
        f"the others, {placed.confidence[~flipped].mean():.2f}.",
        lambda: values.noise_table(noisy),
    )


def _controls() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="bottom")


def _pair() -> DeltaGenerator:
    """Return a container of two columns, stacked if the page is narrow."""
    return st.container(horizontal=True, key="lesson_pair")


def _draw_button(on_change: Callable[[], None]) -> None:
    def draw_again() -> None:
        session.draw_again()
        on_change()

    st.button("Other texts", icon=":material/shuffle:", key="lesson_other", on_click=draw_again)


SHOW: dict[str, Callable[[DataChoice, Callable[[], None]], None]] = {
    "dynamics": dynamics,
    "point": point,
    "regions": regions,
    "seed_map": seed_map,
    "boundary": choosing.boundary,
    "threshold": choosing.threshold,
    "strategies": choosing.strategies,
    "noise": noise,
}
"""Function that shows each step; its second argument is called when a control changes."""
