"""A threshold study on disk: trained once, then read for any t_cor."""

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
from cartography.formats.export import write_table
from cartography.maps.data_map import DataMap
from cartography.models.presets import Preset
from cartography.runs.manifest import SUMMARY, Manifest, read_json, read_manifest, write_json
from cartography.runs.map_runs import text_table
from cartography.runs.user_columns import write_user_columns

LABELLED = "labelled.parquet"
POOL = "pool.parquet"
LEVELS = "levels.csv"
HIGH_COR = "high_cor.npy"
PROGRESS = "progress.json"


@dataclass(frozen=True, eq=False)
class ThresholdRun:
    """A threshold study on disk, complete or partial.

    The tables and the study are read on first access, which raises CartographyError if the run is
    not finished or a file cannot be read.

    Attributes
    ----------
    folder : Path
    manifest : dict
        As in manifest.json.
    number : int
        Number of epochs done.
    total : int
        Number of epochs of the complete run.
    seconds : float
        Time that these epochs took; NaN if it is unknown.
    summary : dict or None
        As in run.json; None until the run is finished.
    """

    folder: Path
    manifest: dict[str, Any]
    number: int
    total: int
    seconds: float
    summary: dict[str, Any] | None

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the remaining time, in seconds; None if it is unknown."""
        if not self.number or np.isnan(self.seconds):
            return None
        return self.seconds / self.number * (self.total - self.number)

    @cached_property
    def labelled(self) -> pd.DataFrame:
        """The labelled texts: id, text, label, confidence, variability, correctness, region."""
        return self._read_table(LABELLED)

    @cached_property
    def pool(self) -> pd.DataFrame:
        """The pool: id, text, label ("" if there is none) and predicted_label.

        The positions of a batch are row numbers of this table.
        """
        return self._read_table(POOL)

    @cached_property
    def awaits_labels(self) -> bool:
        """Whether the texts of the pool have no gold labels."""
        return bool((self.pool["label"] == "").all())

    @cached_property
    def levels(self) -> pd.DataFrame:
        """One row per level of t_cor: t_cor, high, low, discriminator_accuracy and split."""
        self._require_summary()
        try:
            return pd.read_csv(self.folder / LEVELS)
        except (OSError, ValueError) as error:
            raise self._unreadable(LEVELS, error) from error

    @cached_property
    def study(self) -> ThresholdStudy:
        """The study; its P(high-cor) is memory-mapped, read-only."""
        summary, table, levels = self._require_summary(), self.labelled, self.levels
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

    def _require_summary(self) -> dict[str, Any]:
        if self.summary is None:
            raise CartographyError(
                f"the threshold study in {self.folder} is not finished: {self.number} of "
                f"{self.total} epochs are done"
            )
        return self.summary

    def _read_table(self, name: str) -> pd.DataFrame:
        self._require_summary()
        try:
            return pd.read_parquet(self.folder / name)
        except (OSError, ValueError) as error:
            raise self._unreadable(name, error) from error

    def _unreadable(self, name: str, error: Exception) -> CartographyError:
        return CartographyError(f"{self.folder / name} cannot be read: {error}")


def labelled_rows(corpus: Corpus, preset: Preset, seed: int) -> NDArray[np.int64]:
    """Choose the labelled texts of a threshold study; all other texts are its pool.

    Parameters
    ----------
    corpus : Corpus
    preset : Preset
        Its seed size and its switch of the stratified seed set are used.
    seed : int

    Returns
    -------
    int64 array, shape (l,)
        All rows with a gold label if some have none. If all have one, the seed set that a
        simulation with this preset and seed starts from; the other labels are then not used.

    Raises
    ------
    CartographyError
        No text has a gold label, no text is left for the pool, or all labelled texts are of one
        class.
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
    labels = np.unique(corpus.labels[rows])
    if len(labels) < 2:
        raise CartographyError(
            f"{corpus.name}: all {len(rows):,} labelled texts are {corpus.classes[labels[0]]!r}, "
            "and a data map needs at least two classes: label a text of another class"
        )
    return rows


def record_threshold(
    folder: Path,
    manifest: Manifest,
    corpus: Corpus,
    features: NDArray[np.float32],
    rows: NDArray[np.int64],
) -> Iterator[StudyEpoch]:
    """Run a threshold study and write it to disk.

    An interrupted study starts again.

    Parameters
    ----------
    folder : Path
    manifest : Manifest
    corpus : Corpus
        The n texts.
    features : float32 array, shape (n, d)
    rows : int64 array, shape (l,)
        The labelled texts, as from `labelled_rows`; all others are the pool.

    Yields
    ------
    StudyEpoch
        After progress.json is written. When the iterator is exhausted, the run is finished: the
        folder contains labelled.parquet, pool.parquet, levels.csv, high_cor.npy and, written
        last, run.json.

    Raises
    ------
    CartographyError
        The training is refused (see `run_study`), or a file cannot be written.
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
    _write_progress(folder, StudyEpoch(0, study_epochs(learner.preset)), started)
    try:
        for epoch in run_study(learner):
            _write_progress(folder, epoch, started)
            yield epoch
    except CartographyError:
        # Leaves the folder free for the corrected run.
        _remove_progress(folder)
        raise
    assert epoch.study is not None
    predicted = learner.probabilities(learner.features).argmax(axis=1)
    _finish(folder, manifest, corpus, learner, epoch.study, predicted)


def _write_progress(folder: Path, epoch: StudyEpoch, started: float) -> None:
    seconds = time.monotonic() - started
    progress = {"number": epoch.number, "total": epoch.total, "seconds": seconds}
    write_json(folder / PROGRESS, progress)


def _remove_progress(folder: Path) -> None:
    with suppress(PermissionError):  # Windows refuses if a reader has the file open
        (folder / PROGRESS).unlink()


def _finish(
    folder: Path,
    manifest: Manifest,
    corpus: Corpus,
    learner: ActiveLearner,
    study: ThresholdStudy,
    predicted: NDArray[np.int64],
) -> None:
    """Write the files of the finished study."""
    write_user_columns([folder], corpus)
    statistics = study.data_map.to_frame().drop(columns="id")
    labelled = text_table(corpus.take(learner.labelled)).join(statistics)
    pool = text_table(corpus.take(learner.pool)).assign(
        predicted_label=corpus.label_names(predicted[learner.pool]).astype(str)
    )
    for name, table in ((LABELLED, labelled), (POOL, pool)):
        with atomic_write(folder / name) as temporary:
            table.to_parquet(temporary, index=False)
    balances = [study.balance(t_cor) for t_cor in study.levels]
    levels = pd.DataFrame(
        {
            "t_cor": study.levels,
            "high": [balance.high for balance in balances],
            "low": [balance.low for balance in balances],
            "discriminator_accuracy": study.discriminator_accuracy,
            "split": study.splits,
        }
    )
    write_table(levels, folder / LEVELS)
    with atomic_write(folder / HIGH_COR) as temporary:
        np.save(temporary, study.high_cor_probability)
    write_json(
        folder / SUMMARY,
        {
            "run_id": manifest.run_id,
            **manifest.as_dict(),
            "labelled": len(labelled),
            "pool": len(pool),
            "splits": len(study.high_cor_probability),
            "query_seed": study.query_seed,
        },
    )
    _remove_progress(folder)


def read_threshold(folder: Path) -> ThresholdRun:
    """Read a threshold study from disk.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    ThresholdRun
        Complete or partial.

    Raises
    ------
    CartographyError
        The folder does not contain a threshold study.
    """
    manifest = read_manifest(folder)
    if manifest["kind"] != "threshold":
        raise CartographyError(f"{folder} contains a {manifest['kind']} run, not a threshold study")
    preset = manifest["preset"]
    total = int(preset["classifier"]["epochs"] + preset["discriminator"]["epochs"])
    number, seconds = 0, float("nan")
    # The file disappears when the run is finished, which may happen at any moment; Windows refuses
    # to open it while it is being replaced.
    with suppress(FileNotFoundError, PermissionError):
        progress = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
        number, seconds = int(progress["number"]), float(progress["seconds"])
    summary = read_json(folder / SUMMARY) if (folder / SUMMARY).exists() else None
    done = total if summary else number
    return ThresholdRun(folder, manifest, done, total, seconds, summary)
