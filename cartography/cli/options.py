"""The options that commands share."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import typer

from cartography.strategies.table import STRATEGIES

StrategyName = Enum("StrategyName", {name: name for name in STRATEGIES}, type=str)  # type: ignore[misc]

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A CSV, TSV, JSONL or Parquet file, a folder with train and test, a saved data set, "
        "hub:owner/name[:split], or sample.",
    ),
]
Test = Annotated[
    str | None,
    typer.Option("--test", metavar="DATA", help="The test set, in any form that DATA may have."),
]
Out = Annotated[
    Path,
    typer.Option(
        "--out", metavar="DIR", help="A new or empty folder, or that of the same call, to go on."
    ),
]
TextColumn_ = Annotated[
    str | None,
    typer.Option("--text", metavar="COLUMN", help="Text column; guessed unless given."),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label",
        metavar="COLUMN",
        help="Gold label column; guessed unless given. An empty cell is a text without a label.",
    ),
]
IdColumn = Annotated[
    str | None, typer.Option("--id", metavar="COLUMN", help="Id column; guessed unless given.")
]
Vectors = Annotated[
    str,
    typer.Option(
        metavar="PATH|corpus",
        help="Word vectors: a .vec, .vec.gz or .bin file, or trained on the corpus.",
    ),
]
PoolingName = Annotated[
    Literal["sum", "mean"], typer.Option("--pooling", help="How a text's vectors are joined.")
]
MaxLength = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Read the first N tokens of a text.")
]
PresetName = Annotated[
    Literal["paper", "released"],
    typer.Option(
        "--preset",
        help="The method as the paper states it, or as its released code carries it out.",
    ),
]
Settings = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="SWITCH=VALUE",
        help="Change one switch of the preset, such as dropout_at_test=on. May be repeated; "
        "`cartography switches` lists them.",
    ),
]
Epochs = Annotated[int, typer.Option(min=1, metavar="N", help="Epochs of a training.")]
BatchSize = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Batch size; 16 up to 20,000 texts and 64 above unless given."
    ),
]
SeedSize = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Labels to start from. Unless given, 500 up to 20,000 texts and 1,000 above, and no "
        "more than a tenth of the texts.",
    ),
]
Seeds = Annotated[
    list[int],
    typer.Option("--seed", min=0, metavar="N", help="Decides every draw. May be repeated."),
]
OneSeed = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Decides every draw.")]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to train.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print no progress.")]
