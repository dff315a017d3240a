import math
import random
import statistics
import time

import numpy as np
import pytest

from cartography.errors import CartographyError
from cartography.significance import epsilon_min, epsilon_min_table, violation_ratio

A = np.array([0.9, 0.2, 0.5])
B = np.array([0.4, 0.6])
CLOSE = np.random.default_rng(5).normal([[0.72], [0.7]], 0.05, (2, 60))


def fresh() -> np.random.Generator:
    return np.random.default_rng(5)


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
    monkeypatch.setattr("cartography.significance._BLOCK", 7 * 120)
    assert epsilon_min(*CLOSE, rng=fresh()) == pytest.approx(at_once, abs=0.03)


def test_it_is_quick() -> None:
    rng = fresh()
    a, b = rng.normal(0.7, 0.05, 155), rng.normal(0.7, 0.05, 155)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        epsilon_min(a, b, rng=rng)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.05


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
