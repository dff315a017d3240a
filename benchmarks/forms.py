"""How many of the forms of files that people have are read right, or refused for the right reason.

    python benchmarks/forms.py FOLDER

FOLDER holds files of the forms below, by name; a file that is missing is counted as not there. Each
line says what was read: rows, classes, and the notes. The exit code is the number of faults.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cartography.corpora.corpus import Corpus
from cartography.corpora.reading import read_corpus, read_train_test
from cartography.errors import CartographyError
from cartography.features.vector_files import read_vectors
from cartography.features.word_vectors import tokenise

CLASSES = ("billing", "delivery", "quality")


@dataclass(frozen=True)
class Form:
    """A file and what its owner expects of it.

    Attributes
    ----------
    file : str
        Name of the file, or of an archive with a folder of the same name.
    check : callable
        `check(path)` raises AssertionError if the file is read wrongly.
    """

    file: str
    check: Callable[[Path], str]


def said(corpus: Corpus, *parts: str) -> str:
    """Check that the notes of a corpus contain some words, and return the notes."""
    account = corpus.account.summary if corpus.account else ""
    text = "; ".join((*corpus.notes, account))
    for part in parts:
        assert part in text, f"no word of {part!r} in: {text}"
    return text


def corpus(
    *parts: str,
    rows: int = 90,
    classes: tuple[str, ...] | None = CLASSES,
    unlabelled: int = 0,
    has: str = "",
    **options: object,
) -> Callable[[Path], str]:
    """Expect a corpus of `rows` texts of `classes`, whose notes contain `parts`."""

    def check(path: Path) -> str:
        read = read_corpus(path, **options)
        counted = len(read), int((~read.labelled).sum())
        assert counted == (rows, unlabelled), f"{counted} rows and unlabelled"
        assert classes is None or read.classes == classes, f"classes {read.classes}"
        assert not has or any(has in text for text in read.texts), f"no text has {has!r}"
        assert not any("\n" in text for text in read.texts), "rows were swallowed"
        return said(read, *parts)

    return check


def refused(*parts: str, **options: object) -> Callable[[Path], str]:
    """Expect one line that contains `parts`."""

    def check(path: Path) -> str:
        try:
            read_corpus(path, **options)
        except CartographyError as error:
            message = str(error)
            assert "\n" not in message
            for part in parts:
                assert part in message, message
            return message
        raise AssertionError("it was read")

    return check


def splits(rows: int, test_rows: int, *parts: str) -> Callable[[Path], str]:
    """Expect a training and a test corpus in a folder."""

    def check(path: Path) -> str:
        train, test = read_train_test(path)
        assert test is not None, "no test set"
        assert (len(train), len(test)) == (rows, test_rows), (len(train), len(test))
        assert train.classes == CLASSES, train.classes
        return said(train, *parts)

    return check


def pair(test: str, labelled: bool) -> Callable[[Path], str]:
    """Expect that a training table and a test table have the same two classes."""

    def check(path: Path) -> str:
        train, other = read_train_test(path, path.with_name(test))
        assert other is not None
        assert len(train.classes) == 2
        assert bool(other.labelled.all()) == labelled
        assert bool(other.labelled.any()) == labelled
        return said(other)

    return check


def vectors(share: float, table: str = "e15_train.csv", *parts: str) -> Callable[[Path], str]:
    """Expect vectors for a share of the words of `table`; 0 is a refusal with `parts`."""

    def check(path: Path) -> str:
        texts = read_corpus(path.with_name(table)).texts
        words = sorted({token for text in texts for token in tokenise(text)})
        try:
            found = read_vectors(path, words)
        except CartographyError as error:
            message = str(error)
            assert not share, message
            assert all(part in message for part in parts), message
            return message
        got = float(found.has_vector.mean())
        assert got >= share > 0, f"{got:.0%} of the words"
        return f"{got:.0%} of {len(words)} words"

    return check


def exported(path: Path) -> str:
    """Expect that a batch comes back as it went out, in CSV, JSONL and Parquet."""
    before = read_corpus(path)
    with tempfile.TemporaryDirectory() as name:
        run, folder = Path(name) / "run", Path(name)
        _cartography(
            "learn",
            path,
            "--strategy",
            "lc",
            "--iterations",
            "1",
            "--epochs",
            "2",
            "--seed-size",
            "20",
            "--query-size",
            "30",
            "--out",
            run,
        )
        for suffix in ("csv", "jsonl", "parquet"):
            batch = folder / f"batch.{suffix}"
            _cartography("export", run, "--iteration", "1", "--out", batch)
            after = read_corpus(batch)
            rows = dict(zip(before.ids, range(len(before)), strict=True))
            assert len(after) == 30
            for i, key in enumerate(after.ids):
                assert before.texts[rows[key]] == after.texts[i]
                old = before.label_names(before.labels)[rows[key]]
                assert old == after.label_names(after.labels)[i]
    return "30 rows equal in CSV, JSONL and Parquet"


def _cartography(*arguments: object) -> None:
    command = [sys.executable, "-m", "cartography", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr[-300:]


def upload(path: Path) -> str:
    """Expect that a file whose name has 253 bytes is stored."""
    from cartography.files import atomic_write

    name = "客户反馈" * 20 + "客户客.csv"
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / name
        with atomic_write(stored) as temporary:
            shutil.copyfile(path, temporary)
        return f"{len(read_corpus(stored))} rows from a name of {len(name.encode())} bytes"


FORMS = (
    Form("e10_sentiment_minus1.csv", exported),
    Form("e28_tweets_at.csv", exported),
    Form("d12_hindi.vec", vectors(1.0, "d12_hindi.csv")),
    Form(
        "e02_nan_strings_numeric.csv", corpus("'nan' (51)", classes=("1", "2", "3"), unlabelled=51)
    ),
    Form("e04_minus1_binary.csv", corpus("--no-label -1", rows=100, classes=("-1", "0", "1"))),
    Form("e05_glue_train.csv", pair("e05_glue_test.csv", labelled=False)),
    Form(
        "e06_snli_dash.csv",
        corpus("'-' (12)", classes=("contradiction", "entailment", "neutral"), unlabelled=12),
    ),
    Form("e08_nfc_nfd_label.csv", corpus(classes=("livraison", "qualité", "réclamation"))),
    Form("b16_bool_labels.jsonl", pair("b16_bool_labels_test.csv", labelled=True)),
    Form("e09_case_space_labels.csv", corpus("differ in case only", classes=None)),
    Form("c15_quotation_over_rows.tsv", corpus(has='"')),
    Form("c15b_quotation_over_rows_tab.csv", corpus(has='"')),
    Form("c15c_quotation_over_rows_comma.csv", corpus(has='"')),
    Form("c03_semicolon_comma_in_header.csv", corpus()),
    Form("c03b_semicolon_quoted_comma_header.csv", corpus()),
    Form("c16_tab_with_comma_in_header.csv", corpus()),
    Form("c12_cr_only_semicolon.csv", corpus()),
    Form("c09_trailing_delimiter.csv", corpus()),
    Form("c11_skipinitialspace.csv", corpus(has=", ok")),
    Form("c08_title_above_header.csv", corpus("left out")),
    Form("c18_repeated_header.csv", corpus("left out")),
    Form("b01_labelstudio_export.json", corpus("Label Studio", rows=45)),
    Form("b04b_doccano_multi.jsonl", corpus("several labels", classes=None, unlabelled=10)),
    Form("b06b_json_data_field_indented.json", corpus()),
    Form("b07_pandas_to_json_columns.json", corpus()),
    Form("b07b_dict_of_lists.json", corpus()),
    Form("b11_pretty_objects.json", corpus()),
    Form("b12_json_nan_text.jsonl", corpus("without a text, read as empty")),
    Form("b13_json_number_text.jsonl", corpus("1 number read as text")),
    Form("b10_nested_text.jsonl", corpus("'document.text'")),
    Form("f09_struct.parquet", corpus("doc.")),
    Form("b08_argilla_v1.jsonl", corpus("Argilla", rows=60)),
    Form("b09_argilla_v2.json", corpus("Argilla", rows=60)),
    Form("f05_decimal_label.parquet", corpus(classes=("0", "1", "2"))),
    Form("a01_csv_gz.csv.gz", corpus()),
    Form("a03_jsonl_gz.jsonl.gz", corpus()),
    Form("a02_zip.zip", corpus()),
    Form("a04_excel.xlsx", corpus()),
    Form("a07_arrow.arrow", corpus()),
    Form("a08_class_folders.tar.gz", splits(30, 15)),
    Form("a09_shards.tar.gz", splits(75, 15)),
    Form("b05_doccano_multi.csv", corpus("several labels", classes=None)),
    Form("e12_multilabel_comma.csv", corpus("several labels", classes=None)),
    Form("e12b_multilabel_list_repr.csv", corpus("several labels", classes=None)),
    Form("e11b_one_hot_text.csv", corpus("columns of 0 and 1")),
    Form("s02_sequence_classlabel.tar.gz", corpus()),
    Form("d16_polish_natural_8859_2.csv", corpus(rows=48, classes=None, has="proszę")),
    Form("d14_turkish_natural_cp1254.csv", corpus(rows=48, classes=None, has="kart\u0131mdan")),
    Form("c04_utf16le_no_bom.csv", corpus()),
    Form("s01_train_validation.tar.gz", splits(60, 30, "validation split is the test set")),
    Form("a11_train_valid_test.tar.gz", splits(60, 15, "validation split is not used")),
    Form("g01_glove.txt", vectors(1.0)),
    Form("g05_bin_gz.bin.gz", vectors(0, "e15_train.csv", "unpack it")),
    Form("g04_zip.vec.zip", vectors(0.1)),
    Form("g02_head_truncated.vec", vectors(0, "e15_train.csv", "first line")),
    Form("g10_tab.vec", vectors(1.0)),
    Form("e15_train.csv", upload),
)


def unpacked(folder: Path, form: Form, scratch: Path) -> Path:
    """The path of a form; an archive of a folder is unpacked."""
    path = folder / form.file
    if not form.file.endswith(".tar.gz"):
        return path
    with tarfile.open(path) as archive:
        archive.extractall(scratch, filter="data")
    return scratch / form.file.removesuffix(".tar.gz")


def main() -> int:
    """Print a line for each form, and the tally."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    tally: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for form in FORMS:
            if not (folder / form.file).exists():
                outcome, text = "not there", ""
            else:
                try:
                    text = form.check(unpacked(folder, form, Path(scratch)))
                    outcome = "right"
                except (AssertionError, CartographyError) as error:
                    outcome, text = "WRONG", str(error)
                except Exception as error:
                    outcome, text = "TRACEBACK", repr(error)
            tally[outcome] += 1
            print(f"{outcome:9} {form.file}: {text[:220]}")
    print(", ".join(f"{count} {outcome}" for outcome, count in tally.items()))
    return tally["WRONG"] + tally["TRACEBACK"]


if __name__ == "__main__":
    sys.exit(main())
