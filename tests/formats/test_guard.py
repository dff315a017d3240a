import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartography.formats.guard import (
    FORMULA_STARTS,
    GUARD_COLUMN,
    GUARD_MARK,
    guard_cell,
    unguard_cell,
    unguard_table,
)
from cartography.tables.table import Table, in_batches

# A spreadsheet that divides at any separator and passes over white space and quotation marks.
RUN = re.compile(rf"""(?:\A|[;,\t|\n\r])[\s\x00-\x1f\ufeff\u200b"]*[{re.escape(FORMULA_STARTS)}]""")
TRICKY = st.text(st.sampled_from("=+-@\uff1d\uff20\t\r\n'\" ;,|a1\ufeff\u200b\x00"), max_size=12)


@pytest.mark.parametrize(
    ("cell", "guarded"),
    [
        ("", ""),
        ("plain, text; 1-2", "plain, text; 1-2"),
        ("=1+1", "'=1+1"),
        ("-35", "'-35"),
        ("@user hi", "'@user hi"),
        ("+49 30", "'+49 30"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("  =1", "'  =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\uff1d1", "'\uff1d1"),
        ('"=1', "'\"=1"),
        ("'tis", "''tis"),
        ("'=1", "''=1"),
        ("a;=1", "a;'=1"),
        ("a; =1", "a;' =1"),
        ('a;"=1', "a;'\"=1"),
        ("a,-b", "a,'-b"),
        ("a\n- b\n- c", "a\n'- b\n'- c"),
        ("a\r\n=1", "a\r'\n'=1"),
        ("don't; 'quote'", "don't; 'quote'"),
        ("a = b", "a = b"),
    ],
)
def test_what_a_spreadsheet_would_run_is_guarded(cell: str, guarded: str) -> None:
    assert guard_cell(cell) == guarded
    assert unguard_cell(guarded) == cell


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.text(max_size=30) | TRICKY)
def test_the_guard_is_undone_exactly_and_leaves_nothing_to_run(cell: str) -> None:
    guarded = guard_cell(cell)
    assert unguard_cell(guarded) == cell
    assert RUN.search(guarded) is None
    assert guarded[:1] not in ("\t", "\r", "\n")


def test_a_cell_whose_apostrophe_a_spreadsheet_took_is_read_as_it_is() -> None:
    assert unguard_cell("=1+1") == "=1+1"
    assert unguard_cell("a;=1") == "a;=1"


def test_time_is_linear() -> None:
    start = time.perf_counter()
    for cell in ("\n" * 300_000, "\n" * 300_000 + "=", " ;" * 200_000 + "x"):
        assert unguard_cell(guard_cell(cell)) == cell
    assert time.perf_counter() - start < 5  # seconds; quadratic time would be hours


class TestUnguardedTable:
    def test_only_rows_with_the_mark_are_changed(self) -> None:
        table = _table({"'=a": ["'=1", "'=2"], "n": [1, 2], GUARD_COLUMN: [GUARD_MARK, ""]})
        read = unguard_table(table)
        assert read.columns == ("=a", "n")
        assert read.values("=a") == ["=1", "'=2"]
        assert read.head(1, ["n", "=a"]) == {"n": [1], "=a": ["=1"]}
        assert read.notes == ("guarded for spreadsheets: the guard's apostrophes are taken off",)

    def test_other_tables_are_left_as_they_are(self) -> None:
        table = _table({"text": ["'tis"]})
        assert unguard_table(table) is table


def _table(cells: dict[str, list[object]]) -> Table:
    return Table(
        location="t.csv",
        name="t.csv",
        columns=tuple(cells),
        rows=len(next(iter(cells.values()))),
        batches=in_batches(cells),
        row_name=lambda i: f"row {i + 1}",
    )
