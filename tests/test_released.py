"""The preset RELEASED against a plain transcription of what the released code does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from clouds import CLASSES, CORPUS, FEATURES
from released import Released, least_confidence, linear

from cartography.classifier import Classifiers, Layers, torch_seed
from cartography.learner import ActiveLearner, train
from cartography.presets import RELEASED
from cartography.strategies.discriminator import drawn_seed

PRESET = replace(
    RELEASED.with_classifier(dropout=0.0, epochs=6, batch_size=8, learning_rate=1e-3),
    discriminator=replace(RELEASED.discriminator, epochs=5, batch_size=8, learning_rate=1e-3),
    t_cor=0.4,
)
ALL = torch.from_numpy(FEATURES)


def initial(layers: Layers, seed: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The engine's initial weights (in, out) and biases (out,) of one model."""
    generator = torch.Generator().manual_seed(torch_seed(seed, 0))
    models = Classifiers.initialised(layers, [generator], torch.device("cpu"))
    return [(weights[0], biases[0, 0]) for weights, biases in layers.views(models.flat)]


@pytest.mark.parametrize("strategy", ["lc", "cal", "dal"])
def test_losses_and_picks_are_those_of_the_transcription(strategy: str) -> None:
    learner = ActiveLearner(
        FEATURES, CORPUS.ids, CLASSES, strategy=strategy, preset=PRESET, seed=3, device="cpu"
    )
    seeds = np.array([41, 3, 88, 17, 60, 5, 29, 71, 12, 80, 55, 34, 8, 66, 23, 49, 77, 2, 38, 19])
    learner.teach_rows(seeds, CORPUS.labels[seeds])
    plain = Released(initial(Layers(8, (300, 300), 3), learner._seed(0)), learning_rate=1e-3)
    how = {"learning_rate": 1e-3, "epochs": 5, "batch_size": 8}
    for _ in range(3):
        losses = [float(epoch.losses[0]) for epoch in train([learner])]
        labelled, pool = learner.labelled, learner.pool
        expected = plain.train(ALL[labelled], torch.from_numpy(CORPUS.labels[labelled]), 6, 8)
        assert losses == pytest.approx(expected, rel=1e-4)

        seed = drawn_seed(np.random.default_rng(learner.query_seed))
        [weights] = initial(Layers(300, (), 2), seed)
        if strategy == "cal":
            order = plain.cal(ALL[pool], linear(*weights), 0.4, **how)
        elif strategy == "dal":
            order = plain.dal(ALL[pool], linear(*weights), **how)
        else:
            order = least_confidence(plain, ALL[pool])
        batch = learner.query(7)
        assert batch.rows.tolist() == pool[order[:7]].tolist()
        learner.teach_rows(batch.rows, CORPUS.labels[batch.rows])


def test_both_sides_of_the_boundary_have_texts() -> None:
    """Else the test above would not see how the discriminator is trained."""
    learner = ActiveLearner(FEATURES, CORPUS.ids, CLASSES, preset=PRESET, seed=3, device="cpu")
    learner.teach_rows(np.arange(20), CORPUS.labels[:20])
    assert learner.query(5).fallback == ""
