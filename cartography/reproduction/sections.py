"""What the report says of one data set: what was run, what it shows, and its accuracies."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from cartography.evaluation.significance import EpsilonTable
from cartography.evaluation.verdict import EPSILON_LIMIT
from cartography.formatting import format_against, join_names, strategy_name
from cartography.models.presets import PRESETS
from cartography.reproduction.claims import claims
from cartography.reproduction.markdown import (
    NOTHING,
    caption_table,
    cell,
    change,
    command,
    paragraph,
)
from cartography.reproduction.plan import MAP_EPOCHS, MAPPED, MAPPED_NAMES, grid
from cartography.reproduction.published import COMPARED, PUBLISHED
from cartography.reproduction.results import Results, missing_from
from cartography.reproduction.tables import (
    REGIONS,
    Dominance,
    accuracies,
    accuracy_trajectories,
    compared_runs,
    counts,
    dominance,
    presets_of,
    regions,
)
from cartography.reproduction.words import percent


def setting(results: Results) -> list[str]:
    """What was run, on what, and what was not."""
    corpus, paper = results.corpus, PUBLISHED[results.corpus["dataset"]]
    lines = [f"## {paper.name}", ""]
    if corpus["iterations"] < paper.iterations:
        lines += [
            "**A small version**, of fewer batches than the paper has: it shows that everything "
            "runs, and its figures are no reproduction.",
            "",
        ]
    lines += [
        f"Features are from {corpus['vectors']}; the paper has English fastText, 300 dimensions. "
        f"Seeds: {', '.join(map(str, corpus['seeds']))}. Cores: {'; '.join(corpus['machines'])}.",
        *corpus["notes"],
    ]
    if corpus["train"] < paper.train:
        lines.append(
            f"The training texts at hand are {corpus['train']:,} of the paper's {paper.train:,}, "
            f"{percent(corpus['train'] / paper.train)}."
        )
    if len(corpus["seeds"]) == 2:
        lines.append(
            "Two seeds give no interval to rely on: theirs is 12.7 times half their distance, and "
            "where the two are alike by chance it is narrow by chance. Bold type and outcomes of "
            "this section are to be read so."
        )
    each = counts(results)
    rows = [
        ["the paper", *(f"{one.published:,}" for one in each)],
        ["ours", *(f"{one.ours:,}" for one in each)],
        ["difference", *(f"{one.ours - one.published:+,}" for one in each)],
    ]
    header = ["", *(one.label for one in each)]
    return [
        *lines,
        "",
        *_gone_without(results),
        "",
        *caption_table(results, "Table 1", "Counts.", header, rows),
    ]


def _gone_without(results: Results) -> list[str]:
    """What of the paper's grid was not run, or not with all seeds."""
    seeds, iterations = results.corpus["seeds"], results.corpus["iterations"]
    lines = []
    for name in PRESETS:
        missing = missing_from(results, grid(name), seeds, iterations)
        if name not in results.methods:
            lines.append(f"Preset {name} was not run.")
        elif missing:
            lines.append(
                f"Not run under preset {name}, or not with all seeds: {join_names(missing)}."
            )
    return lines


def in_short(results: Results) -> list[str]:
    """The paper's claims, and what the results say to each."""
    names = presets_of(results)
    rows = [
        [same[0].text, *(one.finding.told for one in same)]
        for same in zip(*(claims(results, name) for name in names), strict=True)
    ]
    header = ["the paper", *(f"preset {name}" for name in names)]
    return caption_table(
        results, "In short", "What the paper says and what comes out.", header, rows
    )


def final_accuracy(results: Results) -> list[str]:
    """Table 3, the accuracies of Section 5, and the regions after a whole training."""
    names, seeds = presets_of(results), len(results.corpus["seeds"])
    each = [(*accuracies(results, name), *regions(results, name)) for name in names]
    header = ["", "the paper's"]
    for name in names:
        header += [f"preset {name}", f"{name}: difference"]
    rows = []
    for same in zip(*each, strict=True):
        if not any(row.ours.seeds for row in same):
            continue
        published = same[0].published
        line = [same[0].label, NOTHING if published is None else f"{published:.3f}"]
        for row in same:
            off = row.difference
            line += [cell(row.ours, seeds), change(off, seeds) if off else NOTHING]
        rows.append(line)
    return caption_table(
        results,
        "Table 3 and Section 5",
        "Accuracy of a training on all texts, final accuracy of CAL by t_cor and of CAL+DAL, and "
        "shares of the regions on the map of that training, which the paper does not have. How "
        "often a t_cor had to be moved is told below, with the discriminators.",
        header,
        rows,
    )


def maps(results: Results) -> list[str]:
    """Figures 1, 2, 5 and 6 as numbers."""
    rows = []
    for preset in presets_of(results):
        for mapped in MAPPED:
            if found := results.data_map(preset, mapped):
                whole, confidence = found.statistics(), found.confidence
                rows.append(
                    [
                        f"preset {preset}, {MAPPED_NAMES[mapped]}",
                        f"{whole.count:,}",
                        *(f"{whole.confidence:.2f}", f"{whole.variability:.2f}"),
                        f"{whole.correctness:.2f}",
                        *(percent(share) for share in whole.region_shares),
                        *(percent((confidence < 0.4).mean()), percent((confidence > 0.7).mean())),
                    ]
                )
    paper = PUBLISHED[results.corpus["dataset"]]
    header = ["", "texts", "confidence", "variability", "correctness", *REGIONS]
    return caption_table(
        results,
        "Figures 1, 2, 5 and 6",
        f"Maps of {MAP_EPOCHS} epochs with seed {results.corpus['seeds'][0]}: means, shares of "
        "the regions, and shares of texts by their confidence. The paper gives no numbers; it "
        f"says of the map of all texts that {paper.density}.",
        [*header, "confidence below 0.4", "above 0.7"],
        rows,
    )


def along(results: Results) -> list[str]:
    """Figure 3 as numbers."""
    names = presets_of(results)
    each = {
        (name, course.strategy): course
        for name in names
        for course in accuracy_trajectories(results, name)
    }
    if not each:
        return []
    shown = next(iter(each.values())).iterations
    columns = len(shown) + 1

    def cells(name: str, strategy: str) -> list[str]:
        course = each.get((name, strategy))
        if course is None:
            return [NOTHING] * columns
        seeds = len(results.corpus["seeds"])
        return [cell(value, seeds) for value in (*course.at, course.mean)]

    rows = []
    for strategy in dict.fromkeys(strategy for _, strategy in each):
        by_preset = zip(*(cells(name, strategy) for name in names), strict=True)
        rows.append([strategy_name(strategy), *map(" / ".join, by_preset)])
    return caption_table(
        results,
        "Figure 3",
        f"Accuracy after so many batches, and averaged over all iterations: {_presets(names)}. "
        "The paper gives no numbers.",
        ["", *map(str, shown), "mean"],
        rows,
    )


def order(results: Results) -> list[str]:
    """Table 2, and the same with a seed's mean as one score."""
    orders: dict[str, Dominance] = {}
    for name in presets_of(results):
        runs = compared_runs(results, name)
        if len({run.strategy for run in runs}) > 1:
            orders[name] = dominance(runs)
    if not orders:
        return []
    paper = PUBLISHED[results.corpus["dataset"]]
    strategies = [
        strategy
        for strategy in COMPARED
        if any(strategy_name(strategy) in each.pooled.names for each in orders.values())
    ]
    header = ["", *(strategy_name(each) for each in strategies)]
    points = join_names(list(dict.fromkeys(str(each.points) for each in orders.values())))
    lines = caption_table(
        results,
        "Table 2",
        f"epsilon_min of the row over the column: the paper's / {_presets(orders)}. Scores of all "
        f"seeds at {points} points, the seed set's and one after each batch, are pooled as in the "
        "paper, as if those of one run were independent.",
        header,
        _square(
            strategies,
            lambda row, column: [
                f"{paper.epsilon_of(row, column):.2f}",
                *(_epsilon(each.pooled, row, column) for each in orders.values()),
            ],
        ),
    )
    lines += [*_same_order(results, orders), *_as_halves(results, orders)]
    apart = {name: each.by_seed for name, each in orders.items() if each.by_seed}
    if apart:
        lines += caption_table(
            results,
            "Table 2, a score a seed",
            "The same without that assumption, each seed's mean over its iterations being one "
            f"score: {_presets(apart)}.",
            header,
            _square(
                strategies,
                lambda row, column: [_epsilon(each, row, column) for each in apart.values()],
            ),
        )
    return lines


def _square(strategies: Sequence[str], cells: Callable[[str, str], list[str]]) -> list[list[str]]:
    """The rows of a table of each strategy over each other."""
    return [
        [
            strategy_name(row),
            *("" if row == column else " / ".join(cells(row, column)) for column in strategies),
        ]
        for row in strategies
    ]


def _epsilon(table: EpsilonTable, row: str, column: str) -> str:
    pair = strategy_name(row), strategy_name(column)
    if not set(pair) <= set(table.names):
        return NOTHING
    return format_against(table.of(*pair), EPSILON_LIMIT, digits=2)


def _presets(names: Iterable[str]) -> str:
    return " / ".join(f"preset {name}" for name in names)


def _same_order(results: Results, orders: dict[str, Dominance]) -> list[str]:
    """How many pairs of Table 2 show an order here, and how many of them the paper's."""
    paper = PUBLISHED[results.corpus["dataset"]]
    lines = []
    for name, each in orders.items():
        there = [row for row in COMPARED if strategy_name(row) in each.pooled.names]
        same = opposite = shown = published = 0
        for one, other in combinations(there, 2):
            first, second = strategy_name(one), strategy_name(other)
            ours = _order(each.pooled.of(first, second), each.pooled.of(second, first))
            theirs = _order(paper.epsilon_of(one, other), paper.epsilon_of(other, one))
            same += int(ours != 0 and ours == theirs)
            opposite += int(ours != 0 and ours == -theirs)
            shown += int(ours != 0)
            published += int(theirs != 0)
        lines.append(
            f"Under preset {name} {math.comb(len(there), 2)} pairs were compared. An order is "
            f"shown (epsilon_min below {EPSILON_LIMIT:g} one way) for {shown}, in the paper for "
            f"{published}; it is the paper's for {same}, against the paper's for {opposite}."
        )
    return [f"{' '.join(lines)} ({command(results)})", ""]


def _as_halves(results: Results, orders: dict[str, Dominance]) -> list[str]:
    """What the paper's lower half says if it is one minus the upper, and ours read in that way."""
    paper = PUBLISHED[results.corpus["dataset"]]
    pairs = list(combinations(COMPARED, 2))
    sums = [(paper.epsilon_of(*pair), paper.epsilon_of(*reversed(pair))) for pair in pairs]
    halves = sum(round((one or 0) + (other or 0), 2) == 1 for one, other in sums)
    others = [each for each in COMPARED if each != "cal"]
    rows = {"the paper": [paper.epsilon_of("cal", each) for each in others]}
    for name, each in orders.items():
        names = [strategy_name(one) for one in others]
        if {*names, strategy_name("cal")} <= set(each.pooled.names):
            over_cal = (each.pooled.of(one, strategy_name("cal")) for one in names)
            rows[f"preset {name}"] = [1 - value for value in over_cal]
    said = [f"{name} {', '.join(f'{value:.2f}' for value in row)}" for name, row in rows.items()]
    return paragraph(
        results,
        "Table 2, its lower half",
        f"In the paper {halves} of {len(pairs)} pairs add up to 1.00, which bounds from both sides "
        "need not. The earlier public version of the authors' code computes the upper half alone, "
        "in this order of strategies, and writes one minus it below. If the paper's table was made "
        "so, CAL's row says that none of the others is shown to be better than CAL, and not that "
        "CAL is shown to be better. CAL's row, one minus CAL's column, over "
        f"{join_names([strategy_name(each) for each in others])}: {'; '.join(said)}.",
    )


def _order(forth: float | None, back: float | None) -> int:
    """1 where the first of a pair is ahead by epsilon_min `forth`, -1 the second by `back`."""
    assert forth is not None
    assert back is not None
    return int(forth < EPSILON_LIMIT) - int(back < EPSILON_LIMIT)
