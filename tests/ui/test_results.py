"""Selections on a figure, and the progress of a run from its files."""

import os
from pathlib import Path

import numpy as np
import pytest

from cartography.figures import MOST_POINTS
from cartography.maps.data_map import DataMap
from cartography.runs.iteration_files import MAPS
from ui.jobs import compared, found, results
from ui.jobs.found import RunInfo


def line_map(n: int) -> DataMap:
    """A map of `n` texts with equal variability and confidence from 0 to 1."""
    return DataMap(
        ids=np.arange(n).astype(object),
        confidence=np.linspace(0, 1, n),
        variability=np.full(n, 0.2),
        correctness=np.ones(n),
        epochs=10,
    )


MANY = line_map(MOST_POINTS + 10)


def test_a_box_on_a_sample_selects_all_texts_in_it() -> None:
    box = {"x": [0.3, 0.1], "y": [0.5, 1.0], "xref": "x", "yref": "y"}

    assert results.positions_in({"box": [box]}, MANY) == list(range(len(MANY) // 2, len(MANY)))


def test_a_lasso_on_a_sample_selects_all_texts_in_it() -> None:
    # Below the line from (0, 0) to (0.5, 1): at variability 0.2, confidences up to 0.4.
    triangle = {"x": [0.0, 0.5, 0.5], "y": [0.0, 0.0, 1.0], "xref": "x", "yref": "y"}

    positions = results.positions_in({"lasso": [triangle]}, MANY)

    assert len(positions) == pytest.approx(0.4 * len(MANY), abs=2)
    assert positions == list(range(len(positions)))


def test_a_box_on_a_marginal_selects_no_text() -> None:
    box = {"x": [0.0, 900.0], "y": [0.0, 1.0], "xref": "x2", "yref": "y"}

    assert results.positions_in({"box": [box]}, MANY) == []


def test_points_give_their_positions() -> None:
    event = {"points": [{"customdata": 1}, {"customdata": 0}, {"x": 0.1}]}

    assert results.positions_in(event, line_map(2)) == [0, 1]


def test_the_time_left_is_estimated_from_the_median_step(tmp_path: Path) -> None:
    (tmp_path / "epochs").mkdir()
    for number, seconds in enumerate((100.0, 110.0, 120.0, 500.0)):
        file = tmp_path / "epochs" / f"{number:04d}.npz"
        file.touch()
        os.utime(file, (seconds, seconds))

    steps = results.steps(tmp_path, 10)

    assert (steps.done, steps.total, steps.seconds_left) == (4, 10, 60.0)
    assert steps.share == 0.4
    assert steps.say("epoch") == "epoch 4 of 10, about 60 s left"


def test_a_removed_file_is_skipped(tmp_path: Path) -> None:
    present = tmp_path / "present"
    present.touch()
    os.utime(present, (7, 7))

    assert results.change_times([tmp_path / "removed", present]) == [7.0]


def test_a_partly_written_file_is_no_iteration(tmp_path: Path) -> None:
    maps = tmp_path / MAPS
    maps.mkdir()
    (maps / ".iteration-000-x8f2.parquet").touch()
    assert found.runs_in_folders([tmp_path]) == []

    (maps / "iteration-000.parquet").touch()

    assert results.steps(tmp_path, 3).done == 1
    assert compared.progress([tmp_path], 1, 3).done == 1
    assert RunInfo(tmp_path, {}).done == 1


def test_progress_of_parallel_runs_skips_a_removed_file(tmp_path: Path) -> None:
    (tmp_path / MAPS).mkdir()
    (tmp_path / MAPS / "iteration-000.parquet").touch()
    (tmp_path / MAPS / "iteration-001.parquet").symlink_to(tmp_path / "removed")

    assert compared.progress([tmp_path], 1, 3).done == 1
