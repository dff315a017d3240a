import numpy as np

from cartography.figures.sampling import MOST_POINTS, SAMPLE, sample_points

N = 100_000
NONE = np.zeros(N, dtype=np.bool_)


def test_up_to_the_limit_all_items_are_drawn() -> None:
    few = np.arange(N) < MOST_POINTS // 2
    others = (np.arange(N) >= N - 10) & ~few

    assert (sample_points(np.zeros(N, dtype=np.int64), few, others) == (few | others)).all()


def test_every_group_has_its_share() -> None:
    group = np.where(np.arange(N) % 10 < 7, 0, 1)
    group[:3] = (2, -1, -1)

    sample = sample_points(group, ~NONE, NONE)

    assert SAMPLE <= sample.sum() <= SAMPLE + 4
    assert np.isclose(np.bincount(group[sample] + 1), [1, 7_000, 3_000, 1], atol=1).all()


def test_the_foreground_comes_first() -> None:
    foreground = np.arange(N) < 400

    sample = sample_points(np.zeros(N, dtype=np.int64), foreground, ~foreground)

    assert sample[foreground].all()
    assert SAMPLE <= sample.sum() <= SAMPLE + 2


def test_at_least_half_of_the_sample_is_foreground() -> None:
    foreground = np.arange(N) % 5 == 0

    sample = sample_points(np.zeros(N, dtype=np.int64), foreground, ~foreground)

    assert sample[foreground].sum() == sample[~foreground].sum() == SAMPLE // 2


def test_background_alone_is_drawn() -> None:
    assert sample_points(np.zeros(N, dtype=np.int64), NONE, ~NONE).sum() == SAMPLE


def test_most_of_the_sample_stays_when_groups_change() -> None:
    rng = np.random.default_rng(5)
    before = rng.integers(0, 11, N)
    after = np.clip(before + rng.integers(-1, 2, N), 0, 10)

    first, second = sample_points(before, ~NONE, NONE), sample_points(after, ~NONE, NONE)

    assert (first == sample_points(before, ~NONE, NONE)).all()
    # Two independent samples would share a tenth.
    assert (first & second).sum() > 0.9 * SAMPLE
