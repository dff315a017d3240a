"""Controls of the Data map page: what to map, colours, regions, epoch, filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cartography.errors import CartographyError
from cartography.maps.data_map import REGIONS, Thresholds
from ui import words
from ui.jobs import background, cached, tasks
from ui.jobs.background import Task
from ui.jobs.found import RunInfo, find_active_runs
from ui.naming import distinct_names
from ui.panels.data_map.values import COLOURS, FULL_MAP, SEED_MAP, MapStyle, TextFilters
from ui.state import session
from ui.state.session import DataChoice

_EPOCH = "epoch"
_BOTH = "Both"


def take_over(task: Task) -> bool:
    """Set the widgets to the settings of `task`; False if they cannot ask for it."""
    if task.kind == "open":
        # A file that also has texts is a corpus on this page, and its map is shown as it is.
        is_asked_for = tasks.opening(task.choice.source).folder == task.folder
        return is_asked_for and cached.is_only_map(task.choice.source)
    seed_size = task.option("seed-size", (tasks.AUTO,))[0]
    size = int(seed_size) if seed_size != tasks.AUTO else None
    epochs = int(task.option("epochs", tasks.MAP_EPOCHS))
    flipped = round(100 * float(task.option("flip", 0.0)))
    if tasks.maps(task.choice, size, epochs, flipped / 100).folder != task.folder:
        return False
    st.session_state["map_seed_size"] = size
    st.session_state["map_epochs"] = epochs
    st.session_state["map_flip"] = flipped
    return True


def set_up(choice: DataChoice) -> Task:
    """Draw the settings of the maps and return their task.

    The maps of the sample are started without a click on a first visit, and so is the opening of a
    map of another model, which has no settings.
    """
    if cached.is_only_map(choice.source):
        opening = tasks.opening(choice.source)
        if background.task_state(opening).phase == "absent":
            background.start(opening)
        return opening
    size = st.number_input(
        "Seed size",
        min_value=2,
        value=None,
        step=50,
        placeholder="automatic",
        key="map_seed_size",
        help=f"{words.SEED_SET}\n\n{words.SEED_SIZE}",
        width=150,
        persist_state="session",
    )
    # A default given to the widget would conflict with what `take_over` sets.
    st.session_state.setdefault("map_epochs", tasks.MAP_EPOCHS)
    epochs = st.number_input(
        "Epochs",
        min_value=1,
        key="map_epochs",
        help=words.EPOCHS,
        width=130,
        persist_state="session",
    )
    flipped = st.number_input(
        "Flipped labels, %",
        min_value=0,
        max_value=50,
        step=5,
        key="map_flip",
        help=words.FLIP,
        width=150,
        persist_state="session",
    )
    task = tasks.maps(choice, size, epochs, flipped / 100)
    is_first = session.offer_first_map() and choice == DataChoice()
    if is_first and background.task_state(task).phase == "absent":
        background.start(task)
    return task


def map_names() -> tuple[str, ...]:
    """Return the names of the maps to show."""
    name = st.segmented_control(
        "Maps",
        [_BOTH, SEED_MAP, FULL_MAP],
        default=_BOTH,
        required=True,
        key="map_shown",
        help=words.SEED_AND_FULL,
        persist_state="session",
    )
    return (SEED_MAP, FULL_MAP) if name == _BOTH else (str(name),)


def map_style(task: Task) -> MapStyle:
    """Return what colours and shapes show."""
    # Active learning does not run on a map of another model.
    colours = [name for name in COLOURS if name != "batch" or task.kind != "open"]
    # A default given to the widget would conflict with a colour that another map offers.
    if st.session_state.get("map_colour") not in colours:
        st.session_state["map_colour"] = colours[0]
    colour = st.segmented_control(
        "Colour and shape by",
        colours,
        required=True,
        key="map_colour",
        help=words.COLOURS,
        persist_state="session",
    )
    if colour == "batch":
        run = _choose_run(task.choice)
        return MapStyle("batch", batches=run.folder if run else None)
    return MapStyle(str(colour), words=_searched_words() if colour == "search" else "")


def _choose_run(choice: DataChoice) -> RunInfo | None:
    """Let the visitor choose the active-learning run on this corpus whose batches are shown."""
    fingerprint = cached.learning_fingerprint(choice)
    runs = [run for run in find_active_runs() if run.corpus == fingerprint]
    if not runs:
        st.page_link(
            "pages/active_learning.py",
            label="No batches yet: run active learning on this corpus",
            icon=":material/model_training:",
        )
        return None
    # Of runs with equal settings the most complete is kept. Sorting by it must not change the
    # order, newest first, so the keys are inserted in that order before.
    by_key = {run.key: run for run in [*runs, *sorted(runs, key=lambda run: run.done)]}
    names = distinct_names({key: run.name for key, run in by_key.items()}, lambda key: key[:6])
    key = st.selectbox(
        "Batches of",
        list(by_key),
        format_func=names.__getitem__,
        key="map_batches",
        width=330,
        persist_state="session",
    )
    return by_key[str(key)]


def thresholds() -> Thresholds:
    """Return the limits of the regions.

    Raises
    ------
    CartographyError
        If the two limits of correctness are equal.
    """
    default = Thresholds()
    with st.popover("Regions", icon=":material/tune:", help="Move the limits of the regions."):
        low, high = st.slider(
            "Correctness: hard-to-learn up to, easy-to-learn from",
            0.0,
            1.0,
            (default.hard, default.easy),
            0.05,
            key="region_correctness",
            help=f"{words.CORRECTNESS} {words.REGION}",
            persist_state="session",
        )
        limit = st.slider(
            "Variability: ambiguous from",
            0.05,
            0.5,
            default.ambiguous,
            0.05,
            key="region_variability",
            help=words.VARIABILITY,
            persist_state="session",
        )
    if low == high:
        raise CartographyError(
            f"hard-to-learn and easy-to-learn meet at correctness {low:g}: move them apart"
        )
    return Thresholds(hard=low, easy=high, ambiguous=limit)


def epochs(total: int) -> int:
    """Return the epoch after which the maps are shown, at most `total`.

    It is in the address unless it is `total`.
    """
    if total == 1:
        return 1
    key = f"map_epoch_of_{total}"
    if key not in st.session_state:
        value = st.query_params.get(_EPOCH, "")
        st.session_state[key] = min(max(int(value), 1), total) if value.isdecimal() else total
    epoch = int(
        st.slider(
            "Replay: after epoch",
            1,
            total,
            key=key,
            help=words.REPLAY,
            width=220,
            persist_state="session",
        )
    )
    if epoch < total:
        st.query_params[_EPOCH] = str(epoch)
    else:
        st.query_params.pop(_EPOCH, None)
    return epoch


def filters(classes: Sequence[str]) -> TextFilters:
    """Return which texts to look at."""
    labels = st.multiselect(
        "Classes",
        classes,
        key="map_classes",
        placeholder="all",
        width=180,
        persist_state="session",
    )
    regions = st.multiselect(
        "Regions",
        REGIONS,
        key="map_regions",
        placeholder="all",
        help=words.REGION,
        width=190,
        persist_state="session",
    )
    st.text_input(
        "Search",
        key="map_words",
        type="search",
        placeholder="words, or an id",
        help=words.SEARCH,
        width=200,
        persist_state="session",
    )
    return TextFilters(tuple(labels), tuple(regions), _searched_words())


def fading_filters(filters: TextFilters, style: MapStyle) -> TextFilters:
    """Return the filters that grey texts out: all but words that are shown by colour."""
    return replace(filters, words="") if style.colour == "search" else filters


def _searched_words() -> str:
    return str(st.session_state.get("map_words", "")).strip()
