"""What the report says of the switches, one by one, for one data set."""

from cartography.formatting import join_names
from cartography.models.presets import PRESETS
from cartography.models.switches import describe_switches
from cartography.reproduction.decomposition import (
    DIFFERENCES,
    MEASURES,
    Decomposition,
    DecompositionPart,
)
from cartography.reproduction.estimates import estimate, last, on_all_texts, paired
from cartography.reproduction.markdown import NOTHING, caption_table, cell, change, command
from cartography.reproduction.pick_sections import moved_words
from cartography.reproduction.plan import CAL_ALONE, EARLIER, UNREAD
from cartography.reproduction.published import PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.words import (
    describe_estimate,
    describe_gap,
    describe_switch_effects,
    verdict_words,
)

_ANSWERED = (
    *("all texts", "CAL less all texts, last", "Random less all texts, last"),
    "CAL less Random, mean",
)
"""The measures whose gaps between the presets are told in words."""


def answers(results: Results, taken: Decomposition) -> list[str]:
    """What the decomposition comes to: what makes each gap, and whether CAL beats Random."""
    paper = PUBLISHED[results.corpus["dataset"]]
    published = {"all texts": paper.full, "CAL less all texts, last": paper.cal - paper.full}
    return [
        "### What makes the differences",
        "",
        *(f"- {describe_gap(taken, measure, published.get(measure))}" for measure in _ANSWERED),
        "",
        "Whether CAL beats Random, judged by these two alone, where Table 2 corrects for all its "
        "pairs:",
        "",
        *verdict_words(taken),
        "",
        f"({command(results)})",
        "",
    ]


def switches(results: Results, taken: Decomposition) -> list[str]:
    """The decomposition, switch by switch."""
    lines = ["### Switch by switch", ""]
    if not any(part.setting for part in taken.parts):
        return [*lines, "No switch was run by itself.", ""]
    lines += [
        "What one switch does by itself, from either preset: an effect is shown when its interval, "
        "paired by seed, leaves out 0. Of twenty switches without any effect one is shown by "
        "chance. Shares are of the gap between the presets; they need not add up to 100 %, since "
        "switches act on each other.",
        "",
    ]
    for measure in _ANSWERED:
        lines += [*describe_switch_effects(taken, measure), "", f"({command(results)})", ""]
    seeds = len(results.corpus["seeds"])
    return [
        *lines,
        *_settings(),
        *caption_table(
            results,
            "Switches",
            "Accuracy under each preset and with one switch changed, and under it what the switch "
            'changes; "mean" is over all iterations, "last" after the last batch; epsilon_min of '
            "CAL over Random, pooled, of these two alone.",
            ["", *MEASURES, "epsilon_min"],
            [_row(part, seeds) for part in taken.parts],
        ),
        *moved_words(results, [part.name for part in taken.parts if part.setting]),
        *_not_run(taken),
    ]


def _settings() -> list[str]:
    """What the switches are that were run, and what they are set to."""
    reasons = describe_switches()
    settings = {name: preset.switches.settings() for name, preset in PRESETS.items()}
    lines = []
    for name, reason in reasons.items():
        if name not in UNREAD:
            values = join_names([f"{its[name]} in {preset}" for preset, its in settings.items()])
            lines.append(f"- `{name}` ({values}): {reason}")
    return ["The switches:", "", *lines, ""]


def earlier(results: Results) -> list[str]:
    """What twice the epochs for CAL make of its lead, as in an earlier version of the code; nothing
    where that was not run.
    """
    twice, once = EARLIER.name, EARLIER.preset.name
    paper = PUBLISHED[results.corpus["dataset"]]
    ends = {
        (strategy, method): last(results, method, strategy)
        for strategy in ("cal", "random")
        for method in (once, twice)
    }
    if ends["cal", twice].empty or ends["random", once].empty:
        return []
    unequal = paired(ends["cal", twice], ends["random", once])
    equal = paired(ends["cal", twice], ends["random", twice])
    above = paired(ends["cal", twice], on_all_texts(results, once))
    epochs, more = PRESETS[once].classifier.epochs, EARLIER.preset.classifier.epochs
    return [
        "### An earlier version of the code",
        "",
        "An earlier public version of the authors' code (github.com/jjzha/cartography-al) trains "
        "CAL and DAL, but not the others, once more on the same texts before each query but the "
        "first. Its weights are never reset, so that these two take about twice the steps. "
        f"Preset {once} with {more} epochs in place of {epochs} has about as many for CAL; all "
        "else is as in that preset. Which version the paper's figures are from is not known.",
        "",
        f"- Final accuracy of CAL: {describe_estimate(estimate(ends['cal', once]))} with {epochs} epochs, "
        f"{describe_estimate(estimate(ends['cal', twice]))} with {more}; the paper has {paper.cal:.3f}.",
        f"- CAL with {more} less Random with {epochs}: {describe_estimate(estimate(unequal), signed=True)}; "
        f"both with {more}: {describe_estimate(estimate(equal), signed=True)}.",
        f"- CAL with {more} less a training on all texts with {epochs}: "
        f"{describe_estimate(estimate(above), signed=True)}; the paper has {paper.cal - paper.full:+.3f}. All "
        f"texts with {more} epochs: {describe_estimate(estimate(on_all_texts(results, twice)))}.",
        "",
        f"({command(results)})",
        "",
    ]


def _row(part: DecompositionPart, seeds: int) -> list[str]:
    cells = []
    for name, level in part.levels.items():
        text = change(level, seeds) if name in DIFFERENCES else cell(level, seeds)
        if name in part.effects and part.effects[name].seeds:
            text += f"<br>{change(part.effects[name], seeds)}"
        cells.append(text)
    return [part.name, *cells, f"{part.verdict.epsilon:.2f}" if part.verdict else NOTHING]


def _not_run(taken: Decomposition) -> list[str]:
    """Which switches cannot act here, why, and which were left out besides."""
    reasons = describe_switches()
    idle = " ".join(f"`{name}`: {reasons[name]}" for name in UNREAD)
    lines = [
        f"Not run, since neither CAL, Random nor a training on all texts reads them: {idle}",
        "",
    ]
    lines += [
        f"Random does not read {join_names([f'`{name}`' for name in CAL_ALONE])}: its runs with these "
        "are the preset's.",
        "",
    ]
    lines += [
        "Four departures have no switch. The released code computes class weights and does not "
        "use them, which changes nothing. It reads the descriptions of AG News without the titles, "
        "which one column cannot tell apart. It ends at a text of more than 42 tokens (TREC) or "
        "200 (AG News), the paper's maximum; here such a text is read whole. And where t_cor "
        "leaves one side empty, the discriminator of an earlier public version has one "
        "class, which every text of the pool then has for certain, so that the pool's first texts "
        "are taken; here t_cor is moved.",
        "",
    ]
    if taken.missing:
        lines += [f"Not run yet, or not with all seeds: {'; '.join(taken.missing)}.", ""]
    return lines
