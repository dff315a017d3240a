import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from clouds import CORPUS, FEATURES, PRESET, TEST, TEST_FEATURES

from cartography.active.simulation import Trial, simulate
from cartography.errors import CartographyError
from cartography.formats.export import BATCH_COLUMNS
from cartography.runs.active_runs import BATCHES, ITERATIONS, read_active_run, record_active_runs
from cartography.runs.iteration_files import MAPS
from cartography.runs.manifest import MANIFEST, SUMMARY, Manifest, Source, write_json

SOURCE = Source("made", CORPUS.fingerprint, 90, CORPUS.classes, "feat", "made up")
SMALL = PRESET.for_corpus(90)
NAMES = ("cal-7-0.2", "cal-7-0.5", "lc-7-0.2")


def manifest(seed: int = 7, strategy: str = "cal", t_cor: float = SMALL.t_cor) -> Manifest:
    return Manifest("learn", SOURCE, SOURCE, replace(SMALL, t_cor=t_cor), seed, "cpu", strategy)


def record(*folders: Path, pause_after: int | None = None) -> list[int]:
    runs = {folder: manifest(seed) for seed, folder in enumerate(folders, start=7)}
    return record_runs(runs, pause_after)


def record_runs(runs: dict[Path, Manifest], pause_after: int | None = None) -> list[int]:
    for folder, run in runs.items():
        write_json(folder / MANIFEST, run.as_dict())
    steps = record_active_runs(runs, CORPUS, FEATURES, TEST, TEST_FEATURES, pause_after=pause_after)
    return [step.number for step in steps]


def without_seconds(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / ITERATIONS)
    return table.drop(columns=["train_seconds", "select_seconds"])


def test_a_recorded_run_is_the_simulated_run(tmp_path: Path) -> None:
    assert record(tmp_path) == [0, 1, 2, 3]
    run = read_active_run(tmp_path)
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
    assert list(run.iterations.columns)[10:] == [
        "fallback",
        "agreement",
        "pool",
        "pool_max_probability",
    ]
    assert run.iterations["pool"].tolist() == [70, 70, 64, 58]
    for name in ("agreement", "pool_max_probability"):
        assert run.iterations[name].isna().tolist() == [True, False, False, False]
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
def test_a_paused_and_resumed_run_equals_an_uninterrupted_run(
    tmp_path: Path, pause_after: int
) -> None:
    complete, paused = tmp_path / "complete", tmp_path / "paused"
    record(complete)
    first = record(paused, pause_after=pause_after)
    assert first == list(range(pause_after))
    if pause_after < 4:
        assert not (paused / SUMMARY).exists()
        assert len(read_active_run(paused).maps) == pause_after
        assert record(paused) == list(range(pause_after, 4))
    assert (paused / SUMMARY).read_text() == (complete / SUMMARY).read_text()
    assert (paused / BATCHES).read_text() == (complete / BATCHES).read_text()
    pd.testing.assert_frame_equal(without_seconds(paused), without_seconds(complete))


def test_runs_side_by_side_equal_separate_runs_even_if_one_is_ahead(tmp_path: Path) -> None:
    together = [tmp_path / "7", tmp_path / "8"]
    assert record(*together, pause_after=2) == [0, 0, 1, 1]
    # As if the process was killed between writing the two files of an iteration.
    (together[1] / MAPS / "iteration-001.parquet").unlink()
    assert record(*together) == [1, 1, 2, 2, 3, 3]
    record(tmp_path / "alone")
    pd.testing.assert_frame_equal(without_seconds(together[0]), without_seconds(tmp_path / "alone"))


def test_mixed_runs_equal_separate_runs_even_if_they_were_paused(tmp_path: Path) -> None:
    runs = {
        tmp_path / f"{strategy}-{seed}-{t_cor}": manifest(seed, strategy, t_cor)
        for strategy, t_cor in (("cal", 0.2), ("cal", 0.5), ("lc", 0.2))
        for seed in (7, 8)
    }
    assert record_runs(runs, pause_after=2) == [0] * 6 + [1] * 6
    # As if the process was killed between writing two files of an iteration.
    (tmp_path / "lc-7-0.2" / MAPS / "iteration-001.parquet").unlink()
    assert record_runs(runs) == [1] * 6 + [2] * 6 + [3] * 6
    for folder, run in runs.items():
        alone = tmp_path / "alone" / folder.name
        assert record_runs({alone: run}) == [0, 1, 2, 3]
        assert (folder / MANIFEST).read_bytes() == (alone / MANIFEST).read_bytes()
        pd.testing.assert_frame_equal(without_seconds(folder), without_seconds(alone))
        maps, expected = read_active_run(folder).maps, read_active_run(alone).maps
        for table, expected_table in zip(maps, expected, strict=True):
            pd.testing.assert_frame_equal(table, expected_table)
    picked = {name: read_active_run(tmp_path / name).batch(1)["id"].tolist() for name in NAMES}
    assert len({tuple(ids) for ids in picked.values()}) == 3


def test_runs_that_cannot_be_simulated_together_raise_a_value_error(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    longer = replace(manifest(8), preset=SMALL.with_classifier(epochs=5))
    with pytest.raises(ValueError, match=r"must have one preset\.classifier\.epochs, not"):
        record_runs({first: manifest(), second: longer})
    with pytest.raises(ValueError, match=r"must have one train\.fingerprint, not"):
        record_runs(
            {
                first: manifest(),
                second: replace(manifest(8), train=replace(SOURCE, fingerprint="0")),
            }
        )
    with pytest.raises(ValueError, match="must differ in strategy, seed or"):
        record_runs({first: manifest(), second: manifest()})


def test_a_run_of_an_older_version_can_be_resumed_and_lacks_later_columns(tmp_path: Path) -> None:
    new = ["agreement", "pool", "pool_max_probability"]
    record(tmp_path, pause_after=2)
    for path in (tmp_path / MAPS).iterdir():
        table = pq.read_table(path)
        scalars = json.loads(table.schema.metadata[b"cartography"])
        kept = {name: value for name, value in scalars.items() if name not in new}
        pq.write_table(table.replace_schema_metadata({b"cartography": json.dumps(kept)}), path)
    assert read_active_run(tmp_path).iterations[new].isna().all(axis=None)
    record(tmp_path)
    is_known = read_active_run(tmp_path).iterations[new].notna()
    assert is_known.all(axis=1).tolist() == [False, False, True, True]
    assert is_known.any(axis=1).tolist() == [False, False, True, True]


def test_reasons_trails_and_the_labelled_set(tmp_path: Path) -> None:
    record(tmp_path)
    run = read_active_run(tmp_path)
    nearest = -run.batch(2)["score"].iloc[-1]
    assert len(run.reasons(2)) == 6
    assert run.reasons(2)[-1] == f"P(high-cor) is {nearest:.2f} from the boundary 0.5."
    trails = run.trails(3)
    assert [trail.name for trail in trails] == run.batches()["id"].tolist()
    assert [trail.joined for trail in trails] == [1] * 6 + [2] * 6 + [3] * 6
    for trail in trails:
        assert trail.iterations.tolist() == list(range(trail.joined, 4))
        for number, variability, confidence in zip(
            trail.iterations, trail.variability, trail.confidence, strict=True
        ):
            row = run.maps[number].set_index("id").loc[trail.name]
            assert (row["variability"], row["confidence"]) == (variability, confidence)
    assert [len(run.trails(number)) for number in (0, 1, 2)] == [0, 6, 12]
    labelled = run.labelled_set(2)
    assert list(labelled.columns) == ["id", "text", "label", "iteration"]
    assert labelled["iteration"].tolist() == [0] * 20 + [1] * 6 + [2] * 6
    assert labelled["id"].tolist()[20:] == run.batches()["id"].tolist()[:12]
    assert len(run.labelled_set(0)) == 20
    for number in (-1, 4):
        with pytest.raises(CartographyError, match=f"no iteration {number}: it has 0 to 3"):
            run.labelled_set(number)


def test_a_complete_run_without_its_summary_is_finished_without_training(
    tmp_path: Path,
) -> None:
    record(tmp_path)
    # As if the process was killed right after writing the file of the last iteration.
    (tmp_path / SUMMARY).unlink()
    tables = [(tmp_path / name).read_text() for name in (ITERATIONS, BATCHES)]
    for name in (ITERATIONS, BATCHES):
        lines = (tmp_path / name).read_text().splitlines(keepends=True)
        (tmp_path / name).write_text("".join(lines[:-1]))
    assert record(tmp_path) == []
    assert (tmp_path / SUMMARY).exists()
    assert [(tmp_path / name).read_text() for name in (ITERATIONS, BATCHES)] == tables


def test_missing_tables_of_a_run_with_an_exhausted_pool_are_written_again(tmp_path: Path) -> None:
    short = replace(manifest(strategy="random"), preset=replace(SMALL, query_size=70))
    assert record_runs({tmp_path: short}) == [0, 1]
    for name in (SUMMARY, ITERATIONS, BATCHES):
        (tmp_path / name).unlink()
    assert record_runs({tmp_path: short}) == []
    assert read_active_run(tmp_path).summary is not None
    assert pd.read_csv(tmp_path / ITERATIONS)["labelled"].tolist() == [20, 90]
    assert len(pd.read_csv(tmp_path / BATCHES)) == 70


@pytest.mark.parametrize("started", [False, True])
def test_a_pause_after_no_iteration_is_refused(tmp_path: Path, started: bool) -> None:
    if started:
        record(tmp_path, pause_after=1)
    with pytest.raises(CartographyError, match="pauses after 1 new iteration or more, not 0"):
        record(tmp_path, pause_after=0)
    assert not (tmp_path / SUMMARY).exists()


def test_a_run_before_its_first_iteration_has_empty_tables(tmp_path: Path) -> None:
    write_json(tmp_path / MANIFEST, manifest().as_dict())
    run = read_active_run(tmp_path)
    assert len(run.iterations) == 0
    assert run.iterations["accuracy"].tolist() == []
    assert list(run.batches().columns) == list(BATCH_COLUMNS)
    with pytest.raises(CartographyError, match="no iteration 0: it has none yet"):
        run.trails(0)


def test_wrong_iterations_files_and_kinds_are_refused(tmp_path: Path) -> None:
    record(tmp_path, pause_after=2)
    run = read_active_run(tmp_path)
    for number in (0, 2, 99):
        with pytest.raises(CartographyError, match=f"no batch of iteration {number}: it has 1 to"):
            run.batch(number)
    (tmp_path / MAPS / "iteration-001.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(CartographyError, match=r"iteration-001\.parquet cannot be read"):
        read_active_run(tmp_path)
    write_json(tmp_path / MANIFEST, replace(manifest(), kind="map").as_dict())
    with pytest.raises(CartographyError, match="contains a map run, not an active-learning run"):
        read_active_run(tmp_path)


def test_scores_are_stored_exactly(tmp_path: Path) -> None:
    record(tmp_path)
    trials = [Trial("cal", 7)]
    _, first, *_ = simulate(CORPUS, FEATURES, TEST, TEST_FEATURES, trials, preset=SMALL)
    stored = read_active_run(tmp_path).batch(1)["score"].to_numpy()
    assert first.batch is not None
    assert stored.tolist() == first.batch.scores.tolist()
    assert read_active_run(tmp_path).batch(1)["id"].tolist() == first.batch.ids.tolist()
    csv = pd.read_csv(tmp_path / BATCHES)
    assert stored.tolist() == csv["score"][:6].tolist()
    assert stored.dtype == np.float64
