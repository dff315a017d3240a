"""Golden values: results of the engine that were checked once and must not change unnoticed.

A change that alters them on purpose, such as a faster computation, says so and replaces them.

The values without dropout are as old as the first engine and survived the rewriting of the
training loop for speed. Those with dropout were replaced when masks were drawn with 16 bits per
decision instead of a float: other draws of the same distribution. tests/models/test_mlp.py checks
the fraction and the mean of the masks, and that neighbouring decisions are independent.
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
    iterations = run(strategy, preset=PRESET.with_classifier(dropout=dropout))
    assert picks(iterations)[0] == first_batch
    accuracies = [iteration.evaluation.accuracy for iteration in iterations]
    assert [round(accuracy * len(TEST)) for accuracy in accuracies] == hits
