"""Cached engine calls, keyed by content.

All sessions share the cached objects, so callers must not modify them. Files are identified by
path, modification time and size. The path of an upload is known to its own browser only.
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
from cartography.corpora.sources import HUB_PREFIX, open_source
from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap, Thresholds
from cartography.runs import manifest as runs
from cartography.runs.active_runs import ActiveRun, read_active_run
from cartography.runs.imported_maps import open_path
from cartography.runs.map_runs import MapRun, read_map
from cartography.runs.opened import OpenedMap
from cartography.tables.encodings import COMMON_ENCODINGS, preview_encodings
from cartography.tables.reading import TEXT_SUFFIXES
from cartography.tables.source import ByteSource
from cartography.tables.table import TableOptions
from ui.jobs import background, results
from ui.state.session import DataChoice

_MAX_ROWS = 50
_MAX_COLUMNS = 30
_MAX_CHARACTERS = 300


def corpora(choice: DataChoice) -> tuple[Corpus, Corpus | None]:
    """Return the training corpus and the test corpus, None without a test set.

    Raises
    ------
    CartographyError
        A source cannot be read.
    """
    # Without the options of the features, which do not change the texts: large corpora are cached
    # once.
    texts = choice.of_texts()
    return _corpora(texts, background.stamp(texts))


@st.cache_resource(max_entries=4, show_spinner="Reading the texts …")
def _corpora(choice: DataChoice, stamp: str) -> tuple[Corpus, Corpus | None]:
    del stamp
    return read_train_test(choice.source, choice.test, **choice.reading())


def report(corpus: Corpus) -> CorpusReport:
    """Return the statistics of `corpus`."""
    return _report(corpus.fingerprint, corpus)


@st.cache_resource(max_entries=8, show_spinner="Counting the words …")
def _report(fingerprint: str, _corpus: Corpus) -> CorpusReport:
    del fingerprint
    return describe(_corpus)


def lengths(corpus: Corpus) -> NDArray[np.int64]:
    """Return the number of words per text, shape (n,)."""
    return _lengths(corpus.fingerprint, corpus)


@st.cache_resource(max_entries=8, show_spinner="Counting the words …")
def _lengths(fingerprint: str, _corpus: Corpus) -> NDArray[np.int64]:
    del fingerprint
    return token_counts(_corpus)


def repeated_texts(corpus: Corpus) -> tuple[NDArray[np.int64], ...]:
    """Return the row positions of each text that occurs more than once."""
    return _repeated_texts(corpus.fingerprint, corpus)


@st.cache_resource(max_entries=4, show_spinner="Looking for duplicated texts …")
def _repeated_texts(fingerprint: str, _corpus: Corpus) -> tuple[NDArray[np.int64], ...]:
    del fingerprint
    return find_repeated_texts(_corpus)


@dataclass(frozen=True, eq=False)
class FirstRows:
    """The first rows of a table.

    Attributes
    ----------
    columns : tuple of str
        All column names.
    rows : int
        Number of rows of the table.
    head : DataFrame
        The first rows and columns, as strings.
    """

    columns: tuple[str, ...]
    rows: int
    head: pd.DataFrame


def first_rows(choice: DataChoice) -> FirstRows:
    """Return the first rows of the table of a choice, unprocessed.

    Raises
    ------
    CartographyError
        The table cannot be read.
    """
    file = DataChoice(choice.source, encoding=choice.encoding, sheet=choice.sheet)
    return _first_rows(file, background.stamp(file))


@st.cache_resource(max_entries=8, show_spinner="Reading the table …")
def _first_rows(choice: DataChoice, stamp: str) -> FirstRows:
    del stamp
    splits = open_source(choice.source, TableOptions(choice.encoding, choice.sheet))
    table = (splits.get("train") or splits["whole"])()
    columns = tuple(dict.fromkeys(table.columns))
    cells = table.head(_MAX_ROWS, columns[:_MAX_COLUMNS])
    head = {name: [_shorten(cell) for cell in column] for name, column in cells.items()}
    return FirstRows(columns, table.rows, pd.DataFrame(head, dtype="str"))


def opened_map(source: str) -> OpenedMap | None:
    """Return the data map, or training dynamics, in a file or folder; None if there is none."""
    if source == "sample" or source.startswith(HUB_PREFIX):
        return None
    return _opened_map(source, background.stamp(DataChoice(source)))


def is_only_map(source: str) -> bool:
    """Return whether a source holds a data map and nothing to train on.

    The folder of a run has the texts of its map, but is no corpus.
    """
    opened = opened_map(source)
    if opened is None:
        return False
    return opened.texts is None or opened.labels is None or (Path(source) / runs.MANIFEST).exists()


@st.cache_resource(max_entries=4, show_spinner="Opening the file …")
def _opened_map(source: str, stamp: str) -> OpenedMap | None:
    del stamp
    try:
        opened = open_path(Path(source))
    except CartographyError:
        return None  # it is a table of texts, or nothing that can be read, which the page says
    return opened if isinstance(opened, OpenedMap) else None


def encoding_lines(source: str) -> dict[str, list[str]]:
    """Return the first lines of a text file that are not ASCII, in each encoding that reads them.

    Returns
    -------
    dict from str to list of str
        Encodings that give the same lines as an earlier one are left out. Empty if the file is
        ASCII, is no text file, or is packed.
    """
    path = Path(source)
    if path.suffix.lower() not in TEXT_SUFFIXES or not path.is_file():
        return {}
    return _encoding_lines(source, background.stamp(DataChoice(source)))


@st.cache_resource(max_entries=8, show_spinner=False)
def _encoding_lines(source: str, stamp: str) -> dict[str, list[str]]:
    del stamp
    lines: dict[str, list[str]] = {}
    for name, texts in preview_encodings(
        ByteSource.of(Path(source)), list(COMMON_ENCODINGS)
    ).items():
        is_read = texts and not any("\N{REPLACEMENT CHARACTER}" in text for text in texts)
        if is_read and texts not in lines.values():
            lines[name] = texts
    return lines


def _shorten(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"


def learning_fingerprint(choice: DataChoice) -> str:
    """Return the fingerprint of the corpus that active learning runs on.

    These are the texts with a gold label, without a held-out test set if none was given.

    Raises
    ------
    CartographyError
        A source cannot be read.
    """
    return _learning_fingerprint(choice, background.stamp(choice))


@st.cache_resource(max_entries=8, show_spinner=False)
def _learning_fingerprint(choice: DataChoice, stamp: str) -> str:
    del stamp
    corpus, test = corpora(choice)
    labelled = corpus if corpus.labelled.all() else corpus.take(corpus.labelled)
    return (hold_out(labelled)[0] if test is None else labelled).fingerprint


def map_run(folder: Path) -> MapRun:
    """Return the map run in `folder`, complete or partial.

    Raises
    ------
    CartographyError
        A file of the run is damaged or missing.
    """
    return _map_run(folder, reached(folder))


@st.cache_resource(max_entries=6, show_spinner=False)
def _map_run(folder: Path, stamp: str) -> MapRun:
    del stamp
    return read_map(folder)


def active_run(folder: Path) -> ActiveRun:
    """Return the active-learning run in `folder`, complete or partial.

    Raises
    ------
    CartographyError
        A file of the run is damaged or missing.
    """
    return _active_run(folder, reached(folder))


@st.cache_resource(max_entries=16, show_spinner=False)
def _active_run(folder: Path, stamp: str) -> ActiveRun:
    del stamp
    return read_active_run(folder)


def map_figure(
    folder: Path,
    data_map: DataMap,
    *,
    t_cor: float | None = None,
    newest: int = 0,
) -> go.Figure:
    """Return the figure of a map.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    data_map : DataMap
        A map of this run.
    t_cor : float, optional
        Threshold to colour the texts by.
    newest : int
        Number of texts at the end of the map to highlight as a batch.
    """
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
    """Return a string that changes with every step of the run in `folder`.

    It includes the time of the last step, because a stopped map starts again in the same folder.
    """
    if (folder / runs.SUMMARY).exists():
        return f"finished {(folder / runs.SUMMARY).stat().st_mtime_ns}"
    times = results.change_times(results.step_files(folder))
    return f"{len(times)} {max(times, default=0.0)!r}"
