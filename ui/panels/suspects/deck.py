"""Which suspects are to be reviewed, and in which order: a search against the present labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cartography.labelling.state import LabelState
from cartography.labelling.suspect_runs import SuspectRun


@dataclass(frozen=True)
class Deck:
    """The first suspects of a ranking.

    Attributes
    ----------
    rows : tuple of int
        Rows of the run's table, the most suspect first; without texts that lost their label in
        another way than by a review.
    reviewed : tuple of bool
        Which of them were settled or set aside.
    """

    rows: tuple[int, ...]
    reviewed: tuple[bool, ...]

    @classmethod
    def of(cls, run: SuspectRun, state: LabelState, ranking: str, top: int) -> Deck:
        """Take the first `top` suspects of a ranking."""
        ids = run.table["id"].tolist()
        labels = state.labels
        decided = {item for item in state.touched if state.decision(item).mark}
        rows: list[int] = []
        for row in run.order(ranking).tolist():
            if len(rows) == top:
                break
            if ids[row] in decided or labels[state.row_of[ids[row]]] >= 0:
                rows.append(row)
        return cls(tuple(rows), tuple(ids[row] in decided for row in rows))

    @property
    def count(self) -> int:
        """Number of reviewed suspects."""
        return sum(self.reviewed)

    def places(self, *, all: bool) -> list[int]:
        """Return the places in the ranking, from 0, that are listed: the open ones, or all."""
        return [i for i, reviewed in enumerate(self.reviewed) if all or not reviewed]


def place_at(places: Sequence[int], at: int) -> int | None:
    """Return the first listed place from `at` on, else the last one; None without any."""
    return next((place for place in places if place >= at), places[-1] if places else None)


def place_before(places: Sequence[int], at: int) -> int | None:
    """Return the last listed place before `at`."""
    return next((place for place in reversed(places) if place < at), None)


def place_after(places: Sequence[int], at: int) -> int | None:
    """Return the first listed place after `at`."""
    return next((place for place in places if place > at), None)


def present_name(run: SuspectRun, state: LabelState, name: str) -> str:
    """Return the present name of a class of a run, "" if the class was taken back."""
    return state.class_name(run.classes.get(name))


def changed_since(state: LabelState, run: SuspectRun) -> int:
    """Count the labels that were given, changed or taken back since a run."""
    before = np.full(len(state.ids), -1, dtype=np.int64)
    numbers = {name: state.resolve(number) for name, number in run.classes.items()}
    rows = [state.row_of[item] for item in run.table["id"]]
    before[rows] = [numbers[name] for name in run.table["label"]]
    return int((before != state.labels).sum())
