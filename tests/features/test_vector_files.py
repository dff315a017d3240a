"""Files of word vectors in every form, and what is refused: in one line, in time and memory."""

import gzip
import re
import struct
import sys
import zipfile
import zlib
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartography.errors import CartographyError
from cartography.features import vector_limits
from cartography.features.vector_files import example_words, read_vectors

TEXT = "4 2\nthe 1 0 \ncat 0 2\nCat 5 5\n! 0.5 -1e-1\n"
HEADLESS = TEXT.partition("\n")[2]
WORDS = ["the", "CAT", "Cat", ".", "no"]
EXPECTED = [[1, 0], [0, 2], [5, 5], [0, 0], [0, 0]]


def zipped(members: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def word2vec(words: list[str], end: bytes = b"\n", declared: int | None = None) -> bytes:
    """Words and vectors (i, -i) in word2vec's binary format; its own writer ends with `end`."""
    content = f"{len(words) if declared is None else declared} 2\n".encode()
    for i, word in enumerate(words):
        content += word.encode() + b" " + struct.pack("<2f", i, -i) + end
    return content


def fasttext_model(
    words: list[str],
    shortest: int,
    longest: int,
    buckets: int,
    version: int = 12,
    kind: int = 2,
    **written: int,
) -> bytes:
    """A fastText model of 3 dimensions by the description of its format.

    `written` are false numbers in its header: its_buckets, its_shortest, its_longest,
    dimensions, size.
    """
    matrix = np.random.default_rng(0).normal(size=(len(words) + buckets, 3)).astype("<f4")
    options = (
        *(5, 1, 1, 5, 1, 2, kind, written.get("its_buckets", buckets)),
        *(written.get("its_shortest", shortest), written.get("its_longest", longest), 100),
    )
    dimensions = written.get("dimensions", 3)
    content = struct.pack("<2i12id", 793712314, version, dimensions, *options, 1e-4)
    size = written.get("size", len(words))
    content += struct.pack("<3i2q", size, size, 0, 100, -1)
    for word in words:
        content += word.encode() + b"\0" + struct.pack("<qb", 3, 0)
    for part in (matrix, np.zeros((len(words), 3), "<f4")):
        content += struct.pack("<?2q", False, *part.shape) + part.tobytes()
    return content


READ = {
    "vec": ("v.vec", TEXT),
    "without header": ("v.vec", HEADLESS),
    "the first of two": ("v.vec", HEADLESS + "the 9 9\n. . 3 3\n"),
    "GloVe": ("v.txt", HEADLESS),
    "without last line feed": ("v.txt", HEADLESS[:-1]),
    "tabs": ("v.vec", TEXT.replace(" ", "\t")),
    "tab after the word": ("v.txt", re.sub("(?m)^(\\S+) ", "\\1\t", HEADLESS)),
    "CR LF": ("v.vec", TEXT.replace("\n", "\r\n")),
    "byte order mark": ("v.vec", "\ufeff" + TEXT),
    "byte order mark without header": ("v.txt", "\ufeff" + HEADLESS),
    "gzip": ("v.vec.gz", gzip.compress(TEXT.encode())),
    "gzip of GloVe": ("V.TXT.GZ", gzip.compress(HEADLESS.encode())),
    "zip": ("v.vec.zip", zipped({"v.vec": TEXT, "README.txt": "see", "__MACOSX/v.vec": "x"})),
    "zip, stored": ("glove.zip", zipped({"glove/v.txt": HEADLESS}, zipfile.ZIP_STORED)),
}


@pytest.mark.parametrize(("name", "content"), READ.values(), ids=READ)
def test_text_is_read_in_every_form(tmp_path: Path, name: str, content: str | bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    vectors = read_vectors(path, WORDS)
    assert vectors.words == tuple(WORDS)
    assert vectors.matrix.tolist() == EXPECTED
    assert vectors.has_vector.tolist() == [True, True, True, False, False]
    assert example_words(path) == ["the", "cat", "Cat"]


def test_words_before_a_tab_may_have_spaces(tmp_path: Path) -> None:
    path = tmp_path / "v.vec"
    path.write_text("2 2\nNew York\t1 2\nYork\t3\t4\n")
    assert read_vectors(path, ["New York", "York", "New"]).matrix.tolist() == [
        [1, 2],
        [3, 4],
        [0, 0],
    ]


def test_words_are_compared_in_composed_form(tmp_path: Path) -> None:
    path = tmp_path / "v.vec"
    path.write_text("cafe\u0301 1 2\nZoë 3 4\nनमस्ते 5 6\n", encoding="utf-8")
    words = ["café", "Zoe\u0308", "Café", "cafe\u0301", "नमस्ते"]
    vectors = read_vectors(path, words)
    assert vectors.words == tuple(words)
    assert vectors.matrix[:, 0].tolist() == [1, 3, 1, 1, 5]
    path = tmp_path / "v.bin"
    path.write_bytes(word2vec(["x", "cafe\u0301"]))
    assert read_vectors(path, words).matrix[:, 0].tolist() == [1, 0, 1, 1, 0]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_word2vec_binaries_are_read(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "GoogleNews.bin"
    path.write_bytes(word2vec(["</s>", "the", "日本語", "New_York"], end))
    vectors = read_vectors(path, ["The", "日本語", "no", "New_York", "new_york"])
    assert vectors.matrix.tolist() == [[1, -1], [2, -2], [0, 0], [3, -3], [0, 0]]
    assert vectors.has_vector.tolist() == [True, True, False, True, False]
    assert example_words(path) == ["the", "日本語", "New_York"]


@pytest.mark.parametrize(
    ("shortest", "longest", "buckets", "version", "kind"),
    [(3, 6, 2000, 12, 2), (1, 3, 50, 12, 2), (0, 0, 0, 12, 2), (2, 3, 50, 11, 3)],
)
def test_a_model_is_read_as_fasttext_reads_it(
    tmp_path: Path, shortest: int, longest: int, buckets: int, version: int, kind: int
) -> None:
    path = tmp_path / "model.bin"
    known = ["</s>", "What", "the", "naïveté", "a"]
    content = fasttext_model(known, shortest, longest, buckets, version, kind)
    path.write_bytes(content)
    model = pytest.importorskip("fasttext").load_model(str(path))
    words = ["What", "naïveté", "a", "unseen", "日本語", "é"]
    vectors = read_vectors(path, [*words, "The"])
    expected = np.array([model.get_word_vector(word) for word in [*words, "the"]])
    np.testing.assert_allclose(vectors.matrix, expected, atol=1e-6)
    assert (vectors.has_vector == expected.any(axis=1)).all()
    assert example_words(path) == ["What", "the", "naïveté"]
    for size in (1, 70, 100, 130, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(CartographyError, match="is not a complete fastText model"):
            read_vectors(path, words)


def test_models_are_read_without_fasttext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fasttext", None)
    path = tmp_path / "model.bin"
    path.write_bytes(fasttext_model(["the", "cat"], 3, 6, 50))
    assert read_vectors(path, ["the", "cat"]).has_vector.all()


NUMBERS = "word 1 2\nother 3 4\n"
MODEL = ("the", "cat"), 3, 6, 50
LONG = b"word" + b" 1" * 3_000_000 + b"\n"


def bomb(line: bytes, times: int) -> bytes:
    """`line` repeated, in gzip, made without holding it."""
    packer = zlib.compressobj(9, wbits=31)
    block = line * max(1, (1 << 20) // len(line))
    blocks = [packer.compress(block) for _ in range(times * len(line) // len(block))]
    return b"".join([*blocks, packer.flush()])


def peak_megabytes() -> float:
    """The most memory that this process has used; 0 on Windows, which does not tell."""
    if find_spec("resource") is None:
        return 0
    peak = import_module("resource").getrusage(0).ru_maxrss
    return float(peak / (1e6 if sys.platform == "darwin" else 1e3))


def locked() -> bytes:
    content = bytearray(zipped({"v.vec": TEXT}))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


REFUSED = {
    "suffix": ("v.csv", NUMBERS, "v.csv is not known as a file of word vectors; give a .vec, .txt"),
    "no vectors": ("v.vec", "word\n", "v.vec, line 1 is neither a header nor a word and its numb"),
    "prose": ("v.txt", "The cat sat in 1999\n", "v.txt, line 1 is neither a header nor a word"),
    "commas": ("v.txt", "word,1,2\n", "separated by spaces or tabs"),
    "no numbers": ("v.vec", NUMBERS + "thing 1 x\n", "v.vec, line 3: 'x' is not a number"),
    "underscore": ("v.vec", "other 1 2\nword 1 2_0\n", "v.vec, line 2: '2_0' is not a number"),
    "too few": ("v.vec", "2 2\nword 1 2\nthing 1\n", "v.vec, line 3 has 1 instead of 2 numbers"),
    "too many": (
        *("v.vec", "2 2\nword 1 2\nthing 1 2 3\n"),
        "v.vec, line 3 has 3 instead of 2 numbers",
    ),
    "beyond float32": ("v.vec", "word 1 1e99\n", "v.vec, line 1 has a number that is not finite"),
    "infinite": ("v.vec", "word 1 inf\n", "v.vec, line 1 has a number that is not finite"),
    "not a number": ("v.vec", "word 1 nan\n", "v.vec, line 1 has a number that is not finite"),
    "1e30": (
        *("v.vec", "1 2\nword 1 -1e30\n"),
        "v.vec, line 2 contains -1e+30, and with numbers beyond ±1,000 a map is worthless: divide",
    ),
    "head -n": (
        *("v.vec", "2000000 2\n" + NUMBERS),
        "v.vec declares 2,000,000 words but contains 2: if you cut it yourself, make its first "
        "line '2 2'; else copy or download it again",
    ),
    "header alone": ("v.vec", "5 2\n", "v.vec declares 5 words but contains 0: "),
    "cut in a line": ("v.vec", "9 2\nword 1 2\nother 3", "v.vec ends inside line 3, so it is cut"),
    "cut in a word": ("v.txt", "word 1 2\noth", "v.txt ends inside line 2, so it is cut short"),
    "UTF-16": ("v.vec", TEXT.encode("utf-16"), "v.vec is in UTF-16; save it as UTF-8"),
    "no gzip": ("v.vec.gz", NUMBERS, "v.vec.gz is not a complete gzip file ("),
    "half a gzip": ("v.vec.gz", gzip.compress(b"word 1 2")[:-9], "v.vec.gz is not a complete gzip"),
    "binary in gzip": (
        *("cc.bin.gz", b""),
        "cc.bin.gz is a packed binary file, which is read in place: unpack it first, and give ",
    ),
    "binary in zip": ("cc.bin.zip", b"", "unpack it first, and give "),
    "binary inside zip": (
        *("wiki.zip", zipped({"wiki.en.bin": b"x"})),
        "wiki.zip holds no .vec or .txt file (it holds wiki.en.bin): unpack it first",
    ),
    "several": (
        *("glove.zip", zipped({f"glove.{d}d.txt": TEXT for d in (50, 100)})),
        "glove.zip holds 2 files of vectors (glove.50d.txt, glove.100d.txt): unpack it and give",
    ),
    "empty zip": ("v.zip", zipped({}), "v.zip holds no .vec or .txt file (it holds none)"),
    "no zip": ("v.zip", NUMBERS, "v.zip is not a complete zip file (File is not a zip file)"),
    "half a zip": ("v.zip", zipped({"v.vec": TEXT * 99})[:-60], "v.zip is not a complete zip file"),
    "damaged zip": (
        *("v.zip", zipped({"v.vec": TEXT}, zipfile.ZIP_STORED).replace(b"cat 0", b"cat 1")),
        "v.zip is not a complete zip file (Bad CRC-32",
    ),
    "locked zip": ("v.zip", locked(), "v.zip is locked by a password; unpack it first"),
    "bzip2": ("v.zip", zipped({"v.vec": TEXT}, zipfile.ZIP_BZIP2), "v.zip is packed in an unusual"),
    "long list": (
        *("v.zip", zipped({f"{i:0100}": b"" for i in range(8_000)})),
        "v.zip is not a complete zip file (its list of files is too long)",
    ),
    "no binary": ("v.bin", NUMBERS, "v.bin begins neither as a fastText model nor as a word2vec"),
    "empty binary": ("v.bin", b"", "v.bin begins neither as a fastText model nor as a word2vec"),
    "word2vec cut": (
        *("v.bin", word2vec(["the"], declared=9)),
        "v.bin is too small for the 9 words that it declares, so it is cut short; copy",
    ),
    "word2vec cut at the end": (
        *("v.bin", word2vec(["longer", "the"])[:-4]),
        "v.bin declares 2 words but contains 1, so it is cut short; copy",
    ),
    "word2vec too long": (
        "v.bin",
        word2vec(["the", "cat"], declared=1),
        "v.bin goes on after the 1",
    ),
    "word2vec nan": (
        *("v.bin", b"1 2\nword " + struct.pack("<2f", 1, float("nan"))),
        "v.bin, word 'word' has a number that is not finite",
    ),
}
HOSTILE = {
    "dimensions": (
        *("v.vec", "1 1000000000\nword 1\n"),
        "v.vec, line 1 declares 1,000,000,000 dimensions, but vectors have 1 to 10,000",
    ),
    "no dimensions": ("v.vec", "1 0\nword\n", "v.vec, line 1 declares 0 dimensions"),
    "dimensions of 6,000 digits": (
        *("v.vec", f"1 {'9' * 6000}\nword 1\n"),
        "v.vec, line 1 declares more than 10^18 dimensions",
    ),
    "words of 6,000 digits": (
        *("v.vec", f"{'9' * 6000} 2\nword 1 2\n"),
        "v.vec, line 1 declares more than 10^18 words, but at most 10,000,000 are read",
    ),
    "dimensions of a first line": ("v.txt", "word" + " 1" * 10_001, "declares 10,001 dimensions"),
    "long first line": ("v.txt", LONG, "v.txt, line 1 is longer than 330,000 bytes"),
    "long line": ("v.txt", b"a 1 2\n" + LONG, "v.txt, line 2 is longer than 330,000 bytes"),
    "long word": ("v.vec", b"1 2\n" + b"w" * 10**7 + b" 1 2\n", "line 2 is longer than 330,000"),
    "gzip of one line": (
        *("v.vec.gz", bomb(b"0", 10**9)),
        "v.vec.gz, line 1 is longer than 330,000 bytes, too long for a word and its numbers",
    ),
    "gzip of many lines": (
        *("v.vec.gz", bomb(b"a 1\n", 10**8)),
        "v.vec.gz becomes more than 50 times larger",
    ),
    "zip of many lines": (
        *("v.zip", zipped({"v.vec": b"a 1\n" * (10**7)})),
        "v.zip becomes more than 50 times larger",
    ),
    "negative buckets": (
        *("v.bin", fasttext_model(*MODEL, its_buckets=-1)),
        "v.bin is not a complete fastText model: it has -1 buckets of subwords of 3 to 6 char",
    ),
    "maxn": (
        *("v.bin", fasttext_model(*MODEL, its_longest=2**31 - 1)),
        "it has 50 buckets of subwords of 3 to 2,147,483,647 characters",
    ),
    "negative minn": (
        "v.bin",
        fasttext_model(*MODEL, its_shortest=-(2**31)),
        "of -2,147,483,648 to 6",
    ),
    "model of many dimensions": (
        *("v.bin", fasttext_model(*MODEL, dimensions=2**31 - 1)),
        "v.bin declares 2,147,483,647 dimensions",
    ),
    "dictionary": (
        *("v.bin", fasttext_model(*MODEL, size=9_000_000)),
        "it is cut short: its dictionary is larger than the file",
    ),
    "words": ("v.bin", fasttext_model(*MODEL, size=2**31 - 1), "declares 2,147,483,647 words"),
    "no words": ("v.bin", fasttext_model(*MODEL, size=-5), "its dictionary is damaged or pruned"),
    "long word of a model": (
        *("v.bin", fasttext_model(["a", "w" * 10**6], 3, 6, 50)),
        "it ends inside its dictionary, or a word is longer than 10,000 bytes",
    ),
    "long word of word2vec": (
        *("v.bin", word2vec(["a", "w" * 10**6])),
        "v.bin, word 2 is longer than 10,000 bytes",
    ),
    "words of word2vec": (
        *("v.bin", b"9999999999999999999 300\nthe "),
        "v.bin, line 1 declares more than 10^18 words",
    ),
    "dimensions of word2vec": ("v.bin", b"1 1000000000\nthe ", "declares 1,000,000,000 dimensions"),
    "digits of word2vec": ("v.bin", b"1" * 10**6 + b" 3\n", "v.bin begins neither as a fastText"),
}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [*REFUSED.values(), *HOSTILE.values()],
    ids=[*REFUSED, *HOSTILE],
)
def test_what_cannot_be_read_is_refused_in_one_line_and_in_time(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before, start = peak_megabytes(), perf_counter()
    with pytest.raises(CartographyError, match=re.escape(message)) as caught:
        read_vectors(path, ["word", "thing", "the", "other", "cat"])
    assert perf_counter() - start < 5
    assert peak_megabytes() - before < 100
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_more_words_than_the_limit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_limits, "WORDS", 3)
    path = tmp_path / "v.txt"
    path.write_text("a 1\nb 2\nc 3\n")
    assert read_vectors(path, ["c"]).matrix.tolist() == [[3]]
    path.write_text("a 1\nb 2\nc 3\nd 4\ne 5\n")
    with pytest.raises(CartographyError, match="has more than 3 words: keep the most frequent"):
        read_vectors(path, ["c"])


def test_a_long_word_has_no_subwords(tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(fasttext_model(["the"], 3, 6, 50))
    assert read_vectors(path, ["w" * 1000, "w" * 1001]).has_vector.tolist() == [True, False]


quick = settings(deadline=None, database=None, derandomize=True, max_examples=150)
BASES = {
    "v.vec": TEXT.encode(),
    "v.vec.gz": gzip.compress(TEXT.encode()),
    "v.zip": zipped({"v.vec": TEXT}),
    "model.bin": fasttext_model(["the", "cat"], 3, 6, 5),
    "word2vec.bin": word2vec(["the", "cat"]),
}


@pytest.mark.parametrize("name", BASES)
def test_damage_is_read_or_refused(tmp_path: Path, name: str) -> None:
    base, path = BASES[name], tmp_path / name

    @quick
    @given(st.data())
    def damage(data: st.DataObject) -> None:
        content = bytearray(base)
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(content)))
            stop = start + data.draw(st.integers(0, 8))
            content[start:stop] = data.draw(st.binary(max_size=9))
        path.write_bytes(bytes(content))
        with suppress(CartographyError):
            assert np.isfinite(read_vectors(path, WORDS).matrix).all()
            example_words(path)

    damage()
