"""The raw results of a reproduction: small tables from which the whole report is made."""

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
from cartography.reproduction.plan import MAP_EPOCHS, MAP_NAMES, Method
from cartography.runs.iteration_files import COLUMNS
from cartography.runs.manifest import read_json, write_json

CORPUS = "corpus.json"
ACCURACY = "accuracy.csv"
FULL = "full.csv"
PICKS = "picks.csv"
MAPS = "maps.csv.gz"
# Entries of `Results.corpus` that must be equal in results that are joined.
_EQUAL_ENTRIES = (
    *("dataset", "train", "test", "classes", "vectors"),
    *("iterations", "seed_size", "query_size"),
)
# Lists in `Results.corpus` that are merged when results are joined.
_MERGED_ENTRIES = ("seeds", "machines", "notes", "commands")
_DECIMALS = "%.6g"
# A map of 60,000 texts is drawn on a few hundred pixels, so three decimals are enough.
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
    """The raw results of a reproduction on one data set.

    A method is named after a preset, or after a preset and the switch that was changed:
    "paper, dropout_at_test=on".

    Attributes
    ----------
    corpus : dict
        Data set, sizes, vectors, seeds, machines, notes and commands of the runs.
    accuracy : DataFrame
        A row per method, strategy, t_cor, seed and iteration, with `ACCURACY_COLUMNS`. `t_cor` is
        NaN for strategies that do not use it, `fallback` is NaN if t_cor was not moved. Columns
        from `labelled` on are those of iterations.csv.
    full : DataFrame
        A row per method and seed of a training on all texts, with `FULL_COLUMNS`. Regions are
        shares of the texts.
    picks : DataFrame
        A row per batch picked under a preset, with `PICKS_COLUMNS`. `ids` is encoded by
        `format_ids`.
    maps : DataFrame
        A row per text of each map, with `MAPS_COLUMNS`.
    folder : str
        The folder that the results were read from, or "".
    """

    corpus: dict[str, Any]
    accuracy: pd.DataFrame
    full: pd.DataFrame
    picks: pd.DataFrame
    maps: pd.DataFrame
    folder: str = ""

    @property
    def methods(self) -> list[str]:
        """Names of the methods, in the order of the tables."""
        return list(dict.fromkeys([*self.full["method"], *self.accuracy["method"]]))

    def learning_curves(self, method: str) -> list[LearningCurve]:
        """Return the runs of a method, those of CAL at the paper's t_cor.

        Parameters
        ----------
        method : str
            Name of the method.

        Returns
        -------
        list of LearningCurve
            One per strategy and seed. The batches are empty if the picks were not stored.
        """
        rows = self.accuracy[self.accuracy["method"] == method].sort_values("iteration")
        rows = rows[rows["t_cor"].isna() | np.isclose(rows["t_cor"], PAPER.t_cor)]
        picks = self.picks[self.picks["method"] == method].set_index(["strategy", "seed"])
        curves = []
        for (strategy, seed_label), run in rows.groupby(["strategy", "seed"], sort=False):
            seed = int(str(seed_label))
            batches = [np.empty(0, dtype=object)] * (len(run) - 1)
            if (strategy, seed) in picks.index:
                cells = picks.loc[[(strategy, seed)]].sort_values("iteration")["ids"]
                batches = [_parse_ids(cell) for cell in cells]
            curves.append(
                LearningCurve(
                    name=strategy_name(str(strategy)),
                    strategy=str(strategy),
                    seed=seed,
                    labelled=run["labelled"].to_numpy(dtype=np.int64),
                    accuracy=run["accuracy"].to_numpy(dtype=np.float64),
                    batches=tuple(batches[: len(run) - 1]),
                )
            )
        return curves

    def data_map(self, method: str, kind: str) -> DataMap | None:
        """Return a map of the method.

        Parameters
        ----------
        method : str
            Name of the method.
        kind : str
            "all" for all texts, "seed" for the seed set.

        Returns
        -------
        DataMap or None
            The map, with row numbers as ids; None if there is none.
        """
        rows = self.maps[(self.maps["method"] == method) & (self.maps["mapped"] == kind)]
        if rows.empty:
            return None
        return DataMap(
            ids=np.arange(len(rows)).astype(object),
            confidence=rows["confidence"].to_numpy(dtype=np.float64),
            variability=rows["variability"].to_numpy(dtype=np.float64),
            correctness=rows["correctness"].to_numpy(dtype=np.float64),
            epochs=MAP_EPOCHS,
        )


def format_ids(ids: Iterable[str]) -> str:
    """Return ids as one cell, percent-encoded and separated by spaces."""
    return " ".join(quote(text_id, safe="") for text_id in ids)


def _parse_ids(cell: str) -> NDArray[np.object_]:
    return np.array([unquote(text_id) for text_id in cell.split(" ")], dtype=object)


def write_results(folder: Path, results: Results) -> None:
    """Write the tables of `results` to `folder`, which is created if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (
        (ACCURACY, results.accuracy),
        (FULL, results.full),
        (PICKS, results.picks),
    ):
        with atomic_write(folder / name) as temporary:
            table.to_csv(temporary, index=False, float_format=_DECIMALS, lineterminator="\n")
    # Without a name and a time in the header, equal maps give equal files.
    with (
        atomic_write(folder / MAPS) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
    ):
        results.maps.to_csv(packed, index=False, float_format=_MAP_DECIMALS, lineterminator="\n")
    write_json(folder / CORPUS, results.corpus)


def read_results(folder: Path) -> Results:
    """Read the results in a folder.

    Parameters
    ----------
    folder : Path
        Folder written by `write_results`.

    Returns
    -------
    Results

    Raises
    ------
    CartographyError
        A file is missing or cannot be read.
    """
    for name in (CORPUS, ACCURACY, FULL, PICKS, MAPS):
        if not (folder / name).is_file():
            raise CartographyError(f"{folder} contains no reproduction results: it has no {name}")
    return Results(
        read_json(folder / CORPUS),
        _read_table(folder / ACCURACY, ACCURACY_COLUMNS),
        _read_table(folder / FULL, FULL_COLUMNS),
        # "NA" is a valid id.
        _read_table(folder / PICKS, PICKS_COLUMNS, dtype={"ids": str}, keep_default_na=False),
        _read_table(folder / MAPS, MAPS_COLUMNS),
        folder.as_posix(),
    )


def _read_table(path: Path, columns: Sequence[str], **options: Any) -> pd.DataFrame:
    try:
        return pd.read_csv(path, **options)[list(columns)]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise CartographyError(f"{path} cannot be read: {error}") from error


def add_results(folder: Path, new: Results) -> None:
    """Join `new` with the results in a folder; safe to call from several processes at once.

    Parameters
    ----------
    folder : Path
        Folder of the results, created if needed.
    new : Results
        Results to add; they replace earlier ones of the same runs.

    Raises
    ------
    CartographyError
        The results in the folder are of other texts, vectors or sizes, or cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        exists = (folder / CORPUS).is_file()
        write_results(folder, join_results([read_results(folder), new]) if exists else new)


def join_results(all_results: Sequence[Results]) -> Results:
    """Join results of one data set.

    Parameters
    ----------
    all_results : sequence of Results
        At least one; a run in later results replaces the same run in earlier ones.

    Returns
    -------
    Results

    Raises
    ------
    CartographyError
        The results are of different texts, vectors or sizes.
    """
    corpora = [results.corpus for results in all_results]
    for corpus in corpora:
        require_compatible(corpora[0], corpus)
    merged = {
        name: list(dict.fromkeys(entry for corpus in corpora for entry in corpus[name]))
        for name in _MERGED_ENTRIES
    }
    return Results(
        corpus={**corpora[0], **merged},
        accuracy=_join_tables(
            [results.accuracy for results in all_results], ["method", "strategy", "t_cor", "seed"]
        ),
        full=_join_tables([results.full for results in all_results], ["method", "seed"]),
        picks=_join_tables(
            [results.picks for results in all_results], ["method", "strategy", "seed"]
        ),
        maps=_join_tables([results.maps for results in all_results], ["method", "mapped"]),
    )


def require_compatible(existing: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Check that results can be joined.

    Parameters
    ----------
    existing, new : mapping
        Their `Results.corpus`.

    Raises
    ------
    CartographyError
        The two are of different texts, vectors or sizes.
    """
    for name in _EQUAL_ENTRIES:
        if existing[name] != new[name]:
            raise CartographyError(
                f"the existing results have {name} {existing[name]}, not {new[name]}: choose "
                "another --results"
            )


def _join_tables(tables: Sequence[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Concatenate tables; rows of a key in a later table replace all earlier rows of that key."""
    joined = tables[0]
    for later in tables[1:]:
        # NaN, the t_cor of most strategies, is not equal to itself.
        old, new = (pd.MultiIndex.from_frame(table[keys].fillna(-1)) for table in (joined, later))
        # An empty table has no dtypes and would change those of the other.
        kept = [table for table in (joined[~old.isin(new)], later) if not table.empty]
        joined = pd.concat(kept, ignore_index=True) if kept else joined
    return joined


def missing_from(
    results: Results, method: Method, seeds: Sequence[int], iterations: int
) -> list[str]:
    """Name the runs of a method that are missing or incomplete in the results.

    Parameters
    ----------
    results : Results
        Raw results of one data set.
    method : Method
        The method whose runs are looked for.
    seeds : sequence of int
        Seeds that every run must have.
    iterations : int
        Batches that every run must have, unless it has labelled all texts.

    Returns
    -------
    list of str
        Names of the missing runs; empty if all are complete.
    """
    rows = results.accuracy[results.accuracy["method"] == method.name]
    # A run also ends when it has labelled all texts.
    ends = rows["iteration"].ge(iterations) | rows["labelled"].eq(results.corpus["train"])
    levels = [None if np.isnan(level) else float(level) for level in rows.loc[ends, "t_cor"]]
    complete = set(zip(rows.loc[ends, "strategy"], levels, rows.loc[ends, "seed"], strict=True))
    missing = [
        strategy_name(strategy) + ("" if level is None else f" at t_cor {level:g}")
        for strategy, level in method.variants
        if not complete.issuperset((strategy, level, seed) for seed in seeds)
    ]
    full = results.full[results.full["method"] == method.name]["seed"]
    if not set(seeds) <= set(full):
        missing.append("a training on all texts")
    made = set(results.maps.loc[results.maps["method"] == method.name, "mapped"])
    missing += [f"the map of {MAP_NAMES[kind]}" for kind in method.maps if kind not in made]
    return missing
