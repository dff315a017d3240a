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

from cartography.labelling.class_table import OF_CLASSES, ClassTable
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
        # The classes, and the number of changes of them that were read then.
        self._changes = 0
        self._table = (0, ClassTable.of(classes, (), ()))
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
            elif event.kind in OF_CLASSES:
                more = None
                if event.kind == "class_added" and self._is_current:
                    more = self._table[1].with_class(event.text)
                self._of_classes.append(event)
                self._changes += 1
                if more is not None:
                    self._table = (self._changes, more)
            elif event.kind == "undone" and event.target is not None:
                act = _undo(self.events, self._undone, event.target)
                self._changes += act.kind in OF_CLASSES
        if self.last == last:
            return
        for name in ("labels", "touched"):
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

    def to_undo(self, numbers: Iterable[int]) -> list[int]:
        """Return which events to undo, the last first, so that all of some events are undone.

        Parameters
        ----------
        numbers : iterable of int
            An event that undoes another one of them is left out.
        """
        wanted = set(numbers)
        undone = set(self._undone)
        chosen = []
        # What undoes an event has a higher number than that event.
        for number in sorted(wanted, reverse=True):
            event = self.event(number)
            if number in undone or (event.kind == "undone" and event.target in wanted):
                continue
            _undo(self.events, undone, number)
            chosen.append(number)
        return chosen

    # Classes

    @property
    def _is_current(self) -> bool:
        return self._table[0] == self._changes

    @property
    def _classes(self) -> ClassTable:
        changes, table = self._table
        # Another thread may read further events meanwhile: what is made is of `_changes` before it.
        if changes != self._changes:
            changes = self._changes
            table = ClassTable.of(self._first, list(self._of_classes), self._undone)
            self._table = (changes, table)
        return table

    def old_name(self, event: Event) -> str:
        """Return the name of a class before it was renamed or merged."""
        return self._classes.before[event.number]

    def resolve(self, number: int) -> int:
        """Return the class that a class is part of after merges, -1 if it was taken back."""
        return self._classes.resolve(number)

    @property
    def classes(self) -> dict[int, str]:
        """The present classes: name by number, in the order of the numbers."""
        return self._classes.present

    def class_name(self, number: int | None) -> str:
        """Return the present name of a class, "" for None."""
        if number is None or number < 0:
            return ""
        return self.classes.get(self.resolve(number), "")

    def class_number(self, name: str) -> int | None:
        """Return the number of the present class with a name, None if there is none."""
        return self._classes.numbers.get(name)

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
        counted = np.bincount(numbers, minlength=len(self._classes.names))
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


def _undo(events: Sequence[Event], undone: set[int], number: int) -> Event:
    """Undo an event, and return the act that this is about in the end.

    To undo what undoes another event does that one again.
    """
    undoes = True
    while True:
        (undone.add if undoes else undone.discard)(number)
        event = events[number - 1]
        if event.kind != "undone" or event.target is None:
            return event
        number, undoes = event.target, not undoes
