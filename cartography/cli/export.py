"""`cartography export`: a batch for the people who label."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cartography.cli.errors import report_errors

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
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a learn run.")],
    iteration: Annotated[int, typer.Option(metavar="K", help="Which batch, from 1.")],
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
) -> None:
    """Write one batch of a simulated run, and its selection card as JSON next to it.

    All values are written unchanged, with the other columns of your own table.
    """
    with report_errors():
        from cartography.errors import CartographyError
        from cartography.formats.forms import write_items
        from cartography.runs.active_runs import read_active_run
        from cartography.runs.manifest import write_json
        from cartography.runs.user_columns import join_user_columns

        if not out.name or (out.is_dir() and form != "huggingface"):
            raise CartographyError(f"--out {out} is a folder: name a file in it")
        if out.resolve().is_relative_to(folder.resolve()):
            raise CartographyError(f"--out {out} is in the run's own folder: name a file elsewhere")
        run = read_active_run(folder)
        batch = run.batch(iteration)
        write_items(join_user_columns(folder, batch), out, form, model_version=run.run_id)
        write_json(out.with_suffix(".card.json"), run.card(batch))
