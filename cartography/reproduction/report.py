"""The report of a reproduction in Markdown, made from its raw results alone."""

from collections.abc import Sequence
from pathlib import Path

from cartography.evaluation.verdict import EPSILON_LIMIT
from cartography.formatting import join_names
from cartography.reproduction.claims import NARROW
from cartography.reproduction.decomposition import decompose
from cartography.reproduction.markdown import command
from cartography.reproduction.pick_sections import efficiency, on_the_map, shared_picks, workings
from cartography.reproduction.pictures import picture_lines
from cartography.reproduction.published import EPSILON_LIMIT as PUBLISHED_LIMIT
from cartography.reproduction.published import PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.sections import along, final_accuracy, in_short, maps, order, setting
from cartography.reproduction.switch_section import answers, earlier, switches

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
an interval or a test leaves it open, and one wider than ± {narrow:g} does not speak for a figure of
the paper that it holds. No interval is widened for their number: one in twenty leaves out a true 0.

epsilon_min is the bound of almost stochastic order at alpha 0.05, with Bonferroni's correction for
all ordered pairs of a table; its bootstrap samples move it by some hundredths. The paper takes it
below {published:g} for an order. Here an order is shown below {limit:g}, which keeps false ones
rarer (Ulmer, Hardmeier and Frellsen 2022), and an advantage where besides the interval of the
labels saved lies above 0.
"""

_OPEN = """\
## What would close what is left open

- **The original vectors.** The paper sums English fastText vectors and does not say which set it
  took; ours are those named above. Facebook's file given by `--vectors` would show what the vectors
  make of the difference.
- **The original rows and texts.** Table 1 says how many rows were at hand; a smaller pool leaves
  other texts to pick. The released code reads the descriptions of AG News without their titles,
  which only texts without titles can repeat.
- **Seeds.** Halving an interval takes about four times as many. {seeds}
- **What was not run.** The strategies and switches that a data set lacks are named in its section.
  What switches do only together would be seen by setting two at once.
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
    title = _TITLE.format(
        asked=asked, narrow=NARROW, published=PUBLISHED_LIMIT, limit=EPSILON_LIMIT
    )
    lines = title.split("\n")
    for results in each:
        lines += _of_data_set(results, pictures)
    seeds = [
        f"{PUBLISHED[results.corpus['dataset']].name} has {len(results.corpus['seeds'])}"
        for results in each
    ]
    return "\n".join([*lines, _OPEN.format(seeds=f"{join_names(seeds)}.").rstrip("\n")])


def _of_data_set(results: Results, pictures: Path | None) -> list[str]:
    taken = decompose(results)
    return [
        *setting(results),
        *in_short(results),
        *answers(results, taken),
        *(picture_lines(results, pictures.name) if pictures else ()),
        *maps(results),
        *final_accuracy(results),
        *along(results),
        *order(results),
        *shared_picks(results),
        *on_the_map(results),
        *efficiency(results),
        *workings(results),
        *switches(results, taken),
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
        *(
            [
                "Seconds of the active learning's training and query, without the trainings on all "
                f"texts and the maps: {seconds}.",
                "",
            ]
            if seconds
            else []
        ),
    ]
