"""Choosing the kind of features, and computing them ahead of time."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cartography.corpora.sources import HUB_PREFIX
from cartography.features.given_features import GivenFeatures
from cartography.features.kinds import Coverage
from cartography.features.table import KINDS
from cartography.runs import manifest as runs
from ui import parts, words
from ui.faults import errors_in_place
from ui.jobs import address, background, tasks
from ui.jobs.background import Task
from ui.naming import escape_markdown
from ui.panels.dataset.sources import (
    HUB,
    LOCAL,
    UPLOAD,
    choose_option,
    choose_upload,
    enter_path,
    is_features,
    is_vectors,
    local_option,
    set_file,
    show_hint,
)
from ui.state import session
from ui.state.session import DataChoice

TRAINED = "Trained on the corpus"
_NAMES = {
    "corpus": "Fitted on these texts",
    "words": "Word vectors",
    "encoder": "Sentence encoder",
    "file": "Your own",
}
_KINDS = {name: kind for kind, name in _NAMES.items()}


def choose_features(choice: DataChoice) -> DataChoice | None:
    """Draw the widgets for the features.

    Returns
    -------
    DataChoice or None
        `choice` with its features. None while a file is missing; a hint then says what to do.
    """
    kind = _KINDS[choose_option("How texts become numbers", list(_KINDS), "features_kind")]
    st.caption(KINDS[kind])
    with st.expander("Which to choose", icon=":material/help:", key="features_kinds"):
        rows = [f"| {_NAMES[name]} | {what} |" for name, what in KINDS.items()]
        st.markdown("\n".join(["| Features | What they cost and give |", "| --- | --- |", *rows]))
    if kind == "words":
        return _choose_words(choice)
    if kind == "encoder":
        name = _choose_encoder()
        return None if name is None else replace(choice, features=f"encoder:{name}")
    if kind == "file":
        name = _choose_own()
        return None if name is None else replace(choice, features=f"file:{name}")
    return replace(choice, features="corpus")


def set_widgets(choice: DataChoice) -> None:
    """Set the widgets to the features of `choice`."""
    kind, _, name = choice.features.partition(":")
    st.session_state["features_kind"] = _NAMES[kind]
    set_file("vectors", choice.vectors, TRAINED)
    st.session_state["pooling"] = choice.pooling or "sum"
    st.session_state["max_length"] = choice.max_length
    if kind == "encoder":
        is_path = session.local_paths_allowed() and not name.startswith(HUB_PREFIX)
        st.session_state["encoder_kind"] = LOCAL if is_path else HUB
        key = "encoder_path" if is_path else "encoder_hub"
        st.session_state[key] = name.removeprefix(HUB_PREFIX)
    elif kind == "file":
        own = GivenFeatures.of_name(name)
        set_file("own", str(own.path), UPLOAD)
        st.session_state["own_column"] = own.column or ""


def _choose_words(choice: DataChoice) -> DataChoice | None:
    kind = choose_option(
        "Where are the vectors from?",
        [TRAINED, UPLOAD, *local_option()],
        "vectors_kind",
        words.VECTORS,
    )
    path = None
    if kind != TRAINED:
        if kind == UPLOAD:
            path = choose_upload("A .vec, .txt or .bin file", is_vectors, "vectors_upload")
        else:
            path = enter_path("File of word vectors on this machine", "vectors_path")
        if path is None:
            show_hint(f"Choose a file of word vectors, or “{TRAINED}”.")
            return None
    with st.expander("How a text becomes features", icon=":material/tune:", key="featuring"):
        pooling = choose_option("Pooling", ["sum", "mean"], "pooling", words.POOLING)
        length = st.number_input(
            "Words read per text",
            min_value=1,
            value=None,
            placeholder="all",
            key="max_length",
            help=words.MAX_LENGTH,
            width=240,
            persist_state="session",
        )
    return replace(
        choice,
        features="words",
        vectors=path,
        pooling=None if pooling == "sum" else pooling,
        max_length=length,
    )


def _choose_encoder() -> str | None:
    kind = choose_option("Where is the encoder?", [HUB, *local_option()], "encoder_kind")
    if kind == LOCAL:
        name = enter_path("Folder of the encoder on this machine", "encoder_path")
    else:
        name = st.text_input(
            "Name on the Hub",
            key="encoder_hub",
            placeholder="sentence-transformers/all-MiniLM-L6-v2",
            persist_state="session",
        ).strip()
        # The prefix keeps the name from being taken for a folder of the server.
        name = f"{HUB_PREFIX}{name}" if name else ""
    if not name:
        show_hint("Name a sentence encoder.")
        return None
    return name


def _choose_own() -> str | None:
    kind = choose_option("Where are the features?", [UPLOAD, *local_option()], "own_kind")
    path = (
        choose_upload("An .npy, .parquet or .jsonl file", is_features, "own_upload")
        if kind == UPLOAD
        else enter_path("File of features on this machine", "own_path")
    )
    if path is None:
        show_hint("Choose a file with a row of numbers for each text.")
        return None
    column = st.text_input(
        "Column of the features",
        key="own_column",
        placeholder="guessed",
        help=words.OWN_FEATURES,
        persist_state="session",
    ).strip()
    return f"{path}:{column}" if column else path


def show_features(choice: DataChoice) -> None:
    """Compute the features of `choice` in a worker and show what their words cover."""
    task = tasks.embedding(choice)
    state = background.task_state(task)
    address.show(task if state.busy or state.phase == "finished" else None)
    if state.busy:
        _show_progress(task)
    elif state.phase == "finished":
        _show_coverage(task)
    else:
        parts.outcome(state)
        parts.start(
            task,
            "Embed",
            key="embed",
            icon=":material/memory:",
            help="Computes the features of the texts now and shows how many words they know. "
            "Otherwise this happens with the first map.",
        )


@st.fragment(run_every=1.0)
@errors_in_place()
def _show_progress(task: Task) -> None:
    state = background.task_state(task)
    if not state.busy:
        st.rerun()
    parts.preparing(task, state)
    parts.cancel(task, "embed_cancel")


def _show_coverage(task: Task) -> None:
    summary = runs.read_json(task.folder / runs.SUMMARY)
    if summary["coverage"] is None:
        st.caption(escape_markdown(f"{summary['summary']}."))
        return
    coverage = Coverage(**summary["coverage"])
    with st.container(horizontal=True, gap="medium"):
        for name, value, help in (
            ("Words with a vector", f"{100 * coverage.word_share:.1f} %", words.WORDS_COVERED),
            ("Tokens with a vector", f"{100 * coverage.token_share:.1f} %", words.TOKENS_COVERED),
            ("Texts without a vector", f"{coverage.uncovered_texts:,}", words.TEXTS_UNCOVERED),
        ):
            st.metric(name, value, width="content", help=help)
    st.caption(escape_markdown(f"{summary['summary']}."))
