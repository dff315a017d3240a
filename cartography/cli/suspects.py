"""`cartography suspects`: the labels of a project that are probably wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors, say

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from cartography.labelling.project import Project
    from cartography.labelling.store import LabelStore
    from cartography.labelling.suspect_runs import SuspectRequest, SuspectRun

_WIDTH = 160  # cells of a line that is not printed to a terminal
_MOST, _LEAST = 28, 30  # cells of a column, and of the text in a narrow terminal


def suspects_command(
    project: Annotated[
        str, typer.Argument(metavar="PROJECT", help="A project of `cartography project`.")
    ],
    by: Annotated[
        str,
        typer.Option(
            metavar="RANKING",
            help="What to order by: low confidence, log odds, confident learning or "
            "cross-validation.",
        ),
    ] = "log odds",
    top: Annotated[int, typer.Option(min=1, metavar="N", help="Labels to print.")] = 20,
    noise: Annotated[
        bool,
        typer.Option(
            "--noise",
            help="Also flip a tenth of the labels at random and measure how well each ranking "
            "finds them, with three seeds.",
        ),
    ] = False,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write all labelled texts, most suspect first."),
    ] = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    # Of a worker of the dashboard: it does one thing, in the folder of one run.
    out: Annotated[Path | None, typer.Option("--out", hidden=True)] = None,
    work: Annotated[Literal["find", "noise"], typer.Option(hidden=True)] = "find",
) -> None:
    """Print the labels of a project that are probably wrong, the most suspect first.

    What was found for the same labels before is not computed again.
    """
    with report_errors():
        from cartography.errors import CartographyError
        from cartography.files import atomic_write
        from cartography.formats.export import to_csv
        from cartography.labelling.project import open_project
        from cartography.labelling.store import LabelStore
        from cartography.labelling.suspect_runs import (
            SuspectRequest,
            read_suspect_runs,
            require_ranking,
        )
        from cartography.progress import make_console

        require_ranking(by)
        if csv is not None and (not csv.name or csv.is_dir()):
            raise CartographyError(f"--csv {csv} is a folder: name a file in it")
        console = make_console(quiet)
        store = LabelStore()
        opened = open_project(store, project)
        if out is not None:
            _run(store, opened, SuspectRequest(work, device=device), console, out)
            return
        found = _run(store, opened, SuspectRequest(device=device), console)
        if noise:
            _run(store, opened, SuspectRequest("noise", device=device), console)
        _print_top(opened, found, by, top)
        measured = read_suspect_runs(opened, "noise")
        if measured:
            say(noise_line(measured[-1], by))
        if csv is not None:
            table = with_texts(opened, found.table.iloc[found.order(by)])
            with atomic_write(csv) as temporary:
                temporary.write_text(to_csv(table), encoding="utf-8", newline="")
            say(f"{csv}: {len(table):,} labelled texts, the most suspect first")


def _run(
    store: LabelStore,
    project: Project,
    request: SuspectRequest,
    console: Console,
    out: Path | None = None,
) -> SuspectRun:
    """Run what was asked for, or find the finished run that did the same."""
    from cartography.labelling.suspect_runs import (
        next_suspect_folder,
        read_suspect_run,
        run_suspects,
        same_run,
    )
    from cartography.progress import track_progress

    known = same_run(store, project, request) if out is None else None
    if known is not None:
        return known
    folder = out or next_suspect_folder(project)
    report: Callable[[str], None] = console.print
    steps = run_suspects(store, project, request, folder, report)
    first = next(steps)  # what is printed before the training is above its bar
    if out is not None:
        console.print(f"epoch {first.done} of {first.total}")
        for step in steps:
            console.print(f"epoch {step.done} of {step.total}")
    else:
        for _ in track_progress(steps, first.total, lambda step: step.done, "epoch", console):
            pass
    return read_suspect_run(folder)


def with_texts(project: Project, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of suspects with its texts, and without the curves."""
    corpus = project.corpus
    texts = dict(zip(corpus.ids, corpus.texts, strict=True))
    table = table.drop(columns=["curve", "nearest"])
    table.insert(1, "text", [texts[item] for item in table["id"]])
    return table


def _print_top(project: Project, found: SuspectRun, by: str, top: int) -> None:
    from rich.console import Console

    from cartography.formatting import count_noun

    rows = with_texts(project, found.table.iloc[found.order(by)[:top]])
    lines = [("id", "label", "model says", by, "region", "text")]
    for row in rows.to_dict("records"):
        # A probability below 1 is not rounded to 100 %.
        says = f"{row['predicted_label']} {min(row['max_probability'], 0.99):.0%}"
        score = f"{row[by]:.3f}"
        lines.append((row["id"], row["label"], says, score, row["region"], row["text"]))
    console = Console(highlight=False, markup=False, emoji=False)
    for line in table_lines(lines, console.width if console.is_terminal else _WIDTH):
        console.print(line, soft_wrap=True)
    issues = int(found.summary["issues"])
    say(
        f"{project.name}: the first {len(rows):,} of {count_noun(len(found.table), 'label')} by "
        f"{by}; confident learning takes {issues:,} of all for wrong"
    )


def table_lines(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return a table as lines of at most `width` cells if the last column can be cut that far.

    A cell is on one line, without what a terminal would obey.
    """
    from rich.cells import cell_len, set_cell_size

    def cut(cell: str, most: int) -> str:
        words = " ".join(str(cell).split())
        plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)
        return plain if cell_len(plain) <= most else set_cell_size(plain, most - 1).rstrip() + "…"

    *columns, last = zip(*rows, strict=True)
    cells = [[cut(cell, _MOST) for cell in column] for column in columns]
    widths = [max(map(cell_len, column)) for column in cells]
    rest = max(_LEAST, width - sum(widths) - 2 * len(widths))
    padded = [
        [set_cell_size(cell, size) for cell in column]
        for column, size in zip(cells, widths, strict=True)
    ]
    return [
        "  ".join(line) for line in zip(*padded, [cut(cell, rest) for cell in last], strict=True)
    ]


def noise_line(measured: SuspectRun, by: str) -> str:
    """Say how well a ranking found planted noise."""
    flipped = int(measured.summary["flipped"])
    table = measured.table
    rows = table[(table["kind"] == "ranking") & (table["name"] == by) & (table["size"] == flipped)]
    row = rows.iloc[0]
    return (
        f"with {flipped:,} of {measured.summary['texts']:,} labels flipped at random, the first "
        f"{flipped:,} by {by} contained {row['recall']:.0%} of them ({row['recall_low']:.0%} to "
        f"{row['recall_high']:.0%})"
    )


__all__ = ["suspects_command"]
