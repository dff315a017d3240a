"""Final accuracy of CAL by t_cor, with Random beside it: the paper's Table 3 from runs on disk."""

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
    """Test accuracies of CAL at L `levels` of t_cor, ascending, and of Random, each with S seeds.

    All were reached with `labelled` texts. `cal` is (S, L) and `random` (S,), NaN for a run that
    has not come so far. `reached` of the `runs` have, and `finished` of them are finished.
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
        """The mean accuracy of Random, None while there is none."""
        known = self.random[np.isfinite(self.random)]
        return float(known.mean()) if len(known) else None

    @property
    def table(self) -> pd.DataFrame:
        """A row for each level and one for Random: strategy, t_cor (NaN for Random), mean
        accuracy, lowest, highest, and the seeds behind it.
        """
        rows = [
            ("cal", level, column) for level, column in zip(self.levels, self.cal.T, strict=True)
        ]
        rows.append(("random", np.nan, self.random))
        known = [
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
                for strategy, level, accuracy in known
            ]
        )

    @property
    def told(self) -> str:
        """Which t_cor is highest and what Random reaches, in words; "" before there is a CAL run.

        Means of other levels with a seed as high as that mean are named, since so few seeds do
        not tell them apart.
        """
        by_cal = self.table[self.table["strategy"] == "cal"].sort_values(
            "mean accuracy", ascending=False, kind="stable"
        )
        if by_cal.empty:
            return ""
        best, others = by_cal.iloc[0], by_cal.iloc[1:]
        seeds = count_noun(int(best["seeds"]), "seed")
        said = (
            f"With {self.labelled:,} labels, t_cor {best['t_cor']:g} comes to the highest mean "
            f"accuracy, {best['mean accuracy']:.3f} over {seeds}"
        )
        if self.baseline is not None:
            said += f"; Random comes to {self.baseline:.3f}"
        close = others.loc[others["highest"] >= best["mean accuracy"], "t_cor"]
        if best["seeds"] == 1:
            return f"{said}. One seed says nothing about chance: take more before choosing."
        if len(close):
            listed = ", ".join(f"{level:g}" for level in sorted(close))
            return f"{said}. A seed of t_cor {listed} comes as high, so the order may be chance."
        return f"{said}."


def read_sweep(folders: Sequence[Path]) -> Sweep | None:
    """The sweep that the active-learning runs in `folders` make, as far as it has come; None
    before the first of them has an accuracy.

    Compared is the number of labels that most runs have reached, the highest of several.
    Raises CartographyError when a folder holds no run of CAL or Random, or cannot be read.
    """
    curves: dict[tuple[float | None, int], Mapping[int, float]] = {}
    for folder in folders:
        manifest = read_manifest(folder)
        strategy, seed = manifest.get("strategy"), int(manifest["seed"])
        if strategy not in ("cal", "random"):
            raise CartographyError(f"{folder} is no run of a sweep: its strategy is {strategy!r}")
        level = float(manifest["preset"]["t_cor"]) if strategy == "cal" else None
        curves[level, seed] = _accuracies(folder)
    reaching = Counter(labelled for curve in curves.values() for labelled in curve)
    if not reaching:
        return None
    labelled = max(reaching, key=lambda count: (reaching[count], count))
    levels = sorted({level for level, _ in curves if level is not None})
    seeds = list(dict.fromkeys(seed for _, seed in curves))

    def at(level: float | None, seed: int) -> float:
        return curves.get((level, seed), {}).get(labelled, float("nan"))

    return Sweep(
        levels=np.array(levels),
        cal=np.array([[at(level, seed) for level in levels] for seed in seeds]),
        random=np.array([at(None, seed) for seed in seeds]),
        labelled=labelled,
        reached=reaching[labelled],
        finished=sum((folder / SUMMARY).exists() for folder in folders),
        runs=len(folders),
    )


def _accuracies(folder: Path) -> dict[int, float]:
    """The test accuracy of a run by its number of labels; nothing before its first iteration."""
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
