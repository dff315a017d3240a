"""Engine calls whose results are kept, a few at a time, under keys that change with the content.

What is kept is shared by all sessions and is not to be changed. A file is known by its path, time
of change and size; an upload lies under its session's own path, which no other session knows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cartography import figures, runs
from cartography.corpus import Corpus, CorpusReport, describe, hold_out
from cartography.data_map import DataMap, Thresholds
from cartography.embedding import Embedding, embed
from cartography.learn_runs import LearnRun, read_learning
from cartography.map_runs import EPOCHS, MapRun, read_map
from cartography.reading import read_train_test
from cartography.sources import open_source
from ui import background
from ui.session import DataChoice


def corpora(choice: DataChoice) -> tuple[Corpus, Corpus | None]:
    """The training corpus, and the test corpus if there is one. Raises CartographyError."""
    return _corpora(choice, background.stamp(choice))


@st.cache_resource(max_entries=4, show_spinner="Reading the texts …")
def _corpora(choice: DataChoice, stamp: str) -> tuple[Corpus, Corpus | None]:
    del stamp
    return read_train_test(
        choice.source, choice.test, text=choice.text, label=choice.label, id=choice.id
    )


def report(corpus: Corpus) -> CorpusReport:
    """What `corpus` holds."""
    return _report(corpus.fingerprint, corpus)


@st.cache_resource(max_entries=8, show_spinner=False)
def _report(fingerprint: str, _corpus: Corpus) -> CorpusReport:
    del fingerprint
    return describe(_corpus)


def columns(source: str) -> tuple[str, ...]:
    """The columns of the table at `source`; none for the sample. Raises CartographyError."""
    if source == "sample":
        return ()
    return _columns(source, background.stamp(DataChoice(source)))


@st.cache_resource(max_entries=8, show_spinner="Reading the columns …")
def _columns(source: str, stamp: str) -> tuple[str, ...]:
    del stamp
    parts = open_source(source)
    table = (parts.get("train") or parts["whole"])()
    return tuple(table.columns)


def embedding(choice: DataChoice) -> Embedding:
    """The features of the training corpus, which are then on disk for good. Reports its steps
    into the container that is open. Raises CartographyError.
    """
    train, test = corpora(choice)
    found = embed(
        [train] if test is None else [train, test],
        choice.vectors,
        pooling="mean" if choice.pooling == "mean" else "sum",
        max_length=choice.max_length,
        progress=_say,
    )
    return found[0]


def _say(step: str) -> None:
    st.write(f"{step[:1].upper()}{step[1:]} …")


def learning_fingerprint(choice: DataChoice) -> str:
    """The fingerprint of what active learning is run on: the labelled texts, less a held-out test
    set where there is none. Raises CartographyError.
    """
    return _learning_fingerprint(choice, background.stamp(choice))


@st.cache_resource(max_entries=8, show_spinner=False)
def _learning_fingerprint(choice: DataChoice, stamp: str) -> str:
    del stamp
    corpus, test = corpora(choice)
    labelled = corpus if corpus.labelled.all() else corpus.take(corpus.labelled)
    return (hold_out(labelled)[0] if test is None else labelled).fingerprint


def map_run(folder: Path) -> MapRun:
    """The map in `folder` as it stands. Raises CartographyError."""
    return _map_run(folder, reached(folder))


@st.cache_resource(max_entries=6, show_spinner=False)
def _map_run(folder: Path, stamp: str) -> MapRun:
    del stamp
    return read_map(folder)


def learn_run(folder: Path) -> LearnRun:
    """The active-learning run in `folder` as it stands. Raises CartographyError."""
    return _learn_run(folder, reached(folder))


@st.cache_resource(max_entries=16, show_spinner=False)
def _learn_run(folder: Path, stamp: str) -> LearnRun:
    del stamp
    return read_learning(folder)


def map_figure(
    folder: Path,
    data_map: DataMap,
    *,
    t_cor: float | None = None,
    newest: int = 0,
) -> go.Figure:
    """The figure of a map of the run in `folder`; the last `newest` items are ringed as a batch."""
    key = f"{reached(folder)} {len(data_map)} {data_map.epochs}"
    return _map_figure(folder, key, data_map.thresholds, t_cor, newest, data_map)


@st.cache_resource(max_entries=12, show_spinner=False)
def _map_figure(
    folder: Path,
    key: str,
    thresholds: Thresholds,
    t_cor: float | None,
    newest: int,
    _data_map: DataMap,
) -> go.Figure:
    del folder, key, thresholds
    batch = np.arange(len(_data_map)) >= len(_data_map) - newest
    return figures.data_map_figure(
        _data_map, t_cor=t_cor, highlighted=batch, highlight_name="this batch"
    )


def reached(folder: Path) -> str:
    """How far the run in `folder` has come, as a text that changes with every step.

    The manifest's time is in it, since a map that was stopped begins again in the same folder.
    """
    if (folder / runs.SUMMARY).exists():
        return f"finished {(folder / runs.SUMMARY).stat().st_mtime_ns}"
    steps = [*(folder / EPOCHS).glob("[0-9]*.npz"), *(folder / "maps").glob("*.parquet")]
    return f"{len(steps)} {max((step.stat().st_mtime_ns for step in steps), default=0)}"
