"""Decoding of text files of any encoding, in a stream."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TextIO, cast

from cartography.errors import CartographyError
from cartography.tables.limits import Limits
from cartography.tables.source import ByteSource
from cartography.tables.table import TableOptions

COMMON_ENCODINGS: Mapping[str, str] = {
    "utf-8": "Unicode, UTF-8",
    "utf-16": "Unicode, UTF-16",
    "utf-32": "Unicode, UTF-32",
    "cp1252": "Western European, Windows",
    "iso8859-15": "Western European, ISO 8859-15",
    "mac-roman": "Western European, Macintosh",
    "cp850": "Western European, DOS",
    "cp437": "English, DOS",
    "cp1250": "Central European, Windows",
    "iso8859-2": "Central European, ISO 8859-2",
    "mac-latin2": "Central European, Macintosh",
    "cp852": "Central European, DOS",
    "iso8859-16": "Romanian, ISO 8859-16",
    "cp1254": "Turkish, Windows",
    "cp1257": "Baltic, Windows",
    "iso8859-13": "Baltic, ISO 8859-13",
    "cp1251": "Cyrillic, Windows",
    "koi8-r": "Russian, KOI8-R",
    "koi8-u": "Ukrainian, KOI8-U",
    "iso8859-5": "Cyrillic, ISO 8859-5",
    "mac-cyrillic": "Cyrillic, Macintosh",
    "cp866": "Cyrillic, DOS",
    "cp1253": "Greek, Windows",
    "iso8859-7": "Greek, ISO 8859-7",
    "cp1255": "Hebrew, Windows",
    "iso8859-8": "Hebrew, ISO 8859-8",
    "cp1256": "Arabic and Persian, Windows",
    "iso8859-6": "Arabic, ISO 8859-6",
    "cp1258": "Vietnamese, Windows",
    "cp874": "Thai, Windows",
    "cp932": "Japanese, Shift JIS",
    "euc_jp": "Japanese, EUC",
    "iso2022_jp": "Japanese, ISO 2022",
    "gb18030": "Chinese, simplified (GB 18030, GBK, GB 2312)",
    "big5hkscs": "Chinese, traditional (Big5)",
    "cp949": "Korean (EUC-KR, CP949)",
}
"""Names of the encodings that people have, as Python knows them, and each one in words."""

_READ_AS: Mapping[str, str] = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "shift_jis_2004": "cp932",
    "euc_kr": "cp949",
    "euc_jis_2004": "euc_jp",
}
"""Encodings that chardet knows under a name that files rarely have: all their letters are also in
the second, which is what Windows writes."""

# Longest first: the mark of UTF-32 starts with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARK = "\ufeff"
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
_MARK_AT_LINE_START = re.compile(f"(?<=[\r\n]){_MARK}+")
_TYPOGRAPHY = re.compile(
    r"(?<![a-z])[\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u20ac\xa3\xa9\xae\xb0]"
    r"|[\u2019\u201d\u2026\u2122](?![a-z])|\u2019(?=(?:s|t|ll|re|ve|d|m)\b)",
    re.IGNORECASE | re.ASCII,
)
_NOT_FOR_FILES = {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7"}
_CHUNK = 1 << 20
_SAMPLE = 200_000
_MIXED_SHARE = 0.3
_LONGEST_LINE_IN_CELLS = 10
_PREVIEW_LINE, _PREVIEW_PIECES = 300, 200_000


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
        (`newline=""`); byte order marks at the start of lines are left out. Reading raises
        CartographyError at a line that cannot be decoded or is too long.
    marks : int
        The number of byte order marks, more than 1 in files that were joined.
    """

    location: str
    name: str
    encoding: str
    notes: tuple[str, ...]
    open: Callable[[], TextIO]
    marks: int = 0

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
        guess = _guess(source.location, _odd_lines(source))
    elif not said and scan.has_escapes and not _scan(source, "iso2022_jp").failure:
        guess = "iso2022_jp"
    if guess:
        encoding, scan = guess, _scan(source, guess)
        said = f"{source.location} is not UTF-8, nor {encoding}"
        advice = "name its encoding with --encoding, or save it as UTF-8"
        notes = (
            f"{source.name} is not UTF-8 and was read as {encoding} "
            f"({COMMON_ENCODINGS[encoding]}): check its accents, or name another encoding with "
            "--encoding",
        )
    if scan.failure:
        raise CartographyError(f"{said}: {scan.failure}; {advice}")
    limit = _LONGEST_LINE_IN_CELLS * Limits.current().cell
    opened = partial(_TextStream, source, encoding, limit, scan.marks > 0)
    return TextSource(
        location=source.location,
        name=source.name,
        encoding=encoding,
        notes=notes,
        open=cast(Callable[[], TextIO], opened),
        marks=scan.marks,
    )


def encoding_name(name: str) -> str:
    """Return the name of an encoding as Python knows it.

    Raises
    ------
    CartographyError
        There is no such encoding of text files.
    """
    try:
        b"\0\0\0\0".decode(name)  # refuses what does not decode to text, such as "zip"
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        known = "undefined"
    if known in _NOT_FOR_FILES:
        raise CartographyError(
            f"the encoding {name[:40]!r} is not known; give one such as "
            f"{', '.join(COMMON_ENCODINGS)}"
        )
    return known


def preview_encodings(
    source: ByteSource, names: Sequence[str], lines: int = 5
) -> dict[str, list[str]]:
    """Return what the lines beyond ASCII look like in several encodings, to choose by eye.

    Parameters
    ----------
    source : ByteSource
    names : sequence of str
        Names of encodings.
    lines : int, default 5
        The most lines of each.

    Returns
    -------
    dict of str to list of str
        For each name, the first lines that hold other characters than ASCII, or their first 300
        characters. What cannot be decoded is shown as \N{REPLACEMENT CHARACTER}. Only the start of
        a large file is searched.

    Raises
    ------
    CartographyError
        There is no such encoding.
    """
    previews: dict[str, list[str]] = {}
    for name in names:
        found = previews.setdefault(name, [])
        text = io.TextIOWrapper(source.open(), encoding_name(name), errors="replace", newline=None)
        # Codecs with a byte order mark refuse a text without one, whatever is done with errors.
        with text, suppress(UnicodeError):
            for _ in range(_PREVIEW_PIECES):
                piece = text.readline(_PREVIEW_LINE)
                if not piece or len(found) == lines:
                    break
                line = piece.strip().lstrip(_MARK)
                if not line.isascii():
                    found.append(line)
    return previews


class _TextStream(io.TextIOBase):
    """A text stream whose errors name the line, without byte order marks, with bounded lines."""

    def __init__(self, source: ByteSource, encoding: str, limit: int, has_marks: bool) -> None:
        self._source, self._limit, self._has_marks = source, limit, has_marks
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
                if self._has_marks:
                    text = _without_marks(text, self._at_start)
                if text:  # Marks alone are not the end of the text.
                    self._at_start = text.endswith(("\r", "\n"))
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
                if self._has_marks and line.startswith(_MARK):
                    line = line.lstrip(_MARK)
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


def _without_marks(text: str, at_line_start: bool) -> str:
    if _MARK not in text:
        return text
    text = _MARK_AT_LINE_START.sub("", text)
    return text.lstrip(_MARK) if at_line_start else text


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
                    scan.marks += text.count(_MARK)
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


@dataclass
class _OddLines:
    """The lines of a file that are not ASCII: they alone tell the encoding.

    Attributes
    ----------
    sample : list of bytes
        The first of them, about 200,000 bytes.
    total, broken, first : int
        How many there are; how many of these are not UTF-8; the number of the first such line.
    """

    sample: list[bytes] = field(default_factory=list)
    size: int = 0
    total: int = 0
    broken: int = 0
    first: int = 0

    def add(self, number: int, line: bytes) -> None:
        if line.isascii():
            return
        self.total += 1
        if not _is_utf8(line):
            self.broken += 1
            self.first = self.first or number
        if self.size < _SAMPLE:
            self.sample.append(line)
            self.size += len(line)


def _odd_lines(source: ByteSource) -> _OddLines:
    found, number, rest = _OddLines(), 0, b""
    with source.open() as stream:
        while chunk := stream.read(_CHUNK):
            *lines, rest = _LINE_END.split(rest + chunk)
            if len(rest) > _CHUNK:  # a line without end is judged in parts
                lines, rest = [*lines, rest], b""
            for line in lines:
                number += 1
                found.add(number, line)
    found.add(number + 1, rest)
    return found


def _guess(location: str, odd: _OddLines) -> str:
    """Return the likeliest encoding of a text that is not UTF-8."""
    import chardet

    if odd.broken < odd.total / 2:
        raise CartographyError(
            f"{location}, line {odd.first:,} is not UTF-8, unlike the rest of the file; "
            "fix that line and save the file as UTF-8"
        )
    sample = b"\n".join(odd.sample)[:_SAMPLE]
    # Too little for chardet, and the commonest case of all: English with its apostrophes.
    if _TYPOGRAPHY.sub("", sample.decode("cp1252", "replace")).isascii():
        return "cp1252"
    # Others that chardet knows, such as those of mainframes, only compete with what people have.
    candidates = {*COMMON_ENCODINGS, *_READ_AS} - {"euc_jp", "iso2022_jp", "mac-latin2", "cp437"}
    guesses = chardet.detect_all(
        sample, ignore_threshold=True, include_encodings=candidates, compat_names=False
    )
    names = [each["encoding"] for each in guesses if each["encoding"]]
    # In a few short lines chardet may see another alphabet in the accents of Latin words.
    guess = next((name for name in names if not _mixes_alphabets(sample, name)), None)
    if not guess:
        raise CartographyError(
            f"{location} is not UTF-8 and its encoding cannot be guessed; name it with --encoding, "
            "or save it as UTF-8"
        )
    name = codecs.lookup(guess).name
    name = _READ_AS.get(name, name)
    return "cp1252" if name == "iso8859-15" and b"\xa4" not in sample else name


def _mixes_alphabets(sample: bytes, encoding: str) -> bool:
    """Return whether many words have both letters of ASCII and of an alphabet that is not Latin."""
    words = re.findall(r"\w+", sample.decode(encoding, "replace"))
    odd = [word for word in words if not word.isascii()]
    mixed = sum(
        any(letter.isascii() and letter.isalpha() for letter in word)
        and any(not _is_latin(letter) for letter in word if letter.isalpha())
        for word in odd
    )
    return mixed > _MIXED_SHARE * len(odd)


def _is_latin(letter: str) -> bool:
    return letter.isascii() or "LATIN" in unicodedata.name(letter, "") or letter in "ªº"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
