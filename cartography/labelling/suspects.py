"""Label suspects: labelled texts ranked by how doubtful their label is.

References
----------
Swayamdipta et al. (2020), Dataset cartography: mapping and diagnosing datasets with training
dynamics.
Pleiss et al. (2020), Identifying mislabeled data using the area under the margin ranking.
Northcutt, Jiang & Chuang (2021), Confident learning: estimating uncertainty in dataset labels.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cartography.errors import CartographyError
from cartography.labelling.cross_validation import FOLDS, FoldPlan, derived_seed
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.models.presets import Preset
from cartography.models.trainer import TrainingSet
from cartography.models.training import train_epochs
from cartography.parallel import run_jobs

_BLOCK = 4096  # labelled texts compared at a time
_MAIN = 0  # a purpose of a seed; the other ones are of the cross-validation
_T = TypeVar("_T")


@dataclass(frozen=True)
class Progress:
    """How many epochs of a training are done."""

    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Suspects:
    """A labelled set of n texts with what its rankings are computed from.

    Attributes
    ----------
    rows : int64 array, shape (n,)
        Rows of the features.
    labels : int64 array, shape (n,)
        The given labels, in 0 .. C - 1.
    dynamics : TrainingDynamics
        Of the model that is trained on all n texts; its ids are the rows.
    out_of_fold : float32 array, shape (n, C)
        Class probabilities of each text by a model that was not trained on it.
    features : Tensor, shape (R, d)
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    dynamics: TrainingDynamics
    out_of_fold: NDArray[np.float32]
    features: Tensor = field(repr=False)

    @cached_property
    def data_map(self) -> DataMap:
        """The data map of the labelled set."""
        return DataMap.of(self.dynamics)

    @cached_property
    def scores(self) -> dict[str, NDArray[np.float64]]:
        """The scores (n,) of each ranking of `RANKINGS`; higher is more suspect."""
        return {name: ranking.score(self) for name, ranking in RANKINGS.items()}

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each text (n,) by the model that was not trained on it."""
        return self.out_of_fold.argmax(axis=1)

    @cached_property
    def issues(self) -> NDArray[np.bool_]:
        """The texts (n,) that confident learning estimates to be mislabelled.

        They are off the diagonal of the confident joint, and as in cleanlab only those whose most
        probable class is not the label: with many classes, thresholds can be so low that texts
        predicted as labelled are counted in another class.
        """
        confident = confident_classes(self.out_of_fold, self.labels)
        off_diagonal = (confident >= 0) & (confident != self.labels)
        return off_diagonal & (self.predicted != self.labels)

    @cached_property
    def single(self) -> NDArray[np.bool_]:
        """The texts (n,) that are alone in their class.

        The model that predicts such a text knows no text of its class. So it is among the first of
        the rankings from cross-validation, whether its label is right or not.
        """
        return np.bincount(self.labels)[self.labels] == 1

    def order(self, ranking: str) -> NDArray[np.int64]:
        """Return the positions (n,), the most suspect first; equal ones in the order of the set.

        Raises
        ------
        CartographyError
            `ranking` is not one of `RANKINGS`.
        """
        if ranking not in RANKINGS:
            raise CartographyError(
                f"there is no ranking {ranking!r}: give one of {', '.join(RANKINGS)}"
            )
        return np.argsort(-self.scores[ranking], kind="stable")

    def nearest(self, positions: NDArray[np.int64], count: int = 5) -> NDArray[np.int64]:
        """Find the nearest other labelled texts by cosine similarity of the features.

        Parameters
        ----------
        positions : int64 array, shape (k,)
            Positions in the labelled set.
        count : int

        Returns
        -------
        int64 array, shape (k, min(count, n - 1))
            Positions in the labelled set, the most similar first.
        """
        rows = torch.from_numpy(self.rows).to(self.features.device)
        asked = functional.normalize(self.features[rows[positions.tolist()]])
        compare = [
            partial(_similarity, asked, self.features, part) for part in torch.split(rows, _BLOCK)
        ]
        similarity = torch.cat(run_jobs(compare, self.features.device), dim=1).cpu().numpy()
        similarity[np.arange(len(positions)), positions] = -np.inf
        order = np.argsort(-similarity, axis=1, kind="stable")
        return order[:, : min(count, len(self.rows) - 1)]


@dataclass(frozen=True)
class Ranking:
    """A ranking of label suspects.

    Attributes
    ----------
    description : str
        One sentence.
    score : callable
        Takes `Suspects` and returns a float64 array, shape (n,); higher is more suspect.
    """

    description: str
    score: Callable[[Suspects], NDArray[np.float64]]


RANKINGS: Mapping[str, Ranking] = {
    "low confidence": Ranking(
        "The model gave the label a low probability while it was trained on it: 1 - confidence.",
        lambda suspects: 1 - suspects.data_map.confidence,
    ),
    "log odds": Ranking(
        "The label had low log-odds against all other classes, averaged over the epochs: a form "
        "of the area under the margin.",
        lambda suspects: -mean_log_odds(suspects.dynamics.gold_probability),
    ),
    "confident learning": Ranking(
        "First the texts that confident learning estimates to be mislabelled, then the others; "
        "in both parts by how much more probable another class is than the label, by a model that "
        "was not trained on the text.",
        lambda suspects: (
            suspects.issues + (1 - normalised_margin(suspects.out_of_fold, suspects.labels)) / 2
        ),
    ),
    "cross-validation": Ranking(
        "A model that was not trained on the text gives its label a low probability.",
        lambda suspects: 1 - label_probability(suspects.out_of_fold, suspects.labels),
    ),
}
"""The rankings by name."""


def mean_log_odds(gold_probability: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute the mean log-odds of the gold label over the epochs.

    The log-odds log(p / (1 - p)) are the gold label's logit minus the log-sum-exp of the other
    logits. The area under the margin (Pleiss et al. 2020) subtracts the largest other logit: with
    two classes both are equal, with C they differ by at most log(C - 1). Training records
    probabilities, not logits, so this is what can be computed from them.

    Parameters
    ----------
    gold_probability : float32 array, shape (E, n)

    Returns
    -------
    float64 array, shape (n,)
        Finite: probabilities of 0 and 1 count as the next ones that float32 can hold.
    """
    least, most = np.finfo(np.float32).smallest_normal, np.nextafter(np.float32(1), np.float32(0))
    clipped = np.clip(gold_probability, least, most).astype(np.float64)
    return (np.log(clipped) - np.log1p(-clipped)).mean(axis=0)


def label_probability(
    probability: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the probability (n,) of each text's label; `probability` is (n, C)."""
    return probability[np.arange(len(labels)), labels].astype(np.float64)


def class_thresholds(
    out_of_fold: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compute the mean probability of each class over the texts with its label.

    Parameters
    ----------
    out_of_fold : float32 array, shape (n, C)
    labels : int64 array, shape (n,)

    Returns
    -------
    float64 array, shape (C,)
        NaN for a class without a text.

    References
    ----------
    Northcutt, Jiang & Chuang (2021), Section 3.1.
    """
    classes = out_of_fold.shape[1]
    own = np.bincount(labels, label_probability(out_of_fold, labels), minlength=classes)
    count = np.bincount(labels, minlength=classes)
    return np.divide(own, count, out=np.full(classes, np.nan), where=count > 0)


def confident_classes(
    out_of_fold: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Find the class that each text is counted in by the confident joint.

    It is the most probable of the classes whose probability reaches their threshold. A text that
    is counted in another class than its label is off the diagonal of the joint: an estimated
    label issue.

    Parameters
    ----------
    out_of_fold : float32 array, shape (n, C)
    labels : int64 array, shape (n,)

    Returns
    -------
    int64 array, shape (n,)
        -1 for a text that reaches no threshold.

    References
    ----------
    Northcutt, Jiang & Chuang (2021), Section 3.1.
    """
    # NaN, the threshold of a class without a text, compares as false.
    reached = out_of_fold >= class_thresholds(out_of_fold, labels)
    best = np.where(reached, out_of_fold, -1).argmax(axis=1)
    return np.where(reached.any(axis=1), best, -1)


def normalised_margin(
    probability: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compute the probability of each label minus that of the most probable other class.

    Parameters
    ----------
    probability : float32 array, shape (n, C)
    labels : int64 array, shape (n,)

    Returns
    -------
    float64 array, shape (n,)
        In [-1, 1]; below 0 where another class is more probable.

    References
    ----------
    Northcutt, Jiang & Chuang (2021), Section 3.2.
    """
    others = probability.astype(np.float64)
    others[np.arange(len(labels)), labels] = -np.inf
    return label_probability(probability, labels) - others.max(axis=1)


def find_suspects(
    features: Tensor,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    class_count: int,
    preset: Preset,
    seed: int = 0,
    *,
    folds: int = FOLDS,
) -> Suspects:
    """Train the model of the data map and those of the cross-validation, all side by side.

    Parameters
    ----------
    features : Tensor, shape (R, d)
    rows : int64 array, shape (n,)
        Rows of the features: the labelled set.
    labels : int64 array, shape (n,)
        In 0 .. C - 1.
    class_count : int
        C.
    preset : Preset
    seed : int
    folds : int
        With fewer texts than folds, each text is a fold.

    Returns
    -------
    Suspects

    Raises
    ------
    CartographyError
        There are fewer than two texts, classes or folds, or a label is out of range.
    """
    return find_in_sets(features, [(rows, labels, seed)], class_count, preset, folds)[0]


def find_in_sets(
    features: Tensor,
    sets: Sequence[tuple[NDArray[np.int64], NDArray[np.int64], int]],
    class_count: int,
    preset: Preset,
    folds: int = FOLDS,
) -> list[Suspects]:
    """Do the work of `find_suspects` for several labelled sets, all models side by side.

    Parameters
    ----------
    features : Tensor, shape (R, d)
    sets : sequence of (rows, labels, seed)
        As in `find_suspects`.
    class_count, preset, folds
        As in `find_suspects`.

    Returns
    -------
    list of Suspects
        Each as if it were found alone.
    """
    return result_of(search_sets(features, sets, class_count, preset, folds))


def search_sets(
    features: Tensor,
    sets: Sequence[tuple[NDArray[np.int64], NDArray[np.int64], int]],
    class_count: int,
    preset: Preset,
    folds: int = FOLDS,
) -> Generator[Progress, None, list[Suspects]]:
    """Do the work of `find_in_sets`, yielding after each epoch."""
    if class_count < 2:
        raise CartographyError(
            f"a classifier needs at least two classes; the labels name {class_count}"
        )
    recipe = preset.for_corpus(len(features)).classifier
    plans = [FoldPlan.of(*labelled, folds) for labelled in sets]
    main = [TrainingSet(rows, labels, derived_seed(seed, _MAIN)) for rows, labels, seed in sets]
    in_folds = [training_set for plan in plans for training_set in plan.sets]
    gold, correct = [], []
    for epoch in train_epochs(features, [*main, *in_folds], class_count, recipe):
        gold.append(epoch.gold_probability[: len(main)])
        correct.append(epoch.correct[: len(main)])
        yield Progress(epoch.number, epoch.epochs)
    models = iter(epoch.classifiers[len(main) :])
    found = []
    for plan, gold_of_set, correct_of_set in zip(
        plans, zip(*gold, strict=True), zip(*correct, strict=True), strict=True
    ):
        dynamics = TrainingDynamics(
            plan.rows.astype(object), np.stack(gold_of_set), np.stack(correct_of_set)
        )
        out_of_fold = plan.predict(features, models, class_count, recipe)
        found.append(Suspects(plan.rows, plan.labels, dynamics, out_of_fold, features))
    return found


def result_of(steps: Generator[Any, None, _T]) -> _T:
    """Run a generator to its end and return its result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _T = end.value
            return result


def _similarity(asked: Tensor, features: Tensor, rows: Tensor) -> Tensor:
    """Cosine similarity (k, b) of normalised features (k, d) and those of some rows (b,)."""
    return asked @ functional.normalize(features[rows]).T
