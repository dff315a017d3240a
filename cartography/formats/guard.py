"""The guard of a CSV file for spreadsheets, and how it is taken off.

A spreadsheet runs a cell that begins with =, +, - or @, in ASCII or full width. A spreadsheet whose
separator is another one than the file's also divides a cell at its own separator, and runs the
part behind it, with or without quotation marks around the cell. So an apostrophe, which every
spreadsheet takes for the start of a text, is put

1. before a cell that begins with such a character, with white space and quotation marks before
   one, with a tab or a line end, or with an apostrophe;
2. inside a cell, behind each separator or line end that such a character follows, with white
   space and quotation marks between them or none.

By the first rule a cell that is not guarded never begins with an apostrophe, and by the second one
a separator before such a character is never without its apostrophe. So taking off one apostrophe
at each of these places undoes the guard exactly.

A guarded file says so in a last column of its own, `spreadsheet_guard`, in every row. A column goes
through a spreadsheet's sorting, filtering, deleting and saving, where a comment line would become a
row or be lost, and other readers see one column more and every other name as it was. Rows that
somebody adds by hand lack the mark, and are read as they are. If a spreadsheet has itself removed
an apostrophe, there is none to take off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cartography.tables.table import Table

GUARD_COLUMN = "spreadsheet_guard"
"""Name of the column that marks a guarded file."""

GUARD_MARK = "apostrophe"
"""What this column says in each guarded row."""

FORMULA_STARTS = "=+-@\uff1d\uff0b\uff0d\uff20"
"""The characters with which a cell is run."""

_APOSTROPHE = "'"
# What may stand between a separator and the character: white space, control characters, byte order
# marks and zero-width spaces, which spreadsheets pass over, and marks of quotation.
_RUN = re.compile(r"""[\s\x00-\x1f\ufeff\u200b"';,|]+""")
_FORMULA = re.compile(f"[{re.escape(FORMULA_STARTS)}]")
_ANY_SEPARATOR = re.compile("[;,\t|\n\r]")
_GUARDED_SEPARATOR = re.compile("([;,\t|\n\r])'")


def guard_cell(cell: str) -> str:
    """Return a text that no spreadsheet runs; `unguard_cell` returns it to what it was.

    Examples
    --------
    >>> guard_cell("=1+1"), guard_cell("total;=1+1"), guard_cell("'tis"), guard_cell("1-2")
    ("'=1+1", "total;'=1+1", "''tis", '1-2')
    """
    if not cell:
        return cell
    guarded = _at_separators(cell, _ANY_SEPARATOR, r"\g<0>'")
    return _APOSTROPHE + guarded if _is_risky(cell) else guarded


def unguard_cell(cell: str) -> str:
    """Return what a guarded text was before.

    Examples
    --------
    >>> unguard_cell("'=1+1"), unguard_cell("total;'=1+1"), unguard_cell("''tis")
    ('=1+1', 'total;=1+1', "'tis")
    """
    return _at_separators(cell.removeprefix(_APOSTROPHE), _GUARDED_SEPARATOR, r"\1")


def _is_risky(cell: str) -> bool:
    first = cell[0]
    if first in FORMULA_STARTS or first in "'\t\r\n":
        return True
    run = _RUN.match(cell)
    return run is not None and _starts_formula(cell[run.end() : run.end() + 1])


def _starts_formula(following: str) -> bool:
    return following != "" and following in FORMULA_STARTS


def _at_separators(cell: str, pattern: re.Pattern[str], replacement: str) -> str:
    """Replace `pattern` where a formula would start behind a separator."""
    if _FORMULA.search(cell) is None or _ANY_SEPARATOR.search(cell) is None:
        return cell  # nearly all texts

    # Whole runs are matched, since a search for "separator, run, start" would take quadratic time.
    def change(run: re.Match[str]) -> str:
        if _starts_formula(cell[run.end() : run.end() + 1]):
            return pattern.sub(replacement, run.group())
        return run.group()

    return _RUN.sub(change, cell)


def guard_name(name: str) -> str:
    """Return a guarded column name; one that is the name of the mark is guarded too."""
    return _APOSTROPHE + name if name == GUARD_COLUMN else guard_cell(name)


def is_guarded(columns: Sequence[str]) -> bool:
    """Return whether a table with these columns was guarded."""
    return GUARD_COLUMN in columns


def unguard_table(table: Table) -> Table:
    """Return a table without its guards, and any other table as it is.

    Parameters
    ----------
    table : Table

    Returns
    -------
    Table
        Without the column of the mark, and with a note. Cells of rows without the mark are not
        changed.
    """
    if not is_guarded(table.columns):
        return table
    stored = {unguard_cell(name): name for name in table.columns if name != GUARD_COLUMN}

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        names = [*(stored[column] for column in columns), GUARD_COLUMN]
        for *cells, marks in table.batches(names):
            yield [
                [
                    unguard_cell(cell) if mark == GUARD_MARK and isinstance(cell, str) else cell
                    for cell, mark in zip(column, marks, strict=True)
                ]
                for column in cells
            ]

    return replace(
        table,
        columns=tuple(stored),
        batches=batches,
        class_names={unguard_cell(name): names for name, names in table.class_names.items()},
        notes=(*table.notes, "guarded for spreadsheets: the guard's apostrophes are taken off"),
    )
