"""The private folder of a browser: its uploads, the runs on them, and its last corpus.

A cookie of 32 random hexadecimal digits names the folder, so it is found again after a reload or a
restart of the server, and only by this browser. A workspace without a visit for a week is removed.
"""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from uuid import uuid4

import streamlit as st

from cartography.files import cache_folder

COOKIE = "cartography_workspace"
DAYS = 7
_DIGITS = "[0-9a-f]{32}"
_TOKEN = "workspace token"
_OPENED = "workspace opened"


def folder() -> Path:
    """Return the folder of this browser, which may not exist yet."""
    return _workspaces() / _token()


def uploads_folder() -> Path:
    """Return the folder of this browser's uploads, each in a subfolder named by its content."""
    return folder() / "uploads"


def is_private(path: str | Path) -> bool:
    """Return whether `path` is in a workspace, so that only its browser may see it."""
    return _workspaces().resolve() in Path(path).resolve().parents


def open_workspace() -> None:
    """Set the cookie and remove expired workspaces, once per session."""
    if _OPENED in st.session_state:
        return
    st.session_state[_OPENED] = True
    if folder().exists():
        folder().touch()
    _remove_expired()
    st.html(
        f"<script>document.cookie = '{COOKIE}={_token()}; path=/; SameSite=Lax; "
        f"Max-Age={DAYS * 86_400}';</script>",
        unsafe_allow_javascript=True,
    )


def forget() -> None:
    """Delete this browser's uploads and the runs on them."""
    shutil.rmtree(folder(), ignore_errors=True)


def without_folders(text: str) -> str:
    """Remove the cache folder and those of visitors' files from `text`, leaving the file names.

    The folder of a workspace is a secret of its browser and must not appear on a page; where the
    cache is concerns only who runs the server.
    """
    key = r"[0-9a-f]{10}[/\\]"
    own = rf"workspaces[/\\]{_DIGITS}[/\\](?:uploads[/\\]{key})?"
    folders = "|".join(
        {re.escape(str(each)) for each in (cache_folder(), cache_folder().resolve())}
    )
    return re.sub(rf"(?:{folders})[/\\](?:{own}|corpora[/\\]{key})?", "", text)


def _token() -> str:
    if _TOKEN not in st.session_state:
        cookie = str(st.context.cookies.get(COOKIE))
        # A visitor can send anything as a cookie, and it becomes the name of a folder.
        st.session_state[_TOKEN] = cookie if re.fullmatch(_DIGITS, cookie) else uuid4().hex
    token: str = st.session_state[_TOKEN]
    return token


def _workspaces() -> Path:
    return cache_folder() / "workspaces"


def _remove_expired() -> None:
    for path in _workspaces().glob("*"):
        try:
            seconds = time.time() - path.stat().st_mtime
        except OSError:
            continue  # another session is removing it
        if seconds > DAYS * 86_400:
            shutil.rmtree(path, ignore_errors=True)
