"""What the learner moves and sees at the steps about maps, once the runs are there."""

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
from ui.panels.lesson import choosing as learn_choosing
from ui.panels.lesson import values
from ui.panels.lesson import views as looks
from ui.panels.lesson.choosing import numbers
from ui.panels.lesson.script import FLIP, FLIPS
from ui.state import session
from ui.state.session import DataChoice

ONE, TEN, ALL = "One text", "Ten texts", "All texts"
_FLIP_KEY = "learn_flip"
_CARDS = 3


def dynamics(choice: DataChoice, moved: Callable[[], None]) -> None:
    """Curves of one text, of ten, of all."""
    full = values.full_map(choice)
    with _controls():
        how_many = st.segmented_control(
            "Show",
            [ONE, TEN, ALL],
            default=ONE,
            required=True,
            key="learn_how_many",
            on_change=moved,
        )
        _draw_button(moved)
    positions = values.examples(full, session.draw())
    if how_many == ALL and looks.many(values.dynamics_of(full)):
        everything = values.dynamics_of(full)
        drawn = epoch_curves_figure(everything.gold_probability.T, [])
        parts.figure(
            looks.enlarged(drawn, 460),
            "learn_curves",
            f"Probability of the gold label by epoch: median and spread of {len(full.placed):,} "
            "texts.",
            lambda: values.quantile_table(everything),
        )
        return
    if how_many == ALL:
        positions = list(range(len(full.placed)))
    if how_many == ONE:
        positions = [positions[values.most_wavering(full, positions)]]
        st.html(looks.card(full, positions[0]))
    curves = values.dynamics_of(full).gold_probability[:, positions].T
    names = [looks.shortened(looks.text_at(full, each), 40) for each in positions]
    parts.figure(
        looks.enlarged(epoch_curves_figure(curves, names), 460 if how_many == ONE else 640),
        "learn_curves",
        f"Probability of the gold label by epoch of {len(positions)} texts. At the end it is "
        + ", ".join(f"{last:.2f}" for last in curves[:, -1])
        + ".",
        lambda: values.curve_table(full, positions),
    )
    if how_many == TEN:
        st.caption("One drawn from each tenth of the corpus, by the mean of its curve.")


def point(choice: DataChoice, moved: Callable[[], None]) -> None:
    """Show one text's curve next to its point, as more epochs are read."""
    full = values.full_map(choice)
    positions = values.examples(full, session.draw())
    names = distinct_names(
        {each: looks.shortened(looks.text_at(full, each), 60) for each in positions},
        lambda each: str(full.placed.ids[each]),
    )
    with _controls():
        epochs = st.slider(
            "Epochs read",
            1,
            full.placed.epochs,
            1,
            key="learn_epochs_read",
            help=words.EPOCHS,
            on_change=moved,
            width=320,
        )
        position: int = st.selectbox(
            "The ringed text",
            positions,
            index=values.most_wavering(full, positions),
            format_func=names.__getitem__,
            # Other examples are another choice.
            key=f"learn_text_{session.draw()}",
            on_change=moved,
            width=420,
        )
        _draw_button(moved)
    placed = values.up_to(full, epochs)
    ringed = np.arange(len(placed)) == position
    with _pair():
        with st.container():
            curve = values.dynamics_of(full).gold_probability[:epochs, [position]].T
            parts.figure(
                looks.enlarged(epoch_curves_figure(curve, [""], statistics=True), 480),
                "learn_curve",
                f"The text's probability of its gold label, epochs 1 to {epochs}: mean "
                f"{placed.confidence[position]:.2f}, standard deviation "
                f"{placed.variability[position]:.2f}.",
                lambda: values.curve_table(full, [position]).head(epochs),
            )
        with st.container():
            parts.figure(
                looks.map_figure(full, placed, ringed=ringed, ring_name="the text"),
                "learn_point_map",
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


def regions(choice: DataChoice, moved: Callable[[], None]) -> None:
    """Show texts of a region, and where the region is on the map."""
    full = values.full_map(choice)
    with _controls():
        region = st.segmented_control(
            "Region",
            REGIONS,
            default=REGIONS[0],
            required=True,
            key="learn_region",
            help=words.REGION,
            on_change=moved,
        )
        _draw_button(moved)
    positions = values.texts_of_region(full, region, _CARDS, session.draw())
    if not positions:
        st.info(f"No text of this corpus is {region}. Look at another region.")
    for position in positions:
        with st.container(border=True):
            st.html(looks.card(full, position))
    parts.figure(
        looks.map_figure(
            full,
            full.placed,
            colouring=by_region(full.placed),
            faded=full.placed.region != REGIONS.index(region),
            title=region,
        ),
        "learn_regions_map",
        f"Data map by region, {region} in colour. {parts.describe_regions(full.placed)}",
        lambda: data_map_values.table(full),
    )


def seed_map(choice: DataChoice, moved: Callable[[], None]) -> None:
    """Show the seed map next to the full map."""
    seed, full = values.seed_and_full(choice)
    alone = st.toggle(
        "On the full map, show the seed set alone",
        key="learn_seed_alone",
        help=words.SEED_SET,
        on_change=moved,
    )
    elsewhere = ~np.isin(full.placed.ids.astype(str), seed.placed.ids.astype(str))
    with _pair():
        for view, faded in ((seed, None), (full, elsewhere if alone else None)):
            title = f"{view.name}: {len(view.placed):,} texts"
            with st.container():
                parts.figure(
                    looks.map_figure(view, view.placed, faded=faded, title=title),
                    f"learn_{view.key}",
                    f"{title}. {parts.describe_regions(view.placed)}",
                    partial(data_map_values.table, view),
                )


def choose_flip(moved: Callable[[], None]) -> float:
    """The widget for the share of the labels that are wrong."""
    return float(
        st.segmented_control(
            "Wrong labels",
            FLIPS,
            default=FLIP,
            required=True,
            format_func=lambda share: f"{share:.0%}",
            key=_FLIP_KEY,
            on_change=moved,
        )
    )


def noise(choice: DataChoice, moved: Callable[[], None]) -> None:
    """Show the texts with a wrong label on the map trained with them; see `choose_flip`."""
    del moved
    flip = float(st.session_state[_FLIP_KEY])
    flipped_map = values.noise(choice, flip)
    placed, flipped = flipped_map.shown.placed, flipped_map.flipped
    parts.figure(
        looks.map_figure(
            flipped_map.shown,
            placed,
            colouring=by_mask(f"wrong label ({int(flipped.sum()):,})", flipped),
            title=f"{flip:.0%} of the labels wrong",
        ),
        "learn_noise_map",
        f"Full data map with the {int(flipped.sum()):,} texts of a wrong label marked. "
        f"{parts.describe_regions(placed)}",
        lambda: data_map_values.table(flipped_map.shown).assign(flipped=flipped),
    )
    parts.figure(
        looks.enlarged(noise_figure(placed.confidence, flipped), 420),
        "learn_noise",
        f"Confidence of flipped texts, {placed.confidence[flipped].mean():.2f} on average, and of "
        f"the others, {placed.confidence[~flipped].mean():.2f}.",
        lambda: values.noise_table(flipped_map),
    )


def _controls() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="bottom")


def _pair() -> DeltaGenerator:
    """Two columns, stacked if the page is narrow."""
    return st.container(horizontal=True, key="learn_pair")


def _draw_button(moved: Callable[[], None]) -> None:
    def draw_again() -> None:
        session.draw_again()
        moved()

    st.button("Other texts", icon=":material/shuffle:", key="learn_other", on_click=draw_again)


SHOWN: dict[str, Callable[[DataChoice, Callable[[], None]], None]] = {
    "dynamics": dynamics,
    "point": point,
    "regions": regions,
    "seed_map": seed_map,
    "boundary": learn_choosing.boundary,
    "threshold": learn_choosing.threshold,
    "strategies": learn_choosing.strategies,
    "noise": noise,
}
"""What each step shows on a corpus; the second argument is called when a control was moved."""
