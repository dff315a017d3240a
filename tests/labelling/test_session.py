"""One person's work on a project, and the rounds that ask for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from made_up import corpus
from tickets import tickets

from cartography.corpora.corpus import Corpus
from cartography.corpora.reading import read_corpus
from cartography.errors import CartographyError
from cartography.labelling.events import Act
from cartography.labelling.project import (
    Project,
    ProjectSettings,
    batch_size,
    change_settings,
    create_project,
    delete_project,
    list_projects,
    open_project,
)
from cartography.labelling.round_model import RoundRequest, RoundTexts
from cartography.labelling.rounds import next_folder, read_rounds, run_round
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore
from cartography.runs.manifest import SUMMARY

pytestmark = pytest.mark.usefixtures("own_cache")

ROWS = 40
TICKETS = tickets(ROWS)
CLASS_OF = dict(zip(TICKETS["id"], TICKETS["class"], strict=True))
IDS = TICKETS["id"].tolist()
CPU = RoundRequest(device="cpu")


@pytest.fixture
def store(own_cache: Path) -> Iterator[LabelStore]:
    opened = LabelStore()
    yield opened
    opened.close()


def pool(labelled: int = 0, rows: pd.DataFrame = TICKETS) -> Corpus:
    """Tickets of which the first ones have a label."""
    labels = [*rows["class"][:labelled], *[None] * (len(rows) - labelled)]
    return read_corpus(rows.drop(columns="class").assign(label=labels))


def session_of(
    store: LabelStore,
    texts: Corpus,
    name: str = "Ada",
    test: Corpus | None = None,
    **settings: object,
) -> LabelSession:
    project = create_project(store, "p", texts, test, ProjectSettings(**settings))  # type: ignore[arg-type]
    return LabelSession(project, name, store)


def another(session: LabelSession, name: str) -> LabelSession:
    return LabelSession(session.project, name, session.store)


def write_batch(
    project: Project, number: int, items: Sequence[str], *others: Sequence[str]
) -> None:
    """A finished round that asked for these texts, without a model."""
    folder = project.rounds_folder / f"{number:04d}"
    folder.mkdir(parents=True)
    duplicates = [*map(list, others), *[[]] * (len(items) - len(others))]
    pd.DataFrame(
        {
            "id": pd.Series(items, dtype="str"),
            "rank": range(1, len(items) + 1),
            "score": 0.5,
            "reason": "because",
            "predicted_label": "",
            "probability": float("nan"),
            "duplicates": duplicates,
        }
    ).to_parquet(folder / "batch.parquet")
    team = {"annotators": project.settings.annotators, "overlap": project.settings.overlap}
    (folder / SUMMARY).write_text(json.dumps({"strategy": "margin", **team}))


def items(asked: Iterable[object]) -> list[str]:
    return [each.item for each in asked]  # type: ignore[attr-defined]


def label_as_they_are(session: LabelSession, ids: Iterable[str]) -> None:
    for item in ids:
        session.label(item, CLASS_OF[item])


def run(session: LabelSession, request: RoundRequest = CPU) -> None:
    for _ in session.run_round(request):
        pass


class TestActs:
    @pytest.fixture
    def session(self, store: LabelStore) -> LabelSession:
        opened = session_of(store, corpus("one", "two", "three", "four"), " Ada ")
        for name in ("cat", "dog"):
            opened.add_class(name)
        return opened

    def test_labels_and_the_pool(self, session: LabelSession) -> None:
        session.label("2", "dog", round=3)
        session.skip("1")
        session.set_aside("3")
        assert session.labels().to_dict() == {"2": "dog"}
        assert session.labels().index.name == "id"
        assert session.pool() == ["0", "1"]
        assert session.text("2") == "three"
        event = session.state.event(4)
        assert (event.kind, event.annotator, event.item, event.label) == ("labelled", "Ada", "2", 1)
        assert (event.round, event.source, event.previous) == (3, "python", None)
        session.clear("2")
        assert session.pool() == ["0", "1", "2"]
        assert session.labels().empty

    def test_what_a_text_was_before_is_recorded(self, session: LabelSession) -> None:
        other = another(session, "Bo")
        events = [
            session.label("0", "cat"),
            session.label("0", "dog"),
            other.label("0", "cat"),
            other.settle("0", "cat"),
            session.set_aside("0"),
            session.label("0", "dog"),
        ]
        # After the third, both disagree, and the text has no label.
        assert [event.previous for event in events] == [None, 0, 1, None, 0, None]

    def test_another_person_is_seen_at_once(self, session: LabelSession) -> None:
        other = another(session, "Bo")
        other.label("0", "cat")
        other.add_class("owl")
        assert session.labels().to_dict() == {"0": "cat"}
        session.label("1", "owl")
        assert other.labels().to_dict() == {"0": "cat", "1": "owl"}
        assert LabelSession("p", "Cy", session.store).labels().to_dict() == other.labels().to_dict()

    def test_undo_and_redo(self, session: LabelSession) -> None:
        session.label("0", "cat")
        session.label("1", "dog")
        another(session, "Bo").label("2", "cat")
        undone = session.undo()
        assert undone is not None
        assert undone.item == "1"
        assert session.labels().to_dict() == {"0": "cat", "2": "cat"}
        again = session.redo()
        assert again is not None
        assert again.item == "1"
        assert session.redo() is None
        assert session.labels().to_dict() == {"0": "cat", "1": "dog", "2": "cat"}
        kinds = [session.undo() for _ in range(5)]
        assert [event and event.kind for event in kinds] == [
            "labelled",
            "labelled",
            "class_added",
            "class_added",
            None,
        ]
        assert session.state.classes == {}
        assert session.labels().empty

    def test_events_by_number(self, session: LabelSession) -> None:
        numbers = [session.label(item, "cat").number for item in "012"]
        session.undo_events(numbers[:2])
        assert session.labels().to_dict() == {"2": "cat"}
        undoings = [event.number for event in session.state.events if event.kind == "undone"]
        session.undo_events(undoings)
        assert session.labels().to_dict() == {"0": "cat", "1": "cat", "2": "cat"}
        with pytest.raises(CartographyError, match=r"^there is no event 99: the log has 10$"):
            session.undo_events([numbers[0], 99])
        with pytest.raises(CartographyError, match=r"^event 1 \(created\) cannot be undone$"):
            session.undo_events([numbers[0], 1])
        assert session.state.last == 10

    def test_what_cannot_be_done_is_one_line_and_stores_nothing(
        self, session: LabelSession
    ) -> None:
        last = session.state.last
        with pytest.raises(CartographyError, match=r"^there is no text with the id 'x'$"):
            session.label("x", "cat")
        with pytest.raises(CartographyError, match=r"^there is no text with the id 'x'$"):
            session.text("x")
        with pytest.raises(
            CartographyError, match=r"^there is no class 'owl'; there are cat, dog$"
        ):
            session.label("0", "owl")
        good = Act("labelled", "Ada", "0", 0)
        for wrong, message in (
            (Act("labelled", "Ada", "0"), r"^text '0' was given no class$"),
            (Act("settled", "Ada", "0"), r"^text '0' was given no class$"),
            (Act("labelled", "Ada", "0", 7), r"^there is no class number 7$"),
            (Act("labelled", "Ada", "0", -1), r"^there is no class number -1$"),
            (Act("class_merged", "Ada", "", 0, 7), r"^there is no class number 7$"),
            (Act("skipped", "Ada", "x"), r"^there is no text with the id 'x'$"),
        ):
            with pytest.raises(CartographyError, match=message):
                session.act([good, wrong])
        assert session.state.last == last

    def test_an_act_sent_twice_is_stored_once(self, session: LabelSession) -> None:
        act = Act("labelled", "Ada", "0", 0, token="t")
        assert len(session.act([act])) == 1
        assert session.act([act]) == []
        assert another(session, "Ada").act([act]) == []
        assert session.state.last == 4

    def test_notes(self, session: LabelSession) -> None:
        session.note("0", "is it?")
        another(session, "Bo").note("0", "it is")
        assert session.state.note("0") == "it is"
        assert session.pool() == ["0", "1", "2", "3"]
        session.undo()
        assert session.state.note("0") == "it is"
        other = another(session, "Bo")
        other.undo()
        assert other.state.note("0") == ""


class TestClasses:
    @pytest.fixture
    def session(self, store: LabelStore) -> LabelSession:
        return session_of(store, pool(4))

    def test_add(self, session: LabelSession) -> None:
        assert session.project.corpus.classes == ("money", "sport")
        assert session.add_class(" other ") == 2
        assert session.add_class("other") == 2
        assert session.add_class("sport") == 1
        assert session.state.last == 2
        with pytest.raises(CartographyError, match=r"^a class needs a name$"):
            session.add_class(" ")
        with pytest.raises(CartographyError, match=r"^the name of a class has at most 200 char"):
            session.add_class("x" * 201)
        assert session.add_class("x" * 200) == 3

    def test_two_thousand_are_the_most(self, session: LabelSession) -> None:
        session.act([Act("class_added", "Ada", text=f"c{i}") for i in range(1_998)])
        assert session.add_class("c7") == 9
        with pytest.raises(CartographyError, match=r"^a project has at most 2,000 classes$"):
            session.add_class("one more")

    def test_rename(self, session: LabelSession) -> None:
        session.rename_class("sport", " games ")
        assert set(session.labels()) == {"money", "games"}
        with pytest.raises(CartographyError, match=r"^there is a class 'money' already: merge"):
            session.rename_class("games", "money")
        with pytest.raises(CartographyError, match=r"^there is no class 'sport'; there are money"):
            session.rename_class("sport", "x")
        with pytest.raises(CartographyError, match=r"^a class needs a name$"):
            session.rename_class("games", "")
        session.undo()
        assert set(session.labels()) == {"money", "sport"}

    def test_merge(self, session: LabelSession) -> None:
        before = session.labels()
        session.merge_class("sport", "money")
        assert set(session.labels()) == {"money"}
        assert len(session.labels()) == 4
        with pytest.raises(CartographyError, match=r"^class 'money' cannot be merged with itself$"):
            session.merge_class("money", "money")
        session.undo()
        assert session.labels().equals(before)


class TestQueue:
    def test_the_order_is_that_of_the_batches(self, store: LabelStore) -> None:
        session = session_of(store, corpus(*"abcdefgh"))
        session.add_class("x")
        write_batch(session.project, 1, ["5", "1"], ["3", "7"])
        write_batch(session.project, 2, ["0", "6"])
        asked = session.queue()
        assert [(each.item, each.text, each.round) for each in asked] == [
            ("5", "f", 1),
            ("1", "b", 1),
            ("0", "a", 2),
            ("6", "g", 2),
        ]
        assert asked[0].duplicates == ("3", "7")
        assert (asked[1].duplicates, asked[1].reason, asked[1].predicted) == ((), "because", "")
        session.label("5", "x")
        session.skip("1")
        session.unsure("0")
        session.set_aside("6")
        assert session.queue() == []
        session.undo()
        assert items(session.queue()) == ["6"]
        session.clear("5")
        assert items(session.queue()) == ["5", "6"]

    def test_a_second_annotator_starts_elsewhere_and_goes_on_in_order(
        self, store: LabelStore
    ) -> None:
        ada = session_of(store, corpus(*"abcdefgh"))
        bo = another(ada, "Bo")
        ada.add_class("x")
        write_batch(ada.project, 1, list("765432"))
        assert items(bo.queue()) == list("765432")
        ada.label("7", "x")
        assert items(ada.queue()) == list("65432")
        assert items(bo.queue()) == list("43265")
        bo.label("4", "x")
        assert items(bo.queue()) == list("3265")
        bo.label("3", "x")
        assert items(bo.queue()) == list("265")
        assert items(ada.queue()) == list("652")
        bo.label("2", "x")
        assert items(bo.queue()) == items(ada.queue()) == list("65")

    def test_a_text_that_somebody_skipped_waits_for_the_others(self, store: LabelStore) -> None:
        ada = session_of(store, corpus(*"ab"))
        write_batch(ada.project, 1, ["0", "1"])
        ada.skip("0")
        ada.unsure("1")
        assert ada.queue() == []
        assert sorted(items(another(ada, "Bo").queue())) == ["0", "1"]

    def test_shares_and_overlap(self, store: LabelStore) -> None:
        names = ("Ada", "Bo", "Cy")
        texts = corpus(*"abcdefghij")
        ada = session_of(store, texts, annotators=names, overlap=3)
        ada.add_class("x")
        write_batch(ada.project, 1, list("0123456789"))
        queues = {name: items(another(ada, name).queue()) for name in (*names, "Guest")}
        assert queues == {
            "Ada": ["0", "1", "2", "3", "6", "9"],
            "Bo": ["0", "1", "2", "4", "7"],
            "Cy": ["0", "1", "2", "5", "8"],
            "Guest": list("0123456789"),
        }
        for item in "036":
            ada.label(item, "x")
        assert items(ada.queue()) == ["1", "2", "9"]
        assert items(another(ada, "Bo").queue()) == queues["Bo"]
        # A guest does not answer for what one of them has answered.
        assert items(another(ada, "Guest").queue()) == list("1245789")

    def test_a_change_of_the_team_counts_from_the_next_batch(self, store: LabelStore) -> None:
        ada = session_of(store, corpus(*"abcd"))
        ada.add_class("x")
        write_batch(ada.project, 1, list("01"))
        ada.label("0", "x")
        changed = change_settings(store, ada.project, annotators=("Ada", "Bo"), overlap=1)
        write_batch(changed, 2, list("23"))

        queues = {name: items(LabelSession(changed, name, store).queue()) for name in ("Ada", "Bo")}

        # The text that Ada labelled before is not asked for again.
        assert queues == {"Ada": ["1", "2", "3"], "Bo": ["1", "2"]}

    def test_overlap_without_names(self, store: LabelStore) -> None:
        ada = session_of(store, corpus(*"abcd"), overlap=2)
        ada.add_class("x")
        write_batch(ada.project, 1, list("0123"))
        for item in "0123":
            ada.label(item, "x")
        assert items(another(ada, "Bo").queue()) == ["0", "1"]


class TestProject:
    def test_created_and_opened(self, store: LabelStore, own_cache: Path) -> None:
        project = create_project(store, " p ", pool(12), None, ProjectSettings(overlap=2), "Ada")
        again = open_project(store, project.id)
        assert (again.name, again.settings) == ("p", ProjectSettings(overlap=2))
        assert open_project(store, "p").id == project.id
        assert again.corpus.ids.tolist() == IDS
        assert again.corpus.texts.tolist() == TICKETS["text"].tolist()
        assert again.corpus.classes == ("money", "sport")
        assert again.corpus.labels.tolist() == pool(12).labels.tolist()
        assert again.test is None
        (event,) = store.events(project.id)
        assert (event.kind, event.annotator) == ("created", "Ada")
        assert event.text.startswith("40 texts of ")
        assert event.text.endswith(", 12 of them labelled")

    def test_the_test_set_gives_classes_and_leaves_out_unlabelled_texts(
        self, store: LabelStore
    ) -> None:
        test = pool(10, tickets(20, 1, "v-"))
        project = create_project(store, "p", pool(), test)
        assert project.test is not None
        assert len(project.test) == 10
        session = LabelSession(project, "Ada", store)
        assert session.state.classes == {0: "money", 1: "sport"}
        assert session.labels().empty

    def test_labels_of_the_test_set_index_the_classes_of_the_project(
        self, store: LabelStore
    ) -> None:
        texts = replace(corpus("a", "b"), labels=np.array([0, 1]), classes=("cat", "dog"))
        test = replace(corpus("c", "d"), labels=np.array([0, 1]), classes=("owl", "cat"))
        project = create_project(store, "p", texts, test)
        assert project.corpus.classes == ("cat", "dog", "owl")
        assert project.test is not None
        assert project.test.labels.tolist() == [2, 0]

    def test_names(self, store: LabelStore) -> None:
        with pytest.raises(CartographyError, match=r"^there is no project 'p'$"):
            open_project(store, "p")
        first, second = create_project(store, "p", pool()), create_project(store, "p", pool())
        with pytest.raises(CartographyError, match=r"^2 projects are named 'p': give an id \("):
            open_project(store, "p")
        assert {each.id for each in list_projects(store)} == {first.id, second.id}
        delete_project(store, first.id)
        assert not first.folder.exists()
        assert open_project(store, "p").id == second.id
        with pytest.raises(CartographyError, match=r"^there is no project 'q'; there are 'p'$"):
            open_project(store, "q")

    def test_what_is_wrong_leaves_no_project(self, store: LabelStore) -> None:
        with pytest.raises(CartographyError, match=r"^a project needs a name$"):
            create_project(store, " ", pool())
        with pytest.raises(CartographyError, match="has no texts to label"):
            create_project(store, "p", corpus())
        for settings, message in (
            (ProjectSettings(overlap=-1), "are 0 or more"),
            (ProjectSettings(annotators=("Ada", "Ada")), "same name"),
        ):
            with pytest.raises(CartographyError, match=message):
                create_project(store, "p", pool(), None, settings)
        test = replace(corpus("c"), labels=np.array([0]), classes=("owl",))
        with pytest.raises(CartographyError, match="none of the 2 classes"):
            create_project(store, "p", pool(12), test)
        assert store.projects() == []

    def test_settings(self, store: LabelStore) -> None:
        project = create_project(store, "p", pool())
        changed = change_settings(store, project, annotators=("Ada", "Bo"), overlap=1)
        assert changed.settings == open_project(store, "p").settings
        assert changed.settings.annotators == ("Ada", "Bo")
        with pytest.raises(CartographyError, match="0 or more"):
            change_settings(store, project, target=-1)
        assert ProjectSettings.of_json({"annotators": ["x"], "of the future": 1}) == (
            ProjectSettings(annotators=("x",))
        )

    @pytest.mark.parametrize(
        ("labelled", "left", "size"),
        [(0, 1000, 20), (209, 999, 20), (210, 999, 21), (5000, 999, 100), (50, 7, 7), (50, 0, 1)],
    )
    def test_the_size_of_a_batch(self, labelled: int, left: int, size: int) -> None:
        assert batch_size(labelled, left) == size


class TestRounds:
    def test_cold_start(self, store: LabelStore) -> None:
        session = session_of(store, pool())
        batch = session.next_batch()
        assert len(set(items(batch))) == 20
        assert items(batch) == items(session.queue())
        (first,) = session.rounds
        assert first.summary["strategy"] == "diverse"
        assert (first.map, first.pool, first.data_map) == (None, None, None)
        assert [event.kind for event in session.state.events] == ["created", "asked"]
        for name in ("sport", "money"):
            session.add_class(name)
        # One class alone is no model either; what waits is not asked for again.
        session.label(batch[0].item, "sport")
        second = session.next_batch(size=5)
        assert session.rounds[-1].summary["strategy"] == "diverse"
        assert len(second) == 5
        assert not set(items(second)) & set(items(batch))

    def test_a_model_asks_for_what_is_in_the_pool(self, store: LabelStore) -> None:
        session = session_of(store, pool(12))
        session.skip(IDS[12])
        session.unsure(IDS[13])
        session.set_aside(IDS[14])
        session.settle(IDS[15], "sport")
        label_as_they_are(session, [IDS[16]])
        label_as_they_are(session, [IDS[17]])
        session.undo()
        wrong = "money" if CLASS_OF[IDS[18]] == "sport" else "sport"
        session.label(IDS[18], wrong)
        another(session, "Bo").label(IDS[18], CLASS_OF[IDS[18]])
        batch = session.next_batch(size=6)
        (first,) = session.rounds
        assert first.summary["labelled"] == 14
        assert first.map is not None
        assert first.map["id"].tolist() == [*IDS[:12], IDS[15], IDS[16]]
        assert first.pool is not None
        assert first.pool["id"].tolist() == [IDS[17], *IDS[19:]]
        assert len(batch) == 6
        assert set(items(batch)) <= {IDS[17], *IDS[19:]}
        chances = first.pool.set_index("id")
        for asked in batch:
            assert asked.predicted == chances["predicted_label"][asked.item]
            assert asked.probability == chances["max_probability"][asked.item]
        rest = session.next_batch(size=100)
        assert {*items(batch), *items(rest)} == {IDS[17], *IDS[19:]}
        assert not set(items(batch)) & set(items(rest))
        with pytest.raises(CartographyError, match=r"^nothing is left to label in p: every text"):
            session.next_batch()
        assert len(read_rounds(session.project)) == 2
        session.next_batch(size=0)
        assert session.rounds[-1].map is not None
        kinds = [(event.kind, event.round) for event in session.state.events][-6:]
        assert kinds == [(kind, i) for i in (1, 2, 3) for kind in ("trained", "asked")]

    def test_what_was_imported_and_undone_is_asked_for(self, store: LabelStore) -> None:
        session = session_of(store, pool(10))
        events = session.act([Act("labelled", "Ada", item, 0) for item in IDS[10:]])
        session.undo_events([event.number for event in events])
        assert sorted(items(session.next_batch(size=30))) == sorted(IDS[10:])

    def test_duplicates_are_those_of_the_pool(self, store: LabelStore) -> None:
        words = "the match was won by our team at last"
        texts = [
            words,
            f"{words} !",
            f"{words} again",
            "profit of the fund",
            words.upper(),
            "price",
        ]
        labels = np.array([-1, -1, -1, 1, 0, -1])
        session = session_of(store, replace(corpus(*texts), labels=labels, classes=("s", "m")))
        batch = session.next_batch(size=4)
        # 9 tokens; with "!" or "again" 9 of 10 are shared, and 9 of 11 between those two.
        assert {each.item: each.duplicates for each in batch} == {
            "0": ("1", "2"),
            "1": ("0", "2"),
            "2": ("0", "1"),
            "5": (),
        }

    def test_the_automatic_size(self, store: LabelStore) -> None:
        rows = tickets(260)
        session = session_of(store, pool(220, rows))
        run(session)
        assert len(session.rounds[0].batch) == 22

    def test_evaluation_by_cross_validation(self, store: LabelStore) -> None:
        session = session_of(store, pool(9))
        run(session)
        assert session.rounds[0].summary["accuracy"] is None
        label_as_they_are(session, [IDS[9]])
        run(session)
        summary = session.rounds[1].summary
        assert (summary["evaluated"], summary["texts"]) == ("cross-validation", 10)
        assert (summary["accuracy"] * 10) == pytest.approx(round(summary["accuracy"] * 10))
        story = [event.text for event in session.state.events if event.kind == "trained"]
        assert story == [
            "9 labels",
            f"10 labels, accuracy {summary['accuracy']:.3f} by cross-validation",
        ]

    @pytest.mark.parametrize("labelled", [0, 20])
    def test_evaluation_by_the_test_set_follows_renamed_and_merged_classes(
        self, store: LabelStore, labelled: int
    ) -> None:
        held_out = tickets(30, 1, "v-")
        session = session_of(store, pool(labelled), test=pool(30, held_out))
        if not labelled:
            label_as_they_are(session, IDS[:20])
        run(session, replace(CPU, size=0))
        first = session.rounds[0].summary
        assert (first["evaluated"], first["texts"]) == ("test set", 30)
        assert first["accuracy"] > 0.8  # the words of the classes are different ones
        session.rename_class("sport", "games")
        run(session, replace(CPU, size=0))
        assert session.rounds[1].summary["accuracy"] == first["accuracy"]
        session.add_class("all")
        session.merge_class("games", "all")
        run(session, replace(CPU, size=0))
        assert session.rounds[2].summary["accuracy"] == first["accuracy"]

    def test_a_test_class_that_is_no_class_any_more_is_wrong(self, store: LabelStore) -> None:
        texts = replace(corpus(*"ab"), labels=np.array([0, 1]), classes=("cat", "dog"))
        test = replace(corpus(*"xyz"), labels=np.array([0, 1, 2]), classes=("cat", "dog", "owl"))
        session = session_of(store, texts, test=test)
        assert session.project.test is not None
        session.merge_class("dog", "owl")
        session.rename_class("cat", "lynx")
        round_texts = RoundTexts.of(session.project.corpus, session.state, ())
        assert round_texts.classes == ("lynx", "owl")
        assert round_texts.labels.tolist() == [0, 1]
        assert round_texts.test_labels(session.project.test).tolist() == [0, 1, 1]

    def test_an_interrupted_round_counts_for_nothing_and_can_be_run_again(
        self, store: LabelStore
    ) -> None:
        session = session_of(store, pool(12))
        last = session.state.last
        running = session.run_round(CPU)
        next(running)
        folder = session.project.rounds_folder / "0001"
        assert folder.exists()
        running.close()
        assert session.rounds == []
        assert session.queue() == []
        assert session.state.last == last
        assert next_folder(session.project) == folder
        (folder / "batch.parquet").write_bytes(b"half of it")
        (folder / "map.parquet").write_bytes(b"half of it")
        run(session)
        interrupted = session.rounds[0].batch
        other = session_of(store, pool(12))
        run(other)
        pd.testing.assert_frame_equal(interrupted, other.rounds[0].batch)
        assert [event.kind for event in session.state.events[last:]] == ["trained", "asked"]

    def test_a_round_that_fails_leaves_the_next_one_free(self, store: LabelStore) -> None:
        session = session_of(store, pool(12))
        with pytest.raises(CartographyError, match="strategy 'nope'"):
            session.next_batch("nope")
        with pytest.raises(CartographyError, match=r"^a batch has 0 texts or more, not -1$"):
            session.next_batch(size=-1)
        assert session.rounds == []
        assert len(session.next_batch(size=3)) == 3

    @pytest.mark.parametrize("name", ["batch", "map", "pool"])
    def test_a_damaged_file_is_one_line_that_names_it(self, store: LabelStore, name: str) -> None:
        session = session_of(store, pool(20))
        run(session)
        (done,) = session.rounds
        path = done.folder / f"{name}.parquet"
        path.write_bytes(b"PAR1\n" * 9)
        with pytest.raises(CartographyError) as caught:
            getattr(done, name)
        assert str(caught.value).startswith(f"{path} cannot be read: ")
        assert str(caught.value).endswith("to go on without round 1, move its folder away")
        assert "\n" not in str(caught.value)

    def test_a_batch_without_its_file_is_one_line(self, store: LabelStore) -> None:
        session = session_of(store, pool())
        run(session)
        (session.rounds[0].folder / "batch.parquet").unlink()
        with pytest.raises(CartographyError, match=r"batch\.parquet cannot be read"):
            session.queue()

    def test_a_round_without_what_later_versions_write_can_be_labelled(
        self, store: LabelStore
    ) -> None:
        session = session_of(store, pool())
        run(session)
        path = session.rounds[0].folder / SUMMARY
        summary = json.loads(path.read_text())
        del summary["annotators"], summary["overlap"]
        path.write_text(json.dumps(summary))
        again = another(session, "Ben")
        assert len(again.queue()) == 20
        assert items(again.queue()) == again.rounds[0].batch["id"].tolist()

    def test_two_rounds_at_once_are_refused_in_one_line(self, store: LabelStore) -> None:
        session = session_of(store, pool(12))
        running = session.run_round(CPU)
        next(running)
        message = r"^another round of the project 'p' is running: wait for it$"
        with pytest.raises(CartographyError, match=message):
            run(another(session, "Bo"))
        for _ in running:
            pass
        assert len(session.rounds) == 1
        with FileLock(session.project.rounds_folder / ".lock"):  # released
            pass
        # Another one that was to write to the same folder.
        request = replace(CPU, annotator="Bo")
        late = run_round(store, session.project, request, session.project.rounds_folder / "0001")
        with pytest.raises(CartographyError, match=r"^round 1 is finished already: ask for a new"):
            next(late)
        assert len(session.rounds) == 1
