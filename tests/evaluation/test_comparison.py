import numpy as np
import pytest
from learned import learned, picked

from cartography.errors import CartographyError
from cartography.evaluation.comparison import (
    curves,
    pick_density,
    pick_overlap,
    pooled_accuracies,
    region_shares,
    seed_band,
)
from cartography.maps.data_map import DataMap

# Two easy-to-learn items, an ambiguous one and a hard-to-learn one.
MAP = DataMap(
    ids=np.array(["e", "f", "m", "h"], object),
    confidence=np.array([0.9, 1.0, 0.5, 0.1]),
    variability=np.array([0.1, 0.0, 0.5, 0.2]),
    correctness=np.array([1.0, 1.0, 0.5, 0.0]),
    epochs=10,
)


def test_a_run_has_a_batch_between_two_accuracies() -> None:
    with pytest.raises(ValueError, match="4 label counts, 4 accuracies and 2 batches"):
        learned("CAL", batches="ab cd")


def test_band() -> None:
    over = seed_band(np.array([[1.0, 2.0], [3.0, 0.0], [5.0, 1.0]]))
    assert over.mean.tolist() == [3, 1]
    assert over.low.tolist() == [1, 0]
    assert over.high.tolist() == [5, 2]


def test_curves_are_at_the_labels_that_all_seeds_have() -> None:
    runs = [learned("CAL", 1), learned("CAL", 2, [0.7, 0.9], [20, 30]), learned("Random", 1)]
    found = curves(runs)
    assert list(found) == ["CAL", "Random"]
    labelled, over = found["CAL"]
    assert labelled.tolist() == [20, 30]
    np.testing.assert_allclose(over.mean, [0.65, 0.8])
    np.testing.assert_allclose([over.low, over.high], [[0.6, 0.7], [0.7, 0.9]])
    assert found["Random"][0].tolist() == [10, 20, 30, 40]


def test_pooled_accuracies_are_at_the_labels_that_all_runs_have() -> None:
    runs = [learned("CAL", 1), learned("CAL", 2, [0.1, 0.2, 0.3]), learned("LC", 1, [0.4, 0.9])]
    pooled = pooled_accuracies(runs)
    assert {name: values.tolist() for name, values in pooled.items()} == {
        "CAL": [0.5, 0.6, 0.1, 0.2],
        "LC": [0.4, 0.9],
    }


def test_runs_that_do_not_go_together() -> None:
    with pytest.raises(CartographyError, match="CAL has two runs with seed 1"):
        curves([learned("CAL"), learned("CAL")])
    apart = [learned("CAL", 1), learned("CAL", 2, [0.5], [15])]
    with pytest.raises(CartographyError, match="the runs of CAL have no number of labels"):
        curves(apart)


def test_overlap_counts_same_seed_against_same_seed() -> None:
    runs = [
        picked("CAL", 1, "ab cd"),
        picked("CAL", 2, "ab ef"),
        picked("LC", 2, "bg ea"),
        picked("LC", 3, "ab cd"),
    ]
    found = pick_overlap(runs)
    assert found.names == ("CAL", "LC")
    assert found.counts.tolist() == [[8, 3], [3, 8]]
    assert found.totals.tolist() == [[8, 4], [4, 8]]
    assert found.seeds.tolist() == [[2, 1], [1, 2]]
    assert found.shares.tolist() == [[1, 0.75], [0.75, 1]]


def test_overlap_of_a_run_that_is_behind_is_of_the_batches_both_have() -> None:
    found = pick_overlap([picked("CAL", 1, "ab cd"), picked("LC", 1, "bc"), picked("DAL", 2, "ab")])
    assert found.counts[0].tolist() == [4, 1, 0]
    assert found.totals[0].tolist() == [4, 2, 0]
    assert np.isnan(found.shares[0]).tolist() == [False, False, True]


def test_region_shares_by_iteration_and_pooled() -> None:
    runs = [picked("CAL", 1, "em hh"), picked("CAL", 2, "ef mh ee"), picked("LC", 1, "h")]
    found = region_shares(runs, MAP)
    cal = found["CAL"]
    assert cal.seeds == (1, 2)
    assert cal.shares.tolist() == [[[0.5, 0.5, 0], [0, 0, 1]], [[1, 0, 0], [0, 0.5, 0.5]]]
    assert cal.pooled.tolist() == [[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]]
    assert cal.by_iteration.mean.tolist() == [[0.75, 0.25, 0], [0, 0.25, 0.75]]
    assert cal.by_iteration.high.tolist() == [[1, 0.5, 0], [0, 0.5, 1]]
    assert cal.overall.low.tolist() == [0.25, 0.25, 0.25]
    assert (cal.picks.tolist(), cal.missing.tolist()) == ([4, 4], [0, 0])
    assert found["LC"].shares.tolist() == [[[0, 0, 1]]]


def test_picks_that_are_not_on_the_map_are_counted() -> None:
    found = region_shares([picked("CAL", 1, "e? ??")], MAP)["CAL"]
    assert found.shares[0, 0].tolist() == [1, 0, 0]
    assert np.isnan(found.shares[0, 1]).all()
    assert found.pooled.tolist() == [[1, 0, 0]]
    assert (found.picks.tolist(), found.missing.tolist()) == ([4], [3])


def test_region_shares_of_a_seed_set_alone() -> None:
    found = region_shares([picked("CAL", 1, "")], MAP)["CAL"]
    assert found.by_iteration.mean.shape == (0, 3)
    assert np.isnan(found.overall.mean).all()


def test_pick_density() -> None:
    runs = [picked("CAL", 1, "mh e?"), picked("CAL", 2, "h"), picked("LC", 1, "?")]
    found = pick_density(runs, MAP, bins=2)
    assert found.variability.tolist() == [0, 0.25, 0.5]
    assert found.confidence.tolist() == [0, 0.5, 1]
    assert found.reference.tolist() == [[0.25, 0.5], [0, 0.25]]
    assert found.picks["CAL"].tolist() == [[0.5, 0.25], [0, 0.25]]
    assert found.picks["LC"].tolist() == [[0, 0], [0, 0]]
    assert found.missing == {"CAL": 1, "LC": 1}
    with pytest.raises(CartographyError, match="a density of 0 bins"):
        pick_density(runs, MAP, bins=0)
