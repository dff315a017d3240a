"""`cartography export`: a batch for the people who label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cartography.cli.errors import report_errors

if TYPE_CHECKING:
    import pandas as pd

# The names of `forms.FORMS`, which are not imported: `--help` does not load the engine.
Form = Literal[
    "csv",
    "spreadsheet",
    "jsonl",
    "parquet",
    "label-studio",
    "doccano",
    "argilla",
    "argilla-1",
    "prodigy",
    "spacy",
    "huggingface",
]


def export_command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of a learn or a threshold run.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "--csv",
            metavar="FILE",
            help="The file to write; .csv, .jsonl or .parquet decides the form.",
        ),
    ],
    form: Annotated[
        Form | None,
        typer.Option(
            "--as",
            help="Another form: a CSV file that is safe to open in a spreadsheet, the file that an "
            "annotation tool imports, or a saved data set of the `datasets` library (a folder).",
        ),
    ] = None,
    iteration: Annotated[
        int | None, typer.Option(metavar="K", help="Of a learn run: which batch, from 1.")
    ] = None,
    t_cor: Annotated[
        float | None,
        typer.Option(
            "--t-cor",
            min=0.0,
            max=1.0,
            metavar="T",
            help="Of a threshold run: the t_cor of the batch. Default: the run's own.",
        ),
    ] = None,
    query_size: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Of a threshold run: texts in the batch. Default: the run's."
        ),
    ] = None,
) -> None:
    """Write one batch, and its selection card as JSON next to it.

    It is a batch of a simulated run, or what CAL asks for next in a threshold run, where the texts
    of the pool need no labels. All values are written unchanged, with the other columns of your
    own table.
    """
    with report_errors():
        from cartography.errors import CartographyError
        from cartography.formats.forms import write_items
        from cartography.runs.manifest import read_manifest, run_id, write_json
        from cartography.runs.user_columns import join_user_columns

        if not out.name or (out.is_dir() and form != "huggingface"):
            raise CartographyError(f"--out {out} is a folder: name a file in it")
        if out.resolve().is_relative_to(folder.resolve()):
            raise CartographyError(f"--out {out} is in the run's own folder: name a file elsewhere")
        manifest = read_manifest(folder)
        if manifest["kind"] == "threshold":
            if iteration is not None:
                raise CartographyError(
                    f"{folder} is a threshold run, which has one batch: leave out --iteration"
                )
            batch, card = _next_batch(folder, t_cor, query_size)
        else:
            if t_cor is not None or query_size is not None:
                raise CartographyError(
                    f"--t-cor and --query-size are for a threshold run; {folder} contains a "
                    f"{manifest['kind']} run"
                )
            batch, card = _past_batch(folder, iteration)
        write_items(
            join_user_columns(folder, batch),
            out,
            form,
            model_version=run_id(manifest),
            classes=manifest["train"]["classes"],
        )
        write_json(out.with_suffix(".card.json"), card)


def _past_batch(folder: Path, iteration: int | None) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A batch of an active-learning run, and its card."""
    from cartography.errors import CartographyError
    from cartography.runs.active_runs import read_active_run

    run = read_active_run(folder)
    if iteration is None:
        raise CartographyError(f"{folder} has a batch for each iteration: name one by --iteration")
    batch = run.batch(iteration)
    return batch, run.card(batch)


def _next_batch(
    folder: Path, t_cor: float | None, query_size: int | None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What CAL asks for next in a threshold run, and its card."""
    from cartography.runs.next_batch import batch_card, next_batch
    from cartography.runs.threshold_runs import read_threshold

    run = read_threshold(folder)
    preset = run.manifest["preset"]
    chosen = next_batch(
        run,
        float(preset["t_cor"]) if t_cor is None else t_cor,
        int(preset["query_size"]) if query_size is None else query_size,
    )
    if chosen.query.fallback:
        typer.echo(f"{folder}: {chosen.query.fallback}", err=True)
    return chosen.table, batch_card(run, chosen)
