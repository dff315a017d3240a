from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cartography.errors import CartographyError
from cartography.runs.active_runs import ITERATIONS
from cartography.runs.manifest import MANIFEST, SUMMARY, write_json
from cartography.runs.sweeps import Sweep, read_sweep


def write_run(
    root: Path,
    strategy: str,
    t_cor: float,
    seed: int,
    accuracy: list[float],
    finished: bool = False,
) -> Path:
    """Write the files of a run with the given accuracies after 10, 20, ... labels."""
    folder = root / f"{strategy}-{t_cor}-{seed}"
    folder.mkdir()
    manifest = {
        "kind": "learn",
        "strategy": strategy,
        "seed": seed,
        "preset": {"t_cor": t_cor},
        "train": {},
    }
    write_json(folder / MANIFEST, manifest)
    if accuracy:
        labelled = [10 * (number + 1) for number in range(len(accuracy))]
        table = pd.DataFrame({"iteration": 0, "labelled": labelled, "accuracy": accuracy})
        table.to_csv(folder / ITERATIONS, index=False)
    if finished:
        write_json(folder / SUMMARY, {})
    return folder


def test_runs_are_compared_at_a_number_of_labels_that_all_have(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path, "cal", 0.4, 1, [0.5, 0.8], finished=True),
        write_run(tmp_path, "cal", 0.0, 1, [0.4, 0.6]),
        write_run(tmp_path, "cal", 0.4, 2, [0.5, 0.7, 0.9]),
        write_run(tmp_path, "cal", 0.0, 2, [0.4, 0.5]),
        write_run(tmp_path, "random", 0.2, 1, [0.3, 0.55]),
        write_run(tmp_path, "random", 0.2, 2, [0.3, 0.65]),
    ]

    sweep = read_sweep(folders)

    assert sweep is not None
    assert (sweep.labelled, sweep.reached, sweep.finished, sweep.runs) == (20, 6, 1, 6)
    assert sweep.levels.tolist() == [0.0, 0.4]
    np.testing.assert_array_equal(sweep.cal, [[0.6, 0.8], [0.5, 0.7]])
    np.testing.assert_array_equal(sweep.random, [0.55, 0.65])
    assert sweep.baseline == pytest.approx(0.6)
    assert sweep.table.to_dict("list") == {
        "strategy": ["cal", "cal", "random"],
        "t_cor": [0.0, 0.4, pytest.approx(np.nan, nan_ok=True)],
        "mean accuracy": [pytest.approx(0.55), pytest.approx(0.75), pytest.approx(0.6)],
        "lowest": [0.5, 0.7, 0.55],
        "highest": [0.6, 0.8, 0.65],
        "seeds": [2, 2, 2],
    }
    assert sweep.told == (
        "With 20 labels, t_cor 0.4 reaches the highest mean accuracy, 0.750 over 2 seeds; Random "
        "reaches 0.600."
    )


def test_runs_without_iterations_are_missing_values(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path, "cal", 0.0, 1, [0.5]),
        write_run(tmp_path, "cal", 0.2, 1, []),
        write_run(tmp_path, "random", 0.2, 1, []),
    ]

    sweep = read_sweep(folders)

    assert sweep is not None
    assert (sweep.labelled, sweep.reached) == (10, 1)
    np.testing.assert_array_equal(sweep.cal, [[0.5, np.nan]])
    assert sweep.baseline is None
    assert sweep.table["t_cor"].tolist() == [0.0]
    assert "One seed cannot rule out chance" in sweep.told


def test_there_is_no_sweep_before_the_first_iteration(tmp_path: Path) -> None:
    assert read_sweep([write_run(tmp_path, "cal", 0.0, 1, [])]) is None


def test_random_alone_has_no_summary() -> None:
    empty = np.empty((1, 0))
    sweep = Sweep(np.empty(0), empty, np.array([0.5]), 10, 1, 0, 1)

    assert sweep.told == ""
    assert sweep.table["strategy"].tolist() == ["random"]


def test_levels_that_the_seeds_do_not_distinguish_are_named() -> None:
    cal = np.array([[0.70, 0.72, 0.60], [0.74, 0.73, 0.61]])
    sweep = Sweep(np.array([0.0, 0.2, 0.4]), cal, np.array([np.nan, np.nan]), 10, 6, 6, 6)

    assert "t_cor 0.2 reaches the highest mean accuracy, 0.725 over 2 seeds" in sweep.told
    assert "A seed of t_cor 0 is as high" in sweep.told


def test_runs_of_other_strategies_and_damaged_runs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CartographyError, match="its strategy is 'lc'"):
        read_sweep([write_run(tmp_path, "lc", 0.2, 1, [0.5])])

    damaged = write_run(tmp_path, "cal", 0.2, 1, [0.5])
    (damaged / ITERATIONS).write_text("nothing,else\n1,2\n")
    with pytest.raises(CartographyError, match=r"iterations\.csv cannot be read"):
        read_sweep([damaged])
