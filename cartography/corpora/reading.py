"""Reading of corpora: from the columns of a table to a `Corpus`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.account import Account
from cartography.corpora.cells import read_ids, read_texts, row_numbers
from cartography.corpora.columns import Columns, choose_columns, is_one
from cartography.corpora.corpus import Corpus
from cartography.corpora.label_cells import Several
from cartography.corpora.labels import LabelOptions, read_labels
from cartography.corpora.other_columns import ColumnWriter, OtherColumns
from cartography.corpora.sample import sample_corpus
from cartography.corpora.sources import open_source
from cartography.corpora.splits import find_split_column, split_rows
from cartography.errors import CartographyError
from cartography.formatting import count_noun
from cartography.tables.table import LeftOut, Table, TableOptions

if TYPE_CHECKING:
    import pandas as pd

_Tables = Mapping[str, Callable[[], Table]]
_HALF = 0.5
_LONG_TEXT = 20
_LOOKED_AT = 1_000


@dataclass(frozen=True)
class ReadOptions:
    """What a user can say about how a corpus is to be read.

    Attributes
    ----------
    text, label, id : str, optional
        Names of the columns; guessed by default. Without an id column, the row numbers from 0 are
        the ids, those of the whole file also where a column divides it into splits.
    encoding : str, optional
        Encoding of a text file, such as "cp1250"; detected by default.
    sheet : str, optional
        Sheet of a workbook; the first by default.
    no_label : tuple of str, optional
        Texts that mean "no label", besides an empty cell. By default the usual ones, such as "nan"
        and "N/A", and -1 where all labels are whole numbers and others than 0 and 1 occur.
    several : {"first", "most-frequent", "combination"}
        The class of a text with several labels.
    class_names : mapping of str to str
        New names of classes. Classes that get the same name are joined.
    """

    text: str | None = None
    label: str | None = None
    id: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    no_label: tuple[str, ...] | None = None
    several: Several = "first"
    class_names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.several not in ("first", "most-frequent", "combination"):
            raise CartographyError(
                f"{self.several!r} is not a way to read several labels; give first, most-frequent "
                "or combination"
            )

    @property
    def of_table(self) -> TableOptions:
        """The options of the file."""
        return TableOptions(self.encoding, self.sheet)

    @property
    def of_labels(self) -> LabelOptions:
        """The options of the label column."""
        return LabelOptions(self.no_label, self.several, self.class_names)


READ_OPTIONS = tuple(option.name for option in fields(ReadOptions))
"""The names of the options of `read_corpus`."""


def read_corpus(
    source: str | Path | pd.DataFrame, *, classes: tuple[str, ...] | None = None, **options: Any
) -> Corpus:
    """Read a corpus from a file, a folder, a data frame or the Hugging Face Hub.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        A path, "hub:owner/name[:split]", "sample" or "help-desk" for the corpora that come with
        the package, or a data frame. The training split is read if the source has several, as
        files or by a column "split".
    classes : tuple of str, optional
        The classes of a training corpus, which the labels then index.
    **options
        text, label, id : str
            Names of the columns; guessed by default. Without an id column, the row numbers from 0
            are the ids, those of the whole file also where a column divides it into splits.
        encoding : str
            Encoding of a text file; detected by default.
        sheet : str
            Sheet of a workbook; the first by default.
        no_label : tuple of str
            Texts that mean "no label", besides an empty cell; by default the usual ones.
        several : {"first", "most-frequent", "combination"}
            The class of a text with several labels; the first by default.
        class_names : mapping of str to str
            New names of classes.

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
    read = ReadOptions(**options)
    splits = _open(source, read)
    table = (splits.get("train") or splits["whole"])()
    corpus = _make_corpus(
        table, choose_columns(table, read.text, read.label, read.id), read, classes
    )
    return replace(corpus, notes=(*corpus.notes, *_unused(splits, ("validation", "test"))))


def read_train_test(
    source: str | Path | pd.DataFrame,
    test: str | Path | pd.DataFrame | None = None,
    **options: Any,
) -> tuple[Corpus, Corpus | None]:
    """Read a training corpus and its test corpus.

    Both are read from the same columns and have the classes of the training corpus.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        The training corpus, as in `read_corpus`.
    test : str, Path or pandas.DataFrame, optional
        The test corpus. If not given, the test split of `source` is used, else its validation
        split.
    **options
        As in `read_corpus`. The test corpus needs no id column.

    Returns
    -------
    train : Corpus
    test : Corpus or None
        None if `test` is not given and `source` has no test or validation split.

    Raises
    ------
    CartographyError
        A source cannot be read, or the test corpus has a label that is not a training class.
    """
    read = ReadOptions(**options)
    columns: Columns | None = None
    splits: _Tables = {}
    if _is_sample(source):
        train = sample_corpus()
    else:
        splits = _open(source, read)
        table = (splits.get("train") or splits["whole"])()
        columns = choose_columns(table, read.text, read.label, read.id)
        train = _make_corpus(table, columns, read, None)
    if _is_sample(test):
        return train, align_classes(sample_corpus(), train.classes)
    chosen = "test"
    tests: _Tables = splits
    if test is not None:
        tests = _open(test, read, is_test=True)
        chosen = next(name for name in ("test", "whole", "validation", "train") if name in tests)
        unused = _unused(splits, ("validation", "test"))
        if chosen in ("validation", "train"):
            unused += (f"the test set is the {chosen} split of the one given",)
    elif "test" not in splits and "validation" in splits:
        chosen, unused = "validation", ("the validation split is the test set",)
    else:
        unused = _unused(splits, ("validation",))
    train = replace(train, notes=(*train.notes, *unused))
    if chosen not in tests:
        return train, None
    table = tests[chosen]()
    test_columns = choose_columns(table, read.text, read.label, read.id, like=columns)
    # Training texts that wait for their labels have no classes yet.
    return train, _make_corpus(table, test_columns, read, train.classes or None)


def _is_sample(source: object) -> bool:
    return isinstance(source, str) and source == "sample"


def _open(
    source: str | Path | pd.DataFrame, read: ReadOptions, *, is_test: bool = False
) -> _Tables:
    """The splits of a source; a single table is divided by its split column, if it has one."""
    splits = open_source(source, read.of_table, is_test=is_test)
    if "whole" not in splits:
        return splits
    table = splits["whole"]()
    column = find_split_column(table)
    if column is None:
        return {"whole": lambda: table}
    parts = split_rows(table, column)
    if "train" not in parts:
        return {"whole": lambda: table}
    noted: dict[str, Callable[[], Table]] = {}
    for split, part in parts.items():
        others = tuple(
            LeftOut(other.rows, f"{name} row", f"by column {column!r}")
            for name, other in parts.items()
            if name != split
        )
        rest = table.rows - sum(other.rows for other in parts.values())
        if rest:
            others += (LeftOut(rest, "row", f"without a split in column {column!r}"),)
        noted[split] = _constant(replace(part, left_out=(*table.left_out, *others)))
    return noted


def _constant(table: Table) -> Callable[[], Table]:
    return lambda: table


def _unused(splits: Mapping[str, object], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"the {name} split is not used" for name in names if name in splits)


def _make_corpus(
    table: Table, columns: Columns, read: ReadOptions, classes: tuple[str, ...] | None
) -> Corpus:
    one_hot = columns.one_hot
    wanted = (columns.text, columns.label, columns.id)
    used = [*(name for name in wanted if name is not None), *one_hot]
    others = [name for name in dict.fromkeys(table.columns) if name not in used]
    # A guessed id column whose values are not distinct stays with the texts.
    doubtful = [columns.id] if columns.id is not None and columns.id_guessed else []
    cells, kept, kept_notes = _read_cells(table, used, [*doubtful, *others])
    texts, text_notes = read_texts(table, columns.text, cells[columns.text])
    label_column = columns.label or "label"
    label_cells: Sequence[Any] = [None] * table.rows
    if columns.label is not None:
        label_cells = cells[columns.label]
    elif one_hot:
        ones = zip(*(cells[name] for name in one_hot), strict=True)
        label_cells = [
            [name for name, cell in zip(one_hot, row, strict=True) if is_one(cell)] for row in ones
        ]
    labels = read_labels(table, label_column, label_cells, read.of_labels, classes)
    ids, id_notes = _read_or_number_ids(table, columns, cells)
    if doubtful and not id_notes and kept is not None:
        kept = kept.without(doubtful) if others else None
    others = [*(doubtful if id_notes else []), *others]
    account = Account(
        rows=table.rows,
        lines=table.lines,
        left_out=table.left_out,
        text=columns.text,
        label=(columns.label,) if columns.label is not None else one_hot,
        id=None if columns.id is None or id_notes else columns.id,
        others=tuple(others),
        marks=labels.marks,
        several=labels.several,
    )
    notes = (
        *table.notes,
        *_column_notes(account, int((labels.codes < 0).sum()), table.numbers is not None),
        *labels.notes,
        *text_notes,
        *id_notes,
        *kept_notes,
        *_word_notes(texts),
        *_annotator_notes(kept),
    )
    return Corpus(
        name=table.name,
        ids=ids,
        texts=texts,
        labels=labels.codes,
        classes=labels.classes,
        notes=notes,
        account=account,
        columns=kept,
    )


def _read_cells(
    table: Table, used: Sequence[str], others: Sequence[str]
) -> tuple[dict[str, list[Any]], OtherColumns | None, tuple[str, ...]]:
    """The cells of the used columns, the other columns and their notes, in one pass."""
    cells: dict[str, list[Any]] = {name: [] for name in used}
    writer = ColumnWriter(others) if others else None
    for batch in table.batches([*used, *others]):
        for name, part in zip(used, batch, strict=False):
            cells[name].extend(part)
        if writer is not None:
            writer.add(batch[len(used) :])
    if writer is None:
        return cells, None, ()
    return cells, writer.finish(), writer.notes()


def _read_or_number_ids(
    table: Table, columns: Columns, cells: Mapping[str, Sequence[Any]]
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Read the ids; if a guessed id column has gaps or duplicates, row numbers are used."""
    if columns.id is None:
        return row_numbers(table), ()
    try:
        return read_ids(table, columns.id, cells[columns.id]), ()
    except CartographyError as error:
        if not columns.id_guessed:
            raise
        return row_numbers(table), (f"row numbers are used as ids: {error}",)


def _column_notes(account: Account, unlabelled: int, is_part: bool) -> tuple[str, ...]:
    if not account.label:
        note = f"texts from column {account.text!r}; no label column found"
    elif len(account.label) == 1:
        note = f"texts from column {account.text!r}, labels from column {account.label[0]!r}"
    else:
        names = ", ".join(repr(name) for name in account.label)
        note = f"texts from column {account.text!r}, labels from the columns of 0 and 1 {names}"
    if account.id is not None:
        note += f", ids from column {account.id!r}"
    elif is_part:
        note += ", ids are row numbers of the whole file from 0"
    notes = [note]
    if account.label and unlabelled:
        notes.append(f"{count_noun(unlabelled, 'row')} without a label")
    return tuple(notes)


def _word_notes(texts: NDArray[np.object_]) -> tuple[str, ...]:
    """Say if most texts are one long word: their language may not separate words by spaces."""
    first = texts[:_LOOKED_AT]
    single = sum(len(text) > _LONG_TEXT and len(text.split()) == 1 for text in first)
    if not single or single < _HALF * len(first):
        return ()
    return (
        "most texts have no space: counts of words take each text for one word, and the classifier "
        "reads pairs of characters",
    )


def _annotator_notes(kept: OtherColumns | None) -> tuple[str, ...]:
    """Count the texts whose annotators disagree, which the records of several tools show."""
    if kept is None or "annotators_disagree" not in kept.names:
        return ()
    count = sum(cell is True for cell in kept.table["annotators_disagree"].to_pylist())
    if not count:
        return ()
    return (
        f"{count_noun(count, 'text')} whose annotators disagree: the first answer is the label",
    )


def align_classes(corpus: Corpus, classes: tuple[str, ...] | None) -> Corpus:
    """Return `corpus` with labels that index `classes`; its other classes follow them."""
    if classes is None or classes == corpus.classes:
        return corpus
    if corpus.classes and not set(corpus.classes) & set(classes):
        raise CartographyError(
            f"{corpus.name} has none of the {len(classes)} classes of the training texts, but the "
            f"class {corpus.classes[0]!r}; give a test set with the same classes"
        )
    joined = (*classes, *(name for name in corpus.classes if name not in classes))
    positions = np.array([*(joined.index(name) for name in corpus.classes), -1])
    return replace(corpus, labels=positions[corpus.labels], classes=joined)
