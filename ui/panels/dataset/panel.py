"""Choosing a corpus and its word vectors, and making its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cartography.corpora.corpus import Corpus, require_classes
from cartography.corpora.sources import HUB_PREFIX
from cartography.corpora.tables import READERS
from cartography.errors import CartographyError
from cartography.features.embedding import CORPUS_VECTORS, Coverage
from cartography.runs import manifest as runs
from ui import parts, words
from ui.faults import errors_in_place
from ui.jobs import address, background, cached, tasks
from ui.jobs.background import Task, TaskState
from ui.naming import escape_markdown
from ui.panels.dataset.sources import (
    HUB,
    KEPT,
    LOCAL,
    SAMPLE,
    UPLOAD,
    VECTOR_SUFFIXES,
    file_among,
    local,
    next_step,
    one_of,
    own_uploads,
    typed_path,
    uploaded,
)
from ui.state import session, workspace
from ui.state.session import DataChoice

NONE, TRAINED = "None", "Trained on the corpus"
_SEEN = "dataset page: corpus in use"


def take_over() -> None:
    """Set the widgets to the corpus whose features the address names, else to the corpus in use
    where that was chosen on another page, or in an earlier session.
    """
    in_use = session.choice()
    seen = st.session_state.setdefault(_SEEN, in_use)
    st.session_state[_SEEN] = in_use
    task = address.opened("embed")
    if task is not None:
        _set_widgets(task.choice)
    elif "source_kind" not in st.session_state or seen != in_use:
        _set_widgets(in_use)


def source() -> str | None:
    """Where the texts come from; None, and what to do next, until that is told."""
    kind = one_of("Where are the texts?", [SAMPLE, UPLOAD, HUB, KEPT, *local()], "source_kind")
    if kind == UPLOAD:
        path = uploaded("A table of texts: CSV, TSV, JSONL or Parquet", READERS, "source_upload")
        if path is None:
            next_step("Give a table with a column of texts and a column of labels.")
        own_uploads(path)
        return path
    if kind == HUB:
        name = st.text_input(
            "Data set of the Hugging Face Hub",
            placeholder="owner/name or owner/name:split",
            key="source_hub",
            persist_state="session",
        ).strip()
        if name:
            return session.hub_source(name)
        next_step("Name a data set of the Hub, as owner/name; the server fetches it.")
        return None
    if kind == KEPT:
        path = file_among("Table kept on this server", session.kept_corpora(), "source_kept")
        if path is None:
            next_step("No table is kept on this server yet. Upload one, then choose to keep it.")
        return path
    if kind == LOCAL:
        path = typed_path("File, or folder with train and test, on this machine", "source_path")
        if path is None:
            next_step("Type the path of a table of this machine.")
        return path
    return "sample"


def columns(source: str) -> DataChoice:
    """The table as it is, the columns to read of it, and the test set; what is not named is
    guessed. Raises CartographyError when there is no table.
    """
    if source == "sample":
        return DataChoice()
    table = cached.first_rows(source)
    st.markdown(f"**First rows**, as they are, of {table.rows:,}")
    height = min(220, 40 + 35 * table.rows)
    parts.table(table.head, "The first rows of the table, all columns", columns={}, height=height)
    with st.container(horizontal=True):
        text = _column("Text column", table.columns, "column_text")
        label = _column("Label column", table.columns, "column_label", words.GOLD_LABEL)
        id = _column("Id column", table.columns, "column_id")
    test = None
    with st.expander("Test set", icon=":material/fact_check:", key="test_set"):
        kind = one_of("Where is the test set?", [NONE, UPLOAD, *local()], "test_kind", words.TEST)
        if kind == UPLOAD:
            test = uploaded("A table of test texts", READERS, "test_upload", training=source)
        elif kind == LOCAL:
            test = typed_path("Test file on this machine", "test_path")
        if kind != NONE and test is None:
            next_step("There is no test set until you give its table.")
    return DataChoice(source=source, test=test, text=text, label=label, id=id)


def corpora(
    choice: DataChoice, place: st.delta_generator.DeltaGenerator
) -> tuple[Corpus, Corpus | None] | None:
    """The training and the test corpus; None, and why in `place`, where they cannot be used."""
    with place:
        try:
            train, test = cached.corpora(choice)
            require_classes(train)
            if test is not None and choice.test is not None:
                require_classes(test, least=1)
            return train, test
        except CartographyError as error:
            parts.outcome(TaskState("refused", str(error)))
    return None


def vectors(choice: DataChoice) -> DataChoice | None:
    """`choice` with its word vectors; None, and what to do next, until they are given."""
    kind = one_of("Where are they from?", [TRAINED, UPLOAD, *local()], "vectors_kind")
    path: str | None = CORPUS_VECTORS
    if kind == UPLOAD:
        path = uploaded("A .vec, .vec.gz or .bin file", VECTOR_SUFFIXES, "vectors_upload")
    elif kind == LOCAL:
        path = typed_path("File of word vectors on this machine", "vectors_path")
    if path is None:
        next_step("Give a file of word vectors, or have them trained on the corpus.")
        return None
    with st.expander("How a text becomes features", icon=":material/tune:", key="featuring"):
        pooling = one_of("Pooling", ["sum", "mean"], "pooling", words.POOLING)
        length = st.number_input(
            "Words read of each text",
            min_value=1,
            value=None,
            placeholder="all",
            key="max_length",
            help=words.MAX_LENGTH,
            width=240,
            persist_state="session",
        )
    return replace(choice, vectors=path, pooling=pooling, max_length=length)


def use(choice: DataChoice) -> None:
    """Make `choice` the corpus of all pages; once it is, the way to its map."""
    if choice != session.choice():
        # Not by a callback, which would be given the choice of the page as it was before.
        if st.button(
            "Use this corpus",
            key="use",
            type="primary",
            icon=":material/check:",
            help="All pages then show this corpus, with the word vectors chosen below.",
        ):
            session.use(choice)
            st.rerun()
        return
    if st.button("See its data map", key="to_map", type="primary", icon=":material/scatter_plot:"):
        st.switch_page("pages/data_map.py")
    st.badge("The corpus in use", icon=":material/check_circle:", color="green")


def features(choice: DataChoice) -> None:
    """Make the features of `choice` in a worker, and say what its word vectors cover."""
    task = tasks.embedding(choice)
    state = background.task_state(task)
    address.show(task if state.busy or state.phase == "finished" else None)
    if state.busy:
        _making(task)
    elif state.phase == "finished":
        _covered(task)
    else:
        parts.outcome(state)
        parts.start(
            task,
            "Embed",
            key="embed",
            icon=":material/memory:",
            help="Turns the texts into features now, and says what the word vectors cover. "
            "Otherwise it is done when the first map is drawn.",
        )


@st.fragment(run_every=1.0)
@errors_in_place()
def _making(task: Task) -> None:
    state = background.task_state(task)
    if not state.busy:
        st.rerun()
    parts.preparing(task, state)
    parts.cancel(task, "embed_cancel")


def _covered(task: Task) -> None:
    told = runs.read_json(task.folder / runs.SUMMARY)
    coverage = Coverage(**told["coverage"])
    with st.container(horizontal=True, gap="medium"):
        for name, value, help in (
            ("Words with a vector", f"{100 * coverage.word_share:.1f} %", words.WORDS_COVERED),
            ("Tokens with a vector", f"{100 * coverage.token_share:.1f} %", words.TOKENS_COVERED),
            ("Texts without any", f"{coverage.uncovered_texts:,}", words.TEXTS_UNCOVERED),
        ):
            st.metric(name, value, width="content", help=help)
    st.caption(escape_markdown(f"Made with {told['vectors']}. {told['summary']}."))


def _set_widgets(choice: DataChoice) -> None:
    _set_file("source", choice.source if choice.source != "sample" else None, SAMPLE)
    _set_file("test", choice.test, NONE)
    _set_file("vectors", None if choice.vectors == CORPUS_VECTORS else choice.vectors, TRAINED)
    for name in ("text", "label", "id"):
        st.session_state[f"column_{name}"] = getattr(choice, name)
    st.session_state["pooling"] = choice.pooling
    st.session_state["max_length"] = choice.max_length


def _set_file(field: str, value: str | None, otherwise: str) -> None:
    """Set the widgets of `field` to the source `value`."""
    if value is None:
        kind, key, shown = otherwise, None, None
    elif value.startswith(HUB_PREFIX):
        kind, key, shown = HUB, "hub", value.removeprefix(HUB_PREFIX)
    elif workspace.is_private(value):
        kind, key, shown = UPLOAD, "upload", value
    elif session.is_kept(value):
        kind, key, shown = KEPT, "kept", value
    else:
        kind, key, shown = LOCAL, "path", value
    st.session_state[f"{field}_kind"] = kind
    if key is not None:
        st.session_state[f"{field}_{key}"] = shown


def _column(label: str, names: Sequence[str], key: str, help: str | None = None) -> str | None:
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
