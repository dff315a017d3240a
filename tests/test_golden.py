"""Golden values: what the engine picked and reached when it was first found right.

They guard against results that move unseen, in a change of speed say. A change that moves them on
purpose says so and replaces them.
"""

import pytest
from clouds import TEST, picks, run


@pytest.mark.parametrize(
    ("strategy", "first_batch", "hits"),
    [
        ("random", [4, 76, 24, 1, 87, 50], [40, 43, 43, 41]),
        ("lc", [7, 56, 51, 77, 59, 54], [40, 41, 32, 35]),
        ("entropy", [7, 56, 51, 77, 20, 54], [40, 40, 38, 46]),
        ("margin", [34, 68, 77, 7, 56, 81], [40, 36, 46, 48]),
        ("bald", [51, 56, 77, 7, 54, 20], [40, 38, 36, 36]),
        ("bald-mi", [28, 70, 73, 81, 33, 61], [40, 35, 34, 37]),
        ("dal", [73, 80, 68, 66, 60, 25], [40, 37, 38, 38]),
        ("cal", [71, 7, 67, 20, 22, 21], [40, 36, 35, 35]),
        ("cal-dal", [71, 7, 67, 73, 80, 28], [40, 42, 43, 43]),
    ],
)
def test_picks_and_accuracy_of_each_strategy(
    strategy: str, first_batch: list[int], hits: list[int]
) -> None:
    found = run(strategy)
    assert picks(found)[0] == first_batch
    assert [round(each.evaluation.accuracy * len(TEST)) for each in found] == hits
