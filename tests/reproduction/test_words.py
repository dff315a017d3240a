import pytest
from reproduced import (
    FULL,
    NOISE,
    RANDOM,
    T_OVER_SQRT_3,
    bounds,
    finding,
    full_accuracies,
    make_results,
    random_and_cal,
    shift,
)

from cartography.reproduction.decomposition import decompose
from cartography.reproduction.plan import EARLIER_CODE, decomposition
from cartography.reproduction.report import report
from cartography.reproduction.switch_section import earlier_section
from cartography.reproduction.tables import select_curves, verdicts_against_random
from cartography.reproduction.words import describe_gap, describe_switch_effects, describe_verdicts


def test_effects_are_paired_with_their_base() -> None:
    effect = {1: -0.09, 2: -0.10, 3: -0.11}
    split = decompose(make_results(random_and_cal(), full_accuracies(paper_padding=effect)))
    assert [part.name for part in split.parts] == ["paper", "released", "paper, padding=on"]
    padding = split.parts[2].effects["all texts"]
    assert bounds(padding) == pytest.approx(
        [-0.1, -0.1 - T_OVER_SQRT_3 * 0.01, -0.1 + T_OVER_SQRT_3 * 0.01], abs=1e-6
    )
    assert bounds(split.gaps["all texts"]) == pytest.approx([-0.2] * 3)
    paper = split.preset("paper")
    assert paper is not None
    assert paper.effects == {}
    # 0.1, 0.11 and 0.09 by seed, in two of three iterations.
    assert paper.levels["CAL less Random, mean"].mean == pytest.approx(0.2 / 3)
    assert paper.levels["CAL less all texts, last"].mean == pytest.approx(0.72 + 0.1 - 0.82)
    assert paper.levels["Random less all texts, last"].mean == pytest.approx(0.72 - 0.82)
    assert split.parts[2].levels["CAL, last"].seeds == 0
    assert (split.parts[2].verdict, split.gaps["CAL, last"].seeds) == (None, 0)
    # The part was run on all texts, but not CAL or Random.
    assert len(split.missing) == len(decomposition())


def test_runs_of_random_count_for_switches_that_it_does_not_use() -> None:
    cal = dict.fromkeys(RANDOM, (0.5, 0.7, 0.9))
    changed = {("paper, dynamics=training_pass", "cal", 0.2): cal}
    results = make_results({**random_and_cal(), **changed})
    parts = {part.name: part for part in decompose(results).parts}
    part = parts["paper, dynamics=training_pass"]
    assert bounds(part.levels["Random, mean"]) == bounds(parts["paper"].levels["Random, mean"])
    assert bounds(part.effects["Random, mean"]) == [0, 0, 0]
    assert part.levels["CAL less Random, mean"].mean == pytest.approx(0.7 - 0.62)
    assert part.verdict is not None


def test_a_gap_caused_by_a_switch_from_either_preset() -> None:
    full = full_accuracies(
        paper_padding=-0.1, paper_shuffle=NOISE, paper_dynamics=0.0, paper_tokens=0.02,
        released_padding=0.16, released_shuffle=0.04, released_tokens=NOISE,
    )  # fmt: skip
    split = decompose(make_results({}, full))
    title, _, paper, released = describe_switch_effects(split, "all texts")
    assert title == "**All texts.**"
    assert describe_gap(split, "all texts", 0.634) == (
        "**All texts.** The paper 0.634; preset paper 0.820 [0.770, 0.870]; preset released 0.620 "
        "[0.570, 0.670]. From preset paper to preset released: -0.200 [-0.200, -0.200], a gap. "
        "**Caused by padding (50 % of the gap from preset paper and 80 % of the gap from preset "
        "released)**, shown from both presets. Shown from one preset only, with the other "
        "switches as in that preset: shuffle (20 % of the gap from preset released)."
    )
    assert paper == (
        "- From preset paper: padding=on changes it by -0.100 [-0.100, -0.100] to 0.720 (50 %); "
        "tokens=white_space changes it by +0.020 [0.020, 0.020] to 0.840 (away from the other "
        "preset). Within noise (the interval contains 0, or there is only one seed): shuffle=off. "
        "No effect, to the last digit: dynamics=training_pass."
    )
    assert released.endswith(
        "[0.040, 0.040] to 0.660 (20 %). Within noise (the interval contains 0, or there is only "
        "one seed): tokens=words."
    )


def test_a_share_is_computed_on_the_seeds_that_were_run() -> None:
    full = full_accuracies(paper_padding=-0.1, released_padding=0.1)
    full["released"] = {1: 0.64, 2: 0.62, 3: 0.60}
    padding = full["paper, padding=on"]
    full["paper, padding=on"] = {seed: padding[seed] for seed in (2, 3)}
    full["released, padding=off"] = {seed: full["released"][seed] + 0.1 for seed in (1, 2, 3)}
    split = decompose(make_results({}, full))
    gap = describe_gap(split, "all texts", None)
    paper = describe_switch_effects(split, "all texts")[2]
    # The gap is 0.2 over all seeds, and 0.22 over the second and the third.
    assert "padding=on (2 seeds) changes it by -0.100 [-0.100, -0.100] to 0.730 (45 %)." in paper
    assert (
        "padding (45 % of the gap from preset paper and 50 % of the gap from preset released)"
        in gap
    )


def test_the_sum_of_all_switches_leaves_a_rest() -> None:
    names = [method.name for method in decomposition() if method.preset.name == "paper"]
    idle = {f"paper_{name.partition(', ')[2].partition('=')[0]}": 0.0 for name in names}
    effects = {**idle, "paper_padding": -0.1, "paper_shuffle": -0.04}
    paper = describe_switch_effects(
        decompose(make_results({}, full_accuracies(**effects))), "all texts"
    )[2]
    assert paper.endswith(
        f"The {len(names)} effects add up to 70 % of the gap. The rest, -0.060 [-0.060, -0.060], "
        "comes from interactions of switches."
    )
    # The rest has both signs: 0.05, -0.03 and 0 by seed.
    effects = {**idle, "paper_padding": {1: -0.25, 2: -0.17, 3: -0.2}}
    paper = describe_switch_effects(
        decompose(make_results({}, full_accuracies(**effects))), "all texts"
    )[2]
    assert (
        "The rest, +0.007 [-0.094, 0.107], comes from interactions of switches and is not shown to "
        "differ from 0." in paper
    )


def test_no_gap_is_shown() -> None:
    full = {"paper": FULL, "released": {seed: FULL[seed] + NOISE[seed] for seed in FULL}}
    split = decompose(make_results({}, full))
    assert describe_gap(split, "all texts", None).endswith(
        "no gap shown, since the interval contains 0."
    )
    assert describe_switch_effects(split, "all texts")[2:] == [
        "- From preset paper: no switch was run.",
        "- From preset released: no switch was run.",
    ]
    one_seed = decompose(make_results({}, {name: {1: values[1]} for name, values in full.items()}))
    assert "one seed cannot show a gap" in describe_gap(one_seed, "all texts", None)
    assert describe_gap(decompose(make_results({}, {"paper": FULL})), "all texts", None) == (
        "**All texts.** The gap is not known, since it was not run under both presets."
    )
    noisy = full_accuracies(paper_padding=NOISE, released_padding=NOISE)
    assert describe_gap(decompose(make_results({}, noisy)), "all texts", None).endswith(
        "a gap. No switch is shown to cause part of it from both presets."
    )


@pytest.mark.parametrize(
    ("random", "cal", "outcome"),
    [(0.01, 0.2, "as the paper has it"), (0.2, 0.01, "against the paper"), (0.1, 0.1, "uncertain")],
)
def test_the_verdict_in_words(random: float, cal: float, outcome: str) -> None:
    def rising(step: float) -> dict[int, list[float]]:
        return {seed: [0.5, 0.5 + step, 0.5 + 2 * step + seed / 1000] for seed in (1, 2, 3)}

    runs = {("paper", "random", None): rising(random), ("paper", "cal", 0.2): rising(cal)}
    results = make_results(runs)
    paper, released = describe_verdicts(decompose(results))
    assert paper.startswith(f"- Preset paper: {outcome}. CAL")
    verdicts = verdicts_against_random(select_curves(results, "paper"))
    assert verdicts is not None
    order = "would" if verdicts.each[0].epsilon < 0.5 else "would not"
    assert f"By the paper's own limit, 0.5, epsilon_min {order} show an advantage." in paper
    assert released == "- Preset released: CAL and Random were not both run."
    assert finding(results, "advantage over Random").outcome == outcome


def test_the_earlier_version_in_words() -> None:
    cal = shift(RANDOM, 0.02, 0.02, 0.02)
    runs = {
        ("released", "random", None): RANDOM,
        ("released", "cal", 0.2): RANDOM,
        (EARLIER_CODE.name, "random", None): shift(RANDOM, 0.01, 0.01, 0.01),
        (EARLIER_CODE.name, "cal", 0.2): cal,
    }
    results = make_results(runs, {"released": FULL})
    items = [line for line in earlier_section(results) if line.startswith("- ")]
    assert items[0].startswith("- Final accuracy of CAL: 0.720 [0.670, 0.770] with 30 epochs, 0.7")
    assert items[1] == (
        "- CAL with 60 minus Random with 30: +0.020 [0.020, 0.020]; both with 60: +0.010 [0.010, "
        "0.010]."
    )
    # CAL is at 0.74, all texts at 0.82.
    assert "minus a training on all texts with 30: -0.080 [-0.080, -0.080]" in items[2]
    assert [line for line in report([results]).splitlines() if line == items[1]]
    assert earlier_section(make_results(random_and_cal())) == []
