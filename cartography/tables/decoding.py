"""Decoding of text files of any encoding, in a stream."""

from __future__ import annotations

import codecs
import io
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TextIO, cast

from cartography.errors import CartographyError
from cartography.tables.encodings import COMMON_ENCODINGS, encoding_name, guess_encoding
from cartography.tables.limits import Limits
from cartography.tables.source import ByteSource
from cartography.tables.table import TableOptions

# Longest first: the mark of UTF-32 starts with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BYTE_ORDER_MARK = "\ufeff"
"""The character with which a file may say its encoding, and which a joined file may hold."""

_CHUNK = 1 << 20
_LONGEST_LINE_IN_CELLS = 10


@dataclass(frozen=True)
class TextSource:
    """A text that can be opened any number of times, valid in its encoding when it was checked.

    Attributes
    ----------
    location : str
        Name in errors, such as a path.
    name : str
        File name of the content.
    encoding : str
        Name of the encoding as Python knows it.
    notes : tuple of str
        What the user should know about how the text was decoded.
    open : callable
        `open()` returns a new text stream from the start. Line ends are as they are in the file
        (`newline=""`); the byte order mark at the start is left out. Reading raises
        CartographyError at a line that cannot be decoded or is too long.
    inner_marks : int
        The number of byte order marks behind the start, as in files that were joined.
    """

    location: str
    name: str
    encoding: str
    notes: tuple[str, ...]
    open: Callable[[], TextIO]
    inner_marks: int = 0

    def read(self) -> str:
        """Return the whole text.

        Raises
        ------
        CartographyError
            It has more characters than are read (`Limits.characters`).
        """
        limits, parts, size = Limits.current(), [], 0
        with self.open() as stream:
            while part := stream.read(_CHUNK):
                size += len(part)
                limits.check("characters", size, self.location)
                parts.append(part)
        return "".join(parts)


def text_source(source: ByteSource, options: TableOptions) -> TextSource:
    """Find the encoding of a file and check that all of it can be decoded.

    The encoding is the one that `options` names; else that of the byte order mark; else UTF-8,
    UTF-16 or UTF-32 if all bytes are valid in it; else the one that chardet guesses.

    Parameters
    ----------
    source : ByteSource
    options : TableOptions

    Returns
    -------
    TextSource

    Raises
    ------
    CartographyError
        The file is binary, its encoding cannot be guessed, or a line is not valid in it.
    """
    with source.open() as stream:
        head = stream.read(_CHUNK // 16)
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
    notes: tuple[str, ...] = ()
    said, advice = "", "save it as UTF-8"
    if options.encoding:
        encoding = encoding_name(options.encoding)
        if encoding in ("utf-16", "utf-32"):
            # Python would read every byte order as the processor's own.
            likely = marked or _wide_encoding(head) or f"{encoding}-le"
            encoding = likely if likely.startswith(encoding) else f"{encoding}-le"
        said = f"{source.location} is not {options.encoding}"
        advice = "name another encoding with --encoding, or none to have it guessed"
    elif marked:
        encoding, what = marked, marked.removesuffix("-le").removesuffix("-be").upper()
        said = f"{source.location} starts with the byte order mark of {what} but is not valid"
    elif wide := _wide_encoding(head):
        encoding, what = wide, wide.removesuffix("-le").removesuffix("-be").upper()
        notes = (f"{source.name} was read as {what}, although it has no byte order mark",)
        said = f"{source.location} is not valid {what}"
    else:
        encoding = "utf-8"
    scan = _scan(source, encoding)
    if scan.nul_line:
        raise CartographyError(
            f"{source.location} contains NUL bytes, so it is not a text file; "
            f"save it as UTF-8 (the first is in line {scan.nul_line:,})"
        )
    guess = ""
    if not said and scan.failure:
        guess = guess_encoding(source)
    elif not said and scan.has_escapes and not _scan(source, "iso2022_jp").failure:
        guess = "iso2022_jp"
    if guess:
        encoding, scan = guess, _scan(source, guess)
        said = f"{source.location} is not UTF-8, nor {encoding}"
        advice = "name its encoding with --encoding, or save it as UTF-8"
        notes = (
            f"{source.name} is not UTF-8 and was read as {encoding} "
            f"({COMMON_ENCODINGS[encoding]}): check its letters, or name another encoding with "
            "--encoding",
        )
    if scan.failure:
        raise CartographyError(f"{said}: {scan.failure}; {advice}")
    limit = _LONGEST_LINE_IN_CELLS * Limits.current().cell
    opened = partial(_TextStream, source, encoding, limit)
    return TextSource(
        location=source.location,
        name=source.name,
        encoding=encoding,
        notes=notes,
        open=cast(Callable[[], TextIO], opened),
        inner_marks=scan.marks - (marked == encoding and scan.marks > 0),
    )


class _TextStream(io.TextIOBase):
    """A text stream without the mark at its start, whose lines are bounded, named in its errors."""

    def __init__(self, source: ByteSource, encoding: str, limit: int) -> None:
        self._source, self._limit = source, limit
        self._text = io.TextIOWrapper(source.open(), encoding, newline="")
        self._at_start = True
        self._lines = self._iterate()

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._text.close()
        super().close()

    def read(self, size: int | None = -1, /) -> str:
        try:
            while text := self._text.read(size):
                if self._at_start:
                    text = text.lstrip(BYTE_ORDER_MARK)
                if text:  # Marks alone are not the end of the text.
                    self._at_start = False
                    return text
        except UnicodeDecodeError as error:
            raise self._undecodable() from error
        return ""

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # noqa: ARG002
        return next(self._lines, "")  # whole lines, whose length is limited as they are read

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return self._lines

    def __next__(self) -> str:  # type: ignore[override]
        return next(self._lines)

    def _iterate(self) -> Iterator[str]:
        limit, number = self._limit, 0
        try:
            for number, line in enumerate(iter(partial(self._text.readline, limit), ""), 1):
                if len(line) >= limit:
                    raise CartographyError(
                        f"{self._source.location}, line {number:,} has more than {limit:,} "
                        "characters: is it the right file? Set CARTOGRAPHY_MAX_CELL to a larger "
                        "number if it is"
                    )
                if number == 1:
                    line = line.lstrip(BYTE_ORDER_MARK)
                if line:
                    yield line
        except UnicodeDecodeError as error:
            raise self._undecodable() from error

    def _undecodable(self) -> CartographyError:
        failure = _scan(self._source, self._text.encoding).failure
        return CartographyError(
            f"{self._source.location} is not {self._text.encoding}: {failure or 'it has changed'}; "
            "name its encoding with --encoding"
        )


@dataclass
class _Scan:
    """What the bytes of a whole file are in one encoding.

    Attributes
    ----------
    marks : int
        Number of byte order marks.
    failure : str
        Why it cannot be decoded, with the line; "" if it can.
    nul_line : int
        The line with the first NUL character; 0 if there is none.
    has_escapes : bool
        Whether it contains the bytes with which ISO 2022 changes its alphabet.
    """

    marks: int = 0
    failure: str = ""
    nul_line: int = 0
    has_escapes: bool = False


def _scan(source: ByteSource, encoding: str, is_counted: bool = False) -> _Scan:
    """Decode a whole file; its lines are counted, which takes as long, only if they are needed."""
    scan, decoder = _Scan(), codecs.getincrementaldecoder(encoding)()
    lines, before, chunk = 1, "", b""
    with source.open() as stream:
        try:
            while chunk := stream.read(_CHUNK):
                scan.has_escapes |= b"\x1b" in chunk and b"\x1b$" in chunk
                is_ascii = encoding == "utf-8" and chunk.isascii() and b"\0" not in chunk
                if is_ascii and not (is_counted or decoder.getstate()[0]):
                    continue  # the usual case, without decoding
                text = decoder.decode(chunk)
                if not text.isascii():
                    scan.marks += text.count(BYTE_ORDER_MARK)
                if not scan.nul_line and "\0" in text:
                    if not is_counted:
                        return _scan(source, encoding, True)
                    scan.nul_line = lines + _line_ends(text.partition("\0")[0], before)
                if is_counted:
                    lines += _line_ends(text, before)
                    before = text[-1:] or before
            decoder.decode(b"", True)
        except UnicodeError as error:
            if not is_counted:
                return _scan(source, encoding, True)
            if isinstance(error, UnicodeDecodeError):
                start = error.object[: error.start].decode(encoding, "replace")
                reason, line = error.reason, lines + _line_ends(start, before)
            else:  # of a stateful encoding, without a position
                reason, line = str(error), lines
            scan.failure = f"{reason} in line {line:,}"
            if not scan.nul_line and b"\0" in chunk:
                start = chunk.partition(b"\0")[0].decode("latin-1")
                scan.nul_line = lines + _line_ends(start, before)
    return scan


def _line_ends(text: str, before: str) -> int:
    r"""Count the ends of lines (\n, \r\n, \r) in `text`, which follows the character `before`."""
    count = text.count("\n")
    if "\r" in text:
        count += text.count("\r") - text.count("\r\n")
    return count - (before == "\r" and text.startswith("\n"))


def _wide_encoding(head: bytes) -> str | None:
    """Return the UTF-16 or UTF-32 encoding of a start without a byte order mark, if it is one."""
    if b"\0" not in head:
        return None
    best, most = None, 0.0
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)[:4096]
        except UnicodeDecodeError:
            continue
        if any(_is_odd(character) for character in set(text)):
            continue
        # Whatever the language, separators, spaces and line ends are ASCII.
        plain = sum(character.isascii() for character in text) / max(len(text), 1)
        if plain > most:
            best, most = encoding, plain
    return best if most > 0.01 else None


def _is_odd(character: str) -> bool:
    """Return whether a character is in no text: unassigned, private, or a control character."""
    return character not in "\t\n\r\x0b\x0c" and unicodedata.category(character) in (
        "Cc",
        "Cn",
        "Co",
    )
