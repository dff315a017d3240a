import numpy as np
import pytest
from learned import curve_with_picks, make_curve

from cartography.errors import CartographyError
from cartography.evaluation.comparison import (
    accuracy_bands,
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


def test_a_curve_needs_a_batch_between_each_two_accuracies() -> None:
    with pytest.raises(ValueError, match="4 label counts, 4 accuracies and 2 batches"):
        make_curve("CAL", batches="ab cd")


def test_seed_band() -> None:
    band = seed_band(np.array([[1.0, 2.0], [3.0, 0.0], [5.0, 1.0]]))
    assert band.mean.tolist() == [3, 1]
    assert band.low.tolist() == [1, 0]
    assert band.high.tolist() == [5, 2]


def test_bands_are_at_the_label_counts_of_all_seeds() -> None:
    runs = [
        make_curve("CAL", 1),
        make_curve("CAL", 2, [0.7, 0.9], [20, 30]),
        make_curve("Random", 1),
    ]
    bands = accuracy_bands(runs)
    assert list(bands) == ["CAL", "Random"]
    labelled, band = bands["CAL"]
    assert labelled.tolist() == [20, 30]
    np.testing.assert_allclose(band.mean, [0.65, 0.8])
    np.testing.assert_allclose([band.low, band.high], [[0.6, 0.7], [0.7, 0.9]])
    assert bands["Random"][0].tolist() == [10, 20, 30, 40]


def test_pooled_accuracies_are_at_the_label_counts_of_all_runs() -> None:
    runs = [
        make_curve("CAL", 1),
        make_curve("CAL", 2, [0.1, 0.2, 0.3]),
        make_curve("LC", 1, [0.4, 0.9]),
    ]
    pooled = pooled_accuracies(runs)
    assert {name: values.tolist() for name, values in pooled.items()} == {
        "CAL": [0.5, 0.6, 0.1, 0.2],
        "LC": [0.4, 0.9],
    }


def test_runs_that_cannot_be_compared() -> None:
    with pytest.raises(CartographyError, match="CAL has two runs with seed 1"):
        accuracy_bands([make_curve("CAL"), make_curve("CAL")])
    disjoint = [make_curve("CAL", 1), make_curve("CAL", 2, [0.5], [15])]
    with pytest.raises(CartographyError, match="the runs of CAL have no number of labels"):
        accuracy_bands(disjoint)


def test_overlap_compares_equal_seeds() -> None:
    runs = [
        curve_with_picks("CAL", 1, "ab cd"),
        curve_with_picks("CAL", 2, "ab ef"),
        curve_with_picks("LC", 2, "bg ea"),
        curve_with_picks("LC", 3, "ab cd"),
    ]
    overlap = pick_overlap(runs)
    assert overlap.names == ("CAL", "LC")
    assert overlap.counts.tolist() == [[8, 3], [3, 8]]
    assert overlap.totals.tolist() == [[8, 4], [4, 8]]
    assert overlap.seeds.tolist() == [[2, 1], [1, 2]]
    assert overlap.shares.tolist() == [[1, 0.75], [0.75, 1]]


def test_overlap_with_a_shorter_run_is_of_the_common_batches() -> None:
    overlap = pick_overlap(
        [
            curve_with_picks("CAL", 1, "ab cd"),
            curve_with_picks("LC", 1, "bc"),
            curve_with_picks("DAL", 2, "ab"),
        ]
    )
    assert overlap.counts[0].tolist() == [4, 1, 0]
    assert overlap.totals[0].tolist() == [4, 2, 0]
    assert np.isnan(overlap.shares[0]).tolist() == [False, False, True]


def test_region_shares_by_iteration_and_pooled() -> None:
    runs = [
        curve_with_picks("CAL", 1, "em hh"),
        curve_with_picks("CAL", 2, "ef mh ee"),
        curve_with_picks("LC", 1, "h"),
    ]
    regions = region_shares(runs, MAP)
    cal = regions["CAL"]
    assert cal.seeds == (1, 2)
    assert cal.shares.tolist() == [[[0.5, 0.5, 0], [0, 0, 1]], [[1, 0, 0], [0, 0.5, 0.5]]]
    assert cal.pooled.tolist() == [[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]]
    assert cal.by_iteration.mean.tolist() == [[0.75, 0.25, 0], [0, 0.25, 0.75]]
    assert cal.by_iteration.high.tolist() == [[1, 0.5, 0], [0, 0.5, 1]]
    assert cal.overall.low.tolist() == [0.25, 0.25, 0.25]
    assert (cal.picks.tolist(), cal.missing.tolist()) == ([4, 4], [0, 0])
    assert regions["LC"].shares.tolist() == [[[0, 0, 1]]]


def test_picks_that_are_not_on_the_map_are_counted_as_missing() -> None:
    regions = region_shares([curve_with_picks("CAL", 1, "e? ??")], MAP)["CAL"]
    assert regions.shares[0, 0].tolist() == [1, 0, 0]
    assert np.isnan(regions.shares[0, 1]).all()
    assert regions.pooled.tolist() == [[1, 0, 0]]
    assert (regions.picks.tolist(), regions.missing.tolist()) == ([4], [3])


def test_region_shares_without_a_batch() -> None:
    regions = region_shares([curve_with_picks("CAL", 1, "")], MAP)["CAL"]
    assert regions.by_iteration.mean.shape == (0, 3)
    assert np.isnan(regions.overall.mean).all()


def test_pick_density() -> None:
    runs = [
        curve_with_picks("CAL", 1, "mh e?"),
        curve_with_picks("CAL", 2, "h"),
        curve_with_picks("LC", 1, "?"),
    ]
    density = pick_density(runs, MAP, bins=2)
    assert density.variability.tolist() == [0, 0.25, 0.5]
    assert density.confidence.tolist() == [0, 0.5, 1]
    assert density.reference.tolist() == [[0.25, 0.5], [0, 0.25]]
    assert density.picks["CAL"].tolist() == [[0.5, 0.25], [0, 0.25]]
    assert density.picks["LC"].tolist() == [[0, 0], [0, 0]]
    assert density.missing == {"CAL": 1, "LC": 1}
    with pytest.raises(CartographyError, match="a density of 0 bins"):
        pick_density(runs, MAP, bins=0)
