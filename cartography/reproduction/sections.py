"""Sections of the report on one data set: setup, claims, accuracies, maps and dominance."""

import math
from collections.abc import Callable, Sequence
from itertools import combinations

from cartography.evaluation.significance import EpsilonTable
from cartography.evaluation.verdict import EPSILON_LIMIT
from cartography.formatting import format_against, join_names, strategy_name
from cartography.models.presets import PAPER_PRESETS
from cartography.reproduction.claims import claims
from cartography.reproduction.markdown import (
    EMPTY_CELL,
    caption_table,
    difference_cell,
    estimate_cell,
    paragraph,
    preset_titles,
    report_command,
    trajectory_cells,
)
from cartography.reproduction.plan import MAP_EPOCHS, MAP_KINDS, MAP_NAMES, grid
from cartography.reproduction.published import PUBLISHED, TABLE_2_STRATEGIES
from cartography.reproduction.results import Results, missing_from
from cartography.reproduction.tables import (
    REGIONS,
    Dominance,
    accuracy_rows,
    accuracy_trajectories,
    corpus_counts,
    dominance,
    presets_of,
    region_shares,
    select_curves,
)
from cartography.reproduction.words import format_percent


def setup_section(results: Results) -> list[str]:
    """Return the heading, texts, vectors, seeds and machines, missing runs, and Table 1."""
    corpus, paper = results.corpus, PUBLISHED[results.corpus["dataset"]]
    lines = [f"## {paper.name}", ""]
    if corpus["iterations"] < paper.iterations:
        lines += [
            "**A small version**, with fewer batches than in the paper: it shows that everything "
            "runs, but its numbers do not reproduce the paper.",
            "",
        ]
    lines += [
        f"Features are from {corpus['vectors']}; the paper uses English fastText, 300 dimensions. "
        f"Seeds: {', '.join(map(str, corpus['seeds']))}. "
        f"Machines: {'; '.join(corpus['machines'])}.",
        *corpus["notes"],
    ]
    if corpus["train"] < paper.train:
        lines.append(
            f"The training texts are {corpus['train']:,} of the paper's {paper.train:,}, "
            f"{format_percent(corpus['train'] / paper.train)}."
        )
    if len(corpus["seeds"]) == 2:
        lines.append(
            "Two seeds give no reliable interval: its width is 12.7 times the distance between "
            "the two values, so it is narrow if they are close by chance. Bold type and outcomes "
            "in this section are to be read with this in mind."
        )
    counts = corpus_counts(results)
    rows = [
        ["the paper", *(f"{row.published:,}" for row in counts)],
        ["ours", *(f"{row.ours:,}" for row in counts)],
        ["difference", *(f"{row.ours - row.published:+,}" for row in counts)],
    ]
    header = ["", *(row.label for row in counts)]
    return [
        *lines,
        "",
        *_missing_runs(results),
        "",
        *caption_table(results, "Table 1", "Counts.", header, rows),
    ]


def _missing_runs(results: Results) -> list[str]:
    """Runs of the paper's grid that are missing, or have not all seeds."""
    seeds, iterations = results.corpus["seeds"], results.corpus["iterations"]
    lines = []
    for name in PAPER_PRESETS:
        missing = missing_from(results, grid(name), seeds, iterations)
        if name not in results.methods:
            lines.append(f"Preset {name} was not run.")
        elif missing:
            lines.append(
                f"Not run under preset {name}, or not with all seeds: {join_names(missing)}."
            )
    return lines


def claims_section(results: Results) -> list[str]:
    """Return the table of the paper's claims and our results on them."""
    names = presets_of(results)
    rows = [
        [row[0].text, *(claim.finding.text for claim in row)]
        for row in zip(*(claims(results, name) for name in names), strict=True)
    ]
    header = ["the paper", *(f"preset {name}" for name in names)]
    return caption_table(
        results, "In short", "The paper's claims and our results on them.", header, rows
    )


def accuracy_section(results: Results) -> list[str]:
    """Return Table 3, the accuracies of Section 5, and the region shares on the map."""
    names, seeds = presets_of(results), len(results.corpus["seeds"])
    columns = [(*accuracy_rows(results, name), *region_shares(results, name)) for name in names]
    header = ["", "the paper's"]
    for name in names:
        header += [f"preset {name}", f"{name}: difference"]
    rows = []
    for by_preset in zip(*columns, strict=True):
        if not any(row.ours.seeds for row in by_preset):
            continue
        published = by_preset[0].published
        cells = [by_preset[0].label, EMPTY_CELL if published is None else f"{published:.3f}"]
        for row in by_preset:
            difference = row.difference
            cells.append(estimate_cell(row.ours, seeds))
            cells.append(difference_cell(difference, seeds) if difference else EMPTY_CELL)
        rows.append(cells)
    return caption_table(
        results,
        "Table 3 and Section 5",
        "Accuracy after training on all texts, final accuracy of CAL by t_cor and of CAL+DAL, and "
        "shares of the regions on the map of the training on all texts, which the paper does not "
        "give. How often t_cor was moved is reported below, after the discriminators.",
        header,
        rows,
    )


def maps_section(results: Results) -> list[str]:
    """Return Figures 1, 2, 5 and 6 as numbers."""
    rows = []
    for preset in presets_of(results):
        for kind in MAP_KINDS:
            if data_map := results.data_map(preset, kind):
                means, confidence = data_map.statistics(), data_map.confidence
                rows.append(
                    [
                        f"preset {preset}, {MAP_NAMES[kind]}",
                        f"{means.count:,}",
                        *(f"{means.confidence:.2f}", f"{means.variability:.2f}"),
                        f"{means.correctness:.2f}",
                        *(format_percent(share) for share in means.region_shares),
                        format_percent((confidence < 0.4).mean()),
                        format_percent((confidence > 0.7).mean()),
                    ]
                )
    paper = PUBLISHED[results.corpus["dataset"]]
    header = ["", "texts", "confidence", "variability", "correctness", *REGIONS]
    return caption_table(
        results,
        "Figures 1, 2, 5 and 6",
        f"Maps of {MAP_EPOCHS} epochs with seed {results.corpus['seeds'][0]}: means, shares of "
        "the regions, and shares of texts by confidence. The paper gives no numbers; it says of "
        f"the map of all texts that {paper.density}.",
        [*header, "confidence below 0.4", "above 0.7"],
        rows,
    )


def curves_section(results: Results) -> list[str]:
    """Return Figure 3 as numbers."""
    by_preset = {name: accuracy_trajectories(results, name) for name in presets_of(results)}
    iterations, cells = trajectory_cells(by_preset, len(results.corpus["seeds"]), mean=True)
    return caption_table(
        results,
        "Figure 3",
        "Accuracy by number of batches, and its mean over all iterations: "
        f"{preset_titles(by_preset)}. The paper gives no numbers.",
        ["", *map(str, iterations), "mean"],
        [[strategy_name(strategy), *row] for strategy, row in cells.items()],
    )


def dominance_section(results: Results) -> list[str]:
    """Return Table 2, its order compared with the paper's, and the table by seed."""
    tables: dict[str, Dominance] = {}
    for name in presets_of(results):
        runs = select_curves(results, name)
        if len({run.strategy for run in runs}) > 1:
            tables[name] = dominance(runs)
    if not tables:
        return []
    paper = PUBLISHED[results.corpus["dataset"]]
    strategies = [
        strategy
        for strategy in TABLE_2_STRATEGIES
        if any(strategy_name(strategy) in table.pooled.names for table in tables.values())
    ]
    header = ["", *(strategy_name(strategy) for strategy in strategies)]
    points = join_names(list(dict.fromkeys(str(table.points) for table in tables.values())))
    lines = caption_table(
        results,
        "Table 2",
        f"epsilon_min of the row over the column: the paper's / {preset_titles(tables)}. As in "
        f"the paper, the scores of all seeds at {points} points (after the seed set and after "
        "each batch) are pooled as if those of one run were independent.",
        header,
        _square(
            strategies,
            lambda row, column: [
                f"{paper.epsilon_of(row, column):.2f}",
                *(_epsilon_cell(table.pooled, row, column) for table in tables.values()),
            ],
        ),
    )
    lines += [*_compare_orders(results, tables), *_lower_half(results, tables)]
    by_seed = {name: table.by_seed for name, table in tables.items() if table.by_seed}
    if by_seed:
        lines += caption_table(
            results,
            "Table 2, one score per seed",
            "The same without that assumption, with each seed's mean over the iterations as its "
            f"only score: {preset_titles(by_seed)}.",
            header,
            _square(
                strategies,
                lambda row, column: [
                    _epsilon_cell(table, row, column) for table in by_seed.values()
                ],
            ),
        )
    return lines


def _square(strategies: Sequence[str], cells: Callable[[str, str], list[str]]) -> list[list[str]]:
    """Rows of a table of each strategy over each other."""
    return [
        [
            strategy_name(row),
            *("" if row == column else " / ".join(cells(row, column)) for column in strategies),
        ]
        for row in strategies
    ]


def _epsilon_cell(table: EpsilonTable, row: str, column: str) -> str:
    pair = strategy_name(row), strategy_name(column)
    if not set(pair) <= set(table.names):
        return EMPTY_CELL
    return format_against(table.of(*pair), EPSILON_LIMIT, digits=2)


def _compare_orders(results: Results, tables: dict[str, Dominance]) -> list[str]:
    """How many pairs of Table 2 show an order, and how many of these the paper's order."""
    paper = PUBLISHED[results.corpus["dataset"]]
    sentences = []
    for name, table in tables.items():
        epsilon = table.pooled
        compared = [row for row in TABLE_2_STRATEGIES if strategy_name(row) in epsilon.names]
        same = opposite = shown = published = 0
        for first, second in combinations(compared, 2):
            names = strategy_name(first), strategy_name(second)
            ours = _order(epsilon.of(*names), epsilon.of(*reversed(names)))
            theirs = _order(paper.epsilon_of(first, second), paper.epsilon_of(second, first))
            same += int(ours != 0 and ours == theirs)
            opposite += int(ours != 0 and ours == -theirs)
            shown += int(ours != 0)
            published += int(theirs != 0)
        sentences.append(
            f"Under preset {name} {math.comb(len(compared), 2)} pairs were compared. An order "
            f"(epsilon_min below {EPSILON_LIMIT:g} in one direction) is shown for {shown}, in the "
            f"paper for {published}. It agrees with the paper's for {same} and contradicts it for "
            f"{opposite}."
        )
    return [f"{' '.join(sentences)} ({report_command(results)})", ""]


def _lower_half(results: Results, tables: dict[str, Dominance]) -> list[str]:
    """What CAL's row means if the lower half of the paper's table is one minus the upper half."""
    paper = PUBLISHED[results.corpus["dataset"]]
    pairs = list(combinations(TABLE_2_STRATEGIES, 2))
    sums = [
        (paper.epsilon_of(*pair) or 0) + (paper.epsilon_of(*reversed(pair)) or 0) for pair in pairs
    ]
    ones = sum(round(both, 2) == 1 for both in sums)
    others = [strategy for strategy in TABLE_2_STRATEGIES if strategy != "cal"]
    names, cal = [strategy_name(other) for other in others], strategy_name("cal")
    rows = {"the paper": [paper.epsilon_of("cal", other) for other in others]}
    for preset, table in tables.items():
        if {*names, cal} <= set(table.pooled.names):
            rows[f"preset {preset}"] = [1 - table.pooled.of(name, cal) for name in names]
    cells = [f"{label} {', '.join(f'{value:.2f}' for value in row)}" for label, row in rows.items()]
    return paragraph(
        results,
        "Table 2, its lower half",
        f"In the paper {ones} of {len(pairs)} pairs add up to 1.00, although bounds in both "
        "directions need not. The earlier public version of the authors' code computes only the "
        "upper half, in this order of strategies, and fills the lower half with one minus it. If "
        "the paper's table was made in this way, CAL's row says that no other strategy is shown to "
        "be better than CAL, and not that CAL is shown to be better. CAL's row computed as one "
        f"minus CAL's column, over {join_names(names)}: {'; '.join(cells)}.",
    )


def _order(forward: float | None, backward: float | None) -> int:
    """1 if epsilon_min shows the first of a pair ahead, -1 if the second, 0 if neither."""
    assert forward is not None
    assert backward is not None
    return int(forward < EPSILON_LIMIT) - int(backward < EPSILON_LIMIT)
