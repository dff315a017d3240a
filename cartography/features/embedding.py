"""From texts to features: the sum or mean of the word vectors of each, cached by content."""

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
from cartography.features.vector_files import file_key, look_up
from cartography.features.word_vectors import TOKENISER, Tokens, WordVectors, tokenise
from cartography.files import atomic_write, cache_folder, content_key, expand_home

CORPUS_VECTORS = "corpus"
Pooling = Literal["sum", "mean"]

_VERSION = "embedding-1"
_BLOCK = 16_384  # texts a product: 20 MB of features at 300 dimensions


@dataclass(frozen=True)
class Coverage:
    """How much of a corpus has vectors: distinct words, their occurrences (tokens), and texts.

    `uncovered_texts` have not one word with a vector, and so features that are all zero.
    """

    words: int
    known_words: int
    tokens: int
    known_tokens: int
    uncovered_texts: int

    @property
    def word_share(self) -> float:
        """Share of the distinct words that have a vector, 1 if there are no words."""
        return self.known_words / self.words if self.words else 1.0

    @property
    def token_share(self) -> float:
        """Share of the tokens that have a vector, 1 if there are no tokens."""
        return self.known_tokens / self.tokens if self.tokens else 1.0

    @property
    def summary(self) -> str:
        """One sentence for a reader."""
        return (
            f"{self.known_words:,} of {self.words:,} words ({_percent(self.word_share)}) have a "
            f"vector, {_percent(self.token_share)} of all tokens; {self.uncovered_texts:,} texts "
            "have none"
        )


@dataclass(frozen=True, eq=False)
class Embedding:
    """Features (n, d) float32, mapped read-only from the cache, and what they were made from.

    `vectors` says it in words; `key` is 32 hexadecimal digits that change with the texts, the
    vectors and all else that `embed` is told of how to join them.
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
    """The features of each of `corpora`, the first of which is the training corpus.

    `vectors` is a .vec, .vec.gz or .bin file, or "corpus": fastText trained on the training
    corpus, with `dimensions`, which a file decides for itself. A text's features are the sum, or
    the mean, of the vectors of its words that have one, of its first `max_length` tokens if that
    is given. `tokens` says what a word is, see `tokenise`. With `padded_to`, the vector of the
    first word of the training corpus is added for every token that a text is short of that length
    (see the switch `padding`). `progress` is called with a sentence before each long step.

    Vectors that are missing, malformed or know no word of the training corpus raise
    `CartographyError`, and so does padding of a mean or of a longer text.
    """
    _check(pooling, max_length, dimensions)
    if padded_to is not None and pooling != "sum":
        raise CartographyError("padding adds to a sum of word vectors: leave --pooling at sum")
    training = corpora[0]
    trained = vectors == CORPUS_VECTORS
    origin = (
        vectors_key(training, dimensions, tokens) if trained else file_key(expand_home(vectors))
    )
    padding = None
    if padded_to is not None:
        every = (token for text in training.texts for token in tokenise(text, tokens))
        padding = _Padding(next(every, ""), padded_to)
    described = (
        f"fastText skip-gram trained on {training.name}, {dimensions} dimensions"
        if trained
        else f"word vectors of {Path(vectors).name}"
    )
    keys = [
        content_key(
            *(_VERSION, TOKENISER, corpus.texts_key, origin, pooling, str(max_length)),
            *(tokens, str(padding)),
        )
        for corpus in corpora
    ]
    tell = progress or (lambda _: None)
    missing = [i for i, key in enumerate(keys) if _cached(key, len(corpora[i]), described) is None]
    if missing:
        tell(f"splitting {sum(len(corpora[i]) for i in missing):,} texts into words")
        bags = [_Bags.of(corpora[i].texts, max_length, tokens) for i in missing]
        words = tuple(dict.fromkeys(word for bag in bags for word in bag.words))
        if padding:
            for i, bag in zip(missing, bags, strict=True):
                padding.check(bag, corpora[i].name)
            words = tuple(dict.fromkeys([*words, padding.word]))
        if trained:
            tell(f"training word vectors on {len(training):,} texts")
            found = train_on_corpus(training, words, dimensions, tokens)
        else:
            tell(f"looking up {len(words):,} words in {Path(vectors).name}")
            found = look_up(expand_home(vectors), words)
        rows = {word: row for row, word in enumerate(words)}
        # A test corpus may go uncovered, its coverage says so; without the training corpus
        # there is nothing to learn from.
        if missing[0] == 0 and not any(found.known[rows[word]] for word in bags[0].words):
            raise CartographyError(
                f"{vectors} has no vector for any of the {len(bags[0].words):,} words of "
                f"{training.name}; give vectors of its language"
            )
        for i, bag in zip(missing, bags, strict=True):
            tell(f"embedding {len(corpora[i]):,} texts of {corpora[i].name}")
            _write(keys[i], bag, found, rows, pooling, padding)
    return tuple(
        _loaded(key, len(corpus), described) for key, corpus in zip(keys, corpora, strict=True)
    )


@dataclass(frozen=True, eq=False)
class _Bags:
    """The distinct words of some texts, and how often each occurs in each text: (n, V), sparse."""

    words: tuple[str, ...]
    counts: sparse.csr_array

    @classmethod
    def of(cls, texts: Iterable[str], max_length: int | None, rule: Tokens) -> _Bags:
        # What stands between white space is one of far fewer pieces than there are tokens, and no
        # token reaches over white space: each piece is taken apart once, and the counts multiply.
        if max_length is None:
            cut = (text.split() for text in texts)
        else:
            cut = (tokenise(text, rule)[:max_length] for text in texts)
        pieces, in_texts = _counted(cut)
        words, in_pieces = _counted(tokenise(piece, rule) for piece in pieces)
        counts = in_texts @ in_pieces
        counts.sort_indices()
        return cls(words, counts)

    @property
    def lengths(self) -> NDArray[np.float32]:
        """The number of tokens of each text (n,)."""
        return self.counts @ np.ones(len(self.words), dtype=np.float32)


@dataclass(frozen=True)
class _Padding:
    """Texts are filled up with `word` to `length` tokens."""

    word: str
    length: int

    def check(self, bags: _Bags, name: str) -> None:
        longest = int(bags.lengths.max(initial=0))
        if longest > self.length:
            raise CartographyError(
                f"{name} has a text of {longest:,} tokens and padding fills up to {self.length}: "
                "cut texts with --max-length, or set padding=off"
            )


def _counted(lists: Iterable[list[str]]) -> tuple[tuple[str, ...], sparse.csr_array]:
    """The distinct strings, first come first, and how often each list has each (n, V), in parts.

    A string that a list has k times has k entries of one.
    """
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    ends = array("i", [0])

    def strings() -> Iterator[list[str]]:
        for each in lists:
            ends.append(ends[-1] + len(each))
            yield each

    columns = np.fromiter(map(numbers.__getitem__, chain.from_iterable(strings())), dtype=np.intc)
    ones = np.ones(len(columns), dtype=np.float32)
    shape = (len(ends) - 1, len(numbers))
    return tuple(numbers), sparse.csr_array((ones, columns, np.array(ends)), shape=shape)


def _write(
    key: str,
    bags: _Bags,
    found: WordVectors,
    rows: dict[str, int],
    pooling: Pooling,
    padding: _Padding | None,
) -> None:
    """Write features and coverage under `key`; the features last, since they complete the pair."""
    chosen = np.array([rows[word] for word in bags.words], dtype=np.int64)
    matrix, known = found.matrix[chosen], found.known[chosen]  # (V, d), (V,)
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
                short = padding.length - bags.lengths[block, None]
                features += short * found.matrix[rows[padding.word]]
            if pooling == "mean":
                features /= np.maximum(known_tokens[block, None], 1)
            handle.write(features)


def _paths(key: str) -> tuple[Path, Path]:
    folder = cache_folder() / "embeddings"
    return folder / f"{key}.npy", folder / f"{key}.json"


def _cached(key: str, texts: int, vectors: str) -> Embedding | None:
    """What is cached under `key`, None if it is not there or is damaged and is to be made anew."""
    features_path, coverage_path = _paths(key)
    try:
        features = np.load(features_path, mmap_mode="r")
        coverage = Coverage(**json.loads(coverage_path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, EOFError):
        return None
    if features.dtype != np.float32 or features.ndim != 2 or len(features) != texts:
        return None
    return Embedding(features, coverage, vectors, key)


def _loaded(key: str, texts: int, vectors: str) -> Embedding:
    embedding = _cached(key, texts, vectors)
    if embedding is None:
        raise CartographyError(
            f"the features just written to {_paths(key)[0]} cannot be read; "
            "look at the space on that disk"
        )
    return embedding


def _check(pooling: str, max_length: int | None, dimensions: int) -> None:
    if pooling not in ("sum", "mean"):
        raise CartographyError(f"pooling {pooling!r} is not known; give sum or mean")
    if max_length is not None and max_length < 1:
        raise CartographyError(f"a max-length of {max_length} leaves no words; give 1 or more")
    if not 1 <= dimensions <= 300:
        raise CartographyError(
            f"vectors of {dimensions} dimensions cannot be trained; give 1 to 300"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
