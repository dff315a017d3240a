"""The widgets that name a file: given now, given before, kept by somebody, or lying here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st

from cartography.corpora.tables import READERS
from cartography.files import expand_home
from ui.jobs import background
from ui.naming import distinct_names, escape_markdown
from ui.state import session, workspace

SAMPLE, UPLOAD, HUB, KEPT, LOCAL = (
    "Offline sample",
    "Upload",
    "Hugging Face Hub",
    "Kept here",
    "Local path",
)
VECTOR_SUFFIXES = (".vec", ".gz", ".bin")


def one_of(label: str, options: Sequence[str], key: str, help: str | None = None) -> str:
    """One of a few `options`, the first unless another was chosen."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    chosen = st.segmented_control(
        label, options, required=True, key=key, help=help, persist_state="session"
    )
    return str(chosen)


def local() -> list[str]:
    """The option of a path, where visitors may name one."""
    return [LOCAL] if session.local_paths_allowed() else []


def typed_path(label: str, key: str) -> str | None:
    """The path that was typed, as every process on this machine understands it."""
    typed = st.text_input(label, key=key, persist_state="session").strip()
    return str(expand_home(typed).absolute()) if typed else None


def file_among(label: str, paths: Sequence[str], key: str, index: int | None = 0) -> str | None:
    """One of the files at `paths`, that at `index` unless another was chosen; None where there is
    none, or none is chosen.
    """
    if not paths:
        return None
    if st.session_state.get(key) not in paths:
        st.session_state[key] = None if index is None else paths[index]
    names = distinct_names(
        {path: _file_name(path) for path in paths}, lambda path: _content(path)[:6]
    )
    chosen: str | None = st.selectbox(
        label, paths, index, format_func=names.__getitem__, key=key, persist_state="session"
    )
    return chosen


def uploaded(
    label: str, suffixes: Iterable[str], key: str, training: str | None = None
) -> str | None:
    """An upload of this browser: the one given now, or one it gave before, the newest at first.

    What is to be tested against the table at `training` is not that table, and is never guessed.
    """
    # Once its file is on disk an uploader makes way for an empty one: nothing is hashed twice,
    # and the server's memory does not hold the file for as long as the page is open.
    rounds = f"{key}_rounds"
    number = st.session_state.setdefault(rounds, 0)
    types = [suffix.removeprefix(".") for suffix in suffixes]
    given = st.file_uploader(label, types, key=f"{key}_{number}")
    if given is not None:
        with st.spinner(f"Storing {given.name} …"):
            st.session_state[key] = session.keep_upload(given.name, given.getvalue())
        st.session_state[rounds] = number + 1
        st.rerun()
    others = [path for path in session.uploads(tuple(suffixes)) if path != training]
    return file_among("Your uploads", others, key, 0 if training is None else None)


def own_uploads(path: str | None) -> None:
    """Say who sees an upload, with the ways to keep it for all and to remove it."""
    st.caption(
        "Only you see what you upload; it is removed after a week without a visit.",
        help="It belongs to this browser, which a cookie tells from others.",
    )
    with st.container(horizontal=True):
        if path is not None:
            with st.popover("Keep on this server", icon=":material/group:"):
                name = escape_markdown(Path(path).name)
                st.markdown(
                    f"Every visitor of this server will be able to read **{name}** and to use it. "
                    "Only who runs the server can take it back."
                )
                st.button("Keep it for all", key="keep", on_click=_keep, args=(path,))
        if session.uploads((*READERS, *VECTOR_SUFFIXES)):
            with st.popover("Forget my uploads", icon=":material/delete:"):
                st.markdown("Your uploads, and all runs on them, will be gone for good.")
                st.button("Forget them for good", key="forget", on_click=_forget)


def next_step(said: str) -> None:
    """What to do where something is still to be given."""
    st.info(f"{said} The corpus in use stays until you choose another.", icon=":material/info:")


def _file_name(path: str) -> str:
    size = Path(path).stat().st_size
    said = f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
    return f"{Path(path).name} · {said}"


def _content(path: str) -> str:
    """The digits of its content, which name the folder of a file."""
    return Path(path).parent.name


def _keep(path: str) -> None:
    st.session_state["source_kept"] = session.keep_for_all(path)
    st.session_state["source_kind"] = KEPT


def _forget() -> None:
    for task in background.tasks():
        if workspace.is_private(task.folder):
            background.stop(task)
    session.forget_uploads()
