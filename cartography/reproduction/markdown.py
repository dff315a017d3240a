"""Tables in Markdown: their captions, and numbers in their cells."""

from collections.abc import Iterable, Sequence

from cartography.formatting import count_noun
from cartography.reproduction.estimates import Estimate
from cartography.reproduction.results import Results

NOTHING = "-"


def command(results: Results) -> str:
    """The command that repeats what stands beside it."""
    return f"`cartography reproduce --report {results.folder}`"


def caption_table(
    results: Results,
    title: str,
    text: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
) -> list[str]:
    """The lines of a table under its title, what it shows and the command that repeats it, with an
    empty line after it; none where there are no rows.
    """
    body = [header, ["---"] * len(header), *rows]
    if len(body) == 2:
        return []
    lines = [f"| {' | '.join(cells)} |" for cells in body]
    return [f"**{title}.** {text} ({command(results)})", "", *lines, ""]


def paragraph(results: Results, title: str, text: str) -> list[str]:
    """The lines of a paragraph with numbers, as `caption_table` has those of a table."""
    return [f"**{title}.** {text} ({command(results)})", ""]


def cell(value: Estimate, seeds: int, *, digits: int = 3) -> str:
    """Mean and half the interval; the number of seeds where it is not `seeds`."""
    return _cell(value, f"{value.mean:z.{digits}f}", seeds, digits)


def change(value: Estimate, seeds: int, *, digits: int = 3) -> str:
    """A difference as `cell` has it, with its sign, and in bold where its interval leaves out 0."""
    text = _cell(value, f"{value.mean:+z.{digits}f}", seeds, digits)
    return f"**{text}**" if value.side else text


def _cell(value: Estimate, mean: str, seeds: int, digits: int) -> str:
    if not value.seeds:
        return NOTHING
    text = mean if value.seeds == 1 else f"{mean} ± {value.half:.{digits}f}"
    return text if value.seeds == seeds else f"{text} ({count_noun(value.seeds, 'seed')})"
