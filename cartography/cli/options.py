"""The options of the commands, each declared once, in groups that several commands take."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cartography.errors import CartographyError
from cartography.formatting import STRATEGY_NAMES
from cartography.models.presets import PRESETS, SEEDS

StrategyName = Enum("StrategyName", {name: name for name in STRATEGY_NAMES}, type=str)  # type: ignore[misc]

PresetName = Literal["standard", "paper", "released"]

DATA_HELP = (
    "A table (CSV, TSV, JSON, JSONL, Parquet, Arrow, Excel, also in .gz or .zip), an export of an "
    "annotation tool, a folder with train and test, a saved data set, hub:owner/name[:split], "
    "help-desk or sample."
)

Out = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="DIR",
        help="A new or empty folder, or the folder of the same call, to resume it.",
    ),
]
SeedSize = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Labels to start from. Default: 500 up to 20,000 texts and 1,000 above, and at most "
        "a tenth of the texts.",
    ),
]
Seeds = Annotated[
    list[int],
    typer.Option("--seed", min=0, metavar="N", help="Decides every draw. May be repeated."),
]
OneSeed = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Decides every draw.")]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to train.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print no progress.")]
Project = Annotated[
    str, typer.Argument(metavar="PROJECT", help="A project of labels: its name, or its id.")
]
Annotator = Annotated[str, typer.Option("--annotator", metavar="NAME", help="Who labels.")]
Conflicts = Annotated[
    bool,
    typer.Option(
        "--replace/--keep",
        help="What becomes of a text that has another label already: it gets that of the file, or "
        "keeps its own.",
    ),
]


@dataclass(frozen=True)
class Reading:
    """The columns to read from a table and how; None is guessed."""

    text: Annotated[
        str | None, typer.Option("--text", metavar="COLUMN", help="Text column. Default: guessed.")
    ] = None
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="COLUMN",
            help="Gold label column. Default: guessed. A text with an empty cell is unlabelled.",
        ),
    ] = None
    id: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Id column. Default: guessed.")
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Encoding, such as cp1250. Default: detected."),
    ] = None
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Sheet of a workbook. Default: the first.")
    ] = None
    no_label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="A text that means “no label”, besides an empty cell; '' for none. May be "
            "repeated. Default: the usual ones, such as nan, N/A and -.",
        ),
    ] = None
    several: Annotated[
        Literal["first", "most-frequent", "combination"],
        typer.Option(help="The class of a text with several labels."),
    ] = "first"
    class_name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW",
            help="Give a class another name. May be repeated; equal names join classes.",
        ),
    ] = None

    def reading(self) -> dict[str, Any]:
        """Return the options of `read_train_test`.

        Raises
        ------
        CartographyError
            A `--class-name` has no "=".
        """
        names = {}
        for pair in self.class_name or ():
            old, equals, new = pair.partition("=")
            if not (old and equals and new):
                raise CartographyError(
                    f"--class-name {pair!r} is not of the form OLD=NEW, such as 1=location"
                )
            names[old] = new
        return {
            "text": self.text,
            "label": self.label,
            "id": self.id,
            "encoding": self.encoding,
            "sheet": self.sheet,
            "no_label": None if self.no_label is None else tuple(self.no_label),
            "several": self.several,
            "class_names": names,
        }


@dataclass(frozen=True)
class Columns(Reading):
    """The test set, and the columns to read from both tables; None is guessed."""

    test: Annotated[
        str | None,
        typer.Option("--test", metavar="DATA", help="The test set, in any form that DATA takes."),
    ] = None


@dataclass(frozen=True)
class Data(Columns):
    """A corpus: the training texts, the test set and their columns."""

    data: Annotated[str, typer.Argument(metavar="DATA", help=DATA_HELP)] = field(kw_only=True)


@dataclass(frozen=True)
class Vectors:
    """Where word vectors come from."""

    vectors: Annotated[
        str,
        typer.Option(
            metavar="PATH|corpus",
            help="Word vectors: a .vec, .txt (both also as .gz or .zip) or .bin file, or trained "
            "on the corpus.",
        ),
    ] = "corpus"


@dataclass(frozen=True)
class Features:
    """How texts become features."""

    features: Annotated[
        str | None,
        typer.Option(
            "--features",
            metavar="KIND",
            help="corpus: fitted on the texts; words: word vectors; encoder:MODEL: a folder or a "
            "Hub name; file:PATH[:COLUMN]: your own. Default: corpus, or words with preset paper "
            "or released, or with --vectors.",
        ),
    ] = None
    vectors: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|corpus",
            help="Word vectors: a .vec, .txt (both also as .gz or .zip) or .bin file, or trained "
            "on the corpus.",
        ),
    ] = None
    pooling: Annotated[
        Literal["sum", "mean"] | None,
        typer.Option("--pooling", help="How a text's word vectors are combined. Default: sum."),
    ] = None
    max_length: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Read the first N words of a text.")
    ] = None


@dataclass(frozen=True)
class Training:
    """The sizes of a training."""

    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Epochs per training. Default: the preset's, "
            + ", ".join(f"{preset.classifier.epochs} ({name})" for name, preset in PRESETS.items()),
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Batch size. Default: 32 for the classifier of preset standard; else 16 up to "
            "20,000 texts and 64 above.",
        ),
    ] = None


@dataclass(frozen=True)
class Method:
    """A preset and the switches that are changed in it."""

    preset: Annotated[
        PresetName,
        typer.Option(
            "--preset",
            help="For use; the method as the paper states it; or as its released code runs it.",
        ),
    ] = "standard"
    settings: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="SWITCH=VALUE",
            help="Change one switch of the preset, such as dropout_at_test=on. May be repeated; "
            "`cartography switches` lists them.",
        ),
    ] = field(default_factory=list)


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer see the fields of a command's option groups as options of their own.

    A parameter whose annotation is a dataclass is replaced by the fields of the dataclass; the
    command itself receives the dataclass.
    """
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, Any] = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if is_dataclass(parameter.annotation)
    }

    @wraps(command)
    def call(**values: Any) -> None:
        built = {
            name: group(**{option.name: values.pop(option.name) for option in fields(group)})
            for name, group in groups.items()
        }
        command(**built, **values)

    options = []
    for parameter in signature.parameters.values():
        if parameter.name in groups:
            options += [_option(option) for option in fields(groups[parameter.name])]
        else:
            options.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    call.__signature__ = signature.replace(parameters=options)  # type: ignore[attr-defined]
    call.__annotations__ = {option.name: option.annotation for option in options}
    return call


def _option(option: Field[Any]) -> inspect.Parameter:
    """The parameter that a field of an option group stands for."""
    default = option.default
    if default is MISSING:
        default = inspect.Parameter.empty
        if option.default_factory is not MISSING:
            default = option.default_factory()
    return inspect.Parameter(
        option.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=option.type
    )


__all__ = [
    "SEEDS",
    "Annotator",
    "Columns",
    "Conflicts",
    "Data",
    "Device",
    "Features",
    "Method",
    "OneSeed",
    "Out",
    "PresetName",
    "Project",
    "Quiet",
    "Reading",
    "SeedSize",
    "Seeds",
    "StrategyName",
    "Training",
    "Vectors",
    "with_groups",
]
