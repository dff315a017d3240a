"""Choosing a corpus: its source, its columns and its test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cartography.corpora.corpus import Corpus, require_classes
from cartography.corpora.sources import HELP_DESK_FILE
from cartography.errors import CartographyError
from cartography.tables.reading import is_table
from ui import parts, words
from ui.faults import errors_in_place, sentence
from ui.jobs import address, background, cached, tasks
from ui.jobs.background import Task, TaskState
from ui.naming import escape_markdown
from ui.panels.dataset import features, reading
from ui.panels.dataset.sources import (
    HUB,
    KEPT,
    LOCAL,
    SAMPLE,
    UPLOAD,
    choose_file,
    choose_option,
    choose_upload,
    enter_path,
    local_option,
    manage_uploads,
    set_file,
    show_hint,
)
from ui.state import session
from ui.state.session import DataChoice

NONE = "None"
_SEEN = "dataset page: corpus in use"
_HALF = 0.5


def take_over() -> None:
    """Set the widgets to the corpus in the address.

    Without one, set them to the corpus in use if it was chosen on another page or in an earlier
    session.
    """
    in_use = session.choice()
    seen = st.session_state.setdefault(_SEEN, in_use)
    st.session_state[_SEEN] = in_use
    task = address.opened("embed")
    if task is not None:
        _set_widgets(task.choice)
    elif "source_kind" not in st.session_state or seen != in_use:
        _set_widgets(in_use)


def choose_source() -> str | None:
    """Draw the widgets for the source of the texts.

    Returns
    -------
    str or None
        The source. None while the choice is incomplete; a hint then says what to do.
    """
    kind = choose_option(
        "Where are the texts?", [SAMPLE, UPLOAD, HUB, KEPT, *local_option()], "source_kind"
    )
    if kind == UPLOAD:
        path = choose_upload(
            "Table with texts, or an export of an annotation tool", is_table, "source_upload"
        )
        if path is None:
            show_hint("Upload a table with a column of texts and a column of labels.")
        manage_uploads(path)
        return path
    if kind == HUB:
        name = st.text_input(
            "Data set on the Hugging Face Hub",
            placeholder="owner/name or owner/name:split",
            key="source_hub",
            persist_state="session",
        ).strip()
        if name:
            return session.hub_source(name)
        show_hint("Enter a data set of the Hub as owner/name; the server downloads it.")
        return None
    if kind == KEPT:
        tables = [*session.kept_corpora(), str(HELP_DESK_FILE)]
        return choose_file("Table on this server", tables, "source_kept")
    if kind == LOCAL:
        path = enter_path("File on this machine, or folder with train and test", "source_path")
        if path is None:
            show_hint("Enter the path of a table on this machine.")
        return path
    return "sample"


def offer_map(source: str) -> bool:
    """Show the data map that a source holds, with the button that opens it.

    Returns
    -------
    bool
        Whether the source holds a map and nothing to train on.
    """
    opened = cached.opened_map(source)
    if opened is None:
        return False
    task = tasks.opening(source)
    state = background.task_state(task)
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(opened.name)} holds a data map**", help=words.IMPORTED)
        lines = [line[:1].upper() + line[1:] for line in (*opened.notes, *opened.summary)]
        st.caption("  \n".join(f"{escape_markdown(line)}." for line in lines))
        if state.busy:
            _wait_for_map(task)
        elif state.phase == "finished":
            st.page_link(
                address.page_of(task),
                label="Open it on the Data map page",
                icon=":material/scatter_plot:",
                query_params={address.RUN: task.key},
            )
        else:
            parts.outcome(state)
            parts.start(
                task,
                "Open the map",
                key="open_map",
                type="primary",
                icon=":material/scatter_plot:",
                help="Keeps it among the runs and shows it on the Data map page.",
            )
    return cached.is_only_map(source)


@st.fragment(run_every=0.5)
@errors_in_place()
def _wait_for_map(task: Task) -> None:
    state = background.task_state(task)
    if not state.busy:
        st.rerun()
    parts.preparing(task, state)


def choose_columns(source: str) -> DataChoice:
    """Show the first rows of a table and draw the widgets for its columns and the test set.

    Parameters
    ----------
    source : str

    Returns
    -------
    DataChoice
        Columns that are not chosen are None, so that they are guessed.

    Raises
    ------
    CartographyError
        The table cannot be read.
    """
    if source == "sample":
        return DataChoice()
    file = reading.with_reading(DataChoice(source=source))
    reading.offer_encoding(file)  # first: with a wrong encoding there is no table below
    table = cached.first_rows(file)
    st.markdown(f"**First rows** of {table.rows:,}, unprocessed")
    height = min(220, 40 + 35 * table.rows)
    parts.table(table.head, "The first rows of the table", columns={}, height=height)
    with st.container(horizontal=True):
        text = _choose_column("Text column", table.columns, "column_text")
        label = _choose_column("Label column", table.columns, "column_label", words.GOLD_LABEL)
        id = _choose_column("Id column", table.columns, "column_id")
    test = None
    with st.expander("Test set", icon=":material/fact_check:", key="test_set"):
        kind = choose_option(
            "Where is the test set?", [NONE, UPLOAD, *local_option()], "test_kind", words.TEST
        )
        if kind == UPLOAD:
            test = choose_upload("Table with test texts", is_table, "test_upload", training=source)
        elif kind == LOCAL:
            test = enter_path("Test file on this machine", "test_path")
        if kind != NONE and test is None:
            show_hint("There is no test set yet. Choose its table.")
    return replace(file, test=test, text=text, label=label, id=id)


def offer_labels(choice: DataChoice, corpora: tuple[Corpus, Corpus | None] | None) -> None:
    """Draw the widgets of the labels, also if the corpus cannot be used as it is read."""
    if choice.source != "sample":
        reading.offer_labels(None if corpora is None else corpora[0])


def read_corpora(
    choice: DataChoice, container: st.delta_generator.DeltaGenerator
) -> tuple[Corpus, Corpus | None] | None:
    """Read the training and the test corpus.

    Parameters
    ----------
    choice : DataChoice
    container : DeltaGenerator
        Where errors are shown.

    Returns
    -------
    tuple of Corpus and (Corpus or None), or None
        None if a corpus cannot be used.
    """
    with container:
        try:
            train, test = cached.corpora(choice)
            _tell_of_classes(train)
            if test is not None and choice.test is not None:
                require_classes(test, least=1)
            return train, test
        except CartographyError as error:
            parts.outcome(TaskState("refused", str(error)))
    return None


def _tell_of_classes(corpus: Corpus) -> None:
    """Say that a corpus has too few classes for a map; its texts can be labelled all the same."""
    try:
        require_classes(corpus)
    except CartographyError as error:
        st.warning(
            f"{sentence(str(error))}. Or give the texts their labels on the page Label.",
            icon=":material/label:",
        )


def offer_use(choice: DataChoice, corpus: Corpus) -> None:
    """Show the button that makes `choice` the corpus of all pages, or where to go with it."""
    if choice != session.choice():
        # Not a callback, which would get the choice from before the last change of a widget.
        if st.button(
            "Use this corpus",
            key="use",
            type="primary",
            icon=":material/check:",
            help="Shows this corpus on all pages, with the features chosen below.",
        ):
            session.use(choice)
            st.rerun()
        return
    if corpus.labelled.mean() < _HALF:
        if st.button("Label its texts", key="to_label", type="primary", icon=":material/label:"):
            st.switch_page("pages/label.py")
    elif st.button(
        "Show its data map", key="to_map", type="primary", icon=":material/scatter_plot:"
    ):
        st.switch_page("pages/data_map.py")
    st.badge("Corpus in use", icon=":material/check_circle:", color="green")


def _set_widgets(choice: DataChoice) -> None:
    set_file("source", choice.source if choice.source != "sample" else None, SAMPLE)
    set_file("test", choice.test, NONE)
    features.set_widgets(choice)
    reading.set_widgets(choice)
    for name in ("text", "label", "id"):
        st.session_state[f"column_{name}"] = getattr(choice, name)


def _choose_column(
    label: str, names: Sequence[str], key: str, help: str | None = None
) -> str | None:
    chosen: str | None = st.selectbox(
        label,
        names,
        index=None,
        placeholder="guessed",
        format_func=lambda name: name or "(no name)",
        key=key,
        help=help,
        persist_state="session",
    )
    return chosen
