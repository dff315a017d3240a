"""The raw results of a reproduction: small tables, from which all others are made."""

import gzip
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd
from filelock import FileLock
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.evaluation.comparison import LearningCurve
from cartography.files import atomic_write
from cartography.formatting import strategy_name
from cartography.maps.data_map import DataMap
from cartography.models.presets import PAPER
from cartography.reproduction.plan import MAP_EPOCHS, MAPPED_NAMES, Method
from cartography.runs.iteration_files import COLUMNS
from cartography.runs.manifest import read_json, write_json

CORPUS = "corpus.json"
ACCURACY = "accuracy.csv"
FULL = "full.csv"
PICKS = "picks.csv"
MAPS = "maps.csv.gz"
# What results that are put together have in common, and what each may have of its own.
_ALIKE = (
    *("dataset", "train", "test", "classes", "vectors"),
    *("iterations", "seed_size", "query_size"),
)
_UNITED = ("seeds", "machines", "notes", "commands")
_DECIMALS = "%.6g"
# A map of 60,000 texts is drawn on a few hundred pixels.
_MAP_DECIMALS = "%.3f"

ACCURACY_COLUMNS = (
    *("method", "strategy", "t_cor", "seed"),
    *COLUMNS[: COLUMNS.index("fallback") + 1],
)
FULL_COLUMNS = ("method", "seed", "epochs", "accuracy", "macro_f1", "easy", "ambiguous", "hard")
MAPS_COLUMNS = ("method", "mapped", "confidence", "variability", "correctness")
PICKS_COLUMNS = ("method", "strategy", "seed", "iteration", "ids")


@dataclass(frozen=True, eq=False)
class Results:
    """What a reproduction on one data set came to.

    `corpus` says what it was made on and with. `accuracy` has a row for each method, strategy,
    t_cor (NaN where a strategy has no use for it), seed and iteration: `ACCURACY_COLUMNS`, those
    after `labelled` as in iterations.csv, `fallback` NaN where there was none. `full` has a row for
    each method and seed of a training on all texts: `FULL_COLUMNS`, the regions as shares. `picks`
    holds the ids that were picked before an iteration, under the presets, as `format_ids` has them:
    `PICKS_COLUMNS`. `maps` has a row for each text of the maps of ten epochs, those of all texts
    and those of the seed set: `MAPS_COLUMNS`. `folder` is where they were read from.

    A method is a preset's name, or that of a preset with one switch of the other's, as in
    "paper, dropout_at_test=on".
    """

    corpus: dict[str, Any]
    accuracy: pd.DataFrame
    full: pd.DataFrame
    picks: pd.DataFrame
    maps: pd.DataFrame
    folder: str = ""

    @property
    def methods(self) -> list[str]:
        """The methods, in the order in which they come."""
        return list(dict.fromkeys([*self.full["method"], *self.accuracy["method"]]))

    def learned(self, method: str) -> list[LearningCurve]:
        """The runs of `method` as they are compared, CAL's at the paper's t_cor, with the ids that
        were picked where these were kept.
        """
        mine = self.accuracy[self.accuracy["method"] == method].sort_values("iteration")
        mine = mine[mine["t_cor"].isna() | np.isclose(mine["t_cor"], PAPER.t_cor)]
        picked = self.picks[self.picks["method"] == method].set_index(["strategy", "seed"])
        found = []
        for (strategy, number), run in mine.groupby(["strategy", "seed"], sort=False):
            seed = int(str(number))
            batches = [np.empty(0, dtype=object)] * (len(run) - 1)
            if (strategy, seed) in picked.index:
                ids = picked.loc[[(strategy, seed)]].sort_values("iteration")["ids"]
                batches = [_ids_of(each) for each in ids]
            found.append(
                LearningCurve(
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


def format_ids(ids: Iterable[str]) -> str:
    """`ids` in one cell, a space between two and those within an id as in an address."""
    return " ".join(quote(each, safe="") for each in ids)


def _ids_of(cell: str) -> NDArray[np.object_]:
    return np.array([unquote(each) for each in cell.split(" ")], dtype=object)


def write_results(folder: Path, results: Results) -> None:
    """Write the tables of `results` to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (
        (ACCURACY, results.accuracy),
        (FULL, results.full),
        (PICKS, results.picks),
    ):
        with atomic_write(folder / name) as temporary:
            table.to_csv(temporary, index=False, float_format=_DECIMALS, lineterminator="\n")
    # Without a name and a time in it the same map is the same file.
    with (
        atomic_write(folder / MAPS) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
    ):
        results.maps.to_csv(packed, index=False, float_format=_MAP_DECIMALS, lineterminator="\n")
    write_json(folder / CORPUS, results.corpus)


def read_results(folder: Path) -> Results:
    """The results in `folder`. Raises CartographyError when they are not there, or not whole."""
    for name in (CORPUS, ACCURACY, FULL, PICKS, MAPS):
        if not (folder / name).is_file():
            raise CartographyError(f"{folder} holds no results of a reproduction: it has no {name}")
    return Results(
        read_json(folder / CORPUS),
        _read(folder / ACCURACY, ACCURACY_COLUMNS),
        _read(folder / FULL, FULL_COLUMNS),
        # An id may be "NA".
        _read(folder / PICKS, PICKS_COLUMNS, dtype={"ids": str}, keep_default_na=False),
        _read(folder / MAPS, MAPS_COLUMNS),
        folder.as_posix(),
    )


def _read(path: Path, columns: Sequence[str], **options: Any) -> pd.DataFrame:
    try:
        return pd.read_csv(path, **options)[list(columns)]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise CartographyError(f"{path} cannot be read: {error}") from error


def add_results(folder: Path, new: Results) -> None:
    """Put `new` among the results in `folder`, those of other processes among them.

    Raises CartographyError where these are of other texts, vectors or sizes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        there = (folder / CORPUS).is_file()
        write_results(folder, join_results([read_results(folder), new]) if there else new)


def join_results(each: Sequence[Results]) -> Results:
    """Results of one data set put together; a run of later ones takes the place of the same before
    it. Raises CartographyError where they are of different texts, vectors or sizes.
    """
    first = each[0].corpus
    for results in each:
        require_alike(first, results.corpus)
    united = {
        name: list(dict.fromkeys(one for results in each for one in results.corpus[name]))
        for name in _UNITED
    }
    return Results(
        corpus={**first, **united},
        accuracy=_replaced([one.accuracy for one in each], ["method", "strategy", "t_cor", "seed"]),
        full=_replaced([one.full for one in each], ["method", "seed"]),
        picks=_replaced([one.picks for one in each], ["method", "strategy", "seed"]),
        maps=_replaced([one.maps for one in each], ["method", "mapped"]),
    )


def require_alike(there: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise CartographyError when results of `there` and of `new`, what they say they were made
    on, cannot stand in one table.
    """
    for name in _ALIKE:
        if there[name] != new[name]:
            raise CartographyError(
                f"the results that are there are of other {name} ({there[name]}) than those asked "
                f"for ({new[name]}): choose another --results"
            )


def _replaced(tables: Sequence[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Rows of all `tables`; those of a key in a later one stand for all of it before."""
    whole = tables[0]
    for later in tables[1:]:
        # NaN, the t_cor of most strategies, is unlike itself.
        old, new = (pd.MultiIndex.from_frame(table[keys].fillna(-1)) for table in (whole, later))
        # An empty table has no types, and would take those of the other with it.
        kept = [table for table in (whole[~old.isin(new)], later) if not table.empty]
        whole = pd.concat(kept, ignore_index=True) if kept else whole
    return whole


def missing_from(
    results: Results, method: Method, seeds: Sequence[int], iterations: int
) -> list[str]:
    """What of `method`, run with `seeds` for so many iterations, the results do not hold whole."""
    rows = results.accuracy[results.accuracy["method"] == method.name]
    # A run also ends when it has labelled all texts.
    ends = rows["iteration"].ge(iterations) | rows["labelled"].eq(results.corpus["train"])
    levels = [None if np.isnan(each) else float(each) for each in rows.loc[ends, "t_cor"]]
    whole = set(zip(rows.loc[ends, "strategy"], levels, rows.loc[ends, "seed"], strict=True))
    missing = [
        strategy_name(strategy) + ("" if level is None else f" at t_cor {level:g}")
        for strategy, level in method.variants
        if not whole.issuperset((strategy, level, seed) for seed in seeds)
    ]
    full = results.full[results.full["method"] == method.name]["seed"]
    if not set(seeds) <= set(full):
        missing.append("a training on all texts")
    mapped = set(results.maps.loc[results.maps["method"] == method.name, "mapped"])
    missing += [f"the map of {MAPPED_NAMES[each]}" for each in method.mapped if each not in mapped]
    return missing
