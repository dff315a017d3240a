from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clouds import CORPUS, FEATURES, PRESET, TEST, TEST_FEATURES

from cartography.errors import CartographyError
from cartography.export import BATCH_COLUMNS
from cartography.learn_runs import BATCHES, ITERATIONS, MAPS, read_learning, record_learning
from cartography.runs import MANIFEST, SUMMARY, Manifest, Source, write_json
from cartography.simulation import Arm, simulate

SOURCE = Source("made", CORPUS.fingerprint, 90, CORPUS.classes, "feat", "made up")
SMALL = PRESET.for_corpus(90)


def manifest(seed: int = 7) -> Manifest:
    return Manifest("learn", SOURCE, SOURCE, SMALL, seed, "cpu", "cal")


def record(*folders: Path, pause_after: int | None = None) -> list[int]:
    runs = {folder: manifest(seed) for seed, folder in enumerate(folders, start=7)}
    for folder, run in runs.items():
        write_json(folder / MANIFEST, run.as_dict())
    steps = record_learning(runs, CORPUS, FEATURES, TEST, TEST_FEATURES, pause_after=pause_after)
    return [step.number for step in steps]


def without_seconds(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / ITERATIONS)
    return table.drop(columns=["train_seconds", "select_seconds"])


def test_a_run_holds_what_was_simulated(tmp_path: Path) -> None:
    assert record(tmp_path) == [0, 1, 2, 3]
    run = read_learning(tmp_path)
    assert list(run.iterations.columns)[:10] == [
        "iteration",
        "labelled",
        "accuracy",
        "macro_f1",
        "discriminator_accuracy",
        "confidence",
        "variability",
        "correctness",
        "train_seconds",
        "select_seconds",
    ]
    assert run.iterations["labelled"].tolist() == [20, 26, 32, 38]
    assert run.iterations["confidence"].isna().tolist() == [True, False, False, False]
    batches = pd.read_csv(tmp_path / BATCHES, dtype={"id": "str"})
    assert list(batches.columns) == list(BATCH_COLUMNS)
    assert batches["rank"].tolist() == [1, 2, 3, 4, 5, 6] * 3
    assert batches["iteration"].tolist() == [1] * 6 + [2] * 6 + [3] * 6
    assert batches["id"].is_unique
    label_of = dict(zip(CORPUS.ids, CORPUS.label_names(CORPUS.labels), strict=True))
    assert [label_of[name] for name in batches["id"]] == batches["label"].tolist()
    pd.testing.assert_frame_equal(run.batches(), batches, check_dtype=False)
    for number in (1, 2, 3):
        row = run.iterations.loc[number]
        assert run.batch(number)["confidence"].mean() == pytest.approx(row["confidence"])
        assert len(run.maps[number]) == row["labelled"]
    assert run.maps[3]["iteration"].tolist() == [0] * 20 + [1] * 6 + [2] * 6 + [3] * 6
    assert run.summary is not None
    assert run.summary["test_accuracy"] == run.iterations["accuracy"].iloc[-1]
    assert run.summary["mean_accuracy"] == pytest.approx(run.iterations["accuracy"].mean())
    assert run.card(run.batch(2))["iterations"] == [2]


@pytest.mark.parametrize("pause_after", [1, 2, 3, 4])
def test_a_paused_run_becomes_the_run_that_was_never_paused(
    tmp_path: Path, pause_after: int
) -> None:
    whole, paused = tmp_path / "whole", tmp_path / "paused"
    record(whole)
    first = record(paused, pause_after=pause_after)
    assert first == list(range(pause_after))
    if pause_after < 4:
        assert not (paused / SUMMARY).exists()
        assert len(read_learning(paused).maps) == pause_after
        assert record(paused) == list(range(pause_after, 4))
    assert (paused / SUMMARY).read_text() == (whole / SUMMARY).read_text()
    assert (paused / BATCHES).read_text() == (whole / BATCHES).read_text()
    pd.testing.assert_frame_equal(without_seconds(paused), without_seconds(whole))


def test_runs_side_by_side_are_the_runs_alone_also_when_one_is_ahead(tmp_path: Path) -> None:
    together = [tmp_path / "7", tmp_path / "8"]
    assert record(*together, pause_after=2) == [0, 0, 1, 1]
    # As if the process had been killed between the two files of an iteration.
    (together[1] / MAPS / "iteration-001.parquet").unlink()
    assert record(*together) == [1, 1, 2, 2, 3, 3]
    record(tmp_path / "alone")
    pd.testing.assert_frame_equal(
        without_seconds(together[0]), without_seconds(tmp_path / "alone"), atol=1e-6
    )


def test_a_finished_recording_that_lost_only_its_summary_is_finished_without_training(
    tmp_path: Path,
) -> None:
    record(tmp_path)
    (tmp_path / SUMMARY).unlink()
    assert record(tmp_path) == []
    assert (tmp_path / SUMMARY).exists()


def test_a_run_that_has_only_begun_has_empty_tables(tmp_path: Path) -> None:
    write_json(tmp_path / MANIFEST, manifest().as_dict())
    run = read_learning(tmp_path)
    assert len(run.iterations) == 0
    assert run.iterations["accuracy"].tolist() == []
    assert list(run.batches().columns) == list(BATCH_COLUMNS)


def test_mistakes(tmp_path: Path) -> None:
    record(tmp_path, pause_after=2)
    run = read_learning(tmp_path)
    for number in (0, 2, 99):
        with pytest.raises(CartographyError, match=f"no batch of iteration {number}: it has 1 to"):
            run.batch(number)
    (tmp_path / MAPS / "iteration-001.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(CartographyError, match=r"iteration-001\.parquet cannot be read"):
        read_learning(tmp_path)
    write_json(tmp_path / MANIFEST, replace(manifest(), kind="map").as_dict())
    with pytest.raises(CartographyError, match="holds no active-learning run but a data map"):
        read_learning(tmp_path)


def test_scores_survive_the_disk_to_the_last_bit(tmp_path: Path) -> None:
    record(tmp_path)
    arms = [Arm("cal", 7)]
    _, first, *_ = simulate(CORPUS, FEATURES, TEST, TEST_FEATURES, arms, preset=SMALL)
    stored = read_learning(tmp_path).batch(1)["score"].to_numpy()
    assert first.batch is not None
    assert stored.tolist() == first.batch.scores.tolist()
    assert read_learning(tmp_path).batch(1)["id"].tolist() == first.batch.ids.tolist()
    csv = pd.read_csv(tmp_path / BATCHES)
    assert stored.tolist() == csv["score"][:6].tolist()
    assert stored.dtype == np.float64
