"""What all readers share: names of columns, and which row is a header."""

from cartography.tables.table import can_be_header, distinct_names


def test_a_new_name_is_one_that_is_not_taken() -> None:
    names, notes = distinct_names(["note", "note", "note (2)", "note", "", ""], "t.csv")
    assert names == ("note", "note (3)", "note (2)", "note (4)", "", "(2)")
    called = "'note (3)', 'note (4)', '(2)'"
    assert notes == (f"columns of t.csv have one name: the further ones are called {called}",)
    assert distinct_names(["text", "label"], "t.csv") == (("text", "label"), ())


def test_many_new_names_are_listed_in_part() -> None:
    _, (note,) = distinct_names([""] * 20, "t.csv")
    assert note.endswith("'(8)', '(9)' and 11 more")


def test_only_a_first_row_may_leave_out_the_name_of_the_index() -> None:
    assert can_be_header([False, True], 2, is_first=True)
    assert not can_be_header([False, True], 2, is_first=False)
    assert not can_be_header([False, True], 3, is_first=True)
    assert not can_be_header([True, False], 2, is_first=True)
    assert can_be_header([True, True], 3, is_first=False)
