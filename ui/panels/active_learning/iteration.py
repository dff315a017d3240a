"""One iteration of an active-learning run: where it is on the way, its map, its batch."""

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
_LOOKED_AT = "learn_looked_at"
_SLIDER = "learn_iteration"

_BATCH_ORDER = (
    *("rank", "text", "label", "predicted_label", "score", "picked", "region", "place"),
    *("confidence", "variability", "correctness", "id"),
)


def take_over(task: Task) -> None:
    """Look at the iteration of `task` that the address names; at its newest if it names none."""
    asked = st.query_params.get(_ITERATION, "")
    for key in [key for key in st.session_state if str(key).startswith(f"{_SLIDER}_{task.key}_")]:
        del st.session_state[key]  # where it stood before
    st.session_state[_LOOKED_AT] = (task.key, int(asked) if asked.isdecimal() else None)


def show_address(number: int | None) -> None:
    """Put an iteration into the address, or take the last one out."""
    if number is None:
        if _ITERATION in st.query_params:
            del st.query_params[_ITERATION]
    elif st.query_params.get(_ITERATION) != str(number):
        st.query_params[_ITERATION] = str(number)


def iteration(run: ActiveRun, task: Task) -> None:
    """The iteration that is looked at: its numbers, maps, batch, and files to take away."""
    number = _chosen(task, len(run.maps) - 1)
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
            "Iteration 0 is the training on the seed set alone: its batch is none. "
            + ("Move the slider to a batch." if len(run.maps) > 1 else "Step on to the first."),
            icon=":material/skip_next:",
        )
    _downloads(run, number)


def _chosen(task: Task, last: int) -> int:
    """Which iteration to look at, 0 to `last`: the newest unless another was chosen."""
    st.subheader("Iteration by iteration", anchor=False)
    of, asked = st.session_state.get(_LOOKED_AT, ("", None))
    following = of != task.key or asked is None or asked >= last
    number = last if following else int(asked)
    show_address(None if following else number)
    if not last:
        return 0
    # The bounds of a slider are part of what it is, so each length of the run has its own.
    key = f"{_SLIDER}_{task.key}_{last}"

    def keep() -> None:
        moved_to = st.session_state[key]
        st.session_state[_LOOKED_AT] = (task.key, moved_to if moved_to < last else None)

    return int(
        st.slider(
            "Iteration",
            0,
            last,
            number,
            key=key,
            on_change=keep,
            help="0 is the training on the seed set alone; each later one has a batch. At the "
            "right end, the newest iteration is followed while the run goes on.",
        )
    )


def _numbers(run: ActiveRun, number: int) -> None:
    told = run.iterations.iloc[number]
    shown = (
        ("labelled texts", f"{told['labelled']:,}", None),
        ("test accuracy", f"{told['accuracy']:.3f}", words.ACCURACY),
        ("agreement", f"{told['agreement']:.3f}", words.AGREEMENT),
        ("discriminator", f"{told['discriminator_accuracy']:.3f}", words.DISCRIMINATOR),
    )
    with st.container(horizontal=True, gap="large"):
        for label, value, help in shown:
            if value != "nan":
                st.metric(label, value, help=help, width="content")


def _seed_map(run: ActiveRun, number: int) -> None:
    """The labelled set on the map of its training, the batch ringed."""
    placed = results.seed_map(run, number)
    size = results.batch_size(run, number)
    picked = f"the batch of {size} ringed" if size else "before the first batch"
    t_cor = float(run.manifest["preset"]["t_cor"]) if run.strategy in USES_T_COR else None
    st.caption(f"The labelled set on the map of the training of iteration {number}, {picked}.")
    parts.figure(
        cached.map_figure(run.folder, placed, t_cor=t_cor, newest=size),
        "learn_map",
        f"Data map of the {len(placed):,} labelled texts, {picked}. {parts.describe_regions(placed)}",
        lambda: run.maps[number],
    )


def _trails(run: ActiveRun, number: int) -> None:
    """Where the picks have gone on the maps since they joined."""
    if not number:
        st.info("The seed set was not picked: it leaves no trails.", icon=":material/timeline:")
        return
    trails = run.trails(number)
    st.caption(words.TRAILS)
    parts.figure(
        trails_figure(trails),
        "learn_trails",
        f"The ways of {min(len(trails), MOST_TRAILS)} of the {count_noun(len(trails), 'pick')} over "
        f"the maps up to iteration {number}, by variability and confidence.",
        lambda: values.trails(run, number),
    )


def _batch(run: ActiveRun, number: int) -> None:
    batch = values.batch(run, number)
    st.subheader(
        f"{count_noun(len(batch), 'text')} in batch {number}", anchor=False, help=words.PLACED
    )
    parts.table(batch, f"The batch of iteration {number}", height=360, column_order=_BATCH_ORDER)
    _near_duplicates(batch, number)


def _near_duplicates(batch: pd.DataFrame, number: int) -> None:
    alike = values.near_duplicates_of(batch)
    if alike.empty:
        st.caption(f"No near-duplicates within batch {number}.", help=words.NEAR_DUPLICATES)
        return
    groups = count_noun(int(alike["group"].max()), "group")
    with st.expander(
        f"{len(alike)} of the {len(batch)} texts are near-duplicates of another, in {groups}",
        key="learn_near_duplicates",
        icon=":material/content_copy:",
    ):
        st.caption(words.NEAR_DUPLICATES)
        parts.table(
            alike,
            f"Near-duplicates within batch {number}",
            column_order=("group", "rank", "text", "label", "region", "id"),
        )


def _downloads(run: ActiveRun, number: int) -> None:
    csv = "text/csv"
    name = f"{run.strategy}-seed-{run.seed}"
    labelled = (
        "Labelled set (CSV)",
        lambda: results.csv_bytes(run.labelled_set(number)),
        f"{name}-labelled-{number}.csv",
        csv,
    )
    this_batch = (
        (
            "This batch (CSV)",
            lambda: results.csv_bytes(run.batch(number)),
            f"{name}-batch-{number}.csv",
            csv,
        ),
        (
            "Selection card (JSON)",
            lambda: results.card_bytes(run, number),
            f"{name}-batch-{number}.card.json",
            "application/json",
        ),
        (
            "All batches (CSV)",
            lambda: results.csv_bytes(run.batches()),
            f"{name}-batches.csv",
            csv,
        ),
    )
    parts.downloads("learn_files", (*(this_batch if number else ()), labelled))
