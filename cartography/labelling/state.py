"""What the events of a project amount to: the labels, the classes, and what is left to do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cartography.labelling.events import DECISIONS, UNDOABLE, Event

Mark = Literal["", "labelled", "skipped", "unsure", "set_aside"]


@dataclass(frozen=True)
class Answer:
    """What one annotator last said of a text.

    Attributes
    ----------
    mark : Mark
        "" if there is no answer, or it was taken back.
    label : int or None
        Number of the class if `mark` is "labelled".
    event : Event or None
        What it is from.
    """

    mark: Mark = ""
    label: int | None = None
    event: Event | None = None


_MARKS: Mapping[str, Mark] = {
    "labelled": "labelled",
    "settled": "labelled",
    "skipped": "skipped",
    "unsure": "unsure",
    "set_aside": "set_aside",
}


class LabelState:
    """The events of a project, read in their order.

    A text's label is what was settled for it; else what its annotators agree on, or most of them
    gave it; else its label in the file. A text on which they are divided evenly has none.

    Parameters
    ----------
    ids : sequence of str, length n
        Ids of the texts.
    labels : int64 array, shape (n,)
        Labels in the file, as positions in `classes`; -1 for none.
    classes : sequence of str
        The classes of the file, numbered from 0. Added ones get the next numbers.
    """

    def __init__(
        self, ids: Sequence[str], labels: NDArray[np.int64], classes: Sequence[str]
    ) -> None:
        self.ids = ids
        self.row_of = {name: row for row, name in enumerate(ids)}
        self._given = labels
        self._first = tuple(classes)
        self.events: list[Event] = []
        self.tokens: set[str] = set()
        self._undone: set[int] = set()
        self._of_item: dict[str, list[Event]] = defaultdict(list)
        self._of_classes: list[Event] = []
        self._notes: dict[str, list[Event]] = defaultdict(list)
        self._reading = Lock()

    def read(self, events: Iterable[Event]) -> None:
        """Take in further events; those that were read before are left out."""
        with self._reading:
            self._read(events)

    def _read(self, events: Iterable[Event]) -> None:
        last = self.last
        for event in events:
            if event.number <= self.last:
                continue
            self.events.append(event)
            self.tokens.add(event.token)
            if event.kind in DECISIONS:
                self._of_item[event.item].append(event)
            elif event.kind == "noted":
                self._notes[event.item].append(event)
            elif event.kind in ("class_added", "class_renamed", "class_merged"):
                self._of_classes.append(event)
            elif event.kind == "undone" and event.target is not None:
                self._set_active(event.target, active=False)
        if self.last == last:
            return
        for name in ("classes", "labels", "touched", "_class_numbers", "_class_names"):
            self.__dict__.pop(name, None)

    @property
    def last(self) -> int:
        """Number of the last event."""
        return len(self.events)

    def event(self, number: int) -> Event:
        """Return the event of a number."""
        return self.events[number - 1]

    def is_undone(self, event: Event) -> bool:
        """Whether an event was undone, and not done again."""
        return event.number in self._undone

    def _set_active(self, number: int, *, active: bool) -> None:
        """Undo an event or do it again; to undo what undoes another does that one again."""
        target: int | None = number
        while target is not None:
            (self._undone.discard if active else self._undone.add)(target)
            event = self.event(target)
            target = event.target if event.kind == "undone" else None
            active = not active

    # Classes

    @cached_property
    def _class_names(self) -> tuple[list[str], dict[int, int], dict[int, str]]:
        """The name of each class that there ever was, and what merged ones became part of.

        Also the name that the class of a "class_renamed" or "class_merged" event had before it.
        """
        names = list(self._first)
        into: dict[int, int] = {}
        before: dict[int, str] = {}
        for event in self._of_classes:
            active = event.number not in self._undone
            if event.kind != "class_added" and event.label is not None:
                before[event.number] = names[event.label]
            if event.kind == "class_added":
                # Its number is taken also after it was undone, so that others keep theirs.
                names.append(event.text)
                if not active:
                    into[len(names) - 1] = -1
                    continue
                same = [i for i, name in enumerate(names[:-1]) if name == event.text]
                same = [i for i in same if i not in into]
                if same:
                    into[len(names) - 1] = same[0]
            elif active and event.kind == "class_renamed" and event.label is not None:
                names[event.label] = event.text
            elif active and event.label is not None and event.target is not None:
                into[event.label] = event.target
        # Two annotators, or an undone renaming, may have given two classes one name: they are one.
        first: dict[str, int] = {}
        for number, name in enumerate(names):
            if _follow(into, number) == number and first.setdefault(name, number) != number:
                into[number] = first[name]
        return names, into, before

    def old_name(self, event: Event) -> str:
        """Return the name of a class before it was renamed or merged."""
        return self._class_names[2][event.number]

    def resolve(self, number: int) -> int:
        """Return the class that a class is part of after merges, -1 if it was taken back."""
        return _follow(self._class_names[1], number)

    @cached_property
    def _class_numbers(self) -> tuple[int, ...]:
        return tuple(i for i in range(len(self._class_names[0])) if self.resolve(i) == i)

    @cached_property
    def classes(self) -> dict[int, str]:
        """The present classes: name by number, in the order of the numbers."""
        return {number: self._class_names[0][number] for number in self._class_numbers}

    def class_name(self, number: int | None) -> str:
        """Return the present name of a class, "" for None."""
        if number is None or number < 0:
            return ""
        return self.classes.get(self.resolve(number), "")

    def class_number(self, name: str) -> int | None:
        """Return the number of the present class with a name, None if there is none."""
        return next((number for number, known in self.classes.items() if known == name), None)

    # Texts

    def answer(self, item: str, annotator: str) -> Answer:
        """Return what an annotator last said of a text."""
        for event in reversed(self._of_item.get(item, ())):
            if event.annotator == annotator and not self.is_undone(event):
                return self._answer_of(event)
        return Answer()

    def answers(self, item: str) -> dict[str, Answer]:
        """Return what each annotator last said of a text, where it was not taken back."""
        found: dict[str, Answer] = {}
        for event in self._of_item.get(item, ()):
            if not self.is_undone(event) and event.kind not in ("settled", "set_aside"):
                found[event.annotator] = self._answer_of(event)
        return {name: answer for name, answer in found.items() if answer.mark}

    def decision(self, item: str) -> Answer:
        """Return what was settled for a text, or that it was set aside."""
        for event in reversed(self._of_item.get(item, ())):
            if event.kind in ("settled", "set_aside") and not self.is_undone(event):
                return self._answer_of(event)
        return Answer()

    def _answer_of(self, event: Event) -> Answer:
        mark = _MARKS.get(event.kind, "")
        label = event.label
        if mark == "labelled":
            label = None if label is None else self.resolve(label)
            if label is None or label < 0:
                return Answer()
        return Answer(mark, label, event)

    def votes(self, item: str) -> Counter[int]:
        """Count the labels that annotators gave a text."""
        return Counter(
            answer.label
            for answer in self.answers(item).values()
            if answer.mark == "labelled" and answer.label is not None
        )

    def label(self, item: str) -> int | None:
        """Return the label of a text, None if it has none."""
        decision = self.decision(item)
        if decision.mark == "set_aside":
            return None
        if decision.mark:
            return decision.label
        votes = self.votes(item).most_common(2)
        if votes:
            is_tie = len(votes) == 2 and votes[0][1] == votes[1][1]
            return None if is_tie else votes[0][0]
        given = int(self._given[self.row_of[item]])
        return None if given < 0 else self.resolve(given)

    def is_conflict(self, item: str) -> bool:
        """Whether annotators gave a text different labels, and nothing was settled."""
        return not self.decision(item).mark and len(self.votes(item)) > 1

    @cached_property
    def touched(self) -> list[str]:
        """Ids of the texts with an answer or a decision that counts, by the first ever given."""
        return [item for item in self._of_item if item in self.row_of and self._counts(item)]

    def _counts(self, item: str) -> bool:
        """Whether any answer or decision on a text counts; mostly it is the last one."""
        last = self._of_item[item][-1]
        if not self.is_undone(last) and self._answer_of(last).mark:
            return True
        return bool(self.answers(item) or self.decision(item).mark)

    def is_touched(self, item: str) -> bool:
        """Whether anything but the file says something of a text."""
        return item in self._of_item or item in self._notes

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The label of each text as a number of a present class, -1 for none, shape (n,)."""
        resolved = np.array([*map(self.resolve, range(len(self._first))), -1], dtype=np.int64)
        labels: NDArray[np.int64] = resolved[self._given]
        for item in self.touched:
            label = self.label(item)
            labels[self.row_of[item]] = -1 if label is None else label
        return labels

    def conflicts(self) -> list[str]:
        """Return the ids of the texts in conflict."""
        return [item for item in self.touched if self.is_conflict(item)]

    def set_aside(self) -> list[str]:
        """Return the ids of the texts that were set aside."""
        return [item for item in self.touched if self.decision(item).mark == "set_aside"]

    def is_open(self, item: str, annotator: str) -> bool:
        """Whether a text still waits for an answer of an annotator."""
        return not self.answer(item, annotator).mark and not self.decision(item).mark

    def note(self, item: str) -> str:
        """Return the last note on a text."""
        for event in reversed(self._notes.get(item, ())):
            if not self.is_undone(event):
                return event.text
        return ""

    def counts(self) -> dict[int, int]:
        """Count the labelled texts of each present class."""
        numbers = self.labels[self.labels >= 0]
        counted = np.bincount(numbers, minlength=len(self._class_names[0]))
        return {number: int(counted[number]) for number in self.classes}

    def annotators(self) -> list[str]:
        """Return who gave answers, in the order of the first one."""
        events = (event for events in self._of_item.values() for event in events)
        ordered = sorted(events, key=lambda event: event.number)
        return list(dict.fromkeys(event.annotator for event in ordered if event.annotator))

    def labelled_since(self, moment: datetime) -> Counter[str]:
        """Count the texts that each annotator labelled since a moment, and that still count."""
        pairs = set()
        for event in reversed(self.events):
            if event.at < moment:
                break
            if event.kind == "labelled":
                pairs.add((event.annotator, event.item))
        return Counter(
            annotator
            for annotator, item in pairs
            if self.answer(item, annotator).mark == "labelled"
        )

    def ratings(self) -> dict[str, dict[str, str]]:
        """Return the labels that each annotator gave: annotator to id to class name."""
        given: dict[str, dict[str, str]] = defaultdict(dict)
        for item in self.touched:
            for annotator, answer in self.answers(item).items():
                if answer.mark == "labelled" and answer.label is not None:
                    given[annotator][item] = self.classes[answer.label]
        return dict(given)

    # Undo and redo

    def next_undo(self, annotator: str) -> Event | None:
        """Return what an annotator would undo next: the last act that is not undone."""
        return self._stacks(annotator)[0]

    def next_redo(self, annotator: str) -> Event | None:
        """Return the undoing that an annotator would take back next."""
        return self._stacks(annotator)[1]

    def _stacks(self, annotator: str) -> tuple[Event | None, Event | None]:
        done: dict[int, Event] = {}
        undoings: dict[int, Event] = {}
        for event in self.events:
            if event.annotator != annotator:
                continue
            if event.kind in UNDOABLE:
                done[event.number] = event
                undoings.clear()
            elif event.kind == "undone":
                act, undoes = self._act_of(event)
                done.pop(act.number, None)
                undoings.pop(act.number, None)
                if undoes:
                    undoings[act.number] = event
                else:
                    done[act.number] = act
        # Another annotator may have undone an act, or done it again.
        last = [event for event in done.values() if not self.is_undone(event)]
        undone = [event for number, event in undoings.items() if number in self._undone]
        return last[-1] if last else None, undone[-1] if undone else None

    def _act_of(self, event: Event) -> tuple[Event, bool]:
        """The act that an undoing is about in the end, and whether it undoes it."""
        undoes = False
        while event.kind == "undone" and event.target is not None:
            event, undoes = self.event(event.target), not undoes
        return event, undoes


def _follow(into: Mapping[int, int], number: int) -> int:
    """The end of a chain of merged classes; classes merged into each other stay what they are."""
    seen: set[int] = set()
    while number in into and number not in seen:
        seen.add(number)
        number = into[number]
    return number
