"""Cross-validation: each labelled text is predicted by a model that was not trained on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.errors import CartographyError
from cartography.models.mlp import BatchedMLP, InferenceDropout, probabilities
from cartography.models.presets import Recipe
from cartography.models.trainer import TrainingSet
from cartography.models.training import train_epochs

FOLDS = 5

# What a seed is used for; the model of fold k has purpose _FOLD + k.
_DEAL, _FOLD = 1, 2


def deal_folds(
    labels: NDArray[np.int64], folds: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Divide texts into folds, every class evenly.

    The texts of one class after the other are dealt to the folds in turn, in random order. So the
    folds differ by one text at most, in each class and in all. A class may be smaller than the
    number of folds, which scikit-learn's `StratifiedKFold` warns of or refuses.

    Parameters
    ----------
    labels : int64 array, shape (n,)
    folds : int
    rng : numpy.random.Generator

    Returns
    -------
    int64 array, shape (n,)
        The fold of each text, in 0 .. min(folds, n) - 1.

    Raises
    ------
    CartographyError
        There are fewer than two texts or folds.
    """
    if len(labels) < 2 or folds < 2:
        raise CartographyError(
            f"cross-validation needs two folds and two labelled texts or more, not {folds} and "
            f"{len(labels)}"
        )
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % folds
    return fold


def cross_validated(
    features: Tensor,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    classes: int,
    recipe: Recipe,
    folds: int = FOLDS,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Predict each text by a model that was not trained on it. The models train side by side.

    Parameters
    ----------
    features : Tensor, shape (R, d)
    rows : int64 array, shape (n,)
        Rows of the features.
    labels : int64 array, shape (n,)
    classes : int
        C.
    recipe : Recipe
        With a batch size (`Preset.for_corpus`).
    folds : int
        With fewer texts than folds, each text is a fold.
    seed : int

    Returns
    -------
    float32 array, shape (n, C)

    Raises
    ------
    CartographyError
        There are fewer than two texts or folds, or a label is out of range.
    """
    plan = FoldPlan.of(rows, labels, seed, folds)
    *_, last = train_epochs(features, plan.sets, classes, recipe)
    return plan.predict(features, last.classifiers, classes, recipe)


@dataclass(frozen=True, eq=False)
class FoldPlan:
    """The cross-validation of one labelled set.

    Attributes
    ----------
    rows, labels : int64 array, shape (n,)
    fold : int64 array, shape (n,)
        The fold of each text, in 0 .. K - 1.
    seeds : tuple of int, length K
        The seed of each fold's model.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    fold: NDArray[np.int64]
    seeds: tuple[int, ...]

    @classmethod
    def of(
        cls, rows: NDArray[np.int64], labels: NDArray[np.int64], seed: int, folds: int
    ) -> "FoldPlan":
        """Deal the texts to folds; the folds and each model have draws of their own."""
        fold = deal_folds(labels, folds, np.random.default_rng([seed, _DEAL]))
        seeds = tuple(derived_seed(seed, _FOLD + number) for number in range(fold.max() + 1))
        return cls(rows, labels, fold, seeds)

    @property
    def sets(self) -> list[TrainingSet]:
        """What each fold's model is trained on: all texts of the other folds."""
        others = [self.fold != number for number in range(len(self.seeds))]
        return [
            TrainingSet(self.rows[mask], self.labels[mask], seed)
            for mask, seed in zip(others, self.seeds, strict=True)
        ]

    def predict(
        self, features: Tensor, models: Iterable[BatchedMLP], classes: int, recipe: Recipe
    ) -> NDArray[np.float32]:
        """Predict each text by the model of its fold.

        Parameters
        ----------
        features : Tensor, shape (R, d)
        models : iterable of BatchedMLP
            One per fold, of which K are taken.
        classes : int
            C.
        recipe : Recipe

        Returns
        -------
        float32 array, shape (n, C)
        """
        predicted = np.empty((len(self.rows), classes), dtype=np.float32)
        for number, model in enumerate(islice(models, len(self.seeds))):
            mask = self.fold == number
            rows = torch.from_numpy(self.rows[mask]).to(features.device).unsqueeze(0)
            dropout = InferenceDropout.for_recipe(recipe, self.seeds[number])
            predicted[mask] = probabilities(model, features, rows, dropout)[0].cpu().numpy()
        return predicted


def derived_seed(seed: int, purpose: int) -> int:
    """Return the seed for one purpose of a seed."""
    return int(np.random.SeedSequence([seed, purpose]).generate_state(1, np.uint32)[0])
