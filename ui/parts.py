"""Building blocks of the pages: figures with their tables, downloads and worker progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from cartography.figures import as_html, caption_of
from cartography.formats.export import Form
from cartography.formats.forms import FORMS
from cartography.maps.data_map import REGIONS, DataMap
from cartography.runs.manifest import read_manifest, run_id
from cartography.runs.user_columns import join_user_columns
from ui import words
from ui.faults import errors_in_place, sentence
from ui.jobs import background, results
from ui.jobs.background import Task, TaskState
from ui.naming import escape_markdown
from ui.state import session

_POLL_SECONDS = 1.0
_NUMBER = st.column_config.NumberColumn
_TEXT = st.column_config.TextColumn
File = tuple[str, Callable[[], bytes], str, str]
"""A download: label, function that returns the content, file name and MIME type."""
TextTable = tuple[str, Callable[[], pd.DataFrame], str]
"""A table of texts: label, function that returns it, and file name without suffix."""
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
    "place": _TEXT("why it is there", width="large", help=words.LIES),
    "curve": st.column_config.LineChartColumn(
        "by epoch", help=words.CURVE, y_min=0.0, y_max=1.0, width="small"
    ),
    "change": _TEXT(help="Compared with the previous batch: kept or new.", width="small"),
    "seed map": _TEXT(help="Region on the seed map after the same epoch."),
    "full map": _TEXT(help="Region on the full map after the same epoch."),
    "rank": _NUMBER(help="Order within the batch; 1 is the first pick."),
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
    """Show a table; a long one is loaded while it is scrolled.

    Parameters
    ----------
    values : DataFrame
    alt : str
        Description for screen readers.
    columns : mapping, optional
        Headings, formats and tooltips by column name; pass an empty mapping for a visitor's own
        table.
    **options
        Passed to `st.dataframe`.

    Returns
    -------
    object
        The return value of `st.dataframe`.
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
    chart: go.Figure, key: str, alt: str, twin: Callable[[], pd.DataFrame], **options: Any
) -> None:
    """Show a figure, its caption, and an expander with the same data as a table and downloads.

    Parameters
    ----------
    chart : plotly.graph_objects.Figure
    key : str
        Key of the widget; also names the downloaded files.
    alt : str
        Description for screen readers.
    twin : callable
        Returns the table. Called when the expander is open.
    **options
        Passed to `st.plotly_chart`.
    """
    name = key.replace("_", "-")
    picture = {"format": session.picture_format(), "filename": name, "scale": 2}
    config = {"displaylogo": False, "toImageButtonOptions": picture}
    st.plotly_chart(chart, key=key, alt=alt, config=config, **options)
    caption = caption_of(chart)
    if caption:
        st.caption(caption)
    expander = st.expander(
        "Table and downloads",
        key=f"{key}_twin",
        icon=":material/table:",
        type="compact",
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander:
        values = twin()
        table(values, f"The values of the figure. {alt}", height=min(360, 74 + 35 * len(values)))
        downloads(
            key,
            (
                ("Table (CSV)", lambda: results.csv_bytes(values), f"{name}.csv", "text/csv"),
                ("Figure (HTML)", lambda: as_html(chart).encode(), f"{name}.html", "text/html"),
            ),
        )


def downloads(key: str, files: Sequence[File]) -> None:
    """Show a row of download buttons.

    Parameters
    ----------
    key : str
        Start of the buttons' keys.
    files : sequence of File
        The function is called when the button is pressed.
    """
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


def text_downloads(key: str, folder: Path, tables: Sequence[TextTable]) -> None:
    """Show the download buttons of tables of texts, in a form that the visitor chooses.

    Parameters
    ----------
    key : str
        Start of the widgets' keys.
    folder : Path
        Folder of the run that the texts are from. The files contain the other columns of its
        table, and offer all its classes.
    tables : sequence of TextTable
        Each has the column `id`.
    """
    name = st.selectbox(
        "Format of the files",
        list(FORMS),
        format_func=lambda name: FORMS[name].name,
        key=f"{key}_form",
        help=words.EXPORT_FORMS,
        width=260,
        persist_state="session",
    )
    downloads(key, text_files(FORMS[name], folder, tables))


def text_files(form: Form, folder: Path, tables: Sequence[TextTable]) -> list[File]:
    """Return the downloads of tables of texts of a run in one form.

    Parameters
    ----------
    form : Form
    folder : Path
        Folder of the run.
    tables : sequence of TextTable

    Returns
    -------
    list of File
        A file for each table. If the form has a companion, it is one more, named like the first
        table and with the classes of all.
    """

    def content_of(table: Callable[[], pd.DataFrame]) -> Callable[[], bytes]:
        def content() -> bytes:
            manifest = read_manifest(folder)
            values = table()
            # Several maps are of several runs, of which `folder` is one.
            is_its_own = len(tables) == 1 or "run_id" in values
            return form.content(
                join_user_columns(folder, values),
                run_id(manifest) if is_its_own else "",
                manifest["train"]["classes"],
            )

        return content

    files: list[File] = [
        (label, content_of(table), f"{stem}{form.suffix}", form.mime)
        for label, table, stem in tables
    ]
    companion = form.companion
    if companion is not None and tables:

        def offered() -> bytes:
            classes = read_manifest(folder)["train"]["classes"]
            return companion.content([table() for _, table, _ in tables], classes)

        label = f"{companion.name} ({companion.suffix[1:].upper()})"
        files.append((label, offered, f"{tables[0][2]}{companion.suffix}", companion.mime))
    return files


def outcome(state: TaskState) -> None:
    """Show the error of a worker that was refused or failed, if any."""
    if state.phase == "refused":
        st.error(sentence(state.message), icon=":material/error:")
    elif state.phase == "failed":
        st.error(
            "The worker stopped because of a bug or too little memory. Its output is in the folder "
            f"of the runs: {state.message}.",
            icon=":material/report:",
        )


def preparing(task: Task, state: TaskState) -> None:
    """Show what a worker is doing before its first step, and for how long."""
    seconds = background.seconds_since_start(task)
    message = escape_markdown(state.message) or "reading the texts …"
    st.progress(0.0, text=f"Preparing, {seconds:.0f} s: {message}")
    st.caption(
        "The first run on a corpus reads the texts and trains or loads the word vectors. This can "
        "take a minute or two; later runs reuse them."
    )


def start(
    task: Task, label: str, *, key: str, pause_after: int | None = None, **options: Any
) -> None:
    """Show the button that starts or resumes `task`.

    Parameters
    ----------
    task : Task
    label, key : str
        Label and key of the button.
    pause_after : int, optional
        Pause after this many iterations.
    **options
        Passed to `st.button`.
    """
    # Not a callback: if a setting was typed just before the click, both reach the server together,
    # and a callback would start the task of the old setting.
    if st.button(label, key=key, **options):
        background.start(task, pause_after=pause_after)
        st.rerun()


def follow(task: Task, state: TaskState, key: str, show: Callable[[TaskState], None]) -> None:
    """Show a started task and update it every second while its worker runs.

    The page is run again when the worker ends.

    Parameters
    ----------
    task : Task
    state : TaskState
        State of the task in this run of the page.
    key : str
        Key of the fragment.
    show : callable
        Draws the task in a state. While the worker prepares, `preparing` is shown instead.
    """

    @st.fragment(run_every=_POLL_SECONDS if state.busy else None, key=key)
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
    """Show the button that ends the worker of `task`."""
    st.button(
        label,
        icon=":material/stop:",
        key=key,
        help=help,
        on_click=background.stop,
        args=(task,),
    )


def describe_regions(placed: DataMap) -> str:
    """Describe the shares of the regions for screen readers."""
    shares = placed.statistics().region_shares
    return ", ".join(f"{share:.0%} {name}" for name, share in zip(REGIONS, shares, strict=True))
