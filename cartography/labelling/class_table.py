"""The classes of a project as events made them: added, renamed, merged, and taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cartography.labelling.events import Event

OF_CLASSES = frozenset({"class_added", "class_renamed", "class_merged"})
"""The kinds of events that change the classes."""


@dataclass(frozen=True)
class ClassTable:
    """The classes that there ever were.

    Attributes
    ----------
    names : tuple of str
        The last name of each class, by its number.
    into : mapping of int to int
        What a merged class became part of; -1 for one that was taken back.
    before : mapping of int to str
        The name that the class of a "class_renamed" or "class_merged" event had before it, by the
        number of the event.
    """

    names: tuple[str, ...]
    into: Mapping[int, int]
    before: Mapping[int, str]

    @classmethod
    def of(
        cls, first: Sequence[str], events: Iterable[Event], undone: Collection[int]
    ) -> ClassTable:
        """Read the events of kinds `OF_CLASSES` in their order.

        Parameters
        ----------
        first : sequence of str
            The classes of the file.
        events : iterable of Event
        undone : collection of int
            Numbers of the events that are undone.
        """
        names = list(first)
        of_name: dict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(names):
            of_name[name].append(number)
        into: dict[int, int] = {}
        before: dict[int, str] = {}
        for event in events:
            active = event.number not in undone
            if event.kind != "class_added" and event.label is not None:
                before[event.number] = names[event.label]
            if event.kind == "class_added":
                # Its number is taken also after it was undone, so that others keep theirs.
                same = [number for number in of_name[event.text] if number not in into]
                of_name[event.text].append(len(names))
                names.append(event.text)
                if not active:
                    into[len(names) - 1] = -1
                elif same:
                    into[len(names) - 1] = min(same)
            elif active and event.kind == "class_renamed" and event.label is not None:
                of_name[names[event.label]].remove(event.label)
                of_name[event.text].append(event.label)
                names[event.label] = event.text
            elif active and event.label is not None and event.target is not None:
                into[event.label] = event.target
        # Two annotators, or an undone renaming, may have given two classes one name: they are one.
        kept: dict[str, int] = {}
        for number, name in enumerate(names):
            if _follow(into, number) == number and kept.setdefault(name, number) != number:
                into[number] = kept[name]
        return cls(tuple(names), into, before)

    def with_class(self, name: str) -> ClassTable | None:
        """Return the table with a further class; None if a class ever had this name.

        To read all events again for each of many new classes would be quadratic.
        """
        if name in self._ever:
            return None
        more = ClassTable((*self.names, name), self.into, self.before)
        number = len(self.names)
        more.__dict__.update(
            _ever=self._ever | {name},
            present={**self.present, number: name},
            numbers={**self.numbers, name: number},
        )
        return more

    @cached_property
    def _ever(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def present(self) -> dict[int, str]:
        """The present classes: name by number, in the order of the numbers."""
        return {
            number: name for number, name in enumerate(self.names) if self.resolve(number) == number
        }

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each present class by its name."""
        return {name: number for number, name in reversed(self.present.items())}

    def resolve(self, number: int) -> int:
        """Return the class that a class is part of after merges, -1 if it was taken back."""
        return _follow(self.into, number)


def _follow(into: Mapping[int, int], number: int) -> int:
    """The end of a chain of merged classes; classes merged into each other stay what they are."""
    seen: set[int] = set()
    while number in into and number not in seen:
        seen.add(number)
        number = into[number]
    return number
