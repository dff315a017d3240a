"""CSV files that a spreadsheet can be trusted with, and the selection card beside a batch."""

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

# A spreadsheet takes a cell that starts with one of these for a formula or a command.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """`table` with an apostrophe before every text cell that a spreadsheet would run.

    Only columns of text are touched: a negative number stays a number.
    """
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            cells = safe[column].astype("str")
            risky = cells.str.startswith(_FORMULA_STARTS, na=False)
            safe[column] = cells.mask(risky, "'" + cells)
    return safe


def csv_text(table: pd.DataFrame) -> str:
    """`table` as CSV text, neutralised."""
    text = escape_formulas(table).to_csv(index=False)
    if "\r" in text:
        # Python before 3.13 leaves a cell with a lone carriage return unquoted, and a reader then
        # takes it for the end of the row.
        text = escape_formulas(table).to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
    return text


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write `table` as UTF-8 CSV, neutralised. Raises CartographyError when it cannot be."""
    with atomic_write(path) as temporary:
        temporary.write_text(csv_text(table), encoding="utf-8", newline="")


def selection_card(manifest: Mapping[str, Any], run_id: str, batch: pd.DataFrame) -> dict[str, Any]:
    """What a batch came from, for the JSON file beside its CSV.

    `batch` has the columns of `BATCH_COLUMNS`.
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
            "by_label": _counts(batch["label"]),
            "by_region": _counts(batch["region"]),
        },
    }


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(value): int(count) for value, count in column.value_counts().items()}
