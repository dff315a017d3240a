"""Features of texts: the sum or mean of their word vectors, cached by content."""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.trained_vectors import train_on_corpus, vectors_key
from cartography.features.vector_files import example_words, file_key, read_vectors
from cartography.features.word_vectors import TOKENISER, Tokens, WordVectors, tokenise
from cartography.files import atomic_write, cache_folder, content_key, expand_home
from cartography.formatting import count_noun, join_names

CORPUS_VECTORS = "corpus"
"""Instead of a file: train word vectors on the training corpus."""

Pooling = Literal["sum", "mean"]

_VERSION = "embedding-1"
_BLOCK = 16_384  # texts per product: 20 MB of features at 300 dimensions


@dataclass(frozen=True)
class Coverage:
    """How much of a corpus has word vectors.

    Attributes
    ----------
    words, known_words : int
        Number of distinct words, and of those with a vector.
    tokens, known_tokens : int
        Number of occurrences of all words, and of those with a vector.
    uncovered_texts : int
        Number of texts without a single word vector; their features are all zero.
    """

    words: int
    known_words: int
    tokens: int
    known_tokens: int
    uncovered_texts: int

    @property
    def word_share(self) -> float:
        """Fraction of the distinct words that have a vector, 1 if there are no words."""
        return self.known_words / self.words if self.words else 1.0

    @property
    def token_share(self) -> float:
        """Fraction of the tokens that have a vector, 1 if there are no tokens."""
        return self.known_tokens / self.tokens if self.tokens else 1.0

    @property
    def summary(self) -> str:
        """The coverage in one sentence."""
        return (
            f"{self.known_words:,} of {self.words:,} words ({_percent(self.word_share)}) have a "
            f"vector, {_percent(self.token_share)} of all tokens; {self.uncovered_texts:,} texts "
            "have none"
        )


@dataclass(frozen=True, eq=False)
class Embedding:
    """Features of a corpus and their origin.

    Attributes
    ----------
    features : float32 array, shape (n, d)
        A read-only memory map of the cached file.
    coverage : Coverage
    vectors : str
        Description of the word vectors.
    key : str
        Cache key, 32 hexadecimal digits. It depends on the texts, the vectors and all options of
        `embed` that change the features.
    """

    features: NDArray[np.float32]
    coverage: Coverage
    vectors: str
    key: str


def embed(
    corpora: Sequence[Corpus],
    vectors: str | Path = CORPUS_VECTORS,
    *,
    pooling: Pooling = "sum",
    max_length: int | None = None,
    tokens: Tokens = "words",
    padded_to: int | None = None,
    dimensions: int = 300,
    progress: Callable[[str], None] | None = None,
) -> tuple[Embedding, ...]:
    """Compute the features of one or more corpora, or read them from the cache.

    Parameters
    ----------
    corpora : sequence of Corpus
        The training corpus first.
    vectors : str or Path, default "corpus"
        A file that `read_vectors` reads, or "corpus" to train fastText on the training corpus.
    pooling : {"sum", "mean"}
        How to combine the vectors of a text's words. Words without a vector are ignored.
    max_length : int, optional
        Use only the first `max_length` tokens of a text.
    tokens : {"words", "white_space"}
        See `tokenise`.
    padded_to : int, optional
        Pad texts to this number of tokens with the first word of the training corpus (see the
        switch `padding`). Only for sums.
    dimensions : int, default 300
        Dimension of trained vectors, 1 to 300; a file has its own.
    progress : callable, optional
        Called with a sentence before each long step.

    Returns
    -------
    tuple of Embedding
        One per corpus.

    Raises
    ------
    CartographyError
        An option is invalid, the vectors are missing or malformed or cover no word of the
        training corpus, fastText is needed but not installed, or a text is too long for padding.
    """
    _check_options(pooling, max_length, dimensions)
    if padded_to is not None and pooling != "sum":
        raise CartographyError("padding adds to a sum of word vectors: leave --pooling at sum")
    training = corpora[0]
    trained = vectors == CORPUS_VECTORS
    vectors_id = (
        vectors_key(training, dimensions, tokens) if trained else file_key(expand_home(vectors))
    )
    padding = None
    if padded_to is not None:
        training_tokens = (token for text in training.texts for token in tokenise(text, tokens))
        padding = _Padding(next(training_tokens, ""), padded_to)
    description = (
        f"fastText skip-gram trained on {training.name}, {dimensions} dimensions"
        if trained
        else f"word vectors of {Path(vectors).name}"
    )
    keys = [
        content_key(
            *(_VERSION, TOKENISER, corpus.texts_key, vectors_id, pooling, str(max_length)),
            *(tokens, str(padding)),
        )
        for corpus in corpora
    ]
    report = progress or (lambda _: None)
    missing = [
        i for i, key in enumerate(keys) if _read_cache(key, len(corpora[i]), description) is None
    ]
    if missing:
        report(f"splitting {sum(len(corpora[i]) for i in missing):,} texts into words")
        bags = [_Bags.from_texts(corpora[i].texts, max_length, tokens) for i in missing]
        words = tuple(dict.fromkeys(word for bag in bags for word in bag.words))
        if padding:
            for i, bag in zip(missing, bags, strict=True):
                padding.check(bag, corpora[i].name)
            words = tuple(dict.fromkeys([*words, padding.word]))
        if trained:
            report(f"training word vectors on {len(training):,} texts")
            word_vectors = train_on_corpus(training, words, dimensions, tokens)
        else:
            report(f"looking up {len(words):,} words in {Path(vectors).name}")
            word_vectors = read_vectors(expand_home(vectors), words)
        rows = {word: row for row, word in enumerate(words)}
        # A test corpus may be uncovered (its coverage says so), but an uncovered training corpus
        # leaves nothing to learn from.
        if missing[0] == 0 and not any(word_vectors.has_vector[rows[w]] for w in bags[0].words):
            raise CartographyError(_say_uncovered(expand_home(vectors), bags[0].words, training))
        for i, bag in zip(missing, bags, strict=True):
            report(f"embedding {len(corpora[i]):,} texts of {corpora[i].name}")
            _write_cache(keys[i], bag, word_vectors, rows, pooling, padding)
    return tuple(
        _require_cached(key, len(corpus), description)
        for key, corpus in zip(keys, corpora, strict=True)
    )


@dataclass(frozen=True, eq=False)
class _Bags:
    """Bags of words: the V distinct words of n texts and their sparse counts (n, V)."""

    words: tuple[str, ...]
    counts: sparse.csr_array

    @classmethod
    def from_texts(cls, texts: Iterable[str], max_length: int | None, rule: Tokens) -> _Bags:
        # No token contains white space, so each distinct piece between white space is tokenised
        # only once: counts (n, V) = pieces in texts (n, P) @ words in pieces (P, V).
        if max_length is None:
            piece_lists = (text.split() for text in texts)
        else:
            piece_lists = (tokenise(text, rule)[:max_length] for text in texts)
        pieces, pieces_in_texts = _count_strings(piece_lists)
        words, words_in_pieces = _count_strings(tokenise(piece, rule) for piece in pieces)
        counts = pieces_in_texts @ words_in_pieces
        counts.sort_indices()
        return cls(words, counts)

    @property
    def lengths(self) -> NDArray[np.float32]:
        """Number of tokens of each text (n,)."""
        return self.counts @ np.ones(len(self.words), dtype=np.float32)


@dataclass(frozen=True)
class _Padding:
    """Pad texts with `word` to `length` tokens. The repr is part of the cache key."""

    word: str
    length: int

    def check(self, bags: _Bags, name: str) -> None:
        longest = int(bags.lengths.max(initial=0))
        if longest > self.length:
            raise CartographyError(
                f"{name} has a text of {longest:,} tokens, longer than the padding "
                f"({self.length}): cut texts with --max-length, or set padding=off"
            )


def _count_strings(lists: Iterable[list[str]]) -> tuple[tuple[str, ...], sparse.csr_array]:
    """The distinct strings in order of first occurrence, and their counts per list (n, V).

    A string that occurs k times in a list has k entries of 1.
    """
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    ends = array("i", [0])

    def record_ends() -> Iterator[list[str]]:
        for strings_of_list in lists:
            ends.append(ends[-1] + len(strings_of_list))
            yield strings_of_list

    columns = np.fromiter(
        map(numbers.__getitem__, chain.from_iterable(record_ends())), dtype=np.intc
    )
    ones = np.ones(len(columns), dtype=np.float32)
    shape = (len(ends) - 1, len(numbers))
    return tuple(numbers), sparse.csr_array((ones, columns, np.array(ends)), shape=shape)


def _write_cache(
    key: str,
    bags: _Bags,
    word_vectors: WordVectors,
    rows: dict[str, int],
    pooling: Pooling,
    padding: _Padding | None,
) -> None:
    """Write coverage, then features: a pair is complete once its features exist."""
    word_rows = np.array([rows[word] for word in bags.words], dtype=np.int64)
    matrix, known = word_vectors.matrix[word_rows], word_vectors.has_vector[word_rows]
    known_tokens = bags.counts @ known.astype(np.float32)  # (n,)
    coverage = Coverage(
        words=len(known),
        known_words=int(known.sum()),
        tokens=int(bags.counts.sum(dtype=np.float64)),
        known_tokens=int(known_tokens.sum(dtype=np.float64)),
        uncovered_texts=int((known_tokens == 0).sum()),
    )
    features_path, coverage_path = _paths(key)
    with atomic_write(coverage_path) as temporary:
        temporary.write_text(json.dumps(asdict(coverage)), encoding="utf-8")
    shape = (bags.counts.shape[0], matrix.shape[1])
    with atomic_write(features_path) as temporary, temporary.open("wb") as handle:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(handle, header)
        for start in range(0, len(known_tokens), _BLOCK):
            block = slice(start, start + _BLOCK)
            features = bags.counts[block] @ matrix
            if padding:
                fill = padding.length - bags.lengths[block, None]
                features += fill * word_vectors.matrix[rows[padding.word]]
            if pooling == "mean":
                features /= np.maximum(known_tokens[block, None], 1)
            handle.write(features)


def _paths(key: str) -> tuple[Path, Path]:
    folder = cache_folder() / "embeddings"
    return folder / f"{key}.npy", folder / f"{key}.json"


def _read_cache(key: str, texts: int, vectors: str) -> Embedding | None:
    """The embedding cached under `key`; None if a file is missing or damaged."""
    features_path, coverage_path = _paths(key)
    try:
        features = np.load(features_path, mmap_mode="r")
        coverage = Coverage(**json.loads(coverage_path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, EOFError):
        return None
    if features.dtype != np.float32 or features.ndim != 2 or len(features) != texts:
        return None
    return Embedding(features, coverage, vectors, key)


def _require_cached(key: str, texts: int, vectors: str) -> Embedding:
    embedding = _read_cache(key, texts, vectors)
    if embedding is None:
        raise CartographyError(
            f"the features just written to {_paths(key)[0]} cannot be read; "
            "check the free space of that disk"
        )
    return embedding


def _say_uncovered(path: Path, words: Sequence[str], corpus: Corpus) -> str:
    """Why no word of the training corpus has a vector: words of both, side by side."""
    if not words:
        return f"{corpus.name} has no word in any text; name another column with --text"
    of_file = example_words(path)
    contains = f"contains words like {_quoted(of_file)}" if of_file else "contains no words"
    of_corpus = [word for word in words if word[0].isalpha()] or words
    return (
        f"{path} has no vector for any of the {count_noun(len(words), 'word')} of {corpus.name}, "
        f"such as {_quoted(of_corpus[:3])}; it {contains}: give vectors of the corpus's language"
    )


def _quoted(words: Sequence[str]) -> str:
    return join_names([repr(word[:30]) for word in words])


def _check_options(pooling: str, max_length: int | None, dimensions: int) -> None:
    if pooling not in ("sum", "mean"):
        raise CartographyError(f"unknown pooling {pooling!r}; give sum or mean")
    if max_length is not None and max_length < 1:
        raise CartographyError(f"--max-length must be 1 or more, not {max_length}")
    if not 1 <= dimensions <= 300:
        raise CartographyError(f"trained vectors have 1 to 300 dimensions, not {dimensions}")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
