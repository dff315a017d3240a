"""`cartography export`: a batch for the people who label."""

from pathlib import Path
from typing import Annotated

import typer

from cartography.cli.errors import report_errors


def export_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a learn run.")],
    iteration: Annotated[int, typer.Option(metavar="K", help="Which batch, from 1.")],
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE", help="The CSV file to write.")],
) -> None:
    """Write one batch of a simulated run as CSV, and its selection card as JSON next to it."""
    with report_errors():
        from cartography.errors import CartographyError
        from cartography.formats.export import write_table
        from cartography.runs.active_runs import read_active_run
        from cartography.runs.manifest import write_json

        run = read_active_run(folder)
        batch = run.batch(iteration)
        if not csv.name or csv.is_dir():
            raise CartographyError(f"--csv {csv} is a folder: name a file in it")
        if csv.resolve().is_relative_to(folder.resolve()):
            raise CartographyError(f"--csv {csv} is in the run's own folder: name a file elsewhere")
        write_table(batch, csv, "csv")
        write_json(csv.with_suffix(".card.json"), run.card(batch))
