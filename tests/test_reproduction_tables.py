from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartography.presets import PRESETS
from cartography.reproduction.claims import Claim, claims, of_figure, of_side
from cartography.reproduction.decomposition import taken_apart
from cartography.reproduction.estimates import Estimate, estimate, paired
from cartography.reproduction.markdown import captioned, cell, change
from cartography.reproduction.plan import EARLIER, UNREAD, decomposition
from cartography.reproduction.published import COMPARED, PUBLISHED
from cartography.reproduction.report import report
from cartography.reproduction.results import (
    ACCURACY_COLUMNS,
    FULL_COLUMNS,
    MAPS_COLUMNS,
    PICKS_COLUMNS,
    Results,
)
from cartography.reproduction.shared_picks import overlaps
from cartography.reproduction.switch_section import earlier
from cartography.reproduction.tables import (
    accuracies,
    accuracy_courses,
    batch_courses,
    compared_runs,
    counts,
    discriminator_courses,
    dominance,
    judged,
    reached,
    regions,
    seconds,
)
from cartography.reproduction.words import gap_words, told, verdict_words
from cartography.switches import describe_switches

Runs = Mapping[tuple[str, str, float | None], Mapping[int, Sequence[float]]]

# Student's t at 97.5 % with two degrees of freedom, by the square root of three seeds.
T3 = 4.302653 / 3**0.5
CORPUS: dict[str, Any] = {
    "dataset": "trec",
    "train": 110,
    "test": 50,
    "classes": ["a", "b"],
    "vectors": "vectors of a test",
    "notes": ["They are made up."],
    "machines": ["2 cores of 2"],
    "seeds": [1, 2, 3],
    "iterations": 2,
    "seed_size": 10,
    "query_size": 2,
    "commands": ["cartography reproduce some.csv"],
}
RANDOM = {1: (0.50, 0.60, 0.70), 2: (0.52, 0.62, 0.72), 3: (0.54, 0.64, 0.74)}
FULL = {1: 0.80, 2: 0.82, 3: 0.84}


def moved(runs: Mapping[int, Sequence[float]], *by: float) -> dict[int, list[float]]:
    """`runs` with each seed's accuracies moved by one of `by`, from iteration 1 on."""
    return {
        seed: [accuracy[0], *(round(each + step, 6) for each in accuracy[1:])]
        for (seed, accuracy), step in zip(runs.items(), by, strict=True)
    }


def made(
    runs: Runs,
    full: Mapping[str, Mapping[int, float]] | None = None,
    picks: Mapping[tuple[str, str], Mapping[int, str]] | None = None,
    places: Sequence[tuple[float, float, float]] = (),
    **corpus: object,
) -> Results:
    """Results; `picks` names a text by each letter, as in "ab cd", and `places` are on the map of
    the seed set under preset paper: confidence, variability and correctness.
    """
    corpus = {**CORPUS, **corpus}
    rows = [
        {
            "method": method,
            "strategy": strategy,
            "t_cor": t_cor,
            "seed": seed,
            "iteration": number,
            "labelled": 10 + 2 * number,
            "accuracy": value,
            "discriminator_accuracy": 0.5 + 0.1 * number if strategy == "cal" and number else None,
            "confidence": 0.1 * number if number else None,
            "train_seconds": 2.0,
            "select_seconds": float(number) if number else None,
        }
        for (method, strategy, t_cor), seeds in runs.items()
        for seed, values in seeds.items()
        for number, value in enumerate(values)
    ]
    whole = [
        (method, seed, 30, value, value, 0.5, 0.3, 0.2)
        for method, seeds in (full or {}).items()
        for seed, value in seeds.items()
    ]
    picked = [
        (method, strategy, seed, number, " ".join(batch))
        for (method, strategy), seeds in (picks or {}).items()
        for seed, batches in seeds.items()
        for number, batch in enumerate(batches.split(), start=1)
    ]
    return Results(
        corpus,
        pd.DataFrame(rows, columns=list(ACCURACY_COLUMNS)).astype({"t_cor": float}),
        pd.DataFrame(whole, columns=list(FULL_COLUMNS)),
        pd.DataFrame(picked, columns=list(PICKS_COLUMNS)),
        pd.DataFrame(
            [("paper", "seed", *place) for place in places],
            columns=list(MAPS_COLUMNS),
        ),
        folder=f"docs/reproduction/{corpus['dataset']}",
    )


def both(step: float = 0.1) -> Runs:
    """Random and CAL under preset paper, CAL ahead by about `step`."""
    cal = moved(RANDOM, step, step + 0.01, step - 0.01)
    return {("paper", "random", None): RANDOM, ("paper", "cal", 0.2): cal}


def ends(value: Estimate) -> list[float]:
    return [value.mean, value.low, value.high]


def test_an_estimate_by_hand() -> None:
    found = estimate(pd.Series({1: 0.80, 2: 0.82, 3: 0.84, 4: np.nan}))
    half = T3 * 0.02
    assert ends(found) == pytest.approx([0.82, 0.82 - half, 0.82 + half], abs=1e-6)
    assert found.seeds == 3
    assert found.half == pytest.approx(half, abs=1e-6)
    assert [found.less(value).side for value in (0.5, 0.82, 0.9)] == [1, 0, -1]


def test_an_estimate_of_one_seed_or_none_shows_nothing() -> None:
    one, none = estimate(pd.Series([0.7])), estimate(pd.Series([np.nan]))
    assert (one.mean, one.seeds, one.side) == (0.7, 1, 0)
    assert (none.seeds, none.side) == (0, 0)
    assert np.isnan([one.low, one.high, none.mean]).all()


def test_pairs_are_of_seeds_that_both_have() -> None:
    found = paired(pd.Series({1: 0.3, 2: 0.5, 9: 0.1}), pd.Series({2: 0.2, 1: 0.1, 8: 0.0}))
    assert found.to_dict() == {1: 0.2, 2: 0.3}
    assert paired(pd.Series({1: 0.3}), pd.Series(dtype=float)).empty


def test_counts_stand_beside_the_papers() -> None:
    found = {each.label: (each.ours, each.published) for each in counts(made({}))}
    assert found["training texts"] == (110, 5452)
    assert found["classes"] == (2, 6)
    assert found["seeds"] == (3, 5)


def test_final_accuracies() -> None:
    runs = {
        ("paper", "cal", 0.2): RANDOM,
        ("paper", "cal", 0.8): {1: (0, 0, 0.3)},
        ("paper", "cal-dal", 0.2): {1: (0, 0, 0.5), 2: (0, 0, 0.7)},
        ("released", "cal", 0.2): {1: (0, 0, 0.9)},
    }
    results = made(runs, {"paper": FULL})
    rows = {row.label: row for row in accuracies(results, "paper")}
    assert ends(rows["all texts"].ours)[0] == pytest.approx(0.82)
    assert rows["CAL, t_cor 0.2"].ours.mean == pytest.approx(0.72)
    difference = rows["CAL, t_cor 0.2"].difference
    assert difference is not None
    assert ends(difference) == pytest.approx(
        [-0.004, -0.004 - T3 * 0.02, -0.004 + T3 * 0.02], abs=1e-6
    )
    assert (rows["CAL, t_cor 0.8"].ours.seeds, rows["CAL, t_cor 0.8"].difference) == (1, None)
    assert rows["CAL, t_cor 0.4"].ours.seeds == 0
    # Two seeds 0.2 apart: t at 97.5 % with one degree of freedom is 12.7062.
    assert rows["CAL+DAL"].ours.half == pytest.approx(0.1 * 12.7062, abs=1e-5)
    assert rows["CAL+DAL"].published == 0.695
    assert [row.ours.mean for row in regions(results, "paper")] == pytest.approx([0.5, 0.3, 0.2])


def test_dominance_pooled_and_by_seed() -> None:
    runs = {
        ("paper", "random", None): RANDOM,
        ("paper", "cal", 0.2): dict.fromkeys(RANDOM, (0.9, 0.95, 0.99)),
        ("paper", "lc", None): RANDOM,
    }
    found = dominance(compared_runs(made(runs), "paper"))
    assert found.points == 3
    assert found.pooled.names == ("Random", "LC", "CAL")
    assert found.pooled.comparisons == 6
    assert (found.pooled.of("CAL", "Random"), found.pooled.of("Random", "CAL")) == (0, 1)
    assert found.pooled.of("LC", "Random") >= 0.5
    assert found.by_seed is None  # three seeds are too few
    again = dominance(compared_runs(made(runs), "paper"))
    np.testing.assert_array_equal(again.pooled.values, found.pooled.values)


def test_a_mean_over_iterations_is_one_score_from_five_seeds_on() -> None:
    # Pooled, CAL leads at one quantile and trails at the other; its means are higher in each seed.
    steps = {seed: seed / 1000 for seed in range(1, 6)}
    runs = {
        ("paper", "random", None): {n: (0.4 + by, 0.6 + by, 0.5) for n, by in steps.items()},
        ("paper", "cal", 0.2): {n: (0.3 + by, 0.9 + by, 0.6) for n, by in steps.items()},
    }
    found = dominance(compared_runs(made(runs), "paper"))
    assert found.by_seed is not None
    assert found.by_seed.of("CAL", "Random") == 0
    assert 0 < found.pooled.of("CAL", "Random") < 1
    four = {arm: {seed: seeds[seed] for seed in (1, 2, 3, 4)} for arm, seeds in runs.items()}
    assert dominance(compared_runs(made(four), "paper")).by_seed is None


def test_overlap_within_a_batch_over_a_run_and_by_chance() -> None:
    runs = {("paper", strategy, None): RANDOM for strategy in ("random", "lc", "dal")}
    picks = {
        ("paper", "random"): {1: "ab cd", 2: "ef gh"},
        ("paper", "lc"): {1: "bc da", 2: "eh xy"},
    }
    (found,) = overlaps(made(runs, picks=picks), "paper")
    assert found.label == "LC and Random"
    # Seed 1: b and d in the same batch, all four over the run; seed 2: e, and then h too.
    assert (found.together, found.whole, found.picks) == (3, 6, 8)
    # A pool of 100 and batches of 2, twice, for two seeds: 4 / 100 a batch, 16 / 100 a run.
    assert found.together_by_chance == pytest.approx(4 * 4 / 100)
    assert found.whole_by_chance == pytest.approx(2 * 16 / 100)
    assert (found.published, found.published_picks) == (100, 7500)
    assert found.published_by_chance == pytest.approx(150 * 2500 / 4952)
    assert overlaps(made(runs), "paper") == ()


def test_courses_follow_the_curves() -> None:
    results = made(both())
    random, cal = accuracy_courses(results, "paper")
    assert (random.strategy, cal.strategy) == ("random", "cal")
    assert random.iterations == (0, 2)
    assert [value.mean for value in random.at] == pytest.approx([0.52, 0.72])
    assert random.mean.mean == pytest.approx(0.62)
    longer = made({("paper", "lc", None): {1: [0.5] * 31}}, iterations=30)
    assert accuracy_courses(longer, "paper")[0].iterations == (0, 5, 10, 20, 30)
    assert batch_courses(longer, "paper", "confidence")[0].iterations == (1, 15, 30)
    (found,) = discriminator_courses(results, "paper")
    assert found.iterations == (1, 2)
    assert [value.mean for value in found.at] == pytest.approx([0.6, 0.7])
    assert accuracy_courses(results, "released") == ()


def test_seconds_leave_out_the_training_without_a_query() -> None:
    rows = {row.label: row for row in seconds(made(both()), "paper")}
    # Trainings take 2 s, and the two queries 1 s and 2 s.
    assert rows["CAL"].ours.mean == pytest.approx(3.5)
    assert (rows["CAL"].published, rows["Random"].published) == (11, None)


def test_how_soon_cal_reaches_all_texts() -> None:
    runs = {("paper", "cal", 0.2): {1: (0.5, 0.8, 0.9), 2: (0.5, 0.8, 0.9)}}
    found = reached(made(runs, {"paper": {1: 0.8, 2: 0.8}}), "paper")
    assert found is not None
    assert (found.labels, found.most, found.texts) == (12, 14, 110)
    assert found.share.mean == pytest.approx(0.9 / 0.8)
    never = reached(made(runs, {"paper": {1: 0.95, 2: 0.95}}), "paper")
    assert never is not None
    assert never.labels is None
    assert reached(made(runs), "paper") is None


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_what_is_published_hangs_together(dataset: str) -> None:
    paper = PUBLISHED[dataset]
    for one in COMPARED:
        assert paper.epsilon_of(one, one) is None
        for other in COMPARED:
            # The one pair of which the paper prints 1.00 both ways.
            if one != other and (dataset, {one, other}) != ("trec", {"bald", "dal"}):
                there, back = paper.epsilon_of(one, other), paper.epsilon_of(other, one)
                assert there is not None
                assert back is not None
                assert there + back == pytest.approx(1)
    assert paper.cal == max(value for value in paper.by_t_cor.values() if value is not None)


def switched(**effects: Mapping[int, float] | float) -> dict[str, dict[int, float]]:
    """Full-data accuracies: 0.8 or so under preset paper, moved by the effects named
    paper_SWITCH or released_SWITCH, 0.2 lower under released.
    """
    settings = {
        (name.partition(", ")[0], name.partition(", ")[2].partition("=")[0]): name
        for name in (method.name for method in decomposition())
    }
    bases = {"paper": FULL, "released": {seed: value - 0.2 for seed, value in FULL.items()}}
    full = {name: dict(values) for name, values in bases.items()}
    for key, by in effects.items():
        base, _, switch = key.partition("_")
        full[settings[base, switch]] = {
            seed: value + (by if isinstance(by, float) else by[seed])
            for seed, value in bases[base].items()
        }
    return full


NOISE = {1: 0.01, 2: -0.01, 3: 0.0}


def test_effects_are_paired_with_their_base() -> None:
    effect = {1: -0.09, 2: -0.10, 3: -0.11}
    taken = taken_apart(made(both(), switched(paper_padding=effect)))
    assert [part.name for part in taken.parts] == ["paper", "released", "paper, padding=on"]
    found = taken.parts[2].effects["all texts"]
    assert ends(found) == pytest.approx([-0.1, -0.1 - T3 * 0.01, -0.1 + T3 * 0.01], abs=1e-6)
    assert ends(taken.gaps["all texts"]) == pytest.approx([-0.2] * 3)
    paper = taken.preset("paper")
    assert paper is not None
    assert paper.effects == {}
    # Seed by seed 0.1, 0.11 and 0.09 in two of three iterations.
    assert paper.levels["CAL less Random"].mean == pytest.approx(0.2 / 3)
    assert paper.levels["CAL less all texts"].mean == pytest.approx(0.72 + 0.1 - 0.82)
    assert taken.parts[2].levels["CAL, last"].seeds == 0
    assert (taken.parts[2].verdict, taken.gaps["CAL, last"].seeds) == (None, 0)
    assert len(taken.missing) == len(decomposition()) - 1


def test_random_is_lent_to_switches_that_it_does_not_read() -> None:
    cal = dict.fromkeys(RANDOM, (0.5, 0.7, 0.9))
    switched_off = {("paper, dynamics=training_pass", "cal", 0.2): cal}
    found = {part.name: part for part in taken_apart(made({**both(), **switched_off})).parts}
    part = found["paper, dynamics=training_pass"]
    assert ends(part.levels["Random, mean"]) == ends(found["paper"].levels["Random, mean"])
    assert ends(part.effects["Random, mean"]) == [0, 0, 0]
    assert part.levels["CAL less Random"].mean == pytest.approx(0.7 - 0.62)
    assert part.verdict is not None


def test_words_of_a_gap_that_a_switch_makes_from_either_side() -> None:
    full = switched(
        paper_padding=-0.1, paper_shuffle=NOISE, paper_dynamics=0.0, paper_tokens=0.02,
        released_padding=0.16, released_shuffle=0.04, released_tokens=NOISE,
    )  # fmt: skip
    head, _, paper, released, sides = gap_words(taken_apart(made({}, full)), "all texts", 0.634)
    assert head == (
        "**All texts.** The paper 0.634; preset paper 0.820 [0.770, 0.870]; preset released 0.620 "
        "[0.570, 0.670]. From preset paper to preset released: -0.200 [-0.200, -0.200], a gap."
    )
    assert paper == (
        "- From preset paper: padding=on moves it by -0.100 [-0.100, -0.100], 50 % of the gap; "
        "tokens=white_space moves it by +0.020 [0.020, 0.020], away from the other preset. Within "
        "noise (the interval holds 0, or there is one seed): shuffle=off. Not the least change: "
        "dynamics=training_pass."
    )
    assert released.endswith(
        "[0.040, 0.040], 20 % of the gap. Within noise (the interval holds 0, "
        "or there is one seed): tokens=words."
    )
    assert sides == (
        "- From either side padding accounts for a part of the gap. From one side alone shuffle "
        "does, so that it depends on the other switches, or is not shown a second time."
    )


def test_all_switches_together_leave_a_rest() -> None:
    names = [method.name for method in decomposition() if method.preset.name == "paper"]
    idle = {f"paper_{name.partition(', ')[2].partition('=')[0]}": 0.0 for name in names}
    effects = {**idle, "paper_padding": -0.1, "paper_shuffle": -0.04}
    paper = gap_words(taken_apart(made({}, switched(**effects))), "all texts", None)[2]
    assert paper.endswith(
        f"All {len(names)} add up to 70 % of the gap and leave -0.060 [-0.060, -0.060] of it, what "
        "they do together."
    )
    # Seed by seed -0.05, -0.03 and -0.04 short of it: the rest goes both ways.
    effects = {**idle, "paper_padding": {1: -0.25, 2: -0.17, 3: -0.2}}
    paper = gap_words(taken_apart(made({}, switched(**effects))), "all texts", None)[2]
    assert "leave +0.007 [-0.094, 0.107] of it, not shown to be other than 0." in paper


def test_words_where_no_gap_is_shown() -> None:
    full = {"paper": FULL, "released": {seed: FULL[seed] + NOISE[seed] for seed in FULL}}
    lines = gap_words(taken_apart(made({}, full)), "all texts", None)
    assert lines[0].endswith("no gap shown, as the interval holds 0.")
    assert lines[2:] == [
        "- From preset paper: no switch was run.",
        "- From preset released: no switch was run.",
    ]
    one = {name: {1: values[1]} for name, values in full.items()}
    assert (
        "one seed cannot show a gap" in gap_words(taken_apart(made({}, one)), "all texts", None)[0]
    )
    assert gap_words(taken_apart(made({}, {"paper": FULL})), "all texts", None) == [
        "**All texts.** The gap is not known, as it was not run under both presets."
    ]
    nowhere = {**switched(paper_padding=NOISE, released_padding=NOISE)}
    assert gap_words(taken_apart(made({}, nowhere)), "all texts", None)[-1] == (
        "- No switch accounts for a part of the gap from either side."
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
    paper, released = verdict_words(taken_apart(results))
    assert paper.startswith(f"- Preset paper: {outcome}. CAL")
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


def finding(results: Results, text: str) -> Any:
    found: list[Claim] = [each for each in claims(results, "paper") if text in each.text]
    assert len(found) == 1
    return found[0].finding


def test_a_figure_of_the_paper_beside_an_interval() -> None:
    ours = Estimate(0.63, 0.62, 0.64, 3)
    assert of_figure(ours, 0.634).told == "as the paper has it: 0.630 [0.620, 0.640]"
    assert of_figure(ours, 0.5).outcome == "above the paper's"
    assert of_figure(ours, 0.7).outcome == "below the paper's"
    assert of_figure(Estimate(0.63, 0.53, 0.73, 2), 0.634).outcome == "uncertain"
    assert of_figure(estimate(pd.Series([0.7])), 0.7).told == "uncertain: 0.700 on one seed"
    assert of_figure(estimate(pd.Series([np.nan])), 0.7).told == "not run"


def test_a_side_of_the_paper_beside_an_interval() -> None:
    above = Estimate(0.02, 0.0001, 0.04, 3)
    assert of_side(above, 1).told == "as the paper has it: +0.020 [0.0001, 0.040]"
    assert of_side(above, -1).outcome == "against the paper"
    assert of_side(above.less(0.02), 1).outcome == "uncertain"
    assert of_side(estimate(pd.Series([np.nan])), 1).told == "not run"


def test_claims_on_t_cor() -> None:
    low = {seed: (0.5, 0.5, 0.5 + seed / 1000) for seed in RANDOM}
    text = "t_cor 0.2 is best"
    some = {**both(), ("paper", "cal", 0.4): low}
    assert finding(made(some), text).told == (
        "uncertain: shown to end higher than 1 of 1 other level"
    )
    # Table 3 has no figure for 0.8 on TREC.
    whole = {**some, ("paper", "cal", 0.0): low, ("paper", "cal", 0.6): low}
    assert finding(made(whole), text).told == (
        "as the paper has it: shown to end higher than 3 of 3 other levels"
    )
    swapped = {**some, ("paper", "cal", 0.2): low, ("paper", "cal", 0.4): RANDOM}
    assert finding(made(swapped), text).told == "against the paper: t_cor 0.4 ends higher"
    level = {**whole, ("paper", "cal", 0.4): moved(some["paper", "cal", 0.2], 0.01, 0, -0.01)}
    assert finding(made(level), text).outcome == "uncertain"


def test_claims_on_all_strategies() -> None:
    text = "dominates every other"
    high = dict.fromkeys(RANDOM, (0.9, 0.95, 0.99))
    ahead: Runs = {
        **{("paper", strategy, None): RANDOM for strategy in COMPARED if strategy != "cal"},
        ("paper", "cal", 0.2): high,
    }
    assert finding(made(ahead), text).told == (
        "as the paper has it: epsilon_min below 0.2 over 5 of 5"
    )
    one_seed = {arm: {1: seeds[1]} for arm, seeds in ahead.items()}
    assert finding(made(one_seed), text).outcome == "uncertain"
    some = {("paper", "random", None): RANDOM, ("paper", "cal", 0.2): high}
    assert finding(made(some), text).told == "uncertain: epsilon_min below 0.2 over 1 of 1"
    behind = {**some, ("paper", "lc", None): dict.fromkeys(RANDOM, (0.99, 1.0, 1.0))}
    assert finding(made(behind), text).told == (
        "against the paper: epsilon_min below 0.2 over 1 of 2; LC over CAL"
    )
    same = {**ahead, ("paper", "cal", 0.2): RANDOM}
    assert finding(made(same), text).outcome == "uncertain"
    assert finding(made({}), text).told == "not run"


def test_numbers_in_cells() -> None:
    value = Estimate(-0.0001, -0.0102, 0.01, 3)
    assert cell(value, 3) == "0.000 ± 0.010"
    assert change(value, 5) == "+0.000 ± 0.010 (3 seeds)"
    assert change(value.less(-0.5), 3) == "**+0.500 ± 0.010**"
    assert cell(Estimate(0.5, float("nan"), float("nan"), 1), 3) == "0.500 (1 seed)"
    assert cell(estimate(pd.Series([np.nan])), 3) == "-"
    assert told(estimate(pd.Series([np.nan]))) == "not run"
    assert captioned(made({}), "T", "It.", ["a"], []) == []


def test_judged_needs_random_and_another() -> None:
    assert judged(compared_runs(made({("paper", "cal", 0.2): RANDOM}), "paper")) is None
    assert judged(compared_runs(made({("paper", "random", None): RANDOM}), "paper")) is None


def test_the_report_of_nothing_names_what_was_not_run() -> None:
    text = report([made({})])
    for name in PRESETS:
        assert f"Preset {name} was not run." in text
    assert "nan" not in text


def test_the_report_of_a_part() -> None:
    text = report([made({**both(), ("paper", "lc", None): {1: (0.5, 0.6, 0.7)}})])
    assert (
        "Not run under preset paper, or not with all seeds: LC, Entropy, BALD, DAL, CAL+DAL at "
        "t_cor 0.2, CAL at t_cor 0, CAL at t_cor 0.4, CAL at t_cor 0.6, CAL at t_cor 0.8, a "
        "training on all texts, the map of all texts and the map of the seed set."
    ) in text
    assert "A small version" in text
    assert "No switch was run by itself." in text
    assert "110 of the paper's 5,452, 2 %" in text
    assert "| CAL, t_cor 0.2 | 0.724 | 0.820 ± " in text
    assert "nan" not in text


def test_the_report_of_both_data_sets() -> None:
    runs = {
        (name, strategy, t_cor): seeds
        for (_, strategy, t_cor), seeds in both().items()
        for name in PRESETS
    }
    picks = {("paper", strategy): {1: "ab cd"} for strategy in ("random", "cal")}
    full = switched(paper_padding=-0.1)
    news = made({("paper", "random", None): RANDOM}, dataset="agnews")
    text = report([made(runs, full, picks), news])
    folders = "--report docs/reproduction/trec --report docs/reproduction/agnews"
    assert f"    cartography reproduce {folders}\n" in text
    lines = text.splitlines()
    assert lines.count("## TREC") == lines.count("## AG News") == 1
    for number, line in enumerate(lines):
        if line.startswith("| --- |"):
            assert "(`cartography reproduce --report docs/reproduction/" in lines[number - 3]
        if line.startswith("|"):
            assert line.count("|") == lines[number - 1].count("|") or not lines[number - 1]
    row = next(line for line in lines if line.startswith("| paper, padding=on |"))
    assert row.split(" | ")[1] == "0.720 ± 0.050<br>**-0.100 ± 0.000**"
    for name in UNREAD:
        assert f"`{name}`: {describe_switches()[name]}" in text
    assert "Not run yet: paper, hidden_layers=2;" in text
    assert "| CAL and Random | 82 (76) | 4 (0) of 4 |" in text
    assert "    cartography reproduce some.csv" in lines
    assert "nan" not in text
