from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reproduced import FULL, RANDOM, T3, Runs, both, ends, made

from cartography.models.presets import PRESETS
from cartography.reproduction.estimates import Estimate, estimate, paired
from cartography.reproduction.markdown import caption_table, cell, change
from cartography.reproduction.pick_sections import efficiency, moved_words
from cartography.reproduction.published import COMPARED, PUBLISHED
from cartography.reproduction.report import report
from cartography.reproduction.results import Results, read_results, write_results
from cartography.reproduction.sections import order
from cartography.reproduction.shared_picks import overlaps
from cartography.reproduction.tables import (
    accuracies,
    accuracy_trajectories,
    batch_trajectories,
    compared_runs,
    counts,
    data_efficiency,
    discriminator_trajectories,
    dominance,
    regions,
    seconds,
    verdicts_on_random,
)
from cartography.reproduction.tables import threshold_moves as moves
from cartography.reproduction.words import describe_estimate


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
    random, cal = accuracy_trajectories(results, "paper")
    assert (random.strategy, cal.strategy) == ("random", "cal")
    assert random.iterations == (0, 2)
    assert [value.mean for value in random.at] == pytest.approx([0.52, 0.72])
    assert random.mean.mean == pytest.approx(0.62)
    longer = made({("paper", "lc", None): {1: [0.5] * 31}}, iterations=30)
    assert accuracy_trajectories(longer, "paper")[0].iterations == (0, 5, 10, 20, 30)
    assert batch_trajectories(longer, "paper", "confidence")[0].iterations == (1, 15, 30)
    (found,) = discriminator_trajectories(results, "paper")
    assert found.iterations == (1, 2)
    assert [value.mean for value in found.at] == pytest.approx([0.6, 0.7])
    assert accuracy_trajectories(results, "released") == ()


def test_seconds_leave_out_the_training_without_a_query() -> None:
    rows = {row.label: row for row in seconds(made(both()), "paper")}
    # Trainings take 2 s, and the two queries 1 s and 2 s.
    assert rows["CAL"].ours.mean == pytest.approx(3.5)
    assert (rows["CAL"].published, rows["Random"].published) == (11, None)


def test_how_soon_cal_reaches_all_texts() -> None:
    runs = {("paper", "cal", 0.2): {1: (0.5, 0.8, 0.9), 2: (0.5, 0.8, 0.9)}}
    found = data_efficiency(made(runs, {"paper": {1: 0.8, 2: 0.8}}), "paper", "cal")
    assert found is not None
    assert (found.labels, found.most, found.texts) == (12, 14, 110)
    assert found.share.mean == pytest.approx(0.9 / 0.8)
    never = data_efficiency(made(runs, {"paper": {1: 0.95, 2: 0.95}}), "paper", "cal")
    assert never is not None
    assert never.labels is None
    assert data_efficiency(made(runs), "paper", "cal") is None
    assert data_efficiency(made(runs, {"paper": {1: 0.8, 2: 0.8}}), "paper", "random") is None
    ends_at = {("paper", "random", None): {1: (0.5, 0.6, 0.7), 2: (0.5, 0.6, 0.7)}, **runs}
    lines = efficiency(made(ends_at, {"paper": {1: 0.7, 2: 0.7}}))
    assert any(
        "Random ends at 1.000 [1.000, 1.000] times the accuracy of all texts, and its mean "
        "accuracy first reaches that with 14 labels, 13 % of the texts." in line
        for line in lines
    )


def test_how_often_t_cor_was_moved(tmp_path: Path) -> None:
    runs = {
        **both(),
        ("paper", "cal", 0.8): RANDOM,
        ("paper", "cal-dal", 0.2): RANDOM,
        ("released", "cal", 0.2): RANDOM,
    }
    found = made(runs, moved_of=[("cal", 1), ("cal", 3)])
    write_results(tmp_path, found)
    for results in (found, read_results(tmp_path)):
        # Two queries of each of three seeds, the first training has none.
        assert told_moves(results, "paper") == [("CAL, t_cor 0.2", 4, 6), ("CAL, t_cor 0.8", 4, 6)]
    assert told_moves(made(runs), "paper") == []
    (line,) = [each for each in moved_words(found, PRESETS) if "moved" in each]
    assert "paper: 4 of 6 (CAL, t_cor 0.2) and 4 of 6 (CAL, t_cor 0.8); released: 4 of 6" in line
    assert line in report([found])
    assert moved_words(made(runs), PRESETS) == []


def told_moves(results: Results, method: str) -> list[tuple[str, int, int]]:
    return [(each.label, each.queries, each.of) for each in moves(results, method)]


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


def test_the_lower_half_of_table_2_as_one_minus_the_upper() -> None:
    runs: Runs = {("paper", each, None): RANDOM for each in COMPARED if each != "cal"}
    results = made({**runs, ("paper", "cal", 0.2): dict.fromkeys(RANDOM, (0.9, 0.95, 0.99))})
    (line,) = [each for each in order(results) if "lower half" in each]
    # The others over CAL are all at 1.
    assert "In the paper 14 of 15 pairs add up to 1.00" in line
    assert "preset paper 0.00, 0.00, 0.00, 0.00, 0.00." in line
    assert "the paper 0.00, 0.00, 0.00, 0.00, 0.00;" in line
    behind = made({**runs, ("paper", "cal", 0.2): dict.fromkeys(RANDOM, (0.1, 0.1, 0.1))})
    (line,) = [each for each in order(behind) if "lower half" in each]
    assert "preset paper 1.00, 1.00, 1.00, 1.00, 1.00." in line


def test_numbers_in_cells() -> None:
    value = Estimate(-0.0001, -0.0102, 0.01, 3)
    assert cell(value, 3) == "0.000 ± 0.010"
    assert change(value, 5) == "+0.000 ± 0.010 (3 seeds)"
    assert change(value.less(-0.5), 3) == "**+0.500 ± 0.010**"
    assert cell(Estimate(0.5, float("nan"), float("nan"), 1), 3) == "0.500 (1 seed)"
    assert cell(estimate(pd.Series([np.nan])), 3) == "-"
    assert describe_estimate(estimate(pd.Series([np.nan]))) == "not run"
    assert caption_table(made({}), "T", "It.", ["a"], []) == []


def test_judged_needs_random_and_another() -> None:
    assert verdicts_on_random(compared_runs(made({("paper", "cal", 0.2): RANDOM}), "paper")) is None
    assert (
        verdicts_on_random(compared_runs(made({("paper", "random", None): RANDOM}), "paper"))
        is None
    )
