"""Names of encodings, and the likeliest encoding of a file that is not Unicode."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from cartography.errors import CartographyError
from cartography.tables.source import ByteSource

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

_MARK = "\ufeff"
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
_TYPOGRAPHY = re.compile(
    r"(?<![a-z])[\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u20ac\xa3\xa9\xae\xb0]"
    r"|[\u2019\u201d\u2026\u2122](?![a-z])|\u2019(?=(?:s|t|ll|re|ve|d|m)\b)",
    re.IGNORECASE | re.ASCII,
)
_NOT_FOR_FILES = {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7"}
_CHUNK = 1 << 20
_SAMPLE = 200_000
_MIXED_SHARE = 0.3
_PREVIEW_LINE, _PREVIEW_PIECES = 300, 200_000


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


def guess_encoding(source: ByteSource) -> str:
    """Return the likeliest encoding of a text that is not UTF-8, or "" if none is likely.

    Raises
    ------
    CartographyError
        Most lines are UTF-8, so that the others are broken.
    """
    location, odd = source.location, _odd_lines(source)
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
