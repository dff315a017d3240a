"""CSV files that are safe to open in a spreadsheet, and the selection card of a batch."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cartography.files import atomic_write

BATCH_COLUMNS = (
    "id",
    "text",
    "label",
    "rank",
    "strategy",
    "iteration",
    "score",
    "confidence",
    "variability",
    "correctness",
    "region",
    "predicted_label",
    "seed",
    "run_id",
)
"""The columns of an exported batch."""

# A spreadsheet reads a cell that starts with one of these as a formula or a command.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before every text cell that a spreadsheet would execute.

    Parameters
    ----------
    table : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
        A copy. Numeric columns are unchanged: a negative number stays a number.
    """
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            cells = safe[column].astype("str")
            risky = cells.str.startswith(_FORMULA_STARTS, na=False)
            safe[column] = cells.mask(risky, "'" + cells)
    return safe


def csv_text(table: pd.DataFrame) -> str:
    """Return `table` as CSV text, with formulas escaped."""
    text = escape_formulas(table).to_csv(index=False)
    if "\r" in text:
        # Python before 3.13 does not quote a cell with a lone carriage return, and readers would
        # end the row there.
        text = escape_formulas(table).to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
    return text


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write `table` as UTF-8 CSV, with formulas escaped.

    Parameters
    ----------
    table : pandas.DataFrame
    path : Path

    Raises
    ------
    CartographyError
        The file cannot be written.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(csv_text(table), encoding="utf-8", newline="")


def selection_card(manifest: Mapping[str, Any], run_id: str, batch: pd.DataFrame) -> dict[str, Any]:
    """Return the origin of a batch, for the JSON file next to its CSV.

    Parameters
    ----------
    manifest : mapping
        The manifest of the run.
    run_id : str
    batch : pandas.DataFrame
        With the columns `BATCH_COLUMNS`.

    Returns
    -------
    dict
        Run, strategy, iterations, seed, preset, device, versions, corpus, and the number of texts
        by label and by region.
    """
    return {
        "run_id": run_id,
        "strategy": manifest["strategy"],
        "iterations": sorted({int(number) for number in batch["iteration"]}),
        "seed": manifest["seed"],
        "preset": manifest["preset"],
        "device": manifest["device"],
        "versions": manifest["versions"],
        "corpus": manifest["train"],
        "counts": {
            "batch": len(batch),
            "by_label": _count_values(batch["label"]),
            "by_region": _count_values(batch["region"]),
        },
    }


def _count_values(column: pd.Series) -> dict[str, int]:
    return {str(value): int(count) for value, count in column.value_counts().items()}
