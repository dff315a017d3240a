"""Read word vectors from fastText's models (.bin), without the fastText binding.

fastText would load the whole model (7 GB for the published ones), and on a truncated file it loops
for ever or returns uninitialised memory. With a memory map only the needed rows are read, and the
sizes are checked against the file's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.features import vector_limits as limits
from cartography.features.word_vectors import Forms

FIRST_BYTES = struct.pack("<i", 793712314)
"""What every model begins with."""

_VERSIONS = (11, 12)
_HEADER = struct.Struct("<4si12id")
_DICTIONARY = struct.Struct("<3i2q")
_ENTRY = 10  # after a word: a zero, a count of eight bytes, and one byte for the entry's type
_MATRIX = struct.Struct("<?2q")
_SUPERVISED = 3


def read_fasttext(path: Path, words: Sequence[str]) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Read the vectors of some words and their lower-case forms.

    Parameters
    ----------
    path : Path
    words : sequence of str

    Returns
    -------
    vectors : dict from str to float32 array, shape (d,)
        A model with subwords has vectors for more words than its dictionary.
    dimensions : int
        d.

    Raises
    ------
    CartographyError
        The model is malformed, cut short, quantised or beyond the limits of `vector_limits`.
    """
    forms = Forms(words)
    with _open_model(path) as data:
        layout = _read_layout(path, data, forms)
    matrix = np.memmap(path, "<f4", "r", layout.offset, layout.shape)
    vectors = {form: layout.vector(matrix, form) for form in layout.rows}
    for word in words:
        if layout.longest and word not in vectors and word.lower() not in vectors:
            vector = layout.vector(matrix, word)
            if vector.any():
                vectors[word] = vector
    for form, vector in vectors.items():
        limits.check_numbers(vector, path, f"word {form!r}")
    return vectors, layout.shape[1]


def first_words(path: Path, limit: int) -> list[bytes]:
    """Return the first `limit` words of the dictionary."""
    with _open_model(path) as data:
        _, words, *_ = _DICTIONARY.unpack_from(data, _HEADER.size)
        return [word for word, _ in islice(_entries(data, words), limit)]


@dataclass(frozen=True)
class _Layout:
    """The layout of a fastText model file.

    Attributes
    ----------
    rows : dict from str to int
        Matrix rows of the requested words.
    words, buckets : int
        The matrix has one row per word of the dictionary, then one per bucket of subwords.
    shortest, longest : int
        Lengths of the subwords in characters; a `longest` of 0 means no subwords.
    offset : int
        First byte of the matrix.
    shape : tuple of int
        Rows and columns of the matrix.
    """

    rows: dict[str, int]
    words: int
    buckets: int
    shortest: int
    longest: int
    offset: int
    shape: tuple[int, int]

    def vector(self, matrix: NDArray[np.float32], word: str) -> NDArray[np.float32]:
        """The mean of the rows of a word and its subwords (d,); zero if there are none."""
        rows = [self.rows[word]] if word in self.rows else []
        rows += [self.words + value % self.buckets for value in self._subword_hashes(word)]
        if not rows:
            return np.zeros(self.shape[1], dtype=np.float32)
        with np.errstate(all="ignore"):  # numbers that are not finite are refused later
            mean: NDArray[np.float32] = matrix[rows].mean(axis=0)
        return mean

    def _subword_hashes(self, word: str) -> list[int]:
        if not self.longest or not self.buckets or len(word) > limits.WORD_SUBWORDS:
            return []
        bounded = f"<{word}>"
        return [
            _fnv_hash(bounded[start : start + length].encode("utf-8", "surrogatepass"))
            for start in range(len(bounded))
            for length in range(max(self.shortest, 1), self.longest + 1)
            if start + length <= len(bounded)
            # The bounds < and > alone are not subwords.
            and not (length == 1 and start in (0, len(bounded) - 1))
        ]


def _fnv_hash(subword: bytes) -> int:
    """The 32-bit FNV-1a hash of fastText, which sign-extends bytes."""
    value = 2166136261
    for byte in subword:
        value = (value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619 & 0xFFFFFFFF
    return value


@contextmanager
def _open_model(path: Path) -> Iterator[mmap]:
    """Map a model into memory; what is wrong with it becomes a CartographyError."""
    try:
        with (
            path.open("rb") as handle,
            closing(mmap(handle.fileno(), 0, access=ACCESS_READ)) as data,
        ):
            yield data
    except (struct.error, ValueError) as error:
        reason = "it is cut short" if isinstance(error, struct.error) else error
        raise CartographyError(
            f"{path} is not a complete fastText model: {reason}; copy or download it again"
        ) from error


def _read_layout(path: Path, data: mmap, forms: Forms) -> _Layout:
    """Parse a fastText model; ValueError or `struct.error` if it is malformed or cut short."""
    _, version, dimensions, *options, _ = _HEADER.unpack_from(data, 0)
    if version not in _VERSIONS:
        raise ValueError(f"its version is {version}, not 11 or 12")
    limits.check_dimensions(dimensions, str(path))
    kind, buckets, shortest, longest = options[6:10]
    if version == _VERSIONS[0] and kind == _SUPERVISED:
        longest = 0
    if buckets < 0 or shortest < 0 or not 0 <= longest <= limits.SUBWORD:
        raise ValueError(
            f"it has {buckets:,} buckets of subwords of {shortest:,} to {longest:,} characters"
        )
    size, words, labels, _, pruned = _DICTIONARY.unpack_from(data, _HEADER.size)
    if size != words + labels or words <= 0 or labels < 0 or pruned > 0:
        raise ValueError("its dictionary is damaged or pruned")
    limits.check_words(size, str(path))
    position = _HEADER.size + _DICTIONARY.size
    rows: dict[str, int] = {}
    for row, (word, end) in enumerate(_entries(data, size)):
        position = end
        form = forms.find(word)
        if form is not None and row < words:
            rows.setdefault(form, row)
    quantised, matrix_rows, columns = _MATRIX.unpack_from(data, position)
    if quantised:
        raise ValueError("it is quantised, which is not supported")
    if (matrix_rows, columns) != (words + buckets, dimensions):
        raise ValueError("the sizes of its matrix and its dictionary differ")
    offset = position + _MATRIX.size
    end = offset + 4 * matrix_rows * columns
    if end > len(data):
        raise ValueError("it is cut short")
    _, output_rows, output_columns = _MATRIX.unpack_from(data, end)
    if min(output_rows, output_columns) < 0:
        raise ValueError("the size of its second matrix is negative")
    if end + _MATRIX.size + 4 * output_rows * output_columns > len(data):
        raise ValueError("it is cut short")
    return _Layout(rows, words, buckets, shortest, longest, offset, (matrix_rows, columns))


def _entries(data: mmap, size: int) -> Iterator[tuple[bytes, int]]:
    """The words of the dictionary, each with the position after its entry."""
    position = _HEADER.size + _DICTIONARY.size
    if size * (_ENTRY + 1) > len(data) - position:
        raise ValueError("it is cut short: its dictionary is larger than the file")
    for _ in range(size):
        end = data.find(b"\0", position, position + limits.WORD_BYTES + 1)
        if end < 0:
            raise ValueError(
                "it ends inside its dictionary, or a word is longer than "
                f"{limits.WORD_BYTES:,} bytes"
            )
        word = data[position:end]
        position = end + _ENTRY
        yield word, position
