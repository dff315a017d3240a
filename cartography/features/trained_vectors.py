"""Word vectors trained on a corpus itself: fastText skip-gram, the same for the same texts."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
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
_TABLE = 200_000
# Vectors of a training that went well are shorter than 10, of one that diverged thousands long.
_LONGEST = 50.0
_LOWEST_RATE = 1e-3
_MOST_TOKENS, _MOST_STEPS = 1_000_000, 1_500_000

WordMatrix = tuple[list[str], NDArray[np.float32]]
"""V words and their vectors (V, d)."""


@dataclass(frozen=True)
class TrainingPlan:
    """How long fastText trains: on every `stride`-th text, `epochs` times, from `rate` down."""

    rate: float
    epochs: int
    stride: int


def training_plan(tokens: int) -> TrainingPlan:
    """The plan for a corpus of this many tokens: some seconds for 60,000, half a minute at most.

    At 500 labels of TREC and SMS spam, 10 epochs from 0.25 do as well as 25 from 0.1, and 5 lose
    six points on TREC; CLINC150 would gain four points from 25. A third of AG News loses
    one point of all of it, in a third of the time. From 0.25 on long corpora, and from 0.5 on
    short ones, the training can diverge.
    """
    stride = -(-tokens // _MOST_TOKENS)
    epochs = max(1, min(10, _MOST_STEPS // max(tokens, 1)))
    return TrainingPlan(rate=0.25 if stride == 1 else 0.2, epochs=epochs, stride=stride)


def vectors_key(corpus: Corpus, dimensions: int, rule: Tokens = "words") -> str:
    """The key of the vectors trained on `corpus`: its texts and how they are trained."""
    fasttext = version("fasttext-numpy2")
    return content_key(corpus.texts_key, TOKENISER, rule, _METHOD, fasttext, str(dimensions))


def train_on_corpus(
    corpus: Corpus, words: Sequence[str], dimensions: int, rule: Tokens = "words"
) -> WordVectors:
    """The vectors of `words` by fastText skip-gram trained on the texts of `corpus`.

    They are trained once and cached. A corpus without a word raises `CartographyError`.
    """
    path = cache_folder() / "vectors" / f"{vectors_key(corpus, dimensions, rule)}.npz"
    cached = _cached(path, dimensions)
    if cached is None:
        texts = [tokenise(text, rule) for text in corpus.texts]
        if not any(texts):
            raise CartographyError(
                f"{corpus.name} has no word in any text, so no vectors can be trained on it; "
                "name another column with --text"
            )
        cached = train_skipgram(texts, dimensions)
        with atomic_write(path) as temporary:
            joined = "\n".join(cached[0]).encode("utf-8", "surrogatepass")
            np.savez(temporary, words=np.frombuffer(joined, np.uint8), matrix=cached[1])
    return gather_vectors(words, dict(zip(*cached, strict=True)), dimensions)


def train_skipgram(
    texts: Sequence[Sequence[str]],
    dimensions: int,
    run: Callable[..., WordMatrix | None] | None = None,
) -> WordMatrix:
    """Words and their vectors (V, d), trained by one thread on tokenised `texts`.

    If the training diverges, it is done again at half the learning rate. `run` stands in for one
    training by fastText.
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
            trained = (run or _run)(
                input=str(lines),
                pretrainedVectors=str(start),
                lr=rate,
                epoch=plan.epochs,
                dim=dimensions,
            )
            if trained is not None:
                return trained
            rate /= 2
    raise CartographyError(
        "no word vectors can be trained on these texts: the training diverges at every learning "
        "rate; give a file with --vectors"
    )


def _write_start(path: Path, words: Sequence[str], dimensions: int) -> None:
    """Write the vector that each word starts from, uniform in ±1/d.

    With one thread fastText itself sets only the first tenth of its matrix and starts the rest
    from whatever lay in memory: other vectors in every process, and often a diverging training.
    """
    rng = np.random.default_rng(_SEED)
    # Each word's numbers are a stretch of one table of texts of equal width, which is far faster
    # than writing millions of numbers.
    table = "".join(f" {value:+.5f}" for value in rng.uniform(-1, 1, _TABLE) / dimensions)
    width = len(table) // _TABLE
    starts = width * rng.integers(0, _TABLE - dimensions, len(words))
    with path.open("w", encoding="utf-8", errors="surrogatepass") as handle:
        handle.write(f"{len(words)} {dimensions}\n")
        handle.writelines(
            f"{word}{table[start : start + width * dimensions]}\n"
            for word, start in zip(words, starts, strict=True)
        )


def _run(**options: Any) -> WordMatrix | None:
    """One training with these options of fastText's; None if it diverges."""
    import fasttext

    try:
        model = fasttext.train_unsupervised(
            model="skipgram",
            minCount=1,
            # Subwords cost time and memory and gain nothing on corpora of this size.
            minn=0,
            maxn=0,
            thread=1,
            verbose=0,
            # A token may look like one of fastText's labels; none has a space in it.
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
    # Written so that NaN, too, counts as diverged.
    return (words, matrix) if lengths.max() <= _LONGEST else None


def _cached(path: Path, dimensions: int) -> WordMatrix | None:
    """What `path` holds, None if it is not there or is damaged and has to be made anew."""
    try:
        # Opened here, since NumPy leaves a damaged file open.
        with path.open("rb") as handle, np.load(handle) as archive:
            words, matrix = archive["words"], archive["matrix"]
        vocabulary = words.tobytes().decode("utf-8", "surrogatepass").split("\n")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if matrix.dtype != np.float32 or matrix.shape != (len(vocabulary), dimensions):
        return None
    return vocabulary, matrix
