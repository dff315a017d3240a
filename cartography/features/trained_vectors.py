"""Word vectors trained on the corpus itself: fastText skip-gram, reproducible to the bit."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.features.word_vectors import (
    TOKENISER,
    Tokens,
    WordVectors,
    gather_vectors,
    tokenise,
)
from cartography.files import atomic_write, cache_folder, content_key

_METHOD = "skip-gram-1"
_SEED = 20220701
_END_OF_LINE = "</s>"
_TABLE_SIZE = 200_000
# Vectors of a successful training are shorter than 10, those of a diverged one thousands long.
_LONGEST = 50.0
_LOWEST_RATE = 1e-3
_MOST_TOKENS, _MOST_STEPS = 1_000_000, 1_500_000

WordMatrix = tuple[list[str], NDArray[np.float32]]
"""V words and their vectors (V, d)."""


@dataclass(frozen=True)
class TrainingPlan:
    """How long fastText trains.

    Attributes
    ----------
    rate : float
        Learning rate at the start.
    epochs : int
    stride : int
        Only every `stride`-th text is used.
    """

    rate: float
    epochs: int
    stride: int


def training_plan(tokens: int) -> TrainingPlan:
    """Choose the training length for a corpus.

    Training takes a few seconds for 60,000 tokens and half a minute at most. With 500 labels of
    TREC and SMS spam, 10 epochs from a rate of 0.25 do as well as 25 from 0.1, and 5 epochs lose
    six points on TREC; CLINC150 would gain four points from 25. A third of AG News loses one
    point against all of it, in a third of the time. Training can diverge from 0.25 on long
    corpora and from 0.5 on short ones.

    Parameters
    ----------
    tokens : int
        Number of tokens of the corpus.

    Returns
    -------
    TrainingPlan
    """
    stride = -(-tokens // _MOST_TOKENS)
    epochs = max(1, min(10, _MOST_STEPS // max(tokens, 1)))
    return TrainingPlan(rate=0.25 if stride == 1 else 0.2, epochs=epochs, stride=stride)


def vectors_key(corpus: Corpus, dimensions: int, rule: Tokens = "words") -> str:
    """Cache key of the vectors trained on a corpus.

    Parameters
    ----------
    corpus : Corpus
    dimensions : int
    rule : {"words", "white_space"}
        See `tokenise`.

    Returns
    -------
    str
        32 hexadecimal digits that depend on the texts, the method and the version of fastText.
    """
    try:
        fasttext = version("fasttext-numpy2")
    except PackageNotFoundError:
        fasttext = ""
    return content_key(corpus.texts_key, TOKENISER, rule, _METHOD, fasttext, str(dimensions))


def train_on_corpus(
    corpus: Corpus, words: Sequence[str], dimensions: int, rule: Tokens = "words"
) -> WordVectors:
    """Train fastText skip-gram on a corpus, or read its vectors from the cache.

    Parameters
    ----------
    corpus : Corpus
    words : sequence of str
        The words to return vectors of.
    dimensions : int
    rule : {"words", "white_space"}
        See `tokenise`.

    Returns
    -------
    WordVectors

    Raises
    ------
    CartographyError
        The corpus has no words, training diverges, or fastText is not installed.
    """
    path = cache_folder() / "vectors" / f"{vectors_key(corpus, dimensions, rule)}.npz"
    vectors = _read_cache(path, dimensions)
    if vectors is None:
        texts = [tokenise(text, rule) for text in corpus.texts]
        if not any(texts):
            raise CartographyError(
                f"{corpus.name} has no word in any text, so no vectors can be trained on it; "
                "name another column with --text"
            )
        vectors = train_skipgram(texts, dimensions)
        with atomic_write(path) as temporary:
            joined = "\n".join(vectors[0]).encode("utf-8", "surrogatepass")
            np.savez(temporary, words=np.frombuffer(joined, np.uint8), matrix=vectors[1])
    return gather_vectors(words, dict(zip(*vectors, strict=True)), dimensions)


def train_skipgram(
    texts: Sequence[Sequence[str]],
    dimensions: int,
    train_once: Callable[..., WordMatrix | None] | None = None,
) -> WordMatrix:
    """Train skip-gram vectors on one thread, at half the learning rate each time it diverges.

    Parameters
    ----------
    texts : sequence of sequences of str
        Tokenised texts.
    dimensions : int
    train_once : callable, optional
        Replaces one training by fastText. It takes fastText's options and returns None if the
        training diverges.

    Returns
    -------
    WordMatrix
        The words of the texts and fastText's end-of-line word, with their vectors (V, d).

    Raises
    ------
    CartographyError
        Training diverges at every rate, or fastText is not installed.
    """
    plan = training_plan(sum(map(len, texts)))
    texts = texts[:: plan.stride]
    words = dict.fromkeys(token for text in texts for token in text)
    with TemporaryDirectory(prefix="cartography-") as folder:
        lines, start = Path(folder) / "lines.txt", Path(folder) / "start.vec"
        with lines.open("w", encoding="utf-8", errors="surrogatepass") as handle:
            handle.writelines(" ".join(text) + "\n" for text in texts)
        _write_start(start, [_END_OF_LINE, *words], dimensions)
        rate = plan.rate
        while rate >= _LOWEST_RATE:
            vectors = (train_once or _run_fasttext)(
                input=str(lines),
                pretrainedVectors=str(start),
                lr=rate,
                epoch=plan.epochs,
                dim=dimensions,
            )
            if vectors is not None:
                return vectors
            rate /= 2
    raise CartographyError(
        "training word vectors on these texts diverges at every learning rate; give a file of "
        "word vectors with --vectors"
    )


def _write_start(path: Path, words: Sequence[str], dimensions: int) -> None:
    """Write the initial vector of each word, uniform in ±1/d.

    With one thread, fastText initialises only the first tenth of its matrix and leaves the rest
    unset: vectors would differ between processes, and training would often diverge.
    """
    rng = np.random.default_rng(_SEED)
    # Each vector is a slice of one string of numbers of equal width: much faster than formatting
    # millions of numbers.
    table = "".join(f" {value:+.5f}" for value in rng.uniform(-1, 1, _TABLE_SIZE) / dimensions)
    width = len(table) // _TABLE_SIZE
    starts = width * rng.integers(0, _TABLE_SIZE - dimensions, len(words))
    with path.open("w", encoding="utf-8", errors="surrogatepass") as handle:
        handle.write(f"{len(words)} {dimensions}\n")
        handle.writelines(
            f"{word}{table[start : start + width * dimensions]}\n"
            for word, start in zip(words, starts, strict=True)
        )


def _run_fasttext(**options: Any) -> WordMatrix | None:
    """Train once with these options of fastText; None if it diverges."""
    try:
        import fasttext
    except ImportError as error:
        raise CartographyError(
            "training word vectors needs fastText: run pip install "
            '"cartography-explorer[fasttext]", or give a file of word vectors with --vectors'
        ) from error

    try:
        model = fasttext.train_unsupervised(
            model="skipgram",
            minCount=1,
            # Subwords cost time and memory and gain nothing on corpora of this size.
            minn=0,
            maxn=0,
            thread=1,
            verbose=0,
            # A token may look like a label of fastText; no token contains a space.
            label="no label",
            **options,
        )
    except RuntimeError as error:
        if "NaN" in str(error):
            return None
        raise
    words: list[str] = model.get_words(on_unicode_error="surrogatepass")
    matrix = np.array(model.get_input_matrix()[: len(words)], dtype=np.float32)
    lengths = np.linalg.norm(matrix.astype(np.float64), axis=1)  # (V,)
    # `<=` is False for NaN too, which also means divergence.
    return (words, matrix) if lengths.max() <= _LONGEST else None


def _read_cache(path: Path, dimensions: int) -> WordMatrix | None:
    """The vectors cached at `path`; None if the file is missing or damaged."""
    try:
        # Opened here because NumPy leaves a damaged file open.
        with path.open("rb") as handle, np.load(handle) as archive:
            words, matrix = archive["words"], archive["matrix"]
        vocabulary = words.tobytes().decode("utf-8", "surrogatepass").split("\n")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if matrix.dtype != np.float32 or matrix.shape != (len(vocabulary), dimensions):
        return None
    return vocabulary, matrix
