import numpy as np
import pandas as pd
from reproduced import RANDOM, Runs, finding, make_results, random_and_cal, shift

from cartography.reproduction.claims import compare_number, compare_sign
from cartography.reproduction.estimates import Estimate, estimate
from cartography.reproduction.published import TABLE_2_STRATEGIES


def test_compare_a_number_of_the_paper_with_an_interval() -> None:
    ours = Estimate(0.63, 0.62, 0.64, 3)
    assert compare_number(ours, 0.634).text == "as the paper has it: 0.630 [0.620, 0.640]"
    assert compare_number(ours, 0.5).outcome == "above the paper's"
    assert compare_number(ours, 0.7).outcome == "below the paper's"
    assert compare_number(Estimate(0.63, 0.53, 0.73, 2), 0.634).outcome == "uncertain"
    assert compare_number(estimate(pd.Series([0.7])), 0.7).text == "uncertain: 0.700 on one seed"
    assert compare_number(estimate(pd.Series([np.nan])), 0.7).text == "not run"


def test_compare_a_sign_of_the_paper_with_an_interval() -> None:
    above = Estimate(0.02, 0.0001, 0.04, 3)
    assert compare_sign(above, 1).text == "as the paper has it: +0.020 [0.0001, 0.040]"
    assert compare_sign(above, -1).outcome == "against the paper"
    assert compare_sign(above.minus(0.02), 1).outcome == "uncertain"
    assert compare_sign(estimate(pd.Series([np.nan])), 1).text == "not run"


def test_claims_on_t_cor() -> None:
    low = {seed: (0.5, 0.5, 0.5 + seed / 1000) for seed in RANDOM}
    text = "t_cor 0.2 is best"
    some = {**random_and_cal(), ("paper", "cal", 0.4): low}
    assert finding(make_results(some), text).text == (
        "uncertain: shown to end higher than 1 of 1 other level"
    )
    # Table 3 has no number for 0.8 on TREC.
    all_levels = {**some, ("paper", "cal", 0.0): low, ("paper", "cal", 0.6): low}
    assert finding(make_results(all_levels), text).text == (
        "as the paper has it: shown to end higher than 3 of 3 other levels"
    )
    swapped = {**some, ("paper", "cal", 0.2): low, ("paper", "cal", 0.4): RANDOM}
    assert finding(make_results(swapped), text).text == "against the paper: t_cor 0.4 ends higher"
    equal = {**all_levels, ("paper", "cal", 0.4): shift(some["paper", "cal", 0.2], 0.01, 0, -0.01)}
    assert finding(make_results(equal), text).outcome == "uncertain"


def test_claims_on_all_strategies() -> None:
    text = "dominates every other"
    high = dict.fromkeys(RANDOM, (0.9, 0.95, 0.99))
    ahead: Runs = {
        **{
            ("paper", strategy, None): RANDOM
            for strategy in TABLE_2_STRATEGIES
            if strategy != "cal"
        },
        ("paper", "cal", 0.2): high,
    }
    assert finding(make_results(ahead), text).text == (
        "as the paper has it: epsilon_min below 0.2 over 5 of 5"
    )
    one_seed = {run: {1: seeds[1]} for run, seeds in ahead.items()}
    assert finding(make_results(one_seed), text).outcome == "uncertain"
    some = {("paper", "random", None): RANDOM, ("paper", "cal", 0.2): high}
    assert finding(make_results(some), text).text == "uncertain: epsilon_min below 0.2 over 1 of 1"
    behind = {**some, ("paper", "lc", None): dict.fromkeys(RANDOM, (0.99, 1.0, 1.0))}
    assert finding(make_results(behind), text).text == (
        "against the paper: epsilon_min below 0.2 over 1 of 2; LC over CAL"
    )
    same = {**ahead, ("paper", "cal", 0.2): RANDOM}
    assert finding(make_results(same), text).outcome == "uncertain"
    assert finding(make_results({}), text).text == "not run"


def test_claims_on_random() -> None:
    text = "Every strategy but DAL"
    strategies = [name for name in TABLE_2_STRATEGIES if name not in ("random", "dal", "cal")]
    high = shift(RANDOM, 0.1, 0.11, 0.09)
    low = shift(RANDOM, -0.1, -0.11, -0.09)
    others: Runs = {("paper", strategy, None): high for strategy in strategies}
    ahead: Runs = {**random_and_cal(), **others, ("paper", "dal", None): low}
    assert finding(make_results(ahead), text).text == (
        "as the paper has it: shown for LC, Entropy, BALD and CAL of 4; DAL is behind"
    )
    assert finding(make_results(ahead), "CAL is ahead of DAL").outcome == "as the paper has it"
    equal = {**ahead, ("paper", "lc", None): RANDOM}
    assert finding(make_results(equal), text).outcome == "uncertain"
    reversed_runs = {**ahead, ("paper", "lc", None): low, ("paper", "dal", None): high}
    assert finding(make_results(reversed_runs), text).text == (
        "against the paper: shown for Entropy, BALD and CAL of 4; DAL is ahead; LC behind"
    )
    assert finding(make_results({}), text).text == "not run"


def test_cal_close_below_all_texts() -> None:
    # CAL ends at 0.82 on average, and the paper has -0.009 on AG News.
    close = make_results(
        random_and_cal(), {"paper": {1: 0.812, 2: 0.838, 3: 0.838}}, dataset="agnews"
    )
    assert finding(close, "CAL ends close below").outcome == "as the paper has it"
    far = make_results(random_and_cal(), {"paper": {1: 0.88, 2: 0.91, 3: 0.91}}, dataset="agnews")
    assert finding(far, "CAL ends close below").outcome == "below the paper's"
