"""M learners trained and queried side by side; one learner is a group of M = 1."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.models import mlp
from cartography.models.mlp import BatchedMLP, InferenceDropout
from cartography.models.presets import Preset
from cartography.models.trainer import Checkpoint, TrainingSet
from cartography.models.training import Epoch, train_epochs
from cartography.parallel import worker_count
from cartography.strategies.pool_view import PoolView
from cartography.strategies.runner import run_strategies
from cartography.strategies.table import USES_POOL, USES_T_COR, get_strategy

# What a learner's seed is used for; each use has draws of its own.
_TRAINING, _VIEW, _QUERY, _TEST = range(4)


@dataclass(frozen=True, eq=False)
class Batch:
    """The k items of one query, the most wanted first.

    Attributes
    ----------
    rows : array of int, shape (k,)
        Positions of the items in the features.
    ids : array of object, shape (k,)
    scores : array of float, shape (k,)
        The strategy's scores; higher is wanted more.
    predicted : array of int, shape (k,)
        The class that the model gave each item before it was labelled.
    pool_max_probability : float
        Mean of the highest class probability over the whole pool.
    discriminator_accuracy : float
        See `Selection`.
    fallback : str
        See `Selection`.
    seconds : float
        Time of the query; for several learners, this learner's share.
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
class TrainedModel:
    """A learner's model after a training.

    Attributes
    ----------
    model : BatchedMLP
        One model (M = 1).
    data_map : DataMap
        The map of the labelled set, in the order in which it was labelled.
    recorded : tuple of Tensor
        Representations of the labelled set in the training passes, for the epochs that the
        strategy needs.
    seconds : float
        The learner's share of the training time.
    """

    model: BatchedMLP
    data_map: DataMap
    recorded: tuple[Tensor, ...]
    seconds: float


class Learner:
    """One learner of a group: its strategy, its labelled set and its model.

    What a training or query draws depends on `seed` and on the number of labels alone.

    Parameters
    ----------
    items : int
        Number of items, all in the pool at first.
    strategy : str
    preset : Preset
        With its sizes decided (`Preset.for_corpus`).
    seed : int
    """

    def __init__(self, items: int, strategy: str, preset: Preset, seed: int) -> None:
        self.strategy = strategy
        self.select = get_strategy(strategy)
        self.preset = preset
        self.seed = seed
        self.labels = np.full(items, -1, dtype=np.int64)
        self.order: list[int] = []
        self.trained: TrainedModel | None = None
        self.checkpoint: Checkpoint | None = None

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Rows of the labelled set (l,), in the order in which they were labelled."""
        return np.array(self.order, dtype=np.int64)

    @property
    def pool(self) -> NDArray[np.int64]:
        """Rows without a label (n - l,), ascending."""
        return np.flatnonzero(self.labels < 0)

    def teach(self, rows: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        """Add `rows` (k,) of the pool with their gold `labels` (k,), unchecked."""
        self.labels[rows] = labels
        self.order += rows.tolist()
        self.trained = None

    def derived_seed(self, purpose: int) -> int:
        """Return a seed for one purpose at the present number of labels."""
        entropy = [self.seed, len(self.order), purpose]
        return int(np.random.SeedSequence(entropy).generate_state(1, np.uint32)[0])

    @property
    def query_seed(self) -> int:
        """Seed of the generator that the next query's strategy draws from."""
        return self.derived_seed(_QUERY)

    @property
    def recorded_epochs(self) -> int:
        """Number of first epochs whose representations the strategy needs."""
        switches = self.preset.switches
        if self.strategy in USES_POOL and switches.dal_representations == "every_epoch":
            return self.preset.classifier.epochs
        if self.strategy in USES_T_COR and switches.cal_representations == "first_epoch":
            return 1
        return 0


class LearnerGroup:
    """M learners on the same items, trained and queried side by side.

    They share the features, the classes and all of their presets but what their strategies alone
    read.

    Parameters
    ----------
    features : Tensor, shape (n, d)
    ids : array of object, shape (n,)
    classes : sequence of str, length C
    learners : sequence of Learner

    Raises
    ------
    CartographyError
        There are fewer than two classes, or names, ids or seeds are not as they must be.
    """

    def __init__(
        self,
        features: Tensor,
        ids: NDArray[np.object_],
        classes: Sequence[str],
        learners: Sequence[Learner],
    ) -> None:
        if len(features) != len(ids):
            raise CartographyError(f"there are {len(features)} features for {len(ids)} ids")
        if len(set(ids)) != len(ids):
            raise CartographyError("the ids are not distinct: give every item its own")
        if not all(isinstance(name, str) for name in classes):
            raise CartographyError("class names are text: give strings, such as str(label)")
        if len(set(classes)) < len(classes):
            raise CartographyError("two classes have the same name: give each its own")
        if any(learner.seed < 0 for learner in learners):
            raise CartographyError("a seed is 0 or more")
        if len(classes) < 2:
            raise CartographyError(
                f"a classifier needs at least two classes; the labels name {len(classes)}"
            )
        self.features = features
        self.ids = ids
        self.classes = tuple(classes)
        self.learners = tuple(learners)

    def train(self) -> Iterator[Epoch]:
        """Train every learner on its labelled set.

        Yields
        ------
        Epoch
            Each finished epoch of all M models. After the last one, every learner has its new
            model and map.
        """
        sets = [
            TrainingSet(
                learner.labelled,
                learner.labels[learner.labelled],
                learner.derived_seed(_TRAINING),
                learner.checkpoint,
            )
            for learner in self.learners
        ]
        labelled = [learner.labelled for learner in self.learners]
        recipe = self.learners[0].preset.classifier
        record = any(learner.recorded_epochs for learner in self.learners)
        recorded: list[list[Tensor]] = [[] for _ in self.learners]
        epochs = []
        start = time.perf_counter()
        for epoch in train_epochs(self.features, sets, len(self.classes), recipe, record=record):
            epochs.append(replace(epoch, representations=()))
            for model, learner in enumerate(self.learners):
                if epoch.number <= learner.recorded_epochs:
                    recorded[model].append(epoch.representations[model])
            yield epochs[-1]
        seconds = (time.perf_counter() - start) / len(self.learners)
        for model, (learner, rows) in enumerate(zip(self.learners, labelled, strict=True)):
            if len(learner.order) != len(rows):
                raise CartographyError("labels were taught while the model trained: train again")
            dynamics = TrainingDynamics(
                self.ids[rows],
                np.stack([epoch.gold_probability[model] for epoch in epochs]),
                np.stack([epoch.correct[model] for epoch in epochs]),
            )
            learner.trained = TrainedModel(
                epochs[-1].classifiers[model],
                DataMap.of(dynamics),
                tuple(recorded[model]),
                seconds,
            )
            if not learner.preset.switches.weight_reset:
                learner.checkpoint = epochs[-1].checkpoints[model]

    def ready(self, learner: Learner) -> TrainedModel:
        """Return the learner's trained model; train the group first if it has none."""
        if learner.trained is None:
            for _ in self.train():
                pass
        assert learner.trained is not None
        return learner.trained

    def view(self, learner: Learner) -> PoolView:
        """Return what the strategy of `learner` may see. Trains first if need be.

        Raises
        ------
        CartographyError
            Nothing is labelled yet, or the pool is empty.
        """
        trained = self.ready(learner)
        pool = learner.pool
        if not len(pool):
            raise CartographyError("the pool is empty: every item is labelled")
        return PoolView(
            model=trained.model,
            features=self.features,
            labelled=learner.labelled,
            pool=pool,
            correctness=trained.data_map.correctness,
            preset=learner.preset,
            seed=learner.derived_seed(_VIEW),
            recorded=trained.recorded,
        )

    def query(self, size: int) -> list[Batch]:
        """Return the `size` items that each learner would label next.

        On the CPU as many learners are queried at once as there are cores, since each holds the
        representations of its whole pool meanwhile.

        Raises
        ------
        CartographyError
            `size` is below 1, nothing is labelled yet, or the pool is empty.
        """
        if size < 1:
            raise CartographyError(f"a query asks for one item or more, not for {size}")
        device = self.features.device
        width = worker_count(device) if device.type == "cpu" else len(self.learners)
        return [
            batch
            for start in range(0, len(self.learners), width)
            for batch in self._query(self.learners[start : start + width], size)
        ]

    def _query(self, learners: Sequence[Learner], size: int) -> list[Batch]:
        """The batches of some learners, queried at once."""
        views = [self.view(learner) for learner in learners]
        start = time.perf_counter()
        rngs = [np.random.default_rng(learner.query_seed) for learner in learners]
        selections = run_strategies([learner.select for learner in learners], views, size, rngs)
        probabilities = [view.probabilities for view in views]
        seconds = (time.perf_counter() - start) / len(learners)
        return [
            Batch(
                rows=view.pool[selection.positions],
                ids=self.ids[view.pool[selection.positions]],
                scores=selection.scores,
                predicted=predicted[selection.positions].argmax(axis=1).astype(np.int64),
                pool_max_probability=float(predicted.max(axis=1).mean(dtype=np.float64)),
                discriminator_accuracy=selection.discriminator_accuracy,
                fallback=selection.fallback,
                seconds=seconds,
            )
            for view, selection, predicted in zip(views, selections, probabilities, strict=True)
        ]

    def probabilities(self, learner: Learner, features: Tensor) -> NDArray[np.float32]:
        """Return class probabilities (n, C) of other `features` (n, d). Trains first if need be."""
        dropout = InferenceDropout.for_recipe(
            learner.preset.classifier, learner.derived_seed(_TEST)
        )
        return predict(self.ready(learner).model, features, dropout)


def predict(
    model: BatchedMLP, features: Tensor, dropout: InferenceDropout | None = None
) -> NDArray[np.float32]:
    """Return class probabilities (n, C) of all `features` (n, d) by one model.

    Dropout is off unless `dropout` is given.
    """
    rows = torch.arange(len(features), device=features.device).unsqueeze(0)
    predicted = mlp.probabilities(model, features, rows, dropout)[0]
    probabilities: NDArray[np.float32] = predicted.cpu().numpy()
    return probabilities
