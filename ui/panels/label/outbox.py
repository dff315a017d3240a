"""What the desk sends: answers that are stored once, however often they arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cartography.errors import CartographyError
from cartography.labelling.events import Act, Kind
from cartography.labelling.session import LabelSession
from ui.faults import reword

_ANSWERS: Mapping[str, Kind] = {
    "labelled": "labelled",
    "skipped": "skipped",
    "unsure": "unsure",
    "noted": "noted",
    "set_aside": "set_aside",
}
_LONGEST_NOTE = 10_000
_LONGEST_TOKEN = 64


@dataclass(frozen=True)
class TakenIn:
    """What became of the answers of an outbox.

    Attributes
    ----------
    stored : tuple of str
        Tokens of those that are on disk.
    refused : tuple of (str, str)
        Tokens of those that cannot be stored, and why.
    focus : tuple of (str, str) or None
        Id of the text that was undone or done again last, and the token of that.
    """

    stored: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    focus: tuple[str, str] | None = None


def take_in(session: LabelSession, records: Sequence[Mapping[str, Any]]) -> TakenIn:
    """Store the answers of an outbox in their order.

    Parameters
    ----------
    session : LabelSession
    records : sequence of mapping
        As the desk sends them; anything else that a browser could send is refused.

    Returns
    -------
    TakenIn

    Raises
    ------
    CartographyError
        The store does not answer. What comes after is not stored, and the desk sends it again.
    """
    known = session.state.tokens
    stored: list[str] = []
    refused: list[tuple[str, str]] = []
    focus: tuple[str, str] | None = None
    for record in records:
        token = str(record.get("token", ""))
        if not 0 < len(token) <= _LONGEST_TOKEN:
            refused.append((token, "an answer without a token cannot be stored"))
            continue
        if token in known:
            stored.append(token)
            continue
        try:
            act = _act(session, record, token)
        except CartographyError as error:
            refused.append((token, reword(str(error))))
            continue
        if act is not None:
            session.act([act])
            if act.kind == "undone" and act.target is not None:
                focus = _item_of(session, act.target), token
        stored.append(token)
    return TakenIn(tuple(stored), tuple(refused), focus)


def _act(session: LabelSession, record: Mapping[str, Any], token: str) -> Act | None:
    """The act of a record; None if there is nothing to do."""
    state, kind = session.state, str(record.get("kind"))
    if kind in ("undo", "redo"):
        undo = kind == "undo"
        last = state.next_undo(session.annotator) if undo else state.next_redo(session.annotator)
        if last is None:
            return None
        return Act("undone", session.annotator, target=last.number, source="page", token=token)
    text = str(record.get("text", ""))
    if len(text) > _LONGEST_NOTE:
        raise CartographyError(f"a note has at most {_LONGEST_NOTE:,} characters")
    if kind == "class_added":
        if state.class_number(text.strip()) is not None:
            return None
        return session.new_class(text, token)
    if kind not in _ANSWERS:
        raise CartographyError(f"there is no answer {kind[:20]!r}")
    item = str(record.get("item", ""))
    if item not in state.row_of:
        raise CartographyError(f"there is no text with the id {item[:80]!r}")
    label = None
    if kind == "labelled":
        label = record.get("label")
        if not isinstance(label, int) or state.resolve(label) not in state.classes:
            label = session.class_number(str(record.get("name", "")))
    round_ = record.get("round", 0)
    return Act(
        _ANSWERS[kind],
        session.annotator,
        item,
        label,
        text=text,
        round=round_ if isinstance(round_, int) else 0,
        source="page",
        token=token,
    )


def _item_of(session: LabelSession, number: int) -> str:
    """The text that an event is about, through what it undoes."""
    event = session.state.event(number)
    while event.kind == "undone" and event.target is not None:
        event = session.state.event(event.target)
    return event.item
