"""The maps of the Data map page: while they train, and the finished ones with their texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from cartography.formatting import count_noun
from cartography.maps.data_map import REGIONS, Thresholds
from cartography.runs.map_runs import map_table
from cartography.runs.opened import compare_thirds
from ui import parts, words
from ui.faults import errors_in_place
from ui.jobs import results
from ui.jobs.background import Task, TaskState
from ui.panels.data_map import controls, values
from ui.panels.data_map.values import MapStyle, MapView, TextFilters
from ui.state import session

_MOST_ROWS = 1_000  # in the table of picked texts; the file has all
_MIN_WIDTH = 380  # pixels of each of two columns
_COLUMNS = "map_columns"
_ROW_HEIGHT = 72  # pixels: three lines of text
_TABLE_HEIGHT = 560  # pixels


def live(task: Task, state: TaskState) -> None:
    """Draw the maps after the newest epoch of their training."""
    views = values.maps(task, Thresholds())
    if not views:
        parts.preparing(task, state)
        return
    training = [view for view in views if view.run.summary is None]
    if training:
        steps = results.steps(training[0].run.folder, training[0].run.epochs)
        st.progress(steps.share, text=f"Training: {steps.say('epoch')}")
    else:
        st.progress(1.0, text="Training is finished. Writing the maps …")
    for column, view in zip(_columns([1] * len(views)), views, strict=True):
        with column:
            _figure(view, MapStyle(), np.ones(len(view.placed), dtype=np.bool_), "live")


@st.fragment(key="data_map_explored")
@errors_in_place()
def explore(task: Task) -> None:
    """Draw the finished maps with their controls and the picked texts."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        is_imported = task.kind == "open"  # one map, not a seed map and a full one
        names = (values.FULL_MAP,) if is_imported else controls.map_names()
        style = controls.map_style(task)
        thresholds = controls.thresholds()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        views = values.maps(task, thresholds)
        if views and all(view.run.dynamics is not None for view in views):
            epochs = controls.epochs(min(view.placed.epochs for view in views))
            views = values.maps(task, thresholds, epochs)
        if not views:
            st.rerun()  # the maps were deleted elsewhere
        visible = [view for view in views if view.name in names] or views
        filters = controls.filters(views[-1].run.manifest["train"]["classes"])
        _pick_matches(visible[-1], filters)
    pair = values.pair(views)
    if pair is not None:
        st.markdown(pair.sentence, help=words.SEED_AND_FULL)
    if "test" in views[-1].run.manifest and views[-1].run.manifest["test"] is None:
        st.caption("To see the accuracy of both models, choose a test set on the Dataset page.")
    if len(visible) > 1:
        for column, view in zip(_columns([1] * len(visible)), visible, strict=True):
            with column:
                _map(view, views, style, filters)
        _picked_texts(views, filters)
    else:
        left, right = _columns([3, 2])
        with left:
            _map(visible[0], views, style, filters)
        with right:
            _picked_texts(views, filters)
    thirds = compare_thirds(visible[-1].placed)
    st.caption(f"Regions as thirds: {thirds}.", help=words.THIRDS)
    _downloads(views)


def _columns(shares: Sequence[int]) -> Sequence[DeltaGenerator]:
    """Columns that wrap where a map would be too narrow."""
    st.html(
        f"<style>.st-key-{_COLUMNS} [data-testid='stColumn'] "
        f"{{min-width: min(100%, {_MIN_WIDTH}px)}}</style>"
    )
    with st.container(key=_COLUMNS):
        return st.columns(shares, gap="medium")


def _map(view: MapView, views: Sequence[MapView], style: MapStyle, filters: TextFilters) -> None:
    """Draw one map with its numbers; picks on it go into the session."""
    _metrics(view)
    if warning := (view.run.summary or {}).get("under_training"):
        st.warning(f"{warning[0].upper()}{warning[1:]}.", icon=":material/trending_up:")
    matching = values.matches(view, controls.fading_filters(filters, style))
    plain = values.figure_key(view, style, matching)
    picks = _picks_on(view, views)
    # A figure that changes loses its selection. So a figure on which the picks were drawn by hand
    # stays as it is and shows them as its own selection.
    highlighted = picks is not None and session.drawn_on() != plain
    bright = picks if highlighted and picks is not None else matching
    key = f"{view.key}_figure"

    def save_picks() -> None:
        event = st.session_state[key]["selection"]
        positions = results.positions_in(event, view.placed)
        session.pick(view.run.folder, positions, "" if highlighted else plain)

    _figure(
        view,
        style,
        bright,
        "figure",
        on_select=save_picks,
        selection_mode=("box", "lasso", "points"),
    )


def _picks_on(view: MapView, views: Sequence[MapView]) -> NDArray[np.bool_] | None:
    """Mask (n,) of the texts of `view` that are picked on any of `views`; None without picks."""
    origin = _picked_view(views)
    if origin is None:
        return None
    mask = np.zeros(len(view.placed), dtype=np.bool_)
    positions = np.array(_picked_positions(origin), dtype=np.int64)
    rows = positions if origin is view else values.rows_between(origin, view)[positions]
    mask[rows[rows >= 0]] = True
    return mask


def _picked_view(views: Sequence[MapView]) -> MapView | None:
    """The map that the picks were made on."""
    return next((view for view in views if _picked_positions(view)), None)


def _picked_positions(view: MapView) -> list[int]:
    return [position for position in session.picked(view.run.folder) if position < len(view.placed)]


def _figure(
    view: MapView, style: MapStyle, bright: NDArray[np.bool_], suffix: str, **options: object
) -> None:
    parts.figure(
        values.figure(view, style, bright),
        f"{view.key}_{suffix}",
        f"{view.name} of {count_noun(len(view.placed), view.noun)} by variability and confidence "
        f"after {count_noun(view.placed.epochs, 'epoch')}: {parts.describe_regions(view.placed)}.",
        lambda: values.table(view),
        **options,
    )


def _metrics(view: MapView) -> None:
    """Show the size of each region and the test accuracy."""
    statistics = view.placed.statistics()
    accuracy = (view.run.summary or {}).get("test_accuracy")
    with st.container(horizontal=True):
        for region, share in zip(REGIONS, statistics.region_shares, strict=True):
            st.metric(
                region,
                f"{share * statistics.count:,.0f}",
                delta=f"{100 * share:.1f} %",
                delta_color="off",
                delta_arrow="off",
                help=parts.REGION_HELP[region],
                width="content",
            )
        if accuracy is not None:
            st.metric("test accuracy", f"{accuracy:.1%}", help=words.ACCURACY, width="content")


def _pick_matches(view: MapView, filters: TextFilters) -> None:
    """Offer to pick all texts that match the filters, for use without a mouse."""
    matching = np.flatnonzero(values.matches(view, filters)) if filters.active else ()
    # Not a callback: it would receive the matches of the filters before the last change.
    if st.button(
        f"Pick all {len(matching):,} matches" if filters.active else "Pick all matches",
        key="pick_matches",
        disabled=not len(matching),
    ):
        session.pick(view.run.folder, [int(position) for position in matching])


def _picked_texts(views: Sequence[MapView], filters: TextFilters) -> None:
    """Show the picked texts with their curves and the reasons for their positions."""
    origin = _picked_view(views)
    if origin is None:
        st.info(
            f"Drag a box on a map, or use the lasso in its toolbar, to read the {views[-1].noun}s "
            "inside. Without a mouse: set filters above and pick all matches.",
            icon=":material/highlight_alt:",
        )
        return
    positions = _picked_positions(origin)
    title = f"{count_noun(len(positions), origin.noun)} picked on the {origin.name.lower()}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(title, anchor=False)
        st.button(
            "Clear",
            icon=":material/close:",
            key="clear_picks",
            on_click=session.pick,
            args=(origin.run.folder, []),
        )
        if filters.active and st.toggle(
            "Only matches", key="only_matches", persist_state="session"
        ):
            matching = values.matches(origin, filters)
            positions = [position for position in positions if matching[position]]
    other = next((view for view in views if view is not origin), None)
    if not positions:
        st.info(
            f"No picked {origin.noun} matches the filters above.", icon=":material/filter_alt_off:"
        )
        return
    if len(positions) > _MOST_ROWS:
        st.caption(f"The first {_MOST_ROWS:,} of {len(positions):,}. The file has all.")
    parts.table(
        values.texts(origin, positions[:_MOST_ROWS], other),
        f"{count_noun(len(positions), origin.noun)} picked on the {origin.name.lower()}",
        row_height=_ROW_HEIGHT,
        height=_TABLE_HEIGHT if len(positions) > _TABLE_HEIGHT // _ROW_HEIGHT else "auto",
    )
    picked = (f"Picked {origin.noun}s", lambda: values.texts(origin, positions, other), "selection")
    parts.text_downloads("picked", origin.run.folder, (picked,))


def _downloads(views: Sequence[MapView]) -> None:
    """Offer the maps as shown, with all texts of the corpus, as files."""

    def table_of(view: MapView) -> Callable[[], pd.DataFrame]:
        return lambda: map_table(view.run, view.placed)

    tables = [(view.name, table_of(view), values.FILES[view.name]) for view in reversed(views)]
    # The maps of one task are of the same texts.
    parts.text_downloads("maps", views[-1].run.folder, tables)
