"""A small problem for several tests: three overlapping clouds of points, and runs on them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cartography.active.simulation import Iteration, Trial, simulate
from cartography.corpora.corpus import Corpus
from cartography.models.presets import PAPER

CLASSES = ("circle", "square", "triangle")
PRESET = replace(
    PAPER.with_classifier(epochs=4, batch_size=8, learning_rate=1e-3),
    discriminator=replace(PAPER.discriminator, epochs=4),
    seed_size=20,
    query_size=6,
    iterations=3,
)


def make_clouds(rows: int, seed: int) -> tuple[Corpus, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=rows)
    features = rng.normal(size=(rows, 8)) + 1.5 * np.eye(8)[labels]
    ids = np.array([f"{seed}-{row}" for row in range(rows)], dtype=object)
    return Corpus("made", ids, ids, labels, CLASSES), features.astype(np.float32)


CORPUS, FEATURES = make_clouds(90, 1)
TEST, TEST_FEATURES = make_clouds(60, 2)


def run(strategy: str, corpus: Corpus = CORPUS, **more: object) -> list[Iteration]:
    trials = [Trial(strategy, 7)]
    options = {"preset": PRESET, **more}
    return list(simulate(corpus, FEATURES, TEST, TEST_FEATURES, trials, **options))


def picks(iterations: list[Iteration]) -> list[list[int]]:
    """The rows of each batch."""
    return [iteration.batch.rows.tolist() for iteration in iterations if iteration.batch]
