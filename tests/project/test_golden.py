"""Golden values: what the engine picked and reached when it was first found right.

They guard against results that move unseen, in a change of speed say. A change that moves them on
purpose says so and replaces them.

Without dropout they have stood since the first engine, through the training loop's rewriting for
speed. With it they stand since masks are drawn in 16 bits a decision instead of a float: other
draws of the same distribution, which test_classifier.py holds to its share, its mean and the
independence of neighbouring decisions.
"""

import pytest
from clouds import PRESET, TEST, picks, run


@pytest.mark.parametrize(
    ("strategy", "dropout", "first_batch", "hits"),
    [
        ("random", 0.0, [4, 76, 24, 1, 87, 50], [38, 37, 43, 44]),
        ("lc", 0.0, [2, 26, 77, 23, 1, 22], [38, 41, 43, 37]),
        ("entropy", 0.0, [2, 77, 22, 26, 51, 24], [38, 33, 38, 40]),
        ("margin", 0.0, [88, 2, 31, 26, 23, 77], [38, 40, 43, 44]),
        ("dal", 0.0, [73, 25, 60, 68, 80, 28], [38, 44, 50, 44]),
        ("cal", 0.0, [41, 51, 87, 35, 20, 26], [38, 42, 38, 40]),
        ("cal-dal", 0.0, [41, 51, 87, 73, 25, 28], [38, 40, 41, 44]),
        ("random", 0.3, [4, 76, 24, 1, 87, 50], [42, 42, 44, 43]),
        ("lc", 0.3, [77, 7, 51, 30, 20, 23], [42, 42, 35, 42]),
        ("entropy", 0.3, [7, 77, 51, 2, 20, 23], [42, 41, 37, 35]),
        ("margin", 0.3, [30, 68, 1, 35, 75, 70], [42, 36, 42, 41]),
        ("bald", 0.3, [77, 59, 7, 51, 2, 20], [42, 36, 34, 44]),
        ("bald-mi", 0.3, [68, 55, 28, 13, 81, 60], [42, 42, 41, 44]),
        ("dal", 0.3, [80, 68, 66, 60, 73, 81], [42, 37, 39, 40]),
        ("cal", 0.3, [20, 51, 87, 71, 2, 21], [42, 41, 38, 37]),
        ("cal-dal", 0.3, [20, 51, 87, 68, 80, 73], [42, 44, 46, 43]),
    ],
)
def test_picks_and_accuracy_of_each_strategy(
    strategy: str, dropout: float, first_batch: list[int], hits: list[int]
) -> None:
    found = run(strategy, preset=PRESET.with_classifier(dropout=dropout))
    assert picks(found)[0] == first_batch
    assert [round(each.evaluation.accuracy * len(TEST)) for each in found] == hits
