import numpy as np
import pytest
from learned import learned, shifted

from cartography.errors import CartographyError
from cartography.evaluation.comparison import LearningCurve, pooled_accuracies
from cartography.evaluation.significance import EpsilonTable, epsilon_min_table
from cartography.evaluation.verdict import Verdict, labels_saved, verdict, verdicts


def table(epsilon: float, reverse: float) -> EpsilonTable:
    values = np.array([[np.nan, epsilon], [reverse, np.nan]])
    return EpsilonTable(("CAL", "Random"), values, alpha=0.05, comparisons=2)


def test_labels_saved_on_straight_lines() -> None:
    """Accuracy 0.5 + x needs 50 x labels more than the seed set here and 100 x there."""
    fast = learned("CAL", accuracy=[0.5, 0.7, 0.9])
    slow = learned("Random", accuracy=[0.5, 0.6, 0.7, 0.8, 0.9])
    saved = labels_saved([fast], [slow])
    assert saved.mean == pytest.approx(50 * 0.2)
    assert saved.levels.tolist() == [[0.5, 0.9]]
    assert labels_saved([slow], [fast]).mean == pytest.approx(-50 * 0.2)


def test_labels_saved_on_a_curve_that_dips() -> None:
    """The dip to 0.6 and the 0.7 before it become 0.65 at 20 and at 30 labels."""
    dips = learned("CAL", accuracy=[0.5, 0.7, 0.6, 0.9])
    straight = learned("Random", accuracy=[0.4, 0.8])
    expected = []
    for level in np.linspace(0.5, 0.8, 20):
        on_first_slope = 10 + 10 * (level - 0.5) / 0.15
        on_second_slope = 30 + 10 * (level - 0.65) / 0.25
        needed = on_first_slope if level <= 0.65 else on_second_slope
        expected.append(10 + 10 * (level - 0.4) / 0.4 - needed)
    saved = labels_saved([dips], [straight])
    np.testing.assert_allclose(saved.levels, [[0.5, 0.8]])
    assert saved.mean == pytest.approx(np.mean(expected))


def test_interval_of_labels_saved_over_seeds() -> None:
    saved = labels_saved(shifted("CAL", 10, 20, 30, 99), shifted("Random", 0, 0, 0))
    assert saved.seeds == (1, 2, 3)
    np.testing.assert_allclose(saved.saved, [10, 20, 30])
    half = 4.302653 * 10 / np.sqrt(3)  # Student t with 2 degrees of freedom at 97.5 %
    assert (saved.mean, saved.low, saved.high) == pytest.approx((20, 20 - half, 20 + half))


def test_labels_saved_without_an_interval_or_at_all() -> None:
    one = labels_saved(shifted("CAL", 10), shifted("Random", 0))
    assert (one.mean, one.counted) == (pytest.approx(10), 1)
    assert np.isnan([one.low, one.high]).all()
    above = learned("CAL", accuracy=[0.9, 0.95])
    apart = labels_saved([above], [learned("Random")])
    assert (apart.seeds, apart.counted) == ((1,), 0)
    assert np.isnan([apart.mean, apart.low, *apart.levels[0]]).all()
    strangers = labels_saved([learned("CAL", 1)], [learned("Random", 2)])
    assert strangers.seeds == ()
    assert np.isnan(strangers.mean)


def judged(epsilon: float, reverse: float, *shifts: int) -> Verdict:
    saved = labels_saved(shifted("CAL", *shifts), shifted("Random", *[0] * len(shifts)))
    return verdict("CAL", "Random", table(epsilon, reverse), saved)


def test_an_advantage_shown() -> None:
    found = judged(0.031, 1.0, 10, 11, 12)
    assert found.shown
    assert found.sentence == (
        "CAL shows an advantage over Random: epsilon_min 0.031 (the limit is 0.2) and 11 labels "
        "saved at equal accuracy (95 % interval 9 to 13, 3 seeds)."
    )


def test_a_disadvantage_shown() -> None:
    found = judged(1.0, 0.0, -10, -11, -12)
    assert (found.outcome, found.shown) == ("disadvantage", False)
    assert found.sentence == (
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
def test_no_advantage_shown_unless_both_conditions_hold(
    epsilon: float, reverse: float, shifts: tuple[int, ...], end: str
) -> None:
    found = judged(epsilon, reverse, *shifts)
    assert (found.outcome, found.shown) == ("none shown", False)
    start = f"CAL: no advantage over Random shown: epsilon_min {epsilon:g} (the limit is 0.2) and "
    assert found.sentence.startswith(start)
    assert found.sentence.endswith(end)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (learned("CAL", 2), "no seed was run with both"),
        (learned("CAL", accuracy=[0.9, 0.95]), "no range of accuracy is reached by both"),
    ],
)
def test_no_advantage_shown_where_labels_cannot_be_counted(run: LearningCurve, reason: str) -> None:
    found = verdict("CAL", "Random", table(0.0, 1.0), labels_saved([run], [learned("Random")]))
    assert not found.shown
    assert found.sentence.endswith(f"labels saved cannot be counted, as {reason}.")


def test_all_in_one_sentence() -> None:
    runs = [
        *shifted("Random", 0, 0),
        *shifted("CAL", 40, 41),
        *shifted("LC", -40, -41),
        *shifted("DAL", 1, -1),
    ]
    names = ("Random", "CAL", "LC", "DAL")
    values = np.full((4, 4), 0.5)
    values[1, 0], values[0, 2] = 0.1, 0.1
    found = verdicts(runs, EpsilonTable(names, values, alpha=0.05, comparisons=12))
    assert found.sentence == (
        "Advantage over Random shown for CAL; disadvantage against Random shown for LC; no "
        "advantage over Random shown for DAL."
    )
    assert [one.name for one in found.each] == ["CAL", "LC", "DAL"]
    assert found.shown


def test_verdicts_from_runs_alone() -> None:
    """What a page does, from accuracies to the sentence."""
    worse = [learned("Random", seed, [0.5, 0.55, 0.6, 0.65 + seed / 100]) for seed in (1, 2)]
    better = [learned("CAL", seed, [0.62, 0.8, 0.9, 0.9]) for seed in (1, 2)]
    runs = [*worse, *better]
    epsilons = epsilon_min_table(pooled_accuracies(runs), rng=np.random.default_rng(1))
    (found,) = verdicts(runs, epsilons).each
    assert found.epsilon < 0.01
    assert found.reverse == 1
    assert found.saved.low > 0
    assert found.shown


def test_one_seed_shows_nothing_of_any() -> None:
    runs = [*shifted("Random", 0), *shifted("CAL", 9)]
    found = verdicts(runs, table(0.0, 1.0))
    assert found.sentence == ("No advantage over Random shown for CAL; one seed cannot show one.")
    assert not found.shown


def test_random_is_always_among_them() -> None:
    with pytest.raises(CartographyError, match="Random is not among the runs"):
        verdicts([learned("CAL")], table(0.0, 1.0))
    with pytest.raises(CartographyError, match="as Random and as Random 2: leave one"):
        verdicts([learned("Random"), learned("Random 2")], table(0.0, 1.0))
    alone = verdicts([learned("Random")], table(0.0, 1.0))
    assert alone.each == ()
    assert "nothing to compare with Random yet" in alone.sentence
