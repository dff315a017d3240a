"""The raw results of a reproduction: small tables, from which all others are made."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cartography.comparison import Learned
from cartography.data_map import DataMap
from cartography.errors import CartographyError
from cartography.iteration_files import COLUMNS
from cartography.reproduction.plan import MAP_EPOCHS, Method
from cartography.runs import read_json, write_json
from cartography.wording import strategy_name

CORPUS = "corpus.json"
ACCURACY = "accuracy.csv"
FULL = "full.csv"
PICKS = "picks.csv"
MAPS = "maps.csv.gz"
_DECIMALS = "%.6g"
# A map of 60,000 texts is drawn on a few hundred pixels.
_MAP_DECIMALS = "%.3f"

ACCURACY_COLUMNS = (
    *("method", "strategy", "t_cor", "seed"),
    *COLUMNS[: COLUMNS.index("select_seconds") + 1],
)
FULL_COLUMNS = ("method", "seed", "epochs", "accuracy", "macro_f1", "easy", "ambiguous", "hard")
MAPS_COLUMNS = ("method", "mapped", "confidence", "variability", "correctness")
PICKS_COLUMNS = ("method", "strategy", "seed", "iteration", "ids")


@dataclass(frozen=True, eq=False)
class Results:
    """What a reproduction on one data set came to.

    `corpus` says what it was made on and with. `accuracy` has a row for each method, strategy,
    t_cor (NaN where a strategy has no use for it), seed and iteration: `ACCURACY_COLUMNS`, those
    after `labelled` as in iterations.csv. `full` has a row for each method and seed of a training
    on all texts: `FULL_COLUMNS`, the regions as shares. `picks` holds the ids that were picked
    before an iteration, joined by spaces: `PICKS_COLUMNS`. `maps` has a row for each text of the
    maps of ten epochs, those of all texts and those of the seed set: `MAPS_COLUMNS`.

    A method is a preset's name, or that of a preset with one switch of the other's, as in
    "paper, dropout_at_test=on".
    """

    corpus: dict[str, Any]
    accuracy: pd.DataFrame
    full: pd.DataFrame
    picks: pd.DataFrame
    maps: pd.DataFrame

    @property
    def methods(self) -> list[str]:
        """The methods, in the order in which they come."""
        return list(dict.fromkeys([*self.full["method"], *self.accuracy["method"]]))

    def learned(self, method: str, t_cor: float) -> list[Learned]:
        """The runs of `method` as they are compared; CAL's at `t_cor`, with the ids that were
        picked where these were kept.
        """
        mine = self.accuracy[self.accuracy["method"] == method]
        mine = mine[mine["t_cor"].isna() | np.isclose(mine["t_cor"], t_cor)]
        picked = self.picks[self.picks["method"] == method].set_index(["strategy", "seed"])
        found = []
        for (strategy, number), run in mine.groupby(["strategy", "seed"], sort=False):
            seed = int(str(number))
            batches = [np.empty(0, dtype=object)] * (len(run) - 1)
            if (strategy, seed) in picked.index:
                ids = picked.loc[[(strategy, seed)]].sort_values("iteration")["ids"]
                batches = [np.array(each.split(" "), dtype=object) for each in ids]
            found.append(
                Learned(
                    name=strategy_name(str(strategy)),
                    strategy=str(strategy),
                    seed=seed,
                    labelled=run["labelled"].to_numpy(dtype=np.int64),
                    accuracy=run["accuracy"].to_numpy(dtype=np.float64),
                    batches=tuple(batches[: len(run) - 1]),
                )
            )
        return found

    def data_map(self, method: str, mapped: str) -> DataMap | None:
        """The map of ten epochs of all texts or of the seed set, its items named by their place;
        None where it was not made.
        """
        mine = self.maps[(self.maps["method"] == method) & (self.maps["mapped"] == mapped)]
        if mine.empty:
            return None
        return DataMap(
            ids=np.arange(len(mine)).astype(object),
            confidence=mine["confidence"].to_numpy(dtype=np.float64),
            variability=mine["variability"].to_numpy(dtype=np.float64),
            correctness=mine["correctness"].to_numpy(dtype=np.float64),
            epochs=MAP_EPOCHS,
        )


def write_results(folder: Path, results: Results) -> None:
    """Write the tables of `results` to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (
        (ACCURACY, results.accuracy),
        (FULL, results.full),
        (PICKS, results.picks),
    ):
        table.to_csv(folder / name, index=False, float_format=_DECIMALS, lineterminator="\n")
    results.maps.to_csv(
        folder / MAPS,
        index=False,
        float_format=_MAP_DECIMALS,
        lineterminator="\n",
        # Without the time in it the same map is the same file.
        compression={"method": "gzip", "mtime": 0},
    )
    write_json(folder / CORPUS, results.corpus)


def read_results(folder: Path) -> Results:
    """The results in `folder`. Raises CartographyError when they are not there."""
    if not (folder / CORPUS).is_file():
        raise CartographyError(f"{folder} holds no results of a reproduction: it has no {CORPUS}")
    return Results(
        read_json(folder / CORPUS),
        pd.read_csv(folder / ACCURACY),
        pd.read_csv(folder / FULL),
        pd.read_csv(folder / PICKS, dtype={"ids": str}),
        pd.read_csv(folder / MAPS),
    )


def joined(each: Sequence[Results]) -> Results:
    """Results of one data set put together; what comes later replaces the same rows before it."""

    def table(name: str, keys: Sequence[str]) -> pd.DataFrame:
        rows = pd.concat([getattr(results, name) for results in each], ignore_index=True)
        return rows.drop_duplicates(list(keys), keep="last", ignore_index=True)

    arm = ("method", "strategy", "t_cor", "seed", "iteration")
    return Results(
        corpus=each[-1].corpus,
        accuracy=table("accuracy", arm),
        full=table("full", ("method", "seed")),
        picks=table("picks", ("method", "strategy", "seed", "iteration")),
        maps=_latest_maps(each),
    )


def _latest_maps(each: Sequence[Results]) -> pd.DataFrame:
    """The maps of `each`, a whole map of later ones in the place of the same before it."""
    keys = ["method", "mapped"]
    maps = {key: rows for results in each for key, rows in results.maps.groupby(keys, sort=False)}
    empty = pd.DataFrame(columns=list(MAPS_COLUMNS))
    return pd.concat(maps.values(), ignore_index=True) if maps else empty


def missing_from(
    results: Results, method: Method, seeds: Sequence[int], iterations: int
) -> list[str]:
    """What of `method`, run with `seeds` for so many iterations, the results do not hold."""
    rows = results.accuracy[results.accuracy["method"] == method.name]
    levels = [None if np.isnan(each) else float(each) for each in rows["t_cor"]]
    found = Counter(zip(rows["strategy"], levels, rows["seed"], strict=True))
    missing = [
        f"{strategy} at {level} with seed {seed}"
        for strategy, level in method.variants
        for seed in seeds
        if found[strategy, level, seed] <= iterations
    ]
    full = results.full[results.full["method"] == method.name]["seed"]
    missing += [f"all texts with seed {seed}" for seed in seeds if seed not in set(full)]
    mapped = set(results.maps.loc[results.maps["method"] == method.name, "mapped"])
    return missing + [f"the map of {each}" for each in method.mapped if each not in mapped]
