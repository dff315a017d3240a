import io

import pytest

from cartography.tables.dialect import Dialect, best, fit, parse, rank, swallows_rows, unswallowed

LABELS = ("pet", "wild", "farm")


def lines(text):
    return list(io.StringIO(text, newline=""))


def table(form, rows=12):
    return lines("text,label\n" + "".join(form.format(i, LABELS[i % 3]) for i in range(rows)))


def test_rows_know_their_lines_and_what_is_wrong():
    rows = list(parse(lines('a,b\n"c\nd",e\n\n"f" g,h\ni,j\n'), Dialect()))
    assert [(row.line, row.cells, row.further) for row in rows if not row.problem] == [
        (1, ["a", "b"], 0),
        (2, ["c\nd", "e"], 1),
        (4, [], 0),
        (6, ["i", "j"], 0),
    ]
    assert [row.line for row in rows if row.problem] == [5]


def test_a_fit_counts_rows_of_one_width_and_lines_in_cells():
    fitting = fit(lines('a,b\n1,2\n3\n"4\n\n5",6\n'), Dialect())
    assert (fitting.width, fitting.fitting, fitting.misfitting, fitting.swallowed) == (2, 3, 1, 2)
    assert not fitting.is_clean
    assert fit(lines("a,b\n1,2\n"), Dialect()).is_perfect


@pytest.mark.parametrize(
    ("form", "dialect"),
    [
        ("text {};{}\n", Dialect(";")),
        ("a, b, c {};{}\n", Dialect(";")),
        ("text {}\t{}\n", Dialect("\t")),
        ("text {}|{}\n", Dialect("|")),
        ("text {},{}\n", Dialect()),
        ('"said ""so"", {}",{}\n', Dialect()),
        ('"said \\"so\\", {}",{}\n', Dialect(escape="\\")),
        ("'one, two {}','{}'\n", Dialect(quote="'")),
        ('"one, two {}", "{}"\n', Dialect(skip_space=True)),
        ("it's {} don't,{}\n", Dialect()),
    ],
)
def test_most_lines_decide(form, dialect):
    header = "text" + dialect.delimiter + "label\n"
    body = [form.format(i, LABELS[i % 3]) for i in range(12)]
    assert best(rank([header, *body], ",;\t|")).dialect == dialect


def judge(text):
    fits = rank(text, ",;\t|")
    dialect = best(fits).dialect
    quoted = None if dialect.quote else unswallowed(fits, dialect)
    return quoted is None or swallows_rows(text, quoted), dialect, quoted


def test_marks_that_run_over_rows_are_told_from_texts_of_several_lines_by_their_labels():
    rows = table("text {},{}\n")
    swallowing = [*rows[:4], '"he said,pet\n', "and more,wild\n", 'so",farm\n', *rows[4:]]
    assert judge(swallowing)[:2] == (True, Dialect(quote=""))
    # Each line of the text has one comma, as rows have, but no label behind it.
    letter = [*rows[:4], '"Hello,\n', "thank you, and\n", 'bye",farm\n', *rows[4:]]
    is_swallowing, _, quoted = judge(letter)
    assert (is_swallowing, quoted) == (False, Dialect())


def test_without_a_column_of_few_values_no_row_is_lost():
    rows = lines("id,text\n" + "".join(f"{i},text {i}\n" for i in range(12)))
    rows[5:5] = ['x,"open\n', 'y,close"\n']
    assert judge(rows)[0]


def test_words_name_the_dialect():
    assert Dialect(";").words == "semicolons between columns"
    assert Dialect("|", "").words == (
        "vertical bars between columns, quotation marks as ordinary characters"
    )
