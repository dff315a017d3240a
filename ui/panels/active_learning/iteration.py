"""One iteration of an active-learning run: its numbers, map and batch."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cartography.figures import MOST_TRAILS, trails_figure
from cartography.formatting import count_noun
from cartography.runs.active_runs import ActiveRun
from cartography.strategies.table import USES_T_COR
from ui import parts, words
from ui.jobs import cached, results
from ui.jobs.background import Task
from ui.panels.active_learning import values

_ITERATION = "iteration"
_CHOSEN = "learn_looked_at"
_SLIDER = "learn_iteration"

_BATCH_COLUMNS = (
    *("rank", "text", "label", "predicted_label", "score", "picked", "region", "place"),
    *("confidence", "variability", "correctness", "id"),
)


def take_over(task: Task) -> None:
    """Choose the iteration of `task` in the address, or the newest if there is none."""
    value = st.query_params.get(_ITERATION, "")
    for key in [key for key in st.session_state if str(key).startswith(f"{_SLIDER}_{task.key}_")]:
        del st.session_state[key]  # an earlier position of the slider
    st.session_state[_CHOSEN] = (task.key, int(value) if value.isdecimal() else None)


def show_address(number: int | None) -> None:
    """Put an iteration into the address, or remove the previous one."""
    if number is None:
        if _ITERATION in st.query_params:
            del st.query_params[_ITERATION]
    elif st.query_params.get(_ITERATION) != str(number):
        st.query_params[_ITERATION] = str(number)


def iteration(run: ActiveRun, task: Task) -> None:
    """Draw the chosen iteration: its numbers, maps, batch and downloads."""
    number = _choose_iteration(task, len(run.maps) - 1)
    _numbers(run, number)
    seed_map, trails = st.tabs(
        ["Seed map", "Trails of the picks"], key="learn_maps", on_change="rerun"
    )
    if seed_map.open:
        with seed_map:
            _seed_map(run, number)
    if trails.open:
        with trails:
            _trails(run, number)
    if number:
        _batch(run, number)
    else:
        st.info(
            "Iteration 0 is the training on the seed set alone and has no batch. "
            + ("Move the slider to see one." if len(run.maps) > 1 else "Step once to get one."),
            icon=":material/skip_next:",
        )
    _downloads(run, number)


def _choose_iteration(task: Task, last: int) -> int:
    """Let the visitor choose an iteration from 0 to `last`, by default the newest."""
    st.subheader("Iteration by iteration", anchor=False)
    run_key, chosen = st.session_state.get(_CHOSEN, ("", None))
    is_newest = run_key != task.key or chosen is None or chosen >= last
    number = last if is_newest else int(chosen)
    show_address(None if is_newest else number)
    if not last:
        return 0
    # A slider cannot change its bounds, so each length of the run has its own.
    key = f"{_SLIDER}_{task.key}_{last}"

    def save_choice() -> None:
        position = st.session_state[key]
        st.session_state[_CHOSEN] = (task.key, position if position < last else None)

    return int(
        st.slider(
            "Iteration",
            0,
            last,
            number,
            key=key,
            on_change=save_choice,
            help="0 is the training on the seed set alone; each later iteration has a batch. At "
            "the right end, the slider follows the newest iteration while the run goes on.",
        )
    )


def _numbers(run: ActiveRun, number: int) -> None:
    row = run.iterations.iloc[number]
    metrics = (
        ("labelled texts", f"{row['labelled']:,}", None),
        ("test accuracy", f"{row['accuracy']:.3f}", words.ACCURACY),
        ("agreement", f"{row['agreement']:.3f}", words.AGREEMENT),
        ("discriminator", f"{row['discriminator_accuracy']:.3f}", words.DISCRIMINATOR),
    )
    with st.container(horizontal=True, gap="large"):
        for label, value, help in metrics:
            if value != "nan":
                st.metric(label, value, help=help, width="content")


def _seed_map(run: ActiveRun, number: int) -> None:
    """Draw the labelled set on the map of its training, with the batch ringed."""
    data_map = results.seed_map(run, number)
    size = results.batch_size(run, number)
    batch = f"with its batch of {size} ringed" if size else "before the first batch"
    t_cor = float(run.manifest["preset"]["t_cor"]) if run.strategy in USES_T_COR else None
    st.caption(f"The labelled set on the map of the training of iteration {number}, {batch}.")
    parts.figure(
        cached.map_figure(run.folder, data_map, t_cor=t_cor, newest=size),
        "learn_map",
        f"Data map of the {len(data_map):,} labelled texts, {batch}. "
        f"{parts.describe_regions(data_map)}",
        lambda: run.maps[number],
    )


def _trails(run: ActiveRun, number: int) -> None:
    """Draw how the picks moved on the maps since they were labelled."""
    if not number:
        st.info(
            "The seed set was not picked by the strategy, so it has no trails.",
            icon=":material/timeline:",
        )
        return
    trails = run.trails(number)
    st.caption(words.TRAILS)
    parts.figure(
        trails_figure(trails),
        "learn_trails",
        f"The trails of {min(len(trails), MOST_TRAILS)} of the {count_noun(len(trails), 'pick')} "
        f"over the maps up to iteration {number}, by variability and confidence.",
        lambda: values.trails(run, number),
    )


def _batch(run: ActiveRun, number: int) -> None:
    batch = values.batch(run, number)
    st.subheader(
        f"{count_noun(len(batch), 'text')} in batch {number}", anchor=False, help=words.PLACED
    )
    parts.table(batch, f"The batch of iteration {number}", height=360, column_order=_BATCH_COLUMNS)
    _near_duplicates(batch, number)


def _near_duplicates(batch: pd.DataFrame, number: int) -> None:
    duplicates = values.near_duplicates_of(batch)
    if duplicates.empty:
        st.caption(f"No near-duplicates within batch {number}.", help=words.NEAR_DUPLICATES)
        return
    groups = count_noun(int(duplicates["group"].max()), "group")
    with st.expander(
        f"{len(duplicates)} of the {len(batch)} texts are near-duplicates of another, in {groups}",
        key="learn_near_duplicates",
        icon=":material/content_copy:",
    ):
        st.caption(words.NEAR_DUPLICATES)
        parts.table(
            duplicates,
            f"Near-duplicates within batch {number}",
            column_order=("group", "rank", "text", "label", "region", "id"),
        )


def _downloads(run: ActiveRun, number: int) -> None:
    name = f"{run.strategy}-seed-{run.seed}"
    batches = (
        ("This batch", lambda: run.batch(number), f"{name}-batch-{number}"),
        ("All batches", run.batches, f"{name}-batches"),
    )
    labelled = ("Labelled set", lambda: run.labelled_set(number), f"{name}-labelled-{number}")
    parts.text_downloads("learn_files", run.folder, (*(batches if number else ()), labelled))
    if number:
        card = f"{name}-batch-{number}.card.json"
        parts.downloads(
            "learn_card",
            (
                (
                    "Selection card (JSON)",
                    lambda: results.card_bytes(run, number),
                    card,
                    "application/json",
                ),
            ),
        )
