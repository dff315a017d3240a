"""Active learning: a learner that asks what to label next, and is taught."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.models import mlp
from cartography.models.mlp import BatchedMLP, InferenceDropout
from cartography.models.presets import PAPER, SEEDS, Preset
from cartography.models.trainer import Checkpoint, TrainingSet
from cartography.models.training import Epoch, as_tensor, pick_device, train_epochs
from cartography.strategies.pool_view import PoolView
from cartography.strategies.runner import run_strategies
from cartography.strategies.table import USES_POOL, USES_T_COR, strategy_named


@dataclass(frozen=True, eq=False)
class Batch:
    """The k items of one query, the most wanted first.

    `rows` (k,) and `ids` (k,) name them, `scores` (k,) are the strategy's (higher is wanted
    more), `predicted` (k,) is the class the model gave each before it was taught, and `seconds`
    the time the query took. `pool_max_probability` is the mean, over the whole pool that was
    asked about, of the highest class probability. The rest is as in `Query`.
    """

    rows: NDArray[np.int64]
    ids: NDArray[np.object_]
    scores: NDArray[np.float64]
    predicted: NDArray[np.int64]
    pool_max_probability: float
    discriminator_accuracy: float
    fallback: str
    seconds: float

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class _Trained:
    """A learner's model (M = 1), the map of its labelled set, the representations its training
    passes saw, as far as they are wanted, and the seconds training took.
    """

    model: BatchedMLP
    data_map: DataMap
    seen: tuple[Tensor, ...]
    seconds: float


class ActiveLearner:
    """A labelled set, a pool, and a strategy that says which of the pool to label next.

    `features` (n, d) and `ids` (n,) describe all items; all are in the pool until they are
    taught. `classes` names the C classes. What a training draws depends on `seed` and on the
    number of labels alone, and it starts from fresh weights (unless the preset's switch
    `weight_reset` is off), so a learner taught the same labels in the same order answers the
    same, whenever it was stopped between.

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
        self._state: Checkpoint | None = None

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
        self.teach_rows(np.array(rows, dtype=np.int64), np.array(numbers, dtype=np.int64))

    def teach_rows(self, rows: NDArray[np.int64], numbers: NDArray[np.int64]) -> None:
        """Add `rows` (k,) of the pool with the numbers of their gold labels (k,), unchecked."""
        self._labels[rows] = numbers
        self._labelled += rows.tolist()
        self._trained = None

    def query(self, size: int | None = None) -> Batch:
        """The `size` items to label next (the preset's query size unless given); fewer when the
        pool holds fewer. Trains first if labels came since the last training.

        Raises CartographyError when nothing was taught yet, the pool is empty or `size` is below 1.
        """
        [batch] = query([self], size)
        return batch

    def view(self) -> PoolView:
        """What the next query's strategy may see. Trains first if need be.

        Raises CartographyError when nothing was taught yet or the pool is empty.
        """
        trained = self._ready()
        pool = self.pool
        if not len(pool):
            raise CartographyError("the pool is empty: every item is labelled")
        return PoolView(
            model=trained.model,
            features=self.features,
            labelled=self.labelled,
            pool=pool,
            correctness=trained.data_map.correctness,
            preset=self.preset,
            seed=self._seed(1),
            seen=trained.seen,
        )

    @property
    def query_seed(self) -> int:
        """The seed of the generator that the next query's strategy draws from."""
        return self._seed(2)

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
        noise = InferenceDropout.left_on(self.preset.classifier, self._seed(3))
        return predict(self._ready().model, features, noise)

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
        TrainingSet(
            learner.labelled,
            learner._labels[learner.labelled],
            learner._seed(0),
            learner._state,
        )
        for learner in learners
    ]
    start = time.perf_counter()
    epochs = []
    recipe = first.preset.classifier
    wanted = [_epochs_seen(learner) for learner in learners]
    seen: list[list[Tensor]] = [[] for _ in learners]
    for epoch in train_epochs(first.features, sets, len(first.classes), recipe, record=any(wanted)):
        epochs.append(replace(epoch, representations=()))
        for model, number in enumerate(wanted):
            if epoch.number <= number:
                seen[model].append(epoch.representations[model])
        yield epochs[-1]
    seconds = (time.perf_counter() - start) / len(learners)
    for model, learner in enumerate(learners):
        dynamics = TrainingDynamics(
            learner.ids[learner.labelled],
            np.stack([epoch.gold_probability[model] for epoch in epochs]),
            np.stack([epoch.correct[model] for epoch in epochs]),
        )
        learner._trained = _Trained(
            epochs[-1].classifiers[model], DataMap.of(dynamics), tuple(seen[model]), seconds
        )
        if not learner.preset.switches.weight_reset:
            learner._state = epochs[-1].states[model]


def _epochs_seen(learner: ActiveLearner) -> int:
    """How many epochs' representations the learner's strategy looks back at."""
    switches, wanted = learner.preset.switches, 0
    if learner.strategy in USES_T_COR and switches.cal_representations == "first_epoch":
        wanted = 1
    if learner.strategy in USES_POOL and switches.dal_representations == "every_epoch":
        wanted = learner.preset.classifier.epochs
    return wanted


def query(learners: Sequence[ActiveLearner], size: int | None = None) -> list[Batch]:
    """What each of the `learners` would label next, asked side by side; see `ActiveLearner.query`.

    They must share the preset but for what their strategies alone read. A batch's seconds are its
    learner's share of the time that all took.
    """
    wanted = learners[0].preset.query_size if size is None else size
    if wanted < 1:
        raise CartographyError(f"a query asks for one item or more, not for {wanted}")
    views = [learner.view() for learner in learners]
    start = time.perf_counter()
    rngs = [np.random.default_rng(learner.query_seed) for learner in learners]
    queries = run_strategies([learner._strategy for learner in learners], views, wanted, rngs)
    probabilities = [view.probabilities for view in views]
    seconds = (time.perf_counter() - start) / len(learners)
    return [
        Batch(
            rows=view.pool[query.positions],
            ids=learner.ids[view.pool[query.positions]],
            scores=query.scores,
            predicted=predicted[query.positions].argmax(axis=1).astype(np.int64),
            pool_max_probability=float(predicted.max(axis=1).mean(dtype=np.float64)),
            discriminator_accuracy=query.discriminator_accuracy,
            fallback=query.fallback,
            seconds=seconds,
        )
        for learner, view, query, predicted in zip(
            learners, views, queries, probabilities, strict=True
        )
    ]


def predict(
    model: BatchedMLP, features: Tensor, noise: InferenceDropout | None = None
) -> NDArray[np.float32]:
    """Class probabilities (n, C) of all `features` (n, d) by one model; dropout off, or `noise`."""
    rows = torch.arange(len(features), device=features.device).unsqueeze(0)
    found = mlp.probabilities(model, features, rows, noise)[0]
    probabilities: NDArray[np.float32] = found.cpu().numpy()
    return probabilities
