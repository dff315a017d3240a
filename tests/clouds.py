"""A small problem that tests share: three overlapping clouds of points, and runs on them."""

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


def made(rows: int, seed: int) -> tuple[Corpus, NDArray[np.float32]]:
    """Three overlapping clouds."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=rows)
    features = rng.normal(size=(rows, 8)) + 1.5 * np.eye(8)[labels]
    ids = np.array([f"{seed}-{row}" for row in range(rows)], dtype=object)
    return Corpus("made", ids, ids, labels, CLASSES), features.astype(np.float32)


CORPUS, FEATURES = made(90, 1)
TEST, TEST_FEATURES = made(60, 2)


def run(strategy: str, corpus: Corpus = CORPUS, **more: object) -> list[Iteration]:
    arms = [Trial(strategy, 7)]
    return list(simulate(corpus, FEATURES, TEST, TEST_FEATURES, arms, **{"preset": PRESET, **more}))


def picks(iterations: list[Iteration]) -> list[list[int]]:
    return [each.batch.rows.tolist() for each in iterations if each.batch]
