"""What the decomposition comes to, in plain words that follow from its numbers."""

from collections.abc import Mapping
from functools import reduce

from pandas import Series

from cartography.presets import PRESETS
from cartography.reproduction.decomposition import DIFFERENCES, Taken
from cartography.reproduction.estimates import Estimate, estimate, paired
from cartography.reproduction.markdown import NOTHING
from cartography.verdict import LabelsSaved
from cartography.wording import beside, listed

AS_PUBLISHED = "as the paper has it"
AGAINST = "against the paper"
UNCERTAIN = "uncertain"
OUTCOMES: Mapping[str, str] = {
    "advantage": AS_PUBLISHED,
    "disadvantage": AGAINST,
    "none shown": UNCERTAIN,
}
"""What a verdict on CAL says to the paper, in which it has an advantage."""


def told(value: Estimate, *, signed: bool = False) -> str:
    """An estimate in a sentence: "0.870 [0.861, 0.879]", or with its sign."""
    if not value.seeds:
        return "not run"
    mean = f"{value.mean:{'+z' if signed else ''}.3f}"
    if value.seeds == 1:
        return f"{mean} on one seed"
    low, high = (beside(bound, 0, digits=3) for bound in (value.low, value.high))
    return f"{mean} [{low}, {high}]"


def saved_told(saved: LabelsSaved | None) -> str:
    """Labels saved in a cell: "+92 [+66, +118]"; a dash where they cannot be counted."""
    if saved is None or not saved.counted:
        return NOTHING
    if saved.counted == 1:
        return f"{saved.mean:+,.0f} (1 seed)"
    return f"{saved.mean:+,.0f} [{saved.low:+,.0f}, {saved.high:+,.0f}]"


def percent(share: float) -> str:
    """A share as in "14 %"."""
    return f"{100 * share:.0f} %"


def gap_words(taken: Taken, measure: str, published: float | None) -> list[str]:
    """Which switches make the gap between the presets in `measure`, as lines of Markdown.

    `published` is the paper's figure, None where it gives none. An effect is shown when its
    interval does not hold 0.
    """
    paper, released = PRESETS
    gap = taken.gaps[measure]
    title = f"**{_capital(measure)}.**"
    if not gap.seeds:
        return [f"{title} The gap is not known, as it was not run under both presets."]
    levels = []
    for name in PRESETS:
        part = taken.preset(name)
        if part is not None:
            signed = measure in DIFFERENCES
            levels.append(f"preset {name} {told(part.levels[measure], signed=signed)}")
    if published is not None:
        levels.insert(0, f"the paper {published:{'+' if measure in DIFFERENCES else ''}.3f}")
    lines = [
        f"{title} {_capital('; '.join(levels))}. From preset {paper} to preset {released}: "
        f"{told(gap, signed=True)}, {_of_gap(gap)}.",
        "",
    ]
    # From the paper's side a switch is set to the released value, from the other it is set back.
    for base, way in ((paper, 1), (released, -1)):
        lines.append(_from_side(taken, base, measure, way))
    if gap.side:
        lines += _from_both(taken, measure, gap)
    return lines


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _of_gap(gap: Estimate) -> str:
    if gap.seeds == 1:
        return "and one seed cannot show a gap"
    return "a gap" if gap.side else "no gap shown, as the interval holds 0"


def _from_side(taken: Taken, base: str, measure: str, way: int) -> str:
    """What the switches of one base do to `measure`: shown, within noise, nothing."""
    parts, gap = taken.switched(base), taken.gaps[measure]
    run = {part.setting: part.effects[measure] for part in parts if part.effects[measure].seeds}
    if not run:
        return f"- From preset {base}: no switch was run."
    shown = sorted(
        (setting for setting, effect in run.items() if effect.side),
        key=lambda setting: -abs(run[setting].mean),
    )
    said = []
    for setting in shown:
        text = f"{setting} moves it by {told(run[setting], signed=True)}"
        if gap.side:
            share = way * run[setting].mean / gap.mean
            text += (
                f", {percent(share)} of the gap" if share > 0 else ", away from the other preset"
            )
        said.append(text)
    line = f"- From preset {base}: {'; '.join(said) if said else 'no effect is shown'}."
    nothing = [setting for setting, effect in run.items() if effect.low == effect.high == 0]
    noise = [setting for setting in run if setting not in {*shown, *nothing}]
    if noise:
        line += f" Within noise (the interval holds 0, or there is one seed): {listed(noise)}."
    if nothing:
        line += f" Not the least change: {listed(nothing)}."
    whole = len(run) == len(parts) and not any(name.startswith(base) for name in taken.missing)
    if gap.side and whole:
        # By seed, so that the interval of what is left takes in all of the noise.
        together = way * reduce(Series.add, (part.moves[measure] for part in parts))
        left = estimate(paired(taken.apart[measure], together))
        what = "what they do together" if left.side else "not shown to be other than 0"
        line += (
            f" All {len(run)} add up to {percent(together.mean() / gap.mean)} of the gap and leave "
            f"{told(left, signed=True)} of it, {what}."
        )
    return line


def _from_both(taken: Taken, measure: str, gap: Estimate) -> list[str]:
    """Which switches account for the gap from either side, and which from one alone."""
    paper, released = PRESETS
    towards = {
        base: {
            part.switch
            for part in taken.switched(base)
            if part.effects[measure].side == (gap.side if base == paper else -gap.side)
        }
        for base in PRESETS
    }
    both_run = [
        part.switch
        for part in taken.switched(paper)
        if part.effects[measure].seeds
        and any(
            other.switch == part.switch and other.effects[measure].seeds
            for other in taken.switched(released)
        )
    ]
    if not both_run:
        return []
    either = [name for name in both_run if name in towards[paper] & towards[released]]
    one = [name for name in both_run if name in towards[paper] ^ towards[released]]
    said = (
        f"From either side {listed(either)} account{'s' if len(either) == 1 else ''} for a part "
        "of the gap."
        if either
        else "No switch accounts for a part of the gap from either side."
    )
    if one:
        said += (
            f" From one side alone {listed(one)} do{'es' if len(one) == 1 else ''}, so that it "
            "depends on the other switches, or is not shown a second time."
        )
    return [f"- {said}"]


def verdict_words(taken: Taken) -> list[str]:
    """Whether CAL beats Random under each preset, beside the paper's claim that it does."""
    lines = []
    for name in PRESETS:
        part = taken.preset(name)
        if part is None or part.verdict is None:
            lines.append(f"- Preset {name}: CAL and Random were not both run.")
            continue
        outcome = OUTCOMES[part.verdict.outcome]
        margin = told(part.levels["CAL less Random"], signed=True)
        lines.append(
            f"- Preset {name}: {outcome}. {part.verdict.sentence} Mean accuracy, CAL less "
            f"Random: {margin}."
        )
    return lines
