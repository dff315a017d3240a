"""What is in a corpus: its counts, its classes, its lengths, and texts that are odd."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus, CorpusReport
from cartography.figures import class_shares_figure, count_lengths, lengths_figure
from ui import parts, words
from ui.faults import reword
from ui.jobs import cached, results
from ui.naming import escape_markdown
from ui.state.session import DataChoice

_CHART_WIDTH = 464  # pixels: two side by side, or one below the other in a window of 800


def contents(choice: DataChoice, train: Corpus, test: Corpus | None) -> None:
    """All of it, the figures with their tables."""
    for note in map(reword, train.notes):
        st.caption(f":material/info: {escape_markdown(note[:1].upper() + note[1:])}.")
    if test is not None:
        unlabelled = "" if test.labelled.any() else ", without gold labels and so passed over"
        st.caption(
            f":material/info: Test set: {escape_markdown(test.name)}, {len(test):,} texts{unlabelled}."
        )
    report = cached.report(train)
    _counts(report)
    with st.container(horizontal=True):
        with st.container(width=_CHART_WIDTH):
            st.subheader("Classes", anchor=False, help=words.GOLD_LABEL)
            _class_shares(report)
        with st.container(width=_CHART_WIDTH):
            st.subheader("Lengths", anchor=False, help=words.TOKENS)
            _lengths(train, report)
    # Of any other corpus the table itself stands above.
    with st.expander(
        "First texts, as they are read",
        expanded=choice == DataChoice(),
        icon=":material/article:",
        key="first_texts",
    ):
        parts.table(results.preview(train), f"The first texts of {train.name}", height=250)
    _odd_texts(train, report)


def _counts(report: CorpusReport) -> None:
    with st.container(horizontal=True, gap="medium"):
        for name, value, help in (
            ("Texts", report.rows, None),
            ("Classes", len(report.classes), words.GOLD_LABEL),
            ("Without label", report.unlabelled, words.UNLABELLED),
            ("Empty texts", report.empty_texts, words.EMPTY),
            ("Duplicates", report.duplicate_texts, words.DUPLICATES),
        ):
            st.metric(name, f"{value:,}", width="content", help=help)


def _class_shares(report: CorpusReport) -> None:
    count, name = max(zip(report.class_counts, report.classes, strict=True))
    parts.figure(
        class_shares_figure(report),
        "class_shares",
        f"Bar chart of the {len(report.classes)} classes; the largest is {name} with {count:,} "
        "texts.",
        lambda: pd.DataFrame(
            {
                "class": report.classes,
                "texts": report.class_counts,
                "share": report.class_shares,
            }
        ).sort_values("texts", ascending=False, kind="stable"),
    )


def _lengths(corpus: Corpus, report: CorpusReport) -> None:
    lengths = cached.lengths(corpus)
    parts.figure(
        lengths_figure(lengths),
        "lengths",
        f"Histogram of the words in a text: from {report.tokens_min:,} to {report.tokens_max:,}, "
        f"{report.tokens_median:g} in the middle; 95 of 100 texts have at most "
        f"{report.tokens_p95:g}.",
        lambda: _length_table(lengths),
    )


def _length_table(lengths: NDArray[np.int64]) -> pd.DataFrame:
    counts, firsts, gathered = count_lengths(lengths)
    lasts = firsts[1:] - 1
    if gathered:
        lasts[-1] = lengths.max()
    return pd.DataFrame({"from words": firsts[:-1], "to words": lasts, "texts": counts})


def _odd_texts(corpus: Corpus, report: CorpusReport) -> None:
    """The duplicated and the empty texts, looked for when they are asked for."""
    if report.duplicate_texts:
        duplicated = st.expander(
            "Which texts are duplicated?",
            key="duplicated_texts",
            icon=":material/content_copy:",
            on_change="rerun",
        )
        if duplicated.open:
            with duplicated:
                _duplicated(corpus)
    if report.empty_texts:
        empty = st.expander(
            "Which texts are empty?",
            key="empty_texts",
            icon=":material/check_box_outline_blank:",
            on_change="rerun",
        )
        if empty.open:
            with empty:
                rows = corpus.take(cached.lengths(corpus) == 0)
                parts.table(results.preview(rows, len(rows)), "The empty texts", height=240)


def _duplicated(corpus: Corpus) -> None:
    table = _duplicated_table(corpus)
    several = int(table["gold labels"].str.contains(" | ", regex=False).sum())
    st.caption(
        f"{len(table):,} texts stand in more than one row"
        + (f", {several:,} of them with more than one gold label" if several else "")
        + "."
    )
    parts.table(table, "The duplicated texts, the most frequent first", height=300)
    parts.downloads(
        "duplicated",
        (("Table (CSV)", lambda: results.csv_bytes(table), "duplicated-texts.csv", "text/csv"),),
    )


def _duplicated_table(corpus: Corpus) -> pd.DataFrame:
    groups = cached.repeated(corpus)
    names = [corpus.label_names(np.unique(corpus.labels[rows])) for rows in groups]
    return pd.DataFrame(
        {
            "text": [corpus.texts[rows[0]] for rows in groups],
            "times": [len(rows) for rows in groups],
            "gold labels": [" | ".join(name or "(none)" for name in each) for each in names],
        }
    )
