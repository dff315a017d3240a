"""What the decomposition comes to, in plain words that follow from its numbers."""

from collections.abc import Mapping
from functools import reduce

from pandas import Series

from cartography.evaluation.verdict import LabelsSaved
from cartography.formatting import count_noun, format_against, join_names
from cartography.models.presets import PAPER, PRESETS
from cartography.reproduction.decomposition import DIFFERENCES, Decomposition, DecompositionPart
from cartography.reproduction.estimates import Estimate, estimate, paired
from cartography.reproduction.markdown import NOTHING
from cartography.reproduction.plan import decomposition
from cartography.reproduction.published import EPSILON_LIMIT as PUBLISHED_LIMIT

AS_PUBLISHED = "as the paper has it"
AGAINST = "against the paper"
UNCERTAIN = "uncertain"
OUTCOMES: Mapping[str, str] = {
    "advantage": AS_PUBLISHED,
    "disadvantage": AGAINST,
    "none shown": UNCERTAIN,
}
"""What a verdict on CAL says to the paper, in which it has an advantage."""


def describe_estimate(value: Estimate, *, signed: bool = False) -> str:
    """An estimate in a sentence: "0.870 [0.861, 0.879]", or with its sign."""
    if not value.seeds:
        return "not run"
    mean = f"{value.mean:{'+z' if signed else ''}.3f}"
    if value.seeds == 1:
        return f"{mean} on one seed"
    low, high = (format_against(bound, 0, digits=3) for bound in (value.low, value.high))
    return f"{mean} [{low}, {high}]"


def describe_labels_saved(saved: LabelsSaved | None) -> str:
    """Labels saved in a cell: "+92 [+66, +118]"; a dash where they cannot be counted."""
    if saved is None or not saved.counted:
        return NOTHING
    if saved.counted == 1:
        return f"{saved.mean:+,.0f} (1 seed)"
    return f"{saved.mean:+,.0f} [{saved.low:+,.0f}, {saved.high:+,.0f}]"


def percent(share: float) -> str:
    """A share as in "14 %"."""
    return f"{100 * share:.0f} %"


def describe_gap(taken: Decomposition, measure: str, published: float | None) -> str:
    """The gap between the presets in `measure`, and which switches are shown to make it.

    `published` is the paper's figure, None where it gives none. An effect is shown when its
    interval does not hold 0; its share of the gap is that of the seeds that it was run with.
    """
    paper, released = PRESETS
    gap = taken.gaps[measure]
    title = f"**{_capital(measure)}.**"
    if not gap.seeds:
        return f"{title} The gap is not known, as it was not run under both presets."
    levels = []
    for name in PRESETS:
        part = taken.preset(name)
        if part is not None:
            signed = measure in DIFFERENCES
            levels.append(f"preset {name} {describe_estimate(part.levels[measure], signed=signed)}")
    if published is not None:
        levels.insert(0, f"the paper {published:{'+' if measure in DIFFERENCES else ''}.3f}")
    return (
        f"{title} {_capital('; '.join(levels))}. From preset {paper} to preset {released}: "
        f"{describe_estimate(gap, signed=True)}, {_of_gap(gap)}.{_makers(taken, measure)}"
    )


def describe_switch_effects(taken: Decomposition, measure: str) -> list[str]:
    """What each switch by itself does to `measure`, from either preset, as lines of Markdown."""
    return [
        f"**{_capital(measure)}.**",
        "",
        *(_from_side(taken, base, measure) for base in PRESETS),
    ]


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _of_gap(gap: Estimate) -> str:
    if gap.seeds == 1:
        return "and one seed cannot show a gap"
    return "a gap" if gap.side else "no gap shown, as the interval holds 0"


def _share(taken: Decomposition, part: DecompositionPart, measure: str) -> float:
    """What part of the gap the switch makes by itself, on the seeds that it was run with; NaN where
    no gap is shown. From the paper's side it is set to the released value, from the other set back.
    """
    move, apart = part.moves[measure], taken.apart[measure]
    way = 1 if part.base == PAPER.name else -1
    return way * move.mean() / apart.reindex(move.index).mean()


def _makers(taken: Decomposition, measure: str) -> str:
    """Which switches are shown to make the gap, from both presets and from one alone."""
    gap = taken.gaps[measure]
    if not gap.side or not all(_run(taken, base, measure) for base in PRESETS):
        return ""
    shares: dict[str, dict[str, float]] = {}
    for base in PRESETS:
        for part in _run(taken, base, measure):
            share = _share(taken, part, measure)
            if part.effects[measure].side and share > 0:
                shares.setdefault(part.switch, {})[base] = share
    both: list[str] = []
    one: list[str] = []
    for switch, its in sorted(shares.items(), key=lambda item: -sum(item[1].values())):
        sides = " and ".join(
            f"{percent(share)} of it from preset {base}" for base, share in its.items()
        )
        (both if len(its) == len(PRESETS) else one).append(f"{switch} ({sides})")
    said = (
        f" **Made by {join_names(both)}**, as both sides show."
        if both
        else " No switch is shown to make a part of it from both sides."
    )
    if one:
        said += (
            f" From one side alone, with the other switches as they are there: {join_names(one)}."
        )
    return said


def _run(taken: Decomposition, base: str, measure: str) -> list[DecompositionPart]:
    """The switches of one preset that `measure` is known of."""
    return [part for part in taken.switched(base) if part.effects[measure].seeds]


def _from_side(taken: Decomposition, base: str, measure: str) -> str:
    """What the switches of one preset do to `measure`: shown, within noise, nothing."""
    parts, gap = _run(taken, base, measure), taken.gaps[measure]
    if not parts:
        return f"- From preset {base}: no switch was run."
    effects = {part: part.effects[measure] for part in parts}
    shown = sorted(
        (part for part in parts if effects[part].side), key=lambda part: -abs(effects[part].mean)
    )
    said = []
    for part in shown:
        level = f"{part.levels[measure].mean:{'+z' if measure in DIFFERENCES else ''}.3f}"
        text = f"{_named(part, taken, measure)} moves it by "
        text += f"{describe_estimate(effects[part], signed=True)} to {level}"
        if gap.side:
            share = _share(taken, part, measure)
            text += f" ({percent(share)})" if share > 0 else " (away from the other preset)"
        said.append(text)
    line = f"- From preset {base}: {'; '.join(said) if said else 'no effect is shown'}."
    nothing = [part for part in parts if effects[part].low == effects[part].high == 0]
    noise = [part for part in parts if part not in {*shown, *nothing}]
    if noise:
        names = join_names([_named(part, taken, measure) for part in noise])
        line += f" Within noise (the interval holds 0, or there is one seed): {names}."
    if nothing:
        line += (
            f" Without any effect, to the last digit: {join_names([p.setting for p in nothing])}."
        )
    whole = len(parts) == sum(method.preset.name == base for method in decomposition())
    if gap.side and whole:
        # By seed, so that the interval of what is left takes in all of the noise.
        together = reduce(Series.add, (part.moves[measure] for part in parts)).dropna()
        together *= 1 if base == PAPER.name else -1
        apart = taken.apart[measure].reindex(together.index)
        left = estimate(paired(apart, together))
        line += (
            f" The {len(parts)} effects add up to {percent(together.mean() / apart.mean())} of the "
            f"gap. The rest of it, {describe_estimate(left, signed=True)}, is what switches do only together"
            f"{'' if left.side else ', and is not shown to be other than 0'}."
        )
    return line


def _named(part: DecompositionPart, taken: Decomposition, measure: str) -> str:
    """The setting of `part`, with its seeds where these are fewer than the presets'."""
    seeds = part.effects[measure].seeds
    few = seeds < taken.gaps[measure].seeds
    return f"{part.setting} ({count_noun(seeds, 'seed')})" if few else part.setting


def verdict_words(taken: Decomposition) -> list[str]:
    """Whether CAL beats Random under each preset, beside the paper's claim that it does."""
    lines = []
    for name in PRESETS:
        part = taken.preset(name)
        if part is None or part.verdict is None:
            lines.append(f"- Preset {name}: CAL and Random were not both run.")
            continue
        outcome = OUTCOMES[part.verdict.outcome]
        margin = describe_estimate(part.levels["CAL less Random, mean"], signed=True)
        order = "would" if part.verdict.epsilon < PUBLISHED_LIMIT else "would not"
        lines.append(
            f"- Preset {name}: {outcome}. {part.verdict.sentence} By the paper's own limit, "
            f"{PUBLISHED_LIMIT:g}, epsilon_min {order} show it. Mean accuracy, CAL less Random: "
            f"{margin}."
        )
    return lines
