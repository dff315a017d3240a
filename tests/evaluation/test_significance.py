import math
import random
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from deepsig import aso
from deepsig.aso import compute_violation_ratio
from numpy.typing import NDArray

from cartography.errors import CartographyError
from cartography.evaluation.significance import epsilon_min, epsilon_min_table, violation_ratio

Scores = NDArray[np.float64]

A = np.array([0.9, 0.2, 0.5])
B = np.array([0.4, 0.6])
CLOSE = np.random.default_rng(5).normal([[0.72], [0.7]], 0.05, (2, 60))


def fresh() -> np.random.Generator:
    return np.random.default_rng(5)


def seconds_of(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def plain_ratio(a: list[float], b: list[float]) -> float:
    """The definition, computed cell by cell on the common grid."""
    cells = math.lcm(len(a), len(b))
    differences = [
        sorted(b)[cell * len(b) // cells] - sorted(a)[cell * len(a) // cells]
        for cell in range(cells)
    ]
    total = sum(difference**2 for difference in differences)
    violated = sum(difference**2 for difference in differences if difference > 0)
    return violated / total if total else 0.5


def test_violation_ratio_by_hand() -> None:
    # Quantiles in sixths: a 0.2 0.2 0.5 0.5 0.9 0.9, b 0.4 0.4 0.4 0.6 0.6 0.6. b is ahead in the
    # first, second and fourth sixth by 0.2, 0.2 and 0.1, and behind by 0.1, 0.3 and 0.3.
    assert violation_ratio(A, B) == pytest.approx(0.09 / 0.28)
    assert violation_ratio(B, A) == pytest.approx(0.19 / 0.28)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (6, 4), (5, 5), (12, 31)])
def test_violation_ratio_is_the_definition(n: int, m: int) -> None:
    rng = fresh()
    # Tenths produce ties; each row is a pair of samples.
    a, b = rng.integers(11, size=(20, n)) / 10, rng.integers(11, size=(20, m)) / 10
    expected = [plain_ratio(*pair) for pair in zip(a.tolist(), b.tolist(), strict=True)]
    np.testing.assert_allclose(violation_ratio(a, b), expected, atol=1e-12)


def test_dominance_is_0_in_one_direction_and_1_in_the_other() -> None:
    higher = A + 1
    assert epsilon_min(higher, A, rng=fresh()) == 0
    assert epsilon_min(A, higher, rng=fresh()) == 1


def test_equal_samples_favour_neither() -> None:
    constant = np.full(4, 0.7)
    assert violation_ratio(A, A[::-1]) == 0.5
    assert epsilon_min(constant, constant[:2], rng=fresh()) == 0.5
    assert 0.5 < epsilon_min(A, A, rng=fresh()) <= 1


def test_the_bound_uses_the_bootstrap_deviation() -> None:
    a, b = [0.5, 0.6, 0.62, 0.7, 0.71, 0.8], [0.45, 0.55, 0.6, 0.72]
    draw = random.Random(3)
    root = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    deviation = statistics.pstdev(
        root * (plain_ratio(draw.choices(a, k=6), draw.choices(b, k=4)) - plain_ratio(a, b))
        for _ in range(4000)
    )
    quantile = statistics.NormalDist().inv_cdf(0.2)
    expected = plain_ratio(a, b) - deviation * quantile / root
    bound = epsilon_min(np.array(a), np.array(b), alpha=0.2, bootstraps=4000, rng=fresh())
    assert 0 < expected < 1
    assert bound == pytest.approx(expected, abs=0.02)


def test_higher_confidence_gives_a_higher_bound() -> None:
    loose, strict = (epsilon_min(*CLOSE, comparisons=count, rng=fresh()) for count in (1, 20))
    assert 0 < loose < strict < 1
    assert strict == epsilon_min(*CLOSE, alpha=0.05 / 20, rng=fresh())


def test_the_result_depends_on_the_generator_only() -> None:
    results = [epsilon_min(*CLOSE, rng=np.random.default_rng(seed)) for seed in (5, 5, 6)]
    assert results[0] == results[1] != results[2]


def test_blocks_give_a_similar_result(monkeypatch: pytest.MonkeyPatch) -> None:
    unblocked = epsilon_min(*CLOSE, rng=fresh())
    monkeypatch.setattr("cartography.evaluation.significance._BLOCK", 7 * 120)
    assert epsilon_min(*CLOSE, rng=fresh()) == pytest.approx(unblocked, abs=0.03)


def test_it_is_fast() -> None:
    rng = fresh()
    a, b = rng.normal(0.7, 0.05, 155), rng.normal(0.7, 0.05, 155)
    assert min(seconds_of(lambda: epsilon_min(a, b, rng=rng)) for _ in range(5)) < 0.05


@pytest.mark.parametrize(
    ("a", "arguments", "message"),
    [
        ([], {}, "no scores to compare in the first sample"),
        ([0.5, math.nan], {}, "a score in the first sample is nan"),
        ([-math.inf], {}, "a score in the first sample is -inf"),
        ([0.5], {"alpha": 0.6}, "alpha is 0.6"),
        ([0.5], {"alpha": 0.0}, "alpha is 0"),
        ([0.5], {"comparisons": 0}, "0 comparisons"),
        ([0.5], {"bootstraps": 0}, "0 bootstraps"),
    ],
)
def test_invalid_arguments(a: list[float], arguments: dict[str, float], message: str) -> None:
    with pytest.raises(CartographyError, match=message):
        epsilon_min(np.array(a), B, rng=fresh(), **arguments)


def test_table() -> None:
    low, lower = CLOSE
    table = epsilon_min_table({"high": low + 1, "low": low, "lower": lower}, rng=fresh())
    assert table.names == ("high", "low", "lower")
    assert table.comparisons == 6
    assert np.isnan(table.values.diagonal()).all()
    assert (table.of("high", over="low"), table.of("low", over="high")) == (0, 1)
    assert 0 < table.of("low", over="lower") < 0.5 < table.of("lower", over="low")


def test_a_cell_of_the_table_is_epsilon_min_at_the_corrected_level() -> None:
    a, b = CLOSE[0] - 0.02, CLOSE[1]
    table = epsilon_min_table({"a": a, "b": b}, alpha=0.5, rng=fresh())
    assert table.of("a", over="b") == epsilon_min(a, b, alpha=0.25, rng=fresh())
    # Both directions use the same samples, so both bounds add the same to the ratio.
    margins = [table.of("a", over="b") - violation_ratio(a, b)]
    margins += [table.of("b", over="a") - violation_ratio(b, a)]
    assert 0 < margins[0] == pytest.approx(margins[1])


def test_a_table_of_one_name_and_of_none() -> None:
    assert np.isnan(epsilon_min_table({"a": A}, rng=fresh()).values).tolist() == [[True]]
    assert epsilon_min_table({}, rng=fresh()).values.shape == (0, 0)
    with pytest.raises(CartographyError, match="no scores to compare in lc"):
        epsilon_min_table({"cal": A, "lc": A[:0]}, rng=fresh())


def curve(last: float, rate: float, rng: np.random.Generator) -> Scores:
    """Accuracies on 500 texts, five seeds with 31 iterations each, (155,)."""
    accuracy = last - 0.3 * np.exp(-np.arange(31) / rate)
    return (rng.binomial(500, accuracy, (5, 31)) / 500).ravel()


def pairs() -> dict[str, tuple[Scores, Scores]]:
    """Twenty pairs of score sets, close enough for violations in most of thirty samples."""
    rng = fresh()
    normal, shared = rng.normal, rng.normal(0.7, 0.05, 64)
    return {
        "few": (normal(0.7, 0.05, 5), normal(0.7, 0.05, 5)),
        "few, unequal": (normal(0.7, 0.03, 5), normal(0.71, 0.04, 9)),
        "overlapping": (normal(0.72, 0.05, 31), normal(0.7, 0.05, 31)),
        "mostly above": (normal(0.72, 0.04, 20), normal(0.7, 0.04, 25)),
        "mostly below": (normal(0.7, 0.04, 20), normal(0.72, 0.04, 25)),
        "narrow and wide": (normal(0.7, 0.02, 30), normal(0.7, 0.1, 30)),
        "wide and narrow": (normal(0.7, 0.1, 12), normal(0.72, 0.02, 40)),
        "curves": (curve(0.74, 6, rng), curve(0.73, 6, rng)),
        "crossing curves": (curve(0.72, 4, rng), curve(0.74, 7, rng)),
        "five seeds and one": (curve(0.72, 6, rng), curve(0.72, 7, rng)[:31]),
        "ties": (rng.integers(11, size=20) / 10, rng.integers(11, size=20) / 10),
        "ties, unequal": (rng.integers(5, size=12) / 4, rng.integers(5, size=30) / 4),
        "heavy tails": (rng.standard_t(2, 40), rng.standard_t(2, 40)),
        "heavier tails": (rng.standard_cauchy(25) + 1, rng.standard_cauchy(60)),
        "a tail upwards": (rng.lognormal(size=50), normal(1.5, 1, 50)),
        "bounded and not": (rng.uniform(0, 2, 17), rng.exponential(1, 35)),
        "two humps": (normal([[0.6], [0.8]], 0.02, (2, 20)).ravel(), normal(0.7, 0.05, 33)),
        "constant": (np.full(10, 0.7), normal(0.7, 0.05, 14)),
        "one score": (np.array([0.71]), normal(0.7, 0.05, 20)),
        "a part of the other": (shared, shared[:40]),
    }


PAIRS = pairs()


def ratio_on_a_grid(a: Scores, b: Scores, dt: float = 0.005) -> Scores:
    """deepsig's ratio: quantiles at dt, 2 dt, ... below 1; the violation omits the first."""
    t = np.arange(dt, 1, dt)
    quantiles_a, quantiles_b = (
        np.sort(scores, axis=-1)[..., np.ceil(scores.shape[-1] * t).astype(int) - 1]
        for scores in (a, b)
    )
    ahead = quantiles_b - quantiles_a
    violated, total = (np.maximum(ahead[..., 1:], 0) ** 2).sum(-1), (ahead**2).sum(-1)
    return np.divide(violated, total, out=np.full(total.shape, 0.5), where=total > 0)


@pytest.mark.parametrize(("a", "b"), PAIRS.values(), ids=PAIRS)
def test_the_ratio_is_the_limit_of_the_grid_of_deepsig(a: Scores, b: Scores) -> None:
    assert ratio_on_a_grid(a, b) == pytest.approx(compute_violation_ratio(a, b, dt=0.005))
    # Each step of a quantile function and each end of the range misplaces one grid point, in the
    # violation and in the total. Its weight is at most dt times the largest squared difference.
    n, m, dt = len(a), len(b), 1e-5
    squared = (np.repeat(np.sort(b), n) - np.repeat(np.sort(a), m)) ** 2
    error = dt * (n + m) * squared.max()
    bound = 2 * error / (squared.mean() - error)
    assert abs(ratio_on_a_grid(a, b, dt) - violation_ratio(a, b)) <= bound


def deepsig_epsilon_min(
    a: Scores, b: Scores, bootstraps: int, seed: int = 1, **options: float
) -> float:
    """deepsig's epsilon_min, without its warning about equal samples, which ties can produce."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Division by zero encountered in violation ratio")
        return float(
            aso(
                a, b, num_bootstrap_iterations=bootstraps, show_progress=False, seed=seed, **options
            )
        )


def test_it_equals_deepsig_within_bootstrap_error() -> None:
    rng, their_draws, our_draws = fresh(), 30, 1000
    # With other seeds, the probability that any pair fails would be 1 %.
    quantile = statistics.NormalDist().inv_cdf(1 - 0.01 / 2 / len(PAIRS))
    inside = []
    for number, (name, (a, b)) in enumerate(PAIRS.items()):
        comparisons = (1, 2, 30)[number % 3]
        level = 0.05 / comparisons
        z = -statistics.NormalDist().inv_cdf(level)
        # deepsig draws sample i with seed + i: with one seed, all pairs would have the same draws.
        theirs = deepsig_epsilon_min(
            a, b, their_draws, seed=1000 * number, confidence_level=1 - level
        )
        ours = epsilon_min(a, b, comparisons=comparisons, bootstraps=our_draws, rng=rng)
        samples = [
            scores[rng.integers(len(scores), size=(our_draws, len(scores)))] for scores in (a, b)
        ]
        exact, grid = violation_ratio(*samples), ratio_on_a_grid(*samples)
        grid_error = ratio_on_a_grid(a, b) - violation_ratio(a, b) + z * (grid.std() - exact.std())
        # The variance of B draws has the standard error of a mean of B squares, for any
        # distribution. For few draws this is better than the formula for the standard deviation.
        squares = (exact - exact.mean()) ** 2
        error = squares.std() * math.sqrt(1 / their_draws + 1 / our_draws)
        extremes = np.sqrt(np.maximum(exact.var() + np.array([-quantile, quantile]) * error, 0))
        lowest, highest = z * (extremes - exact.std())
        assert lowest - abs(grid_error) <= theirs - ours <= highest + abs(grid_error), name
        if 0 < theirs < 1 and 0 < ours < 1:
            inside.append((theirs - ours - grid_error, (z * error / (2 * exact.std())) ** 2))
    # The sum is a sharper test than each pair, since a systematic error has one sign.
    difference, variance = np.sum(inside, axis=0)
    assert abs(difference) <= quantile * math.sqrt(variance)


def test_deepsig_corrects_for_comparisons_differently() -> None:
    # It subtracts alpha / k from alpha, where Bonferroni divides alpha by k: equal only for k = 2.
    a, b = CLOSE
    for comparisons, level in ((2, 0.05 / 2), (4, 0.05 - 0.05 / 4)):
        theirs = deepsig_epsilon_min(a, b, 10, num_comparisons=comparisons)
        assert theirs == pytest.approx(deepsig_epsilon_min(a, b, 10, confidence_level=1 - level))


def test_it_is_fifty_times_as_fast_as_deepsig() -> None:
    (a, b), rng = PAIRS["curves"], fresh()
    runs = (
        lambda: deepsig_epsilon_min(a, b, 20),
        lambda: epsilon_min(a, b, bootstraps=20, rng=rng),
    )
    seconds = [(seconds_of(runs[0]), seconds_of(runs[1])) for _ in range(5)]
    theirs, ours = map(statistics.median, zip(*seconds, strict=True))
    assert theirs > 50 * ours
