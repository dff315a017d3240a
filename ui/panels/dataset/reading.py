"""How a table is read: its encoding, marks for "no label", several labels, names of classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from cartography.corpora.account import Account
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.tables.encodings import COMMON_ENCODINGS
from cartography.tables.excel import find_sheet, sheet_names
from ui import parts, words
from ui.jobs import background, cached
from ui.naming import escape_markdown
from ui.panels.dataset.sources import choose_option
from ui.state.session import DataChoice

USUAL, NO_MARKS, THESE = "The usual marks", "None", "These texts"
_SEVERAL = {
    "first": "The first label",
    "most-frequent": "The most frequent label",
    "combination": "Each combination is a class",
}


def set_widgets(choice: DataChoice) -> None:
    """Set the widgets to the values of a choice."""
    st.session_state["encoding"] = choice.encoding
    st.session_state["sheet"] = choice.sheet
    marks = choice.no_label
    is_chosen = marks is not None and marks != ("",)
    st.session_state["no_label_kind"] = USUAL if marks is None else THESE if is_chosen else NO_MARKS
    st.session_state["no_label_texts"] = list(marks or ()) if is_chosen else []
    st.session_state["several"] = _SEVERAL[choice.several]
    st.session_state["class_names"] = "\n".join(f"{old} = {new}" for old, new in choice.class_names)


def with_reading(choice: DataChoice) -> DataChoice:
    """Return a choice with the values of the widgets, some of which are drawn below."""
    state = st.session_state
    marks: tuple[str, ...] | None = None
    if state.get("no_label_kind") == NO_MARKS:
        marks = ("",)
    elif state.get("no_label_kind") == THESE:
        marks = tuple(state.get("no_label_texts") or ("",))
    several = {label: name for name, label in _SEVERAL.items()}
    return replace(
        choice,
        encoding=state.get("encoding"),
        # A name outlives its workbook.
        sheet=find_sheet(_sheets(choice.source), state.get("sheet") or ""),
        no_label=marks,
        several=several.get(state.get("several", ""), "first"),
        class_names=tuple(_class_names(state.get("class_names", ""))),
    )


def _is_workbook(source: str) -> bool:
    return source.lower().endswith(".xlsx")


def _sheets(source: str) -> list[str]:
    """The names of the sheets of a workbook; none of another file, or of one that is damaged."""
    if not _is_workbook(source):
        return []
    try:
        return _sheet_names(source, background.stamp(DataChoice(source)))
    except CartographyError:
        return []  # the page says why it cannot be read


@st.cache_resource(max_entries=8, show_spinner="Reading the names of the sheets …")
def _sheet_names(source: str, stamp: str) -> list[str]:
    del stamp
    return sheet_names(Path(source))


def _class_names(text: str) -> Iterator[tuple[str, str]]:
    """The names on the lines of the form "old = new"."""
    for line in text.splitlines():
        old, _, new = (part.strip() for part in line.partition("="))
        if old and new:
            yield old, new


def offer_encoding(choice: DataChoice) -> None:
    """Draw the widgets of a file's encoding and sheet, with lines to check the encoding by."""
    with st.expander("How the file is read", icon=":material/translate:", key="file_reading"):
        if _is_workbook(choice.source):
            # A list would refuse the name of another workbook's sheet, or one in another case.
            st.session_state["sheet"] = choice.sheet
            st.selectbox(
                "Sheet",
                _sheets(choice.source),
                index=None,
                placeholder="the first",
                key="sheet",
                persist_state="session",
            )
            return
        encoding: str | None = st.selectbox(
            "Encoding",
            list(COMMON_ENCODINGS),
            index=None,
            placeholder="detected",
            format_func=lambda name: f"{name} ({COMMON_ENCODINGS[name]})",
            key="encoding",
            help=words.ENCODING,
            persist_state="session",
        )
        lines = cached.encoding_lines(choice.source)
        if not lines:
            st.caption("The file has no letters outside of ASCII: any of these encodings reads it.")
            return
        shown = [encoding] if encoding in lines else list(lines)
        st.caption("The first lines that depend on the encoding, in each that can read them:")
        parts.table(
            pd.DataFrame(
                {
                    "encoding": shown,
                    "lines": ["  ".join(lines[name]) for name in shown],
                }
            ),
            "The first lines with letters outside of ASCII, in each encoding",
            columns={},
        )


def offer_labels(train: Corpus | None) -> None:
    """Draw the widgets of the labels, with what was found in the label column.

    Parameters
    ----------
    train : Corpus or None
        None if the corpus cannot be used as it is read.
    """
    account = (train and train.account) or Account(rows=0)
    classes = train.classes if train else ()
    if train and not account.label:
        return
    with st.expander("How the labels are read", icon=":material/label:", key="label_reading"):
        _offer_marks(classes, account)
        if account.several or st.session_state.get("several", "") not in ("", _SEVERAL["first"]):
            choose_option(
                "Several labels",
                list(_SEVERAL.values()),
                "several",
                words.SEVERAL,
            )
        example = classes[0] if classes else "1"
        st.text_area(
            "Class names, one to a line",
            placeholder=f"{example} = a better name",
            key="class_names",
            help=words.CLASS_NAMES,
            height=110,
            persist_state="session",
        )
        lines = st.session_state.get("class_names", "").splitlines()
        wrong = [line for line in lines if line.strip() and not list(_class_names(line))]
        if wrong:
            st.error(
                f"The line {escape_markdown(wrong[0])!r} is not of the form old = new, and is not "
                "used.",
                icon=":material/error:",
            )


def _offer_marks(classes: Sequence[str], account: Account) -> None:
    kind = choose_option(
        "No-label texts",
        [USUAL, NO_MARKS, THESE],
        "no_label_kind",
        words.NO_LABEL,
    )
    if kind == THESE:
        chosen = st.session_state.get("no_label_texts") or []
        st.multiselect(
            "These texts, besides an empty cell",
            [*dict.fromkeys((*account.marks, *classes, *chosen))],
            key="no_label_texts",
            accept_new_options=True,
            persist_state="session",
        )
    if account.marks:
        found = ", ".join(f"“{mark}” in {count:,} rows" for mark, count in account.marks.items())
        st.caption(f"Read as no label: {escape_markdown(found)}.")
