"""Active learning: a learner that asks and is taught, and the simulation of Algorithm 1."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from torch import Tensor

from cartography import classifier
from cartography.classifier import Classifiers
from cartography.corpus import Corpus, stratified_draw
from cartography.data_map import DataMap, MapStatistics
from cartography.dynamics import TrainingDynamics
from cartography.errors import CartographyError
from cartography.presets import PAPER, SEEDS, Preset
from cartography.strategies import Query, View, strategy_named
from cartography.training import Epoch, TrainingSet, as_tensor, fit, pick_device


@dataclass(frozen=True, eq=False)
class Batch:
    """The k items of one query, the most wanted first.

    `rows` (k,) and `ids` (k,) name them, `scores` (k,) are the strategy's (higher is wanted
    more), `predicted` (k,) is the class the model gave each before it was taught, and `seconds`
    the time the query took. The rest is as in `Query`.
    """

    rows: NDArray[np.int64]
    ids: NDArray[np.object_]
    scores: NDArray[np.float64]
    predicted: NDArray[np.int64]
    discriminator_accuracy: float
    fallback: str
    seconds: float

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class _Trained:
    """A learner's model (M = 1), the map of its labelled set, and the seconds training took."""

    model: Classifiers
    data_map: DataMap
    seconds: float


class ActiveLearner:
    """A labelled set, a pool, and a strategy that says which of the pool to label next.

    `features` (n, d) and `ids` (n,) describe all items; all are in the pool until they are
    taught. `classes` names the C classes. Every training starts from fresh weights; what it
    draws depends on `seed` and on the number of labels alone, so a learner taught the same
    labels in the same order answers the same, whenever it was stopped between.

    Raises CartographyError for an unknown strategy or device, fewer than two classes, or ids
    that are not distinct or not as many as the features.
    """

    def __init__(
        self,
        features: NDArray[np.float32] | Tensor,
        ids: Sequence[Any] | NDArray[np.object_],
        classes: Sequence[str],
        *,
        strategy: str = "cal",
        preset: Preset = PAPER,
        seed: int = SEEDS[0],
        device: str = "auto",
    ) -> None:
        self.strategy = strategy
        self._strategy = strategy_named(strategy)
        self.classes = tuple(classes)
        self.seed = seed
        self.ids = np.empty(len(ids), dtype=object)
        self.ids[:] = list(ids)
        self._row_of = {name: row for row, name in enumerate(self.ids)}
        if len(features) != len(self.ids):
            raise CartographyError(f"there are {len(features)} features for {len(ids)} ids")
        if len(self._row_of) != len(self.ids):
            raise CartographyError("the ids are not distinct: give every item its own")
        if len(set(self.classes)) < len(self.classes) or seed < 0:
            raise CartographyError("classes have distinct names, and a seed is 0 or more")
        if len(self.classes) < 2:
            raise CartographyError(
                f"a classifier needs at least two classes; the labels name {len(self.classes)}"
            )
        self.preset = preset.for_corpus(len(self.ids))
        self.features = (
            features if isinstance(features, Tensor) else as_tensor(features, pick_device(device))
        )
        self._labels = np.full(len(self.ids), -1, dtype=np.int64)
        self._labelled: list[int] = []
        self._trained: _Trained | None = None

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Rows of the labelled set (l,), in the order they were taught."""
        return np.array(self._labelled, dtype=np.int64)

    @property
    def pool(self) -> NDArray[np.int64]:
        """Rows that have not been taught (n - l,), ascending."""
        return np.flatnonzero(self._labels < 0)

    def teach(
        self, ids: Sequence[Any] | NDArray[np.object_], labels: Sequence[Any] | NDArray[Any]
    ) -> None:
        """Add items with their gold `labels`: names of classes, or their numbers from 0 where no
        class is called by a number.

        Raises CartographyError, and takes none of them, when an id is unknown or was taught
        before, or a label is not a class.
        """
        if len(ids) != len(labels):
            raise CartographyError(f"there are {len(ids)} ids for {len(labels)} labels")
        rows = [self._row(name) for name in ids]
        numbers = [self._class_number(name, label) for name, label in zip(ids, labels, strict=True)]
        again = [row for row in rows if self._labels[row] >= 0]
        if again or len(set(rows)) < len(rows):
            twice = again[0] if again else next(row for row in rows if rows.count(row) > 1)
            raise CartographyError(f"item {self.ids[twice]!r} has been taught already")
        self._teach(np.array(rows, dtype=np.int64), np.array(numbers, dtype=np.int64))

    def _teach(self, rows: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        self._labels[rows] = numbers
        self._labelled += rows.tolist()
        self._trained = None

    def query(self, size: int | None = None) -> Batch:
        """The `size` items to label next (the preset's query size unless given); fewer when the
        pool holds fewer. Trains first if labels came since the last training.

        Raises CartographyError when nothing was taught yet, the pool is empty or `size` is below 1.
        """
        wanted = self.preset.query_size if size is None else size
        if wanted < 1:
            raise CartographyError(f"a query asks for one item or more, not for {wanted}")
        trained = self._ready()
        pool = self.pool
        if not len(pool):
            raise CartographyError("the pool is empty: every item is labelled")
        start = time.perf_counter()
        view = View(
            model=trained.model,
            features=self.features,
            labelled=self.labelled,
            pool=pool,
            correctness=trained.data_map.correctness,
            preset=self.preset,
            seed=self._seed(1),
        )
        rng = np.random.default_rng(self._seed(2))
        query: Query = self._strategy(view, wanted, rng)
        rows = pool[query.positions]
        return Batch(
            rows=rows,
            ids=self.ids[rows],
            scores=query.scores,
            predicted=view.probabilities[query.positions].argmax(axis=1).astype(np.int64),
            discriminator_accuracy=query.discriminator_accuracy,
            fallback=query.fallback,
            seconds=time.perf_counter() - start,
        )

    @property
    def data_map(self) -> DataMap:
        """The map of the labelled set, in the order it was taught. Trains first if need be."""
        return self._ready().data_map

    @property
    def train_seconds(self) -> float:
        """Seconds the last training took; side by side with others, this learner's share."""
        return self._ready().seconds

    def probabilities(self, features: Tensor) -> NDArray[np.float32]:
        """Class probabilities (n, C) of `features` (n, d). Trains first if need be."""
        return predict(self._ready().model, features)

    def _ready(self) -> _Trained:
        if self._trained is None:
            for _ in train([self]):
                pass
        assert self._trained is not None
        return self._trained

    def _seed(self, purpose: int) -> int:
        entropy = [self.seed, len(self._labelled), purpose]
        return int(np.random.SeedSequence(entropy).generate_state(1, np.uint32)[0])

    def _row(self, name: Any) -> int:
        if name not in self._row_of:
            raise CartographyError(f"there is no item with the id {name!r}")
        return self._row_of[name]

    def _class_number(self, name: Any, label: Any) -> int:
        if isinstance(label, str) and label in self.classes:
            return self.classes.index(label)
        if isinstance(label, int | np.integer) and not isinstance(label, bool):
            if any(each.lstrip("-").isdecimal() for each in self.classes):
                # 1 could be the class "1" or the second class: either would be a guess.
                raise CartographyError(
                    f"item {name!r} was given the label {label!r}, but classes are called by "
                    f"numbers here: give names as text, such as {str(label)!r}"
                )
            if 0 <= label < len(self.classes):
                return int(label)
        raise CartographyError(
            f"item {name!r} was given the label {label!r}, which is not a class: use a name "
            f"({', '.join(self.classes[:6])}{', …' if len(self.classes) > 6 else ''}) or a "
            f"number from 0 to {len(self.classes) - 1}"
        )


def train(learners: Sequence[ActiveLearner]) -> Iterator[Epoch]:
    """Train all `learners` side by side on their labelled sets, yielding each epoch.

    They must share features, classes and the classifier's recipe. Their models and maps are
    those of the last epoch once the iterator is exhausted.
    """
    first = learners[0]
    sets = [
        TrainingSet(learner.labelled, learner._labels[learner.labelled], learner._seed(0))
        for learner in learners
    ]
    start = time.perf_counter()
    epochs = []
    recipe = first.preset.classifier
    for epoch in fit(first.features, sets, len(first.classes), recipe):
        epochs.append(epoch)
        yield epoch
    seconds = (time.perf_counter() - start) / len(learners)
    for model, learner in enumerate(learners):
        dynamics = TrainingDynamics(
            learner.ids[learner.labelled],
            np.stack([epoch.gold_probability[model] for epoch in epochs]),
            np.stack([epoch.correct[model] for epoch in epochs]),
        )
        learner._trained = _Trained(epochs[-1].classifiers[model], DataMap.of(dynamics), seconds)


def predict(model: Classifiers, features: Tensor) -> NDArray[np.float32]:
    """Class probabilities (n, C) of all `features` (n, d) by one model, dropout off."""
    rows = torch.arange(len(features), device=features.device)
    found: NDArray[np.float32] = classifier.probabilities(model, features, rows).cpu().numpy()
    return found


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
    return Evaluation(
        accuracy=float((predicted[known] == gold[known]).mean()),
        macro_f1=float(f1_score(gold[known], predicted[known], average="macro", zero_division=0)),
    )


@dataclass(frozen=True)
class Arm:
    """One simulated learner: a strategy and a seed."""

    strategy: str
    seed: int


@dataclass(frozen=True, eq=False)
class Iteration:
    """One arm after its model was trained for the `number`-th time (0: on the seed set alone).

    `batch` is what the previous model picked and what joined the labelled set before this
    training (None at 0), so `batch_statistics` are those of Figure 4: the batch's place on the
    map of the training it is first part of. `rows` (l,) is the labelled set, the batch last, and
    `data_map` its map in that order. `labels` (l,) are its gold labels.
    """

    arm: Arm
    number: int
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    batch: Batch | None
    data_map: DataMap
    evaluation: Evaluation
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
    arms: Sequence[Arm],
    *,
    preset: Preset = PAPER,
    device: str = "auto",
    done: Sequence[Sequence[NDArray[np.int64]]] | None = None,
) -> Iterator[Iteration]:
    """Algorithm 1 for M arms side by side: yields M iterations, then the M next ones.

    The gold labels of `corpus` are withheld here and handed to a learner only with the batch it
    asked for. The seed set is stratified and depends on an arm's seed alone, so strategies start
    from the same one. Ends after `preset.iterations` batches or when the pool is empty.

    `done` resumes: for each arm, the rows of the batches it was taught before, equally many for
    all. The iteration they end with is trained again and not yielded again; `None` starts anew.

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
    for learner, arm, batches in zip(learners, arms, past, strict=True):
        for rows in [seed_set(corpus, preset.seed_size, arm.seed), *batches]:
            learner._teach(rows, corpus.labels[rows])
    taught: list[Batch | None] = [None] * len(arms)
    finished = len(past[0])
    for number in range(finished, preset.iterations + 1):
        if number > finished:
            if not len(learners[0].pool):
                return
            taught = [learner.query() for learner in learners]
            for learner, batch in zip(learners, taught, strict=True):
                assert batch is not None
                learner._teach(batch.rows, corpus.labels[batch.rows])
        for _ in train(learners):
            pass
        if done is not None and number == finished:
            continue
        for arm, learner, batch in zip(arms, learners, taught, strict=True):
            predicted = learner.probabilities(held_out).argmax(axis=1)
            yield Iteration(
                arm=arm,
                number=number,
                rows=learner.labelled,
                labels=corpus.labels[learner.labelled],
                batch=batch,
                data_map=learner.data_map,
                evaluation=evaluate(predicted, test.labels),
                train_seconds=learner.train_seconds,
            )


def _learners(
    corpus: Corpus,
    features: NDArray[np.float32],
    arms: Sequence[Arm],
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
            preset=preset,
            seed=arm.seed,
        )
        for arm in arms
    ]


def seed_set(corpus: Corpus, size: int, seed: int) -> NDArray[np.int64]:
    """Rows of the stratified seed set (`size`,) of `seed`, ascending.

    Raises CartographyError when the corpus has fewer labelled texts than that.
    """
    return stratified_draw(corpus.labels, size, np.random.default_rng(seed))
