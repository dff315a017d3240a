"""What every page is made of: figures with their twins, tables, and how a worker is doing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from cartography.figures import as_html, caption_of
from cartography.maps.data_map import REGIONS, DataMap
from ui import words
from ui.faults import errors_in_place, sentence
from ui.jobs import background, results
from ui.jobs.background import Task, TaskState
from ui.naming import escape_markdown
from ui.state import session

_EVERY = 1.0  # seconds between two looks at a worker
_NUMBER = st.column_config.NumberColumn
_TEXT = st.column_config.TextColumn
REGION_HELP = dict(zip(REGIONS, (words.EASY, words.AMBIGUOUS, words.HARD), strict=True))
_COLUMNS = {
    "id": _TEXT("id", width="small"),
    "text": _TEXT("text", width="large"),
    "label": _TEXT("label", help="The gold label."),
    "predicted_label": _TEXT("predicted", help=words.PREDICTED),
    "confidence": _NUMBER(format="%.2f", help=words.CONFIDENCE),
    "variability": _NUMBER(format="%.2f", help=words.VARIABILITY),
    "correctness": _NUMBER(format="%.2f", help=words.CORRECTNESS),
    "region": _TEXT(help=words.REGION),
    "reason": _TEXT("why", width="large", help=words.REASON),
    "picked": _TEXT("why picked", width=270, help=words.PICKED),
    "place": _TEXT("why it lies there", width="large", help=words.LIES),
    "curve": st.column_config.LineChartColumn(
        "by epoch", help=words.CURVE, y_min=0.0, y_max=1.0, width="small"
    ),
    "change": _TEXT(help="Against the batch before: kept, or new in this one.", width="small"),
    "seed map": _TEXT(help="Its region on the seed map, after the same epoch."),
    "full map": _TEXT(help="Its region on the full map, after the same epoch."),
    "rank": _NUMBER(help="1 was wanted most."),
    "t_cor": _NUMBER(format="%.3g", help=words.T_COR),
    "high-cor": _NUMBER(help=words.HIGH_SIDE),
    "low-cor": _NUMBER(help=words.LOW_SIDE),
    "lowest": _NUMBER(format="%.3f"),
    "highest": _NUMBER(format="%.3f"),
    "score": _NUMBER(format="%.4f", help=words.SCORE),
    "P(high-cor)": _NUMBER(format="%.3f", help=words.HIGH_COR),
    "accuracy": _NUMBER(format="%.3f", help=words.ACCURACY),
    "macro_f1": _NUMBER("macro-F1", format="%.3f"),
    "agreement": _NUMBER(format="%.3f", help=words.AGREEMENT),
    "discriminator_accuracy": _NUMBER(
        "discriminator accuracy", format="%.3f", help=words.DISCRIMINATOR
    ),
    "first accuracy": _NUMBER(format="%.3f", help=words.ACCURACY),
    "mean accuracy": _NUMBER(format="%.3f", help=words.ACCURACY),
    "last accuracy": _NUMBER(format="%.3f", help=words.ACCURACY),
    "last macro-F1": _NUMBER(format="%.3f"),
    "lowest accuracy": _NUMBER(format="%.3f", help=words.SEED_BAND),
    "highest accuracy": _NUMBER(format="%.3f", help=words.SEED_BAND),
    "labels saved": _NUMBER(format="%.0f", help=words.LABELS_SAVED),
    "epsilon_min": _NUMBER(format="%.3f", help=words.EPSILON_MIN),
    "share": _NUMBER(format="percent"),
    **{name: _NUMBER(format="percent", help=text) for name, text in REGION_HELP.items()},
}


def table(
    values: pd.DataFrame, alt: str, columns: Mapping[str, Any] = _COLUMNS, **options: Any
) -> Any:
    """A table, loaded as it is scrolled if it is long. `columns` are the headings, formats and
    tooltips by name: those of the engine's columns, or none for a visitor's own.
    """
    return st.dataframe(
        values,
        hide_index=True,
        column_config=columns,
        lazy=True if len(values) > 1_000 else None,
        alt=alt,
        **options,
    )


def figure(
    drawn: go.Figure, key: str, alt: str, twin: Callable[[], pd.DataFrame], **options: Any
) -> None:
    """A figure with its caption, and closed below it: the same as a table, to read or take away.

    `key` names the widget and the files, `alt` tells the figure to those who cannot see it, and
    `twin` is called when the table is opened.
    """
    name = key.replace("_", "-")
    picture = {"format": session.picture_format(), "filename": name, "scale": 2}
    config = {"displaylogo": False, "toImageButtonOptions": picture}
    st.plotly_chart(drawn, key=key, alt=alt, config=config, **options)
    caption = caption_of(drawn)
    if caption:
        st.caption(caption)
    below = st.expander(
        "As a table, and to take away",
        key=f"{key}_twin",
        icon=":material/table:",
        type="compact",
        on_change="rerun",
    )
    if not below.open:
        return
    with below:
        values = twin()
        table(values, f"The values of the figure. {alt}", height=min(360, 74 + 35 * len(values)))
        downloads(
            key,
            (
                ("Table (CSV)", lambda: results.csv_bytes(values), f"{name}.csv", "text/csv"),
                ("Figure (HTML)", lambda: as_html(drawn).encode(), f"{name}.html", "text/html"),
            ),
        )


def downloads(key: str, files: Sequence[tuple[str, Callable[[], bytes], str, str]]) -> None:
    """Buttons for files that are made when they are asked for: label, content, name, type."""
    with st.container(horizontal=True):
        for label, content, name, mime in files:
            st.download_button(
                label,
                content,
                name,
                mime,
                key=f"{key}_{name}",
                icon=":material/download:",
                on_click="ignore",
            )


def outcome(state: TaskState) -> None:
    """Say in place what ended a worker too early."""
    if state.phase == "refused":
        st.error(sentence(state.said), icon=":material/error:")
    elif state.phase == "failed":
        st.error(
            "The worker ended unexpectedly, by a mistake in the program or for want of memory; its "
            f"output is among the runs, in {state.said}.",
            icon=":material/report:",
        )


def preparing(task: Task, state: TaskState) -> None:
    """What a worker does before its first step, and since when."""
    seconds = background.seconds_since_start(task)
    st.progress(
        0.0,
        text=f"Preparing, {seconds:.0f} s: {escape_markdown(state.said) or 'reading the texts …'}",
    )
    st.caption(
        "The first time, the texts are read and their word vectors trained or looked up, which can "
        "take a minute or two; they are kept for the next time."
    )


def start(
    task: Task, label: str, *, key: str, pause_after: int | None = None, **options: Any
) -> None:
    """The button that starts a worker on `task`, or lets it go on.

    Not by a callback: that would be given the task of the page as it was before, when a setting
    was typed a moment ago and the two reach the server together.
    """
    if st.button(label, key=key, **options):
        background.start(task, pause_after=pause_after)
        st.rerun()


def follow(task: Task, state: TaskState, key: str, show: Callable[[TaskState], None]) -> None:
    """Show a task that was started, again and again while its worker is at it.

    `show` is given where the task stands. Until a run has begun, what the worker prepares stands
    in its place; when the worker ends, the page is drawn anew.
    """

    @st.fragment(run_every=_EVERY if state.busy else None, key=key)
    @errors_in_place()
    def watch() -> None:
        now = background.task_state(task) if state.busy else state
        if now.busy != state.busy:
            st.rerun()
        if now.phase == "preparing":
            preparing(task, now)
        else:
            show(now)

    watch()


def cancel(task: Task, key: str, label: str = "Cancel", help: str | None = None) -> None:
    """The button that ends a worker."""
    st.button(
        label,
        icon=":material/stop:",
        key=key,
        help=help,
        on_click=background.stop,
        args=(task,),
    )


def describe_regions(placed: DataMap) -> str:
    """The regions in words, for those who cannot see the figure."""
    shares = placed.statistics().region_shares
    return ", ".join(f"{share:.0%} {name}" for name, share in zip(REGIONS, shares, strict=True))
