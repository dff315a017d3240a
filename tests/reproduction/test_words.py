import pytest
from reproduced import FULL, NOISE, RANDOM, T3, both, ends, finding, made, moved, switched

from cartography.reproduction.decomposition import decompose
from cartography.reproduction.plan import EARLIER, decomposition
from cartography.reproduction.report import report
from cartography.reproduction.switch_section import earlier
from cartography.reproduction.tables import compared_runs, verdicts_on_random
from cartography.reproduction.words import describe_gap, describe_switch_effects, verdict_words


def test_effects_are_paired_with_their_base() -> None:
    effect = {1: -0.09, 2: -0.10, 3: -0.11}
    taken = decompose(made(both(), switched(paper_padding=effect)))
    assert [part.name for part in taken.parts] == ["paper", "released", "paper, padding=on"]
    found = taken.parts[2].effects["all texts"]
    assert ends(found) == pytest.approx([-0.1, -0.1 - T3 * 0.01, -0.1 + T3 * 0.01], abs=1e-6)
    assert ends(taken.gaps["all texts"]) == pytest.approx([-0.2] * 3)
    paper = taken.preset("paper")
    assert paper is not None
    assert paper.effects == {}
    # Seed by seed 0.1, 0.11 and 0.09 in two of three iterations.
    assert paper.levels["CAL less Random, mean"].mean == pytest.approx(0.2 / 3)
    assert paper.levels["CAL less all texts, last"].mean == pytest.approx(0.72 + 0.1 - 0.82)
    assert paper.levels["Random less all texts, last"].mean == pytest.approx(0.72 - 0.82)
    assert taken.parts[2].levels["CAL, last"].seeds == 0
    assert (taken.parts[2].verdict, taken.gaps["CAL, last"].seeds) == (None, 0)
    # All texts of the one were run, and neither CAL nor Random.
    assert len(taken.missing) == len(decomposition())


def test_random_is_lent_to_switches_that_it_does_not_read() -> None:
    cal = dict.fromkeys(RANDOM, (0.5, 0.7, 0.9))
    switched_off = {("paper, dynamics=training_pass", "cal", 0.2): cal}
    found = {part.name: part for part in decompose(made({**both(), **switched_off})).parts}
    part = found["paper, dynamics=training_pass"]
    assert ends(part.levels["Random, mean"]) == ends(found["paper"].levels["Random, mean"])
    assert ends(part.effects["Random, mean"]) == [0, 0, 0]
    assert part.levels["CAL less Random, mean"].mean == pytest.approx(0.7 - 0.62)
    assert part.verdict is not None


def test_words_of_a_gap_that_a_switch_makes_from_either_side() -> None:
    full = switched(
        paper_padding=-0.1, paper_shuffle=NOISE, paper_dynamics=0.0, paper_tokens=0.02,
        released_padding=0.16, released_shuffle=0.04, released_tokens=NOISE,
    )  # fmt: skip
    taken = decompose(made({}, full))
    title, _, paper, released = describe_switch_effects(taken, "all texts")
    assert title == "**All texts.**"
    assert describe_gap(taken, "all texts", 0.634) == (
        "**All texts.** The paper 0.634; preset paper 0.820 [0.770, 0.870]; preset released 0.620 "
        "[0.570, 0.670]. From preset paper to preset released: -0.200 [-0.200, -0.200], a gap. "
        "**Made by padding (50 % of it from preset paper and 80 % of it from preset released)**, "
        "as both sides show. From one side alone, with the other switches as they are there: "
        "shuffle (20 % of it from preset released)."
    )
    assert paper == (
        "- From preset paper: padding=on moves it by -0.100 [-0.100, -0.100] to 0.720 (50 %); "
        "tokens=white_space moves it by +0.020 [0.020, 0.020] to 0.840 (away from the other "
        "preset). Within noise (the interval holds 0, or there is one seed): shuffle=off. Without "
        "any effect, to the last digit: dynamics=training_pass."
    )
    assert released.endswith(
        "[0.040, 0.040] to 0.660 (20 %). Within noise (the interval holds 0, or there is one "
        "seed): tokens=words."
    )


def test_a_share_is_of_the_seeds_that_were_run() -> None:
    full = switched(paper_padding=-0.1, released_padding=0.1)
    full["released"] = {1: 0.64, 2: 0.62, 3: 0.60}
    padding = full["paper, padding=on"]
    full["paper, padding=on"] = {seed: padding[seed] for seed in (2, 3)}
    full["released, padding=off"] = {seed: full["released"][seed] + 0.1 for seed in (1, 2, 3)}
    taken = decompose(made({}, full))
    head, paper = (
        describe_gap(taken, "all texts", None),
        describe_switch_effects(taken, "all texts")[2],
    )
    # The gap of all seeds is 0.2, that of the second and the third 0.22.
    assert "padding=on (2 seeds) moves it by -0.100 [-0.100, -0.100] to 0.730 (45 %)." in paper
    assert "padding (45 % of it from preset paper and 50 % of it from preset released)" in head


def test_all_switches_together_leave_a_rest() -> None:
    names = [method.name for method in decomposition() if method.preset.name == "paper"]
    idle = {f"paper_{name.partition(', ')[2].partition('=')[0]}": 0.0 for name in names}
    effects = {**idle, "paper_padding": -0.1, "paper_shuffle": -0.04}
    paper = describe_switch_effects(decompose(made({}, switched(**effects))), "all texts")[2]
    assert paper.endswith(
        f"The {len(names)} effects add up to 70 % of the gap. The rest of it, -0.060 [-0.060, "
        "-0.060], is what switches do only together."
    )
    # Seed by seed -0.05, -0.03 and -0.04 short of it: the rest goes both ways.
    effects = {**idle, "paper_padding": {1: -0.25, 2: -0.17, 3: -0.2}}
    paper = describe_switch_effects(decompose(made({}, switched(**effects))), "all texts")[2]
    assert (
        "The rest of it, +0.007 [-0.094, 0.107], is what switches do only together, and is not "
        "shown to be other than 0." in paper
    )


def test_words_where_no_gap_is_shown() -> None:
    full = {"paper": FULL, "released": {seed: FULL[seed] + NOISE[seed] for seed in FULL}}
    taken = decompose(made({}, full))
    assert describe_gap(taken, "all texts", None).endswith("no gap shown, as the interval holds 0.")
    assert describe_switch_effects(taken, "all texts")[2:] == [
        "- From preset paper: no switch was run.",
        "- From preset released: no switch was run.",
    ]
    one = {name: {1: values[1]} for name, values in full.items()}
    assert "one seed cannot show a gap" in describe_gap(decompose(made({}, one)), "all texts", None)
    assert describe_gap(decompose(made({}, {"paper": FULL})), "all texts", None) == (
        "**All texts.** The gap is not known, as it was not run under both presets."
    )
    nowhere = {**switched(paper_padding=NOISE, released_padding=NOISE)}
    assert describe_gap(decompose(made({}, nowhere)), "all texts", None).endswith(
        "a gap. No switch is shown to make a part of it from both sides."
    )


@pytest.mark.parametrize(
    ("random", "cal", "outcome"),
    [(0.01, 0.2, "as the paper has it"), (0.2, 0.01, "against the paper"), (0.1, 0.1, "uncertain")],
)
def test_words_of_the_verdict(random: float, cal: float, outcome: str) -> None:
    def rising(step: float) -> dict[int, list[float]]:
        return {seed: [0.5, 0.5 + step, 0.5 + 2 * step + seed / 1000] for seed in (1, 2, 3)}

    runs = {("paper", "random", None): rising(random), ("paper", "cal", 0.2): rising(cal)}
    results = made(runs)
    paper, released = verdict_words(decompose(results))
    assert paper.startswith(f"- Preset paper: {outcome}. CAL")
    shown = verdicts_on_random(compared_runs(results, "paper"))
    assert shown is not None
    by_theirs = "would" if shown.each[0].epsilon < 0.5 else "would not"
    assert f"By the paper's own limit, 0.5, epsilon_min {by_theirs} show it." in paper
    assert released == "- Preset released: CAL and Random were not both run."
    assert finding(results, "advantage over Random").outcome == outcome


def test_words_of_the_earlier_version() -> None:
    cal = moved(RANDOM, 0.02, 0.02, 0.02)
    runs = {
        ("released", "random", None): RANDOM,
        ("released", "cal", 0.2): RANDOM,
        (EARLIER.name, "random", None): moved(RANDOM, 0.01, 0.01, 0.01),
        (EARLIER.name, "cal", 0.2): cal,
    }
    results = made(runs, {"released": FULL})
    told_of = [line for line in earlier(results) if line.startswith("- ")]
    assert told_of[0].startswith(
        "- Final accuracy of CAL: 0.720 [0.670, 0.770] with 30 epochs, 0.7"
    )
    assert told_of[1] == (
        "- CAL with 60 less Random with 30: +0.020 [0.020, 0.020]; both with 60: +0.010 [0.010, "
        "0.010]."
    )
    # CAL at 0.74 and all texts at 0.82.
    assert "less a training on all texts with 30: -0.080 [-0.080, -0.080]" in told_of[2]
    assert [line for line in report([results]).splitlines() if line == told_of[1]]
    assert earlier(made(both())) == []
