"""What is learnt from, as features: made up in the shape of the paper's corpora, or from a file.

Needs no more than NumPy and the engine's corpus, so that it serves on a bare machine with a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus

DIMENSIONS = 300
# How far the centres of classes lie apart, in units of the spread of a class: 1,000 labels of a
# few classes then teach some nine tenths of the test set, and a good part is hard to learn.
_APART = 0.15


@dataclass(frozen=True)
class Shape:
    """The sizes of a problem: rows to learn from and to test on, classes, the labelled set, and
    how many `words` there are in all, in a text in the middle, and in one at most (`length`).
    """

    name: str
    rows: int
    test_rows: int
    classes: int
    labelled: int
    batch_size: int
    words: int
    middle: int
    length: int


# The labelled set of TREC is that of its first iteration: the seed set and one batch.
TREC = Shape("TREC", 5_452, 500, 6, 550, 16, words=9_000, middle=10, length=42)
AG_NEWS = Shape("AG News", 120_000, 7_600, 4, 1_000, 64, words=70_000, middle=43, length=200)


@dataclass(frozen=True, eq=False)
class Problem:
    """A corpus with its features (n, d) and a test corpus with its own, and where they are from."""

    origin: str
    corpus: Corpus
    features: NDArray[np.float32]
    test: Corpus
    test_features: NDArray[np.float32]


def made_up(shape: Shape, seed: int = 0) -> Problem:
    """Overlapping clouds, one a class, of the sizes of `shape`."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, _APART, (shape.classes, DIMENSIONS)).astype(np.float32)
    parts = []
    for rows in (shape.rows, shape.test_rows):
        labels = rng.integers(shape.classes, size=rows)
        features = rng.standard_normal((rows, DIMENSIONS), dtype=np.float32)
        features += centres[labels]
        parts += [unworded(shape, labels), features]
    return Problem(f"made-up features in the shape of {shape.name}", *parts)


def from_file(path: Path, shape: Shape, seed: int = 0) -> Problem:
    """Features and labels in an .npz file as `workload.py` writes it, in the size of `shape`.

    Where the file has fewer rows, they are drawn with replacement.
    """
    rng = np.random.default_rng(seed)
    parts = []
    with np.load(path) as archive:
        for part, rows in (("", shape.rows), ("test_", shape.test_rows)):
            features, labels = archive[f"{part}features"], archive[f"{part}labels"]
            drawn = sized(len(labels), rows, rng)
            parts += [unworded(shape, labels[drawn]), features[drawn].astype(np.float32)]
        held = len(archive["labels"])
    return Problem(f"{path.name}, {drawn_words(held, shape.rows)}", *parts)


def sized(held: int, rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which of `held` rows make up `rows`: drawn with replacement where there are too few."""
    return np.arange(rows) if held >= rows else rng.integers(held, size=rows)


def drawn_words(held: int, rows: int) -> str:
    """What `sized` did, in words."""
    if held >= rows:
        return f"{rows:,} texts"
    return f"{rows:,} texts drawn with replacement from {held:,}"


def unworded(shape: Shape, labels: NDArray[np.int64]) -> Corpus:
    """A corpus of rows with nothing but labels: their ids stand for the texts."""
    ids = np.array([f"text {row}" for row in range(len(labels))], dtype=object)
    classes = tuple(f"class {label}" for label in range(shape.classes))
    return Corpus(shape.name, ids, ids, labels.astype(np.int64), classes)
