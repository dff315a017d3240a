"""The search for label suspects: its button, its progress, and what it found last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st

from cartography.formatting import count_noun
from cartography.labelling.session import LabelSession
from cartography.labelling.suspect_runs import (
    SuspectRun,
    Work,
    next_suspect_folder,
    read_suspect_run,
    read_suspect_runs,
)
from ui import parts, words
from ui.jobs import background
from ui.jobs.background import Task, TaskState
from ui.naming import escape_markdown
from ui.panels.suspects.deck import changed_since
from ui.state.session import DataChoice

_EPOCH = re.compile(r"epoch (\d+) of (\d+)")
_WORK = "work"
_DOING = {"find": "Looking for suspects", "noise": "Measuring the rankings"}


def search(session: LabelSession) -> SuspectRun | None:
    """Show the button of the search and, while a worker runs, its progress.

    Returns
    -------
    SuspectRun or None
        The last finished search.
    """
    found = last_run(session, "find")
    if is_running(session):
        return found
    state = session.state
    if len({number for number in state.labels.tolist() if number >= 0}) < 2:
        st.info(
            "Suspects are found by training on the labels: label texts of two classes first.",
            icon=":material/label:",
        )
        return found
    with st.container(horizontal=True, vertical_alignment="center"):
        offer(
            session,
            "find",
            "Look for suspects" if found is None else "Look again",
            type="primary" if found is None else "secondary",
            icon=":material/troubleshoot:",
            help=words.SUSPECTS,
        )
        if found is not None:
            _tell(session, found)
    parts.outcome(background.task_state(task_of(session, "find")))
    return found


def offer(session: LabelSession, work: Work, label: str, **options: Any) -> None:
    """Show the button that starts a worker."""
    parts.start(task_of(session, work), label, key=f"suspects_start_{work}", **options)


def is_running(session: LabelSession) -> bool:
    """Show the progress of the worker of this project; False if there is none."""
    task = running_task(session)
    if task is None:
        return False
    what = _DOING[task.option(_WORK)]

    def progress(state: TaskState) -> None:
        found = _EPOCH.search(state.message)
        if found is None:
            st.progress(0.0, text=f"{what}: {escape_markdown(state.message) or 'starting …'}")
            return
        done, total = map(int, found.groups())
        st.progress(done / total, text=f"{what}: epoch {done} of {total}")

    parts.follow(task, background.task_state(task), "suspects_progress", progress)
    parts.cancel(task, "suspects_cancel", help="Labels and earlier results are kept.")
    return True


def running_task(session: LabelSession) -> Task | None:
    """Return the task of this project whose worker runs, None if none does."""
    task = background.task_of_folder(next_suspect_folder(session.project))
    return task if task is not None and background.task_state(task).busy else None


def task_of(session: LabelSession, work: Work) -> Task:
    """Build the task of the next run of a project."""
    return Task(
        "suspects",
        DataChoice(source=session.project.id, features=""),
        ((_WORK, work),),
        next_suspect_folder(session.project),
    )


def last_run(session: LabelSession, work: Work) -> SuspectRun | None:
    """Return the last finished run that did this; its table stays in memory."""
    runs = read_suspect_runs(session.project, work)
    return _kept(runs[-1].folder) if runs else None


@st.cache_resource(max_entries=6, show_spinner=False)
def _kept(folder: Path) -> SuspectRun:
    return read_suspect_run(folder)


def _tell(session: LabelSession, found: SuspectRun) -> None:
    """Say what was found, and how much has changed since."""
    texts, issues = int(found.summary["texts"]), int(found.summary["issues"])
    changed = changed_since(session.state, found)
    since = f" {count_noun(changed, 'label')} changed since." if changed else ""
    st.markdown(
        f"{count_noun(texts, 'label')} ranked; confident learning takes {issues:,} of them for "
        f"wrong.{since}",
        help=words.ISSUES,
    )
