"""The bytes of a file, or of a file in a compressed one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True)
class ByteSource:
    """A stream of bytes that can be opened any number of times.

    Attributes
    ----------
    location : str
        Name in errors: a path, or `archive.zip/inner.csv`.
    name : str
        File name of the content, such as `inner.csv`; its suffix decides the format.
    open : callable
        `open()` returns a new binary stream from the start. It may not be seekable. A stream that
        unpacks a file raises CartographyError past the limit `unpacked`.
    path : Path or None
        The file itself if its bytes are the content, so that it can be memory-mapped; None if it
        must be unpacked.
    """

    location: str
    name: str
    open: Callable[[], BinaryIO]
    path: Path | None = None

    @classmethod
    def of(cls, path: Path) -> ByteSource:
        """Return the source of a file that is not compressed."""
        return cls(str(path), path.name, lambda: path.open("rb"), path)
