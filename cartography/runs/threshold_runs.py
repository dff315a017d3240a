"""A threshold study on disk: trained once, then read by look-up."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.active.learner import ActiveLearner
from cartography.active.simulation import seed_set
from cartography.active.threshold_study import StudyEpoch, ThresholdStudy, run_study, study_epochs
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.files import atomic_write
from cartography.formats.export import write_csv
from cartography.maps.data_map import DataMap
from cartography.models.presets import Preset
from cartography.runs.manifest import SUMMARY, Manifest, read_json, read_manifest, write_json

LABELLED = "labelled.parquet"
POOL = "pool.parquet"
LEVELS = "levels.csv"
HIGH_COR = "high_cor.npy"
PROGRESS = "progress.json"


@dataclass(frozen=True, eq=False)
class ThresholdRun:
    """A threshold study read back: what was asked, and how far it has come.

    `number` of `total` epochs are done, and took `seconds`, which is NaN when none is or the run
    is finished. `summary` is None until then; the rest is there from then on, is read when first
    asked for, and raises CartographyError when it is not there or cannot be read.
    """

    folder: Path
    manifest: dict[str, Any]
    number: int
    total: int
    seconds: float
    summary: dict[str, Any] | None

    @property
    def seconds_left(self) -> float | None:
        """The seconds that the other epochs will take if they are like these; None if unknown."""
        if not self.number or np.isnan(self.seconds):
            return None
        return self.seconds / self.number * (self.total - self.number)

    @cached_property
    def labelled(self) -> pd.DataFrame:
        """The labelled texts (l rows): id, text, label, confidence, variability, correctness and
        region.
        """
        return self._parquet(LABELLED)

    @cached_property
    def pool(self) -> pd.DataFrame:
        """The pool (n rows, as the positions of a batch count them): id, text, label ("" where
        there is none) and predicted_label.
        """
        return self._parquet(POOL)

    @cached_property
    def awaits_labels(self) -> bool:
        """Whether the pool is the texts without a gold label, rather than the rest of a corpus
        that has all of them.
        """
        return bool((self.pool["label"] == "").all())

    @cached_property
    def levels(self) -> pd.DataFrame:
        """A row for each level of t_cor: t_cor, high, low, discriminator_accuracy and split."""
        self._finished()
        try:
            return pd.read_csv(self.folder / LEVELS)
        except (OSError, ValueError) as error:
            raise self._unreadable(LEVELS, error) from error

    @cached_property
    def study(self) -> ThresholdStudy:
        """The study itself; P(high-cor) stays on disk, mapped read-only."""
        summary, table, levels = self._finished(), self.labelled, self.levels
        try:
            probability = np.load(self.folder / HIGH_COR, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise self._unreadable(HIGH_COR, error) from error
        return ThresholdStudy(
            data_map=DataMap(
                ids=table["id"].to_numpy(dtype=object),
                confidence=table["confidence"].to_numpy(),
                variability=table["variability"].to_numpy(),
                correctness=table["correctness"].to_numpy(),
                epochs=len(levels),
            ),
            splits=levels["split"].to_numpy(),
            discriminator_accuracy=levels["discriminator_accuracy"].to_numpy(dtype=np.float64),
            high_cor_probability=probability,
            query_seed=int(summary["query_seed"]),
        )

    def _finished(self) -> dict[str, Any]:
        if self.summary is None:
            raise CartographyError(
                f"the threshold study in {self.folder} is not finished: {self.number} of "
                f"{self.total} epochs are done"
            )
        return self.summary

    def _parquet(self, name: str) -> pd.DataFrame:
        self._finished()
        try:
            return pd.read_parquet(self.folder / name)
        except (OSError, ValueError) as error:
            raise self._unreadable(name, error) from error

    def _unreadable(self, name: str, error: Exception) -> CartographyError:
        return CartographyError(f"{self.folder / name} cannot be read: {error}")


def labelled_rows(corpus: Corpus, preset: Preset, seed: int) -> NDArray[np.int64]:
    """Rows (l,) of the texts that a threshold study learns from; all others are its pool.

    Where every text has a gold label they are the seed set of `seed` as a simulation of `preset`
    has it, and the labels of the pool are not used. Where some have none, they are all that have
    one.

    Raises CartographyError when no text has a gold label, none is left for the pool, or fewer
    than two classes are among the labelled.
    """
    rows = np.flatnonzero(corpus.labelled)
    if not len(rows):
        raise CartographyError(f"{corpus.name}: no text has a gold label: name its label column")
    if len(rows) == len(corpus):
        size = preset.for_corpus(len(corpus)).seed_size
        assert size is not None
        if size >= len(corpus):
            raise CartographyError(
                f"a seed set of {size:,} leaves no pool: {corpus.name} has {len(corpus):,} texts; "
                "use a smaller --seed-size"
            )
        rows = seed_set(corpus, size, seed, preset.switches.stratified_seed)
    found = np.unique(corpus.labels[rows])
    if len(found) < 2:
        raise CartographyError(
            f"{corpus.name}: all {len(rows):,} labelled texts are {corpus.classes[found[0]]!r}, "
            "and a data map needs at least two classes: label a text of another"
        )
    return rows


def record_threshold(
    folder: Path,
    manifest: Manifest,
    corpus: Corpus,
    features: NDArray[np.float32],
    rows: NDArray[np.int64],
) -> Iterator[StudyEpoch]:
    """Study the labelled `rows` (l,) of the corpus against all others, and write what was found.

    Yields each epoch when progress.json tells of it. When the iterator is exhausted the run is
    finished: `labelled.parquet`, `pool.parquet`, `levels.csv`, `high_cor.npy` and, last,
    `run.json`. A study that was interrupted starts again. Raises CartographyError as `run_study` does.
    """
    learner = ActiveLearner(
        features,
        corpus.ids,
        corpus.classes,
        preset=manifest.preset,
        seed=manifest.seed,
        device=manifest.device,
    )
    learner.teach_rows(rows, corpus.labels[rows])
    started = time.monotonic()
    _tell(folder, StudyEpoch(0, study_epochs(learner.preset)), started)
    try:
        for epoch in run_study(learner):
            _tell(folder, epoch, started)
            yield epoch
    except CartographyError:
        # A refused study leaves nothing, so that the mended one may have its folder.
        (folder / PROGRESS).unlink()
        raise
    assert epoch.study is not None
    predicted = learner.probabilities(learner.features).argmax(axis=1)
    _finish(folder, manifest, corpus, learner, epoch.study, predicted)


def _tell(folder: Path, epoch: StudyEpoch, started: float) -> None:
    seconds = time.monotonic() - started
    told = {"number": epoch.number, "total": epoch.total, "seconds": seconds}
    write_json(folder / PROGRESS, told)


def _finish(
    folder: Path,
    manifest: Manifest,
    corpus: Corpus,
    learner: ActiveLearner,
    found: ThresholdStudy,
    predicted: NDArray[np.int64],
) -> None:
    data_map = found.data_map
    taught, pool = corpus.take(learner.labelled), corpus.take(learner.pool)
    labelled = _texts(taught).assign(
        confidence=data_map.confidence,
        variability=data_map.variability,
        correctness=data_map.correctness,
        region=data_map.region_names.astype(str),
    )
    waiting = _texts(pool).assign(
        predicted_label=corpus.label_names(predicted[learner.pool]).astype(str)
    )
    for name, table in ((LABELLED, labelled), (POOL, waiting)):
        with atomic_write(folder / name) as temporary:
            table.to_parquet(temporary, index=False)
    balances = [found.balance(t_cor) for t_cor in found.levels]
    levels = pd.DataFrame(
        {
            "t_cor": found.levels,
            "high": [balance.high for balance in balances],
            "low": [balance.low for balance in balances],
            "discriminator_accuracy": found.discriminator_accuracy,
            "split": found.splits,
        }
    )
    write_csv(levels, folder / LEVELS)
    with atomic_write(folder / HIGH_COR) as temporary:
        np.save(temporary, found.high_cor_probability)
    write_json(
        folder / SUMMARY,
        {
            "run_id": manifest.run_id,
            **manifest.as_dict(),
            "labelled": len(taught),
            "pool": len(pool),
            "splits": len(found.high_cor_probability),
            "query_seed": found.query_seed,
        },
    )
    (folder / PROGRESS).unlink()


def _texts(corpus: Corpus) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": corpus.ids,
            "text": corpus.texts,
            "label": corpus.label_names(corpus.labels),
        },
        dtype="str",
    )


def read_threshold(folder: Path) -> ThresholdRun:
    """The threshold study in `folder`, finished or as far as it has come.

    Raises CartographyError when the folder holds none.
    """
    manifest = read_manifest(folder)
    if manifest["kind"] != "threshold":
        raise CartographyError(f"{folder} holds no threshold study but a {manifest['kind']} run")
    recipes = manifest["preset"]
    total = int(recipes["classifier"]["epochs"] + recipes["discriminator"]["epochs"])
    number, seconds = 0, float("nan")
    # The run may be finished, and this file gone, between any two looks at the folder.
    with suppress(FileNotFoundError):
        told = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
        number, seconds = int(told["number"]), float(told["seconds"])
    summary = read_json(folder / SUMMARY) if (folder / SUMMARY).exists() else None
    done = total if summary else number
    return ThresholdRun(folder, manifest, done, total, seconds, summary)
