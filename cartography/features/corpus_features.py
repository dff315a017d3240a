"""Features made from the corpus alone: word vectors by PPMI beside latent semantic analysis.

Both need no other texts, no compiler and no download, and give the same numbers for any number of
threads.
"""

from __future__ import annotations

import zipfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.kinds import BLOCK, Coverage, Report, Transformed
from cartography.features.word_vectors import TOKENISER, tokenise
from cartography.files import atomic_write, cache_folder, content_key

_METHOD = "corpus-1"
_DIMENSIONS = 300  # of each half
_WINDOW = 5
_CONTEXT_POWER = 0.75
_MOST_WORDS, _MOST_TERMS = 30_000, 50_000
_LEAST_TEXTS = 2
_WEIGHT_OF_WORDS = np.float32(2)
_ROUNDS = 1  # of the randomised decomposition; more gained nothing
_SEED = 0
# More would take longer than the features gain: vectors of frequent words hardly change.
_MOST_TOKENS = 1_500_000


@dataclass(frozen=True)
class CorpusFeatures:
    """PPMI word vectors and LSA, fitted on the training corpus.

    The first half of a text's features is the sum of its word vectors, each times (1 + log count)
    and the word's inverse document frequency. A word vector is a row of U S, of the truncated
    singular value decomposition of the positive pointwise mutual information of words that occur
    within 5 words of each other. The second half is the text's row of latent semantic analysis: the
    decomposition of TF-IDF of words and word pairs. Each half is scaled to unit length, the first
    counts twice, and the whole has length sqrt(d).

    References
    ----------
    Deerwester et al. (1990), Indexing by latent semantic analysis. Levy & Goldberg (2014), Neural
    word embedding as implicit matrix factorization. Halko, Martinsson & Tropp (2011), Finding
    structure with randomness.
    """

    def key(self, training: Corpus) -> str:
        """Return the cache key of the fitted features."""
        versions = [version(package) for package in ("numpy", "scipy", "scikit-learn")]
        return content_key(_METHOD, TOKENISER, training.texts_key, *versions)

    def describe(self, training: Corpus) -> str:
        """Return what the features are made of."""
        return f"word vectors by PPMI and LSA, fitted on {training.name}"

    def fit(self, training: Corpus, report: Report) -> FittedCorpusFeatures:
        """Fit the features, or read them from the cache.

        Raises
        ------
        CartographyError
            No text has a word.
        """
        path = cache_folder() / "features" / f"{self.key(training)}.npz"
        fitted = _read_cache(path)
        if fitted is None:
            report(f"fitting features on {len(training):,} texts")
            fitted = _fit(training)
            with atomic_write(path) as temporary:
                joined = "\n".join(fitted.words).encode("utf-8", "surrogatepass")
                arrays = {name: getattr(fitted, name) for name in _ARRAYS}
                np.savez(temporary, words=np.frombuffer(joined, np.uint8), **arrays)
        return fitted


@dataclass(frozen=True, eq=False)
class FittedCorpusFeatures:
    """Fitted features: a vocabulary of V words and P pairs of words, and their vectors.

    Attributes
    ----------
    words : tuple of str, length V
        In lower case.
    pairs : int64 array, shape (P,)
        Sorted: first word * V + second word.
    idf : float32 array, shape (V + P,)
        Inverse document frequencies of the words, then of the pairs.
    word_vectors : float32 array, shape (V, d1)
    components : float32 array, shape (V + P, d2)
        Right singular vectors of LSA.
    """

    words: tuple[str, ...]
    pairs: NDArray[np.int64]
    idf: NDArray[np.float32]
    word_vectors: NDArray[np.float32]
    components: NDArray[np.float32]

    def transform(self, corpora: Sequence[Corpus], report: Report) -> Iterator[Transformed]:
        """Compute the features of each corpus."""
        dimensions = self.word_vectors.shape[1] + self.components.shape[1]
        for corpus in corpora:
            report(f"computing features of {len(corpus):,} texts of {corpus.name}")
            vocabulary = {word: number for number, word in enumerate(self.words)}
            texts = _Tokens.of(corpus.texts, vocabulary)
            coverage = texts.coverage(len(self.words), len(vocabulary))
            yield Transformed(dimensions, self._blocks(texts), coverage)

    def _blocks(self, texts: _Tokens) -> Iterator[NDArray[np.float32]]:
        words = len(self.words)
        for start in range(0, len(texts), BLOCK):
            block = texts.part(start, start + BLOCK)
            counts = block.counts(words)
            terms = sparse.hstack([counts, block.pair_counts(words, self.pairs)], format="csr")
            halves = (
                _WEIGHT_OF_WORDS * _unit_rows(_weighted(counts, self.idf) @ self.word_vectors),
                _unit_rows(_weighted(terms, self.idf) @ self.components),
            )
            joined = np.hstack(halves)
            yield np.sqrt(np.float32(joined.shape[1])) * _unit_rows(joined)


_ARRAYS = tuple(part.name for part in fields(FittedCorpusFeatures) if part.name != "words")


@dataclass(frozen=True, eq=False)
class _Tokens:
    """The tokens of n texts, one after the other, as numbers.

    Attributes
    ----------
    numbers : int64 array, shape (T,)
    texts : int64 array, shape (T,)
        The text of each token.
    ends : int64 array, shape (n + 1,)
        Where each text begins, and the end of the last.
    """

    numbers: NDArray[np.int64]
    texts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Iterable[str], vocabulary: dict[str, int]) -> _Tokens:
        """Split texts into lower-case tokens; words that `vocabulary` lacks are added to it."""
        # No token contains white space, so each distinct piece between white space is split once.
        pieces: dict[str, list[int]] = {}
        numbers, ends = array("q"), array("q", [0])
        for text in texts:
            for piece in text.lower().split():
                if piece not in pieces:
                    pieces[piece] = [
                        vocabulary.setdefault(token, len(vocabulary)) for token in tokenise(piece)
                    ]
                numbers.extend(pieces[piece])
            ends.append(len(numbers))
        return cls._of(np.array(numbers, dtype=np.int64), np.array(ends, dtype=np.int64))

    @classmethod
    def _of(cls, numbers: NDArray[np.int64], ends: NDArray[np.int64]) -> _Tokens:
        return cls(numbers, np.repeat(np.arange(len(ends) - 1), np.diff(ends)), ends)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def part(self, start: int, end: int) -> _Tokens:
        """The texts from `start` to before `end`."""
        ends = self.ends[start : end + 1]
        return self._of(self.numbers[ends[0] : ends[-1]], ends - ends[0])

    def every(self, stride: int) -> _Tokens:
        """Every `stride`-th text."""
        kept = self.texts % stride == 0
        lengths = np.diff(self.ends)[::stride]
        return self._of(self.numbers[kept], np.concatenate([[0], np.cumsum(lengths)]))

    def renumbered(self, new: NDArray[np.int64]) -> _Tokens:
        """The same texts, where number i is `new[i]`."""
        return _Tokens(new[self.numbers], self.texts, self.ends)

    def counts(self, words: int) -> sparse.csr_array:
        """How often each text has each of the first `words` words (n, words)."""
        known = self.numbers < words
        return _count(self.texts[known], self.numbers[known], (len(self), words))

    def pair_counts(self, words: int, pairs: NDArray[np.int64]) -> sparse.csr_array:
        """How often each text has each of `pairs` (n, P)."""
        texts, first, second = self.neighbours(1, words)
        found = first * words + second
        columns = np.searchsorted(pairs, found)
        known = columns < len(pairs)
        known[known] = pairs[columns[known]] == found[known]
        return _count(texts[known], columns[known], (len(self), len(pairs)))

    def neighbours(
        self, distance: int, words: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Text, first and second word of each two of the first `words` words at `distance`."""
        first, second = self.numbers[:-distance], self.numbers[distance:]
        together = self.texts[:-distance] == self.texts[distance:]
        together &= (first < words) & (second < words)
        return self.texts[:-distance][together], first[together], second[together]

    def coverage(self, known: int, words: int) -> Coverage:
        """How much of the texts the first `known` of `words` words cover."""
        is_known = self.numbers < known
        occurs = np.zeros(words, dtype=bool)
        occurs[self.numbers] = True
        covered = np.zeros(len(self), dtype=bool)
        covered[self.texts[is_known]] = True
        return Coverage(
            words=int(occurs.sum()),
            known_words=int(occurs[:known].sum()),
            tokens=len(self.numbers),
            known_tokens=int(is_known.sum()),
            uncovered_texts=int((~covered).sum()),
        )


def _count(
    rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]
) -> sparse.csr_array:
    counts = sparse.csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
    counts.sum_duplicates()
    return counts


def _fit(training: Corpus) -> FittedCorpusFeatures:
    from threadpoolctl import threadpool_limits

    vocabulary: dict[str, int] = {}
    texts = _Tokens.of(training.texts, vocabulary)
    if not vocabulary:
        raise CartographyError(
            f"{training.name} has no word in any text, so no features can be made from it; name "
            "another column with --text"
        )
    texts = texts.every(max(1, -(-len(texts.numbers) // _MOST_TOKENS)))
    frequencies = _text_frequencies(texts.texts, texts.numbers, (len(texts), len(vocabulary)))
    chosen = _most_frequent(frequencies, _MOST_WORDS)
    words = len(chosen)
    new = np.full(len(vocabulary), words)
    new[chosen] = np.arange(words)
    texts = texts.renumbered(new)
    pairs, pair_frequencies = _frequent_pairs(texts, words)
    idf = _idf(np.concatenate([frequencies[chosen], pair_frequencies]), len(texts))
    counts = texts.counts(words)
    terms = sparse.hstack([counts, texts.pair_counts(words, pairs)], format="csr")
    # With one thread, sums have the same order on machines of any width.
    with threadpool_limits(1):
        left, scales, _ = _decompose(_ppmi(texts, words))
        _, _, right = _decompose(_unit_sparse_rows(_weighted(terms, idf)))
    names = list(vocabulary)
    return FittedCorpusFeatures(
        words=tuple(names[number] for number in chosen.tolist()),
        pairs=pairs,
        idf=idf,
        word_vectors=left * scales,
        components=np.ascontiguousarray(right.T),
    )


def _text_frequencies(
    texts: NDArray[np.int64], terms: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.int64]:
    """In how many texts each term occurs."""
    return np.bincount(_count(texts, terms, shape).indices, minlength=shape[1])


def _most_frequent(frequencies: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most `most` terms that are in two texts (in one, if none is in two), frequent first."""
    kept = np.flatnonzero(frequencies >= min(_LEAST_TEXTS, frequencies.max(initial=1)))
    return kept[np.argsort(-frequencies[kept], kind="stable")][:most]


def _frequent_pairs(texts: _Tokens, words: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs of words side by side that are in at least two texts, sorted, and in how many."""
    in_texts, first, second = texts.neighbours(1, words)
    distinct, terms = np.unique(first * words + second, return_inverse=True)
    frequencies = _text_frequencies(in_texts, terms, (len(texts), len(distinct)))
    kept = np.flatnonzero(frequencies >= _LEAST_TEXTS)
    kept = kept[np.argsort(-frequencies[kept], kind="stable")][: max(0, _MOST_TERMS - words)]
    kept.sort()
    return distinct[kept], frequencies[kept]


def _idf(frequencies: NDArray[np.int64], texts: int) -> NDArray[np.float32]:
    """Inverse document frequencies, smoothed as if one more text had every term."""
    return (np.log((1 + texts) / (1 + frequencies)) + 1).astype(np.float32)


def _weighted(counts: sparse.csr_array, idf: NDArray[np.float32]) -> sparse.csr_array:
    """(1 + log count) * idf."""
    values = (1 + np.log(counts.data)) * idf[counts.indices]
    return sparse.csr_array((values, counts.indices, counts.indptr), shape=counts.shape)


def _ppmi(texts: _Tokens, words: int) -> sparse.csr_array:
    """Positive pointwise mutual information of words near each other (V, V).

    A pair at distance k counts 1/k; the counts of contexts are raised to a power below 1, which
    takes weight from rare ones.
    """
    together = sparse.csr_array((words, words), dtype=np.float32)
    for distance in range(1, _WINDOW + 1):
        _, first, second = texts.neighbours(distance, words)
        counts = _count(first, second, (words, words)) / np.float32(distance)
        together = together + counts + counts.T
    pairs = together.tocoo()
    of_word = together.sum(axis=1, dtype=np.float64)
    of_context = together.sum(axis=0, dtype=np.float64) ** _CONTEXT_POWER
    rows, columns = pairs.coords
    information = np.log(pairs.data * of_context.sum() / (of_word[rows] * of_context[columns]))
    kept = information > 0
    values = information[kept].astype(np.float32)
    return sparse.csr_array((values, (rows[kept], columns[kept])), shape=together.shape)


def _decompose(
    matrix: sparse.csr_array,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The truncated singular value decomposition U, S, V^T."""
    from sklearn.utils.extmath import randomized_svd

    rank = min(_DIMENSIONS, *matrix.shape)
    return randomized_svd(matrix, rank, n_iter=_ROUNDS, random_state=_SEED)


def _unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _unit_sparse_rows(rows: sparse.csr_array) -> sparse.csr_array:
    lengths = np.sqrt(rows.power(2).sum(axis=1))
    return sparse.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ rows


def _read_cache(path: Path) -> FittedCorpusFeatures | None:
    """The features cached at `path`; None if the file is missing or damaged."""
    try:
        # Opened here because NumPy leaves a damaged file open.
        with path.open("rb") as handle, np.load(handle) as archive:
            words = archive["words"].tobytes().decode("utf-8", "surrogatepass")
            arrays = {name: archive[name] for name in _ARRAYS}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return FittedCorpusFeatures(tuple(words.split("\n")), **arrays)
