"""What belongs to one browser alone: its uploads, the runs on them, and the corpus it last used.

A browser is known by a cookie, 32 random hexadecimal digits that name its folder, so that a page
that is reloaded, or a server that is started again, finds everything; no other browser can. A
workspace that nobody came back to for a week is removed.
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
_GREETED = "workspace greeted"


def folder() -> Path:
    """The folder of this browser, which may not be there yet."""
    return _all() / _token()


def uploads_folder() -> Path:
    """Where the uploads of this browser lie, each in a folder named by its content."""
    return folder() / "uploads"


def is_private(path: str | Path) -> bool:
    """Whether `path` lies in some browser's workspace, and so is for that browser alone."""
    return _all().resolve() in Path(path).resolve().parents


def greet() -> None:
    """Make the browser remember its workspace, and sweep out what others left behind long ago."""
    if _GREETED in st.session_state:
        return
    st.session_state[_GREETED] = True
    if folder().exists():
        folder().touch()
    _sweep()
    st.html(
        f"<script>document.cookie = '{COOKIE}={_token()}; path=/; SameSite=Lax; "
        f"Max-Age={DAYS * 86_400}';</script>",
        unsafe_allow_javascript=True,
    )


def forget() -> None:
    """Remove everything that this browser uploaded and the runs on it."""
    shutil.rmtree(folder(), ignore_errors=True)


def without_folders(text: str) -> str:
    """`text` with the files of visitors called by their names alone: the folder of a workspace is
    the secret of its browser, and not for the eyes of who looks at a page.
    """
    key = r"[0-9a-f]{10}[/\\]"
    own = rf"workspaces[/\\]{_DIGITS}[/\\](?:uploads[/\\]{key})?"
    return re.sub(rf"{re.escape(str(cache_folder()))}[/\\](?:{own}|corpora[/\\]{key})", "", text)


def _token() -> str:
    if _TOKEN not in st.session_state:
        told = str(st.context.cookies.get(COOKIE))
        # A cookie is whatever a visitor sends, and this one becomes the name of a folder.
        st.session_state[_TOKEN] = told if re.fullmatch(_DIGITS, told) else uuid4().hex
    token: str = st.session_state[_TOKEN]
    return token


def _all() -> Path:
    return cache_folder() / "workspaces"


def _sweep() -> None:
    for place in _all().glob("*"):
        try:
            left = time.time() - place.stat().st_mtime
        except OSError:
            continue  # swept by another session at this moment
        if left > DAYS * 86_400:
            shutil.rmtree(place, ignore_errors=True)
