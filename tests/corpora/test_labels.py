"""Labels: what means "no label", which spellings are one class, and several labels in a cell."""

import pytest

from cartography.corpora.labels import LabelOptions, read_labels
from cartography.errors import CartographyError
from cartography.tables.table import Table, in_batches


def table(cells, class_names=()):
    return Table(
        location="t.csv",
        name="t.csv",
        columns=("label",),
        rows=len(cells),
        batches=in_batches({"label": cells}),
        row_name=lambda i: f"row {i + 1}",
        class_names={"label": tuple(class_names)} if class_names else {},
    )


def names_of(labels):
    return [None if code < 0 else labels.classes[code] for code in labels.codes]


def read(cells, known=None, declared=(), **options):
    return read_labels(table(cells, declared), "label", cells, LabelOptions(**options), known)


@pytest.mark.parametrize(
    ("cells", "names", "marks"),
    [
        (["a", "b", "nan", "NaN"], ["a", "b", None, None], {"nan": 1, "NaN": 1}),
        (["a", "b", "N/A", "NULL", "\\N"], ["a", "b", None, None, None], None),
        (["a", "b", "None", "none"], ["a", "b", None, "none"], {"None": 1}),
        (["1.0", "2.0", "nan", "1"], ["1", "2", None, "1"], {"nan": 1}),
        (["neutral", "entailment", "-", "-"], ["neutral", "entailment", None, None], {"-": 2}),
        (["+", "-", "+", "0"], ["+", "-", "+", "0"], {}),
        (["hate", "None", "hate"], ["hate", "None", "hate"], {}),
        (["0", "1", "2", "-1", "-100"], ["0", "1", "2", None, None], {"-1": 1, "-100": 1}),
        (["0", "1", "-1"], ["0", "1", "-1"], {}),
        (["-2", "-1", "0", "1"], ["-2", "-1", "0", "1"], {}),
        ([0.0, 1.0, 2.0, -1.0, float("nan")], ["0", "1", "2", None, None], {"-1": 1}),
        (["a", "b", "", "  ", None], ["a", "b", None, None, None], {}),
    ],
)
def test_marks_for_no_label(cells, names, marks):
    labels = read(cells)
    assert names_of(labels) == names
    if marks is not None:
        assert labels.marks == marks
    assert any("read as no label" in note for note in labels.notes) == bool(labels.marks)


def test_the_marks_can_be_chosen():
    cells = ["a", "b", "nan", "unknown", "-1"]
    assert names_of(read(cells, no_label=("unknown",))) == ["a", "b", "nan", None, "-1"]
    assert names_of(read(cells, no_label=("",))) == cells
    assert names_of(read(["0", "1", "-1"], no_label=("-1",))) == ["0", "1", None]
    assert "--no-label -1" in read(["0", "1", "-1"]).notes[0]


def test_marks_in_a_test_set():
    assert names_of(read(["-1", "-1"], known=("0", "1"))) == [None, None]
    assert names_of(read(["-1", "1"], known=("-1", "0", "1"))) == ["-1", "1"]
    assert names_of(read(["nan", "x"], known=("x", "y"))) == [None, "x"]
    assert names_of(read(["nan", "x"], known=("nan", "x"))) == ["nan", "x"]


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["réclamation", "re\u0301clamation", "b"], ("b", "réclamation")),
        (["a\u200b", "a", "\ufeffa", "b"], ("a", "b")),
        (["very  good", "very good", "bad"], ("bad", "very good")),
        (["True", "TRUE", "true", "FALSE", "TRUE"], ("FALSE", "TRUE")),
        ([True, False, "True"], ("False", "True")),
        (["a\u200db", "ab", "c"], ("ab", "a\u200db", "c")),
    ],
)
def test_spellings_of_one_class_are_joined(cells, classes):
    labels = read(cells)
    assert labels.classes == classes
    assert None not in names_of(labels)


def test_classes_that_differ_in_case_are_named_and_can_be_joined():
    cells = ["billing", "Billing", "BILLING", "other"]
    labels = read(cells)
    assert labels.classes == ("BILLING", "Billing", "billing", "other")
    assert labels.notes == (
        "classes that differ in case only: 'BILLING', 'Billing' and 'billing'; "
        "--class-name joins them (BILLING=billing)",
    )
    names = {"BILLING": "billing", "Billing": "billing"}
    assert read(cells, class_names=names).classes == ("billing", "other")


def test_a_test_label_of_another_case_is_the_training_class():
    labels = read(["FALSE", "TRUE", None], known=("False", "True"))
    assert names_of(labels) == ["False", "True", None]
    assert labels.notes[0] == "label 'FALSE' is read as the class 'False'"
    with pytest.raises(
        CartographyError, match=r"the label 'C' is not among the 3 classes .*'a', 'b'"
    ):
        read(["C"], known=("a", "b", "d"))
    with pytest.raises(CartographyError, match="the label 'AB' is not among"):
        read(["AB"], known=("ab", "Ab"))


@pytest.mark.parametrize("separator", ["#", "|", ";", ",", ", "])
def test_several_labels_in_a_cell(separator):
    cells = ["a", "b", "b", separator.join("ab"), separator.join("ba"), "c"]
    labels = read(cells)
    assert names_of(labels) == ["a", "b", "b", "a", "b", "c"]
    assert labels.several == 2
    assert any("2 rows with several labels: the first is the class" in n for n in labels.notes)
    assert names_of(read(cells, several="most-frequent")) == ["a", "b", "b", "b", "b", "c"]
    assert names_of(read(cells, several="combination")) == ["a", "b", "b", "a + b", "a + b", "c"]


def test_a_separator_in_a_name_is_no_separator():
    cells = ["Science, Technology", "World", "Sport", "Science, Technology"]
    assert read(cells).classes == ("Science, Technology", "Sport", "World")
    assert read(["x, y"] * 30 + ["z"] * 30).several == 0
    assert read(["a", "b", "a#urgent", "b#urgent"]).several == 2
    assert read(["a", "Arts, Books", "Arts, Music", "b"]).several == 0


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        (["a"], ["a"]),
        ([], [None]),
        (["a", "b"], ["a"]),
        ("['a', 'b']", ["a"]),
        ('["a"]', ["a"]),
        ("[]", [None]),
        ("[not a list", ["[not a list"]),
        ("[a]", ["[a]"]),
        ("['\\d']", ["\\d"]),
    ],
)
def test_lists_as_labels(cell, names):
    assert names_of(read([cell])) == names


def test_lists_of_declared_classes():
    labels = read([[1], [0, 2], [], None], declared=("x", "y", "z"))
    assert (names_of(labels), labels.classes) == (["y", "x", None, None], ("x", "y", "z"))
    assert labels.several == 1
    assert names_of(read([1, -1, 0], declared=("x", "y"))) == ["y", None, "x"]


def test_a_number_without_a_declared_name_is_noted():
    labels = read([1, 0, 7], declared=("x", "y"))
    assert labels.classes == ("0", "1", "7")
    assert labels.notes == (
        "the file's class names are not used: they stand for 0 to 1, and there is a label 7",
    )
    assert read(["x", "y", "x"], declared=("x", "y")).notes == ()


def test_classes_get_names():
    labels = read_labels(
        table(["1", "2", "1"]),
        "label",
        ["1", "2", "1"],
        LabelOptions(class_names={"1": "ABBR", "2": "DESC"}),
    )
    assert (names_of(labels), labels.classes) == (["ABBR", "DESC", "ABBR"], ("ABBR", "DESC"))
    with pytest.raises(CartographyError, match="has no class '7'; its classes are '1', '2'"):
        read_labels(table(["1", "2"]), "label", ["1", "2"], LabelOptions(class_names={"7": "x"}))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["a", {"x": 1}], "row 2, column 'label' contains an object instead of a class label"),
        (["a", b"x"], "row 2, column 'label' contains bytes instead"),
        (["a", "x" * 1001], "row 2, column 'label' contains a label of 1,001 characters"),
        (["1", "0.25"], "row 2, column 'label' contains 0.25: fractions are not class labels"),
        ([str(i) for i in range(21)], "has a different value in each of its 21 rows"),
        ([str(i) for i in range(2_001)] * 2, "has 2,001 different values, but at most 2,000"),
    ],
)
def test_cells_that_cannot_be_labels(cells, message):
    with pytest.raises(CartographyError) as refusal:
        read(cells)
    assert message in str(refusal.value)


def test_numbers_of_many_digits_are_sorted_by_value():
    large = "9" * 900
    assert read([large, "-5", "10", "9", "-" + large]).classes == (
        "-" + large,
        "-5",
        "9",
        "10",
        large,
    )
