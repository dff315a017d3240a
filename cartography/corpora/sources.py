"""Where a corpus lies: a file, a folder with train and test, a saved or a Hub data set."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
"""One of these lies in the folder of a data set that `datasets` saved."""

Part = Literal["train", "test", "whole"]
Parts = Mapping[Part, Callable[[], Table]]


def open_source(source: str | Path | pd.DataFrame, load: Callable[..., Any] | None = None) -> Parts:
    """The parts that lie at `source`, each read when it is called for.

    A file, or one named split, is one part, "whole"; a folder or a data set of several splits has
    "train", and "test" if it holds one. `load` stands in for `datasets.load_dataset`. A source
    that is missing or holds no training part raises `CartographyError`.
    """
    if not isinstance(source, str | Path):
        return {"whole": lambda: table_from_frame(source)}
    if isinstance(source, str) and source.startswith(HUB_PREFIX):
        return _open_hub(source.removeprefix(HUB_PREFIX), load)
    path = expand_home(source)
    try:
        there = path.exists()
    except OSError:  # a name that no file system takes
        there = False
    if not there:
        raise CartographyError(
            f"{path} does not exist; give a file, a folder, {HUB_PREFIX}owner/name or sample"
        )
    if not path.is_dir():
        return {"whole": lambda: read_table(path)}
    if any((path / mark).exists() for mark in SAVED_MARKS):
        return _open_saved(path)
    return _open_folder(path)


def _open_folder(folder: Path) -> Parts:
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in READERS and not path.name.startswith(".")
    )
    parts: dict[Part, Callable[[], Table]] = {}
    names: tuple[Part, ...] = ("train", "test")
    for part in names:
        found = [path for path in files if part in re.split(r"[^a-z]+", path.stem.lower())]
        if len(found) > 1:
            raise CartographyError(
                f"{folder} holds more than one {part} file ({_listed(p.name for p in found)}); "
                "give one file by its own path"
            )
        if found:
            parts[part] = lambda path=found[0]: read_table(path)  # type: ignore[misc]
    if "train" in parts:
        return parts
    if len(files) == 1 and not parts:
        return {"whole": lambda: read_table(files[0])}
    raise CartographyError(
        f"{folder} holds no train file ({_listed(p.name for p in files) or 'no data file'}); "
        "give a file, or a folder that holds train.csv or another kind of table"
    )


def _open_saved(folder: Path) -> Parts:
    with _datasets() as datasets:
        try:
            loaded = datasets.load_from_disk(str(folder))
        # The library lets many kinds of error of its own and of others through.
        except Exception as error:
            raise CartographyError(
                f"{folder} is not a whole saved data set ({_reason(error)}); save it again"
            ) from error
    return _parts_of(loaded, str(folder), folder.name)


def _open_hub(spec: str, load: Callable[..., Any] | None) -> Parts:
    name, _, split = (spec, "", "") if Path(spec).is_dir() else spec.partition(":")
    place = f"{HUB_PREFIX}{spec}"
    if not name:
        raise CartographyError(f"{place!r} names no data set; write {HUB_PREFIX}owner/name")
    with _datasets() as datasets:
        try:
            loaded = (load or datasets.load_dataset)(name, split=split or None)
        # Network, Hub and builder errors of several libraries have no common class.
        except Exception as error:
            raise CartographyError(
                f"{place} cannot be loaded ({_reason(error)}); "
                "check the name, the split and the network"
            ) from error
    return _parts_of(loaded, place, place)


def _parts_of(loaded: Any, place: str, name: str) -> Parts:
    """The parts of a `Dataset` or a `DatasetDict`."""
    if not isinstance(loaded, dict):
        return {"whole": lambda: _of_dataset(loaded, place, name)}
    parts: dict[Part, Callable[[], Table]] = {}
    names: tuple[Part, ...] = ("train", "test")
    for part in names:
        if part in loaded:
            where = f"{place}:{part}" if place.startswith(HUB_PREFIX) else f"{place}/{part}"
            parts[part] = lambda part=part, where=where: _of_dataset(  # type: ignore[misc]
                loaded[part], where, where if name == place else f"{name}/{part}"
            )
    if "train" in parts:
        return parts
    if len(loaded) == 1:
        return {"whole": lambda: _of_dataset(next(iter(loaded.values())), place, name)}
    raise CartographyError(
        f"{place} has no split 'train' but {_listed(loaded)}; name one of them, as in "
        f"{HUB_PREFIX}owner/name:split"
    )


def _of_dataset(dataset: Any, place: str, name: str) -> Table:
    if len(dataset) == 0:
        raise CartographyError(f"{place} has no rows; give a data set with rows")
    return Table(
        place=place,
        name=name,
        columns=tuple(dataset.column_names),
        rows=len(dataset),
        values=lambda column: list(dataset.with_format(None)[column]),
        row=lambda i: f"row {i + 1}",
        class_names={
            column: tuple(feature.names)
            for column, feature in dataset.features.items()
            if type(feature).__name__ == "ClassLabel"
        },
    )


@contextmanager
def _datasets() -> Iterator[Any]:
    """The `datasets` library, its progress bars, log lines and warnings silenced."""
    # Its import takes a second or two, which a corpus from a file need not wait for.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import datasets

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


def _listed(names: Any) -> str:
    return ", ".join(os.fspath(name) for name in names)
