from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reproduced import FULL, RANDOM, T_OVER_SQRT_3, Runs, bounds, make_results, random_and_cal

from cartography.models.presets import PRESETS
from cartography.reproduction.estimates import Estimate, estimate, paired_difference
from cartography.reproduction.markdown import caption_table, difference_cell, estimate_cell
from cartography.reproduction.pick_sections import describe_threshold_moves, efficiency_section

# _threshold_moves
from cartography.reproduction.published import PUBLISHED, TABLE_2_STRATEGIES
from cartography.reproduction.report import report
from cartography.reproduction.results import Results, read_results, write_results
from cartography.reproduction.sections import dominance_section
from cartography.reproduction.shared_picks import shared_picks
from cartography.reproduction.tables import (
    accuracy_rows,
    accuracy_trajectories,
    batch_trajectories,
    corpus_counts,
    data_efficiency,
    discriminator_trajectories,
    dominance,
    iteration_seconds,
    region_shares,
    select_curves,
    threshold_moves,
    verdicts_against_random,
)
from cartography.reproduction.words import describe_estimate


def test_an_estimate_by_hand() -> None:
    value = estimate(pd.Series({1: 0.80, 2: 0.82, 3: 0.84, 4: np.nan}))
    half = T_OVER_SQRT_3 * 0.02
    assert bounds(value) == pytest.approx([0.82, 0.82 - half, 0.82 + half], abs=1e-6)
    assert value.seeds == 3
    assert value.half_width == pytest.approx(half, abs=1e-6)
    assert [value.minus(other).sign for other in (0.5, 0.82, 0.9)] == [1, 0, -1]


def test_an_estimate_of_one_seed_or_none_has_no_sign() -> None:
    one, none = estimate(pd.Series([0.7])), estimate(pd.Series([np.nan]))
    assert (one.mean, one.seeds, one.sign) == (0.7, 1, 0)
    assert (none.seeds, none.sign) == (0, 0)
    assert np.isnan([one.low, one.high, none.mean]).all()


def test_differences_are_of_seeds_that_both_have() -> None:
    ours, theirs = pd.Series({1: 0.3, 2: 0.5, 9: 0.1}), pd.Series({2: 0.2, 1: 0.1, 8: 0.0})
    assert paired_difference(ours, theirs).to_dict() == {1: 0.2, 2: 0.3}
    assert paired_difference(pd.Series({1: 0.3}), pd.Series(dtype=float)).empty


def test_counts_next_to_the_papers() -> None:
    counts = {row.label: (row.ours, row.published) for row in corpus_counts(make_results({}))}
    assert counts["training texts"] == (110, 5452)
    assert counts["classes"] == (2, 6)
    assert counts["seeds"] == (3, 5)


def test_final_accuracies() -> None:
    runs = {
        ("paper", "cal", 0.2): RANDOM,
        ("paper", "cal", 0.8): {1: (0, 0, 0.3)},
        ("paper", "cal-dal", 0.2): {1: (0, 0, 0.5), 2: (0, 0, 0.7)},
        ("released", "cal", 0.2): {1: (0, 0, 0.9)},
    }
    results = make_results(runs, {"paper": FULL})
    rows = {row.label: row for row in accuracy_rows(results, "paper")}
    assert bounds(rows["all texts"].ours)[0] == pytest.approx(0.82)
    assert rows["CAL, t_cor 0.2"].ours.mean == pytest.approx(0.72)
    difference = rows["CAL, t_cor 0.2"].difference
    assert difference is not None
    assert bounds(difference) == pytest.approx(
        [-0.004, -0.004 - T_OVER_SQRT_3 * 0.02, -0.004 + T_OVER_SQRT_3 * 0.02], abs=1e-6
    )
    assert (rows["CAL, t_cor 0.8"].ours.seeds, rows["CAL, t_cor 0.8"].difference) == (1, None)
    assert rows["CAL, t_cor 0.4"].ours.seeds == 0
    # Two seeds 0.2 apart: t at 97.5 % with one degree of freedom is 12.7062.
    assert rows["CAL+DAL"].ours.half_width == pytest.approx(0.1 * 12.7062, abs=1e-5)
    assert rows["CAL+DAL"].published == 0.695
    assert [row.ours.mean for row in region_shares(results, "paper")] == pytest.approx(
        [0.5, 0.3, 0.2]
    )


def test_dominance_pooled_and_by_seed() -> None:
    runs = {
        ("paper", "random", None): RANDOM,
        ("paper", "cal", 0.2): dict.fromkeys(RANDOM, (0.9, 0.95, 0.99)),
        ("paper", "lc", None): RANDOM,
    }
    table = dominance(select_curves(make_results(runs), "paper"))
    assert table.points == 3
    assert table.pooled.names == ("Random", "LC", "CAL")
    assert table.pooled.comparisons == 6
    assert (table.pooled.of("CAL", "Random"), table.pooled.of("Random", "CAL")) == (0, 1)
    assert table.pooled.of("LC", "Random") >= 0.5
    assert table.by_seed is None  # three seeds are too few
    again = dominance(select_curves(make_results(runs), "paper"))
    np.testing.assert_array_equal(again.pooled.values, table.pooled.values)


def test_scores_by_seed_need_five_seeds() -> None:
    # Pooled, CAL leads at one quantile and trails at another; its mean is higher in each seed.
    steps = {seed: seed / 1000 for seed in range(1, 6)}
    runs = {
        ("paper", "random", None): {
            seed: (0.4 + step, 0.6 + step, 0.5) for seed, step in steps.items()
        },
        ("paper", "cal", 0.2): {
            seed: (0.3 + step, 0.9 + step, 0.6) for seed, step in steps.items()
        },
    }
    table = dominance(select_curves(make_results(runs), "paper"))
    assert table.by_seed is not None
    assert table.by_seed.of("CAL", "Random") == 0
    assert 0 < table.pooled.of("CAL", "Random") < 1
    four = {run: {seed: seeds[seed] for seed in (1, 2, 3, 4)} for run, seeds in runs.items()}
    assert dominance(select_curves(make_results(four), "paper")).by_seed is None


def test_overlap_within_a_batch_over_a_run_and_by_chance() -> None:
    runs = {("paper", strategy, None): RANDOM for strategy in ("random", "lc", "dal")}
    picks = {
        ("paper", "random"): {1: "ab cd", 2: "ef gh"},
        ("paper", "lc"): {1: "bc da", 2: "eh xy"},
    }
    (pair,) = shared_picks(make_results(runs, picks=picks), "paper")
    assert pair.label == "LC and Random"
    # Seed 1: b and d in the same batch, all four in the run. Seed 2: e in both, h in the run.
    assert (pair.same_batch, pair.whole_run, pair.picks) == (3, 6, 8)
    # A pool of 100 and two batches of 2 texts: expected are 4 / 100 per batch, 16 / 100 per run.
    assert pair.same_batch_by_chance == pytest.approx(4 * 4 / 100)
    assert pair.whole_run_by_chance == pytest.approx(2 * 16 / 100)
    assert (pair.published, pair.published_picks) == (100, 7500)
    assert pair.published_by_chance == pytest.approx(150 * 2500 / 4952)
    assert shared_picks(make_results(runs), "paper") == ()


def test_trajectories() -> None:
    results = make_results(random_and_cal())
    random, cal = accuracy_trajectories(results, "paper")
    assert (random.strategy, cal.strategy) == ("random", "cal")
    assert random.iterations == (0, 2)
    assert [value.mean for value in random.estimates] == pytest.approx([0.52, 0.72])
    assert random.mean.mean == pytest.approx(0.62)
    longer = make_results({("paper", "lc", None): {1: [0.5] * 31}}, iterations=30)
    assert accuracy_trajectories(longer, "paper")[0].iterations == (0, 5, 10, 20, 30)
    assert batch_trajectories(longer, "paper", "confidence")[0].iterations == (1, 15, 30)
    (discriminator,) = discriminator_trajectories(results, "paper")
    assert discriminator.iterations == (1, 2)
    assert [value.mean for value in discriminator.estimates] == pytest.approx([0.6, 0.7])
    assert accuracy_trajectories(results, "released") == ()


def test_seconds_leave_out_iteration_0() -> None:
    rows = {row.label: row for row in iteration_seconds(make_results(random_and_cal()), "paper")}
    # Each training takes 2 s, and the two queries 1 s and 2 s.
    assert rows["CAL"].ours.mean == pytest.approx(3.5)
    assert (rows["CAL"].published, rows["Random"].published) == (11, None)


def test_data_efficiency() -> None:
    runs = {("paper", "cal", 0.2): {1: (0.5, 0.8, 0.9), 2: (0.5, 0.8, 0.9)}}
    reached = data_efficiency(make_results(runs, {"paper": {1: 0.8, 2: 0.8}}), "paper", "cal")
    assert reached is not None
    assert (reached.labels, reached.max_labels, reached.texts) == (12, 14, 110)
    assert reached.share.mean == pytest.approx(0.9 / 0.8)
    never = data_efficiency(make_results(runs, {"paper": {1: 0.95, 2: 0.95}}), "paper", "cal")
    assert never is not None
    assert never.labels is None
    assert data_efficiency(make_results(runs), "paper", "cal") is None
    assert (
        data_efficiency(make_results(runs, {"paper": {1: 0.8, 2: 0.8}}), "paper", "random") is None
    )
    with_random = {("paper", "random", None): {1: (0.5, 0.6, 0.7), 2: (0.5, 0.6, 0.7)}, **runs}
    lines = efficiency_section(make_results(with_random, {"paper": {1: 0.7, 2: 0.7}}))
    assert any(
        "Random ends at 1.000 [1.000, 1.000] times the accuracy of all texts; its mean accuracy "
        "first reaches that accuracy with 14 labels, 13 % of the texts." in line
        for line in lines
    )


def test_how_often_t_cor_was_moved(tmp_path: Path) -> None:
    runs = {
        **random_and_cal(),
        ("paper", "cal", 0.8): RANDOM,
        ("paper", "cal-dal", 0.2): RANDOM,
        ("released", "cal", 0.2): RANDOM,
    }
    made = make_results(runs, moved_runs=[("cal", 1), ("cal", 3)])
    write_results(tmp_path, made)
    for results in (made, read_results(tmp_path)):
        # Two queries per seed, since iteration 0 has none.
        assert moves_of(results, "paper") == [("CAL, t_cor 0.2", 4, 6), ("CAL, t_cor 0.8", 4, 6)]
    assert moves_of(make_results(runs), "paper") == []
    (line,) = [line for line in describe_threshold_moves(made, PRESETS) if "moved" in line]
    assert "paper: 4 of 6 (CAL, t_cor 0.2) and 4 of 6 (CAL, t_cor 0.8); released: 4 of 6" in line
    assert line in report([made])
    assert describe_threshold_moves(make_results(runs), PRESETS) == []


def moves_of(results: Results, method: str) -> list[tuple[str, int, int]]:
    return [(row.label, row.moves, row.queries) for row in threshold_moves(results, method)]


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_published_numbers_are_consistent(dataset: str) -> None:
    paper = PUBLISHED[dataset]
    for first in TABLE_2_STRATEGIES:
        assert paper.epsilon_of(first, first) is None
        for second in TABLE_2_STRATEGIES:
            # The paper prints 1.00 in both directions for one pair.
            if first != second and (dataset, {first, second}) != ("trec", {"bald", "dal"}):
                forward, backward = paper.epsilon_of(first, second), paper.epsilon_of(second, first)
                assert forward is not None
                assert backward is not None
                assert forward + backward == pytest.approx(1)
    assert paper.cal == max(value for value in paper.by_t_cor.values() if value is not None)


def test_the_lower_half_of_table_2_as_one_minus_the_upper() -> None:
    runs: Runs = {("paper", name, None): RANDOM for name in TABLE_2_STRATEGIES if name != "cal"}
    results = make_results(
        {**runs, ("paper", "cal", 0.2): dict.fromkeys(RANDOM, (0.9, 0.95, 0.99))}
    )
    (line,) = [line for line in dominance_section(results) if "lower half" in line]
    # epsilon_min of each other strategy over CAL is 1.
    assert "In the paper 14 of 15 pairs add up to 1.00" in line
    assert "preset paper 0.00, 0.00, 0.00, 0.00, 0.00." in line
    assert "the paper 0.00, 0.00, 0.00, 0.00, 0.00;" in line
    behind = make_results({**runs, ("paper", "cal", 0.2): dict.fromkeys(RANDOM, (0.1, 0.1, 0.1))})
    (line,) = [line for line in dominance_section(behind) if "lower half" in line]
    assert "preset paper 1.00, 1.00, 1.00, 1.00, 1.00." in line


def test_numbers_in_cells() -> None:
    value = Estimate(-0.0001, -0.0102, 0.01, 3)
    assert estimate_cell(value, 3) == "0.000 ± 0.010"
    assert difference_cell(value, 5) == "+0.000 ± 0.010 (3 seeds)"
    assert difference_cell(value.minus(-0.5), 3) == "**+0.500 ± 0.010**"
    assert estimate_cell(Estimate(0.5, float("nan"), float("nan"), 1), 3) == "0.500 (1 seed)"
    assert estimate_cell(estimate(pd.Series([np.nan])), 3) == "-"
    assert describe_estimate(estimate(pd.Series([np.nan]))) == "not run"
    assert caption_table(make_results({}), "T", "It.", ["a"], []) == []


def test_verdicts_need_random_and_another_strategy() -> None:
    for run in (("paper", "cal", 0.2), ("paper", "random", None)):
        curves = select_curves(make_results({run: RANDOM}), "paper")
        assert verdicts_against_random(curves) is None
