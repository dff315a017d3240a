"""Active learning simulated: Algorithm 1 with the pool's gold labels withheld."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartography.active.group import Batch, Learner, LearnerGroup
from cartography.corpora.corpus import Corpus, stratified_draw
from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap, MapStatistics
from cartography.models.metrics import Evaluation, cohen_kappa, evaluate
from cartography.models.presets import STANDARD, Preset
from cartography.models.training import as_tensor, pick_device
from cartography.strategies.table import USES_T_COR

_FIXED_SPLIT = 42  # the released code's random_state


@dataclass(frozen=True)
class Trial:
    """One simulated learner.

    Attributes
    ----------
    strategy : str
    seed : int
    t_cor : float or None
        CAL's threshold of correctness; None is the preset's.
    """

    strategy: str
    seed: int
    t_cor: float | None = None

    def __post_init__(self) -> None:
        if self.t_cor is not None and not 0 <= self.t_cor <= 1:
            raise CartographyError(f"t_cor is a fraction of the epochs, 0 to 1; it is {self.t_cor}")

    @property
    def settings(self) -> dict[str, object]:
        """Its settings by name, without those that are None."""
        values = {"strategy": self.strategy, "t_cor": self.t_cor, "seed": self.seed}
        return {name: value for name, value in values.items() if value is not None}


def trials_of(
    strategies: Sequence[str], levels: Sequence[float], seeds: Sequence[int]
) -> list[Trial]:
    """Return a trial of every strategy at every level of t_cor that it reads, with every seed."""
    return [
        Trial(strategy, seed, None if level is None else level + 0.0)  # without the sign of -0
        for strategy in strategies
        for level in (levels if strategy in USES_T_COR else [None])
        for seed in seeds
    ]


@dataclass(frozen=True, eq=False)
class Iteration:
    """One trial after its model was trained for the `number`-th time.

    Attributes
    ----------
    trial : Trial
    number : int
        0 is the training on the seed set alone.
    rows : array of int, shape (l,)
        The labelled set, the newest batch last.
    labels : array of int, shape (l,)
        Gold labels of the labelled set.
    batch : Batch or None
        What the previous model picked, labelled before this training; None at 0.
    pool : int
        Size of the pool that the batch was taken from; at 0, of the pool that the seed set leaves.
    data_map : DataMap
        Map of the labelled set, in the order of `rows`.
    evaluation : Evaluation
        On the test set.
    agreement : float
        Cohen's kappa between this model's test predictions and the previous model's; NaN at 0.
    train_seconds : float
    """

    trial: Trial
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
        """Statistics of the batch on this iteration's map (Figure 4); empty at iteration 0."""
        size = len(self.batch) if self.batch else 0
        return self.data_map.statistics(np.arange(len(self.rows) - size, len(self.rows)))


def simulate(
    corpus: Corpus,
    features: NDArray[np.float32],
    test: Corpus,
    test_features: NDArray[np.float32],
    trials: Sequence[Trial],
    *,
    preset: Preset = STANDARD,
    device: str = "auto",
    done: Sequence[Sequence[NDArray[np.int64]]] | None = None,
) -> Iterator[Iteration]:
    """Run Algorithm 1 (Zhang & Plank 2021) for M trials side by side.

    The gold labels of `corpus` are withheld here: a learner gets them only with the batch that it
    asked for. The seed set depends on a trial's seed alone, so all strategies start from the same
    one.

    Parameters
    ----------
    corpus, test : Corpus
    features : array of float32, shape (n, d)
    test_features : array of float32, shape (m, d)
    trials : sequence of Trial
    preset : Preset, default STANDARD
        All settings that a `Trial` does not name.
    device : {"auto", "cpu", "cuda"}, default "auto"
    done : sequence of sequences of arrays, optional
        Resumes: for each trial the rows of the batches that it was taught before, equally many for
        all. The last of these iterations is trained again but not yielded again (and all before it
        if the preset's switch `weight_reset` is off).

    Yields
    ------
    Iteration
        M iterations, then the next M, until `preset.iterations` batches or an empty pool.

    Raises
    ------
    CartographyError
        A text has no gold label, or the seed set is not smaller than the corpus.
    """
    preset = preset.for_corpus(len(corpus))
    learners = _make_learners(corpus, trials, preset)
    shared = as_tensor(features, pick_device(device))
    group = LearnerGroup(shared, corpus.ids, corpus.classes, learners)
    held_out = as_tensor(test_features, shared.device)
    past = [list(batches) for batches in done] if done is not None else [[] for _ in trials]
    assert preset.seed_size is not None
    if preset.seed_size >= len(corpus):
        raise CartographyError(
            f"a seed set of {preset.seed_size} leaves no pool: {corpus.name} has {len(corpus)} "
            "labelled texts to learn from; use a smaller --seed-size"
        )
    finished = len(past[0])
    batches: list[Batch | None] = [None] * len(trials)
    previous: list[NDArray[np.int64] | None] = [None] * len(trials)
    for number in range(preset.iterations + 1):
        if number > finished:
            if not len(learners[0].pool):
                return
            batches = [*group.query(preset.query_size)]
        for learner, trial, rows_done, batch in zip(learners, trials, past, batches, strict=True):
            if not number:
                stratified = preset.switches.stratified_seed
                rows = seed_set(corpus, preset.seed_size, trial.seed, stratified)
            else:
                rows = rows_done[number - 1] if batch is None else batch.rows
            learner.teach(rows, corpus.labels[rows])
        if number < finished and preset.switches.weight_reset:
            continue  # the next training takes nothing from this one
        for _ in group.train():
            pass
        predictions = [
            group.probabilities(learner, held_out).argmax(axis=1) for learner in learners
        ]
        if done is None or number > finished:
            for trial, learner, batch, before, predicted in zip(
                trials, learners, batches, previous, predictions, strict=True
            ):
                trained = group.ready(learner)
                yield Iteration(
                    trial=trial,
                    number=number,
                    rows=learner.labelled,
                    labels=corpus.labels[learner.labelled],
                    batch=batch,
                    pool=len(learner.pool) + (len(batch) if batch else 0),
                    data_map=trained.data_map,
                    evaluation=evaluate(predicted, test.labels),
                    agreement=float("nan") if before is None else cohen_kappa(before, predicted),
                    train_seconds=trained.seconds,
                )
        previous = [*predictions]


def _make_learners(corpus: Corpus, trials: Sequence[Trial], preset: Preset) -> list[Learner]:
    """A learner per trial."""
    if not trials:
        raise CartographyError("there is nothing to simulate: name at least one seed")
    if not corpus.labelled.all():
        row = int((~corpus.labelled).argmax())
        raise CartographyError(
            f"{corpus.name}: text {corpus.ids[row]!r} has no gold label, and a simulation needs "
            "one for every text of its pool"
        )
    return [
        Learner(
            len(corpus),
            trial.strategy,
            preset if trial.t_cor is None else replace(preset, t_cor=trial.t_cor),
            trial.seed,
        )
        for trial in trials
    ]


def seed_set(corpus: Corpus, size: int, seed: int, stratified: bool = True) -> NDArray[np.int64]:
    """Draw the seed set.

    Parameters
    ----------
    corpus : Corpus
    size : int
    seed : int
    stratified : bool, default True
        False gives the released code's random split: the same for every seed, in its own order
        (see the switch `stratified_seed`).

    Returns
    -------
    array of int, shape (size,)
        Rows with a gold label; ascending if stratified.

    Raises
    ------
    CartographyError
        `size` is below 1, or the corpus has fewer labelled texts.
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
