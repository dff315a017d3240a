"""A small corpus of tickets without labels, their classes, and the command line to label them."""

import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from cartography.cli import main

WORDS = {
    "sport": ["match", "ball", "team", "score", "win", "league"],
    "money": ["stock", "market", "trade", "profit", "price", "fund"],
}


def tickets(rows: int = 60, seed: int = 0, prefix: str = "t-") -> pd.DataFrame:
    """Return texts of two classes: id, text, class and weight, a column of the user's own."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(list(WORDS), rows)
    texts = [" ".join([*rng.choice(WORDS[name], 5), f"n{i}"]) for i, name in enumerate(labels)]
    ids = [f"{prefix}{i}" for i in range(rows)]
    return pd.DataFrame({"id": ids, "text": texts, "class": labels, "weight": range(rows)})


def write_pool(path: Path, table: pd.DataFrame | None = None) -> Mapping[str, str]:
    """Write texts without labels to a CSV file, and return the class of each by its id."""
    table = tickets() if table is None else table
    table.drop(columns="class").assign(label="").to_csv(path, index=False)
    return dict(zip(table["id"], table["class"], strict=True))


def run(*arguments: object, typed: str = "") -> tuple[int, str, str]:
    """Run the command line: (exit code, standard output, standard error)."""
    out, err = StringIO(), StringIO()
    code = 0
    with (
        patch.object(sys, "argv", ["cartography", *map(str, arguments)]),
        patch.object(sys, "stdin", StringIO(typed)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    return code, out.getvalue(), err.getvalue()


def ran(*arguments: object, typed: str = "") -> str:
    """Run a command that must succeed, and return its standard output."""
    code, out, err = run(*arguments, typed=typed)
    assert code == 0, err
    return out


def refused(*arguments: object) -> str:
    """Run a command that must end with one line and exit code 2, and return the line."""
    code, out, err = run(*arguments)
    assert code == 2, out
    last = err.splitlines()[-1]
    assert last.startswith("cartography: ")
    assert "Traceback" not in err
    return last
