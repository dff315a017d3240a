import numpy as np
import pytest

from cartography.maps.data_map import DataMap
from cartography.maps.map_pair import MapPair, rows_on_map


def map_of(ids: str, correctness: list[float]) -> DataMap:
    """A map without variability: correctness 1 is easy-to-learn, 0.5 ambiguous, 0 hard-to-learn."""
    n = len(ids)
    return DataMap(
        ids=np.array(list(ids), dtype=object),
        confidence=np.full(n, 0.5),
        variability=np.zeros(n),
        correctness=np.array(correctness, dtype=np.float64),
        epochs=2,
    )


def pair_of(seed: DataMap, full: DataMap) -> MapPair:
    return MapPair(seed, full, rows_on_map(seed, full))


FULL = map_of("abcdef", [1, 1, 1, 1, 0.5, 0])


def test_items_are_found_by_their_ids() -> None:
    assert rows_on_map(map_of("ezb", [0, 0, 0]), FULL).tolist() == [4, -1, 1]
    assert rows_on_map(map_of("", []), FULL).tolist() == []


def test_contingency_counts_the_texts_on_both_maps() -> None:
    pair = pair_of(map_of("dabez", [1, 0.5, 0.5, 0, 1]), FULL)

    assert pair.contingency.tolist() == [[1, 0, 0], [2, 0, 0], [0, 1, 0]]
    assert pair.same == 1 / 4
    # 1/4 easy, 2/4 ambiguous, 1/4 hard in the seed map; 3/4, 1/4, 0 in the full map.
    assert pair.expected_agreement == pytest.approx(1 / 4 * 3 / 4 + 2 / 4 * 1 / 4)


def test_the_sentence_has_the_numbers() -> None:
    pair = pair_of(map_of("dabe", [1, 0.5, 0.5, 0]), FULL)

    assert pair.sentence == (
        "The seed map of 4 texts is 25% easy-to-learn, 50% ambiguous and 25% hard-to-learn; the "
        "full map of 6 is 67% easy-to-learn, 17% ambiguous and 17% hard-to-learn. 1 of the 4 texts "
        "on both maps (25%) are in the same region; by chance it would be 31%. The most frequent "
        "difference (2 texts): ambiguous in the seed map, easy-to-learn in the full map."
    )


def test_maps_that_agree_have_no_difference_in_the_sentence() -> None:
    assert pair_of(FULL, FULL).sentence.endswith("by chance it would be 50%.")


def test_maps_without_a_common_text_do_not_divide_by_zero() -> None:
    pair = pair_of(map_of("z", [1]), FULL)

    assert np.isnan(pair.same)
    assert np.isnan(pair.expected_agreement)
    assert pair.sentence.endswith("No text is on both maps.")
