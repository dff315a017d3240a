import numpy as np
import pytest
from learned import make_curve, shifted_curves

from cartography.errors import CartographyError
from cartography.evaluation.comparison import LearningCurve, pooled_accuracies
from cartography.evaluation.significance import EpsilonTable, epsilon_min_table
from cartography.evaluation.verdict import Verdict, labels_saved, verdict, verdicts


def table(epsilon: float, reverse: float) -> EpsilonTable:
    values = np.array([[np.nan, epsilon], [reverse, np.nan]])
    return EpsilonTable(("CAL", "Random"), values, alpha=0.05, comparisons=2)


def test_labels_saved_on_straight_lines() -> None:
    """Accuracy 0.5 + x needs 50 x more labels than 0.5 on one curve and 100 x on the other."""
    fast = make_curve("CAL", accuracy=[0.5, 0.7, 0.9])
    slow = make_curve("Random", accuracy=[0.5, 0.6, 0.7, 0.8, 0.9])
    saved = labels_saved([fast], [slow])
    assert saved.mean == pytest.approx(50 * 0.2)
    assert saved.levels.tolist() == [[0.5, 0.9]]
    assert labels_saved([slow], [fast]).mean == pytest.approx(-50 * 0.2)


def test_labels_saved_on_a_curve_that_dips() -> None:
    """Isotonic regression replaces 0.7 and the dip to 0.6 by 0.65 at 20 and 30 labels."""
    dipping = make_curve("CAL", accuracy=[0.5, 0.7, 0.6, 0.9])
    straight = make_curve("Random", accuracy=[0.4, 0.8])
    expected = []
    for level in np.linspace(0.5, 0.8, 20):
        on_first_slope = 10 + 10 * (level - 0.5) / 0.15
        on_second_slope = 30 + 10 * (level - 0.65) / 0.25
        needed = on_first_slope if level <= 0.65 else on_second_slope
        expected.append(10 + 10 * (level - 0.4) / 0.4 - needed)
    saved = labels_saved([dipping], [straight])
    np.testing.assert_allclose(saved.levels, [[0.5, 0.8]])
    assert saved.mean == pytest.approx(np.mean(expected))


def test_interval_of_labels_saved_over_seeds() -> None:
    saved = labels_saved(shifted_curves("CAL", 10, 20, 30, 99), shifted_curves("Random", 0, 0, 0))
    assert saved.seeds == (1, 2, 3)
    np.testing.assert_allclose(saved.saved, [10, 20, 30])
    half = 4.302653 * 10 / np.sqrt(3)  # Student t with 2 degrees of freedom at 97.5 %
    assert (saved.mean, saved.low, saved.high) == pytest.approx((20, 20 - half, 20 + half))


def test_labels_saved_without_an_interval_or_a_value() -> None:
    single = labels_saved(shifted_curves("CAL", 10), shifted_curves("Random", 0))
    assert (single.mean, single.counted) == (pytest.approx(10), 1)
    assert np.isnan([single.low, single.high]).all()
    above = make_curve("CAL", accuracy=[0.9, 0.95])
    disjoint = labels_saved([above], [make_curve("Random")])
    assert (disjoint.seeds, disjoint.counted) == ((1,), 0)
    assert np.isnan([disjoint.mean, disjoint.low, *disjoint.levels[0]]).all()
    no_common_seed = labels_saved([make_curve("CAL", 1)], [make_curve("Random", 2)])
    assert no_common_seed.seeds == ()
    assert np.isnan(no_common_seed.mean)


def judge(epsilon: float, reverse: float, *shifts: int) -> Verdict:
    saved = labels_saved(
        shifted_curves("CAL", *shifts), shifted_curves("Random", *[0] * len(shifts))
    )
    return verdict("CAL", "Random", table(epsilon, reverse), saved)


def test_an_advantage_shown() -> None:
    result = judge(0.031, 1.0, 10, 11, 12)
    assert result.shown
    assert result.sentence == (
        "CAL shows an advantage over Random: epsilon_min 0.031 (the limit is 0.2) and 11 labels "
        "saved at equal accuracy (95 % interval 9 to 13, 3 seeds)."
    )


def test_a_disadvantage_shown() -> None:
    result = judge(1.0, 0.0, -10, -11, -12)
    assert (result.outcome, result.shown) == ("disadvantage", False)
    assert result.sentence == (
        "CAL shows a disadvantage against Random: epsilon_min of Random over it 0 (the limit is "
        "0.2) and -11 labels saved at equal accuracy (95 % interval -13 to -9, 3 seeds)."
    )


@pytest.mark.parametrize(
    ("epsilon", "reverse", "shifts", "end"),
    [
        (
            0.2,
            1.0,
            (10, 11, 12),
            "11 labels saved at equal accuracy (95 % interval 9 to 13, 3 seeds).",
        ),
        (
            0.0,
            1.0,
            (-9, 11, 10),
            "4 labels saved at equal accuracy (95 % interval -24 to 32, 3 seeds).",
        ),
        (
            1.0,
            0.0,
            (10, 11, 12),
            "11 labels saved at equal accuracy (95 % interval 9 to 13, 3 seeds).",
        ),
        (0.0, 1.0, (10,), "on one seed, and one seed cannot show an advantage."),
        (1.0, 0.0, (-10,), "on one seed, and one seed cannot show an advantage."),
    ],
)
def test_an_advantage_needs_both_conditions(
    epsilon: float, reverse: float, shifts: tuple[int, ...], end: str
) -> None:
    result = judge(epsilon, reverse, *shifts)
    assert (result.outcome, result.shown) == ("none shown", False)
    start = f"CAL: no advantage over Random shown: epsilon_min {epsilon:g} (the limit is 0.2) and "
    assert result.sentence.startswith(start)
    assert result.sentence.endswith(end)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (make_curve("CAL", 2), "no seed was run with both"),
        (make_curve("CAL", accuracy=[0.9, 0.95]), "no range of accuracy is reached by both"),
    ],
)
def test_an_advantage_needs_labels_saved_that_can_be_counted(
    run: LearningCurve, reason: str
) -> None:
    result = verdict("CAL", "Random", table(0.0, 1.0), labels_saved([run], [make_curve("Random")]))
    assert not result.shown
    assert result.sentence.endswith(f"labels saved cannot be counted, as {reason}.")


def test_the_summary_of_all_strategies() -> None:
    runs = [
        *shifted_curves("Random", 0, 0),
        *shifted_curves("CAL", 40, 41),
        *shifted_curves("LC", -40, -41),
        *shifted_curves("DAL", 1, -1),
    ]
    names = ("Random", "CAL", "LC", "DAL")
    values = np.full((4, 4), 0.5)
    values[1, 0], values[0, 2] = 0.1, 0.1
    result = verdicts(runs, EpsilonTable(names, values, alpha=0.05, comparisons=12))
    assert result.sentence == (
        "Advantage over Random shown for CAL; disadvantage against Random shown for LC; no "
        "advantage over Random shown for DAL."
    )
    assert [verdict.name for verdict in result.each] == ["CAL", "LC", "DAL"]
    assert result.shown


def test_verdicts_from_runs_alone() -> None:
    """All steps from accuracies to the verdict."""
    worse = [make_curve("Random", seed, [0.5, 0.55, 0.6, 0.65 + seed / 100]) for seed in (1, 2)]
    better = [make_curve("CAL", seed, [0.62, 0.8, 0.9, 0.9]) for seed in (1, 2)]
    runs = [*worse, *better]
    epsilons = epsilon_min_table(pooled_accuracies(runs), rng=np.random.default_rng(1))
    (result,) = verdicts(runs, epsilons).each
    assert result.epsilon < 0.01
    assert result.reverse == 1
    assert result.saved.low > 0
    assert result.shown


def test_one_seed_is_not_enough_for_any_strategy() -> None:
    runs = [*shifted_curves("Random", 0), *shifted_curves("CAL", 9)]
    result = verdicts(runs, table(0.0, 1.0))
    assert result.sentence == (
        "No advantage over Random shown for CAL; one seed is not enough to show one."
    )
    assert not result.shown


def test_random_must_be_among_the_runs_once() -> None:
    with pytest.raises(CartographyError, match="Random is not among the runs"):
        verdicts([make_curve("CAL")], table(0.0, 1.0))
    with pytest.raises(CartographyError, match="as Random and as Random 2: keep one"):
        verdicts([make_curve("Random"), make_curve("Random 2")], table(0.0, 1.0))
    alone = verdicts([make_curve("Random")], table(0.0, 1.0))
    assert alone.each == ()
    assert "nothing to compare with Random yet" in alone.sentence
