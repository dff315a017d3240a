"""What the events of a project amount to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartography.labelling.class_table import ClassTable
from cartography.labelling.events import Act, Event
from cartography.labelling.state import LabelState

IDS = ("a", "b", "c", "d")
GIVEN = (0, 1, -1, -1)
CLASSES = ("cat", "dog", "owl")
CAT, DOG, OWL, NEW = range(4)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def new_state(events: Sequence[Event] = ()) -> LabelState:
    state = LabelState(IDS, np.array(GIVEN, dtype=np.int64), CLASSES)
    state.read(events)
    return state


class Log:
    """Events in their order, and the state of them."""

    def __init__(self) -> None:
        self.state = new_state()

    def add(self, kind: str, annotator: str = "Ada", item: str = "", **values: Any) -> int:
        number = self.state.last + 1
        event = Event(
            kind,  # type: ignore[arg-type]
            annotator,
            item,
            number=number,
            at=AT,
            token=str(number),
            **values,
        )
        self.state.read([event])
        return number

    def label(self, annotator: str, item: str, label: int) -> int:
        return self.add("labelled", annotator, item, label=label)

    def undo(self, number: int, annotator: str = "Ada") -> int:
        return self.add("undone", annotator, target=number)

    def labels(self) -> list[str]:
        return [self.state.class_name(int(label)) for label in self.state.labels]


class TestVotes:
    def test_without_events_the_labels_are_those_of_the_file(self) -> None:
        state = new_state()
        assert state.labels.tolist() == [CAT, DOG, -1, -1]
        assert state.classes == {CAT: "cat", DOG: "dog", OWL: "owl"}
        assert state.counts() == {CAT: 1, DOG: 1, OWL: 0}
        assert (state.last, state.touched, state.annotators(), state.ratings()) == (0, [], [], {})

    def test_most_votes_win_over_the_file(self) -> None:
        log = Log()
        log.label("Ada", "a", DOG)
        assert log.state.label("a") == DOG
        assert not log.state.is_conflict("a")
        log.label("Bo", "a", OWL)
        assert log.state.label("a") is None
        assert log.state.conflicts() == ["a"]
        log.label("Cy", "a", OWL)
        assert log.state.votes("a") == {DOG: 1, OWL: 2}
        assert log.state.label("a") == OWL
        assert log.state.conflicts() == ["a"]
        assert log.labels() == ["owl", "dog", "", ""]

    def test_the_last_answer_of_each_counts(self) -> None:
        log = Log()
        log.label("Ada", "c", DOG)
        log.label("Bo", "c", DOG)
        log.label("Ada", "c", CAT)
        log.add("unsure", "Bo", "c")
        log.label("Ada", "b", OWL)
        log.add("skipped", "Ada", "b")
        log.add("cleared", "Bo", "d")
        assert log.state.votes("c") == {CAT: 1}
        assert {name: answer.mark for name, answer in log.state.answers("c").items()} == {
            "Ada": "labelled",
            "Bo": "unsure",
        }
        # Skipped or cleared, a text has the label of its file again.
        assert log.labels() == ["cat", "dog", "cat", ""]
        assert log.state.ratings() == {"Ada": {"c": "cat"}}
        assert log.state.annotators() == ["Ada", "Bo"]
        assert log.state.touched == ["c", "b"]

    def test_three_ways_to_disagree_is_no_label(self) -> None:
        log = Log()
        for name, label in zip("xyz", (CAT, DOG, OWL), strict=True):
            log.label(name, "c", label)
        assert log.state.label("c") is None
        log.label("w", "c", DOG)
        assert log.state.label("c") == DOG

    def test_what_is_settled_wins_over_votes(self) -> None:
        log = Log()
        log.label("Ada", "c", CAT)
        log.label("Bo", "c", DOG)
        settled = log.add("settled", "Cy", "c", label=OWL)
        assert log.state.label("c") == OWL
        assert log.state.conflicts() == []
        log.label("Bo", "c", CAT)
        assert log.state.label("c") == OWL
        assert log.state.ratings() == {"Ada": {"c": "cat"}, "Bo": {"c": "cat"}}
        aside = log.add("set_aside", "Cy", "c")
        assert log.state.label("c") is None
        assert log.state.set_aside() == ["c"]
        log.undo(aside, "Cy")
        assert log.state.label("c") == OWL
        log.undo(settled, "Cy")
        assert log.state.label("c") == CAT

    def test_who_a_text_waits_for(self) -> None:
        log = Log()
        log.add("skipped", "Ada", "c")
        assert not log.state.is_open("c", "Ada")
        assert log.state.is_open("c", "Bo")
        log.add("cleared", "Ada", "c")
        assert log.state.is_open("c", "Ada")
        log.add("set_aside", "Bo", "c")
        assert not log.state.is_open("c", "Ada")
        assert not log.state.is_open("c", "Cy")

    def test_a_text_is_untouched_once_all_was_taken_back(self) -> None:
        log = Log()
        numbers = [log.label("Ada", item, CAT) for item in ("c", "d")]
        log.add("cleared", "Ada", "d")
        assert log.state.touched == ["c"]
        log.undo(numbers[0])
        assert log.state.touched == []

    def test_the_last_note_that_was_not_undone(self) -> None:
        log = Log()
        assert log.state.note("a") == ""
        log.add("noted", "Ada", "a", text="first")
        second = log.add("noted", "Bo", "a", text="second")
        assert log.state.note("a") == "second"
        log.undo(second, "Bo")
        assert log.state.note("a") == "first"
        assert log.state.touched == []

    def test_a_text_that_the_project_does_not_have_changes_nothing(self) -> None:
        log = Log()
        log.label("Ada", "gone", CAT)
        assert log.labels() == ["cat", "dog", "", ""]
        assert log.state.touched == []


class TestUndo:
    def test_stacks(self) -> None:
        log = Log()
        first, second = log.label("Ada", "c", CAT), log.label("Ada", "d", DOG)
        other = log.label("Bo", "c", CAT)

        def undo(name: str) -> int | None:
            last = log.state.next_undo(name)
            if last is not None:
                log.undo(last.number, name)
            return last and last.number

        def redo(name: str) -> int | None:
            last = log.state.next_redo(name)
            if last is not None:
                log.undo(last.number, name)
            return last and last.target

        assert redo("Ada") is None
        assert undo("Ada") == second
        assert undo("Ada") == first
        assert undo("Ada") is None
        assert log.labels() == ["cat", "dog", "cat", ""]
        assert redo("Ada") == first
        assert undo("Ada") == first
        assert redo("Ada") == first
        assert redo("Ada") == second
        assert redo("Ada") is None
        assert log.labels() == ["cat", "dog", "cat", "dog"]
        assert undo("Bo") == other
        assert undo("Ada") == second
        third = log.label("Ada", "d", OWL)
        # A new act after an undo: what was undone cannot be done again.
        assert redo("Ada") is None
        assert undo("Ada") == third
        assert undo("Ada") == first
        assert undo("Ada") is None
        assert redo("Bo") == other
        assert log.labels() == ["cat", "dog", "cat", ""]

    def test_to_undo_an_undoing_does_the_act_again(self) -> None:
        log = Log()
        act = log.label("Ada", "c", CAT)
        states = []
        target = act
        for _ in range(4):
            target = log.undo(target)
            states.append((log.state.is_undone(log.state.event(act)), log.labels()[2]))
        assert states == [(True, ""), (False, "cat"), (True, ""), (False, "cat")]

    def test_a_long_chain_of_undoings(self) -> None:
        log = Log()
        target = log.label("Ada", "c", CAT)
        for _ in range(1_101):
            target = log.undo(target)
        assert log.labels()[2] == ""

    def test_what_another_undid_is_not_offered(self) -> None:
        log = Log()
        first, second = log.label("Ada", "c", CAT), log.label("Ada", "d", DOG)
        undoing = log.undo(second, "Bo")
        last = log.state.next_undo("Ada")
        assert last is not None
        assert last.number == first
        redo = log.state.next_redo("Bo")
        assert redo is not None
        assert redo.number == undoing
        log.undo(undoing, "Ada")
        assert log.state.next_redo("Bo") is None
        last = log.state.next_undo("Ada")
        assert last is not None
        assert last.number == second

    def test_twenty_thousand_undone_acts_take_no_time(self) -> None:
        count = 20_000
        acts = [Event("labelled", "Ada", "c", 0, number=i, at=AT) for i in range(1, count + 1)]
        undoings = [
            Event("undone", "Ada", target=i, number=count + i, at=AT) for i in range(1, count + 1)
        ]
        state = new_state([*acts, *undoings])
        before = datetime.now(UTC)
        assert state.next_undo("Ada") is None
        redo = state.next_redo("Ada")
        assert redo is not None
        assert redo.target == count
        assert (datetime.now(UTC) - before).total_seconds() < 5

    def test_events_read_by_two_threads_are_read_once(self) -> None:
        events = [Event("labelled", "Ada", "c", 0, number=i, at=AT) for i in range(1, 3_001)]
        for _ in range(5):
            state, start = new_state(), Barrier(4)

            def read(state: LabelState = state, start: Barrier = start) -> None:
                start.wait(10)
                for i in range(0, len(events), 100):
                    state.read(events[max(i - 50, 0) : i + 100])

            threads = [Thread(target=read) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            assert [event.number for event in state.events] == list(range(1, 3_001))


class TestToUndo:
    def test_what_undoes_one_of_the_events_is_left_out(self) -> None:
        log = Log()
        for _ in range(3):
            log.label("Ada", "c", DOG)
        log.undo(2)
        assert log.state.to_undo([1, 2, 3, 4]) == [3, 1]
        assert log.state.to_undo([4, 3]) == [4, 3]
        log.undo(4)
        assert log.state.to_undo([1, 2, 3, 4, 5]) == [3, 2, 1]

    def test_an_event_that_another_would_bring_back(self) -> None:
        log = Log()
        log.label("Ada", "c", DOG)
        for number in (1, 2, 3):
            log.undo(number)
        assert log.state.to_undo([1]) == []
        # To undo the last one undoes 2, which does 1 again.
        assert log.state.to_undo([1, 4]) == [4, 1]

    @given(
        st.lists(st.integers(1, 8), max_size=8),
        st.sets(st.integers(1, 11), min_size=1),
        st.randoms(use_true_random=False),
    )
    def test_all_that_are_no_undoing_of_another_end_undone(
        self, targets: list[int], given: set[int], random: Random
    ) -> None:
        log = Log()
        for item in ("a", "b", "c"):
            log.label("Ada", item, OWL)
        for target in targets:
            log.undo(min(target, log.state.last))
        numbers = [number for number in given if number <= log.state.last] or [1]
        random.shuffle(numbers)
        for number in log.state.to_undo(numbers):
            log.undo(number)
        for number in numbers:
            event = log.state.event(number)
            if event.kind != "undone" or event.target not in numbers:
                assert log.state.is_undone(event)


class TestClasses:
    def test_numbers_stay_after_an_added_class_was_undone(self) -> None:
        log = Log()
        fox = log.add("class_added", text="fox")
        log.add("class_added", text="hen")
        log.label("Ada", "c", NEW)
        log.label("Ada", "d", NEW + 1)
        assert log.labels() == ["cat", "dog", "fox", "hen"]
        undoing = log.undo(fox)
        assert log.state.classes == {CAT: "cat", DOG: "dog", OWL: "owl", NEW + 1: "hen"}
        assert log.labels() == ["cat", "dog", "", "hen"]
        assert log.state.answer("c", "Ada").mark == ""
        assert log.state.class_name(NEW) == ""
        assert log.state.resolve(NEW) == -1
        log.undo(undoing)
        assert log.labels() == ["cat", "dog", "fox", "hen"]
        assert log.state.counts() == {CAT: 1, DOG: 1, OWL: 0, NEW: 1, NEW + 1: 1}

    def test_a_name_that_there_is_already_adds_no_class(self) -> None:
        log = Log()
        log.add("class_added", "Bo", text="dog")
        log.label("Bo", "c", NEW)
        assert log.state.classes == {CAT: "cat", DOG: "dog", OWL: "owl"}
        assert log.state.label("c") == DOG
        assert log.state.class_number("dog") == DOG

    def test_a_class_that_was_undone_can_be_added_again(self) -> None:
        log = Log()
        log.undo(log.add("class_added", text="fox"))
        log.add("class_added", text="fox")
        assert log.state.class_number("fox") == NEW + 1
        log.label("Ada", "c", NEW + 1)
        assert log.labels() == ["cat", "dog", "fox", ""]

    def test_rename_and_its_undo(self) -> None:
        log = Log()
        first = log.add("class_renamed", label=CAT, text="tiger")
        second = log.add("class_renamed", label=CAT, text="lion")
        assert log.labels()[0] == "lion"
        assert log.state.old_name(log.state.event(first)) == "cat"
        assert log.state.old_name(log.state.event(second)) == "tiger"
        assert log.state.class_number("cat") is None
        log.undo(first)
        assert log.labels()[0] == "lion"
        log.undo(second)
        assert log.labels()[0] == "cat"

    def test_merge_and_its_undo(self) -> None:
        log = Log()
        log.label("Ada", "c", DOG)
        merge = log.add("class_merged", label=DOG, target=CAT)
        log.label("Ada", "d", DOG)
        assert log.state.classes == {CAT: "cat", OWL: "owl"}
        assert log.labels() == ["cat", "cat", "cat", "cat"]
        assert log.state.counts() == {CAT: 4, OWL: 0}
        assert log.state.old_name(log.state.event(merge)) == "dog"
        log.undo(merge)
        assert log.labels() == ["cat", "dog", "dog", "dog"]

    def test_votes_for_merged_classes_agree(self) -> None:
        log = Log()
        log.label("Ada", "c", DOG)
        log.label("Bo", "c", CAT)
        assert log.state.conflicts() == ["c"]
        merge = log.add("class_merged", label=DOG, target=CAT)
        assert log.state.conflicts() == []
        assert log.labels()[2] == "cat"
        log.undo(merge)
        assert log.state.conflicts() == ["c"]

    def test_merges_in_a_chain(self) -> None:
        log = Log()
        log.add("class_merged", label=CAT, target=DOG)
        second = log.add("class_merged", label=DOG, target=OWL)
        assert log.labels() == ["owl", "owl", "", ""]
        log.undo(second)
        assert log.labels() == ["dog", "dog", "", ""]

    def test_classes_merged_into_each_other_lose_no_label(self) -> None:
        log = Log()
        log.label("Ada", "c", CAT)
        log.label("Ada", "d", OWL)
        log.add("class_merged", "Ada", label=CAT, target=DOG)
        log.add("class_merged", "Bo", label=DOG, target=CAT)
        assert log.labels() == ["cat", "dog", "cat", "owl"]
        log.add("class_merged", "Bo", label=OWL, target=CAT)
        assert log.labels() == ["cat", "dog", "cat", "cat"]
        assert log.state.classes == {CAT: "cat", DOG: "dog"}

    def test_two_classes_that_come_to_one_name_are_one(self) -> None:
        log = Log()
        rename = log.add("class_renamed", label=CAT, text="tiger")
        log.add("class_added", text="cat")
        log.label("Ada", "c", NEW)
        assert log.labels() == ["tiger", "dog", "cat", ""]
        undoing = log.undo(rename)
        assert log.state.classes == {CAT: "cat", DOG: "dog", OWL: "owl"}
        assert log.state.labels.tolist() == [CAT, DOG, CAT, -1]
        log.undo(undoing)
        assert log.labels() == ["tiger", "dog", "cat", ""]
        log.add("class_renamed", "Bo", label=OWL, text="tiger")
        assert list(log.state.classes.values()) == ["tiger", "dog", "cat"]

    def test_they_are_read_again_only_after_they_changed(self) -> None:
        log = Log()
        classes = log.state.classes
        log.undo(log.label("Ada", "c", DOG))
        assert log.state.classes is classes
        fox = log.add("class_added", text="fox")
        assert log.state.classes == {CAT: "cat", DOG: "dog", OWL: "owl", NEW: "fox"}
        assert classes == {CAT: "cat", DOG: "dog", OWL: "owl"}
        undoing = log.undo(fox)
        assert log.state.classes == classes
        log.undo(undoing)
        assert log.state.class_number("fox") == NEW

    def test_new_classes_do_not_make_the_old_ones_read_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = Log()

        def refuse(*_: object) -> ClassTable:
            raise AssertionError("read again")

        monkeypatch.setattr(ClassTable, "of", refuse)
        for i in range(5):
            log.add("class_added", text=f"class {i}")
            assert log.state.class_number(f"class {i}") == NEW + i
            assert len(log.state.counts()) == NEW + i + 1

    @given(st.lists(st.tuples(st.sampled_from("arm-"), st.integers(0, 5), st.integers(0, 5))))
    def test_read_one_by_one_they_are_as_read_at_once(
        self, steps: list[tuple[str, int, int]]
    ) -> None:
        log = Log()
        for kind, first, second in steps:
            known = len(log.state._classes.names)
            if kind == "a":
                log.add("class_added", text=(*CLASSES, "hen", "fox", "cow")[first])
            elif kind == "r" and first < known:
                log.add("class_renamed", label=first, text=(*CLASSES, "hen", "fox", "cow")[second])
            elif kind == "m" and max(first, second) < known and first != second:
                log.add("class_merged", label=first, target=second)
            elif kind == "-" and first < log.state.last:
                log.undo(first + 1)
            again = new_state(log.state.events)
            assert again.classes == log.state.classes
            assert again._classes.into == log.state._classes.into
            assert again._classes.numbers == log.state._classes.numbers

    def test_what_is_no_class(self) -> None:
        state = new_state()
        assert [state.class_name(number) for number in (None, -1, 3)] == ["", "", ""]
        assert state.class_number("hen") is None


class Plain:
    """The same, worked out from all events anew for every question."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events

    def distance(self, event: Event, number: int) -> int:
        """Over how many undoings an event acts on another one, 0 if it does not."""
        steps = 0
        while event.kind == "undone":
            assert event.target is not None
            steps += 1
            if event.target == number:
                return steps
            event = self.events[event.target - 1]
        return 0

    def is_undone(self, number: int) -> bool:
        distances = [self.distance(event, number) for event in self.events]
        effective = [distance for distance in distances if distance]
        return bool(effective) and effective[-1] % 2 == 1

    def counting(self, *kinds: str) -> list[Event]:
        return [e for e in self.events if e.kind in kinds and not self.is_undone(e.number)]

    def classes(self) -> tuple[list[str], list[int]]:
        """The names of all classes, and what each is part of at the end."""
        names, goes_to = list(CLASSES), list(range(len(CLASSES)))
        for event in self.events:
            undone = self.is_undone(event.number)
            if event.kind == "class_added":
                same = [i for i in range(len(names)) if names[i] == event.text and goes_to[i] == i]
                names.append(event.text)
                own = len(names) - 1
                goes_to.append(-1 if undone else same[0] if same else own)
            elif event.kind == "class_renamed" and not undone:
                names[event.label] = event.text  # type: ignore[index]
            elif event.kind == "class_merged" and not undone:
                goes_to[event.label] = event.target  # type: ignore[index, call-overload]
        for number in range(len(names)):
            if end_of(goes_to, number) == number:
                earlier = [
                    i
                    for i in range(number)
                    if names[i] == names[number] and end_of(goes_to, i) == i
                ]
                if earlier:
                    goes_to[number] = earlier[0]
        return names, [end_of(goes_to, number) for number in range(len(names))]

    def label(self, item: str) -> int:
        _, ends = self.classes()
        decisions = [e for e in self.counting("settled", "set_aside") if e.item == item]
        if decisions:
            last = decisions[-1]
            if last.kind == "set_aside":
                return -1
            if ends[last.label] >= 0:  # type: ignore[index]
                return ends[last.label]  # type: ignore[index]
        votes = Counter(self.ratings(item).values())
        best = [label for label, count in votes.items() if count == max(votes.values())]
        if best:
            return best[0] if len(best) == 1 else -1
        given = GIVEN[IDS.index(item)]
        return -1 if given < 0 else ends[given]

    def ratings(self, item: str) -> dict[str, int]:
        _, ends = self.classes()
        last = {
            event.annotator: event
            for event in self.counting("labelled", "cleared", "skipped", "unsure")
            if event.item == item
        }
        found = {n: ends[e.label] for n, e in last.items() if e.kind == "labelled"}  # type: ignore[index]
        return {name: label for name, label in found.items() if label >= 0}


def end_of(goes_to: Sequence[int], number: int) -> int:
    path = [number]
    while goes_to[path[-1]] != path[-1]:
        path.append(goes_to[path[-1]])
        if path[-1] == -1 or path[-1] in path[:-1]:
            break
    return path[-1]


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    events: list[Event] = []
    classes = len(CLASSES)
    kinds = ("labelled", "labelled", "cleared", "skipped", "unsure", "settled", "set_aside")
    kinds += ("noted", "class_added", "class_renamed", "class_merged", "undone", "undone")
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=14)):
        of_class = st.integers(0, classes - 1)
        values: dict[str, Any] = {}
        if kind in ("labelled", "settled", "class_renamed", "class_merged"):
            values["label"] = draw(of_class)
        if kind == "class_merged":
            others = [i for i in range(classes) if i != values["label"]]
            values["target"] = draw(st.sampled_from(others))
        elif kind in ("class_added", "class_renamed"):
            values["text"] = draw(st.sampled_from(["cat", "owl", "fox", "hen"]))
            classes += kind == "class_added"
        elif kind == "undone":
            if not events:
                continue
            values["target"] = draw(st.integers(1, len(events)))
        else:
            values["item"] = draw(st.sampled_from(IDS))
        annotator = draw(st.sampled_from("xyz"))
        events.append(Event(kind, annotator, number=len(events) + 1, at=AT, **values))  # type: ignore[arg-type]
    return events


def facts(state: LabelState) -> tuple[object, ...]:
    return (
        state.labels.tolist(),
        state.classes,
        state.ratings(),
        state.conflicts(),
        state.set_aside(),
        state.touched,
        [state.is_undone(event) for event in state.events],
        [(state.next_undo(name), state.next_redo(name)) for name in "xyz"],
    )


@given(logs())
def test_any_events_amount_to_what_a_plain_reading_says(events: list[Event]) -> None:
    state, plain = new_state(events), Plain(events)
    names, ends = plain.classes()
    assert [state.is_undone(e) for e in events] == [plain.is_undone(e.number) for e in events]
    assert state.classes == {i: names[i] for i in range(len(names)) if ends[i] == i}
    assert [state.resolve(i) for i in range(len(names))] == ends
    labels = [plain.label(item) for item in IDS]
    assert state.labels.tolist() == labels
    assert [state.label(item) for item in IDS] == [None if i < 0 else i for i in labels]
    for item in IDS:
        ratings = plain.ratings(item)
        assert state.votes(item) == Counter(ratings.values())
        assert {
            n: names_of[item] for n, names_of in state.ratings().items() if item in names_of
        } == {name: names[label] for name, label in ratings.items()}
    counts = Counter(label for label in labels if label >= 0)
    assert state.counts() == {number: counts[number] for number in state.classes}


@given(logs(), st.lists(st.integers(0, 14), max_size=4))
def test_events_read_in_pieces_amount_to_the_same(events: list[Event], cuts: list[int]) -> None:
    whole = new_state(events)
    pieces = new_state()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(events)], strict=True):
        pieces.read(events[start:end])
        facts(pieces)
    assert facts(pieces) == facts(whole)


@given(st.lists(st.tuples(st.sampled_from(["act", "undo", "undo", "redo"]), st.sampled_from("xy"))))
def test_undo_and_redo_are_two_stacks(steps: list[tuple[str, str]]) -> None:
    """After any undo and redo the state is that of the acts that are left, in their order."""
    log = Log()
    done: dict[str, list[int]] = {"x": [], "y": []}
    undone: dict[str, list[int]] = {"x": [], "y": []}
    for i, (step, name) in enumerate(steps):
        if step == "act":
            done[name].append(log.label(name, IDS[i % 4], i % 3))
            undone[name] = []
            continue
        source, target = (done, undone) if step == "undo" else (undone, done)
        event = log.state.next_undo(name) if step == "undo" else log.state.next_redo(name)
        if not source[name]:
            assert event is None
            continue
        number = source[name].pop()
        assert event is not None
        assert (event.number if step == "undo" else event.target) == number
        target[name].append(number)
        log.undo(event.number, name)
    left = sorted(done["x"] + done["y"])
    kept = [replace(log.state.event(number), number=i) for i, number in enumerate(left, 1)]
    assert log.state.labels.tolist() == new_state(kept).labels.tolist()


def test_an_act_without_a_token_gets_one() -> None:
    act = Act("labelled", token="mine")
    assert act.with_token() == "mine"
    assert len({Act("labelled").with_token() for _ in range(10)}) == 10
