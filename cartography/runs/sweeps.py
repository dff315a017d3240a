"""Accuracy of CAL by t_cor compared with Random, from runs on disk (Table 3)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.formatting import count_noun
from cartography.runs.active_runs import ITERATIONS
from cartography.runs.manifest import SUMMARY, read_manifest


@dataclass(frozen=True, eq=False)
class Sweep:
    """Test accuracies of CAL at L levels of t_cor and of Random, over S seeds.

    Attributes
    ----------
    levels : float64 array, shape (L,)
        Values of t_cor, ascending.
    cal : float64 array, shape (S, L)
        Accuracy with `labelled` texts; NaN for a run that does not have that many yet.
    random : float64 array, shape (S,)
        The same of Random.
    labelled : int
        Number of labelled texts of all accuracies.
    reached : int
        Number of runs with that many labels.
    finished : int
        Number of finished runs.
    runs : int
        Number of all runs.
    """

    levels: NDArray[np.float64]
    cal: NDArray[np.float64]
    random: NDArray[np.float64]
    labelled: int
    reached: int
    finished: int
    runs: int

    @property
    def baseline(self) -> float | None:
        """The mean accuracy of Random; None before there is one."""
        accuracies = self.random[np.isfinite(self.random)]
        return float(accuracies.mean()) if len(accuracies) else None

    @property
    def table(self) -> pd.DataFrame:
        """One row per level and one for Random, where there are accuracies.

        The columns are strategy, t_cor (NaN for Random), mean accuracy, lowest, highest and seeds
        (their number).
        """
        rows = [
            ("cal", level, column) for level, column in zip(self.levels, self.cal.T, strict=True)
        ]
        rows.append(("random", np.nan, self.random))
        finite_rows = [
            (strategy, level, column[np.isfinite(column)])
            for strategy, level, column in rows
            if np.isfinite(column).any()
        ]
        return pd.DataFrame(
            [
                {
                    "strategy": strategy,
                    "t_cor": level,
                    "mean accuracy": accuracy.mean(),
                    "lowest": accuracy.min(),
                    "highest": accuracy.max(),
                    "seeds": len(accuracy),
                }
                for strategy, level, accuracy in finite_rows
            ]
        )

    @property
    def told(self) -> str:
        """The best t_cor and the accuracy of Random in words; "" before there is a run of CAL.

        Levels with a seed as high as the best mean are named: few seeds do not distinguish them.
        """
        by_cal = self.table[self.table["strategy"] == "cal"].sort_values(
            "mean accuracy", ascending=False, kind="stable"
        )
        if by_cal.empty:
            return ""
        best, others = by_cal.iloc[0], by_cal.iloc[1:]
        seeds = count_noun(int(best["seeds"]), "seed")
        text = (
            f"With {self.labelled:,} labels, t_cor {best['t_cor']:g} reaches the highest mean "
            f"accuracy, {best['mean accuracy']:.3f} over {seeds}"
        )
        if self.baseline is not None:
            text += f"; Random reaches {self.baseline:.3f}"
        close = others.loc[others["highest"] >= best["mean accuracy"], "t_cor"]
        if best["seeds"] == 1:
            return f"{text}. One seed cannot rule out chance: run more seeds before you choose."
        if len(close):
            listed = ", ".join(f"{level:g}" for level in sorted(close))
            return (
                f"{text}. A seed of t_cor {listed} is as high, so the order may be due to chance."
            )
        return f"{text}."


def read_sweep(folders: Sequence[Path]) -> Sweep | None:
    """Read a sweep, complete or partial, from active-learning runs.

    Parameters
    ----------
    folders : sequence of Path
        Runs of CAL and Random.

    Returns
    -------
    Sweep or None
        At the number of labels that most runs have, the highest if there are several. None before
        any run has an accuracy.

    Raises
    ------
    CartographyError
        A folder does not contain a run of CAL or Random, or cannot be read.
    """
    curves: dict[tuple[float | None, int], Mapping[int, float]] = {}
    for folder in folders:
        manifest = read_manifest(folder)
        strategy, seed = manifest.get("strategy"), int(manifest["seed"])
        if strategy not in ("cal", "random"):
            raise CartographyError(f"{folder} is not part of a sweep: its strategy is {strategy!r}")
        level = float(manifest["preset"]["t_cor"]) if strategy == "cal" else None
        curves[level, seed] = _accuracy_by_labels(folder)
    runs_with = Counter(labelled for curve in curves.values() for labelled in curve)
    if not runs_with:
        return None
    labelled = max(runs_with, key=lambda count: (runs_with[count], count))
    levels = sorted({level for level, _ in curves if level is not None})
    seeds = list(dict.fromkeys(seed for _, seed in curves))

    def accuracy_of(level: float | None, seed: int) -> float:
        return curves.get((level, seed), {}).get(labelled, float("nan"))

    return Sweep(
        levels=np.array(levels),
        cal=np.array([[accuracy_of(level, seed) for level in levels] for seed in seeds]),
        random=np.array([accuracy_of(None, seed) for seed in seeds]),
        labelled=labelled,
        reached=runs_with[labelled],
        finished=sum((folder / SUMMARY).exists() for folder in folders),
        runs=len(folders),
    )


def _accuracy_by_labels(folder: Path) -> dict[int, float]:
    """The test accuracy of a run by number of labels; empty before its first iteration."""
    try:
        table = pd.read_csv(folder / ITERATIONS, usecols=["labelled", "accuracy"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CartographyError(f"{folder / ITERATIONS} cannot be read: {error}") from error
    return {
        int(labelled): float(accuracy)
        for labelled, accuracy in zip(table["labelled"], table["accuracy"], strict=True)
    }
