"""Files as people have them, whole: what is read of each, and what stays with its texts."""

from pathlib import Path

import openpyxl
import pytest

from cartography.corpora.corpus import Corpus
from cartography.corpora.reading import read_corpus, read_train_test
from cartography.errors import CartographyError


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def labels(corpus: Corpus) -> list[str]:
    return list(corpus.label_names(corpus.labels))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("text,id,joy,anger\na,0,1,0\nb,1,0,1\n", ["joy", "anger"]),
        ("text,label_joy,label_anger\np,1,0\nq,0,1\n", ["label_joy", "label_anger"]),
        ("text,labels\na,['joy' 'anger']\nb,['joy']\nc,['anger']\n", ["joy", "joy", "anger"]),
        ("text,labels\na,[0 2]\nb,[2]\nc,[0]\n", ["0", "2", "0"]),
        ("text,labels\na,\"('x', 'y')\"\nb,\"{'x'}\"\nc,[nan]\n", ["x", "x", ""]),
    ],
)
def test_labels_in_several_forms(tmp_path: Path, content: str, expected: list[str]) -> None:
    assert labels(read_corpus(write(tmp_path / "t.csv", content))) == expected


@pytest.mark.parametrize(
    "options", [{"text": "a", "label": "a"}, {"text": "a", "id": "a"}, {"label": "b", "id": "b"}]
)
def test_a_column_has_one_role(tmp_path: Path, options: dict[str, str]) -> None:
    path = write(tmp_path / "t.csv", "a,b,text\nx,y,z\n")
    with pytest.raises(CartographyError, match="is named twice; give text, label and id"):
        read_corpus(path, **options)


@pytest.mark.parametrize("odd", ["", "holdout"])
def test_a_row_without_a_split_is_told(tmp_path: Path, odd: str) -> None:
    rows = f"text,label,split\na,x,train\nb,y,train\nc,x,test\nd,y,{odd}\n"
    train, test = read_train_test(write(tmp_path / "t.csv", rows))
    assert list(train.texts) == ["a", "b"]
    assert test is not None
    assert list(test.texts) == ["c"]
    assert train.account is not None
    assert "1 row (without a split in column 'split')" in train.account.summary


def test_a_guessed_id_that_is_not_distinct_stays_a_column(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "user_id,text,label,when\nu1,a,x,1\nu1,b,y,2\n")
    corpus = read_corpus(path)
    assert corpus.columns is not None
    assert corpus.columns.to_frame()["user_id"].tolist() == ["u1", "u1"]
    assert corpus.account is not None
    assert corpus.account.others == ("user_id", "when")
    distinct = read_corpus(write(tmp_path / "d.csv", "user_id,text,label\nu1,a,x\nu2,b,y\n"))
    assert (list(distinct.ids), distinct.columns) == (["u1", "u2"], None)


def test_ids_that_a_file_holds_as_floats_are_whole(tmp_path: Path) -> None:
    lines = '{"id": 1.0, "text": "a", "label": "x"}\n{"id": 2.0, "text": "b", "label": "y"}\n'
    assert list(read_corpus(write(tmp_path / "t.jsonl", lines)).ids) == ["1", "2"]


def test_a_text_file_may_be_a_table_with_line_ends_in_cells(tmp_path: Path) -> None:
    corpus = read_corpus(write(tmp_path / "t.txt", 'text\tlabel\n"a\nb"\tx\nc d\ty\n'))
    assert list(corpus.texts) == ["a\nb", "c d"]


def test_lines_of_fasttext_need_not_all_have_a_label(tmp_path: Path) -> None:
    lines = "__label__a text one\nno label here\n__label__c , text three\n"
    corpus = read_corpus(write(tmp_path / "t.txt", lines))
    assert list(corpus.texts) == ["text one", "no label here", "text three"]
    assert labels(corpus) == ["a", "", "c"]


def test_a_test_set_is_read_from_the_columns_of_the_training_set(tmp_path: Path) -> None:
    train = write(tmp_path / "a.csv", "text,a,b\nt,1,0\nu,0,1\n")
    test = write(tmp_path / "b.csv", "text,a,b\nv,0,1\nw,0,0\nw,0,0\n")
    _, corpus = read_train_test(train, test)
    assert corpus is not None
    assert labels(corpus) == ["b", "", ""]


def test_labels_of_a_test_set_are_divided_as_in_training(tmp_path: Path) -> None:
    rows = "text,label,split\na,x,train\nb,y,train\nc,x;y,train\nd,y;x,test\ne,x;y,test\n"
    _, test = read_train_test(write(tmp_path / "t.csv", rows))
    assert test is not None
    assert labels(test) == ["y", "x"]


@pytest.mark.parametrize(
    ("values", "mark", "expected"),
    [
        ("-1.0 0.0 1.0", "-1", ["", "0", "1"]),
        ("1.0 2.0 9.0", "9", ["1", "2", ""]),
        ("1.0 1 2", "1", ["", "", "2"]),
    ],
)
def test_a_chosen_mark_may_be_a_float_in_the_file(
    tmp_path: Path, values: str, mark: str, expected: list[str]
) -> None:
    rows = "".join(f"t,{value}\n" for value in values.split())
    path = write(tmp_path / "t.csv", "text,label\n" + rows)
    assert labels(read_corpus(path, no_label=(mark,))) == expected
    assert "no label is 'zzz', which --no-label names" in read_corpus(path, no_label=("zzz",)).notes


def test_a_sentence_is_no_column_name(tmp_path: Path) -> None:
    content = "ham\tText me when you are home\nspam\tWin a prize\nham\tok\n"
    with pytest.raises(CartographyError, match="no text column found among 'ham', 'Text me when"):
        read_corpus(write(tmp_path / "t.tsv", content))


def test_folders_of_classes_beside_other_files(tmp_path: Path) -> None:
    for name in ("pos/1.txt", "pos/2.TXT", "neg/1.txt", "neg/more/3.txt", "README.txt"):
        write(tmp_path / name, f"text of {name}")
    corpus = read_corpus(tmp_path)
    assert labels(corpus) == ["neg", "pos", "pos"]
    assert corpus.account is not None
    assert corpus.account.summary == (
        "3 rows read; left out: 1 other file (in 'neg') and 1 other file (beside the class "
        "folders: 'README.txt')"
    )


def test_a_class_folder_without_txt_files_is_named(tmp_path: Path) -> None:
    for name in ("a/1.txt", "b/1.md", "b/2.md", "c/1.txt", "c/.DS_Store", ".DS_Store"):
        write(tmp_path / name, f"text of {name}")
    corpus = read_corpus(tmp_path)
    assert corpus.classes == ("a", "c")
    assert "no class, since no .txt file is in it: 'b'" in corpus.notes
    assert corpus.account is not None
    assert corpus.account.summary == (
        "2 rows read; left out: 3 other files (in 'b', 'c') and 1 other file (beside the class "
        "folders: '.DS_Store')"
    )


def test_a_split_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", "text,label\na,x\nb,y\n")
    write(tmp_path / "test.xls", "x")
    write(tmp_path / "dev" / "pos" / "1.txt", "x")
    train, test = read_train_test(tmp_path)
    assert test is None
    assert "not read, although named like a split: 'dev', 'test.xls'" in train.notes


@pytest.mark.parametrize("known", ["utf-8", "utf-8-sig", "cp1250"])
def test_a_test_file_may_be_of_another_encoding(tmp_path: Path, known: str) -> None:
    rows = "text,label\nzażółć gęślą,jaźń\nb,y\n"
    for name, encoding in (("train.csv", "cp1250"), ("other.csv", known)):
        (tmp_path / name).write_bytes(rows.encode(encoding))
    _, test = read_train_test(tmp_path / "train.csv", tmp_path / "other.csv", encoding="cp1250")
    assert test is not None
    assert list(test.texts) == ["zażółć gęślą", "b"]
    (tmp_path / "other.csv").rename(tmp_path / "test.csv")
    _, test = read_train_test(tmp_path, encoding="cp1250")
    assert test is not None
    assert list(test.texts) == ["zażółć gęślą", "b"]


def test_an_encoding_of_seven_bits_holds_for_the_test_file(tmp_path: Path) -> None:
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_bytes("text,label\n猫,x\n犬,y\n".encode("iso2022_jp"))
    _, test = read_train_test(tmp_path, encoding="iso-2022-jp")
    assert test is not None
    assert list(test.texts) == ["猫", "犬"]


def test_a_sheet_is_that_of_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data")
    for row in (["text", "label"], ["a", "x"], ["b", "y"]):
        sheet.append(row)
    book.save(tmp_path / "train.xlsx")
    path = write(tmp_path / "test.csv", "text,label\nc,x\n")
    _, test = read_train_test(tmp_path / "train.xlsx", path, sheet="Data")
    assert test is not None
    assert list(test.texts) == ["c"]
    with pytest.raises(CartographyError, match="is no workbook: leave out --sheet"):
        read_train_test(path, sheet="Data")


def test_a_guessed_id_of_a_test_table_may_be_repeated(tmp_path: Path) -> None:
    train = write(tmp_path / "a.csv", "uid,text,label\nu1,a,x\nu2,b,y\n")
    path = write(tmp_path / "b.csv", "id,text,label\n1,c,x\n1,d,y\n")
    _, test = read_train_test(train, path, id="uid")
    assert test is not None
    assert list(test.ids) == ["0", "1"]


def test_the_split_of_a_test_folder_is_named(tmp_path: Path) -> None:
    train = write(tmp_path / "a.csv", "text,label\na,x\nb,y\n")
    write(tmp_path / "f" / "train.csv", "text,label\nc,x\n")
    write(tmp_path / "f" / "dev.csv", "text,label\nd,x\n")
    corpus, test = read_train_test(train, tmp_path / "f")
    assert test is not None
    assert list(test.texts) == ["d"]
    assert "the test set is the validation split of the one given" in corpus.notes


def text_folders(folder: Path, encoding: str) -> Path:
    for name, text in (
        ("pos/1", "déjà vu"),
        ("pos/2", "à côté"),
        ("neg/1", "naïveté"),
        ("neg/2", "a"),
    ):
        path = folder / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(encoding))
    return folder


def test_folders_of_texts_are_read_in_the_named_encoding(tmp_path: Path) -> None:
    texts = ["naïveté", "a", "déjà vu", "à côté"]
    corpus = read_corpus(text_folders(tmp_path / "a", "mac-roman"), encoding="mac-roman")
    assert list(corpus.texts) == texts
    assert not any("is not UTF-8" in note for note in corpus.notes)
    with pytest.raises(CartographyError, match="'no-such-encoding' is not known"):
        read_corpus(tmp_path / "a", encoding="no-such-encoding")
    _, test = read_train_test(
        tmp_path / "a", text_folders(tmp_path / "b", "utf-8"), encoding="mac-roman"
    )
    assert test is not None
    assert list(test.texts) == texts


def test_a_guessed_encoding_of_texts_in_folders_is_noted(tmp_path: Path) -> None:
    for name in ("pos/1", "pos/2", "neg/1", "neg/2"):
        path = tmp_path / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes("it\u2019s".encode("utf-8" if name == "neg/2" else "cp1252"))
    notes = read_corpus(tmp_path).notes
    (note,) = [note for note in notes if "is not UTF-8" in note]
    assert note.startswith("1.txt is not UTF-8 and was read as cp1252 (Western European, Windows)")
    assert note.endswith("name another encoding with --encoding; so with 2 other files")


def test_the_texts_of_folders_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTOGRAPHY_MAX_CELL", "6")
    with pytest.raises(CartographyError, match="has 7 characters in a cell"):
        read_corpus(text_folders(tmp_path, "utf-8"))
