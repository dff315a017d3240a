from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clouds import CORPUS, FEATURES, PRESET
from numpy.typing import NDArray

from cartography.active.learner import ActiveLearner
from cartography.active.simulation import seed_set
from cartography.active.threshold_study import StudyEpoch
from cartography.corpora.corpus import Corpus
from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap
from cartography.runs.manifest import MANIFEST, SUMMARY, Manifest, Source, read_json, write_json
from cartography.runs.threshold_runs import (
    HIGH_COR,
    LABELLED,
    LEVELS,
    POOL,
    PROGRESS,
    labelled_rows,
    read_threshold,
    record_threshold,
)

SOURCE = Source("made", CORPUS.fingerprint, 90, CORPUS.classes, "feat", "made up")
MANIFEST_7 = Manifest("threshold", SOURCE, None, PRESET.for_corpus(90), 7, "cpu")
# 60 of the texts have no label.
PARTLY = replace(CORPUS, labels=np.where(np.arange(90) % 3 == 0, CORPUS.labels, -1))


def start(
    folder: Path, corpus: Corpus = CORPUS, features: NDArray[np.float32] = FEATURES
) -> Iterator[StudyEpoch]:
    write_json(folder / MANIFEST, MANIFEST_7.as_dict())
    rows = labelled_rows(corpus, MANIFEST_7.preset, MANIFEST_7.seed)
    return record_threshold(folder, MANIFEST_7, corpus, features, rows)


def test_a_study_reports_its_progress_and_is_read_back_unchanged(tmp_path: Path) -> None:
    write_json(tmp_path / MANIFEST, MANIFEST_7.as_dict())
    assert (read_threshold(tmp_path).number, read_threshold(tmp_path).total) == (0, 8)
    for number, epoch in enumerate(start(tmp_path), start=1):
        recorded = epoch.study
        run = read_threshold(tmp_path)
        assert (run.number, run.total, run.summary) == (number, 8, None)
        with pytest.raises(CartographyError, match=f"is not finished: {number} of 8 epochs"):
            run.study  # noqa: B018
    run = read_threshold(tmp_path)
    assert (run.number, run.total) == (8, 8)
    assert not (tmp_path / PROGRESS).exists()
    study = run.study
    assert recorded is not None
    assert study.data_map.ids.tolist() == recorded.data_map.ids.tolist()
    for name in ("confidence", "variability", "correctness"):
        np.testing.assert_array_equal(
            getattr(study.data_map, name), getattr(recorded.data_map, name)
        )
    assert study.data_map.epochs == recorded.data_map.epochs == 4
    np.testing.assert_array_equal(study.splits, recorded.splits)
    np.testing.assert_array_equal(study.discriminator_accuracy, recorded.discriminator_accuracy)
    np.testing.assert_array_equal(study.high_cor_probability, recorded.high_cor_probability)
    assert isinstance(study.high_cor_probability, np.memmap)
    for t_cor in study.levels:
        assert (
            study.batch(t_cor, 6).positions.tolist() == recorded.batch(t_cor, 6).positions.tolist()
        )


def test_the_files_of_a_finished_study(tmp_path: Path) -> None:
    for _ in start(tmp_path):
        pass
    rows = seed_set(CORPUS, 20, 7)
    pool_rows = np.setdiff1d(np.arange(90), rows)
    run = read_threshold(tmp_path)
    study = run.study
    labelled = pd.read_parquet(tmp_path / LABELLED)
    assert list(labelled.columns) == [
        "id",
        "text",
        "label",
        "confidence",
        "variability",
        "correctness",
        "region",
        "threshold_closeness",
        "forgetfulness",
    ]
    assert labelled["id"].tolist() == CORPUS.ids[rows].tolist()
    assert labelled["label"].tolist() == CORPUS.label_names(CORPUS.labels[rows]).tolist()
    assert labelled["region"].tolist() == study.data_map.region_names.tolist()
    pool = pd.read_parquet(tmp_path / POOL)
    assert list(pool.columns) == ["id", "text", "label", "predicted_label"]
    assert pool["id"].tolist() == CORPUS.ids[pool_rows].tolist()
    learner = ActiveLearner(FEATURES, CORPUS.ids, CORPUS.classes, preset=PRESET, seed=7)
    learner.teach_rows(rows, CORPUS.labels[rows])
    predicted = learner.view().probabilities.argmax(axis=1)
    assert pool["predicted_label"].tolist() == CORPUS.label_names(predicted).tolist()
    levels = pd.read_csv(tmp_path / LEVELS)
    assert list(levels.columns) == ["t_cor", "high", "low", "discriminator_accuracy", "split"]
    for row in levels.itertuples():
        assert row.high == (labelled["correctness"] > row.t_cor).sum()
        assert row.high + row.low == 20
        assert (row.split < 0) == np.isnan(row.discriminator_accuracy)
    assert np.load(tmp_path / HIGH_COR).shape == (levels["split"].max() + 1, 70)
    summary = read_json(tmp_path / SUMMARY)
    assert (summary["labelled"], summary["pool"]) == (20, 70)
    assert summary["run_id"] == MANIFEST_7.run_id


def test_the_pool_is_the_texts_without_a_label_if_there_are_any(tmp_path: Path) -> None:
    for _ in start(tmp_path, PARTLY):
        pass
    run = read_threshold(tmp_path)
    assert run.labelled["id"].tolist() == CORPUS.ids[::3].tolist()
    assert set(run.pool["label"]) == {""}
    learner = ActiveLearner(FEATURES, CORPUS.ids, CORPUS.classes, preset=PRESET, seed=7)
    learner.teach(CORPUS.ids[::3], CORPUS.label_names(CORPUS.labels[::3]))
    picked = run.study.batch(PRESET.t_cor, 6).positions
    assert run.pool["id"].iloc[picked].tolist() == learner.query(6).ids.tolist()


@pytest.mark.parametrize(
    ("corpus", "seed_size", "message"),
    [
        (replace(CORPUS, labels=np.full(90, -1)), 20, "made: no text has a gold label"),
        (CORPUS, 90, "a seed set of 90 leaves no pool: made has 90 texts"),
        (
            replace(PARTLY, labels=np.minimum(PARTLY.labels, 0)),
            20,
            "made: all 30 labelled texts are 'circle', and a data map needs at least two classes",
        ),
    ],
)
def test_a_corpus_without_labels_pool_or_second_class_is_refused(
    corpus: Corpus, seed_size: int, message: str
) -> None:
    with pytest.raises(CartographyError, match=message):
        labelled_rows(corpus, replace(PRESET, seed_size=seed_size), 7)


def test_the_switch_of_the_stratified_seed_set_is_used() -> None:
    switches = replace(PRESET.switches, stratified_seed=False)
    rows = labelled_rows(CORPUS, PRESET.with_switches(switches), 7)
    assert rows.tolist() == seed_set(CORPUS, 20, 7, stratified=False).tolist()


def test_an_interrupted_study_starts_again(tmp_path: Path) -> None:
    complete, interrupted = tmp_path / "complete", tmp_path / "interrupted"
    for _ in start(complete):
        pass
    training = start(interrupted)
    next(training)
    training.close()
    assert read_threshold(interrupted).number == 1
    for _ in start(interrupted):
        pass
    for name in (LABELLED, POOL, LEVELS, HIGH_COR, SUMMARY):
        assert (interrupted / name).read_bytes() == (complete / name).read_bytes()


def test_a_refused_study_leaves_only_its_manifest(tmp_path: Path) -> None:
    with pytest.raises(CartographyError, match="training diverged"):
        for _ in start(tmp_path, features=np.full_like(FEATURES, np.nan)):
            pass
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


def test_the_error_names_an_unreadable_file(tmp_path: Path) -> None:
    for _ in start(tmp_path):
        pass
    for name in (LABELLED, LEVELS, HIGH_COR):
        intact = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(CartographyError, match=f"{name} cannot be read"):
            read_threshold(tmp_path).study  # noqa: B018
        (tmp_path / name).write_bytes(intact)
    (tmp_path / POOL).unlink()
    with pytest.raises(CartographyError, match=f"{POOL} cannot be read"):
        read_threshold(tmp_path).pool  # noqa: B018
    write_json(tmp_path / MANIFEST, replace(MANIFEST_7, kind="map").as_dict())
    with pytest.raises(CartographyError, match="contains a map run, not a threshold study"):
        read_threshold(tmp_path)


def test_a_map_that_no_threshold_splits_is_read_back(tmp_path: Path) -> None:
    separable = np.eye(8, dtype=np.float32)[CORPUS.labels]
    preset = MANIFEST_7.preset.with_classifier(
        epochs=1, learning_rate=0.05, dropout=0.0, batch_size=2
    )
    manifest = replace(MANIFEST_7, preset=preset)
    write_json(tmp_path / MANIFEST, manifest.as_dict())
    for _ in record_threshold(tmp_path, manifest, CORPUS, separable, seed_set(CORPUS, 20, 7)):
        pass
    study = read_threshold(tmp_path).study
    assert isinstance(study.data_map, DataMap)
    assert study.high_cor_probability.shape == (0, 70)
    assert study.probability(0.0) is None
    assert len(study.batch(0.0, 6).positions) == 6
