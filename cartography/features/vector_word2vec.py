"""Read word vectors from word2vec's binary files (.bin), such as GoogleNews's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.features import vector_limits as limits
from cartography.features.word_vectors import Forms

_HEADER = re.compile(rb"([0-9]{1,19})[ \t]([0-9]{1,19})[ \t]?\r?\n")
_HEADER_BYTES = 64


def is_word2vec(beginning: bytes) -> bool:
    """Whether the first bytes of a file are a line with two whole numbers."""
    return bool(_HEADER.match(beginning[:_HEADER_BYTES]))


def read_word2vec(path: Path, words: Sequence[str]) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Read the vectors of some words.

    The first line declares how many words and dimensions follow. Each word is followed by a space
    and its numbers as little-endian float32; some writers end it with a line feed.

    Parameters
    ----------
    path : Path
    words : sequence of str

    Returns
    -------
    vectors : dict from str to float32 array, shape (d,)
        The first vector of each word and of its lower-case form.
    dimensions : int
        d.

    Raises
    ------
    CartographyError
        The file is malformed, cut short or beyond the limits of `vector_limits`.
    """
    forms = Forms(words)
    vectors: dict[str, NDArray[np.float32]] = {}
    with _open(path) as (data, dimensions, entries):
        for word, start in entries:
            form = forms.find(word)
            if form is not None and form not in vectors:
                vector = np.frombuffer(data[start : start + 4 * dimensions], "<f4")
                vectors[form] = limits.check_numbers(vector, path, f"word {form!r}")
    return vectors, dimensions


def first_words(path: Path, limit: int) -> list[bytes]:
    """Return the first `limit` words."""
    with _open(path) as (_, _, entries):
        return [word for word, _ in islice(entries, limit)]


@contextmanager
def _open(path: Path) -> Iterator[tuple[mmap, int, Iterator[tuple[bytes, int]]]]:
    """Map a file into memory: its bytes, its dimension, its words and where their numbers start."""
    with path.open("rb") as handle, closing(mmap(handle.fileno(), 0, access=ACCESS_READ)) as data:
        header = _HEADER.match(data[:_HEADER_BYTES])
        if header is None:
            raise CartographyError(f"{path}, line 1 has no two whole numbers; download it again")
        words, dimensions = (int(number) for number in header.groups())
        limits.check_words(words, f"{path}, line 1")
        limits.check_dimensions(dimensions, f"{path}, line 1")
        yield data, dimensions, _entries(path, data, header.end(), words, dimensions)


def _entries(
    path: Path, data: mmap, position: int, words: int, dimensions: int
) -> Iterator[tuple[bytes, int]]:
    size = 4 * dimensions
    remedy = "copy or download it again"
    if words * (1 + size) > len(data) - position:
        raise CartographyError(
            f"{path} is too small for the {words:,} words that it declares, so it is cut short; "
            f"{remedy}"
        )
    for number in range(1, words + 1):
        space = data.find(b" ", position, position + limits.WORD_BYTES + 1)
        if space < 0 and len(data) > position + limits.WORD_BYTES:
            raise CartographyError(
                f"{path}, word {number:,} is longer than {limits.WORD_BYTES:,} bytes, so it is "
                f"damaged; {remedy}"
            )
        if space < 0 or space + 1 + size > len(data):
            raise CartographyError(
                f"{path} declares {words:,} words but contains {number - 1:,}, so it is cut short; "
                f"{remedy}"
            )
        yield data[position:space].lstrip(b"\r\n"), space + 1
        position = space + 1 + size
    if data[position : position + _HEADER_BYTES].strip():
        raise CartographyError(
            f"{path} goes on after the {words:,} words that it declares, so it is damaged; {remedy}"
        )
