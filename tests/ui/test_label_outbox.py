"""What the desk of the page Label sends, with no page around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up import corpus

from cartography.labelling.project import create_project
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore
from ui.panels.label.outbox import take_in


@pytest.fixture
def session(own_cache: Path) -> Iterator[LabelSession]:
    store = LabelStore()
    project = create_project(store, "made up", corpus("a", "b", "c", "d"))
    opened = LabelSession(project, "Ada", store, source="page")
    for name in ("cat", "dog"):
        opened.add_class(name)
    yield opened
    store.close()


def sent(token: str, kind: str, item: str = "", **values: Any) -> dict[str, Any]:
    return {"token": token, "kind": kind, "item": item, "round": 1, **values}


def test_answers_are_stored_once_however_often_they_arrive(session: LabelSession) -> None:
    first = sent("1", "labelled", "0", label=0, name="cat")
    second = sent("2", "labelled", "1", label=1, name="dog")

    take_in(session, [first])
    taken = take_in(session, [first, second])
    again = take_in(session, [second])

    assert taken.stored == ("1", "2")
    assert again.stored == ("2",)
    assert session.labels().to_dict() == {"0": "cat", "1": "dog"}
    events = [event for event in session.state.events if event.kind == "labelled"]
    assert [(event.item, event.round, event.source) for event in events] == [
        ("0", 1, "page"),
        ("1", 1, "page"),
    ]


def test_an_undo_that_arrives_twice_undoes_one_answer(session: LabelSession) -> None:
    answers = [sent(str(i), "labelled", str(i), label=0, name="cat") for i in range(3)]
    undo = sent("u", "undo")

    taken = take_in(session, [*answers, undo])
    take_in(session, [undo])

    assert taken.focus == ("2", "u")
    assert list(session.labels().index) == ["0", "1"]


def test_undo_and_redo_come_in_their_order(session: LabelSession) -> None:
    taken = take_in(
        session,
        [
            sent("1", "labelled", "0", label=0, name="cat"),
            sent("2", "undo"),
            sent("3", "redo"),
            sent("4", "undo"),
            sent("5", "labelled", "0", label=1, name="dog"),
        ],
    )

    assert taken.focus == ("0", "4")
    assert session.labels().to_dict() == {"0": "dog"}


def test_a_new_class_is_added_before_the_label_that_names_it(session: LabelSession) -> None:
    taken = take_in(
        session,
        [
            sent("1", "class_added", text="  fox "),
            sent("2", "labelled", "0", label=None, name="fox"),
            sent("3", "class_added", text="fox"),
        ],
    )

    assert taken.stored == ("1", "2", "3")
    assert list(session.state.classes.values()) == ["cat", "dog", "fox"]
    assert session.labels().to_dict() == {"0": "fox"}


def test_a_class_that_a_colleague_merged_meanwhile_is_its_successor(session: LabelSession) -> None:
    session.merge_class("dog", "cat")

    take_in(session, [sent("1", "labelled", "0", label=1, name="dog")])

    assert session.labels().to_dict() == {"0": "cat"}


@pytest.mark.parametrize(
    "record",
    [
        sent("x", "labelled", "99", label=0, name="cat"),
        sent("x", "labelled", "0", label=77, name="unheard of"),
        sent("x", "labelled", "0", label="0", name=""),
        sent("x", "settled", "0", label=0),
        sent("x", "created"),
        sent("x", "class_added", text="   "),
        sent("x", "noted", "0", text="n" * 10_001),
        {"token": "x"},
    ],
)
def test_what_no_desk_would_send_is_refused_and_the_rest_stored(
    session: LabelSession, record: dict[str, Any]
) -> None:
    last = session.state.last

    taken = take_in(session, [record, sent("1", "skipped", "0")])

    assert [token for token, _ in taken.refused] == ["x"]
    assert taken.stored == ("1",)
    assert session.state.last == last + 1


def test_answers_without_a_token_are_left_out(session: LabelSession) -> None:
    last = session.state.last

    taken = take_in(session, [sent("", "skipped", "0"), sent("y" * 65, "skipped", "0")])

    assert taken.stored == ()
    assert [token for token, _ in taken.refused] == ["", "y" * 65]
    assert session.state.last == last


def test_notes_and_unsure_and_set_aside(session: LabelSession) -> None:
    take_in(
        session,
        [
            sent("1", "noted", "0", text="see the \u202eother"),
            sent("2", "unsure", "0"),
            sent("3", "set_aside", "1"),
        ],
    )

    state = session.state
    assert state.note("0") == "see the \u202eother"
    assert state.answer("0", "Ada").mark == "unsure"
    assert state.set_aside() == ["1"]
    assert np.array_equal(state.labels, [-1, -1, -1, -1])
