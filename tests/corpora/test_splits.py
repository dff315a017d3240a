"""Splits by file, by folder and by column; shards; folders of classes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cartography.corpora.reading import read_corpus, read_train_test
from cartography.corpora.splits import split_of
from cartography.errors import CartographyError


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.csv", "train"),
        ("my-Training_set", "train"),
        ("dev.tsv", "validation"),
        ("valid", "validation"),
        ("val_2", "validation"),
        ("oos_val", "validation"),
        ("test-00000-of-00002", "test"),
        ("contest.csv", None),
        ("trained", None),
        ("invalid", None),
        ("", None),
    ],
)
def test_the_split_is_a_word_of_the_name(name: str, split: str | None) -> None:
    assert split_of(name) == split


def table(path: Path, *rows: str, header: str = "text,label") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_split_column(tmp_path: Path) -> None:
    rows = ["a,x,train", "b,y,train", "c,x,dev", "d,y,test", "e,x,oos_test", "f,y,train"]
    path = table(tmp_path / "all.csv", *rows, header="text,label,split")
    train, test = read_train_test(path)
    assert list(train.texts) == ["a", "b", "f"]
    assert list(train.ids) == ["0", "1", "5"], "numbers of the file, by which it can be joined"
    assert train.notes[0].endswith(", ids are row numbers of the whole file from 0")
    assert test is not None
    assert list(test.texts) == ["d", "e"]
    assert list(test.ids) == ["3", "4"]
    assert train.account is not None
    assert "2 test rows (by column 'split')" in train.account.summary
    assert "the validation split is not used" in train.notes
    assert list(read_corpus(path).texts) == ["a", "b", "f"]
    with pytest.raises(CartographyError, match=r"row 4 \(line 5\)"):
        read_train_test(
            table(
                tmp_path / "bad.csv", *rows[:3], "d,v,test", "e,z,test", header="text,label,split"
            )
        )


@pytest.mark.parametrize("values", [["a", "b"], ["train", "other"], ["1", "2"], ["test", "test"]])
def test_another_column_named_split_is_only_a_column(tmp_path: Path, values: list[str]) -> None:
    rows = [
        f"t{i},{label},{value}" for i, (label, value) in enumerate(zip("xy", values, strict=True))
    ]
    corpus = read_corpus(table(tmp_path / "all.csv", *rows, header="text,label,split"))
    assert len(corpus) == 2
    assert corpus.columns is not None
    assert corpus.columns.names == ("split",)


def test_rows_of_a_split_keep_their_numbers_where_ids_are_repeated(tmp_path: Path) -> None:
    rows = ["a,x,train,1", "b,y,test,2", "c,y,train,1"]
    corpus = read_corpus(table(tmp_path / "all.csv", *rows, header="text,label,split,id"))
    assert list(corpus.ids) == ["0", "2"]
    assert "row 1 (line 2) and row 3 (line 4) have the same id '1'" in " ".join(corpus.notes)


def test_validation_is_the_test_set_where_there_is_no_other(tmp_path: Path) -> None:
    table(tmp_path / "train.csv", "a,x", "b,y")
    table(tmp_path / "dev.csv", "c,x")
    train, test = read_train_test(tmp_path)
    assert test is not None
    assert list(test.texts) == ["c"]
    assert "the validation split is the test set" in train.notes
    table(tmp_path / "test.csv", "d,x")
    train, test = read_train_test(tmp_path)
    assert test is not None
    assert list(test.texts) == ["d"]
    assert "the validation split is not used" in train.notes


@pytest.mark.parametrize("place", ["", "data"])
def test_shards_are_joined(tmp_path: Path, place: str) -> None:
    for number, text in enumerate("ab"):
        path = tmp_path / place / f"train-0000{number}-of-00002.parquet"
        path.parent.mkdir(exist_ok=True)
        pd.DataFrame({"text": [text], "label": [text.upper()], str(number): ["n"]}).to_parquet(path)
    corpus = read_corpus(tmp_path)
    assert (list(corpus.texts), corpus.classes) == (["a", "b"], ("A", "B"))
    assert corpus.columns is not None
    assert corpus.columns.to_frame().fillna("").to_numpy().tolist() == [["n", ""], ["", "n"]]


def test_different_files_of_one_split_are_not_joined(tmp_path: Path) -> None:
    table(tmp_path / "train_a.csv", "a,x")
    table(tmp_path / "train_b.csv", "b,y")
    with pytest.raises(
        CartographyError, match=r"more than one train file \('train_a.csv', 'train_b"
    ):
        read_corpus(tmp_path)


def test_folders_of_classes(tmp_path: Path) -> None:
    for split, number in (("train", 2), ("test", 1)):
        for name in ("neg", "pos", "unsup"):
            for i in range(number):
                path = tmp_path / split / name / f"{i}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{name} é {i}\nsecond line", encoding="utf-8")
    train, test = read_train_test(tmp_path)
    assert test is not None
    assert list(train.texts)[:2] == ["neg é 0\nsecond line", "neg é 1\nsecond line"]
    assert train.classes == ("neg", "pos")
    assert list(train.labels) == [0, 0, 1, 1, -1, -1]
    assert list(test.ids) == ["neg/0.txt", "pos/0.txt", "unsup/0.txt"]
    assert len(read_corpus(tmp_path / "train")) == 6


def test_a_folder_without_texts_says_what_it_may_hold(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.txt").write_text("x", encoding="utf-8")
    with pytest.raises(CartographyError, match=r"contains no train file .* a folder of .txt files"):
        read_corpus(tmp_path)


def test_other_columns_follow_their_rows(tmp_path: Path) -> None:
    rows = [f"text {i},{'xy'[i % 2]},{i}" for i in range(10)]
    corpus = read_corpus(table(tmp_path / "t.csv", *rows, header="text,label,when"))
    taken = corpus.take(np.array([7, 2]))
    assert taken.columns is not None
    assert taken.columns.to_frame()["when"].tolist() == ["7", "2"]
    assert taken.take(np.array([False, True])).columns.to_frame()["when"].tolist() == ["2"]
    assert list(taken.columns.to_frame(reserved=["when"])) == ["when (data)"]


def test_annotators_that_disagree_are_counted(tmp_path: Path) -> None:
    tasks = [
        {
            "id": i,
            "data": {"text": f"text {i}"},
            "annotations": [
                {"result": [{"from_name": "t", "to_name": "text", "type": "choices",
                             "value": {"choices": [choice]}}]}
                for choice in ("ab" if i == 0 else "bb")
            ],
        }
        for i in range(3)
    ]  # fmt: skip
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    corpus = read_corpus(path)
    assert corpus.label_names(corpus.labels).tolist() == ["a", "b", "b"]
    assert "1 text whose annotators disagree: the first answer is the label" in corpus.notes


def test_a_labelled_test_set_beside_texts_without_labels(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\na,\nb,\n")
    (tmp_path / "test.csv").write_text("text,label\nc,x\nd,y\n")

    train, test = read_train_test(tmp_path / "train.csv", tmp_path / "test.csv")

    assert train.classes == ()
    assert test is not None
    assert test.classes == ("x", "y")
    assert test.labels.tolist() == [0, 1]
