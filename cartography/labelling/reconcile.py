"""Labels that come back in a file: matched with a project by id, and told of before they count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from cartography.corpora.corpus import Corpus
from cartography.corpora.reading import read_corpus
from cartography.errors import CartographyError
from cartography.files import expand_home
from cartography.formats.tools import open_table
from cartography.formatting import count_noun
from cartography.labelling.events import Act, Event
from cartography.labelling.session import LabelSession
from cartography.labelling.state import LabelState
from cartography.tables.table import TableOptions

_SHOWN = 5
_HALF = 0.5
# Control characters that are no white space, and lone surrogates, with what stands for these.
_LOST = re.compile("[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffd\ud800-\udfff]")


@dataclass(frozen=True)
class FoundLabel:
    """A label of a file for a text of the project.

    Attributes
    ----------
    item : str
        Id of the text.
    label : str
        The class that the file gives it.
    present : str
        The label that it has; "" if none.
    """

    item: str
    label: str
    present: str = ""


@dataclass(frozen=True)
class Reconciliation:
    """What the labels of a file would do to a project.

    Attributes
    ----------
    file : str
        Name of the file.
    project : str
        Name of the project.
    new : tuple of FoundLabel
        For texts without a label.
    same : tuple of FoundLabel
        For texts that have this label.
    conflicts : tuple of FoundLabel
        For texts that have another one.
    unknown : tuple of str
        Ids, or texts if `by_text`, that the project does not have.
    unlabelled : int
        Rows without a label.
    new_classes : tuple of str
        Classes that the project does not have.
    by_text : bool
        Whether most texts were compared, since the file has no ids, or those of another program.
    repeated : int
        Rows for a text that an earlier row of the file labels: the first counts.
    other_texts : tuple of str
        Ids under which the project has another text than the file, which it has nowhere, or more
        than once: these labels are not added, as if the id were unknown.
    set_aside : tuple of str
        Ids of texts that were set aside in the project: their labels are not added.
    is_other_file : bool
        Whether the texts of most rows that have one are such other texts.
    has_ids : bool
        Whether the file has ids.
    """

    file: str
    project: str
    new: tuple[FoundLabel, ...]
    same: tuple[FoundLabel, ...]
    conflicts: tuple[FoundLabel, ...]
    unknown: tuple[str, ...]
    unlabelled: int
    new_classes: tuple[str, ...]
    by_text: bool = False
    repeated: int = 0
    other_texts: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    is_other_file: bool = False
    has_ids: bool = True

    @property
    def summary(self) -> str:
        """The counts in a sentence."""
        parts = [
            f"{len(self.new):,} new",
            f"{len(self.same):,} as they are",
            f"{len(self.conflicts):,} in conflict",
            f"{len(self.unknown):,} unknown {'texts' if self.by_text else 'ids'}",
        ]
        if self.other_texts:
            parts.append(f"{len(self.other_texts):,} unknown (another text)")
        if self.set_aside:
            parts.append(f"{len(self.set_aside):,} set aside here")
        if self.unlabelled:
            parts.append(f"{count_noun(self.unlabelled, 'row')} without a label")
        if self.repeated:
            parts.append(f"{count_noun(self.repeated, 'row')} for a text that has one already")
        line = f"labels for {self.project}: {', '.join(parts)}"
        if self.new_classes:
            shown = ", ".join(map(repr, self.new_classes[:_SHOWN]))
            more = ", …" if len(self.new_classes) > _SHOWN else ""
            line += f"; new classes: {shown}{more}"
        return line

    @property
    def details(self) -> tuple[str, ...]:
        """The first conflicts and unknown ids, as lines."""
        lines = []
        if self.is_other_file:
            lines.append(
                f"most texts of {self.file} are others than {self.project} has under these ids: "
                "is it a file of another project?"
            )
        elif self.by_text and self.has_ids:
            lines.append(f"the ids of {self.file} are others: matched by the texts")
        lines += [
            f"{found.item}: {found.present} here, {found.label} in {self.file}"
            for found in self.conflicts[:_SHOWN]
        ]
        if len(self.conflicts) > _SHOWN:
            lines.append(f"and {len(self.conflicts) - _SHOWN:,} more in conflict")
        kind = "text" if self.by_text else "id"
        lines += [f"unknown {kind}: {name[:80]}" for name in self.unknown[:_SHOWN]]
        for name, items in (("another text", self.other_texts), ("set aside", self.set_aside)):
            if items:
                more = ", …" if len(items) > _SHOWN else ""
                lines.append(f"{name}: {', '.join(items[:_SHOWN])}{more}")
        return tuple(lines)


def read_labels(source: str | Path, **options: Any) -> Corpus:
    """Read the labels of a file, which needs no texts if it has ids.

    Parameters
    ----------
    source : str or Path
        As in `read_corpus`.
    **options
        As in `read_corpus`.

    Returns
    -------
    Corpus
        Without texts in the file, its texts are empty.

    Raises
    ------
    CartographyError
        The source cannot be read, or has no column of labels.
    """
    try:
        return read_corpus(source, **options)
    except CartographyError:
        corpus = _read_without_texts(source, options)
        if corpus is None:
            raise
        return corpus


def _read_without_texts(source: str | Path, options: dict[str, Any]) -> Corpus | None:
    """A table with columns of ids and labels alone, None if it is none."""
    path = expand_home(source)
    if options.get("text") is not None or not path.is_file():
        return None
    try:
        table = open_table(path, TableOptions(options.get("encoding"), options.get("sheet")))
    except CartographyError:
        return None
    by_name = {name.casefold(): name for name in table.columns}
    id_column = options.get("id") or by_name.get("id")
    label = options.get("label") or by_name.get("label")
    if id_column not in table.columns or label not in table.columns or id_column == label:
        return None
    cells: tuple[list[Any], list[Any]] = ([], [])
    for batch in table.batches([id_column, label]):
        for column, part in zip(cells, batch, strict=True):
            column.extend(part)
    frame = pd.DataFrame(
        {
            "id": pd.Series(cells[0], dtype="object"),
            "label": pd.Series(cells[1], dtype="object"),
            "text": "",
        }
    )
    known = {
        name: options[name] for name in ("no_label", "several", "class_names") if name in options
    }
    try:
        corpus = read_corpus(frame, text="text", label="label", id="id", **known)
    except CartographyError as error:
        raise CartographyError(str(error).replace("the DataFrame", table.location, 1)) from None
    return replace(corpus, name=table.name)


def reconcile(session: LabelSession, corpus: Corpus) -> Reconciliation:
    """Compare the labels of a file with those of a project.

    Parameters
    ----------
    session : LabelSession
    corpus : Corpus
        The file, read by `read_labels` or `read_corpus`. A row is matched by its id; by its text
        if the file has no ids, or if the project has another text under the id, or none. Some
        programs, such as Label Studio in its JSON-MIN and CSV exports, give ids of their own, and
        spreadsheets change ids. White space and case do not make another text. A text that
        several rows of the project have is matched by its id only.

    Returns
    -------
    Reconciliation

    Raises
    ------
    CartographyError
        The file has no labels.
    """
    if not corpus.labelled.any():
        raise CartographyError(
            f"{corpus.name} has no labels to add: name its label column, or give another file"
        )
    state = session.state
    given = corpus.take(corpus.labelled)
    has_ids = _has_ids(corpus)
    matches = _Matcher(session.project.corpus, state.row_of)
    ids: Sequence[str | None] = given.ids.tolist() if has_ids else [None] * len(given)
    rows = [matches.row(id, text) for id, text in zip(ids, given.texts, strict=True)]
    by_id = [state.row_of.get(id) if id is not None else None for id in ids]
    with_text = sum(bool(text.strip()) for text in given.texts)
    moved = sum(row is not None and row != own for row, own in zip(rows, by_id, strict=True))
    by_text = not has_ids or moved > _HALF * len(given)
    names = {name.casefold(): name for name in reversed(state.classes.values())}
    names |= {name: name for name in state.classes.values()}
    new: list[FoundLabel] = []
    same: list[FoundLabel] = []
    conflicts: list[FoundLabel] = []
    unknown: list[str] = []
    other_texts: list[str] = []
    set_aside: list[str] = []
    new_classes: dict[str, None] = {}
    seen: set[str] = set()
    matched_by_id = {row for row, own in zip(rows, by_id, strict=True) if row == own}
    each_row = zip(ids, rows, by_id, given.texts, given.labels, strict=True)
    for id, row, own, text, number in each_row:
        if row is None:
            if own is not None:
                other_texts.append(str(id))
            else:
                unknown.append(str(text if by_text else id))
            continue
        item = state.ids[row]
        if item in seen or (row != own and row in matched_by_id):
            continue
        seen.add(item)
        if state.decision(item).mark == "set_aside":
            set_aside.append(item)
            continue
        name = given.classes[number]
        label = names.get(name) or names.get(name.casefold()) or name
        if label == name and name not in names:
            new_classes[name] = None
        present = _present_label(state, item, session.annotator, label)
        found = FoundLabel(item, label, present)
        (new if not present else same if present == label else conflicts).append(found)
    return Reconciliation(
        file=corpus.name,
        project=session.project.name,
        new=tuple(new),
        same=tuple(same),
        conflicts=tuple(conflicts),
        unknown=tuple(unknown),
        unlabelled=int((~corpus.labelled).sum()),
        new_classes=tuple(new_classes),
        by_text=by_text,
        repeated=len(given) - len(unknown) - len(other_texts) - len(seen),
        other_texts=tuple(other_texts),
        set_aside=tuple(set_aside),
        is_other_file=len(other_texts) > _HALF * with_text,
        has_ids=has_ids,
    )


def _present_label(state: LabelState, item: str, annotator: str, label: str) -> str:
    """The label of a text that one in a file is compared with, "" if it has none.

    Whoever gave it this very label gives it no other one, whatever the others say. Of a text on
    which annotators are divided evenly it is what they gave.
    """
    own = state.answer(item, annotator)
    if not state.decision(item).mark and own.mark and state.class_name(own.label) == label:
        return label
    present = state.class_name(state.label(item))
    if not present and state.is_conflict(item):
        return " or ".join(sorted(map(state.class_name, state.votes(item))))
    return present


def _has_ids(corpus: Corpus) -> bool:
    return corpus.account is None or corpus.account.id is not None


class _Matcher:
    """Finds the text of a project that a row of a file is about."""

    def __init__(self, corpus: Corpus, row_of: Mapping[str, int]) -> None:
        self._texts = corpus.texts
        self._row_of = row_of

    @cached_property
    def _rows(self) -> dict[str, int]:
        return _rows_of_texts(self._texts)

    @cached_property
    def _plain_rows(self) -> dict[str, int]:
        return _rows_of_texts(map(_plain, self._texts))

    def row(self, id: str | None, text: str) -> int | None:
        """Return the row in the project, None if it is unknown.

        Parameters
        ----------
        id : str or None
            None if the file has no ids.
        text : str
            "" if the file has no texts.
        """
        own = None if id is None else self._row_of.get(id)
        if not text.strip() or (own is not None and _same_text(text, self._texts[own])):
            return own
        row = self._rows.get(text)
        return self._plain_rows.get(_plain(text)) if row is None else row


def _same_text(text: str, other: str) -> bool:
    return text == other or _plain(text) == _plain(other)


def _plain(text: str) -> str:
    """A text without what programs change in it: white space, case, and what no file contains."""
    return " ".join(_LOST.sub("", text).split()).casefold()


def _rows_of_texts(texts: Iterable[str]) -> dict[str, int]:
    """The row of each text that occurs once."""
    rows: dict[str, int] = {}
    for row, text in enumerate(texts):
        rows[text] = -1 if text in rows else row
    return {text: row for text, row in rows.items() if row >= 0}


def add_labels(
    session: LabelSession,
    found: Reconciliation,
    conflicts: Literal["keep", "replace"] = "keep",
    *,
    own_answers: bool = False,
) -> list[Event]:
    """Add the labels of a file to a project.

    Parameters
    ----------
    session : LabelSession
        Its annotator is who gave the labels.
    found : Reconciliation
    conflicts : {"keep", "replace"}
        Whether a text in conflict keeps its label, or is settled with that of the file.
    own_answers : bool, default False
        Whether a label for a text that only other annotators labelled is added as this
        annotator's own answer, so that agreement can be computed; it is no conflict then.

    Returns
    -------
    list of Event
        Those of the labels, after those of the classes that were added for them. To undo the
        import, give their numbers to `LabelSession.undo_events`.
    """
    answers = further_answers(session, found) if own_answers else ()
    answered = {each.item for each in answers}
    settled = [each for each in found.conflicts if each.item not in answered]
    chosen = [*found.new, *answers, *(settled if conflicts == "replace" else ())]
    needed = dict.fromkeys(each.label for each in chosen)
    known = set(session.state.classes.values())
    classes = session.act([session.new_class(name) for name in needed if name not in known])
    numbers = {name: session.class_number(name) for name in needed}
    replaced = {each.item for each in settled}
    rounds = {item: each.number for each in session.rounds for item in each.batch["id"]}
    acts = [
        Act(
            "settled" if each.item in replaced else "labelled",
            session.annotator,
            each.item,
            numbers[each.label],
            round=rounds.get(each.item, 0),
            source=found.file,
        )
        for each in chosen
    ]
    return [*classes, *session.act(acts)]


def further_answers(session: LabelSession, found: Reconciliation) -> tuple[FoundLabel, ...]:
    """Return the labels of a file for texts that annotators labelled, but not this one.

    Texts that were settled, or that have their label from the project's file, are not among them.
    """
    state = session.state
    return tuple(
        each
        for each in (*found.same, *found.conflicts)
        if state.votes(each.item)
        and not state.decision(each.item).mark
        and not state.answer(each.item, session.annotator).mark
    )
