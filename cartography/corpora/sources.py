"""Sources of a corpus: a file, a folder, a data frame, a saved data set or one from the Hub."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cartography.corpora.frames import table_from_frame
from cartography.corpora.tables import READERS, Table, read_table
from cartography.errors import CartographyError
from cartography.files import expand_home

if TYPE_CHECKING:
    import pandas as pd

HUB_PREFIX = "hub:"

SAVED_MARKS = ("dataset_dict.json", "state.json")
"""File names that mark the folder of a data set saved by the `datasets` library."""

Split = Literal["train", "test", "whole"]
SplitReaders = Mapping[Split, Callable[[], Table]]

_NAMED_SPLITS: tuple[Split, ...] = ("train", "test")


def open_source(
    source: str | Path | pd.DataFrame, load: Callable[..., Any] | None = None
) -> SplitReaders:
    """Find the splits of a source; each is read when its reader is called.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        A path, "hub:owner/name[:split]", or a data frame.
    load : callable, optional
        Used instead of `datasets.load_dataset`.

    Returns
    -------
    mapping of split to a callable that returns a Table
        "whole" for a data frame, a file or one named split. Else "train", and "test" if there is
        one.

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
    if isinstance(source, str) and source.startswith(HUB_PREFIX):
        return _open_hub(source.removeprefix(HUB_PREFIX), load)
    path = expand_home(source)
    try:
        exists = path.exists()
    except OSError:  # a name that the file system does not allow
        exists = False
    if not exists:
        raise CartographyError(
            f"{path} does not exist; give a file, a folder, {HUB_PREFIX}owner/name or sample"
        )
    if not path.is_dir():
        return {"whole": lambda: read_table(path)}
    if any((path / mark).exists() for mark in SAVED_MARKS):
        return _open_saved(path)
    return _open_folder(path)


def _open_folder(folder: Path) -> SplitReaders:
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in READERS and not path.name.startswith(".")
    )
    readers: dict[Split, Callable[[], Table]] = {}
    for split in _NAMED_SPLITS:
        matches = [path for path in files if split in re.split(r"[^a-z]+", path.stem.lower())]
        if len(matches) > 1:
            raise CartographyError(
                f"{folder} contains more than one {split} file "
                f"({_join(path.name for path in matches)}); give the path of one file"
            )
        if matches:
            readers[split] = partial(read_table, matches[0])
    if "train" in readers:
        return readers
    if len(files) == 1 and not readers:
        return {"whole": lambda: read_table(files[0])}
    names = _join(path.name for path in files) or "no data file"
    raise CartographyError(
        f"{folder} contains no train file ({names}); "
        "give a file, or a folder with a file such as train.csv"
    )


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
    readers: dict[Split, Callable[[], Table]] = {}
    separator = ":" if location.startswith(HUB_PREFIX) else "/"
    for split in _NAMED_SPLITS:
        if split in loaded:
            split_location = f"{location}{separator}{split}"
            split_name = split_location if name == location else f"{name}/{split}"
            readers[split] = partial(_table_from_dataset, loaded[split], split_location, split_name)
    if "train" in readers:
        return readers
    if len(loaded) == 1:
        return {"whole": lambda: _table_from_dataset(next(iter(loaded.values())), location, name)}
    raise CartographyError(
        f"{location} has no split 'train'; its splits are {_join(loaded)}: name one of them, as in "
        f"{HUB_PREFIX}owner/name:split"
    )


def _table_from_dataset(dataset: Any, location: str, name: str) -> Table:
    if len(dataset) == 0:
        raise CartographyError(f"{location} has no rows; give a data set with rows")
    return Table(
        location=location,
        name=name,
        columns=tuple(dataset.column_names),
        rows=len(dataset),
        values=lambda column: list(dataset.with_format(None)[column]),
        row_name=lambda i: f"row {i + 1}",
        class_names={
            column: tuple(feature.names)
            for column, feature in dataset.features.items()
            if type(feature).__name__ == "ClassLabel"
        },
    )


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


def _join(names: Iterable[str]) -> str:
    return ", ".join(names)
