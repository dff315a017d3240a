"""Active learning for one labelled set: a learner that is taught labels and asks for more."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cartography.active.group import Batch, Learner, LearnerGroup
from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap
from cartography.models.presets import SEEDS, STANDARD, Preset
from cartography.models.training import Epoch, as_tensor, pick_device
from cartography.strategies.pool_view import PoolView


class ActiveLearner:
    """A labelled set, a pool, and a strategy that selects what to label next.

    A learner that is taught the same labels in the same order gives the same answers, wherever it
    was stopped in between: what a training draws depends on `seed` and on the number of labels
    alone, and every training starts from fresh weights (unless the preset's switch `weight_reset`
    is off).

    Parameters
    ----------
    features : array or Tensor of float32, shape (n, d)
        All items; every item is in the pool until it is taught.
    ids : sequence, length n
        Distinct ids of the items.
    classes : sequence of str
        Names of the C classes.
    strategy : str, default "cal"
        A name of `STRATEGIES`.
    preset : Preset, default STANDARD
    seed : int, default 398048
        The first of the paper's seeds.
    device : {"auto", "cpu", "cuda"}, default "auto"
        Where to train; ignored when `features` is a Tensor.

    Raises
    ------
    CartographyError
        The strategy or device is unknown, there are fewer than two classes, or the ids are not
        distinct or not as many as the features.

    Examples
    --------
    >>> learner = ActiveLearner(features, ids, classes, strategy="cal")  # doctest: +SKIP
    >>> learner.teach(ids[:300], labels[:300])  # doctest: +SKIP
    >>> learner.query(10).ids  # doctest: +SKIP
    """

    def __init__(
        self,
        features: NDArray[np.float32] | Tensor,
        ids: Sequence[Any] | NDArray[np.object_],
        classes: Sequence[str],
        *,
        strategy: str = "cal",
        preset: Preset = STANDARD,
        seed: int = SEEDS[0],
        device: str = "auto",
    ) -> None:
        self.classes = tuple(classes)
        self.ids = np.empty(len(ids), dtype=object)
        self.ids[:] = list(ids)
        self._learner = Learner(len(ids), strategy, preset.for_corpus(len(ids)), seed)
        self._row_of = {name: row for row, name in enumerate(self.ids)}
        self.features = (
            features if isinstance(features, Tensor) else as_tensor(features, pick_device(device))
        )
        self._group = LearnerGroup(self.features, self.ids, self.classes, [self._learner])

    @property
    def strategy(self) -> str:
        """Name of the strategy."""
        return self._learner.strategy

    @property
    def seed(self) -> int:
        """The seed that every draw depends on."""
        return self._learner.seed

    @property
    def preset(self) -> Preset:
        """The preset, with its sizes decided for the number of items."""
        return self._learner.preset

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Rows of the labelled set (l,), in the order in which they were taught."""
        return self._learner.labelled

    @property
    def pool(self) -> NDArray[np.int64]:
        """Rows that have not been taught (n - l,), ascending."""
        return self._learner.pool

    def teach(
        self, ids: Sequence[Any] | NDArray[np.object_], labels: Sequence[Any] | NDArray[Any]
    ) -> None:
        """Add items with their gold labels.

        Parameters
        ----------
        ids : sequence, length k
        labels : sequence, length k
            Names of classes, or their numbers from 0 if no class is named by a number.

        Raises
        ------
        CartographyError
            An id is unknown or was taught before, or a label is not a class. No item is added.
        """
        if len(ids) != len(labels):
            raise CartographyError(f"there are {len(ids)} ids for {len(labels)} labels")
        rows = [self._row(name) for name in ids]
        numbers = [self._class_number(name, label) for name, label in zip(ids, labels, strict=True)]
        taught = {row for row in rows if self._learner.labels[row] >= 0}
        for row in rows:
            if row in taught:
                raise CartographyError(f"item {self.ids[row]!r} has been taught already")
            taught.add(row)
        self.teach_rows(np.array(rows, dtype=np.int64), np.array(numbers, dtype=np.int64))

    def teach_rows(self, rows: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        """Add items by their rows.

        Parameters
        ----------
        rows : array of int, shape (k,)
            Rows of the pool; not checked.
        labels : array of int, shape (k,)
            Numbers of their classes; not checked.
        """
        self._learner.teach(rows, labels)

    def train(self) -> Iterator[Epoch]:
        """Train on the labelled set, yielding each epoch; `query` and `data_map` do so if needed.

        Raises
        ------
        CartographyError
            Nothing was taught yet.
        """
        return self._group.train()

    def query(self, size: int | None = None) -> Batch:
        """Return the items to label next. Trains first if labels came since the last training.

        Parameters
        ----------
        size : int, optional
            Number of items; the preset's query size by default. The batch is smaller if the pool
            is.

        Raises
        ------
        CartographyError
            Nothing was taught yet, the pool is empty, or `size` is below 1.
        """
        [batch] = self._group.query(self.preset.query_size if size is None else size)
        return batch

    def view(self) -> PoolView:
        """Return what the next query's strategy may see. Trains first if need be.

        Raises
        ------
        CartographyError
            Nothing was taught yet, or the pool is empty.
        """
        return self._group.view(self._learner)

    @property
    def query_seed(self) -> int:
        """Seed of the generator that the next query's strategy draws from."""
        return self._learner.query_seed

    @property
    def data_map(self) -> DataMap:
        """The map of the labelled set, in the order it was taught. Trains first if need be."""
        return self._group.ready(self._learner).data_map

    @property
    def train_seconds(self) -> float:
        """Seconds that the last training took."""
        return self._group.ready(self._learner).seconds

    def probabilities(self, features: Tensor) -> NDArray[np.float32]:
        """Return class probabilities (n, C) of `features` (n, d). Trains first if need be."""
        return self._group.probabilities(self._learner, features)

    def _row(self, name: Any) -> int:
        if name not in self._row_of:
            raise CartographyError(f"there is no item with the id {name!r}")
        return self._row_of[name]

    def _class_number(self, name: Any, label: Any) -> int:
        if isinstance(label, str) and label in self.classes:
            return self.classes.index(label)
        if isinstance(label, int | np.integer) and not isinstance(label, bool):
            if any(known.lstrip("-").isdecimal() for known in self.classes):
                # 1 could be the class "1" or the second class: either would be a guess.
                raise CartographyError(
                    f"item {name!r} was given the label {label!r}, but classes are named by "
                    f"numbers here: give names as text, such as {str(label)!r}"
                )
            if 0 <= label < len(self.classes):
                return int(label)
        raise CartographyError(
            f"item {name!r} was given the label {label!r}, which is not a class: use a name "
            f"({', '.join(self.classes[:6])}{', …' if len(self.classes) > 6 else ''}) or a "
            f"number from 0 to {len(self.classes) - 1}"
        )
