"""The desk: the texts of the batches, one at a time, and the keys that label them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import streamlit as st

from cartography.errors import CartographyError
from cartography.labelling.session import Asked, LabelSession
from ui.faults import errors_in_place, sentence
from ui.jobs import labelling
from ui.panels.label.outbox import TakenIn, take_in

# What the browser holds; more is sent while it works on that.
_MOST_TEXTS, _MOST_CHARACTERS = 80, 200_000
_MOST_DUPLICATES, _SHOWN_OF_DUPLICATE = 50, 300
_TAKEN, _PROBLEM, _WAITED = "taken in", "problem of the desk", "waited at the desk"
_FILES = Path(__file__).parent / "component"
# Registered when the module is imported: again at each run of a page would mount it anew.
_component = st.components.v2.component(
    "cartography_desk",
    html='<div class="desk"></div>',
    css=(_FILES / "desk.css").read_text(encoding="utf-8"),
    # One text, since a script in the page cannot import another.
    js="\n".join(
        (_FILES / f"{part}.js").read_text(encoding="utf-8")
        for part in ("outbox", "parts", "view", "desk")
    ),
)


def desk(session: LabelSession) -> None:
    """Show the texts that wait for this annotator, and store the answers.

    Only this part of the page runs after an answer; all of it once nothing waits any more.

    Parameters
    ----------
    session : LabelSession
    """

    @st.fragment
    @errors_in_place()
    def work() -> None:
        problem = st.session_state.pop(_PROBLEM, "")
        if problem:
            st.error(problem, icon=":material/error:")
        queue = session.queue()
        _component(
            key=_key(session),
            data=_data(session, queue),
            default={"outbox": {}},
            on_outbox_change=lambda: _take(session),
        )
        waited = st.session_state.get(_WAITED, False)
        st.session_state[_WAITED] = bool(queue)
        if waited and not queue:
            st.rerun()

    work()


def _key(session: LabelSession) -> str:
    # Another annotator is another desk, with an outbox of its own.
    return f"label_desk_{session.project.id}_{session.annotator}"


def _take(session: LabelSession) -> None:
    """Store what the desk sent. It runs before the page, so an answer is stored before it shows."""
    sent = st.session_state[_key(session)].get("outbox")
    acts = sent.get("acts") if isinstance(sent, Mapping) else None
    records = [act for act in acts or () if isinstance(act, Mapping)]
    try:
        st.session_state[_TAKEN] = take_in(session, records)
    except CartographyError as error:
        # Nothing is told as stored, so the desk keeps it and sends it with the next answer.
        st.session_state[_TAKEN] = TakenIn()
        st.session_state[_PROBLEM] = sentence(str(error))


def _data(session: LabelSession, queue: Sequence[Asked]) -> dict[str, Any]:
    state = session.state
    taken: TakenIn = st.session_state.get(_TAKEN, TakenIn())
    counts = state.counts()
    return {
        # Without spaces in it, so that no annotator's name is the start of another's.
        "name": f"{session.project.id} {quote(session.annotator, safe='')}",
        "queue": [_text(session, asked) for asked in _first_of(queue)],
        "open": len(queue),
        "classes": [
            {"number": number, "name": name, "count": counts[number]}
            for number, name in state.classes.items()
        ],
        "stored": list(taken.stored),
        "refused": [{"token": token, "reason": reason} for token, reason in taken.refused],
        "focus": _focus(session, queue, taken),
        "labelled": int((state.labels >= 0).sum()),
        "texts": len(state.ids),
        "today": state.labelled_since(labelling.midnight())[session.annotator],
        "target": session.project.settings.target,
    }


def _first_of(queue: Sequence[Asked]) -> list[Asked]:
    """As many as the browser holds, one at least."""
    lengths = accumulate(len(asked.text) for asked in queue[:_MOST_TEXTS])
    count = sum(length <= _MOST_CHARACTERS for length in lengths)
    return list(queue[: max(count, 1)])


def _focus(session: LabelSession, queue: Sequence[Asked], taken: TakenIn) -> dict[str, Any] | None:
    """The text that was undone last, or that the address names, and a token of this occasion."""
    linked = st.query_params.get(labelling.TEXT, "")
    item, token = taken.focus or (linked, f"address {linked}")
    if item not in session.state.row_of:
        return None
    asked = next((asked for asked in queue if asked.item == item), None)
    return {"token": token, "text": _text(session, asked or _linked(session, item))}


def _linked(session: LabelSession, item: str) -> Asked:
    label = session.state.class_name(session.state.label(item))
    reason = f"It was opened by a link; its label is {label}." if label else "Opened by a link."
    return Asked(item, session.text(item), 0, reason, "", float("nan"), ())


def _text(session: LabelSession, asked: Asked) -> dict[str, Any]:
    state = session.state
    others = islice(
        (item for item in asked.duplicates if state.label(item) is None), _MOST_DUPLICATES
    )
    return {
        "item": asked.item,
        "text": asked.text,
        "round": asked.round,
        "reason": asked.reason,
        "guess": asked.predicted,
        "probability": asked.probability if asked.predicted else 0.0,
        "note": state.note(asked.item),
        "duplicates": [
            {"item": item, "text": session.text(item)[:_SHOWN_OF_DUPLICATE]} for item in others
        ],
    }
