"""The contents of a corpus: counts, classes, lengths, and duplicated or empty texts."""

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

_CHART_WIDTH = 464  # pixels; in a window 800 wide, the charts are below each other


def contents(choice: DataChoice, train: Corpus, test: Corpus | None) -> None:
    """Show the statistics, the figures and the first texts of a corpus."""
    account = (train.account.summary,) if train.account else ()
    notes = [escape_markdown(note[:1].upper() + note[1:]) for note in map(reword, train.notes)]
    lines = [*map(escape_markdown, account), *notes]
    if lines:
        st.caption("  \n".join(f":material/info: {line}." for line in lines))
    if test is not None:
        unlabelled = "" if test.labelled.any() else ", not used because it has no gold labels"
        name = escape_markdown(test.name)
        st.caption(f":material/info: Test set: {name}, {len(test):,} texts{unlabelled}.")
    report = cached.report(train)
    _show_counts(report)
    with st.container(horizontal=True):
        with st.container(width=_CHART_WIDTH):
            st.subheader("Classes", anchor=False, help=words.GOLD_LABEL)
            _show_class_shares(report)
        with st.container(width=_CHART_WIDTH):
            st.subheader("Lengths", anchor=False, help=words.TOKENS)
            _show_lengths(train, report)
    # For any other corpus, the page shows the table itself above.
    with st.expander(
        "First texts",
        expanded=choice == DataChoice(),
        icon=":material/article:",
        key="first_texts",
    ):
        parts.table(results.preview(train), f"The first texts of {train.name}", height=250)
    _show_odd_texts(train, report)


def _show_counts(report: CorpusReport) -> None:
    with st.container(horizontal=True, gap="medium"):
        for name, value, help in (
            ("Texts", report.rows, None),
            ("Classes", len(report.classes), words.GOLD_LABEL),
            ("Without label", report.unlabelled, words.UNLABELLED),
            ("Empty texts", report.empty_texts, words.EMPTY),
            ("Duplicates", report.duplicate_texts, words.DUPLICATES),
        ):
            st.metric(name, f"{value:,}", width="content", help=help)


def _show_class_shares(report: CorpusReport) -> None:
    if not report.classes:
        st.caption("No text has a label yet.")
        return
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


def _show_lengths(corpus: Corpus, report: CorpusReport) -> None:
    lengths = cached.lengths(corpus)
    parts.figure(
        lengths_figure(lengths),
        "lengths",
        f"Histogram of words per text: {report.tokens_min:,} to {report.tokens_max:,}, median "
        f"{report.tokens_median:g}; 95 % of the texts have at most {report.tokens_p95:g}.",
        lambda: _length_table(lengths),
    )


def _length_table(lengths: NDArray[np.int64]) -> pd.DataFrame:
    counts, edges, has_tail = count_lengths(lengths)
    lasts = edges[1:] - 1
    if has_tail:
        lasts[-1] = lengths.max()
    return pd.DataFrame({"from words": edges[:-1], "to words": lasts, "texts": counts})


def _show_odd_texts(corpus: Corpus, report: CorpusReport) -> None:
    """Show the duplicated and the empty texts; each list is built when it is opened."""
    if report.duplicate_texts:
        duplicated = st.expander(
            "Which texts are duplicated?",
            key="duplicated_texts",
            icon=":material/content_copy:",
            on_change="rerun",
        )
        if duplicated.open:
            with duplicated:
                _show_duplicated(corpus)
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


def _show_duplicated(corpus: Corpus) -> None:
    table = _duplicated_table(corpus)
    conflicts = int(table["gold labels"].str.contains(" | ", regex=False).sum())
    st.caption(
        f"{len(table):,} texts occur in more than one row"
        + (f", {conflicts:,} of them with different gold labels" if conflicts else "")
        + "."
    )
    parts.table(table, "The duplicated texts, the most frequent first", height=300)
    parts.downloads(
        "duplicated",
        (("Table (CSV)", lambda: results.csv_bytes(table), "duplicated-texts.csv", "text/csv"),),
    )


def _duplicated_table(corpus: Corpus) -> pd.DataFrame:
    groups = cached.repeated_texts(corpus)
    labels = [corpus.label_names(np.unique(corpus.labels[rows])) for rows in groups]
    return pd.DataFrame(
        {
            "text": [corpus.texts[rows[0]] for rows in groups],
            "times": [len(rows) for rows in groups],
            "gold labels": [" | ".join(name or "(none)" for name in names) for names in labels],
        }
    )
