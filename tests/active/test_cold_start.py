import numpy as np
import pytest
from numpy.typing import NDArray

from cartography.active import cold_start
from cartography.active.cold_start import diverse_rows

SIZES = (9, 7, 5, 3)


def clouds(seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Texts in four clouds far apart, in a random order, and the cloud of each."""
    rng = np.random.default_rng(seed)
    cloud = rng.permutation(np.repeat(np.arange(4), SIZES))
    centres = 100 * np.eye(4, 6)
    return (centres[cloud] + rng.normal(size=(len(cloud), 6))).astype(np.float32), cloud


@pytest.mark.parametrize("seed", range(5))
def test_the_text_nearest_to_the_centre_of_each_cloud_the_largest_first(seed: int) -> None:
    features, cloud = clouds(seed)
    expected = []
    for number in range(4):
        rows = [row for row in range(len(cloud)) if cloud[row] == number]
        centre = sum(features[row].astype(float) for row in rows) / len(rows)
        distances = [float(((features[row] - centre) ** 2).sum()) for row in rows]
        expected.append(rows[distances.index(min(distances))])
    assert diverse_rows(features, 4, np.random.default_rng(seed)).tolist() == expected


def test_all_are_selected_if_there_are_fewer() -> None:
    features, _ = clouds()
    rng = np.random.default_rng(0)
    assert diverse_rows(features[:5], 5, rng).tolist() == [0, 1, 2, 3, 4]
    assert diverse_rows(features[:5], 9, rng).tolist() == [0, 1, 2, 3, 4]
    assert diverse_rows(features[:0], 3, rng).tolist() == []


@pytest.mark.parametrize("size", [1, 2, 11, 23])
def test_as_many_different_rows_as_asked_for(size: int) -> None:
    features, cloud = clouds()
    rows = diverse_rows(features, size, np.random.default_rng(1)).tolist()
    assert len(rows) == len(set(rows)) == size
    assert set(rows) <= set(range(len(features)))
    assert len(set(cloud[rows])) == min(size, 4)


def test_texts_that_are_alike() -> None:
    features = np.zeros((12, 3), dtype=np.float32)
    features[5] = 1
    rows = diverse_rows(features, 6, np.random.default_rng(0)).tolist()
    assert len(set(rows)) == 6
    # The two kinds of text come first, the larger one before the other.
    assert rows[0] != 5
    assert rows[1] == 5


def test_of_many_texts_some_are_clustered(monkeypatch: pytest.MonkeyPatch) -> None:
    features, _ = clouds()
    rng = np.random.default_rng(7)
    drawn = np.sort(rng.choice(24, 10, replace=False))
    expected = drawn[diverse_rows(features[drawn], 4, rng)]
    monkeypatch.setattr(cold_start, "_MOST_CLUSTERED", 10)
    assert diverse_rows(features, 4, np.random.default_rng(7)).tolist() == expected.tolist()
    # Twice as many as are asked for, if that is more.
    rows = diverse_rows(features, 11, np.random.default_rng(7)).tolist()
    assert len(set(rows)) == 11


def test_the_same_generator_gives_the_same_texts() -> None:
    features = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    first, again, other = (
        diverse_rows(features, 10, np.random.default_rng(seed)).tolist() for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other
