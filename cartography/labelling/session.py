"""One person's work on a project: give labels, undo, ask for the next batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from cartography.errors import CartographyError
from cartography.features.kinds import Report
from cartography.labelling.events import UNDOABLE, Act, Event, Kind
from cartography.labelling.project import Project, open_project
from cartography.labelling.round_model import RoundRequest
from cartography.labelling.rounds import Round, read_rounds, run_round
from cartography.labelling.state import LabelState
from cartography.labelling.store import LabelStore
from cartography.models.training import Epoch

_MOST_CLASSES = 2_000
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Asked:
    """A text that was asked for and waits for an answer.

    Attributes
    ----------
    item : str
        Its id.
    text : str
    round : int
        The round that asked for it.
    reason : str
        Why.
    predicted : str
        The class that the model of the round gives it, "" without a model.
    probability : float
        The model's probability of that class.
    duplicates : tuple of str
        Ids of near-duplicates, which were without a label when it was asked for.
    """

    item: str
    text: str
    round: int
    reason: str
    predicted: str
    probability: float
    duplicates: tuple[str, ...]


class LabelSession:
    """The labels of a project as one annotator sees and gives them.

    Parameters
    ----------
    project : Project or str
        A project, its id or its name.
    annotator : str, default ""
        Who labels.
    store : LabelStore, optional
        The default store if not given.
    source : str, default "python"
        Where the labels come from, for the log.

    Raises
    ------
    CartographyError
        There is no such project, or its texts cannot be read.

    Examples
    --------
    >>> session = LabelSession("tickets", annotator="Ada")  # doctest: +SKIP
    >>> session.next_batch(strategy="margin")  # doctest: +SKIP
    >>> for asked in session.queue():  # doctest: +SKIP
    ...     session.label(asked.item, input(asked.text))
    """

    def __init__(
        self,
        project: Project | str,
        annotator: str = "",
        store: LabelStore | None = None,
        source: str = "python",
    ) -> None:
        self.store = store or LabelStore()
        self.project = (
            project if isinstance(project, Project) else open_project(self.store, project)
        )
        self.annotator = annotator.strip()
        self.source = source
        corpus = self.project.corpus
        self._state = LabelState(corpus.ids.tolist(), corpus.labels, corpus.classes)
        self._rounds: list[Round] = []

    @property
    def state(self) -> LabelState:
        """What the events amount to, those of other annotators included, up to this moment."""
        self._state.read(self.store.events(self.project.id, after=self._state.last))
        return self._state

    @property
    def rounds(self) -> list[Round]:
        """The finished rounds."""
        self._rounds = read_rounds(self.project, self._rounds)
        return self._rounds

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the user's other columns, which exports contain."""
        other = self.project.corpus.columns
        return () if other is None else other.names

    # What is labelled

    def labels(self) -> pd.Series:
        """Return the labels by id, as class names."""
        state = self.state
        numbers = state.labels
        names = {
            item: state.class_name(int(number))
            for item, number in zip(state.ids, numbers, strict=True)
            if number >= 0
        }
        return pd.Series(names, name="label", dtype="str").rename_axis("id")

    def pool(self) -> list[str]:
        """Return the ids of the texts without a label that were not set aside, in file order."""
        state = self.state
        aside = set(state.set_aside())
        return [
            item
            for item, number in zip(state.ids, state.labels, strict=True)
            if number < 0 and item not in aside
        ]

    def text(self, item: str) -> str:
        """Return a text.

        Raises
        ------
        CartographyError
            There is no text with this id.
        """
        return str(self.project.corpus.texts[self._row(item)])

    def queue(self) -> list[Asked]:
        """Return what was asked for and waits for this annotator, in the order to show it.

        Earlier batches come first. Where the project named its annotators when a batch was asked
        for, each sees a share of it; otherwise everybody sees what nobody has labelled, and a
        second annotator starts at another place of the batch than the first.
        """
        state = self.state
        return [asked for each in self.rounds for asked in self._open_texts(each, state)]

    def _open_texts(self, each: Round, state: LabelState) -> Iterator[Asked]:
        table = each.batch
        wanted = [
            (position, item)
            for position, item in enumerate(table["id"])
            if self._is_wanted(each, position, item, state)
        ]
        if not each.summary.get("annotators"):
            others = sorted({*state.annotators(), self.annotator})
            start = len(table) * others.index(self.annotator) // len(others)
            wanted.sort(key=lambda pair: pair[0] < start)
        for position, item in wanted:
            row = table.iloc[position]
            duplicates = row["duplicates"]
            yield Asked(
                item=item,
                text=self.text(item),
                round=each.number,
                reason=str(row["reason"]),
                predicted=str(row["predicted_label"]),
                probability=float(row["probability"]),
                duplicates=() if duplicates is None else tuple(map(str, duplicates)),
            )

    def _is_wanted(self, each: Round, position: int, item: str, state: LabelState) -> bool:
        """Whether this annotator should answer for a text of a batch."""
        annotators, overlap = each.summary.get("annotators"), each.summary.get("overlap", 0)
        if not state.is_open(item, self.annotator):
            return False
        if annotators and self.annotator not in annotators:
            return not state.votes(item)
        if position < overlap:
            return True
        if annotators:
            return annotators[(position - overlap) % len(annotators)] == self.annotator
        return not state.votes(item)

    # Acts

    def act(self, acts: Sequence[Act]) -> list[Event]:
        """Store acts of this annotator after checking them; see `LabelStore.append`.

        Raises
        ------
        CartographyError
            A text or a class is unknown, or the acts cannot be stored. Nothing is stored.
        """
        state = self.state
        for act in acts:
            if act.item:
                self._row(act.item)
            if act.kind in ("labelled", "settled") and act.label is None:
                raise CartographyError(f"text {act.item!r} was given no class")
            for number in (act.label, act.target if act.kind == "class_merged" else None):
                if number is not None and state.resolve(number) not in state.classes:
                    raise CartographyError(f"there is no class number {number}")

        def previous(act: Act) -> int | None:
            return state.label(act.item) if act.item else None

        stored = self.store.append(self.project.id, acts, previous)
        self._state.read(self.store.events(self.project.id, after=self._state.last))
        return stored

    def label(self, item: str, name: str, *, round: int = 0) -> Event:
        """Give a text a class, by its name.

        Raises
        ------
        CartographyError
            There is no such text or class.
        """
        return self._decide("labelled", item, self.class_number(name), round=round)

    def clear(self, item: str) -> Event:
        """Take this annotator's label of a text back."""
        return self._decide("cleared", item)

    def skip(self, item: str) -> Event:
        """Leave a text without an answer; it is not asked for again."""
        return self._decide("skipped", item)

    def unsure(self, item: str) -> Event:
        """Say that the class of a text cannot be told."""
        return self._decide("unsure", item)

    def note(self, item: str, text: str) -> Event:
        """Write a note on a text."""
        return self._decide("noted", item, text=text)

    def settle(self, item: str, name: str) -> Event:
        """Decide the class of a text for all annotators."""
        return self._decide("settled", item, self.class_number(name))

    def set_aside(self, item: str) -> Event:
        """Take a text out of the labelled set and of the pool."""
        return self._decide("set_aside", item)

    def _decide(
        self, kind: Kind, item: str, label: int | None = None, *, text: str = "", round: int = 0
    ) -> Event:
        act = Act(kind, self.annotator, item, label, text=text, round=round, source=self.source)
        return self.act([act])[0]

    def undo(self) -> Event | None:
        """Undo this annotator's last act and return it; None if there is none."""
        last = self.state.next_undo(self.annotator)
        if last is not None:
            self.undo_events([last.number])
        return last

    def redo(self) -> Event | None:
        """Do again what this annotator undid last and return it; None if there is none."""
        undoing = self.state.next_redo(self.annotator)
        if undoing is None or undoing.target is None:
            return None
        self.undo_events([undoing.number])
        return self._state.event(undoing.target)

    def undo_events(self, numbers: Sequence[int]) -> list[Event]:
        """Undo events by their numbers, such as those of an import.

        Raises
        ------
        CartographyError
            There is no event of a number, or it is none that can be undone.
        """
        state = self.state
        for number in numbers:
            if not 1 <= number <= state.last:
                raise CartographyError(f"there is no event {number:,}: the log has {state.last:,}")
            kind = state.event(number).kind
            if kind not in UNDOABLE | {"undone"}:
                raise CartographyError(f"event {number:,} ({kind}) cannot be undone")
        return self.act(
            [
                Act("undone", self.annotator, target=number, source=self.source)
                for number in reversed(numbers)
            ]
        )

    # Classes

    def class_number(self, name: str) -> int:
        """Return the number of a class.

        Raises
        ------
        CartographyError
            There is no class of this name.
        """
        number = self.state.class_number(name)
        if number is None:
            names = list(self._state.classes.values())
            listed = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
            raise CartographyError(
                f"there is no class {name!r}" + (f"; there are {listed}" if names else "")
            )
        return number

    def add_class(self, name: str) -> int:
        """Add a class and return its number; that of the class of this name if there is one.

        Raises
        ------
        CartographyError
            The name is empty or too long, or there are 2,000 classes already.
        """
        name = self._new_name(name)
        if self.state.class_number(name) is None:
            self.act([self.new_class(name)])
        return self.class_number(name)

    def new_class(self, name: str, token: str = "") -> Act:
        """Return the act that adds a class.

        Raises
        ------
        CartographyError
            As in `add_class`.
        """
        name = self._new_name(name)
        if len(self.state.classes) >= _MOST_CLASSES:
            raise CartographyError(f"a project has at most {_MOST_CLASSES:,} classes")
        return Act("class_added", self.annotator, text=name, source=self.source, token=token)

    def rename_class(self, name: str, new_name: str) -> Event:
        """Give a class another name.

        Raises
        ------
        CartographyError
            There is no class `name`, or one is named `new_name` already.
        """
        number, new_name = self.class_number(name), self._new_name(new_name)
        if self._state.class_number(new_name) is not None:
            raise CartographyError(f"there is a class {new_name!r} already: merge the two instead")
        act = Act("class_renamed", self.annotator, "", number, text=new_name, source=self.source)
        return self.act([act])[0]

    def merge_class(self, name: str, into: str) -> Event:
        """Make all texts of a class those of another one.

        Raises
        ------
        CartographyError
            There is no such class, or both are the same.
        """
        number, target = self.class_number(name), self.class_number(into)
        if number == target:
            raise CartographyError(f"class {name!r} cannot be merged with itself")
        act = Act("class_merged", self.annotator, "", number, target, source=self.source)
        return self.act([act])[0]

    @staticmethod
    def _new_name(name: str) -> str:
        name = name.strip()
        if not name:
            raise CartographyError("a class needs a name")
        if len(name) > _LONGEST_NAME:
            raise CartographyError(f"the name of a class has at most {_LONGEST_NAME} characters")
        return name

    # Rounds

    def run_round(
        self, request: RoundRequest | None = None, report: Report = lambda _: None
    ) -> Iterator[Epoch]:
        """Train on the labels and ask for the next batch, yielding each epoch; see `run_round`."""
        request = request or RoundRequest(annotator=self.annotator)
        return run_round(self.store, self.project, request, report=report)

    def next_batch(self, strategy: str = "margin", size: int | None = None) -> list[Asked]:
        """Train on the labels, and return the texts that a strategy asks for next.

        Parameters
        ----------
        strategy : str, default "margin"
            A key of `STRATEGIES`. Before two classes have a label, texts that are unlike each
            other are asked for.
        size : int, optional
            By default a tenth of the labelled texts, 20 to 100.

        Raises
        ------
        CartographyError
            As in `run_round`.
        """
        for _ in self.run_round(RoundRequest(strategy, size, annotator=self.annotator)):
            pass
        last = self.rounds[-1].number
        return [asked for asked in self.queue() if asked.round == last]

    def _row(self, item: str) -> int:
        row = self._state.row_of.get(item)
        if row is None:
            raise CartographyError(f"there is no text with the id {item!r}")
        return row
