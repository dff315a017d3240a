import json
import re
import sys
from pathlib import Path

import datasets
import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from cartography.corpora.reading import read_corpus, read_train_test
from cartography.corpora.sources import open_source
from cartography.errors import CartographyError
from cartography.models.metrics import evaluate


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def rows(corpus):
    return list(zip(corpus.ids, corpus.texts, corpus.label_names(corpus.labels), strict=True))


THREE = [("0", "a cat", "pet"), ("1", "a wolf", "wild"), ("2", "a dog", "pet")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "text,label\na cat,pet\na wolf,wild\na dog,pet\n"),
        ("t.CSV", 'Text , LABEL\r\n"a cat",pet\r\n\r\na wolf, wild\r\na dog,pet'),
        ("t.csv", ",Class Index,Description\n7,pet,a cat\n8,wild,a wolf\n9,pet,a dog\n"),
        ("t.csv", "review;sentiment\na cat;pet\na wolf;wild\na dog;pet\n"),
        ("t.csv", b"\xef\xbb\xbftext,label\na cat,pet\na wolf,wild\na dog,pet\n"),
        ("t.csv", "text,label\na cat,pet\na wolf,wild\na dog,pet\n".encode("utf-16")),
        ("t.tsv", "sentence\tlabel\na cat\tpet\na wolf\twild\na dog\tpet\n"),
        ("t.tsv", 'sentence\tlabel\n"a cat"\tpet\na wolf\twild\n"a dog"\tpet\n'),
        (
            "t.jsonl",
            '{"text":"a cat","label":"pet"}\n\n{"label":"wild","text":"a wolf"}\n'
            '{"text":"a dog","label":"pet"}',
        ),
        (
            "t.json",
            '[{"text":"a cat","label":"pet"},\n{"label":"wild","text":"a wolf"},'
            '{"text":"a dog","label":"pet"}]',
        ),
        (
            "t.json",
            '{"text":"a cat","label":"pet"}\n{"label":"wild","text":"a wolf"}\n'
            '{"text":"a dog","label":"pet"}\n',
        ),
    ],
)
def test_every_text_format_gives_the_same_corpus(write, name, content):
    corpus = read_corpus(write(name, content))
    assert rows(corpus) == THREE
    assert corpus.classes == ("pet", "wild")
    assert corpus.name == name


def test_parquet_and_its_class_names(tmp_path):
    table = pyarrow.table({"text": ["a cat", "a wolf", "a dog"], "label": ["pet", "wild", "pet"]})
    parquet.write_table(table, tmp_path / "plain.parquet")
    assert rows(read_corpus(tmp_path / "plain.parquet")) == THREE
    small_dataset().to_parquet(tmp_path / "named.parquet")
    assert rows(read_corpus(tmp_path / "named.parquet")) == THREE


def test_class_names_that_no_longer_match_the_file_are_ignored(tmp_path):
    small_dataset().to_parquet(tmp_path / "t.parquet")
    schema = parquet.read_schema(tmp_path / "t.parquet")
    renamed = pyarrow.table({"text": ["a", "b"], "label": ["x", "y"]})
    parquet.write_table(renamed.replace_schema_metadata(schema.metadata), tmp_path / "t.parquet")
    assert read_corpus(tmp_path / "t.parquet").classes == ("x", "y")


def small_dataset(texts=("a cat", "a wolf", "a dog"), labels=(1, 0, 1)):
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["wild", "pet"])}
    )
    return datasets.Dataset.from_dict(
        {"text": list(texts), "label": list(labels)}, features=features
    )


def test_words_that_pandas_reads_as_missing_are_kept(write):
    corpus = read_corpus(write("t.csv", "text,label\nNA,none\nNone,nan\nnull,NA\n,none\n"))
    assert list(corpus.texts) == ["NA", "None", "null", ""]
    assert corpus.classes == ("NA", "nan", "none")


@pytest.mark.parametrize(
    ("values", "classes", "labels"),
    [
        (["10", "9", "", "9"], ("9", "10"), [1, 0, -1, 0]),
        (["1.0", "2.0", "", "1"], ("1", "2"), [0, 1, -1, 0]),
        (["-1", "0", "2", " "], ("0", "2"), [-1, 0, 1, -1]),
        (["-1", "b", "a", "a"], ("-1", "a", "b"), [0, 2, 1, 1]),
        (["01", "1", "10", "1"], ("01", "1", "10"), [0, 1, 2, 1]),
        (["", "", "", ""], (), [-1, -1, -1, -1]),
    ],
)
def test_labels_of_a_csv(write, values, classes, labels):
    body = "".join(f"text {i},{value}\n" for i, value in enumerate(values))
    corpus = read_corpus(write("t.csv", "text,label\n" + body))
    assert corpus.classes == classes
    assert list(corpus.labels) == labels


@pytest.mark.parametrize(
    ("values", "classes", "labels"),
    [
        ([1, 0, None, -1, 2], ("0", "1", "2"), [1, 0, -1, -1, 2]),
        ([1, 0, None, -1], ("-1", "0", "1"), [2, 1, -1, 0]),
        ([1.0, 0.0, float("nan"), 2], ("0", "1", "2"), [1, 0, -1, 2]),
        ([True, False, None, True], ("False", "True"), [1, 0, -1, 1]),
        (["b", 1, None, "a"], ("1", "a", "b"), [2, 0, -1, 1]),
        ([10**30, 2, 2, None], ("2", str(10**30)), [1, 0, 0, -1]),
    ],
)
def test_labels_of_jsonl(write, values, classes, labels):
    lines = [json.dumps({"text": f"text {i}", "label": v}) for i, v in enumerate(values)]
    corpus = read_corpus(write("t.jsonl", "\n".join(lines)))
    assert corpus.classes == classes
    assert list(corpus.labels) == labels


def test_integers_with_gaps_come_from_parquet_as_floats(tmp_path):
    table = pyarrow.table({"text": ["a", "b", "c"], "label": [2.0, None, 11.0]})
    parquet.write_table(table, tmp_path / "t.parquet")
    corpus = read_corpus(tmp_path / "t.parquet")
    assert (corpus.classes, list(corpus.labels)) == (("2", "11"), [0, -1, 1])


def test_notes_name_the_columns_that_were_read(write):
    corpus = read_corpus(write("t.csv", ",Class Index,Description\n0,1,a\n1,,b\n"))
    assert corpus.notes == (
        "texts from column 'Description', labels from column 'Class Index'",
        "1 row without a label",
    )
    unlabelled = read_corpus(write("u.csv", "text,when\na,1999\nb,2000\n"))
    assert unlabelled.classes == ()
    assert list(unlabelled.labels) == [-1, -1]
    assert "no label column found" in unlabelled.notes[0]


def test_columns_can_be_named(write):
    path = write("t.csv", "a,b,Key,text\nx,1,k1,other\ny,2,k2,other\n")
    corpus = read_corpus(path, text="a", label="b", id="key")
    assert rows(corpus) == [("k1", "x", "1"), ("k2", "y", "2")]


def test_ids_come_from_an_id_column(write):
    lines = '{"guid":17,"text":"a"}\n{"guid":3,"text":"b"}\n'
    assert list(read_corpus(write("t.jsonl", lines)).ids) == ["17", "3"]


def test_another_encoding_is_detected_and_noted(write):
    text = "text,label\n" + "Le café était fermé à Noël,fr\nThe shop is open,en\n" * 3
    corpus = read_corpus(write("t.csv", text.encode("cp1252")))
    assert corpus.texts[0] == "Le café était fermé à Noël"
    assert corpus.notes[0] == (
        "t.csv is not UTF-8 and was read as cp1252 (Western European, Windows): check its letters, "
        "or name another encoding with --encoding"
    )


def test_quotation_marks_in_a_tsv_without_quoting(write):
    path = write("t.tsv", 'text\tlabel\n"Yes, he said\ta\nno"\tb\n')
    corpus = read_corpus(path)
    assert list(corpus.texts) == ['"Yes, he said', 'no"']
    assert corpus.notes[0] == (
        "t.tsv was read with tabs between columns, quotation marks as ordinary characters"
    )


def test_unicode_line_separators_do_not_split_json_lines(write):
    line = json.dumps({"text": "one\u2028two", "label": "a"}, ensure_ascii=False)
    assert list(read_corpus(write("t.jsonl", f"{line}\n{line}\n")).texts) == ["one\u2028two"] * 2


def test_unpaired_surrogates_are_replaced(write):
    corpus = read_corpus(write("t.jsonl", '{"text":"a \\ud800 b","label":null}\n{"label":"x"}'))
    assert list(corpus.texts) == ["a \ufffd b", ""]
    assert corpus.notes[2:] == (
        "1 row without a text, read as empty",
        "1 text with broken characters, replaced by \ufffd",
    )


LONG = "text,label\n" + "".join(f"text {i},{i}\n" for i in range(21))

REFUSED = {
    "empty": ("t.csv", "", "t.csv is empty; give a file with a header and rows"),
    "white space only": ("t.csv", "\n\n", "t.csv is empty; give a file with a header and rows"),
    "header only": ("t.csv", "text,label\n", "t.csv has no rows below its header; "),
    "suffix": ("t.doc", "x", "t.doc: the suffix '.doc' is not that of a known format; "),
    "no workbook": ("t.xlsx", "x", "t.xlsx is not a complete .xlsx workbook ("),
    "binary": ("t.csv", b"text\0\1", "t.csv contains NUL bytes, so it is not a text file; "),
    "broken UTF-8": (
        "t.csv",
        "text,label\ncafé,a\nthé,b\n".encode() + b"\xff\xfe,c\n",
        "t.csv, line 4 is not UTF-8, unlike the rest of the file; ",
    ),
    "broken UTF-16": (
        "t.csv",
        b"\xff\xfet\0e",
        "t.csv starts with the byte order mark of UTF-16 but is not valid: ",
    ),
    "unknown columns": (
        "t.csv",
        "Great film,1\nBad film,0\n",
        "t.csv: no text column found among 'Great film', '1'; name the columns with --text and "
        "--label",
    ),
    "too many cells": (
        "t.csv",
        'text,label\n"two\nlines",a\none, two,b\n',
        "t.csv, row 2 (line 4) has 3 columns but the header has 2; "
        "put quotes around a text that contains ','",
    ),
    "too few cells": (
        "t.tsv",
        "text\tlabel\na\tb\nc\n",
        "t.tsv, row 2 (line 3) has 1 column but the header has 2; ",
    ),
    "open quotation mark": (
        "t.csv",
        'text,label\n"a, b",c\n"d, e",g\n"h, i",c\n"k, l,c\n',
        "t.csv, row 4 (line 5) has a quotation mark that is never closed; "
        "write a quotation mark inside a quoted text twice",
    ),
    "stray quotation mark": (
        "t.csv",
        'text,label\n"a, b",c\n"d, e" f,g\n"h, i",c\n"k, l",c\n',
        "t.csv, row 2 (line 3) is malformed (",
    ),
    "two text columns": (
        "t.csv",
        "text,Text,label\na,b,c\n",
        "t.csv has 2 columns named 'text'; rename all but one, or name another with --text",
    ),
    "bad JSON": (
        "t.jsonl",
        '{"text":"a"}\n{"text" "b"}\n',
        "t.jsonl, line 2: not JSON (Expecting ':' delimiter at column 9)",
    ),
    "JSON of another kind": (
        "t.jsonl",
        '{"text":"a"}\n\n["b"]\n',
        "t.jsonl, line 3 is a list; give one JSON object per line",
    ),
    "list of another kind": ("t.json", '[{"text":"a"}, 7]', "t.json, item 2 is a number; "),
    "deeply nested JSON": ("t.jsonl", "[" * 100_000, "t.jsonl, line 1: JSON that cannot be read ("),
    "bad Parquet": ("t.parquet", "PAR1 and so on", "t.parquet is not a complete Parquet file ("),
    "text of another kind": (
        "t.jsonl",
        '{"text":"a"}\n{"text":["b"]}\n',
        "t.jsonl, row 2 (line 2), column 'text' contains a list instead of text; "
        "name the text column with --text",
    ),
    "label of another kind": (
        "t.jsonl",
        '{"text":"a","label":[{"x":1}]}\n',
        "t.jsonl, row 1 (line 1), column 'label' contains an object instead of a class label; ",
    ),
    "fractions": (
        "t.csv",
        "text,label\na,1\nb,0.25\n",
        "t.csv, row 2 (line 3), column 'label' contains 0.25: fractions are not class labels; "
        "name another column with --label",
    ),
    "a label for each row": (
        "t.csv",
        LONG,
        "t.csv, column 'label' has a different value in each of its 21 rows, so it looks like "
        "an id; name another column with --label",
    ),
}

INVALID_IDS = {
    "twice": (
        "id,text\n7,a\n8,b\n7,c\n",
        "t.csv, column 'id': row 1 (line 2) and row 3 (line 4) have the same id '7'; ",
    ),
    "missing": (
        "id,text\n7,a\n,b\n",
        "t.csv, row 2 (line 3), column 'id' is empty; give every row an id, ",
    ),
}


@pytest.mark.parametrize(("content", "message"), INVALID_IDS.values(), ids=INVALID_IDS)
def test_invalid_ids_are_refused_in_a_named_column_and_noted_in_a_guessed_one(
    write, content, message
):
    path = write("t.csv", content)
    with pytest.raises(CartographyError, match=re.escape(message)):
        read_corpus(path, id="id")
    corpus = read_corpus(path)
    assert list(corpus.ids) == [str(row) for row in range(len(corpus))]
    assert "row numbers are used as ids: " in corpus.notes[-1]
    assert message in corpus.notes[-1]


@pytest.mark.parametrize(("name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_invalid_files_are_refused_with_one_clear_line(write, name, content, message):
    path = write(name, content)
    with pytest.raises(CartographyError, match=re.escape(message)) as refusal:
        read_corpus(path)
    assert str(refusal.value).startswith(str(path))
    assert "\n" not in str(refusal.value)


def test_a_missing_file_or_column_is_named(write, tmp_path):
    with pytest.raises(CartographyError, match=r"nowhere\.csv does not exist; give a file"):
        read_corpus(tmp_path / "nowhere.csv")
    path = write("t.csv", "text,label\na,b\n")
    with pytest.raises(CartographyError, match="has no column 'body'; its columns are 'text', 'l"):
        read_corpus(path, text="body")
    with pytest.raises(CartographyError, match="name one of them with --id"):
        read_corpus(path, id="key")


def test_a_test_set_has_the_classes_and_columns_of_its_training_set(write):
    train = write("train.csv", "text,Description,label\na,b,x\nc,d,y\ne,f,z\n")
    test = write("test.csv", "Description,text,label\nb,a,z\nd,c,\n")
    train_corpus, test_corpus = read_train_test(train, test)
    assert test_corpus.classes == train_corpus.classes == ("x", "y", "z")
    assert list(test_corpus.labels) == [2, -1]
    assert list(test_corpus.texts) == ["a", "c"]
    _, test_corpus = read_train_test(train, test, text="description")
    assert list(test_corpus.texts) == ["b", "d"]
    other = write("other.jsonl", '{"sentence":"a","gold":"y"}')
    assert list(read_train_test(train, other)[1].labels) == [1]


def test_a_class_that_no_training_text_has_counts_as_an_error(write):
    train = write("train.csv", "text,label\na,x\nb,y\n")
    test = read_train_test(train, write("test.csv", "text,label\na,x\nb,z\nc,y\n"))[1]
    assert (test.classes, list(test.labels)) == (("x", "y", "z"), [0, 2, 1])
    assert (
        "1 text has a class that no training text has ('z'): the classifier cannot predict it, so "
        "they count as errors"
    ) in test.notes
    scores = evaluate(np.array([0, 0, 1]), test.labels)
    assert scores.accuracy == pytest.approx(2 / 3)
    assert scores.macro_f1 == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_a_test_set_of_other_classes_is_refused(write):
    train = write("train.csv", "text,label\na,x\nb,y\n")
    test = write("test.csv", "text,label\na,x\nb,z\nc,w\n")
    message = (
        "test.csv, row 2 (line 3), column 'label': the label 'z' is not among the 2 classes of "
        "the training texts ('x', 'y'), and neither are most others"
    )
    with pytest.raises(CartographyError, match=re.escape(message)):
        read_train_test(train, test)


def test_a_folder_of_train_and_test(write, tmp_path):
    write("both/my_train.csv", "text,label\na,x\nb,y\n")
    assert read_train_test(tmp_path / "both")[1] is None
    write("both/my-test.jsonl", '{"text":"c","label":"y"}')
    write("both/notes.txt", "not read")
    train, test = read_train_test(tmp_path / "both")
    assert (len(train), list(test.labels)) == (2, [1])
    assert len(read_corpus(tmp_path / "both")) == 2
    elsewhere = write("train.csv", "text,label\na,x\nb,y\n")
    assert len(read_train_test(elsewhere, tmp_path / "both")[1]) == 1
    write("both/train.tsv", "text\tlabel\na\tx\n")
    with pytest.raises(CartographyError, match=r"more than one train file \('my_train.csv', 't"):
        read_corpus(tmp_path / "both")
    (tmp_path / "none").mkdir()
    with pytest.raises(CartographyError, match=r"contains no train file \(no data file\)"):
        read_corpus(tmp_path / "none")


def test_a_saved_data_set(tmp_path):
    small_dataset().save_to_disk(tmp_path / "one")
    corpus = read_corpus(tmp_path / "one")
    assert rows(corpus) == THREE
    assert corpus.classes == ("wild", "pet")  # the data set's own order
    both = datasets.DatasetDict(train=small_dataset(), test=small_dataset(["a hyena"], [-1]))
    both.save_to_disk(tmp_path / "two")
    train, test = read_train_test(tmp_path / "two")
    assert (len(train), list(test.labels)) == (3, [-1])
    (tmp_path / "one" / "state.json").write_text("{")
    with pytest.raises(CartographyError, match="one is not a complete saved data set"):
        read_corpus(tmp_path / "one")


def test_a_hub_repository_on_disk(tmp_path, capfd):
    for split, dataset in (("train", small_dataset()), ("test", small_dataset(["a fox"], [0]))):
        (tmp_path / "repo").mkdir(exist_ok=True)
        dataset.to_parquet(tmp_path / "repo" / f"{split}-00000-of-00001.parquet")
    capfd.readouterr()  # drops the output of writing
    train, test = read_train_test(f"hub:{tmp_path / 'repo'}")
    assert rows(train) == THREE
    assert list(test.texts) == ["a fox"]
    assert capfd.readouterr() == ("", "")


def test_the_hub_by_name_and_split():
    calls = []

    def load(name, split):
        calls.append((name, split))
        both = datasets.DatasetDict(train=small_dataset(), validation=small_dataset())
        return both["validation"] if split else both

    assert set(open_source("hub:owner/name", load=load)) == {"train", "validation"}
    readers = open_source("hub:owner/name:validation[:10%]", load=load)
    assert readers["whole"]().name == "hub:owner/name:validation[:10%]"
    assert calls == [("owner/name", None), ("owner/name", "validation[:10%]")]


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("ROWS", "hub:owner/name has 3 rows, but at most 2"),
        ("COLUMNS", "hub:owner/name has 2 columns, but at most 1"),
        ("CELL", "has 6 characters in a cell, but at most 2"),
        ("CHARACTERS", "has 16 characters in all, but at most 2"),
    ],
)
def test_a_data_set_of_the_hub_is_limited(limit, message, monkeypatch):
    monkeypatch.setenv(f"CARTOGRAPHY_MAX_{limit}", "1" if limit == "COLUMNS" else "2")
    readers = open_source("hub:owner/name", load=lambda name, split: small_dataset())
    with pytest.raises(CartographyError, match=message):
        readers["whole"]().values("text")


def test_a_hub_error_is_one_clear_line(capfd):
    def load(*_, **__):
        raise ConnectionError("no network\nand a second line")

    message = (
        "hub:owner/name:test cannot be loaded (ConnectionError: no network); "
        "check the name, the split and the network"
    )
    with pytest.raises(CartographyError) as refusal:
        open_source("hub:owner/name:test", load=load)
    assert str(refusal.value) == message
    with pytest.raises(CartographyError, match="hub:nobody/nothing cannot be loaded"):
        read_corpus("hub:nobody/nothing")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "size", "classes"),
    [
        ("trec_train.csv", 5_452, 6),
        ("agnews_test.csv", 7_600, 4),
        ("sms_spam.csv", 5_574, 2),
        ("clinc150.csv", 15_100, 151),  # its column "split" names 8,600 rows of other splits
    ],
)
def test_real_corpora_need_no_options(data_folder, name, size, classes):
    corpus = read_corpus(data_folder / name)
    assert (len(corpus), len(corpus.classes)) == (size, classes)
    assert corpus.labelled.all()
    assert len(np.unique(corpus.labels)) == classes


@pytest.mark.parametrize("source", ["hub:owner/name", "saved"])
def test_without_the_package_of_the_hub(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "state.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CartographyError, match=r"pip install \"cartography-explorer\[hub\]\""):
        read_corpus(source)
