"""Read files of word vectors: text, fastText's binary format and word2vec's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.features import vector_fasttext, vector_text, vector_word2vec
from cartography.features.vector_fasttext import FIRST_BYTES, read_fasttext
from cartography.features.vector_text import read_text
from cartography.features.vector_word2vec import is_word2vec, read_word2vec
from cartography.features.word_vectors import WordVectors, compose, gather_vectors
from cartography.files import content_key

SUFFIXES = (".vec", ".txt", ".vec.gz", ".txt.gz", ".zip", ".bin")
"""What the names of files of word vectors end with."""

_BINARY_PACKED = (".bin.gz", ".bin.zip")
_GIVE = "give a .vec, .txt or .bin file (a text file may be packed as .gz or .zip)"
_SAMPLES, _SAMPLE_BYTES = 64, 1 << 20
_LOOKED_THROUGH = 100  # words, for the first that have letters


def file_key(path: Path) -> str:
    """Cache key of a vector file, from its size and 64 samples of 1 MB.

    A digest of a whole published file (4 to 7 GB) would take seconds. Files of up to 64 MB are
    read whole; in larger ones, an edit between the samples that keeps the size goes unnoticed.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    CartographyError
        The file does not exist or has an unknown suffix.
    """
    size = require_vector_file(path).stat().st_size
    step = max(_SAMPLE_BYTES, (size - _SAMPLE_BYTES) // (_SAMPLES - 1))
    with path.open("rb") as handle:
        samples = []
        for start in range(0, size, step):
            handle.seek(start)
            samples.append(handle.read(_SAMPLE_BYTES))
    return content_key(str(size), *samples)


def require_vector_file(path: Path) -> Path:
    """Return `path`; raise CartographyError unless it is a file with a known suffix."""
    if not path.is_file():
        raise CartographyError(f"no vectors at {path}; {_GIVE}, or corpus")
    name = path.name.lower()
    if name.endswith(_BINARY_PACKED):
        raise CartographyError(
            f"{path} is a packed binary file, which is read in place: unpack it first, and give "
            f"{path.stem}"
        )
    if not name.endswith(SUFFIXES):
        raise CartographyError(f"{path} is not known as a file of word vectors; {_GIVE}")
    return path


def read_vectors(path: Path, words: Sequence[str]) -> WordVectors:
    """Read the vectors of some words from a file, without the fastText binding.

    Parameters
    ----------
    path : Path
        Text: .vec or .txt, also packed by gzip (.gz) or alone in a .zip. Binary: .bin of fastText
        or word2vec. Only the rows of `words` are parsed. The limits are in `vector_limits`.
    words : sequence of str
        Words of the file are compared in composed form (NFC). A word that is not in the file takes
        the vector of its lower case. A binary trained with subwords also has vectors for words
        that it does not contain.

    Returns
    -------
    WordVectors

    Raises
    ------
    CartographyError
        The file does not exist, has an unknown suffix, cannot be read, is malformed or too large.
    """
    composed = [compose(word) for word in words]
    try:
        vectors, dimensions = _format_of(path).read(path, composed)
    except OSError as error:
        raise CartographyError(f"{path} cannot be read: {error.strerror or error}") from error
    found = gather_vectors(composed, vectors, dimensions)
    return WordVectors(tuple(words), found.matrix, found.has_vector)


def example_words(path: Path, count: int = 3) -> list[str]:
    """Return the first words of a file that begin with a letter, to show what it contains.

    Parameters
    ----------
    path : Path
        A file that `read_vectors` has read.
    count : int, default 3

    Returns
    -------
    list of str
        At most `count` of the file's first hundred words.
    """
    first = _format_of(path).first_words(path, _LOOKED_THROUGH)
    decoded = [word.decode("utf-8", "replace") for word in first]
    return [word for word in decoded if word[:1].isalpha()][:count]


class _Format(NamedTuple):
    """How one format is read: the vectors of some words, and its first words."""

    read: Callable[[Path, Sequence[str]], tuple[dict[str, NDArray[np.float32]], int]]
    first_words: Callable[[Path, int], list[bytes]]


def _format_of(path: Path) -> _Format:
    if require_vector_file(path).suffix.lower() != ".bin":
        return _Format(read_text, vector_text.first_words)
    with path.open("rb") as handle:
        beginning = handle.read(100)
    if beginning and FIRST_BYTES.startswith(beginning[: len(FIRST_BYTES)]):
        return _Format(read_fasttext, vector_fasttext.first_words)
    if is_word2vec(beginning):
        return _Format(read_word2vec, vector_word2vec.first_words)
    raise CartographyError(
        f"{path} begins neither as a fastText model nor as a word2vec file: if it is a text file, "
        "end its name with .vec; else download it again"
    )
