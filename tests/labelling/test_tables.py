"""The tables of a project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from tickets import tickets

from cartography.corpora.reading import read_corpus
from cartography.formats.export import to_csv, to_jsonl, to_parquet, to_spreadsheet_csv
from cartography.labelling.project import create_project
from cartography.labelling.reconcile import add_labels, read_labels, reconcile
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore
from cartography.labelling.tables import (
    BATCH_COLUMNS,
    LABEL_COLUMNS,
    batch_table,
    event_table,
    label_table,
    tool_table,
)

ROWS = 30
TICKETS = tickets(ROWS)
WRITERS = {"csv": to_csv, "jsonl": to_jsonl, "parquet": to_parquet, "sheet": to_spreadsheet_csv}


@pytest.fixture
def session(own_cache: Path) -> Iterator[LabelSession]:
    """Thirty tickets of which twelve have a label, with columns of the user's own."""
    store = LabelStore()
    frame = TICKETS.drop(columns="class").assign(
        label=[*TICKETS["class"][:12], *[None] * (ROWS - 12)],
        region=[f"=r{i}" for i in range(ROWS)],  # the name of a column of ours
        share=[i / 3 for i in range(ROWS)],
        urgent=[i % 2 == 0 for i in range(ROWS)],
        big=pd.array([2**53 + 1 + i if i % 5 else None for i in range(ROWS)], dtype="Int64"),
    )
    path = own_cache.parent / "tickets.parquet"
    frame.to_parquet(path)
    yield LabelSession(create_project(store, "tickets", read_corpus(path)), "Ada", store)
    store.close()


def label_some(session: LabelSession) -> None:
    bo = LabelSession(session.project, "Bo", session.store)
    session.label("t-20", "sport", round=1)
    bo.label("t-20", "sport", round=1)
    session.label("t-21", "sport")
    bo.label("t-21", "money")
    session.add_class('a "new", class\n')
    session.label("t-22", 'a "new", class')
    session.settle("t-0", "sport")
    session.set_aside("t-1")
    session.skip("t-23")
    session.note("t-20", "=1+1")
    session.note("t-24", "odd")


class TestLabels:
    def test_what_is_known_of_a_label(self, session: LabelSession) -> None:
        label_some(session)
        table = label_table(session)
        assert tuple(table.columns[: len(LABEL_COLUMNS)]) == LABEL_COLUMNS
        assert table["id"].tolist() == [
            "t-0",
            *(f"t-{i}" for i in range(2, 12)),
            "t-20",
            "t-22",
        ]
        assert table["text"].tolist() == [session.text(item) for item in table["id"]]
        assert dict(zip(table["id"], table["label"], strict=True)) == session.labels().to_dict()
        rows = table.set_index("id")
        assert rows.loc["t-20", ["label", "annotators", "round", "source", "note"]].tolist() == [
            "sport",
            "Ada, Bo",
            1,
            "python",
            "=1+1",
        ]
        assert rows.loc["t-0", ["label", "annotators", "source"]].tolist() == [
            "sport",
            "Ada",
            "python",
        ]
        assert rows.loc["t-2", "source"] == "file"
        assert rows.loc["t-2", ["annotators", "labelled_at", "round", "note"]].isna().all()
        assert rows.loc["t-22", "label"] == 'a "new", class'
        at = datetime.fromisoformat(rows.loc["t-20", "labelled_at"])
        assert at.tzinfo == UTC
        assert table[["confidence", "predicted_label", "max_probability"]].isna().all(axis=None)

    def test_the_rest_has_no_label(self, session: LabelSession) -> None:
        label_some(session)
        table = label_table(session, rest=True)
        assert table["id"].tolist() == TICKETS["id"].tolist()
        rows = table.set_index("id")
        for item in ("t-1", "t-21", "t-23", "t-24", "t-29"):
            assert pd.isna(rows.loc[item, "label"])
        assert rows.loc["t-24", "note"] == "odd"
        labelled = table[table["label"].notna()].reset_index(drop=True)
        pd.testing.assert_frame_equal(labelled, label_table(session), check_dtype=False)

    def test_columns_of_the_user_keep_names_and_types(self, session: LabelSession) -> None:
        table = label_table(session, rest=True)
        own = table[table.columns[len(LABEL_COLUMNS) :]]
        assert list(own.columns) == ["weight", "region (data)", "share", "urgent", "big"]
        assert own["weight"].tolist() == list(range(ROWS))
        assert own["region (data)"].tolist() == [f"=r{i}" for i in range(ROWS)]
        assert own["share"].tolist() == [i / 3 for i in range(ROWS)]
        assert own["urgent"].tolist() == [i % 2 == 0 for i in range(ROWS)]
        assert own["big"][1:5].tolist() == [2**53 + 1 + i for i in range(1, 5)]
        assert own["big"].isna().tolist() == [i % 5 == 0 for i in range(ROWS)]
        assert [str(kind) for kind in own.dtypes] == [
            "int64[pyarrow]",
            "string[pyarrow]",
            "double[pyarrow]",
            "bool[pyarrow]",
            "int64[pyarrow]",
        ]

    def test_statistics_are_those_of_the_last_round_with_a_model(
        self, session: LabelSession
    ) -> None:
        session.next_batch(size=3)
        session.label("t-20", "sport")
        (first,) = session.rounds
        assert first.map is not None
        assert first.pool is not None
        rows = label_table(session, rest=True).set_index("id")
        of_map, of_pool = first.map.set_index("id"), first.pool.set_index("id")
        for name in ("confidence", "variability", "correctness", "region", "predicted_label"):
            assert rows.loc[of_map.index, name].tolist() == of_map[name].tolist()
        for name in ("predicted_label", "max_probability"):
            assert rows.loc[of_pool.index, name].tolist() == of_pool[name].tolist()
        assert rows.loc[of_pool.index, "confidence"].isna().all()
        assert rows.loc[of_map.index, "max_probability"].isna().all()
        assert (rows["label"].notna() & rows["confidence"].notna()).sum() == 12

    @pytest.mark.parametrize("kind", list(WRITERS))
    def test_what_goes_out_comes_back_as_it_is(
        self, session: LabelSession, tmp_path: Path, kind: str
    ) -> None:
        session.next_batch(size=3)
        label_some(session)
        empty = read_corpus(TICKETS.drop(columns="class").assign(label=None))
        for rest in (False, True):
            content = WRITERS[kind](label_table(session, rest=rest))
            path = tmp_path / f"back.{'csv' if kind == 'sheet' else kind}"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            found = reconcile(session, read_labels(path))
            assert (len(found.new), len(found.conflicts), found.unknown) == (0, 0, ())
            assert len(found.same) == 13
            assert found.unlabelled == (17 if rest else 0)
            assert (found.by_text, found.new_classes, found.other_texts) == (False, (), ())
            assert add_labels(session, found, "replace") == []
            # To a project without labels, it brings them all.
            copy = LabelSession(create_project(session.store, "copy", empty), "Bo", session.store)
            add_labels(copy, reconcile(copy, read_labels(path)))
            assert copy.labels().to_dict() == session.labels().to_dict()


class TestBatch:
    def test_a_batch_to_be_labelled(self, session: LabelSession) -> None:
        asked = session.next_batch(size=4)
        (first,) = session.rounds
        table = batch_table(session, first, [asked[2].item, asked[0].item])
        assert tuple(table.columns[: len(BATCH_COLUMNS)]) == BATCH_COLUMNS
        assert table["id"].tolist() == [asked[0].item, asked[2].item]
        assert table["text"].tolist() == [asked[0].text, asked[2].text]
        assert table["label"].isna().all()
        assert table["rank"].tolist() == [1, 3]
        assert table["round"].tolist() == [1, 1]
        assert table["strategy"].tolist() == ["margin", "margin"]
        assert table["predicted_label"].tolist() == [asked[0].predicted, asked[2].predicted]
        assert table["probability"].tolist() == [asked[0].probability, asked[2].probability]
        weights = [int(asked[i].item.removeprefix("t-")) for i in (0, 2)]
        assert table["weight"].tolist() == weights
        tool = tool_table(table)
        assert tool["score"].tolist() == table["probability"].tolist()
        assert tool["strategy_score"].tolist() == table["score"].tolist()
        assert "probability" not in tool.columns

    def test_without_a_model_predictions_are_missing(self, session: LabelSession) -> None:
        frame = TICKETS.drop(columns="class").assign(label=None)
        project = create_project(session.store, "cold", read_corpus(frame))
        cold = LabelSession(project, "Ada", session.store)
        asked = cold.next_batch(size=3)
        table = batch_table(cold, cold.rounds[0], [each.item for each in asked])
        assert len(table) == 3
        assert table[["label", "score", "predicted_label", "probability"]].isna().all(axis=None)
        assert set(table["strategy"]) == {"diverse"}

    def test_no_texts(self, session: LabelSession) -> None:
        session.next_batch(size=2)
        assert batch_table(session, session.rounds[0], []).empty


class TestEvents:
    def test_the_log_tells_the_story(self, session: LabelSession) -> None:
        bo = LabelSession(session.project, "Bo", session.store, source="page")
        session.add_class("other")
        session.label("t-20", "sport")
        bo.label("t-20", "other", round=1)
        session.settle("t-20", "money")
        session.undo()
        session.note("t-20", "hm")
        session.rename_class("other", "rest")
        session.merge_class("rest", "money")
        table = event_table(session)
        assert table["number"].tolist() == list(range(1, 10))
        story = table[["annotator", "kind", "id", "from", "to", "text"]]
        # Names of classes are the present ones: the class "rest" is now part of "money".
        assert story.iloc[1:].values.tolist() == [
            ["Ada", "class_added", "", "", "", "other"],
            ["Ada", "labelled", "t-20", "", "sport", ""],
            ["Bo", "labelled", "t-20", "sport", "money", ""],
            ["Ada", "settled", "t-20", "", "money", ""],
            ["Ada", "undone", "", "", "", ""],
            ["Ada", "noted", "t-20", "", "", "hm"],
            ["Ada", "class_renamed", "", "other", "rest", "rest"],
            ["Ada", "class_merged", "", "rest", "money", ""],
        ]
        assert table["undoes"].dropna().to_dict() == {5: 5}
        assert table["undone"].tolist() == [i == 4 for i in range(9)]
        assert table["round"].dropna().to_dict() == {3: 1}
        assert table["source"].tolist() == ["", "python", "python", "page", *["python"] * 5]
        for at in table["at"]:
            assert datetime.fromisoformat(at).tzinfo == UTC

    def test_a_project_of_which_nothing_is_told_but_its_beginning(
        self, session: LabelSession
    ) -> None:
        table = event_table(session)
        assert table["kind"].tolist() == ["created"]
        assert table["text"][0] == "30 texts of tickets.parquet, 12 of them labelled"
