import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clouds import CORPUS, FEATURES, PRESET, picks, run

from cartography.runs.manifest import MANIFEST, Manifest, Source, write_json
from cartography.runs.next_batch import NextBatch, batch_card, next_batch, texts_at
from cartography.runs.threshold_runs import (
    LEVELS,
    ThresholdRun,
    labelled_rows,
    read_threshold,
    record_threshold,
)

SOURCE = Source("made", CORPUS.fingerprint, 90, CORPUS.classes, "feat", "made up")
MANIFEST_7 = Manifest("threshold", SOURCE, None, PRESET.for_corpus(90), 7, "cpu", "cal")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> ThresholdRun:
    folder = tmp_path_factory.mktemp("study")
    write_json(folder / MANIFEST, MANIFEST_7.as_dict())
    rows = labelled_rows(CORPUS, MANIFEST_7.preset, MANIFEST_7.seed)
    for _ in record_threshold(folder, MANIFEST_7, CORPUS, FEATURES, rows):
        pass
    return read_threshold(folder)


def test_the_batch_is_the_first_of_a_simulation(finished: ThresholdRun) -> None:
    batch = next_batch(finished, PRESET.t_cor, PRESET.query_size)

    first = picks(run("cal"))[0]
    assert batch.table["id"].tolist() == CORPUS.ids[first].tolist()
    assert batch.table["label"].tolist() == [CORPUS.classes[CORPUS.labels[row]] for row in first]
    assert batch.table["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    distance = np.abs(0.5 - batch.table["P(high-cor)"])
    np.testing.assert_allclose(batch.table["score"], -distance, atol=1e-7)
    assert batch.table["reason"].str.contains("from the boundary 0.5").all()
    assert set(batch.table["seed"]) == {7}
    assert set(batch.table["t_cor"]) == {0.2}


def test_texts_are_in_the_order_of_the_positions(finished: ThresholdRun) -> None:
    texts = texts_at(finished, np.array([5, 0]))

    assert texts["id"].tolist() == [finished.pool["id"].iloc[5], finished.pool["id"].iloc[0]]
    assert texts.index.tolist() == [0, 1]


def test_the_card_has_the_threshold_and_size_of_the_batch(finished: ThresholdRun) -> None:
    batch = next_batch(finished, 0.5, 4)

    card = batch_card(finished, batch)

    assert (card["preset"]["t_cor"], card["preset"]["query_size"]) == (0.5, 4)
    assert finished.manifest["preset"]["t_cor"] == 0.2, "the manifest is unchanged"
    assert (card["strategy"], card["iterations"], card["seed"]) == ("cal", [1], 7)
    assert card["counts"]["batch"] == sum(card["counts"]["by_label"].values()) == 4
    assert card["counts"]["by_region"] == {}
    assert card["fallback"] == batch.query.fallback == ""


def test_texts_without_a_label_are_not_counted(finished: ThresholdRun) -> None:
    batch = next_batch(finished, 0.5, 4)
    unlabelled = NextBatch(0.5, batch.query, batch.table.assign(label=""))

    assert batch_card(finished, unlabelled)["counts"]["by_label"] == {}


def test_if_no_threshold_splits_the_map_the_batch_is_random_with_a_note(
    finished: ThresholdRun, tmp_path: Path
) -> None:
    for path in finished.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    one_sided = finished.labelled.assign(correctness=1.0)
    one_sided.to_parquet(tmp_path / "labelled.parquet")
    finished.levels.assign(split=-1).to_csv(tmp_path / LEVELS, index=False)

    run = read_threshold(tmp_path)
    batch = next_batch(run, 0.2, 4)

    assert batch.table["P(high-cor)"].isna().all()
    assert set(batch.table["reason"]) == {"It was drawn at random."}
    assert "no t_cor can split them" in batch_card(run, batch)["fallback"]
    assert run.study.gain(0.2) == ""
    assert math.isnan(run.study.accuracy(0.2))


def test_only_a_pool_without_labels_awaits_them(finished: ThresholdRun, tmp_path: Path) -> None:
    assert not finished.awaits_labels

    partly = replace(CORPUS, labels=np.where(np.arange(90) % 3 == 0, CORPUS.labels, -1))
    write_json(tmp_path / MANIFEST, MANIFEST_7.as_dict())
    rows = labelled_rows(partly, MANIFEST_7.preset, MANIFEST_7.seed)
    for _ in record_threshold(tmp_path, MANIFEST_7, partly, FEATURES, rows):
        pass
    assert read_threshold(tmp_path).awaits_labels
