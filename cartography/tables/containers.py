"""Compressed files: .gz, .bz2, .xz, and .zip archives with one table."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from cartography.errors import CartographyError
from cartography.tables.limits import Limits
from cartography.tables.source import ByteSource

_OPENERS: Mapping[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
COMPRESSED = (*_OPENERS, ".zip")
"""The suffixes of files that are unpacked while they are read."""

_DAMAGE = (
    *(EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, ValueError),
    *(NotImplementedError, RuntimeError),
)
_ENCRYPTED = 0x1
_LONGEST_LIST = 4 << 20  # bytes, of at least 46 a file


def open_container(path: Path, is_table: Callable[[str], bool]) -> ByteSource:
    """Return the content of a file: the file itself, or what is packed in it.

    Parameters
    ----------
    path : Path
    is_table : callable
        Whether a file of this name in an archive can be read.

    Returns
    -------
    ByteSource

    Raises
    ------
    CartographyError
        The file is an archive with no table or several, or an encrypted or damaged one.
    """
    suffix = path.suffix.lower()
    if path.name.lower().endswith((".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar")):
        raise CartographyError(f"{path} is an archive of files: unpack it, and give its folder")
    if suffix in _OPENERS:
        opener = _OPENERS[suffix]
        return ByteSource(str(path), path.stem, lambda: _counted(opener(path), str(path)))
    if suffix == ".zip":
        return _open_zip(path, is_table)
    return ByteSource.of(path)


def _open_zip(path: Path, is_table: Callable[[str], bool]) -> ByteSource:
    try:
        with open_archive(path) as archive:
            members = [
                member
                for member in archive.infolist()
                if not member.is_dir() and not _is_hidden(member.filename)
            ]
    except _DAMAGE as error:
        raise CartographyError(f"{path} is not a complete zip file ({error})") from error
    tables = [member for member in members if is_table(Path(member.filename).name)]
    if len(tables) != 1:
        names = [member.filename for member in tables or members]
        listed = ", ".join(name[:60] for name in names[:5]) or "nothing"
        held = "no table" if not tables else f"{len(tables):,} tables"
        raise CartographyError(
            f"{path} contains {held} ({listed}{' …' if len(names) > 5 else ''}): unpack it, and "
            "give one table, or a folder with train and test"
        )
    (member,) = tables
    location = f"{path}/{member.filename}"
    if member.flag_bits & _ENCRYPTED:
        raise CartographyError(f"{location} is encrypted: unpack it with its password first")

    def open_member() -> BinaryIO:
        try:
            # The member keeps the archive open for as long as it is read.
            return _counted(cast(BinaryIO, zipfile.ZipFile(path).open(member)), location)
        except _DAMAGE as error:
            raise CartographyError(f"{location} cannot be unpacked ({error})") from error

    return ByteSource(location, Path(member.filename).name, open_member)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip file whose list of contents is not too long to be read.

    Raises
    ------
    zipfile.BadZipFile
        The file is damaged, or its list of contents is too long.
    """
    with _ShortReads(path) as file, zipfile.ZipFile(file) as archive:
        yield archive


class _ShortReads(io.FileIO):
    """A file of which little is read at once: the library reads a list of contents in one go."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LONGEST_LIST:
            raise zipfile.BadZipFile("it lists too many files")
        return super().read(size)


def _is_hidden(name: str) -> bool:
    parts = Path(name).parts
    return not parts or parts[0] == "__MACOSX" or parts[-1].startswith(".")


def _counted(stream: BinaryIO, location: str) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Counted(stream, location), 1 << 20))


class _Counted(io.RawIOBase):
    """A stream that stops at the limit of unpacked bytes and says what is damaged."""

    def __init__(self, stream: BinaryIO, location: str) -> None:
        super().__init__()
        self._stream = stream
        self._location = location
        self._limits = Limits.current()
        self._bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        try:
            data = self._stream.read(len(view))
        except _DAMAGE as error:
            raise CartographyError(
                f"{self._location} cannot be unpacked ({error}): it is damaged or cut short"
            ) from error
        self._bytes += len(data)
        self._limits.check("unpacked", self._bytes, self._location)
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()
