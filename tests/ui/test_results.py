"""What a selection on a figure and the files of a run come to."""

import os
from pathlib import Path

import numpy as np
import pytest

from cartography.figures import MOST_POINTS
from cartography.maps.data_map import DataMap
from cartography.runs.iteration_files import MAPS
from ui.jobs import compared, found, results
from ui.jobs.found import RunInfo


def spread(n: int) -> DataMap:
    """`n` texts of one variability, their confidence from 0 to 1."""
    return DataMap(
        ids=np.arange(n).astype(object),
        confidence=np.linspace(0, 1, n),
        variability=np.full(n, 0.2),
        correctness=np.ones(n),
        epochs=10,
    )


MANY = spread(MOST_POINTS + 10)


def test_a_box_on_a_sample_holds_every_text_in_it() -> None:
    box = {"x": [0.3, 0.1], "y": [0.5, 1.0], "xref": "x", "yref": "y"}

    assert results.positions_in({"box": [box]}, MANY) == list(range(len(MANY) // 2, len(MANY)))


def test_a_lasso_on_a_sample_holds_every_text_in_it() -> None:
    # Below the line from (0, 0) to (0.5, 1): at variability 0.2, confidences up to 0.4.
    triangle = {"x": [0.0, 0.5, 0.5], "y": [0.0, 0.0, 1.0], "xref": "x", "yref": "y"}

    found = results.positions_in({"lasso": [triangle]}, MANY)

    assert len(found) == pytest.approx(0.4 * len(MANY), abs=2)
    assert found == list(range(len(found)))


def test_a_box_on_a_marginal_holds_no_text() -> None:
    box = {"x": [0.0, 900.0], "y": [0.0, 1.0], "xref": "x2", "yref": "y"}

    assert results.positions_in({"box": [box]}, MANY) == []


def test_points_give_the_positions_they_carry() -> None:
    event = {"points": [{"customdata": 1}, {"customdata": 0}, {"x": 0.1}]}

    assert results.positions_in(event, spread(2)) == [0, 1]


def test_the_time_left_is_that_of_the_median_step(tmp_path: Path) -> None:
    (tmp_path / "epochs").mkdir()
    for number, when in enumerate((100.0, 110.0, 120.0, 500.0)):
        file = tmp_path / "epochs" / f"{number:04d}.npz"
        file.touch()
        os.utime(file, (when, when))

    steps = results.steps(tmp_path, 10)

    assert (steps.done, steps.total, steps.seconds_left) == (4, 10, 60.0)
    assert steps.share == 0.4
    assert steps.say("epoch") == "epoch 4 of 10, about 60 s left"


def test_a_file_that_a_worker_has_just_taken_away_is_passed_over(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.touch()
    os.utime(there, (7, 7))

    assert results.change_times([tmp_path / "gone", there]) == [7.0]


def test_a_file_that_is_still_being_written_is_no_iteration(tmp_path: Path) -> None:
    maps = tmp_path / MAPS
    maps.mkdir()
    (maps / ".iteration-000-x8f2.parquet").touch()
    assert found.runs_in_folders([tmp_path]) == []

    (maps / "iteration-000.parquet").touch()

    assert results.steps(tmp_path, 3).done == 1
    assert compared.progress([tmp_path], 1, 3).done == 1
    assert RunInfo(tmp_path, {}).done == 1


def test_iterations_side_by_side_bear_that_a_file_goes(tmp_path: Path) -> None:
    (tmp_path / MAPS).mkdir()
    (tmp_path / MAPS / "iteration-000.parquet").touch()
    (tmp_path / MAPS / "iteration-001.parquet").symlink_to(tmp_path / "gone")

    assert compared.progress([tmp_path], 1, 3).done == 1
