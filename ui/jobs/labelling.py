"""Projects of this browser, and the sessions of who labels in them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import streamlit as st

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.files import atomic_write
from cartography.labelling.project import Project, list_projects, open_project
from cartography.labelling.rounds import next_folder
from cartography.labelling.session import LabelSession
from cartography.labelling.store import DATABASE_URL, LabelStore, default_url
from ui.jobs import background
from ui.jobs.background import Task
from ui.state import session, workspace
from ui.state.session import DataChoice

PROJECT, TEXT = "project", "text"
"""Query parameters of the page Label: the id of a project, and that of a text in it."""

_JOINED = "projects.json"
_NAME = "annotator.json"
_SESSION = "label session"
_MOST_COMPARED = 10


def store() -> LabelStore:
    """Return the store of this server.

    Raises
    ------
    CartographyError
        The database does not answer.
    """
    return _store(os.environ.get(DATABASE_URL) or default_url())


@st.cache_resource(show_spinner=False)
def _store(url: str) -> LabelStore:
    return LabelStore(url)


def projects() -> list[Project]:
    """Return the projects that this browser takes part in, the newest first.

    On a server for this machine alone, these are all.
    """
    found = list_projects(store())
    if session.local_paths_allowed():
        return found
    joined = set(_read_list(_JOINED))
    return [project for project in found if project.id in joined]


def join(id: str) -> Project:
    """Open a project and list it for this browser: who knows the id may take part.

    Raises
    ------
    CartographyError
        There is no such project.
    """
    project = _project(id, repr(store().project(id).settings))
    joined = _read_list(_JOINED)
    if id not in joined:
        _write_list(_JOINED, [*joined, id])
    return project


@st.cache_resource(max_entries=4, show_spinner="Opening the project …")
def _project(id: str, settings: str) -> Project:
    del settings  # changed settings are another project in the cache
    return open_project(store(), id)


def project_of(corpus: Corpus) -> Project | None:
    """Return the newest project of this browser that has most of the ids of a file.

    None for a file without ids.
    """
    if corpus.account is None or corpus.account.id is None:
        return None
    for project in projects()[:_MOST_COMPARED]:
        try:
            known = _ids(project.id)
        except CartographyError:
            continue  # a damaged project must not hide the others
        if 2 * sum(item in known for item in corpus.ids) >= len(corpus) > 0:
            return join(project.id)
    return None


@st.cache_resource(max_entries=_MOST_COMPARED, show_spinner=False)
def _ids(id: str) -> frozenset[str]:
    return frozenset(open_project(store(), id).corpus.ids)


def leave(id: str) -> None:
    """Take a project off the list of this browser."""
    _write_list(_JOINED, [each for each in _read_list(_JOINED) if each != id])


def annotator() -> str:
    """Return the name of who labels in this browser, "" if it is not known yet."""
    if _is_logged_in():
        return str(st.user.get("name") or st.user.get("email") or "")
    return next(iter(_read_list(_NAME)), "")


def is_named_by_login() -> bool:
    """Whether the name comes from the server's login, so that it cannot be typed."""
    return _is_logged_in()


def name_annotator(name: str) -> None:
    """Keep the name of who labels in this browser."""
    if name.strip():
        _write_list(_NAME, [name.strip()])


def label_session(project: Project) -> LabelSession:
    """Return the session of this browser's annotator in a project."""
    found = st.session_state.get(_SESSION)
    name = annotator()
    if found is None or found.project is not project or found.annotator != name:
        found = LabelSession(project, name, store(), source="page")
        st.session_state[_SESSION] = found
    opened: LabelSession = found
    return opened


def midnight() -> datetime:
    """Return when today began, by the clock of the browser."""
    offset = st.context.timezone_offset or 0  # minutes to be added to local time for UTC
    now = datetime.now(timezone(timedelta(minutes=-offset)))
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class RoundOptions:
    """What the page asks a round for; None: automatic."""

    strategy: str
    size: int | None = None
    t_cor: float | None = None


def round_task(project: Project, options: RoundOptions) -> Task:
    """Build the task of the next round of a project.

    It is a task of the project and not of the page's settings: while a round runs, it is that one.
    """
    folder = next_folder(project)
    running = background.task_of_folder(folder)
    if running is not None and background.task_state(running).busy:
        return running
    values = {
        "strategy": options.strategy,
        "n": options.size,
        "t-cor": options.t_cor,
        "annotator": annotator() or None,
    }
    pairs = tuple((name, value) for name, value in values.items() if value is not None)
    return Task("query", DataChoice(source=project.id, features=""), pairs, folder)


def _is_logged_in() -> bool:
    return bool(st.user.get("is_logged_in", False))


def _read_list(name: str) -> list[str]:
    try:
        values = json.loads((workspace.folder() / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [str(value) for value in values] if isinstance(values, list) else []


def _write_list(name: str, values: list[str]) -> None:
    path: Path = workspace.folder() / name
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(values), encoding="utf-8")
