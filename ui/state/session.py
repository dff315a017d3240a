"""The choices of one visitor, stored in the session.

Other modules use session keys only for their own widgets.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from cartography.corpora.reading import READ_OPTIONS
from cartography.corpora.sources import HUB_PREFIX
from cartography.errors import CartographyError
from cartography.features.given_features import GivenFeatures
from cartography.files import START_DATA, START_TEST, atomic_write, cache_folder, content_key
from ui import ROOT
from ui.state import workspace

_SERVER_START = time.time()
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
_LONGEST_NAME = 255  # bytes; the limit of most file systems
_HUB_WORD = r"[a-zA-Z0-9][\w.-]*"


@dataclass(frozen=True)
class DataChoice:
    """A corpus and how its texts become features: the data options of the command line.

    Attributes
    ----------
    source : str
        "sample", the path of a table or folder, or a data set of the Hub with its prefix.
    test : str, optional
        Path of the test set.
    text, label, id : str, optional
        Column names; None: guessed.
    encoding, sheet : str, optional
        Encoding of a text file; sheet of a workbook. None: detected; the first.
    no_label : tuple of str, optional
        Texts that mean "no label"; None: the usual ones.
    several : str
        The class of a text with several labels: "first", "most-frequent" or "combination".
    class_names : tuple of (str, str)
        Pairs of a class and its new name.
    features : str
        Kind of features, as `--features` names it; "" for what is not trained on.
    vectors : str, optional
        Path of the word vectors of the features "words"; None: they are trained on the corpus.
    pooling : str, optional
        "sum" or "mean" of word vectors; None: the sum.
    max_length : int, optional
        Number of words read per text; None: all.
    """

    source: str = "sample"
    test: str | None = None
    text: str | None = None
    label: str | None = None
    id: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    no_label: tuple[str, ...] | None = None
    several: str = "first"
    class_names: tuple[tuple[str, str], ...] = ()
    features: str = "corpus"
    vectors: str | None = None
    pooling: str | None = None
    max_length: int | None = None

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> DataChoice:
        """Return the choice that was written as JSON, where tuples are lists.

        Raises
        ------
        TypeError, ValueError
            `values` are not those of a choice.
        """
        if "features" not in values:  # of a version that had word vectors alone
            usual = {"vectors": "corpus", "pooling": "sum"}
            values = {
                name: None if usual.get(name) == value else value for name, value in values.items()
            } | {"features": "words"}
        choice = cls(**values)
        marks = None if choice.no_label is None else tuple(choice.no_label)
        names = tuple((str(old), str(new)) for old, new in choice.class_names)
        return replace(choice, no_label=marks, class_names=names)

    def of_texts(self) -> DataChoice:
        """Return the choice with the default features: what the texts and labels depend on."""
        return replace(self, features="corpus", vectors=None, pooling=None, max_length=None)

    def reading(self) -> dict[str, Any]:
        """Return the options of `read_train_test`."""
        options = {name: getattr(self, name) for name in READ_OPTIONS}
        return options | {"class_names": dict(self.class_names)}

    @property
    def name(self) -> str:
        """Name of the corpus for a page."""
        if self.source == "sample":
            return "Offline sample"
        return self.source if self.source.startswith(HUB_PREFIX) else Path(self.source).name

    @property
    def features_name(self) -> str:
        """Name of the features for a page."""
        kind, _, name = self.features.partition(":")
        if kind in ("encoder", "file"):
            return f"{kind} {Path(name).name}"
        if kind == "words":
            vectors = Path(self.vectors).name if self.vectors else "trained on the corpus"
            return f"word vectors, {vectors}"
        return "fitted on the corpus"

    @property
    def test_name(self) -> str:
        """Name of the test set for a page, "" if there is none."""
        return Path(self.test).name if self.test else ""

    @property
    def files(self) -> list[Path]:
        """The local files and folders of the choice."""
        names = [self.source, self.test, self.vectors, *self._feature_files()]
        return [
            Path(name)
            for name in names
            if name and name != "sample" and not name.startswith(HUB_PREFIX)
        ]

    def _feature_files(self) -> list[str]:
        """The file or the folder that the features name."""
        kind, _, name = self.features.partition(":")
        if kind == "encoder":
            return [name] if name.startswith("/") else []
        return [str(GivenFeatures.of_name(name).path)] if kind == "file" else []

    @property
    def is_private(self) -> bool:
        """Whether one of the files is an upload, which only one browser may see."""
        return any(workspace.is_private(file) for file in self.files)

    def arguments(self) -> list[str]:
        """Return the choice as command-line arguments, without those at their defaults."""
        values = {
            "--test": self.test,
            "--text": self.text,
            "--label": self.label,
            "--id": self.id,
            "--encoding": self.encoding,
            "--sheet": self.sheet,
            "--several": None if self.several == "first" else self.several,
            "--features": self.features or None,
            "--vectors": self.vectors,
            "--pooling": self.pooling,
            "--max-length": self.max_length,
        }
        # With "=", a column name that starts with a dash is not parsed as an option.
        options = [f"{name}={value}" for name, value in values.items() if value is not None]
        options += [f"--no-label={text}" for text in self.no_label or ()]
        options += [f"--class-name={old}={new}" for old, new in self.class_names]
        return [*options, "--", self.source]


def choice() -> DataChoice:
    """Return the corpus in use: the last one of this browser, or the offline sample."""
    if CHOICE not in st.session_state:
        st.session_state[CHOICE] = _remembered()
    chosen: DataChoice = st.session_state[CHOICE]
    return chosen


def use(chosen: DataChoice) -> None:
    """Make `chosen` the corpus of all pages and of the next visit."""
    st.session_state[CHOICE] = chosen
    with atomic_write(workspace.folder() / _REMEMBERED) as temporary:
        temporary.write_text(json.dumps(asdict(chosen)), encoding="utf-8")


def _remembered() -> DataChoice:
    """The corpus that this browser used last, or that the server was started with since then."""
    path = workspace.folder() / _REMEMBERED
    start_data = os.environ.get(START_DATA)
    try:
        if start_data and path.stat().st_mtime < _SERVER_START:
            return DataChoice(source=start_data, test=os.environ.get(START_TEST))
        chosen = DataChoice.of_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return DataChoice(source=start_data or "sample", test=os.environ.get(START_TEST) or None)
    return chosen if all(file.exists() for file in chosen.files) else DataChoice()


def predictions(corpus: str) -> dict[str, int]:
    """Return the lesson predictions on a corpus: index of the chosen option by step."""
    return _all_predictions().get(corpus, {})


def predict(corpus: str, step: str, index: int) -> None:
    """Store a prediction of the lesson, for the next visit too."""
    _all_predictions().setdefault(corpus, {})[step] = index
    _store_predictions()


def forget_predictions(corpus: str) -> None:
    """Delete the predictions on a corpus, to start its lesson again."""
    _all_predictions().pop(corpus, None)
    _store_predictions()


def _all_predictions() -> dict[str, dict[str, int]]:
    if _PREDICTIONS not in st.session_state:
        try:
            stored = (workspace.folder() / _PREDICTED).read_text(encoding="utf-8")
            st.session_state[_PREDICTIONS] = dict(json.loads(stored))
        except (OSError, ValueError, TypeError):
            st.session_state[_PREDICTIONS] = {}
    by_corpus: dict[str, dict[str, int]] = st.session_state[_PREDICTIONS]
    return by_corpus


def _store_predictions() -> None:
    with atomic_write(workspace.folder() / _PREDICTED) as temporary:
        temporary.write_text(json.dumps(_all_predictions()), encoding="utf-8")


def draw() -> int:
    """Return the number of the random draw that the lesson takes its examples from."""
    number: int = st.session_state.get(_DRAW, 0)
    return number


def draw_again() -> None:
    """Make the lesson take other examples."""
    st.session_state[_DRAW] = draw() + 1


def local_paths_allowed() -> bool:
    """Return whether visitors may name files of the server's machine.

    By default they may if the server accepts connections from this machine only. The environment
    variable `CARTOGRAPHY_LOCAL_PATHS` (1 or 0) overrides that; behind a proxy it must be 0.
    """
    setting = os.environ.get("CARTOGRAPHY_LOCAL_PATHS")
    if setting:
        return setting == "1"
    return st.get_option("server.address") in ("localhost", "127.0.0.1", "::1")


def choose_picture_format() -> None:
    """Show the widget for the image format of the camera button of figures."""
    st.segmented_control(
        "Image format",
        ["PNG", "SVG"],
        default="PNG",
        required=True,
        key=_PICTURE,
        help="What the camera button of a figure saves.",
        persist_state="session",
    )


def picture_format() -> str:
    """Return the image format of the camera button: "png" or "svg"."""
    return str(st.session_state.get(_PICTURE, "PNG")).lower()


def picked(folder: Path) -> list[int]:
    """Return the positions of the texts selected on the map in `folder`, ascending."""
    positions: list[int] = st.session_state.get(PICKED, {}).get(str(folder), [])
    return positions


def pick(folder: Path, positions: Sequence[int], figure: str = "") -> None:
    """Store the texts selected on one map and forget those on any other.

    Parameters
    ----------
    folder : Path
        Folder of the map.
    positions : sequence of int
        Positions of the texts on the map.
    figure : str, optional
        Name of the figure on which the selection was drawn and so is visible already.
    """
    st.session_state[PICKED] = {str(folder): sorted(positions)}
    st.session_state[_DRAWN_ON] = figure


def drawn_on() -> str:
    """Return the name of the figure that the selection was drawn on, "" if none."""
    figure: str = st.session_state.get(_DRAWN_ON, "")
    return figure


def before(name: str, value: float) -> float | None:
    """Store the current value of `name` and return the previous, different one.

    Call it at every run of the page. Returns None until the value changes for the first time.
    """
    history: dict[str, tuple[float, float | None]] = st.session_state.setdefault(_VALUES, {})
    current, previous = history.get(name, (value, None))
    if value != current:
        current, previous = value, current
    history[name] = current, previous
    return previous


def offer_first_map() -> bool:
    """Return whether to draw a first map without a click: true once per session."""
    is_first = OFFERED not in st.session_state
    st.session_state[OFFERED] = True
    return is_first


def hub_source(name: str) -> str:
    """Return the source for a data set of the Hugging Face Hub.

    Parameters
    ----------
    name : str
        owner/name or owner/name:split.

    Returns
    -------
    str
        `name` with the Hub's prefix.

    Raises
    ------
    CartographyError
        `name` has another form, or is a folder of this machine, which the Hub's library would read
        instead.
    """
    match = re.fullmatch(rf"({_HUB_WORD}/{_HUB_WORD})(:\w[\w.-]*(\[[\d:%]+\])?)?", name, re.ASCII)
    if match is None:
        raise CartographyError(
            f"{name!r} is not a data set name of the Hub; write it as owner/name or "
            "owner/name:split"
        )
    if any((folder / match.group(1)).exists() for folder in (Path.cwd(), ROOT)):
        raise CartographyError(
            f"{name!r} is a folder of the server; enter a data set of the Hub as owner/name"
        )
    return f"{HUB_PREFIX}{name}"


def keep_upload(name: str, content: bytes) -> str:
    """Write an upload to this browser's workspace and return its path."""
    # The browser sends an arbitrary name; make it a safe file name.
    safe_name = re.sub(r"[\x00-\x1f]", "", re.split(r"[/\\]", name)[-1]).lstrip(".") or "upload"
    if len(safe_name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        raise CartographyError(
            f"the name of {safe_name[:40]}… is longer than {_LONGEST_NAME} bytes: give the file a "
            "shorter name"
        )
    path = workspace.uploads_folder() / content_key(content)[:10] / safe_name
    if path.exists():
        # `uploads` sorts by the folder's time. A new time of the file would make its runs stale.
        path.parent.touch()
        return str(path)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
    return str(path)


def uploads(accepts: Callable[[str], bool]) -> list[str]:
    """Return the paths of this browser's uploads whose name is accepted, the newest first."""
    files = _files_in(workspace.uploads_folder())
    matches = [path for path in files if accepts(path.name)]
    return [str(path) for path in sorted(matches, key=_upload_time, reverse=True)]


def forget_uploads() -> None:
    """Delete this browser's uploads and the runs on them.

    If the corpus in use was an upload, the offline sample replaces it.
    """
    in_use = choice()
    is_private = in_use.is_private
    workspace.forget()
    use(DataChoice() if is_private else in_use)


def kept_corpora() -> list[str]:
    """Return the paths of the tables that visitors chose to keep on this server, by name."""
    files = _files_in(_kept_folder())
    return [str(path) for path in sorted(files, key=lambda path: path.name.lower())]


def is_kept(path: str) -> bool:
    """Return whether `path` is a table that a visitor chose to keep on this server."""
    return _kept_folder().resolve() in Path(path).resolve().parents


def keep_for_all(path: str) -> str:
    """Copy an upload to the folder that all visitors share and return its new path."""
    upload = Path(path)
    kept = _kept_folder() / upload.parent.name / upload.name
    if kept.exists():
        return str(kept)  # same content; a new modification time would make its runs stale
    with atomic_write(kept) as temporary:
        shutil.copyfile(upload, temporary)
    return str(kept)


def _kept_folder() -> Path:
    return cache_folder() / "corpora"


def _files_in(folder: Path) -> list[Path]:
    """The files in the subfolders, without those that are still being written."""
    return [path for path in folder.glob("*/*") if not path.name.startswith(".")]


def _upload_time(path: Path) -> float:
    return path.parent.stat().st_mtime
