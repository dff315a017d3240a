"""Compare a device with float64 on the CPU: losses, training dynamics and scores.

Devices have different random number generators. The compared models therefore have no dropout, and
the order of the texts has no effect: either one batch contains all texts, or all texts are equal.
(Without dropout the passes of BALD are equal, so `bald-mi` has only ties. The unit tests check its
formula, and so does `bald`.)
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from problems import Problem
from torch import Tensor

from cartography.active.learner import ActiveLearner, Batch
from cartography.active.simulation import seed_set
from cartography.models.presets import PAPER, Preset, Recipe
from cartography.models.trainer import TrainingSet
from cartography.models.training import Epoch, train_epochs
from cartography.strategies.table import STRATEGIES

# Largest allowed difference of probabilities, losses (nats) and scores. Float32 has seven digits,
# and Adam divides small gradients by their own size and so amplifies rounding errors. A wrong
# formula, a missing batch or a stale buffer changes the second digit.
ALLOWED = 1e-4
SEED = 398048
QUERY = 50


class Checks:
    """A table of checks with their largest differences; each row is printed when it is added."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        print("\n| check | largest difference | allowed |  |\n" + "| --- " * 4 + "|", flush=True)

    def add(self, what: str, difference: float, note: str = "") -> None:
        """Print a row; a NaN difference fails the check."""
        passed = bool(difference <= ALLOWED)
        self.rows.append(
            {"check": what, "difference": difference, "allowed": ALLOWED, "holds": passed}
        )
        verdict = "agrees" if passed else "DIFFERS"
        print(f"| {what} | {difference:.1e} | {ALLOWED:.0e} | {verdict}{note} |", flush=True)

    @property
    def passed(self) -> bool:
        """Whether all checks passed."""
        return all(row["holds"] for row in self.rows)


def check_device(problem: Problem, device: torch.device, checks: Checks) -> None:
    """Add all checks of `device` on a small `problem`."""
    features = torch.from_numpy(problem.features).to(device)
    exact_features = torch.from_numpy(problem.features).double()
    labelled = seed_set(problem.corpus, len(problem.corpus) // 10, SEED)
    check_training(problem, labelled, features, exact_features, checks)
    for strategy in STRATEGIES:
        learner = _make_learner(problem, labelled, features, strategy)
        exact_learner = _make_learner(problem, labelled, exact_features, strategy)
        check_scores(learner, exact_learner, checks)
    check_batched_models(problem, labelled, features, checks)


def check_training(
    problem: Problem,
    labelled: NDArray[np.int64],
    features: Tensor,
    exact_features: Tensor,
    checks: Checks,
) -> None:
    """Losses and dynamics of three models each, on all labelled texts and on a repeated text."""
    labels = problem.corpus.labels
    all_texts = [TrainingSet(labelled, labels[labelled], seed) for seed in (1, 2, 3)]
    # The third model takes almost twice as many steps, and its last batch is not full.
    one_text = [
        TrainingSet(np.full(size, row), np.full(size, labels[row]), seed)
        for seed, (row, size) in enumerate(zip(labelled, (40, 40, 75), strict=False))
    ]
    for name, sets, batch_size in (
        ("one batch of all texts", all_texts, len(labelled)),
        ("batches of 16 of one text", one_text, 16),
    ):
        # AdamW divides gradients by their own size, so a gradient that is only a rounding error
        # would move a weight as far as any other. An epsilon above the rounding error avoids this.
        recipe = replace(
            PAPER.classifier,
            dropout=0.0,
            learning_rate=1e-3,
            batch_size=batch_size,
            epsilon=1e-3,
        )
        classes = len(problem.corpus.classes)
        for dynamics in ("epoch_end", "training_pass"):
            label = f"{name}, dynamics of {dynamics.replace('_', ' ')}"
            epochs, exact_epochs = (
                list(train_epochs(inputs, sets, classes, replace(recipe, dynamics=dynamics)))
                for inputs in (features, exact_features)
            )
            differences = [
                np.abs(epoch.losses - exact.losses).max()
                for epoch, exact in zip(epochs, exact_epochs, strict=True)
            ]
            checks.add(f"losses: {label}", float(max(differences)))
            checks.add(f"P(gold): {label}", largest_difference(epochs, exact_epochs))


def largest_difference(epochs: list[Epoch], exact_epochs: list[Epoch]) -> float:
    """The largest difference of a gold-label probability in any epoch of any model."""
    return max(
        float(np.abs(probability - exact_probability).max())
        for epoch, exact in zip(epochs, exact_epochs, strict=True)
        for probability, exact_probability in zip(
            epoch.gold_probability, exact.gold_probability, strict=True
        )
    )


def check_scores(learner: ActiveLearner, exact_learner: ActiveLearner, checks: Checks) -> None:
    """The scores of one strategy for the whole pool, and how many picks of a batch are the same.

    If all scores agree, two batches can differ only by ties.
    """
    name = learner.strategy
    # CAL+DAL merges two rankings, so only the order of its batch is defined.
    size = QUERY if name == "cal-dal" else len(exact_learner.pool)
    batch, exact_batch = learner.query(size), exact_learner.query(size)
    shared = len(np.intersect1d(batch.rows[:QUERY], exact_batch.rows[:QUERY]))
    difference = (
        float(np.abs(batch.scores - exact_batch.scores).max())
        if name == "cal-dal"
        else float(np.abs(_scores_by_row(batch) - _scores_by_row(exact_batch)).max())
    )
    note = f", {shared} of {QUERY} picks the same"
    if batch.fallback or exact_batch.fallback:
        note += f"; {batch.fallback}"
    checks.add(f"scores: {name}", difference, note)


def check_batched_models(
    problem: Problem, rows: NDArray[np.int64], features: Tensor, checks: Checks
) -> None:
    """Five models trained at once compared with each trained alone, with dropout."""
    labels, classes = problem.corpus.labels[rows], len(problem.corpus.classes)
    recipe: Recipe = replace(PAPER.classifier, epochs=5, batch_size=16)
    sets = [TrainingSet(rows, labels, seed) for seed in range(5)]
    batched_epochs = list(train_epochs(features, sets, classes, recipe))
    differences = []
    for model, training_set in enumerate(sets):
        for batched, single in zip(
            batched_epochs, train_epochs(features, [training_set], classes, recipe), strict=True
        ):
            difference = np.abs(batched.gold_probability[model] - single.gold_probability[0]).max()
            differences.append(float(difference))
    checks.add("P(gold): five models at once, and each alone", max(differences))


def _make_learner(
    problem: Problem, labelled: NDArray[np.int64], features: Tensor, strategy: str
) -> ActiveLearner:
    corpus = problem.corpus
    batch_size = len(corpus)
    preset: Preset = replace(
        PAPER.with_classifier(dropout=0.0, batch_size=batch_size),
        discriminator=replace(PAPER.discriminator, batch_size=batch_size),
        t_cor=0.8,
    )
    learner = ActiveLearner(
        features, corpus.ids, corpus.classes, strategy=strategy, preset=preset, seed=SEED
    )
    learner.teach_rows(labelled, corpus.labels[labelled])
    return learner


def _scores_by_row(batch: Batch) -> NDArray[np.float64]:
    return batch.scores[np.argsort(batch.rows)]
