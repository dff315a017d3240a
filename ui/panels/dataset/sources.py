"""Widgets that choose a file: an upload, a kept table, or a local path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from cartography.corpora.sources import HELP_DESK_FILE, HUB_PREFIX
from cartography.features.vector_files import SUFFIXES as VECTOR_SUFFIXES
from cartography.files import expand_home
from cartography.tables.reading import SUFFIXES, is_table
from ui.jobs import background
from ui.naming import distinct_names, escape_markdown
from ui.state import session, workspace

SAMPLE, UPLOAD, HUB, KEPT, LOCAL = (
    "Offline sample",
    "Upload",
    "Hugging Face Hub",
    "On this server",
    "Local path",
)


_FEATURE_SUFFIXES = (".npy", ".parquet", ".jsonl")


def is_vectors(name: str) -> bool:
    """Return whether a file of this name is read as word vectors."""
    return name.lower().endswith(VECTOR_SUFFIXES)


def is_features(name: str) -> bool:
    """Return whether a file of this name is read as features."""
    return name.lower().endswith(_FEATURE_SUFFIXES)


_SUFFIXES: dict[Callable[[str], bool], tuple[str, ...]] = {
    is_table: tuple(SUFFIXES),
    is_vectors: tuple(VECTOR_SUFFIXES),
    is_features: _FEATURE_SUFFIXES,
}


def choose_option(label: str, options: Sequence[str], key: str, help: str | None = None) -> str:
    """Draw a control with a few options and return the chosen one, by default the first."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    chosen = st.segmented_control(
        label, options, required=True, key=key, help=help, persist_state="session"
    )
    return str(chosen)


def local_option() -> list[str]:
    """Return the option of a local path if visitors may use it, as a list of one or none."""
    return [LOCAL] if session.local_paths_allowed() else []


def enter_path(label: str, key: str) -> str | None:
    """Draw a text field and return the absolute path that was typed, or None."""
    text = st.text_input(label, key=key, persist_state="session").strip()
    return str(expand_home(text).absolute()) if text else None


def choose_file(label: str, paths: Sequence[str], key: str, index: int | None = 0) -> str | None:
    """Draw a list of files and return the path of the chosen one.

    Parameters
    ----------
    label : str
    paths : sequence of str
        Without any, nothing is drawn.
    key : str
    index : int, optional
        Position of the default; None: no file is chosen at first.

    Returns
    -------
    str or None
    """
    if not paths:
        return None
    if st.session_state.get(key) not in paths:
        st.session_state[key] = None if index is None else paths[index]
    names = distinct_names(
        {path: _describe_file(path) for path in paths}, lambda path: _content_digits(path)[:6]
    )
    chosen: str | None = st.selectbox(
        label, paths, index, format_func=names.__getitem__, key=key, persist_state="session"
    )
    return chosen


def choose_upload(
    label: str, accepts: Callable[[str], bool], key: str, training: str | None = None
) -> str | None:
    """Draw an uploader and the list of this browser's uploads.

    Parameters
    ----------
    label : str
    accepts : callable
        Whether a file of this name is listed: `is_table`, `is_vectors` or `is_features`.
    key : str
    training : str, optional
        Path of the training table when a test set is chosen. It is not listed, and no upload is
        chosen by default.

    Returns
    -------
    str or None
        Path of the chosen upload; by default the newest.
    """
    # A new uploader replaces the old one as soon as the file is on disk. Otherwise the file would
    # be hashed at every run and stay in the server's memory while the page is open.
    count_key = f"{key}_rounds"
    count = st.session_state.setdefault(count_key, 0)
    suffixes = _SUFFIXES[accepts]
    types = sorted({suffix.rpartition(".")[2] for suffix in suffixes})
    upload = st.file_uploader(label, types, key=f"{key}_{count}")
    if upload is not None:
        with st.spinner(f"Storing {upload.name} …"):
            st.session_state[key] = session.keep_upload(upload.name, upload.getvalue())
        st.session_state[count_key] = count + 1
        st.rerun()
    paths = [path for path in session.uploads(accepts) if path != training]
    return choose_file("Your uploads", paths, key, 0 if training is None else None)


def manage_uploads(path: str | None) -> None:
    """Show who can see an upload, and the buttons that share or delete uploads."""
    st.caption(
        "Only you can see your uploads. They are deleted after a week without a visit.",
        help="Your uploads belong to this browser, which is recognised by a cookie.",
    )
    with st.container(horizontal=True):
        if path is not None:
            with st.popover("Keep on this server", icon=":material/group:"):
                name = escape_markdown(Path(path).name)
                st.markdown(
                    f"Every visitor of this server will be able to read and use **{name}**. Only "
                    "the administrator can undo this."
                )
                st.button("Share with all visitors", key="keep", on_click=_keep, args=(path,))
        if session.uploads(lambda name: any(accepts(name) for accepts in _SUFFIXES)):
            with st.popover("Delete my uploads", icon=":material/delete:"):
                st.markdown("Deletes all your uploads and the runs on them. This cannot be undone.")
                st.button("Delete permanently", key="forget", on_click=_forget)


def show_hint(message: str) -> None:
    """Show what to do next while the choice of a corpus is incomplete."""
    st.info(f"{message} Until then, the corpus in use stays the same.", icon=":material/info:")


def _describe_file(path: str) -> str:
    size = Path(path).stat().st_size
    size_text = f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
    return f"{Path(path).name} · {size_text}"


def _content_digits(path: str) -> str:
    """The hash of the content, which names the folder of an upload."""
    return Path(path).parent.name


def _keep(path: str) -> None:
    st.session_state["source_kept"] = session.keep_for_all(path)
    st.session_state["source_kind"] = KEPT


def _forget() -> None:
    for task in background.tasks():
        if workspace.is_private(task.folder):
            background.stop(task)
    session.forget_uploads()


def set_file(field: str, value: str | None, default_kind: str) -> None:
    """Set the widgets of `field` to the source `value`."""
    if value is None:
        kind, key, text = default_kind, None, None
    elif value.startswith(HUB_PREFIX):
        kind, key, text = HUB, "hub", value.removeprefix(HUB_PREFIX)
    elif workspace.is_private(value):
        kind, key, text = UPLOAD, "upload", value
    elif value == str(HELP_DESK_FILE) or session.is_kept(value):
        kind, key, text = KEPT, "kept", value
    else:
        kind, key, text = LOCAL, "path", value
    st.session_state[f"{field}_kind"] = kind
    if key is not None:
        st.session_state[f"{field}_{key}"] = text
