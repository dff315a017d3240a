"""Markdown of the report: captioned tables and paragraphs, and numbers in table cells."""

from collections.abc import Iterable, Mapping, Sequence

from cartography.formatting import count_noun
from cartography.reproduction.estimates import Estimate
from cartography.reproduction.results import Results
from cartography.reproduction.tables import Trajectory

EMPTY_CELL = "-"


def report_command(results: Results) -> str:
    """Return the command that prints the report of `results`, as Markdown code."""
    return f"`cartography reproduce --report {results.folder}`"


def preset_titles(names: Iterable[str]) -> str:
    """Return the titles of presets in the order of a cell: "preset paper / preset released"."""
    return " / ".join(f"preset {name}" for name in names)


def caption_table(
    results: Results,
    title: str,
    text: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
) -> list[str]:
    """Return the Markdown lines of a table with a caption.

    Parameters
    ----------
    results : Results
        The results that the table is made from; the caption names their report command.
    title, text : str
        Bold title and text of the caption.
    header : sequence of str
        Column titles.
    rows : iterable of sequences of str
        Cells, row by row.

    Returns
    -------
    list of str
        Caption, table and an empty line; no lines if there are no rows.
    """
    body = [header, ["---"] * len(header), *rows]
    if len(body) == 2:
        return []
    lines = [f"| {' | '.join(cells)} |" for cells in body]
    return [*paragraph(results, title, text), *lines, ""]


def paragraph(results: Results, title: str, text: str) -> list[str]:
    """Return a paragraph with a bold title and the report command, and an empty line."""
    return [f"**{title}.** {text} ({report_command(results)})", ""]


def estimate_cell(value: Estimate, seeds: int) -> str:
    """Return mean and half-width of the interval: "0.870 ± 0.009".

    The number of seeds is added if it is not `seeds`.
    """
    return _cell(value, f"{value.mean:z.3f}", seeds)


def difference_cell(value: Estimate, seeds: int) -> str:
    """Return a difference like `estimate_cell`, with a sign; bold if the interval excludes 0."""
    text = _cell(value, f"{value.mean:+z.3f}", seeds)
    return f"**{text}**" if value.sign else text


def _cell(value: Estimate, mean: str, seeds: int) -> str:
    if not value.seeds:
        return EMPTY_CELL
    text = mean if value.seeds == 1 else f"{mean} ± {value.half_width:.3f}"
    return text if value.seeds == seeds else f"{text} ({count_noun(value.seeds, 'seed')})"


def trajectory_cells(
    by_preset: Mapping[str, Sequence[Trajectory]], seeds: int, *, mean: bool = False
) -> tuple[tuple[int, ...], dict[str, list[str]]]:
    """Return the cells of a table of trajectories, with the presets side by side in a cell.

    Parameters
    ----------
    by_preset : mapping of str to sequence of Trajectory
        Trajectories at the same iterations, by preset.
    seeds : int
        The usual number of seeds, see `estimate_cell`.
    mean : bool
        Whether to add a last column with the mean over the iterations.

    Returns
    -------
    iterations : tuple of int
        The iterations of the columns; empty without trajectories.
    cells : dict of str to list of str
        Cells by strategy.
    """
    every = [trajectory for group in by_preset.values() for trajectory in group]
    iterations = every[0].iterations if every else ()
    cells = {}
    for strategy in dict.fromkeys(trajectory.strategy for trajectory in every):
        columns = []
        for group in by_preset.values():
            row = [EMPTY_CELL] * (len(iterations) + mean)
            for trajectory in group:
                if trajectory.strategy == strategy:
                    values = [*trajectory.estimates, *([trajectory.mean] if mean else [])]
                    row = [estimate_cell(value, seeds) for value in values]
            columns.append(row)
        cells[strategy] = [" / ".join(column) for column in zip(*columns, strict=True)]
    return iterations, cells
