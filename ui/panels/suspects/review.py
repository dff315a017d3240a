"""The review: one suspect at a time, to keep, relabel or set aside."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import streamlit as st

from cartography.active.reasons import explain_regions
from cartography.errors import CartographyError
from cartography.figures import epoch_curves_figure
from cartography.labelling.session import LabelSession
from cartography.labelling.state import LabelState
from cartography.labelling.suspect_runs import SuspectRun
from cartography.labelling.suspects import RANKINGS
from ui import parts, words
from ui.faults import errors_in_place, sentence
from ui.naming import escape_markdown
from ui.panels.suspects import listing
from ui.panels.suspects.deck import Deck, place_after, place_at, place_before, present_name

_DEFAULT = "log odds"
_TOP = 50
_LONG = 1_500  # characters of a text that gets a scroll bar
_SHORT = 300  # characters of a neighbour
_PROBLEM = "problem of the review"


def review(session: LabelSession, run: SuspectRun) -> None:
    """Show the ranking to choose, the suspect in turn, and the table of the first ones."""
    problem = st.session_state.pop(_PROBLEM, "")
    if problem:
        st.error(problem, icon=":material/error:")
    ranking, top, everything = _options(run)
    deck = Deck.of(run, session.state, ranking, top)
    key = f"suspects_at_{run.folder.parent.parent.name}_{run.number}_{ranking}"
    places = deck.places(all=everything)
    place = place_at(places, int(st.session_state.get(key, 0)))
    st.progress(
        deck.count / max(1, len(deck.rows)),
        text=f"{deck.count:,} reviewed of the top {len(deck.rows):,}",
    )
    if place is None:
        _done(session, run, deck, key)
    else:
        _suspect(session, run, deck, places, place, key, ranking)
    listing.show(session, run, ranking)


def _options(run: SuspectRun) -> tuple[str, int, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ranking = st.selectbox(
            "Ranking",
            list(RANKINGS),
            index=list(RANKINGS).index(_DEFAULT),
            key="suspects_ranking",
            help=words.rankings(),
            width=220,
            persist_state="session",
        )
        count = len(run.table)
        top = st.number_input(
            "Review the top",
            min_value=1,
            max_value=count,
            value=min(_TOP, count),
            step=10,
            key=f"suspects_top_{count}",
            width=150,
        )
        everything = st.toggle(
            "Show reviewed",
            key="suspects_reviewed",
            help="Also list what was kept, relabelled or set aside.",
        )
    st.caption(RANKINGS[ranking].description)
    return ranking, int(top), everything


def _done(session: LabelSession, run: SuspectRun, deck: Deck, key: str) -> None:
    st.success(
        f"All of the top {len(deck.rows):,} are reviewed. Review more of them, or look again: "
        "the model then learns from the corrected labels.",
        icon=":material/check:",
    )
    _undo_button(session, run, deck, key)


def _suspect(
    session: LabelSession,
    run: SuspectRun,
    deck: Deck,
    places: Sequence[int],
    place: int,
    key: str,
    ranking: str,
) -> None:
    record = run.table.iloc[deck.rows[place]]
    left, right = st.columns([3, 2], gap="large")
    with left:
        _text(session, run, record, deck.reviewed[place], place, ranking)
        _buttons(session, run, record, deck, places, place, key)
        _note(session, str(record["id"]))
    with right, errors_in_place():
        _why(session, run, deck.rows[place], record)


def _text(
    session: LabelSession,
    run: SuspectRun,
    record: Any,
    reviewed: bool,
    place: int,
    ranking: str,
) -> None:
    state = session.state
    item = str(record["id"])
    st.caption(
        f"Suspect {place + 1:,} · id {escape_markdown(item)} · {ranking} {record[ranking]:.3g}"
    )
    text = session.text(item)
    with st.container(border=True, height=420 if len(text) > _LONG else "content"):
        st.text(text)
    label = state.class_name(state.label(item))
    then = present_name(run, state, record["label"])
    says = present_name(run, state, record["predicted_label"])
    label_line = f"Its label is **{escape_markdown(label)}**." if label else "It has no label."
    st.markdown(
        f"{label_line} A model that was not trained on it says **{escape_markdown(says)}**, "
        f"with {_percent(record['max_probability'])}."
    )
    if label != then and label:
        st.caption(
            f"The label was {escape_markdown(then)} when suspects were looked for; what is shown "
            "here is of that label."
        )
    if reviewed:
        decision = state.decision(item)
        what = "Set aside" if decision.mark == "set_aside" else "Settled"
        who = decision.event.annotator if decision.event is not None else ""
        st.badge(f"{what} by {escape_markdown(who)}", icon=":material/check:", color="green")


def _percent(probability: float) -> str:
    """A probability in percent; one that is not 1 is not rounded to 100 %."""
    return "more than 99%" if 0.99 < probability < 1 else f"{probability:.0%}"


def _buttons(
    session: LabelSession,
    run: SuspectRun,
    record: Any,
    deck: Deck,
    places: Sequence[int],
    place: int,
    key: str,
) -> None:
    state = session.state
    item = str(record["id"])
    label = state.class_name(state.label(item))
    other = present_name(run, state, record["other_label"])
    names = [name for name in dict.fromkeys((other, *state.classes.values())) if name]
    names = [name for name in names if name != label]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            f"Keep {escape_markdown(label)}" if label else "Keep",
            key="suspects_keep",
            icon=":material/check:",
            shortcut="k",
            disabled=not label,
            help="The label is right. The text is not listed as a suspect again.",
            on_click=_settle,
            args=(session, item, label, key, place),
        )
        chosen = st.selectbox(
            "Relabel to",
            names,
            key=f"suspects_class_{item}_{label}",
            label_visibility="collapsed",
            placeholder="There is no other class",
            width=160,
        )
        st.button(
            "Relabel",
            key="suspects_relabel",
            icon=":material/edit:",
            shortcut="l",
            disabled=chosen is None,
            help="Gives the text the class on the left; the first is the model's choice.",
            on_click=_settle,
            args=(session, item, chosen, key, place),
        )
    before, after = place_before(places, place), place_after(places, place)
    with st.container(horizontal=True):
        st.button(
            "Set aside",
            key="suspects_aside",
            icon=":material/inventory_2:",
            shortcut="s",
            disabled=not label,
            help="Takes the text out of the labels, for example if no class fits.",
            on_click=_settle,
            args=(session, item, None, key, place),
        )
        st.button(
            "Back",
            key="suspects_back",
            icon=":material/chevron_left:",
            shortcut="Left",
            disabled=before is None,
            on_click=_go,
            args=(key, before),
        )
        st.button(
            "Next",
            key="suspects_next",
            icon=":material/chevron_right:",
            shortcut="Right",
            disabled=after is None,
            help="Leave it for later.",
            on_click=_go,
            args=(key, after),
        )
        _undo_button(session, run, deck, key)


def _undo_button(session: LabelSession, run: SuspectRun, deck: Deck, key: str) -> None:
    ids = run.table["id"].iloc[list(deck.rows)]
    last = session.state.next_undo(session.annotator)
    st.button(
        "Undo",
        key="suspects_undo",
        icon=":material/undo:",
        shortcut="u",
        disabled=last is None,
        help="Takes back your last step, also one on the page Label.",
        on_click=_undo,
        args=(session, key, {item: place for place, item in enumerate(ids)}),
    )


@contextmanager
def _told_next() -> Iterator[None]:
    """Show on the next run, in the place of errors, what a callback could not store."""
    try:
        yield
    except CartographyError as error:
        st.session_state[_PROBLEM] = sentence(str(error))


def _go(key: str, place: int | None) -> None:
    if place is not None:
        st.session_state[key] = place


def _settle(session: LabelSession, item: str, name: str | None, key: str, place: int) -> None:
    with _told_next():
        if name is None:
            session.set_aside(item)
        else:
            session.settle(item, name)
        st.session_state[key] = place + 1


def _undo(session: LabelSession, key: str, place_of: dict[str, int]) -> None:
    undone = None
    with _told_next():
        undone = session.undo()
    if undone is not None and undone.item in place_of:
        st.session_state[key] = place_of[undone.item]


def _note(session: LabelSession, item: str) -> None:
    note = session.state.note(item)
    # Another note, also one that was undone, is another widget.
    key = f"suspects_note_{item}_{zlib.crc32(note.encode('utf-8', 'surrogatepass'))}"
    draft = f"draft of a note {session.project.id} {item}"
    st.text_input(
        "Note",
        st.session_state.get(draft, note),
        max_chars=10_000,
        key=key,
        placeholder="Why the label is wrong, or right",
        on_change=_keep_note,
        args=(session, item, key, draft),
    )
    if draft in st.session_state:
        st.button(
            "Store the note",
            key="suspects_note_again",
            icon=":material/save:",
            on_click=_keep_note,
            args=(session, item, key, draft),
        )


def _keep_note(session: LabelSession, item: str, key: str, draft: str) -> None:
    # Not a widget's, so it is there also if the page cannot show the field meanwhile.
    st.session_state[draft] = st.session_state[key]
    with _told_next():
        session.note(item, st.session_state[draft])
        del st.session_state[draft]
        del st.session_state[key]  # if the note is undone, the field starts with the one before


def _why(session: LabelSession, run: SuspectRun, row: int, record: Any) -> None:
    """Show where a suspect is on the map, its curve and the labelled texts that are like it."""
    state = session.state
    [reason] = explain_regions(run.data_map, np.array([row]))
    st.markdown(escape_markdown(reason), help=words.REGION)
    if record["single"]:
        st.caption(
            "It is the only text of its class, so a model that was not trained on it cannot know "
            "the class: that it is a suspect says little."
        )
    curve = np.asarray(record["curve"], dtype=np.float32)
    parts.figure(
        epoch_curves_figure(curve[None], [str(record["id"])], statistics=True),
        "suspects_curve",
        f"Probability of the label {record['label']} after each of {len(curve)} epochs: "
        f"{curve[0]:.2f} at first, {curve[-1]:.2f} at last.",
        lambda: listing.curve_table(curve),
    )
    _neighbours(session, state, [str(item) for item in record["nearest"]])


def _neighbours(session: LabelSession, state: LabelState, nearest: Sequence[str]) -> None:
    labels = [state.class_name(state.label(item)) or "no label" for item in nearest]
    counts = ", ".join(
        f"{count} {escape_markdown(name)}" for name, count in Counter(labels).most_common()
    )
    st.markdown(f"**Most similar labelled texts:** {counts}", help=words.NEIGHBOURS)
    for item, label in zip(nearest, labels, strict=True):
        text = session.text(item)
        with st.container(gap="xxsmall"):
            st.markdown(f"**{escape_markdown(label)}**")
            st.text(text if len(text) <= _SHORT else f"{text[:_SHORT]} …")
