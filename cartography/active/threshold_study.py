"""What each threshold t_cor would do: a discriminator for every level, trained beforehand."""

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

# Below either, a discriminator learns its few texts rather than a group. The figures are ours:
# with ten texts one is a tenth of all it sees, and at one in twenty always guessing the other
# side is 95 % right.
THIN_COUNT = 10
THIN_SHARE = 0.05

# A look-up knows the levels, the examples and the order of ties of the paper's CAL alone.
_SWITCHES_OF_CAL = ("rounded_correctness", "cal_representations", "linear_discriminator")


def attainable_levels(epochs: int) -> NDArray[np.float64]:
    """The levels of t_cor that differ on a map of E `epochs`: 0, 1/E ... (E - 1)/E, (E,).

    At 1 nothing would be high-cor.
    """
    return np.arange(epochs) / epochs


def distinct_splits(
    correctness: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Which two-sided split of `correctness` (l,) each of the ascending `levels` (E,) makes, (E,).

    Splits are numbered from 0 in the order of the levels; levels with no correctness between
    them share one. -1 stands where all items are on one side.
    """
    # Splits are nested, so two with equally many high-cor items are the same.
    high = (correctness[:, None] > levels).sum(axis=0)  # (E,)
    two_sided = (high > 0) & (high < len(correctness))
    splits = np.full(len(levels), -1, dtype=np.int64)
    splits[two_sided] = np.unique(-high[two_sided], return_inverse=True)[1]
    return splits


@dataclass(frozen=True)
class SplitBalance:
    """How many labelled texts are high-cor and low-cor at a threshold."""

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
        """Share of the larger side: the accuracy of a discriminator that has learnt no more."""
        return max(self.high_share, self.low_share)

    @property
    def warning(self) -> str:
        """What a reader should know before trusting the discriminator, "" where all is well.

        A side is thin when it has fewer than `THIN_COUNT` texts or less than `THIN_SHARE` of all.
        """
        few, side, mend = (
            (self.low, "low-cor", "raise")
            if self.low <= self.high
            else (self.high, "high-cor", "lower")
        )
        labelled = self.high + self.low
        if not few:
            return f"No labelled text is {side} here, so there are no two groups to tell apart."
        if few < THIN_COUNT or few / labelled < THIN_SHARE:
            return (
                f"{few:,} of {labelled:,} labelled texts ({few / labelled:.1%}) are {side}, too "
                f"few to learn from: {mend} t_cor, or label more texts."
            )
        return ""


@dataclass(frozen=True, eq=False)
class BatchChange:
    """Positions in the pool that two batches share, the earlier alone has, and the later alone.

    Each in the order of its batch; what is `kept` in that of the later.
    """

    kept: NDArray[np.int64]
    gone: NDArray[np.int64]
    new: NDArray[np.int64]


def compare_batches(before: Selection, after: Selection) -> BatchChange:
    """How the batch `after` differs from `before`."""
    stays = np.isin(after.positions, before.positions)
    return BatchChange(
        kept=after.positions[stays],
        gone=before.positions[~np.isin(before.positions, after.positions)],
        new=after.positions[~stays],
    )


@dataclass(frozen=True, eq=False)
class ThresholdStudy:
    """A labelled set of l texts, a pool of n, and what CAL makes of them at every t_cor.

    `data_map` is that of the labelled set, over E epochs. `splits` (E,) is the split that each of
    the `levels` makes, -1 where it is one-sided (see `distinct_splits`), and
    `discriminator_accuracy` (E,) the accuracy in [0, 1] that its discriminator reached in
    training, NaN where there is none. `high_cor_probability` (S, n) is P(high-cor) of the pool by
    the discriminator of each of the S splits. `query_seed` is the seed of the generator that a
    query draws from.

    A t_cor between two levels acts as the lower one, for it splits the same. All that is asked
    about a t_cor outside [0, 1] raises CartographyError.
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
        """The labelled texts on either side of `t_cor` itself, no other threshold in its place."""
        high = int(self.data_map.high_cor(_checked(t_cor)).sum())
        return SplitBalance(high, len(self.data_map) - high)

    def probability(self, t_cor: float) -> NDArray[np.float32] | None:
        """P(high-cor) of the pool (n,) by the discriminator that `cal` trains at `t_cor`.

        Where `t_cor` leaves one side empty, that is the discriminator of the nearest threshold
        that does not. None when no threshold can split the labelled texts.
        """
        level = self._level(self._split(t_cor))
        return None if level is None else self.high_cor_probability[self.splits[level]]

    def accuracy(self, t_cor: float) -> float:
        """The training accuracy of the same discriminator, in [0, 1]; NaN when there is none."""
        level = self._level(self._split(t_cor))
        return float("nan") if level is None else float(self.discriminator_accuracy[level])

    def gain(self, t_cor: float) -> str:
        """What the same discriminator has learnt over always saying the larger side, in words;
        "" when there is none.
        """
        split = self._split(t_cor)
        if not split.two_sided:
            return ""
        labelled, high = len(split.high), int(split.high.sum())
        right = round(self.accuracy(t_cor) * labelled)
        guessed, side = max((high, "high-cor"), (labelled - high, "low-cor"))
        said = (
            f"The discriminator is right for {right:,} of the {labelled:,} labelled texts; always "
            f"saying {side} would be right for {guessed:,}"
        )
        if right <= guessed:
            return f"{said}, so it has not learnt to tell the two apart."
        return f"{said}, {right - guessed:,} fewer."

    def batch(self, t_cor: float, size: int) -> Selection:
        """The `size` texts that `cal` picks at `t_cor`, its fallback included.

        With the seed set of a simulation and its seed and preset, they are its first batch.
        """
        rng = np.random.default_rng(self.query_seed)
        probability = self.probability(t_cor)
        found = None
        if probability is not None:
            # The order of equal scores is drawn after the seed of the discriminator was.
            draw_seed(rng)
            found = DiscriminatorResult(
                probability.astype(np.float64), self.accuracy(t_cor), np.empty(0)
            )
        pool_size = self.high_cor_probability.shape[1]
        return nearest_boundary(self._split(t_cor), found, pool_size, size, rng, rng)

    def _split(self, t_cor: float) -> Split:
        return split_by_correctness(self.data_map.correctness, _checked(t_cor))

    def _level(self, split: Split) -> int | None:
        """The highest level not above the threshold of a two-sided split."""
        if not split.two_sided:
            return None
        return int(np.searchsorted(self.levels, split.t_cor, side="right")) - 1


def _checked(t_cor: float) -> float:
    if not 0 <= t_cor <= 1:
        raise CartographyError(f"t_cor is a share of the epochs, from 0 to 1; it is {t_cor:g}")
    return t_cor


@dataclass(frozen=True, eq=False)
class StudyEpoch:
    """`number` of the `total` epochs of a study are done; with the last one, the study is made."""

    number: int
    total: int
    study: ThresholdStudy | None = None


def study_epochs(preset: Preset) -> int:
    """How many epochs a study has: those of the classifier, then those of the discriminators."""
    return preset.classifier.epochs + preset.discriminator.epochs


def run_study(learner: ActiveLearner) -> Iterator[StudyEpoch]:
    """Train the learner on its labelled set, then a discriminator for every split of its map,
    all side by side, and apply each to the pool.

    CAL is the paper's here, whatever else the preset's switches change. The learner is left as it
    is before its first query. Raises CartographyError when it was taught nothing or has no pool,
    or where `rounded_correctness`, `cal_representations` or `linear_discriminator` is not the
    paper's.
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
    trained, first = np.unique(splits[splits >= 0], return_index=True)
    targets = [data_map.high_cor(t_cor).astype(np.int64) for t_cor in levels[splits >= 0][first]]
    probability = np.empty((len(trained), len(view.pool)), dtype=np.float32)
    accuracy = np.full(len(levels), np.nan)
    if targets:
        seed = draw_seed(np.random.default_rng(learner.query_seed))
        examples, pool = view.labelled_representations, view.representations
        wanted = [DiscriminatorTask(examples, each, pool, seed) for each in targets]
        for epoch in train_discriminators(wanted, preset.discriminator):
            if epoch.number < epoch.epochs:
                yield StudyEpoch(preset.classifier.epochs + epoch.number, total)
        for split, found in enumerate(apply_discriminators(epoch, wanted)):
            probability[split] = found.probability
            accuracy[splits == split] = found.accuracy
    yield StudyEpoch(
        total, total, ThresholdStudy(data_map, splits, accuracy, probability, learner.query_seed)
    )


def _refuse_another_cal(switches: Switches) -> None:
    chosen = switches.settings()
    for name in _SWITCHES_OF_CAL:
        paper, _ = switch_values(name)
        if chosen[name] != paper:
            raise CartographyError(
                f"a threshold study asks as the paper's CAL does, but the switch {name} is "
                f"{chosen[name]}: set it to {paper}"
            )
