import numpy as np
import pytest

from cartography.active.stopping import left_in_pool, plateau, stability, stopping_signals

NAN = float("nan")


def test_a_gain_within_a_standard_error_is_a_plateau() -> None:
    # Means 0.79 and 0.80; sqrt(0.795 * 0.205 / 100) = 0.0404.
    found = plateau(np.array([0.1, 0.78, 0.79, 0.80, 0.79, 0.80, 0.81]), 100)
    assert found.points_to_stop is True
    assert found.sentence == (
        "Accuracy averaged 0.800 over the last 3 iterations, 0.010 above the 3 before. That is no "
        "gain of more than one standard error on 100 test texts (0.040)."
    )
    # On 10,000 texts the same gain is 2.5 standard errors (0.0040).
    rising = plateau(np.array([0.78, 0.79, 0.80, 0.79, 0.80, 0.81]), 10_000)
    assert rising.points_to_stop is False
    assert rising.sentence.endswith(
        "That is a gain of more than one standard error on 10,000 test texts (0.004)."
    )


def test_falling_accuracy_is_no_gain() -> None:
    found = plateau(np.array([0.9, 0.9, 0.9, 0.5, 0.5, 0.5]), 10_000)
    assert found.points_to_stop is True
    assert "0.400 below the 3 before" in found.sentence
    assert plateau(np.ones(6), 50).points_to_stop is True


@pytest.mark.parametrize(
    ("known", "words"), [(0, "there are 0"), (1, "there is 1"), (5, "there are 5")]
)
def test_a_plateau_needs_six_iterations(known: int, words: str) -> None:
    found = plateau(np.full(known, 0.8), 100)
    assert found.points_to_stop is None
    assert found.sentence == f"Too early to say: 6 iterations are compared, and {words}."


def test_predictions_have_settled_when_three_agreements_are_high() -> None:
    found = stability(np.array([NAN, 0.5, 0.99, 1.0, 0.995]))
    assert found.points_to_stop is True
    assert found.sentence == (
        "Each model's test predictions agree with those of the model before by kappa 0.990, 1.000 "
        "and 0.995 in the last 3 iterations. All are 0.99 or more: the predictions have settled."
    )
    almost = stability(np.array([NAN, 1.0, 0.9899, 1.0]))
    assert almost.points_to_stop is False
    assert "kappa 1.000, 0.9899 and 1.000" in almost.sentence
    assert almost.sentence.endswith("Not all are 0.99 or more: the predictions have not settled.")


@pytest.mark.parametrize(
    ("agreement", "words"),
    [
        ([], "there are 0 comparisons"),
        ([NAN], "there are 0 comparisons"),
        ([NAN, 0.9], "there is 1 comparison"),
        ([NAN, 0.9, 1.0], "there are 2 comparisons"),
    ],
)
def test_stability_needs_three_agreements(agreement: list[float], words: str) -> None:
    found = stability(np.array(agreement))
    assert found.points_to_stop is None
    assert found.sentence.endswith(f"and {words}.")


def test_what_is_left_is_the_pool_less_its_batch() -> None:
    labelled, pool = np.array([20, 26, 32]), np.array([1070, 1070, 1064])
    found = left_in_pool(labelled, pool, np.array([NAN, 0.8, 0.9496]))
    assert found.points_to_stop is False
    assert found.sentence == (
        "1,058 texts are left in the pool. When the last batch was picked, the most probable class "
        "had 0.9496 on average over the pool of 1,064: below 0.95, so the model is not sure of "
        "most of it."
    )
    sure = left_in_pool(labelled, pool, np.array([NAN, 0.8, 0.97]))
    assert sure.points_to_stop is True
    assert "at least 0.95, so the model is sure" in sure.sentence
    one = left_in_pool(np.array([89]), np.array([1]), np.array([NAN]))
    assert one.points_to_stop is None
    assert one.sentence.startswith("1 text is left in the pool.")
    none = left_in_pool(np.array([84, 90]), np.array([6, 6]), np.array([NAN, 0.5]))
    # Texts without a label may be left: the end of a simulation is no advice.
    assert none.points_to_stop is None
    assert "used every text that has a label" in none.sentence


def test_a_run_that_recorded_less_says_so() -> None:
    unknown = np.full(7, NAN)
    found = stopping_signals(
        np.full(7, 0.8), unknown, np.arange(20, 27), unknown, unknown, test_size=50
    )
    assert [each.points_to_stop for each in found] == [True, None, None]
    assert found[2].sentence == "The run does not say what is left in its pool."
    begun = [np.zeros(0)] * 5
    empty = stopping_signals(*begun, test_size=50)  # type: ignore[arg-type]
    assert [each.points_to_stop for each in empty] == [None, None, None]
