"""What one visitor has chosen. No other module names a key of the session's state, other than
those of its own widgets.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from cartography.corpora.sources import HUB_PREFIX
from cartography.errors import CartographyError
from cartography.features.embedding import CORPUS_VECTORS
from cartography.files import START_DATA, START_TEST, atomic_write, cache_folder, content_key
from ui import ROOT
from ui.state import workspace

CHOICE = "data choice"
PICKED = "picked on the map"
_DRAWN_ON = "figure that the picks were drawn on"
OFFERED = "first map offered"
_PICTURE = "picture format"
_PREDICTIONS = "predictions"
_DRAW = "draw of the lesson"
_VALUES = "values before"
_REMEMBERED = "choice.json"
_PREDICTED = "predictions.json"
_HUB_WORD = r"[a-zA-Z0-9][\w.-]*"


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
        if self.source == "sample":
            return "Offline sample"
        return self.source if self.source.startswith(HUB_PREFIX) else Path(self.source).name

    @property
    def vectors_name(self) -> str:
        """What to call the word vectors on a page."""
        trained = self.vectors == CORPUS_VECTORS
        return "trained on the corpus" if trained else Path(self.vectors).name

    @property
    def test_name(self) -> str:
        """What to call the test set on a page, "" if there is none."""
        return Path(self.test).name if self.test else ""

    @property
    def files(self) -> list[Path]:
        """The files on this machine that the choice names."""
        named = [self.source, self.test, self.vectors]
        return [
            Path(name)
            for name in named
            if name and name not in ("sample", CORPUS_VECTORS) and not name.startswith(HUB_PREFIX)
        ]

    @property
    def is_private(self) -> bool:
        """Whether a file of it is an upload, which is for one browser alone."""
        return any(workspace.is_private(file) for file in self.files)

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
    """The corpus in use: the one this browser used last, the offline sample at first."""
    if CHOICE not in st.session_state:
        st.session_state[CHOICE] = _remembered()
    chosen: DataChoice = st.session_state[CHOICE]
    return chosen


def use(chosen: DataChoice) -> None:
    """Make `chosen` the corpus of all pages, and of the next visit."""
    st.session_state[CHOICE] = chosen
    with atomic_write(workspace.folder() / _REMEMBERED) as temporary:
        temporary.write_text(json.dumps(asdict(chosen)), encoding="utf-8")


def _remembered() -> DataChoice:
    """The corpus that the server was started with, else the last one of this browser."""
    started_with = os.environ.get(START_DATA)
    if started_with:
        return DataChoice(source=started_with, test=os.environ.get(START_TEST))
    try:
        stored = (workspace.folder() / _REMEMBERED).read_text(encoding="utf-8")
        chosen = DataChoice(**json.loads(stored))
    except (OSError, ValueError, TypeError):
        return DataChoice()
    return chosen if all(file.exists() for file in chosen.files) else DataChoice()


def predictions(corpus: str) -> dict[str, int]:
    """What was predicted in the lesson on a corpus: by step, the place of the choice."""
    return _all_predictions().get(corpus, {})


def predict(corpus: str, step: str, place: int) -> None:
    """Remember a prediction, for the next visit too."""
    _all_predictions().setdefault(corpus, {})[step] = place
    _keep_predictions()


def forget_predictions(corpus: str) -> None:
    """Begin the lesson on a corpus anew."""
    _all_predictions().pop(corpus, None)
    _keep_predictions()


def _all_predictions() -> dict[str, dict[str, int]]:
    if _PREDICTIONS not in st.session_state:
        try:
            stored = (workspace.folder() / _PREDICTED).read_text(encoding="utf-8")
            st.session_state[_PREDICTIONS] = dict(json.loads(stored))
        except (OSError, ValueError, TypeError):
            st.session_state[_PREDICTIONS] = {}
    made: dict[str, dict[str, int]] = st.session_state[_PREDICTIONS]
    return made


def _keep_predictions() -> None:
    with atomic_write(workspace.folder() / _PREDICTED) as temporary:
        temporary.write_text(json.dumps(_all_predictions()), encoding="utf-8")


def draw() -> int:
    """Which of many draws the lesson takes its examples from."""
    number: int = st.session_state.get(_DRAW, 0)
    return number


def draw_again() -> None:
    """Take other examples."""
    st.session_state[_DRAW] = draw() + 1


def local_paths_allowed() -> bool:
    """Whether visitors may name files of the server's machine.

    They may where the server answers this machine alone; `CARTOGRAPHY_LOCAL_PATHS`, 1 or 0,
    decides otherwise, as behind a proxy it must.
    """
    decided = os.environ.get("CARTOGRAPHY_LOCAL_PATHS")
    if decided:
        return decided == "1"
    return st.get_option("server.address") in ("localhost", "127.0.0.1", "::1")


def choose_picture_format() -> None:
    """The widget for the kind of picture that a figure's camera button saves."""
    st.segmented_control(
        "The camera of a figure saves",
        ["PNG", "SVG"],
        default="PNG",
        required=True,
        key=_PICTURE,
        persist_state="session",
    )


def picture_format() -> str:
    """The kind of picture that the camera button of a figure saves."""
    return str(st.session_state.get(_PICTURE, "PNG")).lower()


def picked(folder: Path) -> list[int]:
    """Positions of the texts picked on the map in `folder`, ascending."""
    positions: list[int] = st.session_state.get(PICKED, {}).get(str(folder), [])
    return positions


def pick(folder: Path, positions: Sequence[int], figure: str = "") -> None:
    """Remember the picks on one map; those on any other are forgotten. `figure` names the figure
    that shows them already, because they were drawn on it.
    """
    st.session_state[PICKED] = {str(folder): sorted(positions)}
    st.session_state[_DRAWN_ON] = figure


def drawn_on() -> str:
    """The figure that the picks were drawn on, "" where none shows them."""
    figure: str = st.session_state.get(_DRAWN_ON, "")
    return figure


def before(name: str, value: float) -> float | None:
    """What `name` was before it became `value`, to be told of every change; None at first."""
    known: dict[str, tuple[float, float | None]] = st.session_state.setdefault(_VALUES, {})
    now, earlier = known.get(name, (value, None))
    if value != now:
        now, earlier = value, now
    known[name] = now, earlier
    return earlier


def offer_first_map() -> bool:
    """Whether a first map should be made without being asked for: true once a session."""
    first = OFFERED not in st.session_state
    st.session_state[OFFERED] = True
    return first


def hub_source(name: str) -> str:
    """The source that a visitor means by `name`, owner/name or owner/name:split, of the Hub.

    Raises CartographyError for any other form, and for a folder of this machine, which the Hub's
    library would read in place of a data set of that name.
    """
    form = re.fullmatch(rf"({_HUB_WORD}/{_HUB_WORD})(:\w[\w.-]*(\[[\d:%]+\])?)?", name, re.ASCII)
    if form is None:
        raise CartographyError(
            f"{name!r} is not the name of a data set of the Hub; write it as owner/name or "
            "owner/name:split"
        )
    if any((folder / form.group(1)).exists() for folder in (Path.cwd(), ROOT)):
        raise CartographyError(
            f"{name!r} is a folder of the server; name a data set of the Hub, as owner/name"
        )
    return f"{HUB_PREFIX}{name}"


def keep_upload(name: str, content: bytes) -> str:
    """Write an upload to this browser's workspace and return its path."""
    # A browser sends whatever name it likes, and this one becomes a file's.
    plain = re.sub(r"[\x00-\x1f]", "", re.split(r"[/\\]", name)[-1]).lstrip(".") or "upload"
    path = workspace.uploads_folder() / content_key(content)[:10] / plain
    if path.exists():
        # The folder's time says when it was given last; the file's own would make its runs others'.
        path.parent.touch()
        return str(path)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
    return str(path)


def uploads(suffixes: Sequence[str]) -> list[str]:
    """The paths of this browser's uploads that end in one of `suffixes`, the newest first."""
    lying = _files_in(workspace.uploads_folder())
    found = [path for path in lying if path.suffix.lower() in suffixes]
    return [str(path) for path in sorted(found, key=_given, reverse=True)]


def forget_uploads() -> None:
    """Remove what this browser uploaded and the runs on it; a corpus in use that was an upload
    gives way to the offline sample.
    """
    in_use = choice()
    workspace.forget()
    use(DataChoice() if in_use.is_private else in_use)


def kept_corpora() -> list[str]:
    """The paths of the tables that visitors chose to keep on this server, by name."""
    found = _files_in(_kept_folder())
    return [str(path) for path in sorted(found, key=lambda path: path.name.lower())]


def is_kept(path: str) -> bool:
    """Whether `path` is a table that a visitor chose to keep on this server."""
    return _kept_folder().resolve() in Path(path).resolve().parents


def keep_for_all(path: str) -> str:
    """Copy an upload to where every visitor finds it, and return its new path."""
    upload = Path(path)
    kept = _kept_folder() / upload.parent.name / upload.name
    if kept.exists():
        return str(kept)  # of this content; written again, its runs would be on another file
    with atomic_write(kept) as temporary:
        shutil.copyfile(upload, temporary)
    return str(kept)


def _kept_folder() -> Path:
    return cache_folder() / "corpora"


def _files_in(folder: Path) -> list[Path]:
    """The files in the folders of `folder`, without those that are still being written."""
    return [path for path in folder.glob("*/*") if not path.name.startswith(".")]


def _given(path: Path) -> float:
    return path.parent.stat().st_mtime
