"""Whether a device computes what the CPU does in float64: losses, dynamics, picks.

Devices draw random numbers of their own. So the models that are compared have no dropout, and
either learn all their texts in one batch, which the order of the texts does not change, or one
text many times, in several batches that are all alike. (Without dropout BALD's passes are all
alike too, so that `bald-mi` has nothing but ties; its formula shows in `bald` and in the tests.)
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

# The difference to allow, in probability, in nats and in scores. Float32 keeps seven digits, and
# Adam divides a small gradient by its own size, noise and all; a wrong formula, a batch left out or
# a stale buffer shows in the second.
ALLOWED = 1e-4
SEED = 398048
QUERY = 50


class Checks:
    """What was checked, the largest difference found, and what is allowed; printed as it grows."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        print("\n| check | largest difference | allowed |  |\n" + "| --- " * 4 + "|", flush=True)

    def add(self, what: str, difference: float, note: str = "") -> None:
        """Print a row; a difference that is no number is not allowed."""
        holds = bool(difference <= ALLOWED)
        self.rows.append(
            {"check": what, "difference": difference, "allowed": ALLOWED, "holds": holds}
        )
        told = "agrees" if holds else "DIFFERS"
        print(f"| {what} | {difference:.1e} | {ALLOWED:.0e} | {told}{note} |", flush=True)

    @property
    def hold(self) -> bool:
        """Whether all did."""
        return all(row["holds"] for row in self.rows)


def check(problem: Problem, device: torch.device, checks: Checks) -> None:
    """Add all checks of `device` on `problem`, which is small."""
    ours = torch.from_numpy(problem.features).to(device)
    truth = torch.from_numpy(problem.features).double()
    labelled = seed_set(problem.corpus, len(problem.corpus) // 10, SEED)
    trainings(problem, labelled, ours, truth, checks)
    for name in STRATEGIES:
        picks(*(_learner(problem, labelled, each, name) for each in (ours, truth)), checks)
    side_by_side(problem, labelled, ours, checks)


def trainings(
    problem: Problem, labelled: NDArray[np.int64], ours: Tensor, truth: Tensor, checks: Checks
) -> None:
    """Losses and dynamics of three models that differ in seed, whole set and repeated text."""
    labels = problem.corpus.labels
    whole = [TrainingSet(labelled, labels[labelled], seed) for seed in (1, 2, 3)]
    # Twice as many steps for one of them, and a last batch that is not full.
    repeats = [
        TrainingSet(np.full(size, row), np.full(size, labels[row]), seed)
        for seed, (row, size) in enumerate(zip(labelled, (40, 40, 75), strict=False))
    ]
    for name, sets, batch_size in (
        ("one batch of all texts", whole, len(labelled)),
        ("batches of 16 of one text", repeats, 16),
    ):
        # AdamW divides a gradient by its own size: one that is rounding alone would move a weight
        # as far as any other, so the constant it adds to that size is above rounding here.
        recipe = replace(
            PAPER.classifier,
            dropout=0.0,
            learning_rate=1e-3,
            batch_size=batch_size,
            epsilon=1e-3,
        )
        classes = len(problem.corpus.classes)
        for dynamics in ("epoch_end", "training_pass"):
            told = f"{name}, dynamics of {dynamics.replace('_', ' ')}"
            one, other = (
                list(train_epochs(features, sets, classes, replace(recipe, dynamics=dynamics)))
                for features in (ours, truth)
            )
            losses = [np.abs(a.losses - b.losses).max() for a, b in zip(one, other, strict=True)]
            checks.add(f"losses: {told}", float(max(losses)))
            checks.add(f"P(gold): {told}", apart(one, other))


def apart(one: list[Epoch], other: list[Epoch]) -> float:
    """The largest difference of a gold-label probability in any epoch of any model."""
    return max(
        float(np.abs(a - b).max())
        for x, y in zip(one, other, strict=True)
        for a, b in zip(x.gold_probability, y.gold_probability, strict=True)
    )


def picks(ours: ActiveLearner, truth: ActiveLearner, checks: Checks) -> None:
    """The batch of a strategy, and its scores of the whole pool.

    Where no text's score differs by more than is allowed, two batches differ by ties alone.
    """
    name = ours.strategy
    # CAL+DAL splits what it is asked for in two rankings, so its batch alone has an order.
    size = QUERY if name == "cal-dal" else len(truth.pool)
    one, other = ours.query(size), truth.query(size)
    shared = len(np.intersect1d(one.rows[:QUERY], other.rows[:QUERY]))
    difference = (
        float(np.abs(one.scores - other.scores).max())
        if name == "cal-dal"
        else float(np.abs(_by_row(one) - _by_row(other)).max())
    )
    note = f", {shared} of {QUERY} picks the same"
    if one.fallback or other.fallback:
        note += f"; {one.fallback}"
    checks.add(f"scores: {name}", difference, note)


def side_by_side(
    problem: Problem, rows: NDArray[np.int64], features: Tensor, checks: Checks
) -> None:
    """Five models at once against each alone, in batches of 16 with dropout."""
    labels, classes = problem.corpus.labels[rows], len(problem.corpus.classes)
    recipe: Recipe = replace(PAPER.classifier, epochs=5, batch_size=16)
    sets = [TrainingSet(rows, labels, seed) for seed in range(5)]
    at_once = list(train_epochs(features, sets, classes, recipe))
    differences = []
    for model, alone in enumerate(sets):
        for one, other in zip(
            at_once, train_epochs(features, [alone], classes, recipe), strict=True
        ):
            found = np.abs(one.gold_probability[model] - other.gold_probability[0]).max()
            differences.append(float(found))
    checks.add("P(gold): five models at once, and each alone", max(differences))


def _learner(
    problem: Problem, labelled: NDArray[np.int64], features: Tensor, strategy: str
) -> ActiveLearner:
    corpus = problem.corpus
    everything = len(corpus)
    preset: Preset = replace(
        PAPER.with_classifier(dropout=0.0, batch_size=everything),
        discriminator=replace(PAPER.discriminator, batch_size=everything),
        t_cor=0.8,
    )
    learner = ActiveLearner(
        features, corpus.ids, corpus.classes, strategy=strategy, preset=preset, seed=SEED
    )
    learner.teach_rows(labelled, corpus.labels[labelled])
    return learner


def _by_row(batch: Batch) -> NDArray[np.float64]:
    return batch.scores[np.argsort(batch.rows)]
