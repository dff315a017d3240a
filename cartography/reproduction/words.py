"""Sentences on the effects of switches, and numbers in sentences."""

from collections.abc import Mapping
from functools import reduce

from pandas import Series

from cartography.evaluation.verdict import LabelsSaved
from cartography.formatting import count_noun, format_against, join_names
from cartography.models.presets import PAPER, PAPER_PRESETS
from cartography.reproduction import plan
from cartography.reproduction.decomposition import DIFFERENCES, Decomposition, DecompositionPart
from cartography.reproduction.estimates import Estimate, estimate, paired_difference
from cartography.reproduction.markdown import EMPTY_CELL
from cartography.reproduction.published import EPSILON_LIMIT as PUBLISHED_LIMIT

AS_PUBLISHED = "as the paper has it"
AGAINST = "against the paper"
UNCERTAIN = "uncertain"
OUTCOMES: Mapping[str, str] = {
    "advantage": AS_PUBLISHED,
    "disadvantage": AGAINST,
    "none shown": UNCERTAIN,
}
"""Outcome of the paper's claim that CAL has an advantage, by the outcome of the verdict on CAL."""


def describe_estimate(value: Estimate, *, signed: bool = False) -> str:
    """Return an estimate for a sentence: "0.870 [0.861, 0.879]", with a sign if `signed`."""
    if not value.seeds:
        return "not run"
    mean = f"{value.mean:{'+z' if signed else ''}.3f}"
    if value.seeds == 1:
        return f"{mean} on one seed"
    low, high = (format_against(bound, 0, digits=3) for bound in (value.low, value.high))
    return f"{mean} [{low}, {high}]"


def describe_labels_saved(saved: LabelsSaved | None) -> str:
    """Return labels saved for a cell: "+92 [+66, +118]", or a dash if they cannot be counted."""
    if saved is None or not saved.counted:
        return EMPTY_CELL
    if saved.counted == 1:
        return f"{saved.mean:+,.0f} (1 seed)"
    return f"{saved.mean:+,.0f} [{saved.low:+,.0f}, {saved.high:+,.0f}]"


def format_percent(share: float) -> str:
    """Return a share as "14 %"."""
    return f"{100 * share:.0f} %"


def describe_gap(decomposition: Decomposition, measure: str, published: float | None) -> str:
    """Describe the gap between the presets, and the switches that are shown to cause it.

    Parameters
    ----------
    decomposition : Decomposition
        The effects of the switches.
    measure : str
        Entry of `MEASURES`.
    published : float or None
        The paper's number, or None if it has none.

    Returns
    -------
    str
        Markdown. An effect is shown if its interval excludes 0; its share is that of the gap on
        the seeds that the switch was run with.
    """
    gap = decomposition.gaps[measure]
    title = f"**{_capitalise(measure)}.**"
    if not gap.seeds:
        return f"{title} The gap is not known, since it was not run under both presets."
    signed = measure in DIFFERENCES
    levels = [
        f"preset {name} {describe_estimate(part.levels[measure], signed=signed)}"
        for name in PAPER_PRESETS
        if (part := decomposition.preset(name)) is not None
    ]
    if published is not None:
        levels.insert(0, f"the paper {published:{'+' if signed else ''}.3f}")
    paper, released = PAPER_PRESETS
    return (
        f"{title} {_capitalise('; '.join(levels))}. From preset {paper} to preset {released}: "
        f"{describe_estimate(gap, signed=True)}, {_gap_outcome(gap)}."
        f"{_describe_causes(decomposition, measure)}"
    )


def describe_switch_effects(decomposition: Decomposition, measure: str) -> list[str]:
    """Describe the effect of each switch by itself, starting from either preset.

    Parameters
    ----------
    decomposition : Decomposition
        The effects of the switches.
    measure : str
        Entry of `MEASURES`.

    Returns
    -------
    list of str
        Markdown lines: a title, an empty line, and a list item per preset.
    """
    return [
        f"**{_capitalise(measure)}.**",
        "",
        *(_describe_effects_from(decomposition, base, measure) for base in PAPER_PRESETS),
    ]


def _capitalise(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _gap_outcome(gap: Estimate) -> str:
    if gap.seeds == 1:
        return "and one seed cannot show a gap"
    return "a gap" if gap.sign else "no gap shown, since the interval contains 0"


def _direction(base: str) -> int:
    """1 if a switch of this preset moves towards preset released, -1 if it moves back."""
    return 1 if base == PAPER.name else -1


def _share_of_gap(decomposition: Decomposition, part: DecompositionPart, measure: str) -> float:
    """Effect of the switch as a share of the gap, both on the seeds that it was run with."""
    effects = part.effects_by_seed[measure]
    gaps = decomposition.gaps_by_seed[measure].reindex(effects.index)
    return _direction(part.base) * effects.mean() / gaps.mean()


def _describe_causes(decomposition: Decomposition, measure: str) -> str:
    """Which switches are shown to cause the gap, from both presets and from only one."""
    gap = decomposition.gaps[measure]
    bases = [*PAPER_PRESETS]
    if not gap.sign or not all(_measured_parts(decomposition, base, measure) for base in bases):
        return ""
    shares: dict[str, dict[str, float]] = {}
    for base in bases:
        for part in _measured_parts(decomposition, base, measure):
            share = _share_of_gap(decomposition, part, measure)
            if part.effects[measure].sign and share > 0:
                shares.setdefault(part.switch, {})[base] = share
    from_both: list[str] = []
    from_one: list[str] = []
    for switch, by_base in sorted(shares.items(), key=lambda item: -sum(item[1].values())):
        sides = " and ".join(
            f"{format_percent(share)} of the gap from preset {base}"
            for base, share in by_base.items()
        )
        (from_both if len(by_base) == len(bases) else from_one).append(f"{switch} ({sides})")
    text = (
        f" **Caused by {join_names(from_both)}**, shown from both presets."
        if from_both
        else " No switch is shown to cause part of it from both presets."
    )
    if from_one:
        text += (
            " Shown from one preset only, with the other switches as in that preset: "
            f"{join_names(from_one)}."
        )
    return text


def _measured_parts(
    decomposition: Decomposition, base: str, measure: str
) -> list[DecompositionPart]:
    """The switches of one preset with a value of `measure`."""
    return [part for part in decomposition.switch_parts(base) if part.effects[measure].seeds]


def _describe_effects_from(decomposition: Decomposition, base: str, measure: str) -> str:
    """The effects of the switches of one preset: shown, within noise, none at all."""
    parts, gap = _measured_parts(decomposition, base, measure), decomposition.gaps[measure]
    if not parts:
        return f"- From preset {base}: no switch was run."
    effects = {part: part.effects[measure] for part in parts}
    shown = sorted(
        (part for part in parts if effects[part].sign), key=lambda part: -abs(effects[part].mean)
    )
    clauses = []
    for part in shown:
        level = f"{part.levels[measure].mean:{'+z' if measure in DIFFERENCES else ''}.3f}"
        clause = (
            f"{_setting_with_seeds(part, decomposition, measure)} changes it by "
            f"{describe_estimate(effects[part], signed=True)} to {level}"
        )
        if gap.sign:
            share = _share_of_gap(decomposition, part, measure)
            clause += f" ({format_percent(share) if share > 0 else 'away from the other preset'})"
        clauses.append(clause)
    line = f"- From preset {base}: {'; '.join(clauses) if clauses else 'no effect is shown'}."
    zero = [part for part in parts if effects[part].low == effects[part].high == 0]
    noise = [part for part in parts if part not in {*shown, *zero}]
    if noise:
        names = join_names([_setting_with_seeds(part, decomposition, measure) for part in noise])
        line += f" Within noise (the interval contains 0, or there is only one seed): {names}."
    if zero:
        line += f" No effect, to the last digit: {join_names([part.setting for part in zero])}."
    complete = len(parts) == sum(method.preset.name == base for method in plan.decomposition())
    if gap.sign and complete:
        line += _describe_interaction(decomposition, parts, measure)
    return line


def _describe_interaction(
    decomposition: Decomposition, parts: list[DecompositionPart], measure: str
) -> str:
    """The part of the gap that the single effects of one preset's switches do not add up to."""
    # Computed per seed, so that the interval of the rest contains all of the noise.
    total = reduce(Series.add, (part.effects_by_seed[measure] for part in parts)).dropna()
    total *= _direction(parts[0].base)
    gaps = decomposition.gaps_by_seed[measure].reindex(total.index)
    rest = estimate(paired_difference(gaps, total))
    return (
        f" The {len(parts)} effects add up to {format_percent(total.mean() / gaps.mean())} of the "
        f"gap. The rest, {describe_estimate(rest, signed=True)}, comes from interactions of "
        f"switches{'' if rest.sign else ' and is not shown to differ from 0'}."
    )


def _setting_with_seeds(part: DecompositionPart, decomposition: Decomposition, measure: str) -> str:
    """The setting of `part`, with its number of seeds if that is smaller than the presets'."""
    seeds = part.effects[measure].seeds
    fewer = seeds < decomposition.gaps[measure].seeds
    return f"{part.setting} ({count_noun(seeds, 'seed')})" if fewer else part.setting


def describe_verdicts(decomposition: Decomposition) -> list[str]:
    """Describe whether CAL beats Random, as the paper claims, in a list item per preset."""
    lines = []
    for name in PAPER_PRESETS:
        part = decomposition.preset(name)
        if part is None or part.verdict is None:
            lines.append(f"- Preset {name}: CAL and Random were not both run.")
            continue
        outcome = OUTCOMES[part.verdict.outcome]
        margin = describe_estimate(part.levels["CAL less Random, mean"], signed=True)
        order = "would" if part.verdict.epsilon < PUBLISHED_LIMIT else "would not"
        lines.append(
            f"- Preset {name}: {outcome}. {part.verdict.sentence} By the paper's own limit, "
            f"{PUBLISHED_LIMIT:g}, epsilon_min {order} show an advantage. Mean accuracy, CAL "
            f"minus Random: {margin}."
        )
    return lines
