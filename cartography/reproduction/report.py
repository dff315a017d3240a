"""The Markdown report of a reproduction, made from its raw results alone."""

from collections.abc import Sequence
from pathlib import Path

from cartography.evaluation.verdict import EPSILON_LIMIT
from cartography.formatting import join_names
from cartography.reproduction.claims import MAX_HALF_WIDTH
from cartography.reproduction.decomposition import decompose
from cartography.reproduction.markdown import report_command
from cartography.reproduction.pick_sections import (
    batches_section,
    cost_section,
    efficiency_section,
    overlap_section,
)
from cartography.reproduction.pictures import pictures_section
from cartography.reproduction.published import EPSILON_LIMIT as PUBLISHED_LIMIT
from cartography.reproduction.published import PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.sections import (
    accuracy_section,
    claims_section,
    curves_section,
    dominance_section,
    maps_section,
    setup_section,
)
from cartography.reproduction.switch_section import (
    earlier_section,
    gaps_section,
    switches_section,
)

_INTRODUCTION = """\
# The paper, reproduced

What Zhang and Plank (Findings of EMNLP 2021) report, next to our results under two presets: preset
paper follows the text of the paper, preset released follows the authors' released code.
`cartography switches` lists the switches in which the two differ. This page is the output of

    cartography reproduce {options}

Every number comes from the raw results that are named next to it.

Our numbers are means over seeds; ± is half the width of a Student t 95 % interval, and [a, b] is
the interval. The paper gives means over five seeds without a spread, so a difference from one of
its numbers treats that number as exact. A difference whose interval excludes 0 is in bold.
"uncertain" means that an interval or a test leaves the question open; an interval wider than
± {half_width:g} cannot confirm a number of the paper that it contains. Intervals are not corrected
for multiple comparisons: one in twenty excludes a true 0.

epsilon_min is the bound of almost stochastic order at alpha 0.05, with Bonferroni's correction for
all ordered pairs of a table. Its bootstrap samples change it by some hundredths. The paper takes an
epsilon_min below {published:g} as an order. Here an order is shown below {limit:g}, which keeps
false ones rarer (Ulmer, Hardmeier and Frellsen 2022). For an advantage, the interval of the labels
saved must also be above 0.
"""

_OPEN_QUESTIONS = """\
## What would answer the open questions

- **The original vectors.** The paper sums English fastText vectors and does not say which set it
  used; ours are named above. A run with Facebook's file as `--vectors` would show how much of the
  difference is due to the vectors.
- **The original rows and texts.** Table 1 says how many rows were available; a smaller pool has
  other texts to pick. The released code reads the descriptions of AG News without their titles,
  which can be repeated only with texts without titles.
- **Seeds.** Halving an interval takes about four times as many seeds. {seeds}
- **What was not run.** The section of a data set names the strategies and switches that it lacks.
  Interactions of switches would be seen by setting two at once.
- **The paper's scores.** With the accuracies of its single runs, the tests could include the spread
  of both sides, and epsilon_min could be computed in the same way for both.
"""


def report(all_results: Sequence[Results], pictures: Path | None = None) -> str:
    """Return the report of complete or partial results.

    Parameters
    ----------
    all_results : sequence of Results
        Raw results, one per data set.
    pictures : Path, optional
        Folder of the pictures of all data sets, next to the page; without it the report has none.

    Returns
    -------
    str
        Markdown.
    """
    options = " ".join(f"--report {results.folder}" for results in all_results)
    if pictures:
        options += f" --pictures {pictures.as_posix()}"
    introduction = _INTRODUCTION.format(
        options=options,
        half_width=MAX_HALF_WIDTH,
        published=PUBLISHED_LIMIT,
        limit=EPSILON_LIMIT,
    )
    lines = introduction.split("\n")
    for results in all_results:
        lines += _data_set_sections(results, pictures)
    seeds = [
        f"{PUBLISHED[results.corpus['dataset']].name} has {len(results.corpus['seeds'])}"
        for results in all_results
    ]
    return "\n".join([*lines, _OPEN_QUESTIONS.format(seeds=f"{join_names(seeds)}.").rstrip("\n")])


def _data_set_sections(results: Results, pictures: Path | None) -> list[str]:
    decomposition = decompose(results)
    return [
        *setup_section(results),
        *claims_section(results),
        *gaps_section(results, decomposition),
        *(pictures_section(results, pictures.name) if pictures else ()),
        *maps_section(results),
        *accuracy_section(results),
        *curves_section(results),
        *dominance_section(results),
        *overlap_section(results),
        *batches_section(results),
        *efficiency_section(results),
        *cost_section(results),
        *switches_section(results, decomposition),
        *earlier_section(results),
        *_commands_section(results),
    ]


def _commands_section(results: Results) -> list[str]:
    """How to repeat the runs and the report, and how long the runs took."""
    table = results.accuracy
    seconds = table["train_seconds"] + table["select_seconds"].fillna(0)
    totals = seconds.groupby(table["method"], sort=False).sum().items()
    times = "; ".join(f"{method}: {total:,.0f} s" for method, total in totals)
    lines = [
        "### How to repeat this",
        "",
        f"Raw results: `{results.folder}`. Report of this section: {report_command(results)}. The "
        "results are from",
        "",
        *(f"    {command}" for command in results.corpus["commands"]),
        "",
    ]
    if times:
        lines += [
            "Seconds of training and queries in active learning, without the trainings on all "
            f"texts and the maps: {times}.",
            "",
        ]
    return lines
