"""Sections of the report on the switches, one by one, for one data set."""

from cartography.formatting import join_names
from cartography.models.presets import PAPER_PRESETS
from cartography.models.switches import describe_switches
from cartography.reproduction.decomposition import (
    DIFFERENCES,
    MEASURES,
    Decomposition,
    DecompositionPart,
)
from cartography.reproduction.estimates import (
    Estimate,
    estimate,
    final_accuracy,
    full_training,
    paired_difference,
)
from cartography.reproduction.markdown import (
    EMPTY_CELL,
    caption_table,
    difference_cell,
    estimate_cell,
    report_command,
)
from cartography.reproduction.pick_sections import describe_threshold_moves
from cartography.reproduction.plan import CAL_ONLY_SWITCHES, EARLIER_CODE, UNUSED_SWITCHES
from cartography.reproduction.published import PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.words import (
    describe_estimate,
    describe_gap,
    describe_switch_effects,
    describe_verdicts,
)

_DESCRIBED_MEASURES = (
    *("all texts", "CAL less all texts, last", "Random less all texts, last"),
    "CAL less Random, mean",
)
"""The measures whose gaps between the presets are described in words."""


def gaps_section(results: Results, decomposition: Decomposition) -> list[str]:
    """Return what causes each gap between the presets, and whether CAL beats Random."""
    paper = PUBLISHED[results.corpus["dataset"]]
    published = {"all texts": paper.full, "CAL less all texts, last": paper.cal - paper.full}
    gaps = [
        describe_gap(decomposition, measure, published.get(measure))
        for measure in _DESCRIBED_MEASURES
    ]
    return [
        "### What causes the differences",
        "",
        *(f"- {gap}" for gap in gaps),
        "",
        "Whether CAL beats Random, with only these two compared (Table 2 corrects for all its "
        "pairs):",
        "",
        *describe_verdicts(decomposition),
        "",
        f"({report_command(results)})",
        "",
    ]


def switches_section(results: Results, decomposition: Decomposition) -> list[str]:
    """Return the effects of the switches, one by one."""
    lines = ["### Switch by switch", ""]
    if not any(part.setting for part in decomposition.parts):
        return [*lines, "No switch was run by itself.", ""]
    lines += [
        "The effect of each switch by itself, starting from either preset. An effect is shown if "
        "its interval, paired by seed, excludes 0. Of twenty switches without any effect, one is "
        "shown by chance. Percentages are shares of the gap between the presets; they need not "
        "add up to 100 %, since switches interact.",
        "",
    ]
    for measure in _DESCRIBED_MEASURES:
        effects = describe_switch_effects(decomposition, measure)
        lines += [*effects, "", f"({report_command(results)})", ""]
    seeds = len(results.corpus["seeds"])
    switch_methods = [part.name for part in decomposition.parts if part.setting]
    return [
        *lines,
        *_list_switches(),
        *caption_table(
            results,
            "Switches",
            "Accuracy under each preset and with one switch changed, and below it the effect of "
            'the switch. "mean" is over all iterations, "last" is after the last batch. '
            "epsilon_min is that of CAL over Random, pooled, with only these two compared.",
            ["", *MEASURES, "epsilon_min"],
            [_part_row(part, seeds) for part in decomposition.parts],
        ),
        *describe_threshold_moves(results, switch_methods),
        *_missing_switches(decomposition),
    ]


def _list_switches() -> list[str]:
    """The switches that were run, with their values and descriptions."""
    settings = {name: preset.switches.settings() for name, preset in PAPER_PRESETS.items()}
    lines = []
    for switch, description in describe_switches().items():
        if switch not in UNUSED_SWITCHES:
            values = [f"{values[switch]} in {preset}" for preset, values in settings.items()]
            lines.append(f"- `{switch}` ({join_names(values)}): {description}")
    return ["The switches:", "", *lines, ""]


def earlier_section(results: Results) -> list[str]:
    """Return the effect of twice the epochs for CAL, as in an earlier version of the code.

    No lines if that was not run.
    """
    twice, once = EARLIER_CODE.name, EARLIER_CODE.preset.name
    paper = PUBLISHED[results.corpus["dataset"]]
    finals = {
        (strategy, method): final_accuracy(results, method, strategy)
        for strategy in ("cal", "random")
        for method in (once, twice)
    }
    cal = finals["cal", twice]
    if cal.empty or finals["random", once].empty:
        return []

    def signed(value: Estimate) -> str:
        return describe_estimate(value, signed=True)

    over_once = signed(estimate(paired_difference(cal, finals["random", once])))
    over_twice = signed(estimate(paired_difference(cal, finals["random", twice])))
    over_full = signed(estimate(paired_difference(cal, full_training(results, once))))
    epochs, more = PAPER_PRESETS[once].classifier.epochs, EARLIER_CODE.preset.classifier.epochs
    return [
        "### An earlier version of the code",
        "",
        "An earlier public version of the authors' code (github.com/jjzha/cartography-al) trains "
        "CAL and DAL, but not the others, once more on the same texts before each query except the "
        "first. Its weights are never reset, so these two take about twice as many steps. "
        f"Preset {once} with {more} epochs instead of {epochs} takes about as many for CAL; "
        "everything else is as in that preset. It is not known which version the paper's numbers "
        "are from.",
        "",
        f"- Final accuracy of CAL: {describe_estimate(estimate(finals['cal', once]))} with "
        f"{epochs} epochs, {describe_estimate(estimate(cal))} with {more}; the paper has "
        f"{paper.cal:.3f}.",
        f"- CAL with {more} minus Random with {epochs}: {over_once}; both with {more}: "
        f"{over_twice}.",
        f"- CAL with {more} minus a training on all texts with {epochs}: {over_full}; the paper "
        f"has {paper.cal - paper.full:+.3f}. All texts with {more} epochs: "
        f"{describe_estimate(estimate(full_training(results, twice)))}.",
        "",
        f"({report_command(results)})",
        "",
    ]


def _part_row(part: DecompositionPart, seeds: int) -> list[str]:
    cells = []
    for name, level in part.levels.items():
        text = (difference_cell if name in DIFFERENCES else estimate_cell)(level, seeds)
        if name in part.effects and part.effects[name].seeds:
            text += f"<br>{difference_cell(part.effects[name], seeds)}"
        cells.append(text)
    return [part.name, *cells, f"{part.verdict.epsilon:.2f}" if part.verdict else EMPTY_CELL]


def _missing_switches(decomposition: Decomposition) -> list[str]:
    """Which switches were not run and why, and differences without a switch."""
    descriptions = describe_switches()
    unused = " ".join(f"`{name}`: {descriptions[name]}" for name in UNUSED_SWITCHES)
    cal_alone = join_names([f"`{name}`" for name in CAL_ONLY_SWITCHES])
    lines = [
        f"Not run, since neither CAL, Random nor a training on all texts uses them: {unused}",
        "",
        f"Random does not use {cal_alone}: its runs with these are the preset's.",
        "",
        "Four differences from the released code have no switch. It computes class weights and "
        "does not use them, which changes nothing. It reads the descriptions of AG News without "
        "the titles, which cannot be separated when both are in one column. It stops with an error "
        "at a text of more than 42 tokens (TREC) or 200 (AG News), the paper's maximum; here such "
        "a text is read completely. And if t_cor leaves one side empty, the discriminator of an "
        "earlier public version has only one class, which it predicts with certainty for every "
        "text of the pool, so the first texts of the pool are picked; here t_cor is moved.",
        "",
    ]
    if decomposition.missing:
        lines += [f"Not run yet, or not with all seeds: {'; '.join(decomposition.missing)}.", ""]
    return lines
