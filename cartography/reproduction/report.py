"""The report of a reproduction in Markdown, made from its raw results alone."""

from collections.abc import Sequence
from pathlib import Path

from cartography.reproduction.markdown import command
from cartography.reproduction.pick_sections import efficiency, on_the_map, shared_picks, workings
from cartography.reproduction.pictures import picture_lines
from cartography.reproduction.results import Results
from cartography.reproduction.sections import (
    along,
    final_accuracy,
    in_short,
    maps,
    order,
    setting,
)
from cartography.reproduction.switch_section import earlier, switches

_TITLE = """\
# The paper, reproduced

What Zhang and Plank (Findings of EMNLP 2021) report, beside what comes out here in two ways: preset
paper, the method as their text states it, and preset released, the method as their released code
carries it out. `cartography switches` lists the switches that tell them apart. This text is what

    cartography reproduce {asked}

prints: every number comes from the raw results that it names.

Ours are means over seeds; ± is half of a Student t 95 % interval, [a, b] the interval. The paper
gives means over five seeds without a spread, so that a difference from one of its figures takes
that figure as exact. A difference whose interval leaves out 0 is in bold; "uncertain" means that
an interval or a test leaves it open. No interval is widened for their number: one in twenty leaves
out a true 0.
"""

_OPEN = """\
## What would close what is left open

- **The original vectors.** The paper sums English fastText vectors and does not say which set it
  took; ours are those named above. Facebook's file given by `--vectors` would show what the vectors
  make of the difference.
- **The original rows and texts.** Table 1 says how many rows were at hand; a smaller pool leaves
  other texts to pick. The released code reads the descriptions of AG News without their titles,
  which only texts without titles can repeat.
- **The paper's scores.** With the accuracies of its single runs, differences could be tested from
  both sides, and epsilon_min be computed in one way for both.
"""


def report(each: Sequence[Results], pictures: Path | None = None) -> str:
    """docs/reproduction.md, from the results on each data set as far as they go.

    `pictures` is the folder of the pictures of all data sets, which the page stands beside; none
    are shown without it.
    """
    asked = " ".join(f"--report {results.folder}" for results in each)
    if pictures:
        asked += f" --pictures {pictures.as_posix()}"
    lines = _TITLE.format(asked=asked).split("\n")
    for results in each:
        lines += _of_data_set(results, pictures)
    return "\n".join([*lines, _OPEN.rstrip("\n")])


def _of_data_set(results: Results, pictures: Path | None) -> list[str]:
    return [
        *setting(results),
        *in_short(results),
        *(picture_lines(results, pictures.name) if pictures else ()),
        *maps(results),
        *final_accuracy(results),
        *along(results),
        *order(results),
        *shared_picks(results),
        *on_the_map(results),
        *efficiency(results),
        *workings(results),
        *switches(results),
        *earlier(results),
        *_again(results),
    ]


def _again(results: Results) -> list[str]:
    """How to run it again, and how long it took."""
    table = results.accuracy
    spent = table["train_seconds"] + table["select_seconds"].fillna(0)
    each = spent.groupby(table["method"], sort=False).sum().items()
    seconds = "; ".join(f"{method}: {total:,.0f} s" for method, total in each)
    return [
        "### Again",
        "",
        f"Raw results: `{results.folder}`; all of this section anew: {command(results)}. They "
        "were made by",
        "",
        *(f"    {one}" for one in results.corpus["commands"]),
        "",
        *([f"Seconds of the active learning's training and query: {seconds}.", ""] * bool(seconds)),
    ]
