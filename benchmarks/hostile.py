"""Whether hostile files and options are read or refused in one line, in bounded time and memory.

    python benchmarks/hostile.py [--only WORD ...] [--smoke] [--all]

Each case is made in a temporary folder and read in a process of its own, two at a time. Seconds are
of CPU time and megabytes of resident memory, both beyond those of an honest file of the same form;
both limits are raised by their own size for each million rows that are read. A row that the file is
known to contain must be read or be told of. The exit code is the number of cases with a fault.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parents[1]
ADDRESS_SPACE, PATIENCE, SLOW = 6 << 30, 60.0, 5.0
LARGE, HUGE = 500e6, 1e9
LONGEST_MESSAGE = 2_000
WORDS = ["the", "text", "number", "Wolf", "klein"]
ORDINARY = "id,text,label\n" + "".join(
    f"n{i},a text of number {i},{('wild', 'tame')[i % 2]}\n" for i in range(60)
)
SMOKE = (
    "honest.csv",
    "honest.vec",
    "no-rows.csv",
    "depth.json",
    "a.csv @seed '-1'",
    "head-float.vec",
)

Content = bytes | str | Callable[[Path], bytes | str | Iterable[bytes] | None]


@dataclass(frozen=True)
class Case:
    """A hostile file, or hostile options.

    Attributes
    ----------
    name : str
        Name of the file or folder that is made, and after " @" what is special about its options.
    content : bytes, str or callable
        Its bytes, or a function of its path that returns them, or that writes it and returns None.
    rows : int, optional
        The rows that it contains, if that is known.
    kind : {"table", "vectors", "command"}
    options : dict
        Keyword arguments of the reader.
    arguments : tuple of str
        Those of a command, where FILE, OUT and PLAIN (an ordinary table) stand for paths.
    big : bool
        Whether the file is so large that only one such may exist at a time.
    whole : bool
        Whether a refusal is a fault.
    """

    name: str
    content: Content
    rows: int | None = None
    kind: str = "table"
    options: dict[str, Any] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    big: bool = False
    whole: bool = False

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.name.partition(" @")[0]

    @property
    def honest(self) -> str:
        """Name of the honest case whose time and memory are allowed."""
        if self.kind == "command":
            return "honest.csv @command"
        suffix = Path(self.file.removesuffix(".gz").removesuffix(".zip")).suffix.lower()
        if self.kind == "vectors":
            return "honest.bin" if suffix == ".bin" else "honest.vec"
        if self.file.startswith("saved"):
            return "saved-honest"
        suffix = {".feather": ".arrow"}.get(suffix, suffix)
        known = (".parquet", ".arrow", ".xlsx", ".json", ".jsonl")
        return f"honest{suffix if suffix in known else '.csv'}"

    def make(self, folder: Path) -> Path:
        """Make the file in `folder` and return its path."""
        path = folder / self.file
        content = self.content(path) if callable(self.content) else self.content
        if content is not None:
            if isinstance(content, str):
                content = content.encode("utf-8", "surrogatepass")
            with path.open("wb") as handle:
                for part in (content,) if isinstance(content, bytes) else content:
                    handle.write(part)
        return path


def sentence(i: int) -> str:
    """An ordinary text."""
    return f"the text of number {i} is about a {('wolf', 'lamb')[i % 2]}"


def label(i: int) -> str:
    """Its class."""
    return ("wild", "tame")[i % 2]


def table(rows: int = 100, mark: str = ",", end: str = "\n", quote: str = "") -> str:
    """A delimited table."""
    lines = [mark.join(("id", "text", "label"))]
    lines += [mark.join((f"n{i}", quote + sentence(i) + quote, label(i))) for i in range(rows)]
    return end.join((*lines, ""))


def records(rows: int = 100) -> list[dict[str, Any]]:
    """The same rows as records."""
    return [{"id": f"n{i}", "text": sentence(i), "label": label(i)} for i in range(rows)]


def lines_of(values: Iterable[Any]) -> str:
    """JSON lines."""
    return "".join(json.dumps(value) + "\n" for value in values)


def one_line_of(rows: int, _: Path) -> str:
    """A JSON list on a single line."""
    return json.dumps(records(rows))


def labelled(*labels: str) -> str:
    """A table with an ordinary text for each label."""
    return "text,label\n" + "".join(f"{sentence(i)},{each}\n" for i, each in enumerate(labels))


def with_texts(*texts: str) -> str:
    """A table with a class for each text."""
    return "text,label\n" + "".join(f"{each},{label(i)}\n" for i, each in enumerate(texts))


def repeat(part: bytes, times: int, head: bytes = b"") -> Callable[[Path], Iterator[bytes]]:
    """`head`, then `part` again and again, without ever being in memory as a whole."""

    def parts(_: Path) -> Iterator[bytes]:
        yield head
        block = max(1, (1 << 20) // len(part))
        for start in range(0, times, block):
            yield part * min(block, times - start)

    return parts


def deflated(block: bytes, times: int = 1, head: bytes = b"") -> bytes:
    """`head`, then `block` as often as asked, compressed once and then copied."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + once * times + packer.flush()


def gz_bomb(block: bytes, gigabytes: int, head: bytes = b"") -> Callable[[Path], bytes]:
    """A gzip file that unpacks to some gigabytes."""
    times = gigabytes * 10**9 // len(block)
    start = b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    return lambda _: start + deflated(block, times, head) + bytes(8)


@dataclass(frozen=True)
class Entry:
    """A file in a zip file that may lie: its compressed bytes, and what is said of them."""

    name: bytes
    data: bytes
    size: int
    checksum: int = 0


def zip_by_hand(*entries: Entry, flags: int = 0, method: int = 8, copies: int = 0) -> bytes:
    """A zip file of some entries; `copies` more share the data of the last."""
    body = central = b""
    count = len(entries) + copies
    for i in range(count):
        entry = entries[min(i, len(entries) - 1)]
        name = entry.name if i < len(entries) else b"%d-%b" % (i, entry.name)
        sizes = (entry.checksum, len(entry.data), entry.size, len(name), 0)
        said = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 33, *sizes)
        if i < len(entries):
            start = len(body)
            body += b"PK\3\4" + said + name + entry.data
        central += b"PK\1\2\x14\0" + said + struct.pack("<HHHII", 0, 0, 0, 0, start) + name
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(body), 0)
    return body + central + b"PK\5\6" + end


def zip_entry(name: bytes, data: bytes, size: int, **lies: int) -> bytes:
    """A zip file of one entry."""
    return zip_by_hand(Entry(name, data, size), **lies)


def zip_of(*files: tuple[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An ordinary zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def inline(values: Sequence[str], row: int) -> str:
    """A row of a sheet with the texts in it."""
    cells = "".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in values)
    return f'<row r="{row}">{cells}</row>'


def sheet_rows(rows: int = 50) -> str:
    """The rows of an ordinary sheet."""
    body = (inline((f"n{i}", sentence(i), label(i)), i + 2) for i in range(rows))
    return inline(("id", "text", "label"), 1) + "".join(body)


def sheet_xml(rows: str, before: str = "", after: str = "", prolog: str = "") -> str:
    """The XML of a sheet."""
    data = f"{before}<sheetData>{rows}</sheetData>{after}"
    return f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{SHEET}">{data}</worksheet>'


def workbook(
    sheet: bytes | str, names: Sequence[str] = ("Sheet1",), strings: str = "", styles: str = ""
) -> bytes:
    """An .xlsx file with one sheet of XML under the given names, and perhaps shared strings."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = [("workbook", "sheet.main"), ("worksheets/sheet1", "worksheet")]
    parts += [("sharedStrings", "sharedStrings")] * bool(strings)
    parts += [("styles", "styles")] * bool(styles)
    types = "".join(
        f'<Override PartName="/xl/{path}.xml" ContentType="{kind}.{name}+xml"/>'
        for path, name in parts
    )
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{i}" r:id="rId1"/>' for i, name in enumerate(names, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{LINKS}/{kind}" Target="{target}.xml"/>'
        for i, (kind, target) in enumerate(
            (
                ("worksheet", "worksheets/sheet1"),
                ("sharedStrings", "sharedStrings"),
                ("styles", "styles"),
            ),
            1,
        )
    )
    main = f'<Relationship Id="rId1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/>'
    more = "http://schemas.openxmlformats.org/package/2006/relationships"
    files: list[tuple[str, bytes | str]] = [
        ("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{types}</Types>'),
        ("_rels/.rels", f'<Relationships xmlns="{more}">{main}</Relationships>'),
        (
            "xl/workbook.xml",
            f'<workbook xmlns="{SHEET}" xmlns:r="{LINKS}"><sheets>{sheets}</sheets></workbook>',
        ),
        ("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{more}">{links}</Relationships>'),
        ("xl/worksheets/sheet1.xml", sheet),
    ]
    files += [("xl/sharedStrings.xml", strings)] * bool(strings)
    files += [("xl/styles.xml", styles)] * bool(styles)
    return zip_of(*files)


def delimited() -> Iterator[Case]:
    """Delimited text."""
    half = table().encode()
    swallow = [sentence(i) for i in range(1_000)]
    swallow[3], swallow[700] = '"' + swallow[3], swallow[700] + '"'
    quoted = table().replace(",the", ',"the').replace("\nn", "\nn", 1)
    yield Case("honest.csv", table(), 100)
    yield Case("empty.csv", b"")
    yield Case("no-rows.csv", "text,label\n")
    yield Case("header-of-commas.csv", ",,,,\n")
    yield Case("separators-only.csv", ",,,\n" * 10_000)
    yield Case("whitespace-only.csv", " \t \n" * 10_000)
    yield Case("mark-only.csv", b"\xef\xbb\xbf")
    yield Case("one-byte.csv", b"\x1a")
    yield Case("comments-only.csv", "# nothing\n" * 1_000)
    yield Case("comments-million.csv", lambda _: [b"# nothing\n" * 10**6, half], 100)
    yield Case("unclosed-early.csv", table(1_000).replace(",the", ',"the', 1), 1_000)
    yield Case("unclosed-last.csv", table(999) + 'n9,"the end,wild\n', 1_000)
    yield Case("unclosed-all.csv", table(1_000).replace(",the", ',"the'), 1_000)
    yield Case("closed-all.csv", quoted.replace("wolf,", 'wolf",'), 100)
    yield Case("swallowed.csv", with_texts(*swallow), 1_000)
    yield Case("swallowed.tsv", with_texts(*swallow).replace(",", "\t"), 1_000)
    yield Case("swallowed.txt", with_texts(*swallow).replace(",", "\t"), 1_000)
    yield Case("quotes-10MB.csv", repeat(b'"', 10**7))
    yield Case("quotes-commas-10MB.csv", repeat(b'","', 3 * 10**6))
    yield Case("quotes-lines-10MB.csv", repeat(b'"\n', 5 * 10**6))
    yield Case("quotes-odd-10MB.csv", repeat(b'"""a,\n', 10**6, b"text,label\n"))
    yield Case("nul-cells.csv", table().replace("wolf", "w\0lf"), 100)
    yield Case("nul-10MB.csv", repeat(b"\0", 10**7))
    yield Case("columns-million.csv", lambda _: "a," * 10**6 + "b\n" + "1," * 10**6 + "2\n")
    yield Case("columns-3000.csv", ",".join(map(str, range(3_000))) + "\n" + "x," * 2_999 + "y\n")
    yield Case("line-300MB.csv", repeat(b"no end ", 43 * 10**6, b"text,label\n"), big=True)
    yield Case("header-100MB.csv", repeat(b"no end ", 14 * 10**6), big=True)
    yield Case("cell-50MB.csv", repeat(b"wolf ", 10**7, half + b"n100,"), 101)
    yield Case("cell-50MB-lines.csv", repeat(b"wolf\n", 10**7, half + b'n100,"'))
    yield Case("empty-lines.csv", lambda _: [half, b"\n" * 10**6, half.partition(b"\n")[2]], 200)
    yield Case("line-ends.csv", table(99, end="\r\n") + table(99, end="\r").partition("\r")[2], 198)
    yield Case("carriage-returns.csv", table(end="\r"), 100, whole=True)
    yield Case("carriage-returns-doubled.csv", table(end="\r\r\n"), 100)
    yield Case("marks-on-lines.csv", "\ufeff" + table().replace("\n", "\n\ufeff"), 100)
    yield Case("marks-thousand.csv", "\ufeff" * 1_000 + table(), 100)
    yield Case("utf16-odd.csv", table().encode("utf-16") + b"\n")
    yield Case("utf16-two-marks.csv", b"\xff\xfe" + table().encode("utf-16"), 100)
    yield Case("utf16-then-utf8.csv", table().encode("utf-16") + half)
    yield Case(
        "utf16-surrogate.csv",
        table().replace("wolf", "w\ud800").encode("utf-16", "surrogatepass"),
        100,
    )
    yield Case("utf32.csv", table().encode("utf-32"), 100)
    yield Case("surrogates.csv", table().replace("wolf", "w\ud800lf"), 100)
    yield Case("surrogate-labels.csv", table().replace("wild", "w\ud800"), 100)
    yield Case("surrogate-header.csv", table().replace("id", "\ud800"), 100)
    yield Case(
        "bad-byte-late.csv", lambda _: table(50_000).encode() + b"n,a \xff text,wild\n", 50_001
    )
    yield Case("bad-byte-middle.csv", half.replace(b"wolf", b"w\xc3lf", 1), 100)
    rng = random.Random(1)
    ragged = ("," * rng.randrange(1, 6) for _ in range(1_000))
    yield Case(
        "ragged.csv", "id,text,label\n" + "".join(f"a{commas}b\n" for commas in ragged), 1_000
    )
    yield Case("ragged-growing.csv", lambda _: "".join("x," * i + "y\n" for i in range(2_500)))
    yield Case("labels-100k.csv", lambda _: labelled(*(f"c{i}" for i in range(100_000))), 100_000)
    yield Case("labels-6000-digits.csv", labelled("9" * 6_000, "8" * 6_000, *"12" * 20), 42)
    yield Case("labels-floats.csv", labelled(*("1e999", "nan", "inf", "-inf", "1e-999") * 9), 45)
    yield Case("labels-million-digits.csv", lambda _: labelled("9" * 999_999, "1", "2"), 3)
    yield Case("labels-unicode-digits.csv", labelled(*"²³①٣１" * 9), 45)
    yield Case("labels-invisible.csv", labelled(*("\u200b", "\u200d", "\ufeff", "\u2060") * 9), 36)
    yield Case("labels-controls.csv", labelled(*("\x1b[31m", "\x07", "\x00", "a") * 9), 36)
    yield Case(
        "labels-nested.csv", lambda _: labelled(*("[" * 10**5, "{" * 10**5, "a", "b") * 3), 12
    )
    yield Case(
        "labels-nested-quoted.csv",
        lambda _: labelled(*(f"\"{'[' * 90_000}'a'{']' * 90_000}\"", "a") * 3),
        6,
    )
    yield Case(
        "labels-many.csv",
        lambda _: labelled(*('"' + ",".join(map(str, range(10**5))) + '"', "1") * 2),
        4,
    )
    yield Case(
        "labels-hashes.csv",
        lambda _: labelled(*("#" * 10**5, "|" * 10**5, ";" * 10**5, "a") * 3),
        12,
    )
    yield Case(
        "labels-minus.csv",
        lambda _: labelled(*("-" * 10**5, "_" * 10**5, "(" * 10**5, "a") * 3),
        12,
    )
    yield Case(
        "labels-python.csv",
        labelled(*("\"['a', __import__('os')]\"", "\"{'a': 9**9**9}\"", "b") * 3),
        9,
    )
    yield Case(
        "controls.csv",
        table().replace(
            "wolf", "".join(map(chr, range(1, 32))).replace("\n", "").replace("\r", "")
        ),
        100,
    )
    yield Case("line-marks.csv", table().replace("wolf", "w\u2028o\x85l\x0bf\x0c\x1c"), 100)
    for number, first in enumerate(
        ("sep=", "sep=;;", "sep=a", 'sep="', "sep=;", "sep=\0", "sep=,\nsep=,")
    ):
        yield Case(f"sep-{number}.csv", f"{first}\n{table()}", 100)
    yield Case("sep-only.csv", "sep=;\n")
    yield Case("sep-thousand.csv", "sep=;\n" * 1_000 + table(mark=";"))
    yield Case("header-again.csv", table(1) * 1_000)
    yield Case("columns-same.csv", "text,text,label,label\n" + "a,b,c,d\n" * 50, 50)
    yield Case("columns-unnamed.csv", ",,\n" + "a wolf,b,c\n" * 50, 50)
    yield Case("columns-lines.csv", 'id,"te\nxt","la\r\nbel"\n' + "1,a wolf,b\n" * 50, 50)
    yield Case("columns-escape.csv", "id,\x1b[2Jtext,label\n" + "1,a wolf,b\n" * 50, 50)
    yield Case("column-name-1MB.csv", lambda _: "t" * 10**6 + ",label\n" + "a wolf,b\n" * 50, 50)
    yield Case("column-alone.csv", lambda _: "".join(f"{i}\n" for i in range(100_000)))
    yield Case("marks-all.csv", "text,x;label\ty|z\n" + "a,b;c\td|e\n" * 500)
    yield Case("backslash-ends.csv", table().replace("wild\n", "wild\\\n"), 100)
    yield Case("backslash-quotes.csv", "text,label\n" + '"a \\"wolf\\", and",b\n' * 500, 500)
    yield Case("spaces-million.csv", lambda _: with_texts(" " * 10**6, "a", "b"), 3)
    yield Case("header-spaces.csv", lambda _: " " * 10**6 + "\n" + table(), 100)
    yield Case("rows-million.csv", repeat(b"a,b\nc,d\n", 500_000, b"text,label\n"), 10**6)
    yield Case("rows-6-million.csv", repeat(b"a,b\nc,d\n", 3 * 10**6, b"text,label\n"))
    yield Case("fasttext-labels.txt", "__label__ __label__a __label__\n" * 50 + "__label__\n" * 50)
    yield Case("fasttext-many.txt", lambda _: ("__label__a " * 10**5 + "wolf\n") * 3)
    formats = {"parquet": b"PAR1", "zip": b"PK\3\4", "png": b"\x89PNG\r\n\x1a\n", "gz": b"\x1f\x8b"}
    for name, magic in formats.items():
        yield Case(f"really-{name}.csv", magic + random.Random(2).randbytes(5_000) + magic)
    for suffix in ("parquet", "xlsx", "arrow", "feather", "json", "jsonl", "csv.gz", "zip", "xls"):
        yield Case(f"really-csv.{suffix}", table(), None)
    for number, name in enumerate(
        (
            "no-such",
            "utf-16",
            "utf-32",
            "utf-7",
            "base64",
            "rot13",
            "zlib",
            "idna",
            "punycode",
            "undefined",
            "unicode_escape",
            "mbcs",
            "\0",
            "",
            " ",
            "\ud800",
            "a" * 10**5,
            "utf-8\n",
        )
    ):
        yield Case(
            f"named-{number}.csv @encoding {name[:20]!a}", table(), options={"encoding": name}
        )
    for marks in (["\ud800"], ["wild", "tame"], ["\0"], [str(i) for i in range(10**4)]):
        yield Case(f"marks.csv @no-label {marks[0]!a}", table(), 100, options={"no_label": marks})
    for old, new in (
        ("wild", "tame"),
        ("no", "such"),
        ("wild", "a\nb"),
        ("wild", "\ud800"),
        ("wild", " "),
    ):
        yield Case(
            f"names.csv @class-name {old}={new!a}", table(), options={"class_names": {old: new}}
        )
    several = labelled(*('"' + ",".join(map(str, range(i % 9, 20))) + '"' for i in range(3_000)))
    for way in ("first", "most-frequent", "combination"):
        yield Case(f"several.csv @several {way}", several, 3_000, options={"several": way})


def nested() -> Iterator[Case]:
    """JSON."""
    rows = records()
    text = json.dumps(rows)
    deep = 10**6
    yield Case("honest.json", text, 100)
    yield Case("honest.jsonl", lines_of(rows), 100)
    yield Case("depth.json", lambda _: "[" * deep)
    yield Case("depth-closed.json", lambda _: "[" * deep + "]" * deep)
    yield Case("depth-objects.json", lambda _: '{"a":' * deep + "1" + "}" * deep)
    for levels in (60, 900, 5_000):
        cell = "[" * levels + "]" * levels
        yield Case(
            f"depth-{levels}.jsonl", lines_of(rows) + f'{{"text":"a","label":"b","x":{cell}}}\n'
        )
    yield Case("depth-text.jsonl", lambda _: '{"text":' + '{"a":' * deep + "1" + "}" * deep + "}\n")
    yield Case("digits-ten-million.json", lambda _: "[" + "9" * 10**7 + "]")
    for name, number in {
        "5000-digits": "9" * 5_000,
        "1e999": "1e999",
        "minus-infinity": "-Infinity",
        "nan": "NaN",
        "30-digits": "9" * 30,
    }.items():
        yield Case(
            f"text-{name}.jsonl", lines_of(rows) + f'{{"text":{number},"label":"wild"}}\n', 101
        )
        yield Case(
            f"label-{name}.jsonl", lines_of(rows) + f'{{"text":"a","label":{number}}}\n', 101
        )
    line = partial(one_line_of, 200_000)
    yield Case("one-line-17MB.json", line, 200_000, whole=True)
    yield Case("duplicate-keys.jsonl", '{"text":"a","text":"b","label":"c","label":"d"}\n' * 50, 50)
    yield Case("scalars-5-million.json", repeat(b"1,", 5 * 10**6, b"["))
    yield Case("scalars-closed.json", lambda _: [b"[", b"1," * (5 * 10**6), b"1]"])
    yield Case("mixed.json", json.dumps([*rows, 1, "a", None, [], {}]), 100)
    for position, scalar in enumerate(
        ("1", "null", '"a"', "[]", "{}", "[[]]", "[{}]", "tru", "\0", "[null]")
    ):
        yield Case(f"scalar-{position}.json", scalar)
    yield Case("trailing-comma.json", text[:-1] + ",]", 100)
    yield Case("truncated.json", text[:-30])
    yield Case("truncated.jsonl", lines_of(rows)[:-30])
    yield Case("concatenated.json", text + text, 200)
    yield Case("concatenated-objects.json", "".join(map(json.dumps, rows)), 100)
    yield Case("comments.json", "// rows\n" + text, 100)
    yield Case("single-quotes.json", str(rows))
    yield Case(
        "key-1MB.json", lambda _: json.dumps([row | {"k" * 10**6: 1} for row in rows[:20]]), 20
    )
    yield Case(
        "keys-100k.json", lambda _: json.dumps([dict.fromkeys(map(str, range(10**5)), 1) | rows[0]])
    )
    yield Case(
        "keys-each-own.jsonl",
        lambda _: lines_of(row | {f"k{i}": i} for i, row in enumerate(records(3_000))),
    )
    yield Case("keys-empty.jsonl", lines_of({"": "a", " ": "b"} for _ in rows))
    yield Case("keys-lines.jsonl", lines_of({"te\nxt": "a wolf", "label\x1b": "b"} for _ in rows))
    for place in ("text", "label", "id"):
        odd = [rows[0] | {place: "\ud800"}, *rows[1:]]
        yield Case(f"surrogate-{place}.jsonl", lines_of(odd), 100)
        for name, value in {
            "null": None,
            "object": {"a": {"b": 1}},
            "list": [[["a"]], 1],
            "nul": "\0",
            "true": True,
            "float": 0.1,
            "empty": "",
            "lines": "a\r\nb",
        }.items():
            yield Case(f"{place}-{name}.jsonl", lines_of([*rows, rows[0] | {place: value}]), 101)
    yield Case("surrogate-key.jsonl", lines_of(row | {"\ud800": 1} for row in rows), 100)
    yield Case(
        "labels-mixed.jsonl",
        lines_of(rows[0] | {"label": each} for each in (True, 1, 1.0, "1", "true", "True") * 9),
        54,
    )
    yield Case(
        "labels-list.jsonl",
        lambda _: lines_of(rows[0] | {"label": list(range(10**5))} for _ in range(3)),
        3,
    )
    yield Case("list-below.json", json.dumps({"version": 1, "data": rows, "more": rows}))
    yield Case("columns-unequal.json", json.dumps({"text": ["a", "b", "c"], "label": ["x"]}))
    yield Case(
        "columns-index.json", json.dumps({"text": {"0": "a", "9": "b"}, "label": {"1": "c"}})
    )
    split = {"columns": ["text", "label"], "index": [0], "data": [["a", "b"], ["c"], 1]}
    yield Case("pandas-split.json", json.dumps(split))
    yield Case("pandas-table.json", json.dumps({"schema": {"fields": 1}, "data": [[1]]}))
    yield Case("utf16.json", text.encode("utf-16"), 100)
    yield Case("marks.jsonl", "\ufeff" + lines_of(rows).replace("\n", "\n\ufeff"))
    yield Case("blank-lines.jsonl", lines_of(rows).replace("\n", "\n\n \n"), 100)
    yield Case("carriage-returns.jsonl", lines_of(rows).replace("\n", "\r"), 100)
    yield Case(
        "line-marks.jsonl",
        "".join(
            json.dumps(row | {"text": "a\u2028b\x85c"}, ensure_ascii=False) + "\n" for row in rows
        ),
        100,
    )
    yield Case("line-100MB.jsonl", repeat(b"wolf ", 2 * 10**7, b'{"label":"b","text":"'), big=True)
    yield Case(
        "text-20MB.json",
        lambda _: json.dumps([*rows, rows[0] | {"text": "wolf " * 4 * 10**6}]),
        101,
    )
    yield Case("bad-line.jsonl", lines_of(rows) + "{text: 1}\n" + lines_of(rows), 200)
    tools: dict[str, Any] = {
        "labelstudio": [{"id": 1, "data": {"text": "a"}, "annotations": [{"result": None}]}],
        "labelstudio-odd": [{"data": 1, "annotations": 2, "predictions": "x"}] * 9,
        "labelstudio-deep": [
            {
                "data": {"text": "a"},
                "annotations": [{"result": [{"value": {"choices": {"a": 1}}, "type": "choices"}]}],
            }
        ],
        "doccano": [{"id": i, "text": "a", "label": 3, "cats": []} for i in range(9)],
        "doccano-spans": [{"text": "a", "label": [[0, 10**9, "x"], [None]]}] * 9,
        "argilla": [{"text": "a", "annotation": {"x": 1}, "prediction": [["a"]], "status": 1}] * 9,
        "argilla-2": [
            {"fields": [], "responses": {"label": [{"value": None}, 1]}, "suggestions": 0}
        ]
        * 9,
        "prodigy": [{"text": 1, "answer": [], "accept": "x", "options": [None]}] * 9,
        "spacy": [{"text": "a", "cats": {"x": "y", "z": None}}, {"text": "b", "cats": 1}] * 9,
        "dynamics": [{"guid": i, "logits_epoch_0": [1, "x"], "gold": 10**30} for i in range(9)],
    }
    for name, value in tools.items():
        yield Case(f"tool-{name}.json", json.dumps(value))
        yield Case(f"tool-{name}.jsonl", lines_of(value))


def columnar() -> Iterator[Case]:
    """Parquet and Arrow."""

    def parquet(make: Callable[[Any], Any], **options: Any) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            import pyarrow as pa
            from pyarrow import parquet

            parquet.write_table(make(pa), path, **options)

        return write

    def arrow(make: Callable[[Any], Any], stream: bool = False) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            import pyarrow as pa

            made = make(pa)
            new = pa.ipc.new_stream if stream else pa.ipc.new_file
            with new(str(path), made.schema) as writer:
                writer.write_table(made)

        return write

    def bomb(rows: int, text: str) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            import pyarrow as pa
            from pyarrow import parquet

            size = 10**6
            column = pa.DictionaryArray.from_arrays(pa.array(bytes(size), pa.int8()), [text])
            column = pa.DictionaryArray.from_arrays(pa.nulls(size, pa.int8()).fill_null(0), [text])
            group = pa.table({"text": column, "label": column})
            with parquet.ParquetWriter(path, group.schema) as writer:
                for _ in range(rows // size):
                    writer.write_table(group)

        return write

    def bytes_of(change: Callable[[bytes], bytes], write: Callable[[Path], None]) -> Content:
        def changed(path: Path) -> bytes:
            write(path)
            return change(path.read_bytes())

        return changed

    def plain(pa: Any) -> Any:
        return pa.Table.from_pylist(records())

    def with_column(name: str, make: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def made(pa: Any) -> Any:
            whole = plain(pa)
            return whole.set_column(whole.column_names.index(name), name, make(pa))

        return made

    def features(value: object) -> Callable[[Any], Any]:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return lambda pa: pa.table(
            {"text": ["a wolf", "a lamb"] * 20, "label": [0, 1] * 20}
        ).replace_schema_metadata({"huggingface": raw})

    def names(value: object) -> dict[str, Any]:
        return {"info": {"features": {"label": {"names": value, "_type": "ClassLabel"}}}}

    def nested_list(pa: Any) -> Any:
        kind, value = pa.string(), cast("object", "x")
        for _ in range(100):
            kind, value = pa.list_(kind), [value]
        return pa.array([value] * 100, kind)

    def replace_once(old: bytes, new: bytes, data: bytes) -> bytes:
        return data.replace(old, new, 1)

    write = parquet(plain)
    yield Case("honest.parquet", write, 100)
    yield Case("honest.arrow", arrow(plain), 100)
    yield Case("stream.arrow", arrow(plain, stream=True), 100)
    yield Case("bomb-200-million.parquet", bomb(200 * 10**6, "a"))
    yield Case("bomb-characters.parquet", bomb(4 * 10**6, "wolf " * 2_000))
    yield Case("rows-4-million.parquet", bomb(4 * 10**6, "a wolf"))
    yield Case(
        "cell-20MB.parquet",
        parquet(lambda pa: pa.table({"text": ["a" * 2 * 10**7] * 5, "label": list("abcab")})),
        5,
    )
    yield Case("truncated.parquet", bytes_of(lambda data: data[:-9], write))
    yield Case("half.parquet", bytes_of(lambda data: data[: len(data) // 2], write))
    yield Case(
        "footer-garbage.parquet",
        bytes_of(lambda data: data[:-300] + b"\xff" * 292 + data[-8:], write),
    )
    yield Case(
        "footer-huge.parquet", bytes_of(lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1", write)
    )
    yield Case(
        "pages-garbage.parquet", bytes_of(lambda data: data[:4] + b"\x99" * 500 + data[504:], write)
    )
    yield Case("magic-wrong.parquet", bytes_of(lambda data: data[:-4] + b"PAR9", write))
    yield Case("magic-encrypted.parquet", bytes_of(lambda data: data[:-4] + b"PARE", write))
    odd: dict[str, object] = {
        "numbers": [1, 2],
        "nulls": [None, None],
        "nested": [["a"], {"b": 1}],
        "text": "ab",
        "number": 5,
        "empty": [],
        "one": ["a"],
        "same": ["a", "a"],
        "surrogate": ["\ud800", "b"],
        "lines": ["a\nb", "c"],
        "object": {"0": "a"},
        "long": ["a" * 10**6, "b"],
    }
    for name, value in odd.items():
        yield Case(f"names-{name}.parquet", parquet(features(names(value))), 40)
    yield Case("metadata-bytes.parquet", parquet(features(b"\xff\0{")), 40)
    yield Case("metadata-deep.parquet", parquet(features(b"[" * 10**5)), 40)
    yield Case("metadata-list.parquet", parquet(features([1])), 40)
    yield Case(
        "metadata-features.parquet", parquet(features({"info": {"features": [1, None]}})), 40
    )
    yield Case(
        "metadata-type.parquet",
        parquet(features({"info": {"features": {"label": {"_type": ["ClassLabel"]}}}})),
        40,
    )
    yield Case(
        "columns-20k.parquet", parquet(lambda pa: pa.table({f"c{i}": [1] for i in range(20_000)}))
    )
    yield Case("columns-none.parquet", parquet(lambda pa: pa.table({})))
    yield Case(
        "columns-same.parquet",
        parquet(lambda pa: pa.table([["a", "b"]] * 3, names=["text", "text", "label"])),
        2,
    )
    yield Case(
        "columns-odd.parquet",
        parquet(lambda pa: pa.table([["a", "b"]] * 3, names=["te\nxt", "", "la.bel"])),
    )
    yield Case("rows-none.parquet", parquet(lambda pa: plain(pa).slice(0, 0)))
    kinds: dict[str, Callable[[Any], Any]] = {
        "nested": nested_list,
        "decimal": lambda pa: pa.array(list(range(100)), pa.decimal256(60, 3)),
        "map": lambda pa: pa.array([[("a", 1)]] * 100, pa.map_(pa.string(), pa.int64())),
        "struct": lambda pa: pa.array([{"a": {"b": "c"}}] * 100),
        "struct-empty": lambda pa: pa.array([{}] * 100, pa.struct([("a", pa.null())])),
        "list": lambda pa: pa.array([["a", None], [], None, ["b"]] * 25),
        "duration": lambda pa: pa.array([10**18] * 100, pa.duration("s")),
        "timestamp": lambda pa: pa.array([2**62] * 100, pa.timestamp("us")),
        "zone": lambda pa: pa.array([1] * 100, pa.timestamp("ns", tz="No/Such")),
        "date": lambda pa: pa.array([2**30] * 100, pa.int32()).cast(pa.date32()),
        "time": lambda pa: pa.array([-5] * 100, pa.int64()).cast(pa.time64("ns")),
        "null": lambda pa: pa.nulls(100),
        "binary": lambda pa: pa.array([b"\xff\xfe\0"] * 100),
        "large-binary": lambda pa: pa.array([b"\xff"] * 100, pa.large_binary()),
        "fixed": lambda pa: pa.array([b"\xff" * 4] * 100, pa.binary(4)),
        "half": lambda pa: pa.array([1.5, float("nan")] * 50, pa.float16()),
        "float": lambda pa: pa.array([1e308, float("inf"), 0.1, None] * 25),
        "unsigned": lambda pa: pa.array([2**64 - 1, 0] * 50, pa.uint64()),
        "indices": lambda pa: pa.array([0, 10**18] * 50),
        "bool": lambda pa: pa.array([True, None] * 50),
        "view": lambda pa: pa.array(["a", "b"] * 50, pa.string_view()),
        "dictionary": lambda pa: pa.DictionaryArray.from_arrays(pa.array([0, None] * 50), ["a"]),
        "bad-text": lambda pa: pa.StringArray.from_buffers(
            100, pa.array(range(101), pa.int32()).buffers()[1], pa.py_buffer(b"\xff" * 100)
        ),
    }
    for place in ("text", "label"):
        for name, make in kinds.items():
            yield Case(f"{place}-{name}.parquet", parquet(with_column(place, make)), 100)
    outside: dict[str, Callable[[Any], Any]] = {
        "index-outside": lambda pa: pa.DictionaryArray.from_arrays(
            pa.array([0, 10**6] * 50), ["a"], safe=False
        ),
        "index-negative": lambda pa: pa.DictionaryArray.from_arrays(
            pa.array([0, -(10**9)] * 50), ["a"], safe=False
        ),
        "run-ends": lambda pa: pa.RunEndEncodedArray.from_arrays(
            pa.array([100], pa.int32()), ["a"]
        ),
        "union": lambda pa: pa.UnionArray.from_dense(
            pa.array([0] * 100, pa.int8()),
            pa.array(range(100), pa.int32()),
            [pa.array(["a"] * 100)],
        ),
    }
    for name, make in outside.items():
        yield Case(f"label-{name}.arrow", arrow(with_column("label", make)))
    whole, ends = arrow(plain), struct.pack("<3i", 0, 4, 8)
    for name, wrong in {
        "outside": (0, 10**9, 2 * 10**9),
        "back": (8, 4, 0),
        "negative": (-9, 4, 8),
    }.items():
        patch = struct.pack("<3i", *wrong)
        yield Case(
            f"offsets-{name}.arrow",
            bytes_of(partial(replace_once, ends, patch), whole),
        )
    yield Case(
        "run-ends-200-million.arrow",
        arrow(
            lambda pa: pa.table(
                {
                    name: pa.RunEndEncodedArray.from_arrays(
                        pa.array([200 * 10**6], pa.int32()), ["a"]
                    )
                    for name in ("text", "label")
                }
            )
        ),
    )
    yield Case(
        "null-2-billion.arrow",
        arrow(lambda pa: pa.table({"text": pa.nulls(2**31 - 1), "label": pa.nulls(2**31 - 1)})),
    )
    yield Case("truncated.arrow", bytes_of(lambda data: data[: len(data) // 2], whole))
    yield Case(
        "message-huge.arrow",
        bytes_of(lambda data: data[:12] + b"\xff\xff\xff\x7f" + data[16:], whole),
    )
    yield Case(
        "garbage.arrow", bytes_of(lambda data: data[:16] + b"\x77" * 200 + data[216:], whole)
    )
    yield Case("magic-only.arrow", b"ARROW1\0\0ARROW1")
    yield Case("magic-old.feather", b"FEA1" + bytes(100) + b"FEA1")


def workbooks() -> Iterator[Case]:
    """Excel."""
    ordinary = sheet_xml(sheet_rows())
    strings = f'<sst xmlns="{SHEET}"><si><t>text</t></si><si><t>label</t></si></sst>'

    def shared(index: str) -> str:
        cell = f'<c t="s"><v>{index}</v></c>'
        return sheet_xml(
            '<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
            f'<row r="2">{cell}{cell}</row>'
        )

    def cells(cell: str) -> str:
        return sheet_xml(sheet_rows() + f'<row r="52"><c/>{cell}{cell}</row>')

    def raw_sheet(block: str, times: int, head: str = "") -> Callable[[Path], bytes]:
        """A workbook whose sheet is compressed once and unpacks to `times` blocks."""

        def made(_: Path) -> bytes:
            size = min(len(block) * times + len(head), 2**32 - 2)
            entries = []
            with zipfile.ZipFile(io.BytesIO(workbook(""))) as archive:
                for info in archive.infolist():
                    data = archive.read(info)
                    entry = Entry(info.filename.encode(), deflated(data), len(data), info.CRC)
                    if not data:
                        bomb = deflated(block.encode(), times, head.encode())
                        entry = Entry(entry.name, bomb, size)
                    entries.append(entry)
            return zip_by_hand(*entries)

        return made

    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    entities = f'<!DOCTYPE worksheet [<!ENTITY l0 "lol">{lol}]>'
    external = '<!DOCTYPE worksheet [<!ENTITY l11 SYSTEM "file:///etc/hostname">]>'
    entity_cell = '<c t="inlineStr"><is><t>&l11;</t></is></c>'
    head = f'<worksheet xmlns="{SHEET}"><sheetData>'
    yield Case("honest.xlsx", workbook(ordinary), 50)
    yield Case(
        "bomb-rows.xlsx",
        raw_sheet("<row><c><v>1</v></c><c><v>2</v></c></row>" * 2_000, 30_000, head),
    )
    yield Case("bomb-spaces.xlsx", raw_sheet(" " * 10**6, 4_000, head))
    yield Case(
        "bomb-text.xlsx",
        raw_sheet("wolf " * 10**5, 6_000, head + '<row r="1"><c t="inlineStr"><is><t>'),
    )
    yield Case("bomb-attribute.xlsx", raw_sheet("a" * 10**6, 300, head + '<row r="'))
    yield Case(
        "bomb-columns.xlsx", raw_sheet("<c><v>1</v></c>" * 1_000, 3_000, head + '<row r="1">')
    )
    yield Case("bomb-depth.xlsx", raw_sheet("<row>" * 1_000, 10_000, head))
    yield Case(
        "dimension-huge.xlsx",
        workbook(sheet_xml(sheet_rows(), '<dimension ref="A1:XFD1048576"/>')),
        50,
    )
    yield Case(
        "dimension-odd.xlsx", workbook(sheet_xml(sheet_rows(), '<dimension ref="ZZZZZZZ0:-1"/>'))
    )
    yield Case(
        "row-far.xlsx", workbook(sheet_xml(sheet_rows() + inline(("x", "y", "z"), 1_048_576))), 51
    )
    yield Case(
        "row-beyond.xlsx", workbook(sheet_xml(sheet_rows() + inline(("x", "y", "z"), 10**12)))
    )
    yield Case("row-word.xlsx", workbook(ordinary.replace('r="9"', 'r="nine"')))
    yield Case("column-far.xlsx", workbook(cells('<c r="XFD52"><v>1</v></c>')))
    yield Case("column-beyond.xlsx", workbook(cells('<c r="ZZZZZZ52"><v>1</v></c>')))
    yield Case(
        "columns-far-each.xlsx",
        workbook(
            sheet_xml(
                "".join(f'<row r="{i}"><c r="XFD{i}"><v>1</v></c></row>' for i in range(1, 3_000))
            )
        ),
    )
    yield Case(
        "merged-all.xlsx",
        workbook(
            sheet_xml(
                sheet_rows(), after='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
            )
        ),
        50,
    )
    yield Case(
        "entities.xlsx", workbook(sheet_xml(f'<row r="1">{entity_cell}</row>', prolog=entities))
    )
    yield Case(
        "entity-external.xlsx",
        workbook(sheet_xml(f'<row r="1">{entity_cell}</row>', prolog=external)),
    )
    yield Case("xml-broken.xlsx", workbook(ordinary[:-40]))
    yield Case("xml-none.xlsx", workbook(b""))
    yield Case("xml-bytes.xlsx", workbook(b"\xff\0" * 100))
    yield Case("truncated.xlsx", workbook(ordinary)[:-200])
    yield Case("sheets-none.xlsx", workbook(ordinary, ()))
    yield Case("sheets-many.xlsx", workbook(ordinary, [f"s{i}" for i in range(1_000)]), 50)
    yield Case("parts-none.xlsx", zip_of(("a.xml", "<a/>")))
    yield Case("parts-table.xlsx", zip_of(("a.csv", table())))
    for index in ("2", "-1", "99999999999999999999", "nan", ""):
        yield Case(f"shared-{index or 'none'}.xlsx", workbook(shared(index), strings=strings))
    yield Case("shared-missing.xlsx", workbook(shared("1")))
    for number, cell in enumerate(
        (
            '<c t="d"><v>9999999-99-99</v></c>',
            '<c t="e"><v>#REF!</v></c>',
            "<c><f>A1</f></c>",
            '<c t="b"><v>7</v></c>',
            "<c><v>1e999</v></c>",
            '<c t="n"><v>x</v></c>',
            '<c t="zz"><v>1</v></c>',
            '<c s="99"><v>1</v></c>',
            f"<c><v>{'9' * 6_000}</v></c>",
            '<c t="inlineStr"/>',
        )
    ):
        yield Case(f"cell-{number}.xlsx", workbook(cells(cell)), 51)
    for name in ("no such", "", "a\nb", "x" * 10**5, "\ud800"):
        yield Case(f"sheet.xlsx @sheet {name[:9]!a}", workbook(ordinary), options={"sheet": name})
    yield Case("sheet.csv @sheet x", table(), options={"sheet": "x"})


def containers() -> Iterator[Case]:
    """Compressed files."""
    packed = gzip.compress(table().encode(), mtime=0)
    inner = deflated(table().encode())
    size = len(table())
    yield Case("honest.csv.gz", packed, 100, whole=True)
    yield Case("honest.csv.zip", zip_of(("a.csv", table())), 100, whole=True)
    yield Case("bomb-zeros.csv.gz", gz_bomb(bytes(10**7), 20))
    yield Case("bomb-line.csv.gz", gz_bomb(b"wolf " * 10**6, 20, b"text,label\n"))
    yield Case("bomb-rows.csv.gz", gz_bomb(b"n1,a wolf,wild\n" * 10**6, 20, b"id,text,label\n"))
    yield Case("bomb-lines.csv.gz", gz_bomb(b"\n" * 10**7, 20))
    yield Case("bomb-quotes.csv.gz", gz_bomb(b'"' * 10**7, 20))
    yield Case("bomb-line.jsonl.gz", gz_bomb(b"wolf " * 10**6, 20, b'{"text": "'))
    yield Case("bomb-brackets.json.gz", gz_bomb(b"[" * 10**7, 20))
    yield Case("bomb-zeros.parquet.gz", gz_bomb(bytes(10**7), 20, b"PAR1"))
    yield Case("bomb-zeros.xlsx.gz", gz_bomb(bytes(10**7), 20))
    yield Case("bomb-900MB.csv.gz", lambda _: gz_bomb(b"wolf " * 10**6, 1, b"text,label\n")(_))
    yield Case("bomb-header.csv.gz", lambda _: b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"a" * 10**7)
    yield Case("truncated.csv.gz", packed[:-20])
    yield Case("checksum.csv.gz", packed[:-8] + bytes(8))
    yield Case("trailing.csv.gz", packed + b"garbage")
    yield Case(
        "members.csv.gz",
        packed + gzip.compress(table().partition("\n")[2].encode()),
        200,
        whole=True,
    )
    yield Case("twice.csv.gz", gzip.compress(packed))
    yield Case("twice.csv.gz.gz", gzip.compress(packed))
    yield Case("nothing.csv.gz", gzip.compress(b""))
    yield Case("suffix-none.gz", packed)
    yield Case("two-tables.zip", zip_of(("a.csv", table()), ("b.csv", table())))
    yield Case("hidden.zip", zip_of(("__MACOSX/._a.csv", b"\0\5\x16"), ("a.csv", table())), 100)
    yield Case("parents.zip", zip_of(("../../../tmp/hostile-escaped.csv", table())))
    yield Case("absolute.zip", zip_of(("/tmp/hostile-escaped.csv", table())))
    yield Case("zip-of-zip.zip", zip_of(("a.zip", zip_of(("a.csv", table())))))
    yield Case("zip-of-gz.zip", zip_of(("a.csv.gz", packed)))
    yield Case("nothing.zip", zip_of())
    yield Case("folder.zip", zip_of(("a.csv/", b"")))
    yield Case("no-table.zip", zip_of(("a.png", b"x"), ("b.exe", b"y")))
    yield Case("entries-70k.zip", lambda _: zip_of(*((f"{i}.txt", b"") for i in range(70_000))))
    yield Case("name-lines.zip", zip_of(("a\nb\x1b[2J.csv", table())))
    yield Case("name-long.zip", zip_of(("a" * 60_000 + ".csv", table())))
    yield Case("name-bytes.zip", zip_entry(b"\xff\xfe\0.csv", inner, size))
    yield Case("encrypted.zip", zip_entry(b"a.csv", inner, size, flags=1))
    yield Case("encrypted-strongly.zip", zip_entry(b"a.csv", inner, size, flags=65))
    yield Case("method-99.zip", zip_entry(b"a.csv", inner, size, method=99))
    yield Case("method-stored.zip", zip_entry(b"a.csv", inner, size, method=0))
    yield Case("checksum.zip", zip_entry(b"a.csv", inner, size))
    yield Case(
        "size-small.zip", lambda _: zip_entry(b"a.csv", deflated(bytes(10**7), 2_000), 1_000)
    )
    yield Case(
        "size-huge.zip", lambda _: zip_entry(b"a.csv", deflated(bytes(10**7), 400), 4 * 10**9)
    )
    yield Case(
        "size-said-900MB.zip",
        lambda _: zip_entry(
            b"a.csv", deflated(b"wolf " * 10**6, 180, b"text,label\n"), 900 * 10**6
        ),
    )
    yield Case(
        "overlapping.zip",
        lambda _: zip_entry(b"a.csv", deflated(bytes(10**7), 90), 900 * 10**6, copies=200),
    )
    yield Case("truncated.zip", zip_of(("a.csv", table()))[:-10])
    yield Case("lzma.zip", zip_of(("a.csv", table()), method=zipfile.ZIP_LZMA), 100)
    yield Case("bzip2.zip", zip_of(("a.csv", table()), method=zipfile.ZIP_BZIP2), 100)
    yield Case("workbook.zip", zip_of(("a.xlsx", workbook(sheet_xml(sheet_rows())))))


HEADER, DICTIONARY, MATRIX = struct.Struct("<2i12id"), struct.Struct("<3i2q"), struct.Struct("<?2q")


def model(entries: Sequence[bytes] = (b"the", b"text"), **odd: Any) -> bytes:
    """A fastText model of three dimensions; `odd` replaces numbers of its headers."""
    buckets = odd.get("buckets", 10)
    rows = max(0, len(entries) + min(buckets, 1_000))
    options = {
        "magic": 793712314,
        "version": 12,
        "dimensions": 3,
        "window": 5,
        "epoch": 5,
        "least": 1,
        "negative": 5,
        "n_grams": 1,
        "loss": 2,
        "kind": 2,
        "buckets": buckets,
        "minn": 3,
        "maxn": 6,
        "rate": 100,
    }
    sizes = {"size": len(entries), "words": len(entries), "labels": 0, "tokens": 9, "pruned": -1}
    shape = {"quantised": 0, "rows": rows, "columns": 3, "out_rows": len(entries), "out_columns": 3}
    options, sizes, shape = (
        {name: odd.get(name, value) for name, value in part.items()}
        for part in (options, sizes, shape)
    )
    words = b"".join(word + b"\0" + struct.pack("<qb", 5, 0) for word in entries)
    matrix = struct.pack(f"<{3 * rows}f", *(0.01 * i for i in range(3 * rows)))
    return b"".join(
        (
            HEADER.pack(*options.values(), 1e-4),
            DICTIONARY.pack(*sizes.values()),
            words,
            MATRIX.pack(bool(shape["quantised"]), shape["rows"], shape["columns"]),
            matrix,
            MATRIX.pack(False, shape["out_rows"], shape["out_columns"]),
            bytes(12 * len(entries)),
        )
    )


def word_vectors() -> Iterator[Case]:
    """Files of word vectors."""

    def case(name: str, content: Content, words: Sequence[str] = WORDS, big: bool = False) -> Case:
        return Case(name, content, None, "vectors", {"words": list(words)}, big=big)

    good = "3 3\nthe 1 2 3\ntext 4 5 6\nnumber 7 8 9\n"
    rows = good.partition("\n")[2]
    yield case("honest.vec", good)
    yield case("honest.bin", model())
    heads = {
        "dimensions": "3 1000000000",
        "digits": "3 " + "9" * 6_000,
        "count-digits": "9" * 6_000 + " 3",
        "negative": "-3 3",
        "both-negative": "-3 -3",
        "zeros": "0 0",
        "no-dimensions": "3 0",
        "count": "999999999999 3",
        "2**63": f"3 {2**63}",
        "float": "3.0 3.0",
        "superscript": "3 ²",
        "arabic": "٣ ٣",
        "99999": "3 99999",
    }
    for name, head in heads.items():
        yield case(f"head-{name}.vec", f"{head}\n{rows}")
    for name, number in {
        "nan": "nan",
        "inf": "-inf",
        "1e30": "1e30",
        "1e999": "1e999",
        "1e-320": "1e-320",
        "underscore": "1_000",
        "hex": "0x1p3",
        "digits": "9" * 10**6,
        "word": "wolf",
        "bytes": "\ud800",
        "nul": "\0",
    }.items():
        yield case(f"number-{name}.vec", good.replace("5", number))
        yield case(f"number-{name}-first.vec", rows.replace("2", number))
    yield case("ragged.vec", good.replace(" 6", ""))
    yield case("longer.vec", good.replace(" 6", " 6 6"))
    yield case("empty.vec", "")
    yield case("head-only.vec", "3 3\n")
    yield case("no-numbers.vec", "the\ntext\n")
    yield case("twice.vec", "6 3\n" + rows * 2)
    yield case("marks.vec", "\ufeff" + good)
    yield case("carriage-returns.vec", good.replace("\n", "\r"))
    yield case("utf16.vec", good.encode("utf-16"))
    yield case("tabs.vec", good.replace(" ", "\t"))
    yield case("spaces.vec", lambda _: "3 3\n" + ("the" + " " * 10**6 + "1 2 3\n") * 3)
    yield case("nul-10MB.vec", repeat(b"\0", 10**7))
    yield case("line-300MB.vec", repeat(b"1.5 ", 75 * 10**6, b"the "), big=True)
    yield case("line-wide.vec", repeat(b"1.5 ", 200_000, b"the "))
    yield case("line-late.vec", repeat(b"1.5 ", 20 * 10**6, b"3 3\nthe "), big=True)
    yield case("lines-5-million.vec", repeat(b"a\n", 5 * 10**6, good.encode()))
    yield case("bomb-line.vec.gz", gz_bomb(b"1.5 " * 10**6, 12, b"the "))
    yield case("bomb-line-late.vec.gz", gz_bomb(b"1.5 " * 10**6, 12, b"3 3\nthe "))
    yield case("bomb-lines.vec.gz", gz_bomb(b"wolf 1 2 3\n" * 10**5, 12, b"3 3\n"))
    yield case("bomb-zeros.vec.gz", gz_bomb(bytes(10**7), 12))
    yield case("truncated.vec.gz", gzip.compress(good.encode())[:-12])
    yield case("not-gz.vec.gz", good)
    yield case("two.vec.zip", zip_of(("a.vec", good), ("b.vec", good)))
    yield case(
        "bomb.vec.zip",
        lambda _: zip_entry(b"a.vec", deflated(b"1.5 " * 10**6, 900, b"the "), 36 * 10**8),
    )
    yield case("vectors.txt", rows)
    yield case("vectors.npy", b"\x93NUMPY\1\0" + b"{'descr': '|O'}")
    odd: dict[str, dict[str, Any]] = {
        "buckets-negative": {"buckets": -5},
        "buckets-negative-rows": {"buckets": -1, "rows": 1},
        "buckets-none": {"buckets": 0},
        "buckets-huge": {"buckets": 2**31 - 1},
        "maxn": {"maxn": 2**31 - 1},
        "maxn-negative": {"maxn": -1},
        "minn": {"minn": -(2**31)},
        "minn-above": {"minn": 2**31 - 1},
        "size": {"size": 2**31 - 1},
        "size-words": {"size": 2**31 - 1, "words": 2**31 - 1},
        "words-negative": {"words": -1, "labels": 3},
        "size-negative": {"size": -1, "words": -1},
        "pruned": {"pruned": 5},
        "pruned-zero": {"pruned": 0},
        "version": {"version": 99},
        "version-11": {"version": 11, "kind": 3},
        "magic": {"magic": 1},
        "dimensions-negative": {"dimensions": -3, "columns": -3},
        "dimensions-huge": {"dimensions": 2**31 - 1, "columns": 2**31 - 1},
        "rows": {"rows": 2**62},
        "rows-negative": {"rows": -1},
        "output": {"out_rows": 2**62, "out_columns": 2**62},
        "output-negative": {"out_rows": -(2**40)},
        "quantised": {"quantised": 1},
    }
    for name, values in odd.items():
        yield case(f"{name}.bin", model(**values))
    for share in range(1, 8):
        yield case(f"cut-{share}.bin", model()[: len(model()) * share // 8])
    yield case("dictionary-unending.bin", lambda _: model()[:100] + b"a" * 10**7)
    yield case(
        "dictionary-long.bin",
        lambda _: model(size=10**7, words=10**7)[:100] + bytes(10**8),
        big=True,
    )
    yield case("words-same.bin", model((b"the", b"the")))
    yield case("word-bytes.bin", model((b"\xff", b"")))
    yield case("word-long.bin", model(), ["a" * 100_000, "the"])
    yield case("word-long-maxn.bin", model(maxn=2**31 - 1), ["a" * 20_000, "the"])
    yield case("word-surrogate.bin", model(), ["\ud800", "", " ", "\0"])
    yield case("word2vec.bin", b"3 3\nthe " + struct.pack("<3f", 1, 2, 3) + b"\ntext " + bytes(12))
    yield case("word2vec-huge.bin", b"9999999999 1000000000\nthe " + bytes(12))
    yield case("empty.bin", b"")
    yield case("nul.bin", lambda _: bytes(10**6))


def folders() -> Iterator[Case]:
    """Folders, links, pipes and damaged saved data sets."""

    def tree(**files: str | bytes) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            path.mkdir()
            for name, data in files.items():
                place = path / name.replace("__", "/")
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data.encode() if isinstance(data, str) else data)

        return write

    def odd_names(path: Path) -> None:
        for name in (b"a\nb", b"\xff\xfe", b"c d", b"\x1b[2J"):
            place = path / os.fsdecode(name)
            place.mkdir(parents=True)
            for file in (b"1\n.txt", b"\xff.txt"):
                (place / os.fsdecode(file)).write_text("a wolf")

    def many(path: Path) -> None:
        for i in range(10_000):
            (path / f"class{i}").mkdir(parents=True)
            (path / f"class{i}" / "1.txt").write_text(sentence(i))

    def links(path: Path) -> None:
        for name in ("a", "b"):
            (path / name).mkdir(parents=True)
            (path / name / "gone.txt").symlink_to(path / "nowhere")
            (path / name / "here.txt").write_text("a wolf")
        (path / "train.csv").symlink_to(path / "nowhere")
        (path / "loop").symlink_to(path)

    def pipe(path: Path) -> None:
        path.mkdir()
        os.mkfifo(path / "train.csv")

    def directories(path: Path) -> None:
        for name in ("train.csv", "a/1.txt", "b/1.txt"):
            (path / name).mkdir(parents=True)

    saved = {
        "dataset_info.json": json.dumps(
            {
                "features": {
                    "text": {"dtype": "string", "_type": "Value"},
                    "label": {"names": ["wild", "tame"], "_type": "ClassLabel"},
                }
            }
        ),
        "state.json": json.dumps(
            {
                "_data_files": [{"filename": "data-00000-of-00001.arrow"}],
                "_fingerprint": "a",
                "_format_columns": None,
                "_format_kwargs": {},
                "_format_type": None,
                "_output_all_columns": False,
                "_split": None,
            }
        ),
    }

    def save(change: Callable[[bytes], bytes] = bytes, /, **files: str) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            import pyarrow as pa

            path.mkdir()
            for name, text in (
                saved | {key + ".json": text for key, text in files.items()}
            ).items():
                (path / name).write_text(text)
            made = pa.table({"text": [sentence(i) for i in range(40)], "label": [0, 1] * 20})
            data = path / "data-00000-of-00001.arrow"
            with pa.ipc.new_stream(str(data), made.schema) as writer:
                writer.write_table(made)
            data.write_bytes(change(data.read_bytes()))

        return write

    info, state = saved["dataset_info.json"], saved["state.json"]
    yield Case("nothing", tree())
    yield Case("classes-10k", many, 10_000)
    yield Case("links", links)
    yield Case("link.csv", lambda path: path.symlink_to(path))
    yield Case("zeros.csv", lambda path: path.symlink_to("/dev/zero"))
    yield Case("random.csv", lambda path: path.symlink_to("/dev/urandom"))
    yield Case("pipe.csv", lambda path: os.mkfifo(path))
    yield Case("pipe", pipe)
    yield Case("folder.csv", tree())
    yield Case("directories", directories)
    yield Case("odd-names", odd_names, 8)
    yield Case("odd\nname\x1b.csv", table(), 100)
    yield Case("trains", tree(**{"train.csv": table(), "train.json": json.dumps(records())}))
    yield Case("shards", tree(**{f"train-0000{i}-of-00002.csv": table() for i in range(2)}), 200)
    yield Case(
        "shards-differ", tree(**{"train-0.csv": table(), "train-1.csv": table(mark=";")}), 200
    )
    yield Case("shards-one-bad", tree(**{"train-0.csv": table(), "train-1.csv": ""}))
    yield Case("shards-9000", tree(**{f"train-{i}.csv": table(2) for i in range(3_000)}), 6_000)
    yield Case("test-only", tree(**{"test.csv": table()}))
    yield Case("saved-honest", save(), 40)
    yield Case("saved-truncated", save(lambda data: data[: len(data) // 2]))
    yield Case("saved-garbage", save(lambda data: b"\xff" * len(data)))
    yield Case("saved-empty", save(lambda _: b""))
    changes = {
        "state-text": {"state": "nothing"},
        "state-list": {"state": "[1]"},
        "state-deep": {"state": "[" * 10**5},
        "state-file": {"state": state.replace("data-00000", "../../data")},
        "state-format": {
            "state": state.replace('"_format_type": null', '"_format_type": "no-such"')
        },
        "state-columns": {
            "state": state.replace('"_format_columns": null', '"_format_columns": [5]')
        },
        "info-text": {"dataset_info": "nothing"},
        "info-none": {"dataset_info": "{}"},
        "info-numbers": {"dataset_info": info.replace('["wild", "tame"]', "[1, 2]")},
        "info-few": {"dataset_info": info.replace('["wild", "tame"]', '["wild"]')},
        "info-type": {"dataset_info": info.replace("ClassLabel", "No_such")},
        "info-image": {
            "dataset_info": info.replace('"dtype": "string", "_type": "Value"', '"_type": "Image"')
        },
        "dict": {"dataset_dict": '{"splits": ["train", "test"]}'},
        "dict-list": {"dataset_dict": "[]"},
        "dict-up": {"dataset_dict": '{"splits": ["../../.."]}'},
    }
    for name, files in changes.items():
        yield Case(f"saved-{name}", save(bytes, **files))


def mutations() -> Iterator[Case]:
    """Random bytes, and small files with some bytes changed, left out or put in."""
    contents: dict[str, Content] = {
        "csv": table(20),
        "tsv": table(20, "\t"),
        "jsonl": lines_of(records(20)),
        "json": json.dumps(records(20)),
        "xlsx": workbook(sheet_xml(sheet_rows(20))),
        "csv.gz": gzip.compress(table(20).encode(), mtime=0),
        "zip": zip_of(("a.csv", table(20))),
        "vec": "2 3\nthe 1 2 3\ntext 4 5 6\n",
        "bin": model(),
    }
    made = {case.name: case.content for case in columnar() if case.name.startswith("honest")}

    def changed(content: Content, rng: random.Random) -> Callable[[Path], bytes]:
        def change(path: Path) -> bytes:
            whole = content
            if callable(content):
                content(path)
                whole = path.read_bytes()
            assert isinstance(whole, str | bytes)
            data = bytearray(whole.encode() if isinstance(whole, str) else whole)
            for _ in range(rng.choice((1, 3, 10))):
                at, size = rng.randrange(len(data)), rng.choice((1, 1, 2, 8))
                new = rng.choice((rng.randbytes(size), b"", bytes(data[at : at + 1]) + b"\xff"))
                data[at : at + rng.choice((0, size))] = new
            return bytes(data)

        return change

    contents |= {name: made[f"honest.{name}"] for name in ("parquet", "arrow")}
    for suffix, content in contents.items():
        kind = "vectors" if suffix in ("vec", "bin") else "table"
        options = {"words": WORDS} if kind == "vectors" else {}
        for seed in range(8):
            rng = random.Random(f"{suffix} {seed}")
            yield Case(f"mutation-{seed}.{suffix}", changed(content, rng), None, kind, options)
        for seed in range(2):
            data = random.Random(seed).randbytes(10**4 if seed else 50)
            yield Case(f"random-{seed}.{suffix}", data, None, kind, options)


def commands() -> Iterator[Case]:
    """The command line."""

    def case(
        name: str,
        *arguments: str,
        content: Content = ORDINARY,
        file: str = "a.csv",
        command: str = "map",
    ) -> Case:
        words = (command, "FILE", "--out", "OUT", "--quiet", *arguments)
        if "--epochs" not in arguments:
            words += ("--epochs", "1")
        return Case(f"{file} @{name}", content, None, "command", arguments=words)

    honest = case("command")
    yield Case("honest.csv @command", honest.content, None, "command", arguments=honest.arguments)
    huge = "1" + "0" * 20
    shared = {
        "epochs": (huge, "0", "-1", "nan", "9" * 6_000),
        "batch-size": ("100000000", huge, "0", "1" + "0" * 21),
        "seed": ("-1", "1" + "0" * 30, str(2**32), str(2**64), "9" * 6_000),
        "max-length": (huge, "0"),
        "encoding": ("no-such", "utf-16", "base64"),
        "sheet": ("x",),
        "no-label": ("", "\n", "a" * 10**5),
        "class-name": ("a", "=", "wild=tame", "a=b=c"),
        "text": ("no such", "label", "te\nxt", "\x1b[2J", ""),
        "label": ("text", "id", "x\ny"),
        "id": ("label", "\n"),
        "vectors": ("no.vec", "/dev/zero", "a\nb.vec", "FILE"),
        "test": ("no-such.csv", "FILE", "hub:", "/dev/stdin", "/"),
        "set": ("a", "=", "a=b", "dropout_at_test=maybe"),
        "flip": ("nan", "-0.1", "inf", "0.5"),
        "seed-size": (huge, "1e9", "-1", "²", "9" * 6_000, "auto"),
        "several": ("x",),
        "pooling": ("mean",),
        "device": ("tpu",),
    }
    for option, values in shared.items():
        for value in values:
            yield case(f"{option} {value[:24]!a}", f"--{option}", value)
    learn: dict[str, tuple[str, ...]] = {
        "query-size": (huge[:19], "0", "-5"),
        "t-cor": ("nan", "inf", "1.5", "-0"),
        "iterations": (huge, "0"),
        "seed-size": (huge, "59"),
        "strategy": ("no-such",),
        "batch-size": (huge,),
    }
    for option, values in learn.items():
        for value in values:
            extra = () if option == "iterations" else ("--iterations", "1")
            yield case(
                f"learn {option} {value[:24]}", f"--{option}", value, *extra, command="learn"
            )
    files: dict[str, Content] = {
        "lines.csv": 'id,"te\nxt","la\nbel"\n'
        + "".join(f"{i},{sentence(i)},{label(i)}\n" for i in range(60)),
        "one-class.csv": labelled(*["a"] * 50),
        "two-rows.csv": labelled("a", "b"),
        "no-labels.csv": labelled(*[""] * 50),
        "empty-texts.csv": with_texts(*[" "] * 50),
        "marks.csv": with_texts(*["!?", "\u0301" * 9, "\u200d"] * 20),
        "thai.csv": lambda _: with_texts(*["\u0e01\u0e32\u0e23" * 60_000] * 5),
        "zalgo.csv": lambda _: with_texts(*["a" + "\u0301" * 300_000] * 5),
        "emoji.csv": lambda _: with_texts(*["\U0001f468\u200d\U0001f469\u200d" * 50_000] * 5),
        "one-word.csv": lambda _: with_texts(*["a" * 900_000, "b" * 900_000] * 3),
        "surrogates.csv": table(60).replace("wolf", "w\ud800"),
        "controls.csv": table(60).replace("wolf", "\x1b[2J\x07"),
        "classes.csv": lambda _: labelled(*(f"c{i // 2}" for i in range(20_000))),
        "class-each.csv": labelled(*map(str, range(60))),
        "class-lines.csv": labelled(*('"a\nb"', "c\x1b[2J", "\ud800") * 20),
        "digits.csv": labelled("9" * 6_000, *"12" * 20),
        "depth.json": lambda _: "[" * 10**6,
        "garbage.parquet": b"PAR1" * 9,
        "bomb.csv.gz": gz_bomb(bytes(10**7), 20),
        "quote\n.csv": "",
        "a.exe": "",
        "unclosed.csv": table(60).replace(",the", ',"the', 1),
    }
    for name, content in files.items():
        yield case("map", content=content, file=name)
    embedding = (
        "".join(f"w{i} " + "1e30 " * 3 + "\n" for i in range(5)) + "the 1 1 1\ntext 1e30 1 1\n"
    )
    odd: dict[str, Content] = {"1e30.vec": embedding, "maxn.bin": model(maxn=2**31 - 1)}
    for name, content in odd.items():
        words = ("embed", "PLAIN", "--vectors", "FILE", "--out", "OUT", "--quiet")
        yield Case(f"{name} @embed", content, None, "command", arguments=words)


def all_cases() -> list[Case]:
    """Every case, in a fixed order; the honest ones first."""
    makers = (delimited, nested, columnar, workbooks, containers, word_vectors, folders, mutations)
    cases = [case for maker in (*makers, commands) for case in maker()]
    names = Counter(case.name for case in cases)
    doubled = [name for name, count in names.items() if count > 1]
    assert not doubled, f"two cases have the name {doubled[0]!r}"
    bases = {case.honest for case in cases}
    return sorted(cases, key=lambda case: case.name not in bases)


def child(kind: str, path: Path, options: dict[str, Any]) -> dict[str, Any]:
    """What a reader makes of a file: the rows and what is told, or the refusal."""
    from cartography.errors import CartographyError

    try:
        if kind == "vectors":
            from cartography.features.vector_files import read_vectors

            found = read_vectors(path, options["words"])
            return {"read": int(found.has_vector.sum()), "told": 0, "notes": []}
        from cartography.corpora.reading import read_train_test

        corpora = [corpus for corpus in read_train_test(path, **options) if corpus is not None]
        told, notes = 0, list[str]()
        for corpus in corpora:
            notes += corpus.notes
            if corpus.account is not None:
                told += sum(part.count for part in corpus.account.left_out)
                notes.append(corpus.account.summary)
        return {"read": sum(map(len, corpora)), "told": told, "notes": notes}
    except CartographyError as error:
        return {"refused": str(error)}


@dataclass(frozen=True)
class Outcome:
    """What became of a process: its exit code, seconds of CPU time, bytes, and what it printed."""

    code: int
    seconds: float
    memory: float
    killed: bool
    out: str
    err: str


def run(command: Sequence[str], folder: Path) -> Outcome:
    """Run a command under the limits and measure it."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=ROOT,
            start_new_session=True,
            env=os.environ | {"CARTOGRAPHY_CACHE": str(folder / "cache")},
        )
    resource.prlimit(process.pid, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    end, killed = time.monotonic() + PATIENCE, False
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if not killed and time.monotonic() > end:
            killed = True
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.02)
    process.returncode = os.waitstatus_to_exitcode(status)

    def tail(name: str) -> str:
        with (folder / name).open("rb") as handle:
            handle.seek(max(0, (folder / name).stat().st_size - (1 << 24)))
            return handle.read().decode(errors="replace")

    seconds = usage.ru_utime + usage.ru_stime
    return Outcome(
        process.returncode, seconds, usage.ru_maxrss * 1024.0, killed, tail("out"), tail("err")
    )


@dataclass(frozen=True)
class Verdict:
    """The faults of a case, and what was said."""

    case: Case
    faults: tuple[str, ...]
    result: str
    said: str
    outcome: Outcome


def one_line(text: str) -> bool:
    """Whether a message is one line that any terminal can print."""
    kinds = {unicodedata.category(character) for character in text}
    return not kinds & {"Cc", "Cs", "Zl", "Zp"} and 0 < len(text) <= LONGEST_MESSAGE


def judge(case: Case, outcome: Outcome, base: Outcome | None) -> Verdict:
    """Compare what happened with what may happen."""
    faults: list[str] = []
    last = (outcome.err.strip().splitlines() or [""])[-1]
    result, said, rows = "neither", last, 0
    if outcome.killed:
        faults.append("OVER 60 s")
    elif case.kind == "command":
        if outcome.code not in (0, 2) or "Traceback" in outcome.err:
            faults.append("TRACEBACK")
        else:
            result = "refused" if outcome.code else "read"
            ours = outcome.err.partition("cartography: ")[2]
            if "Warning" in outcome.err or (ours and not one_line(ours.removesuffix("\n"))):
                faults.append("NOT ONE LINE")
    elif outcome.code or not outcome.out:
        faults.append("TRACEBACK")
        said = last or f"exit code {outcome.code}"
    else:
        told = json.loads(outcome.out.splitlines()[-1])
        if "refused" in told:
            result, said = "refused", told["refused"]
            if case.rows is not None:
                result = "refused, with good rows"
            if case.whole:
                faults.append("GOOD FILE REFUSED")
            lines = [said]
        else:
            rows = told["read"]
            result, lines = "read", [note for note in told["notes"] if note]
            said = f"{told['read']:,} read, {told['told']:,} told of: {'; '.join(lines)}"
            if case.rows is not None and told["read"] + told["told"] < case.rows:
                faults.append("SILENT LOSS")
                said = f"of {case.rows:,} rows {said}"
            if case.rows is not None and told["read"] > case.rows:
                faults.append("ROWS MADE UP")
                said = f"of {case.rows:,} rows {said}"
        if not all(map(one_line, lines)) or outcome.err:
            faults.append("NOT ONE LINE")
    if base is not None:
        share = 1 / (1 + rows / 1e6)
        if (outcome.seconds - base.seconds) * share > SLOW and not outcome.killed:
            faults.append("OVER 5 s")
        memory = (outcome.memory - base.memory) * share
        if memory > LARGE:
            faults.append("OVER 1 GB" if memory > HUGE else "OVER 500 MB")
    elif result != "read":
        faults.append("HONEST FILE NOT READ")
    return Verdict(case, tuple(faults), result, said, outcome)


class Runner:
    """Runs cases, each in a temporary folder that is then deleted."""

    def __init__(self) -> None:
        self.bases: dict[str, Outcome] = {}
        self.alone = threading.Lock()

    def __call__(self, case: Case) -> Verdict:
        """Make, read and judge a case."""
        with (
            self.alone if case.big else nullcontext(),
            tempfile.TemporaryDirectory(prefix="hostile-") as name,
        ):
            folder = Path(name)
            # In a process of its own too: a child starts with the memory of the parent that made
            # it, so that the parent must stay small.
            made = [sys.executable, __file__, "--make", case.name, str(folder / "data")]
            done = subprocess.run(made, capture_output=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{case.name}: {done.stderr.decode(errors='replace')[-2_000:]}")
            path = folder / "data" / case.file
            options = json.dumps(case.options)
            command = [sys.executable, __file__, "--child", case.kind, str(path), options]
            if case.kind == "command":
                plain = folder / "plain.csv"
                plain.write_text(ORDINARY, encoding="utf-8")
                places = {"FILE": str(path), "OUT": str(folder / "run"), "PLAIN": str(plain)}
                words = [places.get(word, word) for word in case.arguments]
                command = [sys.executable, "-m", "cartography", *words]
            outcome = run(command, folder)
        honest = case.honest
        base = None if honest == case.name else self.bases.get(honest)
        if honest == case.name:
            self.bases[honest] = outcome
        return judge(case, outcome, base)


def main() -> int:
    """Print a line for each fault, and the tally."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="WORD", help="cases with a word in their name")
    parser.add_argument("--smoke", action="store_true", help="a few cases")
    parser.add_argument("--all", action="store_true", help="print the cases without faults too")
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        kind, path, options = given.child
        print(json.dumps(child(kind, Path(path), json.loads(options))))
        return 0
    cases = all_cases()
    if given.make:
        name, folder = given.make
        Path(folder).mkdir()
        next(case for case in cases if case.name == name).make(Path(folder))
        return 0
    if given.smoke or given.only:
        chosen = set(SMOKE)
        if given.only:
            chosen = {case.name for case in cases if any(word in case.name for word in given.only)}
        bases = {case.honest for case in cases if case.name in chosen}
        cases = [case for case in cases if case.name in chosen | bases]
    tally: Counter[str] = Counter()
    runner, wrong = Runner(), 0
    honest = [case for case in cases if case.honest == case.name]
    rest = [case for case in cases if case.honest != case.name]
    # The honest ones first: what they cost is allowed to the others.
    first = [runner(case) for case in honest]
    with ThreadPoolExecutor(2) as pool:
        for verdict in chain(first, pool.map(runner, rest)):
            tally.update((verdict.result, *verdict.faults))
            wrong += bool(verdict.faults)
            if verdict.faults or given.all:
                outcome = verdict.outcome
                what = ", ".join(verdict.faults) or verdict.result
                cost = f"{outcome.seconds:.1f} s, {outcome.memory / 1e6:.0f} MB"
                print(
                    f"{what:12} {verdict.case.name!a} ({cost}): {verdict.said[:300]!a}", flush=True
                )
    print(f"{len(cases)} cases, {wrong} with a fault:", end=" ")
    print(", ".join(f"{count} {what}" for what, count in tally.most_common()))
    return wrong


if __name__ == "__main__":
    sys.exit(main())
