"""Classification problems as features: synthetic ones in the shape of the corpora, or from files.

Needs only NumPy and the engine's corpus, so that it runs on a bare machine with a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus

DIMENSIONS = 300
# Standard deviation of the class centres, relative to that within a class. With it, 1,000 labels of
# a few classes reach about 90 % test accuracy, and many texts are hard to learn.
_CENTRE_SPREAD = 0.15


@dataclass(frozen=True)
class Shape:
    """The sizes of a problem; lengths are in words per text."""

    name: str
    rows: int
    test_rows: int
    classes: int
    labelled: int
    batch_size: int
    vocabulary: int
    median_length: int
    max_length: int


# The labelled set of TREC is that of its first iteration: the seed set and one batch.
TREC = Shape("TREC", 5_452, 500, 6, 550, 16, vocabulary=9_000, median_length=10, max_length=42)
AG_NEWS = Shape(
    "AG News", 120_000, 7_600, 4, 1_000, 64, vocabulary=70_000, median_length=43, max_length=200
)


@dataclass(frozen=True, eq=False)
class Problem:
    """Training and test corpus with their features, each of shape (n, d), and their `origin`."""

    origin: str
    corpus: Corpus
    features: NDArray[np.float32]
    test: Corpus
    test_features: NDArray[np.float32]


def synthetic_problem(shape: Shape, seed: int = 0) -> Problem:
    """Overlapping Gaussian clusters, one per class, in the sizes of `shape`."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, _CENTRE_SPREAD, (shape.classes, DIMENSIONS)).astype(np.float32)
    parts = []
    for rows in (shape.rows, shape.test_rows):
        labels = rng.integers(shape.classes, size=rows)
        features = rng.standard_normal((rows, DIMENSIONS), dtype=np.float32)
        features += centres[labels]
        parts += [corpus_of_labels(shape, labels), features]
    return Problem(f"synthetic features in the shape of {shape.name}", *parts)


def load_problem(path: Path, shape: Shape, seed: int = 0) -> Problem:
    """Features and labels from an .npz file of `workload.py`, in the sizes of `shape`."""
    rng = np.random.default_rng(seed)
    parts = []
    with np.load(path) as archive:
        for prefix, rows in (("", shape.rows), ("test_", shape.test_rows)):
            features, labels = archive[f"{prefix}features"], archive[f"{prefix}labels"]
            sample = sample_rows(len(labels), rows, rng)
            parts += [corpus_of_labels(shape, labels[sample]), features[sample].astype(np.float32)]
        available = len(archive["labels"])
    return Problem(f"{path.name}, {describe_sample(available, shape.rows)}", *parts)


def sample_rows(available: int, rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The first `rows` of the available rows, or if there are too few, draws with replacement."""
    return np.arange(rows) if available >= rows else rng.integers(available, size=rows)


def describe_sample(available: int, rows: int) -> str:
    """A description of the result of `sample_rows`."""
    if available >= rows:
        return f"{rows:,} texts"
    return f"{rows:,} texts drawn with replacement from {available:,}"


def corpus_of_labels(shape: Shape, labels: NDArray[np.int64]) -> Corpus:
    """A corpus with labels (n,) whose texts are only placeholders."""
    ids = np.array([f"text {row}" for row in range(len(labels))], dtype=object)
    classes = tuple(f"class {label}" for label in range(shape.classes))
    return Corpus(shape.name, ids, ids, labels.astype(np.int64), classes)
