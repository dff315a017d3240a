"""The Data map page: how the maps grow, and the finished ones side by side with their texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from cartography.formatting import count_noun
from cartography.maps.data_map import REGIONS, Thresholds
from cartography.runs.map_runs import map_table
from ui import parts, words
from ui.faults import errors_in_place
from ui.jobs import results, tasks
from ui.jobs.background import Task, TaskState
from ui.panels.data_map import controls, values
from ui.panels.data_map.values import MapStyle, MapView, TextFilters
from ui.state import session

_MOST_ROWS = 1_000  # of the table of picked texts; the file has all
_NARROWEST = 380  # pixels of a map or a table beside another
_COLUMNS = "map_columns"
_ROW = 72  # pixels: three lines of a text and of a reason


def buttons(task: Task, state: TaskState) -> None:
    """Start and stop."""
    if state.busy:
        parts.cancel(task, "map_stop", help="Ends the training; it can be started anew.")
    elif state.phase != "finished":
        parts.start(
            task,
            "Draw the maps",
            icon=":material/play_arrow:",
            type="primary",
            key="map_start",
        )


def live(task: Task, state: TaskState) -> None:
    """The maps while they train, drawn again with each epoch; gives way to the page at the end."""

    def show(now: TaskState) -> None:
        shown = values.maps(task, Thresholds())
        if not shown:
            parts.preparing(task, now)
            return
        training = [each for each in shown if each.run.summary is None]
        if training:
            steps = results.steps(training[0].run.folder, training[0].run.epochs)
            st.progress(steps.share, text=f"Training: {steps.say('epoch')}")
        else:
            st.progress(1.0, text="Trained; writing the maps …")
        for place, each in zip(_side_by_side([1] * len(shown)), shown, strict=True):
            with place:
                _figure(each, MapStyle(), np.ones(len(each.placed), dtype=np.bool_), "live")

    parts.follow(task, state, "live_maps", show)


def explore(task: Task) -> None:
    """The finished maps: coloured, filtered, replayed and picked from."""

    @st.fragment(key="data_map_explored")
    @errors_in_place()
    def show() -> None:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            names = controls.which()
            look = controls.look(task.choice)
            thresholds = controls.thresholds()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            epochs = controls.epochs(int(task.option("epochs", tasks.MAP_EPOCHS)))
            shown = values.maps(task, thresholds, epochs)
            if not shown:
                st.rerun()  # they were deleted elsewhere: the page says what there is
            in_view = [each for each in shown if each.name in names]
            filters = controls.filters(shown[-1].run.manifest["train"]["classes"])
            _pick_matches(in_view[-1], filters)
        pair = values.pair(shown)
        if pair is not None:
            st.markdown(pair.sentence, help=words.SEED_AND_FULL)
        if shown[-1].run.manifest["test"] is None:
            st.caption("For the accuracy of both, give a test set on the Dataset page.")
        if len(in_view) > 1:
            for place, each in zip(_side_by_side([1] * len(in_view)), in_view, strict=True):
                with place:
                    _map(each, shown, look, filters)
            _picked(shown, filters)
        else:
            left, right = _side_by_side([3, 2])
            with left:
                _map(in_view[0], shown, look, filters)
            with right:
                _picked(shown, filters)
        _files(shown)

    show()


def _side_by_side(shares: Sequence[int]) -> Sequence[DeltaGenerator]:
    """Columns that stand below each other where a map would be too narrow to be read."""
    st.html(
        f"<style>.st-key-{_COLUMNS} [data-testid='stColumn'] "
        f"{{min-width: min(100%, {_NARROWEST}px)}}</style>"
    )
    with st.container(key=_COLUMNS):
        return st.columns(shares, gap="medium")


def _map(each: MapView, shown: Sequence[MapView], look: MapStyle, filters: TextFilters) -> None:
    """One map with its numbers; what is picked on it goes into the session."""
    _counts(each)
    matching = values.matches(each, controls.fading(filters, look))
    plain = values.figure_key(each, look, matching)
    picks = _marks(each, shown)
    # A figure that is changed while something is selected on it loses the selection, so what was
    # drawn by hand on this very figure is left to it to show.
    marked = picks is not None and session.drawn_on() != plain
    bright = picks if marked and picks is not None else matching
    key = f"{each.key}_figure"

    def keep() -> None:
        event = st.session_state[key]["selection"]
        positions = results.positions_in(event, each.placed)
        session.pick(each.run.folder, positions, "" if marked else plain)

    _figure(
        each,
        look,
        bright,
        "figure",
        on_select=keep,
        selection_mode=("box", "lasso", "points"),
    )


def _marks(each: MapView, shown: Sequence[MapView]) -> NDArray[np.bool_] | None:
    """Which texts of a map (n,) are picked, on it or on the other one; None if there are none."""
    origin = _origin(shown)
    if origin is None:
        return None
    marks = np.zeros(len(each.placed), dtype=np.bool_)
    positions = np.array(_positions(origin), dtype=np.int64)
    rows = positions if origin is each else values.rows_between(origin, each)[positions]
    marks[rows[rows >= 0]] = True
    return marks


def _origin(shown: Sequence[MapView]) -> MapView | None:
    """The map that the picks are positions on."""
    return next((each for each in shown if _positions(each)), None)


def _positions(each: MapView) -> list[int]:
    return [place for place in session.picked(each.run.folder) if place < len(each.placed)]


def _figure(
    each: MapView, look: MapStyle, bright: NDArray[np.bool_], suffix: str, **options: object
) -> None:
    parts.figure(
        values.figure(each, look, bright),
        f"{each.key}_{suffix}",
        f"{each.name} of {len(each.placed):,} texts by variability and confidence after "
        f"{count_noun(each.placed.epochs, 'epoch')}: {parts.describe_regions(each.placed)}.",
        lambda: values.table(each),
        **options,
    )


def _counts(each: MapView) -> None:
    """The regions and the test accuracy of a map, as numbers."""
    statistics = each.placed.statistics()
    accuracy = (each.run.summary or {}).get("test_accuracy")
    with st.container(horizontal=True):
        for region, share in zip(REGIONS, statistics.region_shares, strict=True):
            st.metric(
                region,
                f"{share * statistics.count:,.0f}",
                delta=f"{share:.1%}",
                delta_color="off",
                delta_arrow="off",
                help=parts.REGION_HELP[region],
                width="content",
            )
        if accuracy is not None:
            st.metric("test accuracy", f"{accuracy:.1%}", help=words.ACCURACY, width="content")


def _pick_matches(each: MapView, filters: TextFilters) -> None:
    """Pick without a mouse: all texts of a map that the filters let through."""
    matching = np.flatnonzero(values.matches(each, filters)) if filters.active else ()
    # Not by a callback, which would be given the matches of the filters as they were before.
    if st.button(
        f"Pick all {len(matching):,} matches" if filters.active else "Pick all matches",
        key="pick_matches",
        disabled=not len(matching),
    ):
        session.pick(each.run.folder, [int(place) for place in matching])


def _picked(shown: Sequence[MapView], filters: TextFilters) -> None:
    """The picked texts, each with its curve and why it lies where it does."""
    origin = _origin(shown)
    if origin is None:
        st.info(
            "Drag a box on a map, or take the lasso from its toolbar, to read the texts inside. "
            "Without a mouse: choose filters above and pick all matches.",
            icon=":material/highlight_alt:",
        )
        return
    positions = _positions(origin)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(
            f"{count_noun(len(positions), 'text')} picked on the {origin.name.lower()}",
            anchor=False,
        )
        st.button(
            "Clear",
            icon=":material/close:",
            key="clear_picks",
            on_click=session.pick,
            args=(origin.run.folder, []),
        )
        if filters.active and st.toggle(
            "Only those that match", key="only_matches", persist_state="session"
        ):
            matching = values.matches(origin, filters)
            positions = [place for place in positions if matching[place]]
    other = next((each for each in shown if each is not origin), None)
    if not positions:
        st.info("None of them matches the filters above.", icon=":material/filter_alt_off:")
        return
    if len(positions) > _MOST_ROWS:
        st.caption(f"The first {_MOST_ROWS:,} of {len(positions):,}; the file has all.")
    parts.table(
        values.texts(origin, positions[:_MOST_ROWS], other),
        f"{count_noun(len(positions), 'text')} picked on the {origin.name.lower()}",
        row_height=_ROW,
        height=560 if len(positions) > 560 // _ROW else "auto",
    )
    parts.downloads(
        "picked",
        [
            (
                "selection.csv",
                lambda: results.csv_bytes(values.texts(origin, positions, other)),
                "selection.csv",
                "text/csv",
            )
        ],
    )


def _files(shown: Sequence[MapView]) -> None:
    """All texts of the corpus with their places, as the page shows them."""

    def content(each: MapView) -> Callable[[], bytes]:
        return lambda: results.csv_bytes(map_table(each.run, each.placed))

    names = [(values.FILES[each.name], each) for each in reversed(shown)]
    parts.downloads("maps", [(name, content(each), name, "text/csv") for name, each in names])
