"""From a table to a corpus: which columns hold the texts, labels and ids, and what is in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.columns import class_order, read_ids, read_labels, read_texts
from cartography.corpora.corpus import Corpus
from cartography.corpora.sample import sample_corpus
from cartography.corpora.sources import open_source
from cartography.corpora.tables import Table
from cartography.errors import CartographyError

if TYPE_CHECKING:
    import pandas as pd

# Likeliest first; compared without case, spaces, underscores and hyphens.
_TEXT_NAMES = (
    "text sentence question description review content document body message utterance query "
    "tweet comment docstring post email abstract headline title prompt premise news article sms"
)
_LABEL_NAMES = (
    "label labels class category classindex target intent topic tag gold goldlabel y sentiment "
    "classlabel labeltext coarselabel emotion rating stars"
)
_ID_NAMES = "id guid uid uuid exampleid docid textid"


@dataclass(frozen=True)
class _Columns:
    """The columns to read; None: there is none."""

    text: str
    label: str | None
    id: str | None
    id_guessed: bool = False


def _is_sample(source: object) -> bool:
    return isinstance(source, str) and source == "sample"


def read_corpus(
    source: str | Path | pd.DataFrame,
    *,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
    classes: tuple[str, ...] | None = None,
) -> Corpus:
    """The corpus at `source`: a path, "hub:owner/name[:split]" or "sample".

    Of a source with train and test parts, the training part. Columns that are not named are
    guessed; ids are row numbers from 0 if there is no id column. With `classes`, those of a
    training corpus, labels are positions in them. Everything that cannot be read as meant raises
    `CartographyError` naming file, row and column.
    """
    if _is_sample(source):
        return _with_classes(sample_corpus(), classes)
    parts = open_source(source)
    table = (parts.get("train") or parts["whole"])()
    return _corpus(table, _chosen(table, text, label, id), classes)


def read_train_test(
    source: str | Path | pd.DataFrame,
    test: str | Path | pd.DataFrame | None = None,
    *,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
) -> tuple[Corpus, Corpus | None]:
    """The training corpus at `source`, and the test corpus at `test`, or beside it if it has one.

    Both are read from the same columns and have the training corpus's classes. Raises as
    `read_corpus` does.
    """
    parts = {} if _is_sample(source) else open_source(source)
    if not parts:
        train, columns = sample_corpus(), None
    else:
        table = (parts.get("train") or parts["whole"])()
        columns = _chosen(table, text, label, id)
        train = _corpus(table, columns, None)
    if _is_sample(test):
        return train, _with_classes(sample_corpus(), train.classes)
    if test is not None:
        parts = open_source(test)
        parts = {"test": parts.get("test") or parts.get("whole") or parts["train"]}
    if "test" not in parts:
        return train, None
    table = parts["test"]()
    found = _chosen(table, text, label, id, like=columns)
    return train, _corpus(table, found, train.classes)


def _chosen(
    table: Table,
    text: str | None,
    label: str | None,
    id: str | None,
    like: _Columns | None = None,
) -> _Columns:
    """The columns named, else those of `like` that the table has, else guessed."""
    named_label = _named(table, label, "--label")
    text_column = (
        _named(table, text, "--text")
        or _shared(table, like.text if like else None)
        or _guessed(table, _TEXT_NAMES, "--text", excluded=named_label)
    )
    if text_column is None:
        raise CartographyError(
            f"{table.place}: none of its columns ({_listed(table.columns)}) is known to hold "
            "texts; the first line must name the columns: name them with --text and --label"
        )
    return _Columns(
        text=text_column,
        label=named_label
        or _shared(table, like.label if like else None)
        or _guessed(table, _LABEL_NAMES, "--label", excluded=text_column),
        id=_named(table, id, "--id")
        or _shared(table, like.id if like else None)
        or _guessed(table, _ID_NAMES, "--id", excluded=text_column),
        id_guessed=id is None,
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


def _listed(names: Sequence[str]) -> str:
    shown = [repr(name if len(name) <= 40 else f"{name[:39]}…") for name in names[:12]]
    return ", ".join(shown) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _named(table: Table, name: str | None, option: str) -> str | None:
    if name is None:
        return None
    matches = [column for column in table.columns if column == name]
    matches = matches or [column for column in table.columns if _plain(column) == _plain(name)]
    if not matches:
        raise CartographyError(
            f"{table.place} has no column {name!r}; its columns are {_listed(table.columns)}: "
            f"name one of them with {option}"
        )
    return _single(table, matches, option)


def _shared(table: Table, name: str | None) -> str | None:
    return name if name in table.columns else None


def _guessed(table: Table, names: str, option: str, excluded: str | None) -> str | None:
    plain = [(column, _plain(column)) for column in table.columns if column != excluded]
    for name in names.split():
        matches = [column for column, of_column in plain if of_column == name]
        if matches:
            return _single(table, matches, option)
    return None


def _single(table: Table, matches: list[str], option: str) -> str:
    if len(matches) > 1:
        raise CartographyError(
            f"{table.place} has {len(matches)} columns named {matches[0]!r}; "
            f"rename all but one, or name another with {option}"
        )
    return matches[0]


def _corpus(table: Table, columns: _Columns, classes: tuple[str, ...] | None) -> Corpus:
    texts, notes = read_texts(table, columns.text)
    named: list[str | None] = [None] * table.rows
    known: tuple[str, ...] = ()
    if columns.label is not None:
        named, known = read_labels(table, columns.label)
    if classes is None:
        classes = known or class_order(table, columns.label, named)
    positions = {name: position for position, name in enumerate(classes)}
    for i, name in enumerate(named):
        if name is not None and name not in positions:
            raise CartographyError(
                f"{table.place}, {table.row(i)}, column {columns.label!r}: the label {name!r} "
                f"is not among the {len(classes)} classes of the training texts; "
                "mend it or leave it empty"
            )
    labels = [-1 if name is None else positions[name] for name in named]
    ids, id_notes = _ids(table, columns)
    return Corpus(
        name=table.name,
        ids=ids,
        texts=texts,
        labels=np.array(labels, dtype=np.int64),
        classes=classes,
        notes=(*table.notes, *_column_notes(columns, labels.count(-1)), *notes, *id_notes),
    )


def _ids(table: Table, columns: _Columns) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """The ids; a column that is only called like one and is unfit gives way to row numbers."""
    try:
        return read_ids(table, columns.id), ()
    except CartographyError as error:
        if not columns.id_guessed:
            raise
        return read_ids(table, None), (f"row numbers serve as ids: {error}",)


def _column_notes(columns: _Columns, unlabelled: int) -> tuple[str, ...]:
    if columns.label is None:
        return (f"texts from column {columns.text!r}; no label column found, so none is labelled",)
    note = f"texts from column {columns.text!r}, labels from column {columns.label!r}"
    return (note, f"{unlabelled:,} rows have no label") if unlabelled else (note,)


def _with_classes(corpus: Corpus, classes: tuple[str, ...] | None) -> Corpus:
    """`corpus` with its labels as positions in `classes`."""
    if classes is None or classes == corpus.classes:
        return corpus
    foreign = [name for name in corpus.classes if name not in classes]
    if foreign:
        raise CartographyError(
            f"{corpus.name} has the class {foreign[0]!r}, which is not among the {len(classes)} "
            "classes of the training texts; give a test set with the same classes"
        )
    positions = np.array([*(classes.index(name) for name in corpus.classes), -1])
    return replace(corpus, labels=positions[corpus.labels], classes=classes)
