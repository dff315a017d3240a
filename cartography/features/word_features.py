"""Features from word vectors: the sum or mean of the vectors of a text's words."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.kinds import BLOCK, Coverage, Report, Transformed
from cartography.features.trained_vectors import train_on_corpus, vectors_key
from cartography.features.vector_files import example_words, file_key, read_vectors
from cartography.features.word_vectors import TOKENISER, Tokens, WordVectors, tokenise
from cartography.files import content_key, expand_home
from cartography.formatting import count_noun, join_names

TRAINED = "corpus"
"""Instead of a file: train fastText on the training corpus."""

Pooling = Literal["sum", "mean"]

_METHOD = "embedding-1"


@dataclass(frozen=True)
class WordFeatures:
    """The sum or mean of the vectors of a text's words.

    Attributes
    ----------
    vectors : str or Path
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
    dimensions : int
        Dimension of trained vectors, 1 to 300; a file has its own.

    Raises
    ------
    CartographyError
        An option is invalid.
    """

    vectors: str | Path = TRAINED
    pooling: Pooling = "sum"
    max_length: int | None = None
    tokens: Tokens = "words"
    padded_to: int | None = None
    dimensions: int = 300

    def __post_init__(self) -> None:
        if self.pooling not in ("sum", "mean"):
            raise CartographyError(f"unknown pooling {self.pooling!r}; give sum or mean")
        if self.max_length is not None and self.max_length < 1:
            raise CartographyError(f"--max-length must be 1 or more, not {self.max_length}")
        if not 1 <= self.dimensions <= 300:
            raise CartographyError(
                f"trained vectors have 1 to 300 dimensions, not {self.dimensions}"
            )
        if self.padded_to is not None and self.pooling != "sum":
            raise CartographyError("padding adds to a sum of word vectors: leave --pooling at sum")

    @property
    def is_trained(self) -> bool:
        """Whether the word vectors are trained on the corpus."""
        return self.vectors == TRAINED

    @property
    def path(self) -> Path:
        """The file of word vectors."""
        return expand_home(self.vectors)

    def key(self, training: Corpus) -> str:
        """Return the cache key of the fitted features."""
        vectors = (
            vectors_key(training, self.dimensions, self.tokens)
            if self.is_trained
            else file_key(self.path)
        )
        options = (self.pooling, str(self.max_length), self.tokens, str(self._padding(training)))
        return content_key(_METHOD, TOKENISER, vectors, *options)

    def describe(self, training: Corpus) -> str:
        """Return what the features are made of."""
        if self.is_trained:
            return f"fastText skip-gram trained on {training.name}, {self.dimensions} dimensions"
        return f"word vectors of {self.path.name}"

    def fit(self, training: Corpus, report: Report) -> FittedWordFeatures:  # noqa: ARG002
        """Return the features of this training corpus; vectors are looked up in `transform`."""
        return FittedWordFeatures(self, training, self._padding(training))

    def _padding(self, training: Corpus) -> _Padding | None:
        if self.padded_to is None:
            return None
        tokens = (token for text in training.texts for token in tokenise(text, self.tokens))
        return _Padding(next(tokens, ""), self.padded_to)


@dataclass(frozen=True, eq=False)
class FittedWordFeatures:
    """Word vectors for a training corpus.

    Attributes
    ----------
    kind : WordFeatures
    training : Corpus
    padding : _Padding or None
    """

    kind: WordFeatures
    training: Corpus
    padding: _Padding | None

    def transform(self, corpora: Sequence[Corpus], report: Report) -> Iterator[Transformed]:
        """Compute the features of each corpus; a file of vectors is read once for all of them.

        Raises
        ------
        CartographyError
            The vectors are missing or malformed or cover no word of the training corpus, fastText
            is needed but not installed, or a text is too long for padding.
        """
        kind = self.kind
        report(f"splitting {sum(map(len, corpora)):,} texts into words")
        bags = [_Bags.from_texts(each.texts, kind.max_length, kind.tokens) for each in corpora]
        words = tuple(dict.fromkeys(word for bag in bags for word in bag.words))
        if self.padding:
            for corpus, bag in zip(corpora, bags, strict=True):
                self.padding.check(bag, corpus.name)
            words = tuple(dict.fromkeys([*words, self.padding.word]))
        if kind.is_trained:
            report(f"training word vectors on {len(self.training):,} texts")
            vectors = train_on_corpus(self.training, words, kind.dimensions, kind.tokens)
        else:
            report(f"looking up {len(words):,} words in {kind.path.name}")
            vectors = read_vectors(kind.path, words)
        rows = {word: row for row, word in enumerate(words)}
        for corpus, bag in zip(corpora, bags, strict=True):
            # A test corpus may be uncovered (its coverage says so), but an uncovered training
            # corpus leaves nothing to learn from.
            if corpus is self.training and not any(vectors.has_vector[rows[w]] for w in bag.words):
                raise CartographyError(_say_uncovered(kind.path, bag.words, corpus))
            report(f"embedding {len(corpus):,} texts of {corpus.name}")
            yield self._transform(bag, vectors, rows)

    def _transform(self, bags: _Bags, vectors: WordVectors, rows: dict[str, int]) -> Transformed:
        word_rows = np.array([rows[word] for word in bags.words], dtype=np.int64)
        matrix, known = vectors.matrix[word_rows], vectors.has_vector[word_rows]
        known_tokens = bags.counts @ known.astype(np.float32)  # (n,)
        coverage = Coverage(
            words=len(known),
            known_words=int(known.sum()),
            tokens=int(bags.counts.sum(dtype=np.float64)),
            known_tokens=int(known_tokens.sum(dtype=np.float64)),
            uncovered_texts=int((known_tokens == 0).sum()),
        )

        def blocks() -> Iterator[NDArray[np.float32]]:
            for start in range(0, len(known_tokens), BLOCK):
                block = slice(start, start + BLOCK)
                features = bags.counts[block] @ matrix
                if self.padding:
                    fill = self.padding.length - bags.lengths[block, None]
                    features += fill * vectors.matrix[rows[self.padding.word]]
                if self.kind.pooling == "mean":
                    features /= np.maximum(known_tokens[block, None], 1)
                yield features

        return Transformed(matrix.shape[1], blocks(), coverage)


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
