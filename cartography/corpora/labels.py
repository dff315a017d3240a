"""From the cells of a label column to class names: marks, spellings and several labels."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.columns import quote_names
from cartography.corpora.label_cells import (
    DistinctCells,
    Several,
    clean_label,
    labels_in,
    names_of_codes,
    one_label,
    several_note,
    split_cells,
)
from cartography.errors import CartographyError
from cartography.formatting import count_noun, join_names
from cartography.tables.table import Table

NO_LABEL_MARKS = frozenset(
    (
        *("nan", "null", "n/a", "na", "#n/a", "#na", "<na>", "nat", "\\n", "?", "-", "--"),
        *("\N{EN DASH}", "\N{EM DASH}", "unlabeled", "unlabelled"),
    )
)
"""Texts that usually mean "no label", in lower case. "None" is one too, but "none" is a class."""

_MARKS_OF_NUMBERS = ("-1", "-100")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_WHOLE_FLOAT = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MOST_CLASSES = 2_000
_MOST_FREE_CLASSES = 20
_LISTED = 6
_HALF = 0.5


@dataclass(frozen=True)
class LabelOptions:
    """What a user can say about labels.

    Attributes
    ----------
    no_label : tuple of str, optional
        The texts that mean "no label", besides an empty cell. None: the usual ones, see
        `NO_LABEL_MARKS`, and -1 where all labels are whole numbers and others than 0 and 1 occur.
    several : {"first", "most-frequent", "combination"}
        What is the class of a text with several labels: the first of them, the one that is most
        frequent in the column, or all together as a class of its own.
    class_names : mapping of str to str
        New names of classes. Classes that get the same name are joined.
    """

    no_label: tuple[str, ...] | None = None
    several: Several = "first"
    class_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Labels:
    """The labels of n rows.

    Attributes
    ----------
    codes : int64 array, shape (n,)
        The class of each row as a position in `classes`; -1 where there is no label.
    classes : tuple of str
        All classes in order.
    marks : mapping of str to int
        The texts that were read as "no label", and how often each occurs.
    several : int
        Number of rows with more than one label.
    notes : tuple of str
        What the user should know about how the labels were read.
    """

    codes: NDArray[np.int64]
    classes: tuple[str, ...]
    marks: Mapping[str, int]
    several: int
    notes: tuple[str, ...]


def read_labels(
    table: Table,
    column: str,
    cells: Sequence[Any],
    options: LabelOptions | None = None,
    known: tuple[str, ...] | None = None,
) -> Labels:
    """Read the class of each row from the cells of a label column.

    Whole floats such as 1.0 are read as integers. Spellings of a class that differ in their Unicode
    form, in invisible characters or in white space are one class.

    Parameters
    ----------
    table : Table
    column : str
        Name of the column, for errors.
    cells : sequence, length n
        A list is a row with several labels.
    options : LabelOptions, optional
    known : tuple of str, optional
        The classes of the training texts. A label that differs from one of them in case only is
        that class; other labels follow them as classes that no training text has.

    Returns
    -------
    Labels

    Raises
    ------
    CartographyError
        A cell cannot be a label; or most labels are none of the `known` classes; or the column
        looks like ids, measurements or free text.
    """
    options = options or LabelOptions()
    declared = table.class_names.get(column, ())
    notes: list[str] = []
    distinct = DistinctCells(table, column, cells)
    named, odd = names_of_codes(distinct, declared)
    if named is None:
        declared = ()
        if odd:
            notes.append(odd)
        named, separator = split_cells(distinct, labels_in(distinct), known or ())
        if separator:
            notes.append(f"labels with {separator!r} are read as several labels")
    several = distinct.count(len(names) > 1 for names in named)
    if several:
        notes.append(several_note(several, options.several))
    labels = one_label(distinct, named, options.several)
    marks: dict[str, int] = {}
    if not declared:
        labels, spellings = _join_spellings(labels, distinct.counts(labels))
        notes.extend(spellings)
        marks = _find_marks(distinct.counts(labels), options.no_label, known)
        labels = [None if name in marks else name for name in labels]
        labels = _whole_numbers(distinct, labels)
        if options.no_label is None:
            marks |= (numbers := _find_number_marks(distinct.counts(labels), known))
            labels = [None if name in numbers else name for name in labels]
        notes.extend(_mark_notes(marks, labels, (options.no_label or ()) if known is None else ()))
    labels, declared = _rename(distinct, labels, declared, options.class_names)
    if known is None:
        classes = declared or _class_order(distinct, distinct.counts(labels))
        notes.extend(_case_notes(classes))
    else:
        labels, joined = _match_known(labels, known)
        notes.extend(joined)
        unseen, unseen_note = _unseen_classes(distinct, labels, known)
        notes.extend(unseen_note)
        classes = (*known, *unseen)
    position: dict[str | None, int] = {name: i for i, name in enumerate(classes)}
    codes = np.array([position.get(name, -1) for name in labels], dtype=np.int64)
    return Labels(codes[distinct.inverse], classes, marks, several, tuple(notes))


def _join_spellings(
    labels: list[str | None], counts: Mapping[str, int]
) -> tuple[list[str | None], list[str]]:
    """Join truth values in several spellings, and labels that differ in white space."""
    are_truths = {name.casefold() for name in counts} <= {"true", "false"}
    groups: dict[str, list[str]] = {}
    for name in counts:
        key = name.casefold() if are_truths else " ".join(name.split())
        groups.setdefault(key, []).append(name)
    joined = {key: names for key, names in groups.items() if len(names) > 1}
    if not joined:
        return labels, []
    chosen = {
        name: max(names, key=lambda spelling: (counts[spelling], -len(spelling)))
        for names in joined.values()
        for name in names
    }
    spelled = ", ".join(
        join_names([repr(name) for name in names]) for names in list(joined.values())[:_LISTED]
    )
    return (
        [chosen.get(name, name) if name is not None else None for name in labels],
        [f"{spelled} are read as one class each"],
    )


def _find_marks(
    counts: Mapping[str, int], chosen: tuple[str, ...] | None, known: tuple[str, ...] | None
) -> dict[str, int]:
    """The texts among the labels that mean "no label", with their counts."""
    if chosen is not None:
        wanted = {clean_label(text) for text in chosen}
        return {
            name: count
            for name, count in counts.items()
            if name in wanted or (_format_integer(name) or name) in wanted
        }
    marks = {
        name: count
        for name, count in counts.items()
        if (name.casefold() in NO_LABEL_MARKS or name == "None") and name not in (known or ())
    }
    if "+" in counts:
        marks.pop("-", None)
    # A column of "None" and one other text is a class and its absence.
    return marks if known is not None or len(counts) - len(marks) >= 2 else {}


def _find_number_marks(counts: Mapping[str, int], known: tuple[str, ...] | None) -> dict[str, int]:
    """-1 and -100 among whole numbers, where they mean "no label"."""
    if not all(_INTEGER.fullmatch(name) for name in counts):
        return {}
    numbers = [name for name in _MARKS_OF_NUMBERS if name in counts]
    if known is not None:
        return {name: counts[name] for name in numbers if name not in known}
    # The labels -1, 0 and 1 together are sentiments.
    if counts.keys() <= {"-1", "0", "1"}:
        return {}
    if any(name.startswith("-") and name not in _MARKS_OF_NUMBERS for name in counts):
        return {}
    return {name: counts[name] for name in numbers}


def _mark_notes(
    marks: Mapping[str, int], labels: Sequence[str | None], chosen: Sequence[str]
) -> list[str]:
    found = {name for mark in marks for name in (mark, _format_integer(mark))}
    notes = [
        f"no label is {text!r}, which --no-label names"
        for text in chosen
        if clean_label(text) and clean_label(text) not in found
    ]
    if marks:
        counted = join_names([f"{name!r} ({count:,})" for name, count in marks.items()])
        notes.append(f"{counted} read as no label; --no-label changes that")
    elif {name for name in labels if name is not None} == {"-1", "0", "1"}:
        notes.append(
            "-1, 0 and 1 are read as three classes; --no-label -1 would read -1 as no label"
        )
    return notes


def _whole_numbers(distinct: DistinctCells, labels: list[str | None]) -> list[str | None]:
    """Write whole floats as integers. Raises CartographyError if the column has fractions."""
    names = {name for name in labels if name is not None}
    if not names or not all(_NUMBER.fullmatch(name) for name in names):
        return labels
    integers = {name: _format_integer(name) for name in names}
    # "007" is a code made of digits, "0.5" is a measurement.
    fractions = {
        name for name, integer in integers.items() if integer is None and not name.isdecimal()
    }
    if fractions:
        i = next(i for i, name in enumerate(labels) if name in fractions)
        raise CartographyError(
            f"{distinct.cell_name(i)} contains {labels[i]}: "
            "fractions are not class labels; name another column with --label"
        )
    if None in integers.values():
        return labels
    return [None if name is None else integers[name] for name in labels]


def _format_integer(name: str) -> str | None:
    """Return `name` written as an integer, or None if it is not one."""
    if _INTEGER.fullmatch(name):
        return name
    whole = _WHOLE_FLOAT.fullmatch(name)
    return whole.group(1) if whole else None


def _rename(
    distinct: DistinctCells,
    labels: list[str | None],
    declared: tuple[str, ...],
    names: Mapping[str, str],
) -> tuple[list[str | None], tuple[str, ...]]:
    """Give classes the names of the user."""
    if not names:
        return labels, declared
    present = set(declared) | {name for name in labels if name is not None}
    # A test set need not have every class: only a name that no label can have is an error.
    unknown = [name for name in names if name not in present]
    if unknown and not present & (set(names) | set(names.values())):
        raise CartographyError(
            f"{distinct.column_name} has no class {unknown[0]!r}; its classes are "
            f"{quote_names(sorted(present))}: name one of them with --class-name"
        )
    renamed = [None if name is None else names.get(name, name) for name in labels]
    return renamed, tuple(dict.fromkeys(names.get(name, name) for name in declared))


def _class_order(distinct: DistinctCells, counts: Mapping[str, int]) -> tuple[str, ...]:
    """The distinct class names: by value if all are integers, else by character."""
    labelled = sum(counts.values())
    if len(counts) == labelled > _MOST_FREE_CLASSES:
        raise CartographyError(
            f"{distinct.column_name} has a different value in each of its {labelled:,} rows, so it "
            "looks like an id; name another column with --label"
        )
    if len(counts) > _MOST_CLASSES:
        raise CartographyError(
            f"{distinct.column_name} has {len(counts):,} different values, but at most "
            f"{_MOST_CLASSES:,} classes are read; name another column with --label"
        )
    if all(_INTEGER.fullmatch(name) for name in counts):
        return tuple(sorted(counts, key=int))
    return tuple(sorted(counts))


def _case_notes(classes: Sequence[str]) -> list[str]:
    """Name the classes that differ in case only."""
    groups: dict[str, list[str]] = {}
    for name in classes:
        groups.setdefault(_alike(name), []).append(name)
    alike = [names for names in groups.values() if len(names) > 1]
    if not alike:
        return []
    spelled = "; ".join(join_names([repr(name) for name in names]) for names in alike[:_LISTED])
    more = f"; and {len(alike) - _LISTED} more" if len(alike) > _LISTED else ""
    old, new = alike[0][0], alike[0][-1]
    return [
        f"classes that differ in case only: {spelled}{more}; --class-name joins them ({old}={new})"
    ]


def _alike(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _match_known(
    labels: Sequence[str | None], known: tuple[str, ...]
) -> tuple[list[str | None], list[str]]:
    """Map labels to the classes of the training texts that differ from them in case only."""
    exact = set(known)
    similar: dict[str, list[str]] = {}
    for known_name in known:
        similar.setdefault(_alike(known_name), []).append(known_name)
    joined: dict[str, str] = {}
    for name in labels:
        if name is not None and name not in exact:
            matches = similar.get(_alike(name), [])
            if len(matches) == 1:
                joined[name] = matches[0]
    notes = [f"label {name!r} is read as the class {match!r}" for name, match in joined.items()]
    matched = [None if name is None else joined.get(name, name) for name in labels]
    return matched, notes[:_LISTED]


def _unseen_classes(
    distinct: DistinctCells, labels: Sequence[str | None], known: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """The labels that no training text has, and a note of them.

    Raises CartographyError if most labels are such: it is another column, or another task.
    """
    counts = distinct.counts(labels)
    unseen = sorted(counts.keys() - set(known))
    if not unseen:
        return [], []
    rows = sum(counts[name] for name in unseen)
    if rows > _HALF * sum(counts.values()):
        i = next(i for i, name in enumerate(labels) if name in unseen)
        raise CartographyError(
            f"{distinct.cell_name(i)}: the label {labels[i]!r} is not among the {len(known)} "
            f"classes of the training texts ({quote_names(known)}), and neither are most others; "
            "name another column with --label, or give a test set with the same classes"
        )
    have = "has" if rows == 1 else "have"
    return unseen, [
        f"{count_noun(rows, 'text')} {have} a class that no training text has "
        f"({quote_names(unseen)}): the classifier cannot predict it, so they count as errors"
    ]
