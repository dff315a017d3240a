"""Active learning simulated: Algorithm 1 with the pool's gold labels withheld."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartography.active.learner import ActiveLearner, Batch, query, train
from cartography.corpora.corpus import Corpus, stratified_draw
from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap, MapStatistics
from cartography.models.presets import PAPER, Preset
from cartography.models.training import as_tensor, pick_device
from cartography.parallel import worker_count

_FIXED_SPLIT = 42  # the released code's random_state


@dataclass(frozen=True)
class Evaluation:
    """Accuracy and macro-averaged F1 on a test set, in [0, 1]."""

    accuracy: float
    macro_f1: float


def evaluate(predicted: NDArray[np.int64], gold: NDArray[np.int64]) -> Evaluation:
    """Compare predicted classes (n,) with gold labels (n,); rows without one (-1) are left out.

    Macro-F1 averages over the classes that occur in either. Raises CartographyError when no row
    has a gold label.
    """
    known = gold >= 0
    if not known.any():
        raise CartographyError("the test set has no gold labels: name its label column")
    predicted, gold = predicted[known], gold[known]
    hits = np.bincount(gold[predicted == gold], minlength=1 + max(predicted.max(), gold.max()))
    either = np.bincount(predicted, minlength=len(hits)) + np.bincount(gold, minlength=len(hits))
    f1 = 2 * hits[either > 0] / either[either > 0]
    return Evaluation(accuracy=float((predicted == gold).mean()), macro_f1=float(f1.mean()))


def cohen_kappa(before: NDArray[np.int64], after: NDArray[np.int64]) -> float:
    """Cohen's kappa between two models' predicted classes (n,) of the same texts, at most 1.

    No gold label is used, so it can be followed where there are none (Bloodgood & Vijay-Shanker
    2009). Two models that give all texts one and the same class, where kappa is 0 / 0, agree: 1.
    """
    same = float((before == after).mean())
    if same == 1:
        return 1.0
    classes = int(max(before.max(), after.max())) + 1
    shares = [np.bincount(each, minlength=classes) / len(each) for each in (before, after)]
    by_chance = float(shares[0] @ shares[1])
    return (same - by_chance) / (1 - by_chance)


@dataclass(frozen=True)
class Trial:
    """One simulated learner: a strategy, a seed and CAL's threshold (None: the preset's)."""

    strategy: str
    seed: int
    t_cor: float | None = None


@dataclass(frozen=True, eq=False)
class Iteration:
    """One arm after its model was trained for the `number`-th time (0: on the seed set alone).

    `batch` is what the previous model picked and what joined the labelled set before this
    training (None at 0), so `batch_statistics` are those of Figure 4: the batch's place on the
    map of the training it is first part of. `rows` (l,) is the labelled set, the batch last, and
    `data_map` its map in that order. `labels` (l,) are its gold labels. `pool` is the size of the
    pool that the batch was taken from; at 0, of the pool that the seed set leaves. `cohen_kappa` is
    that of this model's predictions on the test set with the previous model's (NaN at 0).
    """

    arm: Trial
    number: int
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    batch: Batch | None
    pool: int
    data_map: DataMap
    evaluation: Evaluation
    agreement: float
    train_seconds: float

    @property
    def batch_statistics(self) -> MapStatistics:
        """Statistics of the batch on this iteration's map; empty at iteration 0."""
        size = len(self.batch) if self.batch else 0
        return self.data_map.statistics(np.arange(len(self.rows) - size, len(self.rows)))


def simulate(
    corpus: Corpus,
    features: NDArray[np.float32],
    test: Corpus,
    test_features: NDArray[np.float32],
    arms: Sequence[Trial],
    *,
    preset: Preset = PAPER,
    device: str = "auto",
    done: Sequence[Sequence[NDArray[np.int64]]] | None = None,
) -> Iterator[Iteration]:
    """Algorithm 1 for M arms side by side: yields M iterations, then the M next ones.

    The gold labels of `corpus` are withheld here and handed to a learner only with the batch it
    asked for. The seed set is stratified and depends on an arm's seed alone, so strategies start
    from the same one. Arms may differ in all that an `Trial` names; the rest is `preset`'s. Ends
    after `preset.iterations` batches or when the pool is empty.

    `done` resumes: for each arm, the rows of the batches it was taught before, equally many for
    all. The iteration they end with is trained again and not yielded again (and all before it,
    where the preset's switch `weight_reset` is off); `None` starts anew.

    Raises CartographyError when a text has no gold label or the seed set is not smaller than the
    corpus.
    """
    preset = preset.for_corpus(len(corpus))
    learners = _learners(corpus, features, arms, preset, device)
    held_out = as_tensor(test_features, learners[0].features.device)
    past = [list(batches) for batches in done] if done is not None else [[] for _ in arms]
    assert preset.seed_size is not None
    if preset.seed_size >= len(corpus):
        raise CartographyError(
            f"a seed set of {preset.seed_size} leaves no pool: {corpus.name} has {len(corpus)} "
            "labelled texts to learn from; use a smaller --seed-size"
        )
    finished = len(past[0])
    taught: list[Batch | None] = [None] * len(arms)
    before: list[NDArray[np.int64] | None] = [None] * len(arms)
    for number in range(preset.iterations + 1):
        if number > finished:
            if not len(learners[0].pool):
                return
            taught = [batch for some in _at_once(learners) for batch in query(some)]
        for learner, arm, batches, batch in zip(learners, arms, past, taught, strict=True):
            if not number:
                rows = seed_set(corpus, preset.seed_size, arm.seed, preset.switches.stratified_seed)
            else:
                rows = batches[number - 1] if batch is None else batch.rows
            learner.teach_rows(rows, corpus.labels[rows])
        if number < finished and preset.switches.weight_reset:
            continue  # the next training has nothing from this one
        for _ in train(learners):
            pass
        predicted = [learner.probabilities(held_out).argmax(axis=1) for learner in learners]
        if done is None or number > finished:
            for arm, learner, batch, then, now in zip(
                arms, learners, taught, before, predicted, strict=True
            ):
                yield Iteration(
                    arm=arm,
                    number=number,
                    rows=learner.labelled,
                    labels=corpus.labels[learner.labelled],
                    batch=batch,
                    pool=len(learner.pool) + (len(batch) if batch else 0),
                    data_map=learner.data_map,
                    evaluation=evaluate(now, test.labels),
                    agreement=float("nan") if then is None else cohen_kappa(then, now),
                    train_seconds=learner.train_seconds,
                )
        before = [*predicted]


def _learners(
    corpus: Corpus,
    features: NDArray[np.float32],
    arms: Sequence[Trial],
    preset: Preset,
    device: str,
) -> list[ActiveLearner]:
    """A learner for each arm, sharing the features on the device."""
    if not arms:
        raise CartographyError("there is nothing to simulate: name at least one seed")
    if not corpus.labelled.all():
        row = int((~corpus.labelled).argmax())
        raise CartographyError(
            f"{corpus.name}: text {corpus.ids[row]!r} has no gold label, and a simulation needs "
            "one for every text of its pool"
        )
    shared = as_tensor(features, pick_device(device))
    return [
        ActiveLearner(
            shared,
            corpus.ids,
            corpus.classes,
            strategy=arm.strategy,
            preset=preset if arm.t_cor is None else replace(preset, t_cor=arm.t_cor),
            seed=arm.seed,
        )
        for arm in arms
    ]


def _at_once(learners: list[ActiveLearner]) -> list[list[ActiveLearner]]:
    """The learners that are asked side by side: on the CPU one a core, since each holds the
    representations of its whole pool while it is; elsewhere all.
    """
    device = learners[0].features.device
    width = worker_count(device) if device.type == "cpu" else len(learners)
    return [learners[start : start + width] for start in range(0, len(learners), width)]


def seed_set(corpus: Corpus, size: int, seed: int, stratified: bool = True) -> NDArray[np.int64]:
    """Rows of the seed set (`size`,) of `seed`, all labelled: stratified and ascending, or else a
    random split that is the same for every seed, in its own order (see the switch
    `stratified_seed`).

    Raises CartographyError when `size` is below 1 or the corpus has fewer labelled texts.
    """
    if stratified:
        return stratified_draw(corpus.labels, size, np.random.default_rng(seed))
    available = np.flatnonzero(corpus.labelled)
    if not 1 <= size <= len(available):
        raise CartographyError(
            f"cannot draw {size:,} labelled texts: there are {len(available):,}; "
            "give a size between 1 and that number"
        )
    # scikit-learn's train_test_split, which the released code calls, trains on the end of this.
    shuffled = np.random.RandomState(_FIXED_SPLIT).permutation(available)
    return shuffled[len(available) - size :]
