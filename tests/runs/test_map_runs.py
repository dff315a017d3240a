from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from clouds import CORPUS, FEATURES, PRESET, TEST, TEST_FEATURES

from cartography.active.group import predict
from cartography.errors import CartographyError
from cartography.maps.data_map import DataMap, Thresholds
from cartography.models.metrics import evaluate
from cartography.runs.manifest import MANIFEST, SUMMARY, Manifest, Source, read_json, write_json
from cartography.runs.map_runs import (
    DYNAMICS,
    EPOCHS,
    PAGE,
    TABLE,
    map_table,
    read_map,
    record_maps,
)

SOURCE = Source("made", CORPUS.fingerprint, 90, CORPUS.classes, "feat", "made up")
MANIFEST_7 = Manifest("map", SOURCE, SOURCE, PRESET.for_corpus(90), 7, "cpu")
ROWS = np.arange(10, 70)


def start(*folders: Path):  # type: ignore[no-untyped-def]
    runs = {folder: replace(MANIFEST_7, seed=seed) for seed, folder in enumerate(folders, start=7)}
    for folder, run in runs.items():
        write_json(folder / MANIFEST, run.as_dict())
    rows = dict.fromkeys(runs, ROWS)
    return record_maps(runs, rows, CORPUS, FEATURES, TEST, TEST_FEATURES)


def test_a_map_can_be_read_after_each_epoch_and_at_the_end(tmp_path: Path) -> None:
    assert count_items_before_training(tmp_path) == 0
    for number, epoch in enumerate(start(tmp_path), start=1):
        run = read_map(tmp_path)
        assert run.dynamics is not None
        assert run.dynamics.epochs == epoch.number == number
        assert run.epochs == 4
        assert run.summary is None
        np.testing.assert_array_equal(run.dynamics.gold_probability[-1], epoch.gold_probability[0])
    finished = read_map(tmp_path)
    assert finished.dynamics is not None
    assert finished.dynamics.epochs == 4
    np.testing.assert_array_equal(finished.dynamics.gold_probability[-1], epoch.gold_probability[0])
    assert finished.items["id"].tolist() == CORPUS.ids[ROWS].tolist()
    assert list(finished.items.columns) == ["id", "text", "label", "predicted_label"]
    assert not (tmp_path / EPOCHS).exists()


def count_items_before_training(folder: Path) -> int:
    """The number of items of a run that has only a manifest."""
    write_json(folder / MANIFEST, MANIFEST_7.as_dict())
    run = read_map(folder)
    assert run.dynamics is None
    return len(run.items)


def test_the_files_of_a_finished_map(tmp_path: Path) -> None:
    *_, last = start(tmp_path)
    run = read_map(tmp_path)
    assert run.dynamics is not None
    data_map = DataMap.of(run.dynamics)
    table = pd.read_csv(tmp_path / TABLE, dtype={"id": "str"})
    assert list(table.columns) == [
        "id",
        "text",
        "label",
        "predicted_label",
        "confidence",
        "variability",
        "correctness",
        "region",
        "threshold_closeness",
        "forgetfulness",
    ]
    # Texts outside the training set have a predicted label only.
    assert table["id"].tolist() == CORPUS.ids.tolist()
    assert table["predicted_label"].notna().all()
    on_map = table.loc[ROWS]
    assert table["confidence"].notna().sum() == len(ROWS)
    np.testing.assert_allclose(on_map["confidence"], data_map.confidence)
    np.testing.assert_allclose(on_map["variability"], data_map.variability)
    np.testing.assert_allclose(on_map["correctness"], data_map.correctness)
    assert on_map["region"].tolist() == data_map.region_names.tolist()
    is_correct = (on_map["predicted_label"] == on_map["label"]).to_numpy()
    assert is_correct.tolist() == last.correct[0].tolist()
    with np.load(tmp_path / DYNAMICS) as stored:
        assert stored["ids"].tolist() == CORPUS.ids[ROWS].tolist()
        assert stored["gold_probability"].shape == stored["correct"].shape == (4, len(ROWS))
    assert "<html" in (tmp_path / PAGE).read_text(encoding="utf-8")[:200]
    summary = read_json(tmp_path / SUMMARY)
    assert summary["items"] == len(ROWS)
    assert sum(summary["region_shares"].values()) == pytest.approx(1)
    assert 0 < summary["test_accuracy"] <= 1
    assert summary["run_id"] == MANIFEST_7.run_id


def test_a_map_that_finishes_while_it_is_read_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = start(tmp_path)
    next(training)
    read_parquet = pd.read_parquet

    def read_slowly(path: Path) -> pd.DataFrame:
        table = read_parquet(path)
        for _ in training:
            pass
        return table

    monkeypatch.setattr(pd, "read_parquet", read_slowly)
    run = read_map(tmp_path)
    assert run.summary is not None
    assert run.dynamics is not None
    assert run.dynamics.epochs == 4
    assert "predicted_label" in run.items


def test_an_interrupted_map_starts_again_and_equals_an_uninterrupted_map(tmp_path: Path) -> None:
    complete, interrupted = tmp_path / "complete", tmp_path / "interrupted"
    for _ in start(complete):
        pass
    training = start(interrupted)
    next(training)
    next(training)
    training.close()
    assert not (interrupted / SUMMARY).exists()
    for _ in start(interrupted):
        pass
    assert (interrupted / TABLE).read_text() == (complete / TABLE).read_text()
    assert (interrupted / SUMMARY).read_text() == (complete / SUMMARY).read_text()


def test_maps_side_by_side_equal_separate_maps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With one core, two of the three models are trained as one batch.
    monkeypatch.setattr("cartography.parallel._CORES", 1)
    for _ in start(tmp_path / "7", tmp_path / "8", tmp_path / "9"):
        pass
    for _ in start(tmp_path / "alone"):
        pass
    together, alone, other = (read_map(tmp_path / name).dynamics for name in ("7", "alone", "8"))
    assert together is not None
    assert alone is not None
    assert other is not None
    np.testing.assert_allclose(together.gold_probability, alone.gold_probability, atol=1e-6)
    assert np.abs(together.gold_probability - other.gold_probability).max() > 1e-3


def test_the_error_names_an_unreadable_map(tmp_path: Path) -> None:
    for _ in start(tmp_path):
        pass
    intact = (tmp_path / DYNAMICS).read_bytes()
    for damaged in (b"not an archive", intact[: len(intact) // 2]):
        (tmp_path / DYNAMICS).write_bytes(damaged)
        with pytest.raises(CartographyError, match="cannot be read"):
            read_map(tmp_path)
    write_json(tmp_path / MANIFEST, replace(MANIFEST_7, kind="learn").as_dict())
    with pytest.raises(CartographyError, match="contains a learn run, not a data map"):
        read_map(tmp_path)


def test_the_stored_accuracy_is_that_of_the_last_model(tmp_path: Path) -> None:
    *_, last = start(tmp_path)
    predicted = predict(last.classifiers[0], torch.from_numpy(TEST_FEATURES)).argmax(axis=1)
    expected = evaluate(predicted, TEST.labels).accuracy
    assert read_json(tmp_path / SUMMARY)["test_accuracy"] == expected


def test_the_table_for_other_thresholds_has_every_text(tmp_path: Path) -> None:
    for _ in start(tmp_path):
        pass
    # As for a corpus whose ids look like formulas to a spreadsheet.
    table = pd.read_csv(tmp_path / TABLE, dtype={"id": "str"}, keep_default_na=False)
    table.assign(id="'=" + table["id"]).to_csv(tmp_path / TABLE, index=False)
    run = read_map(tmp_path)
    assert run.dynamics is not None
    early = DataMap.of(run.dynamics.until(1), Thresholds(hard=0.0, easy=1.0))
    early = replace(early, ids="=" + early.ids)

    updated = map_table(run, early)

    assert len(updated) == 90
    on_map = updated["region"].notna().to_numpy()
    assert np.flatnonzero(on_map).tolist() == ROWS.tolist()
    assert list(updated["region"][on_map]) == list(early.region_names)
    assert list(updated["confidence"][on_map]) == early.confidence.tolist()


def test_the_error_names_a_missing_table(tmp_path: Path) -> None:
    for _ in start(tmp_path):
        pass
    run = read_map(tmp_path)
    assert run.dynamics is not None
    (tmp_path / TABLE).unlink()
    with pytest.raises(CartographyError, match=r"data_map\.csv cannot be read"):
        map_table(run, DataMap.of(run.dynamics))
