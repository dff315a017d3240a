"""Read files of word vectors: text (.vec, .vec.gz) and fastText's binary format (.bin)."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.features.word_vectors import WordVectors, gather_vectors
from cartography.files import content_key

_MAGIC, _VERSIONS = 793712314, (11, 12)
_HEADER = struct.Struct("<2i12id")
_DICTIONARY = struct.Struct("<3i2q")
_MATRIX = struct.Struct("<?2q")
_SUPERVISED = 3
_LARGEST_DIMENSION = 100_000
_SAMPLES, _SAMPLE_BYTES = 64, 1 << 20


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
        raise CartographyError(
            f"no vectors at {path}; give a .vec, .vec.gz or .bin file, or corpus"
        )
    if not path.name.lower().endswith((".vec", ".vec.gz", ".bin")):
        raise CartographyError(
            f"{path}: vectors are read from .vec, .vec.gz (text) and .bin (fastText) files"
        )
    return path


def read_vectors(path: Path, words: Sequence[str]) -> WordVectors:
    """Read the vectors of some words from a file, without the fastText binding.

    Parameters
    ----------
    path : Path
        A .vec, .vec.gz or .bin file. Only the rows of `words` are parsed.
    words : sequence of str
        A word that is not in the file takes the vector of its lower case. A binary trained with
        subwords also has vectors for words that it does not contain.

    Returns
    -------
    WordVectors

    Raises
    ------
    CartographyError
        The file does not exist, has an unknown suffix, cannot be read or is malformed.
    """
    reader = _read_binary if require_vector_file(path).suffix.lower() == ".bin" else _read_text
    try:
        return reader(path, words)
    except OSError as error:
        raise CartographyError(f"{path} cannot be read: {error.strerror or error}") from error


def _forms(words: Iterable[str]) -> dict[bytes, str]:
    """The words and their lower-case forms, keyed by their bytes in a file."""
    forms = {form for word in words for form in (word, word.lower())}
    return {form.encode("utf-8", "surrogatepass"): form for form in forms}


def _read_text(path: Path, words: Sequence[str]) -> WordVectors:
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as lines:
                return _parse_lines(path, lines, words)
        with path.open("rb") as lines:
            return _parse_lines(path, lines, words)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CartographyError(f"{path} is not a complete gzip file ({error})") from error


def _parse_lines(path: Path, lines: Iterable[bytes], words: Sequence[str]) -> WordVectors:
    forms = _forms(words)
    vectors: dict[str, NDArray[np.float32]] = {}
    declared = dimensions = number = 0
    for number, line in enumerate(lines, 1):
        if number == 1:
            declared, dimensions = _parse_header(path, line)
            if declared:
                continue
        form = forms.get(line.partition(b" ")[0])
        if form is not None and form not in vectors:
            vector = _parse_vector(path, number, line, dimensions)
            if vector is not None:
                vectors[form] = vector
    count = number - bool(declared)
    if count < declared:
        raise CartographyError(
            f"{path} declares {declared:,} words but contains {count:,}, so it is cut short; "
            "copy it again"
        )
    return gather_vectors(words, vectors, dimensions)


def _parse_header(path: Path, line: bytes) -> tuple[int, int]:
    """Number of words (0 if the first line is not a header) and dimension."""
    fields = line.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields) and int(fields[1]) > 0:
        return int(fields[0]), int(fields[1])
    try:
        dimensions = len([float(field) for field in fields[1:]])
    except ValueError:
        dimensions = 0
    if not 0 < dimensions <= _LARGEST_DIMENSION:
        raise CartographyError(f"{path}, line 1 is neither a header nor a word and its numbers")
    return 0, dimensions


def _parse_vector(
    path: Path, number: int, line: bytes, dimensions: int
) -> NDArray[np.float32] | None:
    """The vector on a line; None if the word contains a space, as in some published files."""
    fields = line.split()[1:]
    if len(fields) > dimensions and not _is_number(fields[0]):
        return None
    try:
        with np.errstate(over="ignore"):
            vector = np.array([float(field) for field in fields], dtype=np.float32)
    except ValueError as error:
        wrong = next(field for field in fields if not _is_number(field))
        raise CartographyError(
            f"{path}, line {number}: {wrong.decode(errors='replace')!r} is not a number"
        ) from error
    if len(vector) != dimensions:
        raise CartographyError(
            f"{path}, line {number} has {len(vector)} instead of {dimensions} numbers"
        )
    if not np.isfinite(vector).all():
        raise CartographyError(f"{path}, line {number} has a number that is not finite")
    return vector


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _read_binary(path: Path, words: Sequence[str]) -> WordVectors:
    # fastText would load the whole model (7 GB for the published ones), and on a truncated file
    # it loops for ever or returns uninitialised memory. With a memory map only the needed rows
    # are read, and the sizes are checked against the file's.
    try:
        with (
            path.open("rb") as handle,
            closing(mmap(handle.fileno(), 0, access=ACCESS_READ)) as data,
        ):
            layout = _read_layout(data, _forms(words))
    except (struct.error, ValueError) as error:
        reason = "it is cut short" if isinstance(error, struct.error) else error
        raise CartographyError(
            f"{path} is not a complete fastText model: {reason}; copy or download it again"
        ) from error
    matrix = np.memmap(path, "<f4", "r", layout.offset, layout.shape)
    vectors = {form: layout.vector(matrix, form) for form in layout.rows}
    for word in words:
        if layout.longest and word not in vectors and word.lower() not in vectors:
            vector = layout.vector(matrix, word)
            if vector.any():
                vectors[word] = vector
    return gather_vectors(words, vectors, layout.shape[1])


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
        mean: NDArray[np.float32] = matrix[rows].mean(axis=0)
        return mean

    def _subword_hashes(self, word: str) -> list[int]:
        if not self.longest or not self.buckets:
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


def _read_layout(data: mmap, forms: dict[bytes, str]) -> _Layout:
    """Parse a fastText model; ValueError or `struct.error` if it is malformed or cut short."""
    magic, version, dimensions, *options, _ = _HEADER.unpack_from(data, 0)
    if magic != _MAGIC or version not in _VERSIONS:
        raise ValueError("its first bytes are not those of a model")
    kind, buckets, shortest, longest = options[6:10]
    if version == _VERSIONS[0] and kind == _SUPERVISED:
        longest = 0
    size, words, labels, _, pruned = _DICTIONARY.unpack_from(data, _HEADER.size)
    if size != words + labels or words < 0 or labels < 0 or pruned > 0:
        raise ValueError("its dictionary is damaged or pruned")
    position = _HEADER.size + _DICTIONARY.size
    rows: dict[str, int] = {}
    for row in range(size):
        end = data.find(b"\0", position)
        if end < 0:
            raise ValueError("it ends inside its dictionary")
        form = forms.get(data[position:end])
        if form is not None and row < words:
            rows[form] = row
        position = end + 10  # the zero, a count of eight bytes, and one byte for the entry type
    quantised, matrix_rows, columns = _MATRIX.unpack_from(data, position)
    if quantised:
        raise ValueError("it is quantised, which is not supported")
    if (matrix_rows, columns) != (words + buckets, dimensions) or columns <= 0 or words <= 0:
        raise ValueError("the sizes of its matrix and its dictionary differ")
    offset = position + _MATRIX.size
    end = offset + 4 * matrix_rows * columns
    _, output_rows, output_columns = _MATRIX.unpack_from(data, end)
    if end + _MATRIX.size + 4 * output_rows * output_columns > len(data):
        raise ValueError("it is cut short")
    return _Layout(rows, words, buckets, shortest, longest, offset, (matrix_rows, columns))
