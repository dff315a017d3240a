"""Which columns are read as text, label and id."""

from dataclasses import replace

import pytest

from cartography.corpora.columns import choose_columns
from cartography.errors import CartographyError
from cartography.tables.table import Table, in_batches


def table(*columns, cells=None):
    values = {name: ["x", "y"] for name in columns} | (cells or {})
    return Table(
        location="t.csv",
        name="t.csv",
        columns=tuple(columns),
        rows=2,
        batches=in_batches(values),
        row_name=str,
    )


@pytest.mark.parametrize(
    ("names", "text", "label", "id"),
    [
        (["text", "label"], "text", "label", None),
        (["Text ", "LABEL", "Guid"], "Text ", "LABEL", "Guid"),
        (["id", "text, as written", "label, gold"], "text, as written", "label, gold", "id"),
        (["text", "label (a, b, c)"], "text", "label (a, b, c)", None),
        (
            ["ticket_id", "ticket_text", "ticket_category"],
            "ticket_text",
            "ticket_category",
            "ticket_id",
        ),
        (["ticketId", "tweetText", "goldLabel"], "tweetText", "goldLabel", "ticketId"),
        (["text_id", "text_length", "body", "intent"], "body", "intent", "text_id"),
        (["text_lang", "tweet text", "valid", "paid"], "tweet text", None, None),
        (["document.text", "document.lang", "label"], "document.text", "label", None),
        (["premise", "hypothesis", "gold_label"], "premise", "gold_label", None),
        (["Ticket-Nr", "Text", "Kategorie"], "Text", None, "Ticket-Nr"),
        (["Class Index", "Description", ""], "Description", "Class Index", None),
    ],
)
def test_columns_are_guessed_by_name(names, text, label, id):
    chosen = choose_columns(table(*names))
    assert (chosen.text, chosen.label, chosen.id) == (text, label, id)


def test_columns_of_zero_and_one_stand_for_labels():
    cells = {"a": ["1", "0"], "b": ["0", "1"], "n": ["1", "7"]}
    chosen = choose_columns(table("text", "n", "a", "b", cells=cells))
    assert (chosen.label, chosen.one_hot) == (None, ("a", "b"))
    assert choose_columns(table("text", "label", "a", "b", cells=cells)).one_hot == ()
    assert choose_columns(table("text", "a", cells=cells)).one_hot == (), "one column is no choice"
    rare = {"a": ["0", "0"], "b": ["0", "0"]}
    assert choose_columns(table("text", "a", "b", cells=rare)).one_hot == ()
    truths = {"a": [True, False], "b": [0.0, 1.0]}
    assert choose_columns(table("text", "a", "b", cells=truths)).one_hot == ("a", "b")


def test_errors_list_the_columns():
    with pytest.raises(CartographyError, match="no text column found among 'when', 'where'; name"):
        choose_columns(table("when", "where"))
    with pytest.raises(CartographyError, match="no column 'x'; its columns are 'text', 'label'"):
        choose_columns(table("text", "label"), label="x")
    with pytest.raises(CartographyError, match="2 columns named 'text'; rename all but one"):
        choose_columns(table("text", "Text"))


def german(**cells):
    values = {
        "Ticket-Nr": ["T1", "T2", "T3", "T4"],
        "Datum": ["01.02.2024", "02.02.2024", "03.02.2024", "04.02.2024"],
        "Beschreibung": ["Wo ist das Paket?", "Zu teuer", "Defekt", "Es fehlt ein Teil"],
        "Kategorie": ["Versand", "Preis", "Versand", "Preis"],
        "Stufe": ["1", "2", "1", "2"],
    }
    values |= cells
    return replace(table(*values, cells=values), rows=4, lines=5)


def test_an_error_names_the_columns_by_their_cells():
    with pytest.raises(
        CartographyError,
        match=r"; name the columns, perhaps --text Beschreibung --label Kategorie$",
    ):
        choose_columns(german())
    with pytest.raises(CartographyError, match=r"perhaps --text Beschreibung$"):
        choose_columns(german(), label="Stufe")
    with pytest.raises(CartographyError, match=r"perhaps --text 'Was geschah' --label Kategorie$"):
        choose_columns(german(**{"Was geschah": ["Die Rechnung ist doppelt gestellt worden"] * 4}))
    long = german(**{"x" * 10_000: ["Die Rechnung ist doppelt gestellt worden, schon wieder"] * 4})
    with pytest.raises(CartographyError, match=r"perhaps --text Beschreibung --label Kategorie$"):
        choose_columns(long)
    # The first row of a file without a header has values of the rows below it.
    with pytest.raises(CartographyError, match=r"--label, or give the file a first line of column"):
        choose_columns(german(Neu=["Neu", "Alt", "Neu", "Alt"]))


def test_a_test_table_needs_no_id_column():
    train = choose_columns(table("key", "text", "label"), id="key")
    test = choose_columns(table("text", "label"), id="key", like=train)
    assert (test.text, test.label, test.id) == ("text", "label", None)
