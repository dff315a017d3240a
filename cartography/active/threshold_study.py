"""The threshold study: a discriminator for every level of t_cor, trained ahead."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartography.active.learner import ActiveLearner
from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap
from cartography.models.presets import Preset
from cartography.models.switches import Switches, switch_values
from cartography.strategies.cal import Split, nearest_boundary, split_by_correctness
from cartography.strategies.discriminator import (
    DiscriminatorResult,
    DiscriminatorTask,
    apply_discriminators,
    draw_seed,
    train_discriminators,
)
from cartography.strategies.selection import Selection

# Below either, a discriminator learns single texts rather than a group. The numbers are ours: of
# ten texts one is a tenth, and at one in twenty always guessing the other side is 95 % right.
THIN_COUNT = 10
THIN_SHARE = 0.05

# A study reproduces the levels, the examples and the order of ties of the paper's CAL only.
_SWITCHES_OF_CAL = ("rounded_correctness", "cal_representations", "linear_discriminator")


def attainable_levels(epochs: int) -> NDArray[np.float64]:
    """Return the levels of t_cor that differ on a map of E epochs.

    Parameters
    ----------
    epochs : int

    Returns
    -------
    array of float, shape (E,)
        0, 1/E ... (E - 1)/E. At 1 nothing would be high-cor.
    """
    return np.arange(epochs) / epochs


def distinct_splits(
    correctness: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Number the splits of the labelled texts that the levels make.

    Parameters
    ----------
    correctness : array of float, shape (l,)
    levels : array of float, shape (E,)
        Ascending.

    Returns
    -------
    array of int, shape (E,)
        The split of each level, numbered from 0 in the order of the levels. Levels with no
        correctness between them share a split; -1 if all texts are on one side.
    """
    # Splits are nested, so two with equally many high-cor items are the same.
    high = (correctness[:, None] > levels).sum(axis=0)  # (E,)
    two_sided = (high > 0) & (high < len(correctness))
    splits = np.full(len(levels), -1, dtype=np.int64)
    splits[two_sided] = np.unique(-high[two_sided], return_inverse=True)[1]
    return splits


@dataclass(frozen=True)
class SplitBalance:
    """How many labelled texts are high-cor and low-cor at a threshold.

    Attributes
    ----------
    high, low : int
    """

    high: int
    low: int

    @property
    def high_share(self) -> float:
        """Share of the labelled texts that are high-cor."""
        return self.high / (self.high + self.low)

    @property
    def low_share(self) -> float:
        """Share of the labelled texts that are low-cor."""
        return self.low / (self.high + self.low)

    @property
    def majority_share(self) -> float:
        """Share of the larger side: the accuracy of always naming that side."""
        return max(self.high_share, self.low_share)

    @property
    def warning(self) -> str:
        """A warning if one side is too small to learn from, else "".

        A side is too small if it has fewer than `THIN_COUNT` texts or less than `THIN_SHARE` of
        all.
        """
        few, side, remedy = (
            (self.low, "low-cor", "raise")
            if self.low <= self.high
            else (self.high, "high-cor", "lower")
        )
        labelled = self.high + self.low
        if not few:
            return f"No labelled text is {side} here, so there are no two groups to distinguish."
        if few < THIN_COUNT or few / labelled < THIN_SHARE:
            return (
                f"{few:,} of {labelled:,} labelled texts ({few / labelled:.1%}) are {side}, too "
                f"few to learn from: {remedy} t_cor, or label more texts."
            )
        return ""


@dataclass(frozen=True, eq=False)
class BatchChange:
    """How one batch differs from an earlier one, as positions in the pool.

    Attributes
    ----------
    kept, new : array of int
        Texts of the later batch that the earlier one has, and does not have, in its order.
    gone : array of int
        Texts of the earlier batch alone, in its order.
    """

    kept: NDArray[np.int64]
    gone: NDArray[np.int64]
    new: NDArray[np.int64]


def compare_batches(before: Selection, after: Selection) -> BatchChange:
    """Return how the batch `after` differs from `before`."""
    kept = np.isin(after.positions, before.positions)
    return BatchChange(
        kept=after.positions[kept],
        gone=before.positions[~np.isin(before.positions, after.positions)],
        new=after.positions[~kept],
    )


@dataclass(frozen=True, eq=False)
class ThresholdStudy:
    """What CAL does with a labelled set of l texts and a pool of n, at every t_cor.

    A t_cor between two levels acts like the lower one, which makes the same split. Every method
    raises CartographyError for a t_cor outside [0, 1].

    Attributes
    ----------
    data_map : DataMap
        Map of the labelled set, over E epochs.
    splits : array of int, shape (E,)
        The split of each level, -1 if it is one-sided; see `distinct_splits`.
    discriminator_accuracy : array of float, shape (E,)
        Training accuracy in [0, 1] of the discriminator of each level; NaN if there is none.
    high_cor_probability : array of float32, shape (S, n)
        P(high-cor) of the pool by the discriminator of each of the S splits.
    query_seed : int
        Seed of the generator that a query draws from.
    """

    data_map: DataMap
    splits: NDArray[np.int64]
    discriminator_accuracy: NDArray[np.float64]
    high_cor_probability: NDArray[np.float32]
    query_seed: int

    @property
    def levels(self) -> NDArray[np.float64]:
        """The attainable levels of t_cor (E,), ascending."""
        return attainable_levels(self.data_map.epochs)

    def balance(self, t_cor: float) -> SplitBalance:
        """Return the labelled texts on either side of exactly `t_cor`."""
        high = int(self.data_map.high_cor(_checked(t_cor)).sum())
        return SplitBalance(high, len(self.data_map) - high)

    def probability(self, t_cor: float) -> NDArray[np.float32] | None:
        """Return P(high-cor) of the pool (n,) by the discriminator that `cal` trains at `t_cor`.

        If `t_cor` leaves one side empty, it is the discriminator of the nearest threshold that
        does not; None if no threshold can split the labelled texts.
        """
        level = self._level(self._split(t_cor))
        return None if level is None else self.high_cor_probability[self.splits[level]]

    def accuracy(self, t_cor: float) -> float:
        """Return the training accuracy of that discriminator, in [0, 1]; NaN if there is none."""
        level = self._level(self._split(t_cor))
        return float("nan") if level is None else float(self.discriminator_accuracy[level])

    def gain(self, t_cor: float) -> str:
        """Say how much better that discriminator is than always naming the larger side.

        "" if there is no discriminator.
        """
        split = self._split(t_cor)
        if not split.two_sided:
            return ""
        labelled, high = len(split.high), int(split.high.sum())
        right = round(self.accuracy(t_cor) * labelled)
        guessed, side = max((high, "high-cor"), (labelled - high, "low-cor"))
        sentence = (
            f"The discriminator is right for {right:,} of the {labelled:,} labelled texts; always "
            f"naming {side} would be right for {guessed:,}"
        )
        if right <= guessed:
            return f"{sentence}, so it has not learned to distinguish the two."
        return f"{sentence}, {right - guessed:,} fewer."

    def batch(self, t_cor: float, size: int) -> Selection:
        """Return the `size` texts that `cal` picks at `t_cor`, with its fallback.

        With the seed set, seed and preset of a simulation, they are its first batch.
        """
        rng = np.random.default_rng(self.query_seed)
        probability = self.probability(t_cor)
        result = None
        if probability is not None:
            # The order of equal scores is drawn after the seed of the discriminator.
            draw_seed(rng)
            result = DiscriminatorResult(
                probability.astype(np.float64), self.accuracy(t_cor), np.empty(0)
            )
        pool_size = self.high_cor_probability.shape[1]
        return nearest_boundary(self._split(t_cor), result, pool_size, size, rng, rng)

    def _split(self, t_cor: float) -> Split:
        return split_by_correctness(self.data_map.correctness, _checked(t_cor))

    def _level(self, split: Split) -> int | None:
        """The highest level not above the threshold of a two-sided split."""
        if not split.two_sided:
            return None
        return int(np.searchsorted(self.levels, split.t_cor, side="right")) - 1


def _checked(t_cor: float) -> float:
    if not 0 <= t_cor <= 1:
        raise CartographyError(f"t_cor is a fraction of the epochs, from 0 to 1; it is {t_cor:g}")
    return t_cor


@dataclass(frozen=True, eq=False)
class StudyEpoch:
    """Progress of a study.

    Attributes
    ----------
    number, total : int
        `number` of `total` epochs are done.
    study : ThresholdStudy or None
        The study, with the last epoch.
    """

    number: int
    total: int
    study: ThresholdStudy | None = None


def study_epochs(preset: Preset) -> int:
    """Return the number of epochs of a study: the classifier's and the discriminators'."""
    return preset.classifier.epochs + preset.discriminator.epochs


def run_study(learner: ActiveLearner) -> Iterator[StudyEpoch]:
    """Train a learner, then a discriminator for every split of its map, side by side.

    CAL is the paper's here. The learner is left as it is before its first query.

    Parameters
    ----------
    learner : ActiveLearner
        With some labels taught and a pool.

    Yields
    ------
    StudyEpoch
        The last one has the study.

    Raises
    ------
    CartographyError
        The learner was taught nothing or has no pool, or a switch that changes CAL
        (`rounded_correctness`, `cal_representations`, `linear_discriminator`) is not the paper's.
    """
    preset = learner.preset
    _refuse_another_cal(preset.switches)
    total = study_epochs(preset)
    for epoch in learner.train():
        yield StudyEpoch(epoch.number, total)
    view = learner.view()
    data_map = learner.data_map
    levels = attainable_levels(data_map.epochs)
    splits = distinct_splits(data_map.correctness, levels)
    numbers, first = np.unique(splits[splits >= 0], return_index=True)
    targets = [data_map.high_cor(t_cor).astype(np.int64) for t_cor in levels[splits >= 0][first]]
    probability = np.empty((len(numbers), len(view.pool)), dtype=np.float32)
    accuracy = np.full(len(levels), np.nan)
    if targets:
        seed = draw_seed(np.random.default_rng(learner.query_seed))
        examples, pool = view.labelled_representations, view.representations
        tasks = [DiscriminatorTask(examples, target, pool, seed) for target in targets]
        for epoch in train_discriminators(tasks, preset.discriminator):
            if epoch.number < epoch.epochs:
                yield StudyEpoch(preset.classifier.epochs + epoch.number, total)
        for split, result in enumerate(apply_discriminators(epoch, tasks)):
            probability[split] = result.probability
            accuracy[splits == split] = result.accuracy
    yield StudyEpoch(
        total, total, ThresholdStudy(data_map, splits, accuracy, probability, learner.query_seed)
    )


def _refuse_another_cal(switches: Switches) -> None:
    chosen = switches.settings()
    for name in _SWITCHES_OF_CAL:
        paper, _ = switch_values(name)
        if chosen[name] != paper:
            raise CartographyError(
                f"a threshold study follows the paper's CAL, but the switch {name} is "
                f"{chosen[name]}: set it to {paper}"
            )
