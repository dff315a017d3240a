"""The corpus of help-desk messages that comes with the package."""

from pathlib import Path

import pandas as pd

from cartography.cli.app import _resolve
from cartography.corpora.corpus import describe
from cartography.corpora.reading import read_corpus
from cartography.corpora.sources import HELP_DESK_FILE

TOPICS = (*("account", "computers", "digital", "events", "fees", "holds", "interlibrary", "loans"),)


def test_it_is_read_by_its_name_with_its_ground_truth() -> None:
    corpus = read_corpus("help-desk")

    report = describe(corpus)
    assert (report.rows, report.unlabelled, report.duplicate_texts) == (1_479, 0, 0)
    assert corpus.classes == TOPICS
    assert corpus.ids[0] == "m0001"
    assert corpus.columns is not None
    assert corpus.columns.names == ("true_topic", "second_topic", "near_duplicate_of")
    assert "help_desk.csv" in _resolve("help-desk")


def test_the_ground_truth_is_as_documented() -> None:
    table = pd.read_csv(HELP_DESK_FILE, keep_default_na=False)

    wrong = table["topic"] != table["true_topic"]
    ambiguous = table["second_topic"] != ""
    near = table["near_duplicate_of"] != ""
    assert (wrong.sum(), ambiguous.sum(), near.sum()) == (59, 150, 30)
    assert not (wrong & ambiguous).any()
    assert not (wrong & near).any()
    assert set(table["true_topic"]) | set(table["second_topic"]) == {*TOPICS, ""}
    assert (table["second_topic"] != table["true_topic"]).all()
    assert table["text"].str.len().between(20, 200).all()
    by_id = table.set_index("id")
    assert (
        by_id.loc[table["near_duplicate_of"][near], "true_topic"].to_numpy()
        == table["true_topic"][near].to_numpy()
    ).all()
    page = (Path(__file__).parents[2] / "docs" / "help-desk.md").read_text(encoding="utf-8")
    assert "1,479" in page
