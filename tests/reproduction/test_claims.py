import numpy as np
import pandas as pd
from reproduced import RANDOM, Runs, both, finding, made, moved

from cartography.reproduction.claims import of_figure, of_side
from cartography.reproduction.estimates import Estimate, estimate
from cartography.reproduction.published import COMPARED


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


def test_claims_on_random() -> None:
    text = "Every strategy but DAL"
    strategies = [each for each in COMPARED if each not in ("random", "dal", "cal")]
    high = moved(RANDOM, 0.1, 0.11, 0.09)
    low = moved(RANDOM, -0.1, -0.11, -0.09)
    others: Runs = {("paper", strategy, None): high for strategy in strategies}
    ahead: Runs = {**both(), **others, ("paper", "dal", None): low}
    assert finding(made(ahead), text).told == (
        "as the paper has it: shown for LC, Entropy, BALD and CAL of 4; DAL is behind"
    )
    assert finding(made(ahead), "CAL is ahead of DAL").outcome == "as the paper has it"
    level = {**ahead, ("paper", "lc", None): RANDOM}
    assert finding(made(level), text).outcome == "uncertain"
    turned = {**ahead, ("paper", "lc", None): low, ("paper", "dal", None): high}
    assert finding(made(turned), text).told == (
        "against the paper: shown for Entropy, BALD and CAL of 4; DAL is ahead; LC behind"
    )
    assert finding(made({}), text).told == "not run"


def test_cal_close_below_all_texts() -> None:
    # 0.82 at the end on average, and the paper's -0.009 on AG News.
    close = made(both(), {"paper": {1: 0.812, 2: 0.838, 3: 0.838}}, dataset="agnews")
    assert finding(close, "CAL ends close below").outcome == "as the paper has it"
    far = made(both(), {"paper": {1: 0.88, 2: 0.91, 3: 0.91}}, dataset="agnews")
    assert finding(far, "CAL ends close below").outcome == "below the paper's"
