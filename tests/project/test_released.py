"""The preset RELEASED against a plain transcription of the released code."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from clouds import CLASSES, CORPUS, FEATURES
from numpy.typing import NDArray
from released import Released, least_confidence, linear

from cartography.active.learner import ActiveLearner
from cartography.models.mlp import BatchedMLP, Layers, torch_seed
from cartography.models.presets import RELEASED
from cartography.strategies.discriminator import draw_seed

PRESET = replace(
    RELEASED.with_classifier(dropout=0.0, epochs=6, batch_size=8, learning_rate=1e-3),
    discriminator=replace(RELEASED.discriminator, epochs=5, batch_size=8, learning_rate=1e-3),
    t_cor=0.4,
)
ALL = torch.from_numpy(FEATURES)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Use one thread: small products are slow when threads wait for each other on busy cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def initial_weights(layers: Layers, seed: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The engine's initial weights (in, out) and biases (out,) of one model."""
    generator = torch.Generator().manual_seed(torch_seed(seed, 0))
    models = BatchedMLP.initialise(layers, [generator], torch.device("cpu"))
    return [(weights[0], biases[0, 0]) for weights, biases in layers.views(models.flat)]


@dataclass(frozen=True, eq=False)
class Step:
    """One training and query of the engine, and the same of the transcription.

    Attributes
    ----------
    losses, plain_losses : list of float
        Mean loss of each epoch.
    rows, plain_rows : list of int
        All rows of the pool, best first.
    scores : float64 array
        The engine's scores of `rows`.
    fallback : str
        The engine's note if it deviated from its strategy.
    """

    losses: list[float]
    rows: list[int]
    scores: NDArray[np.float64]
    fallback: str
    plain_losses: list[float]
    plain_rows: list[int]


def side_by_side(strategy: str, seed: int, rate: float) -> Iterator[Step]:
    """Yield three steps; after each, the seven best texts are taught.

    `rate` is the learning rate of the discriminator.
    """
    preset = replace(PRESET, discriminator=replace(PRESET.discriminator, learning_rate=rate))
    learner = ActiveLearner(
        FEATURES, CORPUS.ids, CLASSES, strategy=strategy, preset=preset, seed=seed, device="cpu"
    )
    seed_rows = np.array(
        [41, 3, 88, 17, 60, 5, 29, 71, 12, 80, 55, 34, 8, 66, 23, 49, 77, 2, 38, 19]
    )
    learner.teach_rows(seed_rows, CORPUS.labels[seed_rows])
    weights = initial_weights(Layers(8, (300, 300), 3), learner._learner.derived_seed(0))
    plain = Released(weights, learning_rate=1e-3)
    options = {"learning_rate": rate, "epochs": 5, "batch_size": 8}
    for _ in range(3):
        losses = [float(epoch.losses[0]) for epoch in learner.train()]
        labelled, pool = learner.labelled, learner.pool
        plain_losses = plain.train(ALL[labelled], torch.from_numpy(CORPUS.labels[labelled]), 6, 8)

        discriminator_seed = draw_seed(np.random.default_rng(learner.query_seed))
        [layer] = initial_weights(Layers(300, (), 2), discriminator_seed)
        if strategy == "cal":
            order = plain.cal(ALL[pool], linear(*layer), 0.4, **options)
        elif strategy == "dal":
            order = plain.dal(ALL[pool], linear(*layer), **options)
        else:
            order = least_confidence(plain, ALL[pool])
        batch = learner.query(len(pool))
        yield Step(
            losses=losses,
            rows=batch.rows.tolist(),
            scores=batch.scores,
            fallback=batch.fallback,
            plain_losses=plain_losses,
            plain_rows=pool[order].tolist(),
        )
        learner.teach_rows(batch.rows[:7], CORPUS.labels[batch.rows[:7]])


@pytest.mark.parametrize("strategy", ["lc", "cal", "dal"])
def test_losses_and_picks_match_the_transcription(strategy: str) -> None:
    for step in side_by_side(strategy, seed=3, rate=1e-3):
        assert step.losses == pytest.approx(step.plain_losses, rel=1e-4)
        assert step.rows[:7] == step.plain_rows[:7]
        assert step.fallback == "", "otherwise CAL's discriminator is not tested"


def test_texts_with_both_outputs_0_are_in_the_order_of_the_pool() -> None:
    """At this learning rate the ReLU sets both outputs of many texts to 0: P is exactly 0.5."""
    tie_counts = []
    for step in side_by_side("cal", seed=5, rate=0.1):
        ties = int((step.scores == 0).sum())
        assert step.rows[:ties] == step.plain_rows[:ties] == sorted(step.rows[:ties])
        tie_counts.append(ties)
    # More ties than picks, but not the whole pool.
    assert sum(7 < ties < 50 for ties in tie_counts) == 2
