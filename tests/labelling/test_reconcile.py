"""Labels that come back in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import corpus

from cartography.corpora.reading import read_corpus
from cartography.errors import CartographyError
from cartography.labelling.project import create_project
from cartography.labelling.reconcile import (
    FoundLabel,
    Reconciliation,
    add_labels,
    further_answers,
    read_labels,
    reconcile,
)
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore

TEXTS = ("one cat", "two dogs", "three owls", "four hens", "same", "same")


@pytest.fixture
def session(own_cache: Path) -> Iterator[LabelSession]:
    """Ada labels six texts, of which the first has a label in the project's file."""
    store = LabelStore()
    texts = replace(
        corpus(*TEXTS), labels=np.array([0, -1, -1, -1, -1, -1]), classes=("Cat", "Dog")
    )
    texts.ids[:] = [f"t{i}" for i in range(6)]
    yield LabelSession(create_project(store, "animals", texts), "Ada", store)
    store.close()


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def another(session: LabelSession, name: str) -> LabelSession:
    return LabelSession(session.project, name, session.store)


def found_in(session: LabelSession, lines: Sequence[str], tmp_path: Path) -> Reconciliation:
    path = _written(tmp_path / "back.csv", "\n".join(lines) + "\n")
    return reconcile(session, read_labels(path))


def triples(found: Sequence[FoundLabel]) -> list[tuple[str, str, str]]:
    return [(each.item, each.label, each.present) for each in found]


def test_by_id(session: LabelSession, tmp_path: Path) -> None:
    session.label("t1", "Dog")
    lines = ["id,label", "t0,Cat", "t1,Cat", "t2,Dog", "t9,Dog", "t3,", "x,Cat"]
    found = found_in(session, lines, tmp_path)
    assert triples(found.same) == [("t0", "Cat", "Cat")]
    assert triples(found.conflicts) == [("t1", "Cat", "Dog")]
    assert triples(found.new) == [("t2", "Dog", "")]
    assert found.unknown == ("t9", "x")
    assert (found.unlabelled, found.repeated, found.by_text) == (1, 0, False)
    assert (found.new_classes, found.other_texts) == ((), ())
    assert found.summary == (
        "labels for animals: 1 new, 1 as they are, 1 in conflict, 2 unknown ids, 1 row without a "
        "label"
    )
    assert found.details == (
        "t1: Dog here, Cat in back.csv",
        "unknown id: t9",
        "unknown id: x",
    )


def test_nothing_is_stored_before_it_is_added(session: LabelSession, tmp_path: Path) -> None:
    last = session.state.last
    found = found_in(session, ["id,label", "t0,Dog", "t1,Owl"], tmp_path)
    assert session.state.last == last
    add_labels(session, found)
    assert session.state.last == last + 2


def test_by_text_without_ids(session: LabelSession) -> None:
    frame = pd.DataFrame(
        {
            "text": ["two dogs", "four hens", "same", "five fish", "one cat", "two dogs"],
            "label": ["Dog", "Cat", "Dog", "Dog", "Cat", "Cat"],
        }
    )
    found = reconcile(session, read_corpus(frame))
    assert found.by_text
    assert triples(found.new) == [("t1", "Dog", ""), ("t3", "Cat", "")]
    assert triples(found.same) == [("t0", "Cat", "Cat")]
    # Of a text that two rows have, nobody knows which is meant.
    assert found.unknown == ("same", "five fish")
    assert found.repeated == 1
    assert found.summary == (
        "labels for animals: 2 new, 1 as they are, 0 in conflict, 2 unknown texts, 1 row for a "
        "text that has one already"
    )
    assert found.details == ("unknown text: same", "unknown text: five fish")


def test_ids_of_another_program_are_not_those_of_the_project(session: LabelSession) -> None:
    frame = pd.DataFrame(
        {
            "id": ["t3", "t1", "t0"],
            "text": ["one cat", "three owls", "two dogs"],
            "label": ["Dog", "Dog", "Dog"],
        }
    )
    found = reconcile(session, read_corpus(frame))
    assert found.by_text
    assert triples(found.new) == [("t2", "Dog", ""), ("t1", "Dog", "")]
    assert triples(found.conflicts) == [("t0", "Dog", "Cat")]
    assert found.details[0] == "the ids of DataFrame are others: matched by the texts"


def test_a_text_may_differ_in_white_space_and_case(session: LabelSession) -> None:
    frame = pd.DataFrame(
        {
            "id": ["t1", "t2", "t3", "t5"],
            "text": ["Two  dogs\n", " ", "fo\x1bur hens", "SAME"],
            "label": ["Dog", "Dog", "Dog", "Dog"],
        }
    )
    found = reconcile(session, read_corpus(frame))
    assert not found.by_text
    assert [each.item for each in found.new] == ["t1", "t2", "t3", "t5"]
    assert (found.unknown, found.other_texts, found.details) == ((), (), ())


def test_another_text_under_an_id_gets_no_label(session: LabelSession) -> None:
    frame = pd.DataFrame(
        {
            "id": ["t0", "t1", "t2", "t3", "t9"],
            "text": ["one cat", "two dogs", "3 owls", "same", "five fish"],
            "label": ["Cat", "Dog", "Owl", "Dog", "Dog"],
        }
    )
    found = reconcile(session, read_corpus(frame))
    assert triples(found.new) == [("t1", "Dog", "")]
    assert (found.unknown, found.other_texts, found.new_classes) == (("t9",), ("t2", "t3"), ())
    assert found.repeated == 0
    assert found.summary == (
        "labels for animals: 1 new, 1 as they are, 0 in conflict, 1 unknown ids, 2 unknown "
        "(another text)"
    )
    assert found.details == ("unknown id: t9", "another text: t2, t3")


def test_a_file_of_another_project_adds_nothing(session: LabelSession) -> None:
    frame = pd.DataFrame(
        {
            "id": [f"t{i}" for i in range(4)],
            "text": ["a ship", "a boat", "a car", "four hens"],
            "label": ["Dog", "Dog", "Dog", "Dog"],
        }
    )
    found = reconcile(session, replace(read_corpus(frame), name="ships.csv"))
    assert triples(found.new) == [("t3", "Dog", "")]
    assert found.other_texts == ("t0", "t1", "t2")
    assert found.details[0] == (
        "most texts of ships.csv are others than animals has under these ids: is it a file of "
        "another project?"
    )


def test_ids_that_a_spreadsheet_changed_label_the_text_of_the_row(session: LabelSession) -> None:
    # Of four rows, one has the id of another text, and one an id that there is not.
    frame = pd.DataFrame(
        {
            "id": ["t0", "t3", "2", "t2"],
            "text": ["one cat", "two dogs", "Three  owls", "three owls"],
            "label": ["Cat", "Dog", "Dog", "Cat"],
        }
    )
    found = reconcile(session, read_corpus(frame))
    assert not found.by_text
    # The row with id and text of the project is the one that counts.
    assert triples(found.new) == [("t1", "Dog", ""), ("t2", "Cat", "")]
    assert (found.repeated, found.unknown, found.other_texts) == (1, (), ())


def test_the_case_of_classes(session: LabelSession, tmp_path: Path) -> None:
    session.add_class("dOG")
    session.rename_class("dOG", "DOG")
    found = found_in(
        session, ["id,label", "t1,cAT", "t2,dog", "t3,DOG", "t4,Owl", "t5,owl"], tmp_path
    )
    assert [(each.item, each.label) for each in found.new] == [
        ("t1", "Cat"),
        ("t2", "Dog"),  # the first class whose name differs by case only
        ("t3", "DOG"),
        ("t4", "Owl"),
        ("t5", "owl"),
    ]
    assert found.new_classes == ("Owl", "owl")
    assert found.summary.endswith("; new classes: 'Owl', 'owl'")


def test_new_classes_are_added_if_a_label_needs_them(session: LabelSession, tmp_path: Path) -> None:
    found = found_in(session, ["id,label", "t0,Owl", "t1,Hen"], tmp_path)
    assert found.new_classes == ("Owl", "Hen")
    add_labels(session, found)
    assert list(session.state.classes.values()) == ["Cat", "Dog", "Hen"]
    assert session.labels().to_dict() == {"t0": "Cat", "t1": "Hen"}


def test_conflicts_are_kept_or_replaced(session: LabelSession, tmp_path: Path) -> None:
    session.label("t1", "Dog")
    lines = ["id,label", "t0,Dog", "t1,Cat", "t2,Cat"]
    kept = add_labels(session, found_in(session, lines, tmp_path))
    assert [(event.kind, event.item, event.source) for event in kept] == [
        ("labelled", "t2", "back.csv")
    ]
    found = found_in(session, lines, tmp_path)
    assert (len(found.new), len(found.same), len(found.conflicts)) == (0, 1, 2)
    replaced = add_labels(session, found, "replace")
    assert [(event.kind, event.item, event.previous) for event in replaced] == [
        ("settled", "t0", 0),
        ("settled", "t1", 1),
    ]
    assert session.labels().to_dict() == {"t0": "Dog", "t1": "Cat", "t2": "Cat"}
    again = found_in(session, lines, tmp_path)
    assert (len(again.new), len(again.same), len(again.conflicts)) == (0, 3, 0)
    assert add_labels(session, again, "replace") == []


def test_an_import_is_undone(session: LabelSession, tmp_path: Path) -> None:
    session.label("t1", "Dog")
    before = session.labels()
    found = found_in(session, ["id,label", "t0,Dog", "t1,Owl", "t2,Hen"], tmp_path)
    events = add_labels(session, found, "replace")
    assert session.labels().to_dict() == {"t0": "Dog", "t1": "Owl", "t2": "Hen"}
    session.undo_events([event.number for event in events])
    assert session.labels().equals(before)
    assert session.pool() == ["t2", "t3", "t4", "t5"]
    assert set(session.state.classes.values()) == {"Cat", "Dog"}


def test_own_answers_beside_those_of_others(session: LabelSession, tmp_path: Path) -> None:
    bo = another(session, "Bo")
    session.label("t1", "Dog")
    session.label("t2", "Dog")
    session.settle("t3", "Dog")
    found = found_in(bo, ["id,label", "t0,Dog", "t1,Cat", "t2,Dog", "t3,Cat"], tmp_path)
    assert triples(further_answers(bo, found)) == [("t2", "Dog", "Dog"), ("t1", "Cat", "Dog")]
    events = add_labels(bo, found, own_answers=True)
    assert {(event.kind, event.item, event.annotator) for event in events} == {
        ("labelled", "t1", "Bo"),
        ("labelled", "t2", "Bo"),
    }
    assert session.state.ratings()["Bo"] == {"t1": "Cat", "t2": "Dog"}
    assert session.state.conflicts() == ["t1"]
    # On t1 both are divided: the file says what Bo says already.
    again = found_in(bo, ["id,label", "t1,Cat", "t2,Dog"], tmp_path)
    assert len(again.same) == 2
    assert further_answers(bo, again) == ()
    other = found_in(another(session, "Cy"), ["id,label", "t1,Cat"], tmp_path)
    assert triples(other.conflicts) == [("t1", "Cat", "Cat or Dog")]


def test_a_skipped_text_takes_a_label(session: LabelSession, tmp_path: Path) -> None:
    session.skip("t1")
    add_labels(session, found_in(session, ["id,label", "t1,Cat"], tmp_path))
    assert session.labels()["t1"] == "Cat"


def test_a_text_that_was_set_aside_stays_so(session: LabelSession, tmp_path: Path) -> None:
    session.set_aside("t1")
    found = found_in(session, ["id,label", "t1,Owl", "t2,Cat"], tmp_path)
    assert triples(found.new) == [("t2", "Cat", "")]
    assert (found.set_aside, found.new_classes, found.repeated) == (("t1",), (), 0)
    assert "0 unknown ids, 1 set aside here" in found.summary
    assert found.details == ("set aside: t1",)
    events = add_labels(session, found, "replace", own_answers=True)
    assert [event.item for event in events] == ["t2"]
    assert "t1" not in session.labels()
    assert session.state.set_aside() == ["t1"]


def test_a_label_is_of_the_round_that_asked(session: LabelSession, tmp_path: Path) -> None:
    (asked, *_) = session.next_batch(size=2)
    (event,) = add_labels(session, found_in(session, ["id,label", f"{asked.item},Cat"], tmp_path))
    assert (event.round, event.annotator) == (1, "Ada")


def test_a_file_without_labels_is_one_line(session: LabelSession, tmp_path: Path) -> None:
    with pytest.raises(CartographyError, match=r"^back\.csv has no labels to add: name its label"):
        found_in(session, ["id,label", "t1,", "t2,"], tmp_path)


def test_named_columns(session: LabelSession, tmp_path: Path) -> None:
    path = _written(tmp_path / "x.csv", "key;Klasse;no\nt1;Katze;t2\n")
    labels = read_labels(path, id="key", label="Klasse", class_names={"Katze": "Cat"})
    found = reconcile(session, labels)
    assert triples(found.new) == [("t1", "Cat", "")]
    assert found.new_classes == ()


def test_an_id_that_comes_twice_is_one_line(session: LabelSession, tmp_path: Path) -> None:
    with pytest.raises(CartographyError, match=r"^\S*back\.csv, column .id.: row 1 and row 2"):
        found_in(session, ["id,label", "t1,Cat", "t1,Dog"], tmp_path)
