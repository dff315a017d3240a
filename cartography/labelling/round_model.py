"""What a round of a project computes: the model of its labels, its map, and the next batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.active.cold_start import diverse_rows
from cartography.active.learner import ActiveLearner
from cartography.active.reasons import explain_picks
from cartography.corpora.corpus import Corpus
from cartography.features.near_duplicates import find_near_duplicates
from cartography.labelling.cross_validation import cross_validated
from cartography.labelling.state import LabelState
from cartography.maps.dynamics import TrainingDynamics
from cartography.maps.under_training import under_training
from cartography.models.metrics import Evaluation, evaluate
from cartography.models.presets import SEEDS, Preset
from cartography.models.training import Epoch, as_tensor, pick_device

_FOLDS = 5
_PLAIN = {
    "lc": "The model is unsure of it.",
    "entropy": "The model is unsure of it.",
    "margin": "The model hesitates between two classes.",
    "bald": "Small changes of the model change its answer.",
    "bald-mi": "Small changes of the model change its answer.",
    "dal": "It is unlike what is labelled so far.",
    "cal": "It lies between what the model has learned and what it has not.",
}
"""Why a strategy asks for a text, for somebody who knows nothing of strategies."""


@dataclass(frozen=True)
class RoundRequest:
    """What a round is asked for.

    Attributes
    ----------
    strategy : str
        A key of `STRATEGIES`.
    size : int or None
        Number of texts of the batch; None: by the number of labels, see `batch_size`.
    t_cor : float or None
        None: that of the preset.
    seed : int
    device : str
    annotator : str
        Who asks.
    """

    strategy: str = "margin"
    size: int | None = None
    t_cor: float | None = None
    seed: int = SEEDS[0]
    device: str = "auto"
    annotator: str = ""


@dataclass(frozen=True, eq=False)
class RoundTexts:
    """The texts of a round: which are labelled and how, and which can be asked for.

    Attributes
    ----------
    corpus : Corpus
    state : LabelState
    labelled, pool : int64 array
        Rows of the corpus. Texts that were set aside, skipped by everybody who saw them, in
        conflict, or wait in an earlier batch are in neither.
    labels : int64 array, shape (l,)
        Positions in `classes`.
    classes : tuple of str
    """

    corpus: Corpus
    state: LabelState
    labelled: NDArray[np.int64]
    pool: NDArray[np.int64]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, corpus: Corpus, state: LabelState, waiting: Iterable[str]) -> RoundTexts:
        """Divide a corpus; texts whose id is in `waiting` are not asked for."""
        positions = {number: i for i, number in enumerate(state.classes)}
        numbers = state.labels
        labelled = np.flatnonzero(numbers >= 0)
        taken = numbers >= 0
        for item in (*state.touched, *waiting):
            # Who skipped a text, or was unsure, is not asked again.
            taken[state.row_of[item]] = True
        return cls(
            corpus,
            state,
            labelled,
            np.flatnonzero(~taken),
            np.array([positions[number] for number in numbers[labelled].tolist()], dtype=np.int64),
            tuple(state.classes.values()),
        )

    @property
    def counts(self) -> tuple[int, int]:
        """Numbers of labelled texts and of the pool."""
        return len(self.labelled), len(self.pool)

    @property
    def can_train(self) -> bool:
        """Whether two classes have a labelled text."""
        return len(np.unique(self.labels)) > 1

    def test_labels(self, test: Corpus) -> NDArray[np.int64]:
        """The labels of a test set as positions in `classes`; a class that is not one is C."""
        by_name = {name: i for i, name in enumerate(self.classes)}
        positions = [
            by_name.get(self.state.class_name(i) if i < len(self.corpus.classes) else name, -1)
            for i, name in enumerate(test.classes)
        ]
        known = np.array([len(self.classes) if i < 0 else i for i in positions], dtype=np.int64)
        return known[test.labels]


class RoundModel:
    """A classifier trained on the labels of a round, and its learner."""

    def __init__(
        self,
        preset: Preset,
        request: RoundRequest,
        texts: RoundTexts,
        features: NDArray[np.float32],
    ) -> None:
        if request.t_cor is not None:
            preset = replace(preset, t_cor=request.t_cor)
        self.texts = texts
        self.request = request
        # Only what may be asked for is in the learner's pool.
        self.rows = np.concatenate([texts.labelled, texts.pool])
        self.device = pick_device(request.device)
        inputs = as_tensor(np.ascontiguousarray(features[self.rows]), self.device)
        self.learner = ActiveLearner(
            inputs,
            texts.corpus.ids[self.rows],
            texts.classes,
            strategy=request.strategy,
            preset=preset,
            seed=request.seed,
        )
        self.learner.teach_rows(np.arange(len(texts.labelled)), texts.labels)
        self.fallback = ""
        self._epochs: list[Epoch] = []

    def train(self) -> Iterator[Epoch]:
        """Train, yielding each epoch."""
        for epoch in self.learner.train():
            self._epochs.append(epoch)
            yield epoch

    @property
    def dynamics(self) -> TrainingDynamics:
        """The training dynamics of the labelled texts."""
        return TrainingDynamics(
            self.texts.corpus.ids[self.texts.labelled],
            np.stack([epoch.gold_probability[0] for epoch in self._epochs]),
            np.stack([epoch.correct[0] for epoch in self._epochs]),
        )

    @property
    def warning(self) -> str:
        """What is wrong with the training, "" if nothing."""
        return under_training(self.dynamics, self.texts.labels)

    def evaluate(self, gold: NDArray[np.int64], features: NDArray[np.float32]) -> Evaluation:
        """Evaluate on a test set."""
        predicted = self.learner.probabilities(as_tensor(features, self.device))
        return evaluate(predicted.argmax(axis=1).astype(np.int64), gold)

    def cross_validate(self) -> Evaluation | None:
        """Accuracy on the labelled texts, each predicted by a model that did not see it."""
        rows = np.arange(len(self.texts.labelled))
        if len(rows) < 2 * _FOLDS:
            return None
        probabilities = cross_validated(
            self.learner.features,
            rows,
            self.texts.labels,
            len(self.texts.classes),
            self.learner.preset.classifier,
            folds=_FOLDS,
            seed=self.request.seed,
        )
        return evaluate(probabilities.argmax(axis=1).astype(np.int64), self.texts.labels)

    def map_table(self) -> pd.DataFrame:
        """The map of the labelled texts with their labels and the model's own predictions."""
        data_map = self.learner.data_map
        rows = self.texts.labelled
        classes = np.array(self.texts.classes, dtype=object)
        own = self.learner.probabilities(self.learner.features[: len(rows)])
        table = data_map.to_frame()
        table["label"] = classes[self.texts.labels]
        table["predicted_label"] = classes[own.argmax(axis=1)]
        return table

    def batch(self, size: int) -> pd.DataFrame:
        """The batch of the strategy, by rank."""
        if not size or not len(self.texts.pool):
            return _batch_table([], [], [], [], [])
        batch = self.learner.query(size)
        self.fallback = batch.fallback
        classes = np.array(self.texts.classes, dtype=object)
        probabilities = self.learner.probabilities(self.learner.features[batch.rows])
        reasons = explain_picks(
            self.request.strategy,
            batch.scores,
            classes=len(self.texts.classes),
            query_size=size,
        )
        if not batch.fallback:
            plain = _PLAIN.get(self.request.strategy, "")
            reasons = [f"{plain} {reason}".strip() for reason in reasons]
        return _batch_table(
            batch.ids.tolist(),
            batch.scores.tolist(),
            reasons,
            classes[batch.predicted].tolist(),
            probabilities.max(axis=1).tolist(),
        )

    def pool_table(self) -> pd.DataFrame:
        """The predictions on the pool."""
        view = self.learner.view()
        classes = np.array(self.texts.classes, dtype=object)
        return pd.DataFrame(
            {
                "id": self.learner.ids[view.pool],
                "predicted_label": classes[view.probabilities.argmax(axis=1)],
                "max_probability": view.probabilities.max(axis=1),
            }
        )


def first_batch(
    request: RoundRequest, texts: RoundTexts, features: NDArray[np.float32], size: int
) -> pd.DataFrame:
    """Return the batch of a round without a model: texts that are unlike each other."""
    rng = np.random.default_rng([request.seed, len(texts.labelled), len(texts.pool)])
    if not size:
        return _batch_table([], [], [], [], [])
    rows = texts.pool[diverse_rows(features[texts.pool], size, rng)]
    reason = "It stands for a group of similar texts: there is no model yet that could choose."
    count = len(rows)
    return _batch_table(
        texts.corpus.ids[rows].tolist(),
        [float("nan")] * count,
        [reason] * count,
        [""] * count,
        [float("nan")] * count,
    )


def _batch_table(
    ids: list[str],
    scores: list[float],
    reasons: list[str],
    predicted: list[str],
    probabilities: list[float],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="str"),
            "rank": pd.Series(range(1, len(ids) + 1), dtype="int64"),
            "score": pd.Series(scores, dtype="float64"),
            "reason": pd.Series(reasons, dtype="str"),
            "predicted_label": pd.Series(predicted, dtype="str"),
            "probability": pd.Series(probabilities, dtype="float64"),
        }
    )


def with_duplicates(batch: pd.DataFrame, texts: RoundTexts) -> pd.DataFrame:
    """Return the batch with the ids of the unlabelled near-duplicates of each of its texts."""
    corpus = texts.corpus
    rows = [texts.state.row_of[item] for item in batch["id"]]
    groups = find_near_duplicates(corpus.texts[rows].tolist(), corpus.texts[texts.pool].tolist())
    own = [texts.pool[list(group)] for group in groups]
    ids = [
        [corpus.ids[other] for other in others if other != row]
        for row, others in zip(rows, own, strict=True)
    ]
    return batch.assign(duplicates=pd.Series(ids, dtype="object"))
