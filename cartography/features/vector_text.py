"""Read word vectors from lines of text: .vec and GloVe's .txt, plain, in gzip or in a zip."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.features import vector_limits as limits
from cartography.features.word_vectors import Forms

_ENDINGS = (".vec", ".txt")
_PACKED = {".gz": "gzip", ".zip": "zip"}
_BUFFER = 1 << 18
_LINE = limits.WORD_BYTES + limits.NUMBER_BYTES * limits.DIMENSIONS
_BYTE_ORDER_MARK, _UTF_16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_NAMES_SHOWN = 5


def read_text(path: Path, words: Sequence[str]) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Read the vectors of some words; only their lines are parsed.

    A line has a word and its numbers, separated by spaces or tabs. A first line of two whole
    numbers declares how many words and dimensions follow; without it, the first word decides.

    Parameters
    ----------
    path : Path
        A .vec or .txt file, one packed by gzip, or a zip with one of them.
    words : sequence of str

    Returns
    -------
    vectors : dict from str to float32 array, shape (d,)
        The first vector of each word and of its lower-case form.
    dimensions : int
        d; 0 if the file is empty.

    Raises
    ------
    CartographyError
        The file is malformed, cut short or beyond the limits of `vector_limits`.
    """
    forms = Forms(words)
    vectors: dict[str, NDArray[np.float32]] = {}
    declared: int | None = None
    dimensions = number = 0
    line = b""
    with _open_lines(path) as lines:
        for number, line in lines:
            if number == 1:
                declared, dimensions = _parse_first(path, line)
                if declared is not None:
                    continue
            form = forms.find(_split_line(line)[0])
            if form is not None and form not in vectors:
                vector = _parse_vector(path, number, line, dimensions)
                if vector is not None:
                    vectors[form] = vector
    if number > 1 and _is_cut(line, dimensions):
        raise _cut_short(path, number)
    count = number - 1
    if declared is not None and count < declared:
        raise CartographyError(
            f"{path} declares {declared:,} words but contains {count:,}: if you cut it yourself, "
            f"make its first line '{count} {dimensions}'; else copy or download it again"
        )
    return vectors, dimensions


def first_words(path: Path, limit: int) -> list[bytes]:
    """Return the words of the first `limit` lines, less a first line that is no word."""
    words = []
    with _open_lines(path) as lines:
        for number, line in lines:
            if number > limit:
                break
            if number > 1 or _parse_first(path, line)[0] is None:
                words.append(_split_line(line)[0])
    return words


def _parse_first(path: Path, line: bytes) -> tuple[int | None, int]:
    """Number of words (None if the line is not a header) and dimension."""
    fields, where = line.split(), f"{path}, line 1"
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        # Cut to 19 digits: the limits refuse such a number all the same.
        words, dimensions = (int(field.lstrip(b"0")[:19] or b"0") for field in fields)
        return limits.check_words(words, where), limits.check_dimensions(dimensions, where)
    numbers = _split_line(line)[1].split()
    if not numbers or not all(map(_is_number, numbers)):
        raise CartographyError(
            f"{where} is neither a header nor a word and its numbers, separated by spaces or tabs"
        )
    return None, limits.check_dimensions(len(numbers), where)


def _split_line(line: bytes) -> tuple[bytes, bytes]:
    """The word of a line and its numbers; before a tab a word may have spaces."""
    if b"\t" in line:
        word, _, rest = line.partition(b"\t")
        if rest.strip():
            return word, rest
    word, _, rest = line.partition(b" ")
    return word, rest


def _parse_vector(
    path: Path, number: int, line: bytes, dimensions: int
) -> NDArray[np.float32] | None:
    """The vector on a line; None if the word contains a space, as in some published files."""
    fields, where = _split_line(line)[1].split(), f"line {number}"
    if len(fields) > dimensions and not _is_number(fields[0]):
        return None
    try:
        numbers = [float(field) for field in fields]
    except ValueError:
        numbers = []
    if len(numbers) < len(fields) or b"_" in b"".join(fields):
        wrong = next(field for field in fields if not _is_number(field))
        shown = wrong[:40].decode(errors="replace")
        raise CartographyError(f"{path}, {where}: {shown!r} is not a number; mend the line")
    if _is_cut(line, dimensions):
        raise _cut_short(path, number)
    if len(fields) != dimensions:
        raise CartographyError(
            f"{path}, {where} has {len(fields)} instead of {dimensions} numbers; mend the line, or "
            "download or export the file again"
        )
    with np.errstate(over="ignore"):
        vector = np.array(numbers, dtype=np.float32)
    return limits.check_numbers(vector, path, where)


def _is_cut(line: bytes, dimensions: int) -> bool:
    """Whether a line is the last of a file that ends inside it."""
    return not line.endswith(b"\n") and len(line.split()) <= dimensions


def _cut_short(path: Path, number: int) -> CartographyError:
    return CartographyError(
        f"{path} ends inside line {number:,}, so it is cut short; copy or download it again"
    )


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field  # Python reads 1_000, no other program does


@contextmanager
def _open_lines(path: Path) -> Iterator[Iterator[tuple[int, bytes]]]:
    """Open a file and yield its lines with their numbers from 1, each of bounded length."""
    suffix = path.suffix.lower()
    with _ShortReads(path) if suffix == ".zip" else path.open("rb") as packed:
        if suffix not in _PACKED:
            yield _numbered(path, packed)
            return
        with _open_zip(path, packed) if suffix == ".zip" else gzip.open(packed) as unpacked:
            stream = io.BufferedReader(_BoundedStream(path, unpacked, packed), _BUFFER)
            try:
                yield _numbered(path, stream)
            except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
                raise CartographyError(
                    f"{path} is not a complete {_PACKED[suffix]} file ({_one_line(error)}); "
                    "copy or download it again"
                ) from error


def _numbered(path: Path, lines: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := lines.readline(_LINE):
        number += 1
        if number == 1:
            if line.startswith(_UTF_16):
                raise CartographyError(f"{path} is in UTF-16; save it as UTF-8")
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if len(line) == _LINE:
            raise CartographyError(
                f"{path}, line {number:,} is longer than {_LINE:,} bytes, too long for a word and "
                "its numbers: it is no file of word vectors, or a damaged one"
            )
        if number > limits.WORDS + 1:
            raise CartographyError(
                f"{path} has more than {limits.WORDS:,} words: keep the most frequent ones"
            )
        yield number, line


class _BoundedStream(io.RawIOBase):
    """What is unpacked from a file, refused when it becomes too much."""

    def __init__(self, path: Path, unpacked: IO[bytes] | gzip.GzipFile, packed: IO[bytes]) -> None:
        self._path, self._unpacked, self._packed = path, unpacked, packed
        self._start, self._total = packed.tell(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        content = self._unpacked.read(len(buffer))
        buffer[: len(content)] = content
        self._total += len(content)
        share = limits.UNPACKED_SHARE * (self._packed.tell() - self._start)
        if self._total > min(limits.UNPACKED_BYTES, limits.UNPACKED_START + share):
            raise CartographyError(
                f"{self._path} becomes more than {limits.UNPACKED_SHARE} times larger, or larger "
                f"than {limits.UNPACKED_BYTES // 10**9} GB, when it is unpacked, as no word "
                "vectors do: unpack it and look into it"
            )
        return len(content)


class _ShortReads(io.FileIO):
    """A file that refuses to read much at once, as `zipfile` does with the list of an archive."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = max(0, os.fstat(self.fileno()).st_size - self.tell())
        if size > limits.ZIP_LIST_BYTES:
            raise zipfile.BadZipFile("its list of files is too long")
        return super().read(size) or b""


def _open_zip(path: Path, packed: IO[bytes]) -> IO[bytes]:
    """Open the one text file of a zip."""
    try:
        archive = zipfile.ZipFile(packed)
        return archive.open(_choose_member(path, archive.infolist()))
    # `zipfile` raises all of these on damaged archives.
    except (zipfile.BadZipFile, struct.error, ArithmeticError, RuntimeError, ValueError) as error:
        raise CartographyError(
            f"{path} is not a complete zip file ({_one_line(error)}); copy or download it again"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:100]


def _choose_member(path: Path, members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    shown = [
        member
        for member in members
        if not member.is_dir() and not member.filename.startswith(("__MACOSX/", "."))
    ]
    for ending in _ENDINGS:
        texts = [member for member in shown if member.filename.lower().endswith(ending)]
        if len(texts) == 1:
            (chosen,) = texts
            if chosen.flag_bits & 1:
                raise CartographyError(f"{path} is locked by a password; unpack it first")
            # Other methods unpack a piece of any size at once.
            if chosen.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise CartographyError(f"{path} is packed in an unusual way; unpack it first")
            return chosen
        if texts:
            raise CartographyError(
                f"{path} holds {len(texts)} files of vectors ({_names(texts)}): unpack it and "
                "give one of them"
            )
    raise CartographyError(
        f"{path} holds no .vec or .txt file (it holds {_names(shown) or 'none'}): unpack it first, "
        "and give its file of vectors"
    )


def _names(members: list[zipfile.ZipInfo]) -> str:
    names = [repr(member.filename[:60])[1:-1] for member in members[:_NAMES_SHOWN]]
    more = len(members) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
