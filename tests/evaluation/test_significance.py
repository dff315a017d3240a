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
    """The definition, one cell of the common grid after the other."""
    cells = math.lcm(len(a), len(b))
    differences = [
        sorted(b)[cell * len(b) // cells] - sorted(a)[cell * len(a) // cells]
        for cell in range(cells)
    ]
    whole = sum(each**2 for each in differences)
    return sum(each**2 for each in differences if each > 0) / whole if whole else 0.5


def test_violation_ratio_by_hand() -> None:
    # Quantiles on sixths: a 0.2 0.2 0.5 0.5 0.9 0.9, b 0.4 0.4 0.4 0.6 0.6 0.6; b leads on the
    # first, second and fourth sixth by 0.2, 0.2 and 0.1, and trails by 0.1, 0.3 and 0.3.
    assert violation_ratio(A, B) == pytest.approx(0.09 / 0.28)
    assert violation_ratio(B, A) == pytest.approx(0.19 / 0.28)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (6, 4), (5, 5), (12, 31)])
def test_violation_ratio_is_the_definition(n: int, m: int) -> None:
    rng = fresh()
    # Tenths make ties; a row for each pair of samples at once.
    a, b = rng.integers(11, size=(20, n)) / 10, rng.integers(11, size=(20, m)) / 10
    expected = [plain_ratio(one, other) for one, other in zip(a.tolist(), b.tolist(), strict=True)]
    np.testing.assert_allclose(violation_ratio(a, b), expected, atol=1e-12)


def test_dominance_is_0_one_way_and_1_the_other() -> None:
    higher = A + 1
    assert epsilon_min(higher, A, rng=fresh()) == 0
    assert epsilon_min(A, higher, rng=fresh()) == 1


def test_samples_without_a_difference_favour_neither() -> None:
    constant = np.full(4, 0.7)
    assert violation_ratio(A, A[::-1]) == 0.5
    assert epsilon_min(constant, constant[:2], rng=fresh()) == 0.5
    assert 0.5 < epsilon_min(A, A, rng=fresh()) <= 1


def test_the_bound_has_the_bootstrap_deviation() -> None:
    a, b = [0.5, 0.6, 0.62, 0.7, 0.71, 0.8], [0.45, 0.55, 0.6, 0.72]
    draw = random.Random(3)
    root = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    deviation = statistics.pstdev(
        root * (plain_ratio(draw.choices(a, k=6), draw.choices(b, k=4)) - plain_ratio(a, b))
        for _ in range(4000)
    )
    quantile = statistics.NormalDist().inv_cdf(0.2)
    expected = plain_ratio(a, b) - deviation * quantile / root
    got = epsilon_min(np.array(a), np.array(b), alpha=0.2, bootstraps=4000, rng=fresh())
    assert 0 < expected < 1
    assert got == pytest.approx(expected, abs=0.02)


def test_stricter_confidence_takes_it_up() -> None:
    loose, strict = (epsilon_min(*CLOSE, comparisons=count, rng=fresh()) for count in (1, 20))
    assert 0 < loose < strict < 1
    assert strict == epsilon_min(*CLOSE, alpha=0.05 / 20, rng=fresh())


def test_the_generator_decides() -> None:
    again = [epsilon_min(*CLOSE, rng=np.random.default_rng(seed)) for seed in (5, 5, 6)]
    assert again[0] == again[1] != again[2]


def test_many_scores_go_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = epsilon_min(*CLOSE, rng=fresh())
    monkeypatch.setattr("cartography.evaluation.significance._BLOCK", 7 * 120)
    assert epsilon_min(*CLOSE, rng=fresh()) == pytest.approx(at_once, abs=0.03)


def test_it_is_quick() -> None:
    rng = fresh()
    a, b = rng.normal(0.7, 0.05, 155), rng.normal(0.7, 0.05, 155)
    assert min(seconds_of(lambda: epsilon_min(a, b, rng=rng)) for _ in range(5)) < 0.05


@pytest.mark.parametrize(
    ("a", "more", "message"),
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
def test_what_cannot_be_compared(a: list[float], more: dict[str, float], message: str) -> None:
    with pytest.raises(CartographyError, match=message):
        epsilon_min(np.array(a), B, rng=fresh(), **more)


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
    # Both directions have the same samples, so the bounds add the same to the two ratios.
    added = [table.of("a", over="b") - violation_ratio(a, b)]
    added += [table.of("b", over="a") - violation_ratio(b, a)]
    assert 0 < added[0] == pytest.approx(added[1])


def test_a_table_of_one_and_of_none() -> None:
    assert np.isnan(epsilon_min_table({"a": A}, rng=fresh()).values).tolist() == [[True]]
    assert epsilon_min_table({}, rng=fresh()).values.shape == (0, 0)
    with pytest.raises(CartographyError, match="no scores to compare in lc"):
        epsilon_min_table({"cal": A, "lc": A[:0]}, rng=fresh())


def curve(last: float, rate: float, rng: np.random.Generator) -> Scores:
    """Accuracies on 500 texts of five seeds at 31 iterations, (155,)."""
    accuracy = last - 0.3 * np.exp(-np.arange(31) / rate)
    return (rng.binomial(500, accuracy, (5, 31)) / 500).ravel()


def pairs() -> dict[str, tuple[Scores, Scores]]:
    """Twenty pairs of score sets, none so far apart that thirty samples seldom have a violation."""
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
    """deepsig's ratio: quantiles at dt, 2 dt, … below 1, the first of them not in the violation."""
    t = np.arange(dt, 1, dt)
    quantiles_a, quantiles_b = (
        np.sort(each, axis=-1)[..., np.ceil(each.shape[-1] * t).astype(int) - 1] for each in (a, b)
    )
    ahead = quantiles_b - quantiles_a
    violated, whole = (np.maximum(ahead[..., 1:], 0) ** 2).sum(-1), (ahead**2).sum(-1)
    return np.divide(violated, whole, out=np.full(whole.shape, 0.5), where=whole > 0)


@pytest.mark.parametrize(("a", "b"), PAIRS.values(), ids=PAIRS)
def test_the_ratio_is_the_limit_of_deepsigs_grid(a: Scores, b: Scores) -> None:
    assert ratio_on_a_grid(a, b) == pytest.approx(compute_violation_ratio(a, b, dt=0.005))
    # Each step of a quantile function and each end of the range misplaces one point of the grid, in
    # the violation and in the whole; its weight is at most dt times the largest squared difference.
    n, m, dt = len(a), len(b), 1e-5
    squared = (np.repeat(np.sort(b), n) - np.repeat(np.sort(a), m)) ** 2
    error = dt * (n + m) * squared.max()
    bound = 2 * error / (squared.mean() - error)
    assert abs(ratio_on_a_grid(a, b, dt) - violation_ratio(a, b)) <= bound


def deepsigs(a: Scores, b: Scores, bootstraps: int, seed: int = 1, **more: float) -> float:
    """deepsig's epsilon_min; it warns of samples without a difference, which ties bring about."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Division by zero encountered in violation ratio")
        return float(
            aso(a, b, num_bootstrap_iterations=bootstraps, show_progress=False, seed=seed, **more)
        )


def test_it_is_deepsigs_within_bootstrap_error() -> None:
    rng, theirs_of, ours_of = fresh(), 30, 1000
    # One chance in a hundred that any of the pairs fails, were the seeds drawn anew.
    sure = statistics.NormalDist().inv_cdf(1 - 0.01 / 2 / len(PAIRS))
    inside = []
    for number, (name, (a, b)) in enumerate(PAIRS.items()):
        comparisons = (1, 2, 30)[number % 3]
        level = 0.05 / comparisons
        z = -statistics.NormalDist().inv_cdf(level)
        # deepsig draws sample i with the seed plus i: pairs have the same draws at one seed.
        theirs = deepsigs(a, b, theirs_of, seed=1000 * number, confidence_level=1 - level)
        ours = epsilon_min(a, b, comparisons=comparisons, bootstraps=ours_of, rng=rng)
        samples = [each[rng.integers(len(each), size=(ours_of, len(each)))] for each in (a, b)]
        exact, grid = violation_ratio(*samples), ratio_on_a_grid(*samples)
        of_grid = ratio_on_a_grid(a, b) - violation_ratio(a, b) + z * (grid.std() - exact.std())
        # A variance over B draws has the standard error of a mean of B squares; this holds for any
        # distribution, and at few draws better than its form for the standard deviation.
        squares = (exact - exact.mean()) ** 2
        error = squares.std() * math.sqrt(1 / theirs_of + 1 / ours_of)
        extremes = np.sqrt(np.maximum(exact.var() + np.array([-sure, sure]) * error, 0))
        lowest, highest = z * (extremes - exact.std())
        assert lowest - abs(of_grid) <= theirs - ours <= highest + abs(of_grid), name
        if 0 < theirs < 1 and 0 < ours < 1:
            inside.append((theirs - ours - of_grid, (z * error / (2 * exact.std())) ** 2))
    # Together they are sharper than one by one, since an error of method leans one way.
    difference, variance = np.sum(inside, axis=0)
    assert abs(difference) <= sure * math.sqrt(variance)


def test_deepsig_corrects_for_comparisons_by_another_rule() -> None:
    # It takes alpha / k off alpha, where Bonferroni divides alpha by k: equal for two alone.
    a, b = CLOSE
    for comparisons, level in ((2, 0.05 / 2), (4, 0.05 - 0.05 / 4)):
        theirs = deepsigs(a, b, 10, num_comparisons=comparisons)
        assert theirs == pytest.approx(deepsigs(a, b, 10, confidence_level=1 - level))


def test_it_is_fifty_times_as_fast_as_deepsig() -> None:
    (a, b), rng = PAIRS["curves"], fresh()
    runs = (lambda: deepsigs(a, b, 20), lambda: epsilon_min(a, b, bootstraps=20, rng=rng))
    seconds = [(seconds_of(runs[0]), seconds_of(runs[1])) for _ in range(5)]
    theirs, ours = map(statistics.median, zip(*seconds, strict=True))
    assert theirs > 50 * ours
