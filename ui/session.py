"""What one visitor has chosen. No other module names a key of the session's state, other than
those of its own widgets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import streamlit as st

from cartography.disk import cache_folder, content_key, written_whole
from cartography.embedding import CORPUS_VECTORS

CHOICE = "data choice"
_TOKEN = "session token"
PICKED = "picked on the map"
OFFERED = "first map offered"
_EMBEDDED = "embedded choice"
_UPLOADS = "uploads"


@dataclass(frozen=True)
class DataChoice:
    """A corpus and how its texts become features: the data options of the command line.

    None leaves an option to its default: columns are guessed, and there is no test set.
    """

    source: str = "sample"
    test: str | None = None
    text: str | None = None
    label: str | None = None
    id: str | None = None
    vectors: str = CORPUS_VECTORS
    pooling: str = "sum"
    max_length: int | None = None

    @property
    def name(self) -> str:
        """What to call the corpus on a page."""
        return "Offline sample" if self.source == "sample" else Path(self.source).name

    @property
    def vectors_name(self) -> str:
        """What to call the word vectors on a page."""
        trained = self.vectors == CORPUS_VECTORS
        return "trained on the corpus" if trained else Path(self.vectors).name

    @property
    def test_name(self) -> str:
        """What to call the test set on a page, "" if there is none."""
        return Path(self.test).name if self.test else ""

    def arguments(self) -> list[str]:
        """The choice as arguments of the command line, those left to their defaults left out."""
        given = {
            "--test": self.test,
            "--text": self.text,
            "--label": self.label,
            "--id": self.id,
            "--vectors": None if self.vectors == CORPUS_VECTORS else self.vectors,
            "--pooling": None if self.pooling == "sum" else self.pooling,
            "--max-length": self.max_length,
        }
        # With "=", a column whose name starts with a dash is not taken for an option.
        options = [f"{name}={value}" for name, value in given.items() if value is not None]
        return [*options, "--", self.source]


def choice() -> DataChoice:
    """The corpus in use; the offline sample until another is chosen."""
    chosen: DataChoice = st.session_state.setdefault(CHOICE, DataChoice())
    return chosen


def use(chosen: DataChoice) -> None:
    """Make `chosen` the corpus of all pages."""
    st.session_state[CHOICE] = chosen


def coverage_of(chosen: DataChoice) -> str | None:
    """What the vectors of `chosen` cover, in words; None if it was not embedded in this session."""
    coverage: str | None = st.session_state.get(_EMBEDDED, {}).get(chosen)
    return coverage


def set_embedded(chosen: DataChoice, coverage: str) -> None:
    """Remember that `chosen` has been embedded."""
    st.session_state.setdefault(_EMBEDDED, {})[chosen] = coverage


def upload_folder() -> Path:
    """Where this session's uploads lie; its name cannot be guessed from another session."""
    token: str = st.session_state.setdefault(_TOKEN, uuid4().hex)
    return cache_folder() / "uploads" / token


def picked(folder: Path) -> list[int]:
    """Positions of the texts picked on the map in `folder`, ascending."""
    positions: list[int] = st.session_state.get(PICKED, {}).get(str(folder), [])
    return positions


def pick(folder: Path, positions: Sequence[int]) -> None:
    """Remember the picks on one map; those on any other are forgotten."""
    st.session_state[PICKED] = {str(folder): sorted(positions)}


def offer_first_map() -> bool:
    """Whether a first map should be made without being asked for: true once a session."""
    first = OFFERED not in st.session_state
    st.session_state[OFFERED] = True
    return first


def keep_upload(field: str, name: str, content: bytes) -> str:
    """Write an upload to this session's folder, once, and return its path."""
    path = upload_folder() / content_key(content)[:10] / Path(name).name
    if not path.exists():
        with written_whole(path) as temporary:
            temporary.write_bytes(content)
    st.session_state.setdefault(_UPLOADS, {})[field] = str(path)
    return str(path)


def upload(field: str) -> str | None:
    """The path of the last upload to `field`, None if there was none."""
    path: str | None = st.session_state.get(_UPLOADS, {}).get(field)
    return path
