"""Who labels: shares of a batch, agreement, conflicts to settle; and the classes."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from cartography.errors import CartographyError
from cartography.formatting import count_noun
from cartography.labelling.agreement import Interval, agreement
from cartography.labelling.project import change_settings
from cartography.labelling.session import LabelSession
from ui import parts, words
from ui.faults import errors_in_place, sentence
from ui.jobs import labelling
from ui.naming import escape_markdown
from ui.state import session as session_state

_ONLY_HERE = " Only this machine can open it now: for others, start with --host 0.0.0.0."
_MOST_SHOWN = 20
_FEW_SHARED = 30
_PROBLEM = "problem of a settlement"


def show_team(session: LabelSession) -> None:
    """Show the settings of several annotators, how far they agree, and the link for them."""
    settings = session.project.settings
    with st.form("label_team", border=False):
        known = list(dict.fromkeys([*settings.annotators, *session.state.annotators()]))
        annotators = st.multiselect(
            "Annotators who share each batch",
            known,
            default=list(settings.annotators),
            accept_new_options=True,
            placeholder="Everybody sees all that is left",
            help="Each sees a share of every batch. Anybody else sees what nobody has labelled.",
        )
        columns = st.columns(2)
        overlap = columns[0].number_input(
            "Texts that all of them see",
            0,
            1_000,
            settings.overlap,
            help="The first texts of each batch, on which agreement is measured.",
        )
        target = columns[1].number_input(
            "Target per day", 0, 100_000, settings.target, help="Texts; 0 for none."
        )
        if st.form_submit_button("Save", help="Counts from the next batch."):
            with errors_in_place():
                change_settings(
                    labelling.store(),
                    session.project,
                    annotators=tuple(annotators),
                    overlap=int(overlap),
                    target=int(target),
                )
                st.rerun()
    st.caption(
        "To invite somebody, send the address of this page: whoever has it can label here, under "
        "a name of their own." + (_ONLY_HERE if session_state.local_paths_allowed() else "")
    )
    _show_counts(session)
    _show_agreement(session)


def _show_counts(session: LabelSession) -> None:
    """Who labelled how much, today and in all."""
    state = session.state
    today, all_days = (
        state.labelled_since(moment)
        for moment in (labelling.midnight(), datetime.min.replace(tzinfo=UTC))
    )
    if all_days:
        rows = [(name, today[name], count) for name, count in all_days.most_common()]
        columns = ["annotator", "labelled today", "in all"]
        parts.table(pd.DataFrame(rows, columns=columns), "Labelled texts by annotator", {})


def _show_agreement(session: LabelSession) -> None:
    ratings = session.state.ratings()
    if len(ratings) < 2:
        return
    found = agreement(ratings)
    st.subheader("Agreement", anchor=False, help=words.ALPHA)
    if 0 < found.items < _FEW_SHARED:
        st.caption(
            f"{count_noun(found.items, 'text')} in common so far: too few to judge. Have everybody "
            f"label {_FEW_SHARED} or more of the same."
        )
    elif found.note:
        st.caption(f"Krippendorff's alpha cannot be computed: {escape_markdown(found.note)}.")
    else:
        st.metric(
            f"Krippendorff's alpha on {count_noun(found.items, 'text')}",
            f"{found.alpha:.2f}",
            f"95 % interval {_interval(found.interval)}",
            delta_color="off",
            delta_arrow="off",
        )
    records = [
        {
            "annotators": f"{pair.first}, {pair.second}",
            "texts": pair.items,
            "equal": pair.equal,
            "kappa": pair.kappa,
            "95 % interval": _interval(pair.interval),
        }
        for pair in found.pairs
        if pair.items
    ]
    if records:
        parts.table(
            pd.DataFrame.from_records(records),
            "Agreement of each pair of annotators",
            {
                "equal": st.column_config.NumberColumn(format="percent"),
                "kappa": st.column_config.NumberColumn("Cohen's kappa", format="%.2f"),
            },
        )


def _interval(interval: Interval) -> str:
    if any(map(math.isnan, interval)):
        return "not defined"
    return f"{interval[0]:.2f} to {interval[1]:.2f}"


def show_conflicts(session: LabelSession) -> None:
    """Show the texts on which annotators differ, and settle them."""
    problem = st.session_state.pop(_PROBLEM, "")
    if problem:
        st.error(problem, icon=":material/error:")
    state = session.state
    conflicts = state.conflicts()
    _show_unsure(session)
    if not conflicts:
        st.info("No text has two different labels.", icon=":material/handshake:")
        return
    st.caption(
        f"{count_noun(len(conflicts), 'text')} with different labels. Until one is settled, the "
        "label that most gave counts; after a tie the text has none."
    )
    for item in conflicts[:_MOST_SHOWN]:
        with st.container(border=True):
            st.text(session.text(item))
            answers = {
                name: state.class_name(answer.label)
                for name, answer in state.answers(item).items()
                if answer.mark == "labelled"
            }
            given = ", ".join(f"{name}: {label}" for name, label in answers.items())
            st.caption(escape_markdown(given))
            with st.container(horizontal=True):
                for label in dict.fromkeys(answers.values()):
                    st.button(
                        escape_markdown(label),
                        key=f"label_settle_{item}_{label}",
                        on_click=_settle,
                        args=(session, item, label),
                    )
                st.button(
                    "Set aside",
                    key=f"label_settle_aside_{item}",
                    on_click=_settle,
                    args=(session, item, None),
                )


def _show_unsure(session: LabelSession) -> None:
    """The texts that somebody skipped or was unsure of, and that have no label."""
    state = session.state
    rows = [
        (item, session.text(item), name, answer.mark, state.note(item))
        for item in state.touched
        if state.label(item) is None and not state.decision(item).mark
        for name, answer in state.answers(item).items()
        if answer.mark in ("skipped", "unsure")
    ]
    if rows:
        columns = ["id", "text", "annotator", "answer", "note"]
        parts.table(pd.DataFrame(rows, columns=columns), "Texts skipped or unsure", {}, height=220)
        st.caption("Skipped, or unsure of: these are not asked for again.")


def _settle(session: LabelSession, item: str, label: str | None) -> None:
    try:
        if label is None:
            session.set_aside(item)
        else:
            session.settle(item, label)
    except CartographyError as error:
        st.session_state[_PROBLEM] = sentence(str(error))


def show_classes(session: LabelSession) -> None:
    """Show the classes with their counts; add, rename and merge them."""
    state = session.state
    counts = state.counts()
    if counts:
        rows = [(state.class_name(number), count) for number, count in counts.items()]
        parts.table(
            pd.DataFrame(rows, columns=["class", "labelled texts"]), "Classes and counts", {}
        )
    names = list(state.classes.values())
    with st.form("label_add_class", border=False, clear_on_submit=True):
        new = st.text_input("New class")
        if st.form_submit_button("Add", icon=":material/add:") and new.strip():
            with errors_in_place():
                session.add_class(new)
                st.rerun()
    if not names:
        return
    with st.form("label_rename_class", border=False, clear_on_submit=True):
        columns = st.columns(2)
        old = columns[0].selectbox("Class", names, key="label_rename_from")
        new = columns[1].text_input("New name", key="label_rename_to")
        if st.form_submit_button("Rename", icon=":material/edit:") and old and new.strip():
            with errors_in_place():
                session.rename_class(old, new)
                st.toast(f"{escape_markdown(old)} is called {escape_markdown(new)} now.")
                st.rerun()
    if len(names) < 2:
        return
    with st.form("label_merge_class", border=False):
        columns = st.columns(2)
        part = columns[0].selectbox("Class", names, index=None, key="label_merge_from")
        into = columns[1].selectbox("becomes part of", names, index=None, key="label_merge_into")
        if st.form_submit_button("Merge", icon=":material/merge:") and part and into:
            with errors_in_place():
                session.merge_class(part, into)
                st.toast(f"{escape_markdown(part)} is part of {escape_markdown(into)} now.")
                st.rerun()
    st.caption("Undo, beside the texts, undoes your last step, also one of these.")
