"""Engine calls whose results are kept, a few at a time, under keys that change with the content.

What is kept is shared by all sessions and is not to be changed. A file is known by its path, time
of change and size; an upload lies under its session's own path, which no other session knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from cartography import figures
from cartography.corpora.corpus import (
    Corpus,
    CorpusReport,
    describe,
    find_repeated_texts,
    hold_out,
    token_counts,
)
from cartography.corpora.reading import read_train_test
from cartography.corpora.sources import open_source
from cartography.maps.data_map import DataMap, Thresholds
from cartography.runs import manifest as runs
from cartography.runs.active_runs import ActiveRun, read_active_run
from cartography.runs.map_runs import MapRun, read_map
from ui.jobs import background, results
from ui.state.session import DataChoice

_SHOWN_ROWS = 50
_SHOWN_COLUMNS = 30
_SHOWN_LETTERS = 300


def corpora(choice: DataChoice) -> tuple[Corpus, Corpus | None]:
    """The training corpus, and the test corpus if there is one. Raises CartographyError."""
    # What becomes of the texts does not change them, and they are many: they are kept once.
    texts = DataChoice(choice.source, choice.test, choice.text, choice.label, choice.id)
    return _corpora(texts, background.stamp(texts))


@st.cache_resource(max_entries=4, show_spinner="Reading the texts …")
def _corpora(choice: DataChoice, stamp: str) -> tuple[Corpus, Corpus | None]:
    del stamp
    return read_train_test(
        choice.source, choice.test, text=choice.text, label=choice.label, id=choice.id
    )


def report(corpus: Corpus) -> CorpusReport:
    """What `corpus` holds."""
    return _report(corpus.fingerprint, corpus)


@st.cache_resource(max_entries=8, show_spinner="Counting the words …")
def _report(fingerprint: str, _corpus: Corpus) -> CorpusReport:
    del fingerprint
    return describe(_corpus)


def lengths(corpus: Corpus) -> NDArray[np.int64]:
    """Words in each text of `corpus` (n,)."""
    return _lengths(corpus.fingerprint, corpus)


@st.cache_resource(max_entries=8, show_spinner="Counting the words …")
def _lengths(fingerprint: str, _corpus: Corpus) -> NDArray[np.int64]:
    del fingerprint
    return token_counts(_corpus)


def repeated(corpus: Corpus) -> tuple[NDArray[np.int64], ...]:
    """The positions of each text that more than one row of `corpus` has."""
    return _repeated(corpus.fingerprint, corpus)


@st.cache_resource(max_entries=4, show_spinner="Looking for duplicated texts …")
def _repeated(fingerprint: str, _corpus: Corpus) -> tuple[NDArray[np.int64], ...]:
    del fingerprint
    return find_repeated_texts(_corpus)


@dataclass(frozen=True, eq=False)
class FirstRows:
    """The columns of a table, how many rows it has, and the first of them as texts."""

    columns: tuple[str, ...]
    rows: int
    head: pd.DataFrame


def first_rows(source: str) -> FirstRows:
    """The beginning of the table at `source`, as it is. Raises CartographyError."""
    return _first_rows(source, background.stamp(DataChoice(source)))


@st.cache_resource(max_entries=8, show_spinner="Reading the table …")
def _first_rows(source: str, stamp: str) -> FirstRows:
    del stamp
    parts = open_source(source)
    table = (parts.get("train") or parts["whole"])()
    columns = tuple(dict.fromkeys(table.columns))
    head = {
        name: [_shortened(cell) for cell in table.values(name)[:_SHOWN_ROWS]]
        for name in columns[:_SHOWN_COLUMNS]
    }
    return FirstRows(columns, table.rows, pd.DataFrame(head, dtype="str"))


def _shortened(cell: object) -> str:
    said = "" if cell is None else str(cell)
    return said if len(said) <= _SHOWN_LETTERS else f"{said[:_SHOWN_LETTERS]}…"


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


def active_run(folder: Path) -> ActiveRun:
    """The active-learning run in `folder` as it stands. Raises CartographyError."""
    return _learn_run(folder, reached(folder))


@st.cache_resource(max_entries=16, show_spinner=False)
def _learn_run(folder: Path, stamp: str) -> ActiveRun:
    del stamp
    return read_active_run(folder)


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

    The time of the last is in it, since a map that was stopped begins again in the same folder.
    """
    if (folder / runs.SUMMARY).exists():
        return f"finished {(folder / runs.SUMMARY).stat().st_mtime_ns}"
    times = results.change_times(results.step_files(folder))
    return f"{len(times)} {max(times, default=0.0)!r}"
