"""Label events: everything that anybody did in a project, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

Kind = Literal[
    "created",
    "labelled",
    "cleared",
    "skipped",
    "unsure",
    "noted",
    "settled",
    "set_aside",
    "class_added",
    "class_renamed",
    "class_merged",
    "undone",
    "asked",
    "trained",
]

DECISIONS = frozenset({"labelled", "cleared", "skipped", "unsure", "settled", "set_aside"})
"""The kinds that decide what becomes of a text."""

UNDOABLE = DECISIONS | {"noted", "class_added", "class_renamed", "class_merged"}
"""The kinds that a person can undo."""


@dataclass(frozen=True)
class Act:
    """What somebody does, before it is stored.

    Attributes
    ----------
    kind : Kind
        "labelled" and "settled" give a text a class: the annotator's own label, and the decision
        for all annotators. "cleared" takes the annotator's label back, "set_aside" takes a text
        out of the labelled set and of the pool. "asked" and "trained" are of a round.
    annotator : str
        Who does it; "" for the program.
    item : str
        Id of the text; "" if there is none.
    label : int or None
        Number of the class that is given, renamed or merged away.
    target : int or None
        Number of the event that is undone, or of the class that `label` is merged into.
    text : str
        A note, or the name of a class.
    round : int
        The round that the text was asked for in; 0 if it was in none.
    source : str
        Where it came from: "page", "python", or the name of a file.
    token : str
        The same act sent twice has the same token, and is stored once.
    """

    kind: Kind
    annotator: str = ""
    item: str = ""
    label: int | None = None
    target: int | None = None
    text: str = ""
    round: int = 0
    source: str = "page"
    token: str = ""

    def with_token(self) -> str:
        """Return the token, a new one if there is none."""
        return self.token or uuid4().hex


@dataclass(frozen=True)
class Event(Act):
    """A stored act.

    Attributes
    ----------
    number : int
        Position in the project, from 1.
    at : datetime
        When it was stored, in UTC.
    previous : int or None
        The class that the text had before, by the same rules as in `LabelState.label`.
    """

    number: int = 0
    at: datetime = datetime.min
    previous: int | None = None
