"""The widgets that pages share, each returning a plain value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from cartography.data_map import Thresholds
from cartography.embedding import CORPUS_VECTORS
from cartography.errors import CartographyError
from ui import background, cached, session, words
from ui.background import State, Task
from ui.results import Found
from ui.session import DataChoice

TABLE_TYPES = ["csv", "tsv", "jsonl", "json", "parquet"]
MAP_EPOCHS = 10  # of the paper's data maps


def source() -> str | None:
    """Where the texts come from; None until an upload or a path is there."""
    kind = st.segmented_control(
        "Where are the texts?",
        ["Offline sample", "Upload", "Local path"],
        default="Offline sample",
        required=True,
        key="source_kind",
        persist_state="session",
    )
    if kind == "Upload":
        return _uploaded("A table of texts", TABLE_TYPES, "source_upload")
    if kind == "Local path":
        return _path(
            "Path of a file, or of a folder with train and test, on this machine", "source_path"
        )
    return "sample"


def columns(source: str) -> DataChoice:
    """The columns to read and the test set; what is not named is guessed."""
    names = cached.columns(source)
    test = None
    with st.expander("Columns and test set", expanded=False, icon=":material/table_chart:"):
        left, middle, right = st.columns(3)
        text = _column(left, "Text column", names, "column_text")
        label = _column(middle, "Label column", names, "column_label")
        id = _column(right, "Id column", names, "column_id")
        kind = st.segmented_control(
            "Test set",
            ["None", "Upload", "Local path"],
            default="None",
            required=True,
            key="test_kind",
            persist_state="session",
            help="For the test accuracy. Without one, a data map has no accuracy, and active "
            "learning holds out a stratified tenth of the texts.",
        )
        if kind == "Upload":
            test = _uploaded("A table of test texts", TABLE_TYPES, "test_upload")
        elif kind == "Local path":
            test = _path("Path of the test file on this machine", "test_path")
    return DataChoice(source=source, test=test, text=text, label=label, id=id)


def vectors(choice: DataChoice) -> DataChoice | None:
    """`choice` with its word vectors; None until an upload or a path is there."""
    kind = st.segmented_control(
        "Word vectors",
        ["Trained on the corpus", "Upload", "Local path"],
        default="Trained on the corpus",
        required=True,
        key="vectors_kind",
        help=words.VECTORS,
        persist_state="session",
    )
    path: str | None = CORPUS_VECTORS
    if kind == "Upload":
        path = _uploaded("A .vec, .vec.gz or .bin file", ["vec", "gz", "bin"], "vectors_upload")
    elif kind == "Local path":
        path = _path("Path of a .vec, .vec.gz or .bin file on this machine", "vectors_path")
    left, right = st.columns(2)
    pooling = left.segmented_control(
        "Pooling",
        ["sum", "mean"],
        default="sum",
        required=True,
        key="pooling",
        help=words.POOLING,
        persist_state="session",
    )
    length = right.number_input(
        "Words read of each text",
        min_value=1,
        value=None,
        placeholder="all",
        key="max_length",
        help=words.MAX_LENGTH,
        persist_state="session",
    )
    if path is None:
        return None
    return replace(choice, vectors=path, pooling=pooling, max_length=length)


def map_task(choice: DataChoice) -> Task:
    """What to map, and with how many epochs."""
    with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
        kind = st.segmented_control(
            "Train on",
            ["All texts", "A seed set"],
            default="All texts",
            required=True,
            key="map_kind",
            help=words.SEED_SET,
            persist_state="session",
        )
        size = None
        if kind == "A seed set":
            size = st.number_input(
                "Seed size",
                min_value=2,
                value=500,
                step=50,
                key="map_seed_size",
                width=140,
                persist_state="session",
            )
        epochs = st.number_input(
            "Epochs",
            min_value=1,
            max_value=200,
            value=MAP_EPOCHS,
            key="map_epochs",
            help=words.EPOCHS,
            width=140,
            persist_state="session",
        )
    label = f"seed set {size}" if size else ""
    return background.task("map", choice, {"seed-size": size, "epochs": epochs}, label)


def map_buttons(task: Task, state: State) -> None:
    """Start and stop."""
    if state.busy:
        st.button(
            "Stop", icon=":material/stop:", key="map_stop", on_click=background.stop, args=(task,)
        )
    elif state.phase != "finished":
        st.button(
            "Draw the map",
            icon=":material/play_arrow:",
            type="primary",
            key="map_start",
            on_click=background.start,
            args=(task,),
        )


def thresholds() -> tuple[Thresholds, float]:
    """Where the regions lie, and t_cor. Raises CartographyError when they contradict each other."""
    with st.popover("Regions and t_cor", icon=":material/tune:"):
        usual = Thresholds()
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
        t_cor = st.slider("t_cor", 0.0, 1.0, 0.2, 0.05, key="map_t_cor", help=words.T_COR)
    if low == high:
        raise CartographyError(
            f"hard-to-learn and easy-to-learn meet at correctness {low:g}: move them apart"
        )
    return Thresholds(hard=low, easy=high, ambiguous=limit), t_cor


def learn_task(choice: DataChoice) -> Task:
    """The active-learning run that is set up."""
    names = words.strategies()
    with st.container(border=True):
        left, right = st.columns((3, 2))
        strategy = left.selectbox(
            "Query strategy",
            names,
            format_func=words.strategy,
            key="strategy",
            bind="query-params",
            help=words.STRATEGY,
        )
        uses_t_cor = strategy in ("cal", "cal-dal")
        t_cor = right.slider(
            "t_cor",
            0.0,
            1.0,
            0.2,
            0.05,
            key="t_cor",
            bind="query-params",
            disabled=not uses_t_cor,
            help=words.T_COR,
        )
        with st.container(horizontal=True):
            seed_size = _number("Seed size", "seed_size", None, 2, words.SEED_SIZE)
            query_size = _number("Query size", "query_size", 50, 1, words.QUERY_SIZE)
            iterations = _number("Iterations", "iterations", 10, 1, words.ITERATIONS)
            epochs = _number("Epochs", "epochs", 30, 1, words.EPOCHS)
            seed = _number("Seed", "seed", 398048, 0, words.SEED)
    options = {
        "strategy": strategy,
        # The other strategies do not look at it, so it must not make theirs another run.
        "t-cor": t_cor if uses_t_cor else None,
        "seed-size": seed_size,
        "query-size": query_size,
        "iterations": iterations,
        "epochs": epochs,
        "seed": seed,
    }
    return background.task("learn", choice, options, str(strategy))


def learn_buttons(task: Task, state: State) -> None:
    """Step once, run on, pause."""
    with st.container(horizontal=True):
        if state.busy:
            st.button(
                "Pause",
                icon=":material/pause:",
                key="learn_pause",
                on_click=background.stop,
                args=(task,),
                help="What is on disk stays; an iteration that is not finished is made again.",
            )
        elif state.phase != "finished":
            st.button(
                "Step once",
                icon=":material/skip_next:",
                key="learn_step",
                on_click=background.start,
                args=(task,),
                kwargs={"pause_after": 1},
                help="One training: first of the seed set, then of each batch.",
            )
            st.button(
                "Resume" if state.phase == "stopped" else "Run all",
                icon=":material/play_arrow:",
                type="primary",
                key="learn_run",
                on_click=background.start,
                args=(task,),
            )


def iteration(last: int) -> int:
    """Which iteration to look at, 0 to `last`; the last unless chosen."""
    if last < 1:
        return 0
    return int(
        st.slider(
            "Iteration",
            0,
            last,
            last,
            # A run that went on starts again from its newest iteration.
            key=f"iteration_{last}",
            help="0 is the training on the seed set alone; each later one has a batch.",
        )
    )


def corpus_of_runs(
    corpora: Mapping[tuple[str, str], list[Found]], choice: DataChoice
) -> list[Found]:
    """The runs of one corpus: the one in use if it has runs, unless another is chosen."""
    groups = list(corpora)
    if len(groups) == 1:
        return corpora[groups[0]]
    in_use = cached.learning_fingerprint(choice)
    usual = next((i for i, (train, _) in enumerate(groups) if train == in_use), 0)
    place = st.selectbox(
        "Corpus",
        range(len(groups)),
        index=usual,
        format_func=lambda place: corpora[groups[place]][0].corpus_name,
        help="Only runs on the same texts can be compared.",
    )
    return corpora[groups[place]]


def compared(found: Sequence[str]) -> list[int]:
    """Positions of the runs to compare among those `found`, the newest four unless chosen."""
    return st.multiselect(
        "Runs to compare",
        range(len(found)),
        default=range(min(4, len(found))),
        format_func=lambda place: found[place],
        placeholder="Choose two or more runs",
    )


def _number(label: str, key: str, value: int | None, least: int, help: str) -> int | None:
    return st.number_input(
        label,
        min_value=least,
        value=value,
        placeholder="auto",
        key=f"learn_{key}",
        help=help,
        width=150,
        persist_state="session",
    )


def _column(
    place: st.delta_generator.DeltaGenerator, label: str, names: Sequence[str], key: str
) -> str | None:
    chosen: str | None = place.selectbox(
        label, names, index=None, placeholder="guessed", key=key, persist_state="session"
    )
    return chosen if chosen in names else None


def _path(label: str, key: str) -> str | None:
    typed = st.text_input(label, key=key, persist_state="session").strip()
    # The worker runs in another folder than the one this server was started in.
    return str(Path(typed).expanduser().absolute()) if typed else None


def _uploaded(label: str, types: list[str], key: str) -> str | None:
    """The path of an upload, kept under its content so that a page switch does not lose it."""
    file = st.file_uploader(label, types, key=key)
    return session.keep_upload(key, file.name, file.getvalue()) if file else session.upload(key)
