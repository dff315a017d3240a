"""What the visitor of the Data map page sets: what to map, colours, regions, epoch, filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cartography.errors import CartographyError
from cartography.maps.data_map import REGIONS, Thresholds
from ui import words
from ui.jobs import address, cached, tasks
from ui.jobs.background import Task
from ui.jobs.found import RunInfo, find_active_runs
from ui.naming import distinct_names
from ui.panels.data_map.values import COLOURS, FULL_MAP, SEED_MAP, MapStyle, TextFilters
from ui.state import session
from ui.state.session import DataChoice

_EPOCH = "epoch"
_BOTH = "Both"


def follow_address() -> Task | None:
    """Take over corpus and settings of the maps that the address newly names. Where the widgets
    cannot ask for them, nothing is changed, and they are returned if they can be shown as they are.
    """
    task = address.opened("map")
    if task is None:
        return None
    asked = task.option("seed-size", (tasks.AUTO,))[0]
    size = int(asked) if asked != tasks.AUTO else None
    epochs = int(task.option("epochs", tasks.MAP_EPOCHS))
    flipped = round(100 * float(task.option("flip", 0.0)))
    if tasks.maps(task.choice, size, epochs, flipped / 100).folder != task.folder:
        return task if address.as_it_is(task) else None
    st.session_state["map_seed_size"] = size
    st.session_state["map_epochs"] = epochs
    st.session_state["map_flip"] = flipped
    if session.choice() != task.choice:
        session.use(task.choice)
        st.rerun()  # the frame around the page has named the corpus before
    return None


def map_task(choice: DataChoice) -> Task:
    """What to map: the size of the seed set, the epochs, and how many labels to flip first."""
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
    # Given as a value, it would be in the way of what an address brings.
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
    return tasks.maps(choice, size, epochs, flipped / 100)


def which() -> tuple[str, ...]:
    """The names of the maps to show."""
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


def look(choice: DataChoice) -> MapStyle:
    """What colours and shapes say."""
    colour = st.segmented_control(
        "Colour and shape by",
        COLOURS,
        default=COLOURS[0],
        required=True,
        key="map_colour",
        help=words.COLOURS,
        persist_state="session",
    )
    if colour == "batch":
        run = _run(choice)
        return MapStyle("batch", batches=run.folder if run else None)
    # Words that are searched for are in the field below, which only then colours.
    return MapStyle(str(colour), words=_words() if colour == "search" else "")


def _run(choice: DataChoice) -> RunInfo | None:
    """The active-learning run on this corpus whose batches are shown, None if there is none."""
    fingerprint = cached.learning_fingerprint(choice)
    runs = [run for run in find_active_runs() if run.corpus == fingerprint]
    if not runs:
        st.page_link(
            "pages/active_learning.py",
            label="No batches yet: run active learning on this corpus",
            icon=":material/model_training:",
        )
        return None
    furthest = sorted(runs, key=lambda run: run.done)
    # Of equal runs the last is kept, in the place of the first: they stay the newest first.
    by_key = {run.key: run for run in [*runs, *furthest]}
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
    """Where the regions lie. Raises CartographyError when they contradict each other."""
    usual = Thresholds()
    with st.popover("Regions", icon=":material/tune:", help="Move the limits of the regions."):
        low, high = st.slider(
            "Correctness: hard-to-learn up to, easy-to-learn from",
            0.0,
            1.0,
            (usual.hard, usual.easy),
            0.05,
            key="region_correctness",
            help=f"{words.CORRECTNESS} {words.REGION}",
            persist_state="session",
        )
        limit = st.slider(
            "Variability: ambiguous from",
            0.05,
            0.5,
            usual.ambiguous,
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
    """After how many of the epochs the maps are shown; in the address where that is not all."""
    if total == 1:
        return 1
    key = f"map_epoch_of_{total}"
    if key not in st.session_state:
        asked = st.query_params.get(_EPOCH, "")
        st.session_state[key] = min(max(int(asked), 1), total) if asked.isdecimal() else total
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
    """Which texts to look at."""
    chosen = st.multiselect(
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
        "Texts that hold",
        key="map_words",
        type="search",
        placeholder="words, or an id",
        help=words.SEARCH,
        width=200,
        persist_state="session",
    )
    return TextFilters(tuple(chosen), tuple(regions), _words())


def fading(filters: TextFilters, look: MapStyle) -> TextFilters:
    """The filters that grey out: words that are coloured do not."""
    return replace(filters, words="") if look.colour == "search" else filters


def _words() -> str:
    return str(st.session_state.get("map_words", "")).strip()
