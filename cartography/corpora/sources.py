"""Sources of a corpus: a file, a folder, a data frame, a saved data set or one from the Hub."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cartography.corpora.columns import quote_names
from cartography.corpora.splits import join_tables, split_of
from cartography.errors import CartographyError
from cartography.files import expand_home
from cartography.formats.tools import open_table
from cartography.formatting import count_noun
from cartography.tables.decoding import TextSource, text_source
from cartography.tables.encodings import encoding_name
from cartography.tables.frames import table_from_frame
from cartography.tables.limits import Limits
from cartography.tables.reading import is_table
from cartography.tables.source import ByteSource
from cartography.tables.table import LeftOut, Table, TableOptions, bounded

if TYPE_CHECKING:
    import pandas as pd

HUB_PREFIX = "hub:"

HELP_DESK, HELP_DESK_FILE = "help-desk", Path(__file__).parent / "help_desk.csv"
"""The name of a corpus that comes with the package (docs/help-desk.md), and its file."""

SAVED_MARKS = ("dataset_dict.json", "state.json")
"""File names that mark the folder of a data set saved by the `datasets` library."""

SplitReaders = Mapping[str, Callable[[], Table]]
"""The reader of each split: those of `SPLITS`, or "whole" for a table without splits."""

_BATCH_ROWS = 10_000
_SHARD = re.compile(r"[-_.]?\d+(?:[-_]of[-_]\d+)?$")
# Hidden files, and those that are about the data.
_ABOUT = re.compile(r"\.|(readme|licen[cs]e|notice|changelog|dataset_infos?|dataset_dict)\b", re.I)
_UNLABELLED_FOLDERS = ("unsup", "unlabeled", "unlabelled")
# Whatever is in one of these encodings is valid UTF-8 too.
_SEVEN_BIT = ("iso2022", "hz")

_T = TypeVar("_T")


@dataclass(frozen=True)
class _FileOptions:
    """How the files of a source are read: what a user says is about the training file.

    A test file that is valid UTF-8 is read as such, else in the encoding that was named. A sheet is
    that of a workbook.
    """

    named: TableOptions
    is_test: bool

    def read(self, path: Path, reader: Callable[[TableOptions], _T]) -> _T:
        """Call the reader of a file with the options that hold for it."""
        options = self.named
        if not self.is_test:
            return reader(options)
        if path.suffix.lower() != ".xlsx":
            options = replace(options, sheet=None)
        if options.encoding and not encoding_name(options.encoding).startswith(_SEVEN_BIT):
            with suppress(CartographyError):
                return reader(replace(options, encoding="utf-8"))
        return reader(options)

    def of_split(self, split: str) -> _FileOptions:
        """The options of a split's files in a folder."""
        return replace(self, is_test=self.is_test or split != "train")


def open_source(
    source: str | Path | pd.DataFrame,
    options: TableOptions | None = None,
    load: Callable[..., Any] | None = None,
    *,
    is_test: bool = False,
) -> SplitReaders:
    """Find the splits of a source; each is read when its reader is called.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        A path, "hub:owner/name[:split]", "help-desk" or a data frame.
    options : TableOptions, optional
        How files are to be read.
    load : callable, optional
        Used instead of `datasets.load_dataset`.
    is_test : bool
        Whether the options were named for the training file and this is its test file: if it is
        valid UTF-8, it is read as such, and `sheet` is only for a workbook. The same holds for the
        other splits in the folder of a training file.

    Returns
    -------
    mapping of split to a callable that returns a Table
        "whole" for a data frame, a file or one named split. Else "train", and "validation" and
        "test" if there are such splits.

    Raises
    ------
    CartographyError
        The source does not exist or has no training split.
    """
    if not isinstance(source, str | Path):
        if not hasattr(source, "columns"):
            raise CartographyError(
                f"a {type(source).__name__} is not a source of texts: give a path, a pandas data "
                f"frame, {HUB_PREFIX}owner/name or sample"
            )
        return {"whole": lambda: table_from_frame(source)}
    if source == HELP_DESK:
        source = HELP_DESK_FILE
    if isinstance(source, str) and source.startswith(HUB_PREFIX):
        return _open_hub(source.removeprefix(HUB_PREFIX), load)
    file_options = _FileOptions(options or TableOptions(), is_test)
    path = expand_home(source)
    try:
        exists = path.exists()
    except (OSError, ValueError):  # a name that the file system does not allow
        exists = False
    if not exists:
        raise CartographyError(
            f"{path} does not exist; give a file, a folder, {HUB_PREFIX}owner/name or sample"
        )
    if not path.is_dir():
        return {"whole": partial(_read, path, file_options)}
    if any((path / mark).exists() for mark in SAVED_MARKS):
        return _open_saved(path)
    return _open_folder(path, file_options)


def _read(path: Path, options: _FileOptions) -> Table:
    return options.read(path, partial(open_table, path))


def _open_folder(folder: Path, options: _FileOptions) -> SplitReaders:
    """Find the splits of a folder.

    These are files with the name of a split in theirs, here or in the folder `data`; folders with
    the name of a split that hold tables; or folders of text files, one folder for each class.
    """
    places = [folder, folder / "data"]
    for place in places:
        files = _tables_in(place)
        by_split: dict[str, list[Path]] = {}
        for path in files:
            split = split_of(path.name.partition(".")[0])
            if split is not None:
                by_split.setdefault(split, []).append(path)
        if "train" in by_split:
            readers = {
                split: _join_files(
                    paths, f"{place}/{split}", f"{folder.name}/{split}", options.of_split(split)
                )
                for split, paths in by_split.items()
            }
            return _note_unread(
                readers, place, [path for paths in by_split.values() for path in paths]
            )
        if len(files) == 1 and not by_split:
            return {"whole": partial(_read, files[0], options)}
    for place in places:
        splits = _split_folders(place, folder.name, options)
        if "train" in splits:
            return splits
    if classes := _class_folders(folder):
        return {"whole": partial(_read_class_folders, folder, folder.name, classes, options)}
    names = quote_names([path.name for path in _tables_in(folder)]) or "no data file"
    raise CartographyError(
        f"{folder} contains no train file ({names}); give a file, or a folder with a file such as "
        "train.csv, with folders such as train, or with a folder of .txt files for each class"
    )


def _note_unread(
    readers: dict[str, Callable[[], Table]], place: Path, read: Sequence[Path]
) -> SplitReaders:
    """Let the training table name what looks like a split and is not read."""
    unread = [
        path.name
        for path in sorted(place.iterdir())
        if path not in read and split_of(path.name.partition(".")[0]) is not None
    ]
    if unread:
        train = readers["train"]
        note = f"not read, although named like a split: {quote_names(unread)}"

        def noted() -> Table:
            table = train()
            return replace(table, notes=(*table.notes, note))

        readers["train"] = noted
    return readers


def _tables_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if is_table(path.name) and not _ABOUT.match(path.name) and path.is_file()
    )


def _join_files(
    paths: Sequence[Path], location: str, name: str, options: _FileOptions
) -> Callable[[], Table]:
    """The reader of one file, or of the shards of one; other files cannot be joined."""
    if len(paths) == 1:
        return partial(_read, paths[0], options)
    stems = {_SHARD.sub("", path.name.partition(".")[0]) for path in paths}
    if len(stems) > 1 or len({path.suffix for path in paths}) > 1:
        split = split_of(next(iter(stems))) or "train"
        raise CartographyError(
            f"{paths[0].parent} contains more than one {split} file "
            f"({quote_names([path.name for path in paths])}); give the path of one file"
        )
    return lambda: join_tables([_read(path, options) for path in paths], location, name)


def _split_folders(folder: Path, name: str, options: _FileOptions) -> SplitReaders:
    """Folders such as train and test, with tables or with a folder for each class."""
    readers: dict[str, Callable[[], Table]] = {}
    if not folder.is_dir():
        return readers
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        split = split_of(path.name)
        if split is None or split in readers:
            continue
        files, classes = _tables_in(path), _class_folders(path)
        of_split = options.of_split(split)
        if classes and len(files) != 1:
            readers[split] = partial(
                _read_class_folders, path, f"{name}/{split}", classes, of_split
            )
        elif files:
            readers[split] = _join_files(files, str(path), f"{name}/{split}", of_split)
    return readers


def _class_folders(folder: Path) -> list[Path]:
    """The folders in `folder` that hold text files, at least two; else none."""
    folders = sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith(".") and any(_texts_in(path))
    )
    return folders if len(folders) >= 2 else []


def _texts_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if _is_text(path))


def _is_text(path: Path) -> bool:
    return path.suffix.lower() == ".txt" and path.is_file()


def _read_class_folders(
    folder: Path, name: str, classes: Sequence[Path], options: _FileOptions
) -> Table:
    """A table of text files; the name of a file's folder is its class."""
    files = [path for each in classes for path in _texts_in(each)]
    left_out, notes = _unread_beside(files, folder)
    limits = Limits.current()
    limits.check("rows", len(files), str(folder))
    limits.check("characters", sum(path.stat().st_size for path in files), str(folder))
    try:
        texts = [options.read(path, partial(text_source, ByteSource.of(path))) for path in files]
    except OSError as error:
        raise CartographyError(f"{folder} cannot be read: {error.strerror or error}") from error

    def label(i: int) -> str | None:
        name = files[i].parent.name
        return None if name in _UNLABELLED_FOLDERS else name

    cells_of: dict[str, Callable[[int], str | None]] = {
        "id": lambda i: files[i].relative_to(folder).as_posix(),
        "text": lambda i: texts[i].read(),
        "label": label,
    }

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        for start in range(0, len(files), _BATCH_ROWS):
            part = range(start, min(start + _BATCH_ROWS, len(files)))
            yield [[cells_of[column](i) for i in part] for column in columns]

    return Table(
        location=str(folder),
        name=name,
        columns=tuple(cells_of),
        rows=len(files),
        batches=bounded(str(folder), batches),
        row_name=lambda i: files[i].relative_to(folder).as_posix(),
        left_out=tuple(left_out),
        notes=(
            f"read as text files, with a folder for each of {len(classes):,} classes",
            *notes,
            *_encoding_notes(texts),
        ),
    )


def _unread_beside(texts: Sequence[Path], folder: Path) -> tuple[list[LeftOut], list[str]]:
    """What is not read in the class folders and beside them, and a note on those without a text."""
    is_read = set(texts)
    inside: dict[str, int] = {}
    beside: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            files = (each for each in path.rglob("*") if each.is_file())
            if count := sum(file not in is_read for file in files):
                inside[path.name] = count
        else:
            beside.append(path.name)
    left_out = []
    if inside:
        left_out.append(LeftOut(sum(inside.values()), "other file", f"in {quote_names([*inside])}"))
    if beside:
        where = f"beside the class folders: {quote_names(beside)}"
        left_out.append(LeftOut(len(beside), "other file", where))
    classes = {path.parent.name for path in texts}
    without = [name for name in inside if name not in classes]
    notes = [f"no class, since no .txt file is in it: {quote_names(without)}"] if without else []
    return left_out, notes


def _encoding_notes(texts: Sequence[TextSource]) -> Iterator[str]:
    """The note on the first file of each encoding, with the number of files that have it too."""
    noted: dict[str, list[str]] = {}
    for text in texts:
        for note in text.notes:
            noted.setdefault(text.encoding, []).append(note)
    for first, *others in noted.values():
        yield first + (f"; so with {count_noun(len(others), 'other file')}" if others else "")


def _open_saved(folder: Path) -> SplitReaders:
    with _quiet_datasets() as datasets:
        try:
            loaded = datasets.load_from_disk(str(folder))
        # The library raises many kinds of error, its own and those of others.
        except Exception as error:
            raise CartographyError(
                f"{folder} is not a complete saved data set ({_reason(error)}); save it again"
            ) from error
    return _split_readers(loaded, str(folder), folder.name)


def _open_hub(spec: str, load: Callable[..., Any] | None) -> SplitReaders:
    name, _, split = (spec, "", "") if Path(spec).is_dir() else spec.partition(":")
    location = f"{HUB_PREFIX}{spec}"
    if not name:
        raise CartographyError(
            f"{location!r} does not name a data set; write {HUB_PREFIX}owner/name"
        )
    with _quiet_datasets() as datasets:
        try:
            loaded = (load or datasets.load_dataset)(name, split=split or None)
        # Network, Hub and builder errors of several libraries have no common class.
        except Exception as error:
            raise CartographyError(
                f"{location} cannot be loaded ({_reason(error)}); "
                "check the name, the split and the network"
            ) from error
    return _split_readers(loaded, location, location)


def _split_readers(loaded: Any, location: str, name: str) -> SplitReaders:
    """Return the readers of a `Dataset` or a `DatasetDict`."""
    if not isinstance(loaded, dict):
        return {"whole": lambda: _table_from_dataset(loaded, location, name)}
    readers: dict[str, Callable[[], Table]] = {}
    separator = ":" if location.startswith(HUB_PREFIX) else "/"
    for key in loaded:
        split = split_of(key)
        if split is not None and split not in readers:
            split_location = f"{location}{separator}{key}"
            split_name = split_location if name == location else f"{name}/{key}"
            readers[split] = partial(_table_from_dataset, loaded[key], split_location, split_name)
    if "train" in readers:
        return readers
    if len(loaded) == 1:
        return {"whole": lambda: _table_from_dataset(next(iter(loaded.values())), location, name)}
    advice = "give the folder of one of them"
    if location.startswith(HUB_PREFIX):
        advice = f"name one of them, as in {HUB_PREFIX}owner/name:split"
    raise CartographyError(
        f"{location} has no split 'train'; its splits are {quote_names(list(loaded))}: {advice}"
    )


def _table_from_dataset(dataset: Any, location: str, name: str) -> Table:
    if len(dataset) == 0:
        raise CartographyError(f"{location} has no rows; give a data set with rows")
    limits = Limits.current()
    limits.check("rows", len(dataset), location)
    limits.check("columns", len(dataset.column_names), location)

    def batches(columns: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
        plain = dataset.with_format(None).select_columns(list(dict.fromkeys(columns)))
        for batch in plain.iter(_BATCH_ROWS):
            yield [batch[column] for column in columns]

    return Table(
        location=location,
        name=name,
        columns=tuple(dataset.column_names),
        rows=len(dataset),
        batches=bounded(location, batches),
        row_name=lambda i: f"row {i + 1}",
        class_names=_class_names(dataset.features),
    )


def _class_names(features: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The class names of columns of one class, and of columns of lists of classes."""
    items = {column: getattr(feature, "feature", feature) for column, feature in features.items()}
    return {
        column: tuple(item.names)
        for column, item in items.items()
        if type(item).__name__ == "ClassLabel" and all(isinstance(name, str) for name in item.names)
    }


@contextmanager
def _quiet_datasets() -> Iterator[Any]:
    """Import the `datasets` library and silence its progress bars, log lines and warnings."""
    # The import takes a second or two, which reading a file should not cost.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import datasets
        except ImportError as error:
            raise CartographyError(
                "data sets of the Hub and saved data sets need the package `datasets`: "
                'pip install "cartography-explorer[hub]"'
            ) from error

        loggers = [logging.getLogger(name) for name in ("datasets", "huggingface_hub")]
        levels = [logger.level for logger in loggers]
        bars = not datasets.are_progress_bars_disabled()
        datasets.disable_progress_bars()
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield datasets
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            if bars:
                datasets.enable_progress_bars()


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
