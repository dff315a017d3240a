"""Reading of corpora: choosing the columns of a table and making a `Corpus` of them."""

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
from cartography.formatting import count_noun

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
    """The columns to read; None if there is none."""

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
    """Read a corpus from a file, a folder, a data frame or the Hugging Face Hub.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        A path, "hub:owner/name[:split]", "sample" for the built-in sample, or a data frame. The
        training split is read if the source has several.
    text, label : str, optional
        Names of the columns; guessed if not given.
    id : str, optional
        Name of the id column; guessed if not given. Without one, the row numbers from 0 are used.
    classes : tuple of str, optional
        The classes of a training corpus, which the labels then index.

    Returns
    -------
    Corpus

    Raises
    ------
    CartographyError
        The source cannot be read. The message names the file, row and column.

    Examples
    --------
    >>> import pandas as pd
    >>> read_corpus(pd.DataFrame({"text": ["a cat", "a wolf"], "label": ["pet", "wild"]})).classes
    ('pet', 'wild')
    """
    if _is_sample(source):
        return align_classes(sample_corpus(), classes)
    readers = open_source(source)
    table = (readers.get("train") or readers["whole"])()
    return _make_corpus(table, _choose_columns(table, text, label, id), classes)


def read_train_test(
    source: str | Path | pd.DataFrame,
    test: str | Path | pd.DataFrame | None = None,
    *,
    text: str | None = None,
    label: str | None = None,
    id: str | None = None,
) -> tuple[Corpus, Corpus | None]:
    """Read a training corpus and its test corpus.

    Both are read from the same columns and have the classes of the training corpus.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        The training corpus, as in `read_corpus`.
    test : str, Path or pandas.DataFrame, optional
        The test corpus. If not given, the test split of `source` is used.
    text, label, id : str, optional
        Names of the columns, as in `read_corpus`.

    Returns
    -------
    train : Corpus
    test : Corpus or None
        None if `test` is not given and `source` has no test split.

    Raises
    ------
    CartographyError
        A source cannot be read, or the test corpus has a label that is not a training class.
    """
    readers = {} if _is_sample(source) else open_source(source)
    if not readers:
        train, columns = sample_corpus(), None
    else:
        table = (readers.get("train") or readers["whole"])()
        columns = _choose_columns(table, text, label, id)
        train = _make_corpus(table, columns, None)
    if _is_sample(test):
        return train, align_classes(sample_corpus(), train.classes)
    if test is not None:
        readers = open_source(test)
        readers = {"test": readers.get("test") or readers.get("whole") or readers["train"]}
    if "test" not in readers:
        return train, None
    table = readers["test"]()
    test_columns = _choose_columns(table, text, label, id, like=columns)
    return train, _make_corpus(table, test_columns, train.classes)


def _choose_columns(
    table: Table,
    text: str | None,
    label: str | None,
    id: str | None,
    like: _Columns | None = None,
) -> _Columns:
    """Choose the columns that are named, else those of `like` that the table has, else guess."""
    named_label = _find_column(table, label, "--label")
    text_column = (
        _find_column(table, text, "--text")
        or _existing_column(table, like.text if like else None)
        or _guess_column(table, _TEXT_NAMES, "--text", excluded=named_label)
    )
    if text_column is None:
        raise CartographyError(
            f"{table.location}: no text column found among {_quote_names(table.columns)}; the "
            "first line must contain the column names: name the columns with --text and --label"
        )
    return _Columns(
        text=text_column,
        label=named_label
        or _existing_column(table, like.label if like else None)
        or _guess_column(table, _LABEL_NAMES, "--label", excluded=text_column),
        id=_find_column(table, id, "--id")
        or _existing_column(table, like.id if like else None)
        or _guess_column(table, _ID_NAMES, "--id", excluded=text_column),
        id_guessed=id is None,
    )


def _normalise(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


def _quote_names(names: Sequence[str]) -> str:
    quoted = [repr(name if len(name) <= 40 else f"{name[:39]}…") for name in names[:12]]
    return ", ".join(quoted) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _find_column(table: Table, name: str | None, option: str) -> str | None:
    if name is None:
        return None
    name = str(name)  # a data frame's columns may be numbers
    matches = [column for column in table.columns if column == name]
    matches = matches or [
        column for column in table.columns if _normalise(column) == _normalise(name)
    ]
    if not matches:
        raise CartographyError(
            f"{table.location} has no column {name!r}; its columns are "
            f"{_quote_names(table.columns)}: name one of them with {option}"
        )
    return _single_match(table, matches, option)


def _existing_column(table: Table, name: str | None) -> str | None:
    return name if name in table.columns else None


def _guess_column(table: Table, names: str, option: str, excluded: str | None) -> str | None:
    candidates = [(column, _normalise(column)) for column in table.columns if column != excluded]
    for name in names.split():
        matches = [column for column, normalised in candidates if normalised == name]
        if matches:
            return _single_match(table, matches, option)
    return None


def _single_match(table: Table, matches: list[str], option: str) -> str:
    if len(matches) > 1:
        raise CartographyError(
            f"{table.location} has {len(matches)} columns named {matches[0]!r}; "
            f"rename all but one, or name another with {option}"
        )
    return matches[0]


def _make_corpus(table: Table, columns: _Columns, classes: tuple[str, ...] | None) -> Corpus:
    texts, text_notes = read_texts(table, columns.text)
    label_names: list[str | None] = [None] * table.rows
    declared: tuple[str, ...] = ()
    if columns.label is not None:
        label_names, declared = read_labels(table, columns.label)
    if classes is None:
        classes = declared or class_order(table, columns.label, label_names)
    positions = {name: position for position, name in enumerate(classes)}
    for i, name in enumerate(label_names):
        if name is not None and name not in positions:
            raise CartographyError(
                f"{table.location}, {table.row_name(i)}, column {columns.label!r}: the label "
                f"{name!r} is not among the {len(classes)} classes of the training texts; "
                "fix it or leave it empty"
            )
    labels = [-1 if name is None else positions[name] for name in label_names]
    ids, id_notes = _read_or_number_ids(table, columns)
    column_notes = _column_notes(columns, labels.count(-1))
    return Corpus(
        name=table.name,
        ids=ids,
        texts=texts,
        labels=np.array(labels, dtype=np.int64),
        classes=classes,
        notes=(*table.notes, *column_notes, *text_notes, *id_notes),
    )


def _read_or_number_ids(
    table: Table, columns: _Columns
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Read the ids; if a guessed id column has gaps or duplicates, row numbers are used."""
    try:
        return read_ids(table, columns.id), ()
    except CartographyError as error:
        if not columns.id_guessed:
            raise
        return read_ids(table, None), (f"row numbers are used as ids: {error}",)


def _column_notes(columns: _Columns, unlabelled: int) -> tuple[str, ...]:
    if columns.label is None:
        return (f"texts from column {columns.text!r}; no label column found",)
    note = f"texts from column {columns.text!r}, labels from column {columns.label!r}"
    return (note, f"{count_noun(unlabelled, 'row')} without a label") if unlabelled else (note,)


def align_classes(corpus: Corpus, classes: tuple[str, ...] | None) -> Corpus:
    """Return `corpus` with labels that index `classes`."""
    if classes is None or classes == corpus.classes:
        return corpus
    unknown = [name for name in corpus.classes if name not in classes]
    if unknown:
        raise CartographyError(
            f"{corpus.name} has the class {unknown[0]!r}, which is not among the {len(classes)} "
            "classes of the training texts; give a test set with the same classes"
        )
    positions = np.array([*(classes.index(name) for name in corpus.classes), -1])
    return replace(corpus, labels=positions[corpus.labels], classes=classes)
