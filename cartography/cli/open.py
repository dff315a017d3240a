"""`cartography open`: training dynamics and data maps of any model."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from cartography.cli.errors import report_errors

_LISTED = 3


def open_command(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="Training dynamics of Dataset Cartography (a folder with dynamics_epoch_0.jsonl), "
            "a table with confidence, variability and correctness (JSONL, CSV, Parquet), the "
            "folder of a map, areas under the margin (AUM), cleanlab's label issues, or a table of "
            "Embedding Atlas.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Write the map as a run, which the dashboard opens: a new or empty folder.",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Of training dynamics, use the first N epochs; of a map whose file lacks it, "
            "the number of epochs (default: the largest correctness).",
        ),
    ] = None,
    texts: Annotated[
        str | None,
        typer.Option(
            metavar="DATA", help="Texts and labels, joined by their ids; any table or data set."
        ),
    ] = None,
    top: Annotated[
        str | None,
        typer.Option(
            metavar="RANKING=SHARE",
            help="Write only the first share of a ranking, such as ambiguous=0.33: easy, "
            "ambiguous, hard, or a statistic.",
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write ids, texts and statistics as CSV."),
    ] = None,
    coordinates: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write coordinates for Dataset Cartography (.jsonl)."),
    ] = None,
    aum: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write areas under the margin (.csv).")
    ] = None,
    atlas: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a table for Embedding Atlas (.parquet): x is the variability, y the "
            "confidence.",
        ),
    ] = None,
) -> None:
    """Open training dynamics or a data map of another model, and print what is in it."""
    with report_errors():
        from cartography.errors import CartographyError
        from cartography.formatting import count_noun
        from cartography.runs.imported_maps import join_texts, open_path, write_map_run
        from cartography.runs.map_exports import export_map
        from cartography.runs.opened import OpenedMap

        wanted = {"csv": csv, "coordinates": coordinates, "aum": aum, "atlas": atlas}
        files = {form: file for form, file in wanted.items() if file is not None}
        ranking, share = _parse_top(top)
        if top is not None and not files:
            raise CartographyError("--top chooses what is written: give --csv FILE too")
        for form, file in files.items():
            if not file.name or file.is_dir():
                raise CartographyError(f"--{form} {file} is a folder: name a file in it")
        try:
            opened = open_path(path, epochs)
        except CartographyError as error:
            raise CartographyError(f"{error}{_as_corpus(path)}") from error
        if not isinstance(opened, OpenedMap):
            if out is not None or files or texts is not None:
                raise CartographyError(f"{path} holds no data map to write ({opened.form})")
            for line in opened.summary:
                typer.echo(line)
            return
        if texts is not None:
            opened = join_texts(opened, texts)
        for line in (*opened.notes, *opened.summary):
            typer.echo(line)
        chosen = opened
        if ranking is not None:
            chosen = opened.take(opened.data_map.top(ranking, share))
        for form, file in files.items():
            export_map(chosen, form, file)
            typer.echo(f"{file}: {count_noun(len(chosen.data_map), 'item')}")
        if out is not None:
            write_map_run(opened, out)
            typer.echo(f"{out}: written as a run, for the dashboard")


def _as_corpus(path: Path) -> str:
    """What a file is that has texts and no map, as the end of an error; "" for any other."""
    from cartography.corpora.reading import read_corpus
    from cartography.errors import CartographyError
    from cartography.files import expand_home
    from cartography.formats.aum import has_aum
    from cartography.formats.cleanlab import has_issues
    from cartography.formats.coordinates import has_coordinates
    from cartography.formats.dataset_cartography import has_dynamics
    from cartography.formats.embedding_atlas import has_atlas
    from cartography.formats.tools import open_table
    from cartography.formatting import count_noun, join_names

    try:
        file = expand_home(path)
        if not file.is_file() or has_dynamics(file):
            return ""
        table = open_table(file)
        # Of a map with a mistake in it, the mistake is all that there is to say.
        if any(has(table) for has in (has_coordinates, has_aum, has_issues, has_atlas)):
            return ""
        corpus = read_corpus(file)
    except (CartographyError, OSError):
        return ""
    assert corpus.account is not None
    texts = f"; it is a table of {count_noun(len(corpus), 'text')} in {corpus.account.text!r}"
    command = f"cartography map {shlex.quote(str(path))}"
    if not corpus.account.label:
        return f"{texts} without labels: `{command} --label COLUMN --out DIR` draws a map of it"
    labels = join_names([repr(name) for name in corpus.account.label[:_LISTED]])
    return f"{texts} with labels in {labels}: `{command} --out DIR` draws a map of it"


def _parse_top(top: str | None) -> tuple[str | None, float]:
    from cartography.errors import CartographyError
    from cartography.maps.data_map import RANKINGS

    if top is None:
        return None, 1.0
    ranking, equals, text = top.partition("=")
    try:
        share = float(text) if equals else 1 / 3
    except ValueError:
        share = 0.0
    if ranking not in RANKINGS or not 0 < share <= 1:
        raise CartographyError(
            f"--top {top!r} is not of the form RANKING=SHARE, such as ambiguous=0.33: the rankings "
            f"are {', '.join(RANKINGS)}, and a share is above 0 and at most 1"
        )
    return ranking, share
