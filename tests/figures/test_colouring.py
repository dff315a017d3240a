import numpy as np
import pytest

from cartography.figures import (
    REGION_COLOURS,
    Colouring,
    by_batch,
    by_class,
    by_correctness,
    by_mask,
    by_region,
    by_split,
)
from cartography.maps.data_map import DataMap


def map_of(correctness: list[float], epochs: int = 10, variability: float = 0.1) -> DataMap:
    n = len(correctness)
    return DataMap(
        ids=np.arange(n).astype(object),
        confidence=np.full(n, 0.5),
        variability=np.full(n, variability),
        correctness=np.array(correctness),
        epochs=epochs,
    )


def group_names(colouring: Colouring) -> list[str]:
    """The group name of each item; also checks that no two groups look the same."""
    groups = len(colouring.names)
    assert len(colouring.colours) == len(colouring.symbols) == groups
    assert len(set(zip(colouring.colours, colouring.symbols, strict=True))) == groups
    return [colouring.names[g] if g >= 0 else "?" for g in colouring.group]


def test_correctness_by_tenths_up_to_ten_epochs() -> None:
    # Half a level rounds up: 1 of 4 epochs is 0.25.
    assert group_names(by_correctness(map_of([0.0, 0.25, 1.0, np.nan], epochs=4))) == [
        *("0.0", "0.3", "1.0"),
        "?",
    ]


def test_correctness_by_fifths_above_ten_epochs() -> None:
    colouring = by_correctness(map_of([2 / 30, 6 / 30, 1.0], epochs=30))

    # With an en dash, as on the figure.
    assert group_names(colouring) == ["0.0–0.1", "0.1–0.3", "0.9–1.0"]  # noqa: RUF001
    assert len(colouring.names) == 6


def test_regions_have_their_colours() -> None:
    colouring = by_region(map_of([0.0, 0.5, 1.0]))

    assert group_names(colouring) == ["hard-to-learn", "ambiguous", "easy-to-learn"]
    for name, colour in zip(colouring.names, colouring.colours, strict=True):
        assert REGION_COLOURS[name] == colour


def test_the_smallest_class_is_on_top() -> None:
    colouring = by_class(np.array([0, 0, 1, 0, -1]), ["many", "few"])

    assert colouring.names == ("few", "many")
    assert group_names(colouring) == ["many", "many", "few", "many", "?"]


def test_of_many_classes_the_smallest_are_others() -> None:
    classes = [f"class {i}" for i in range(12)]
    labels = np.repeat(np.arange(12), np.arange(12, 0, -1))

    colouring = by_class(np.append(labels, -1), classes)

    assert colouring.names == tuple([f"class {i}" for i in range(6, -1, -1)] + ["5 others"])
    expected = [f"class {label}" if label < 7 else "5 others" for label in labels]
    assert group_names(colouring) == [*expected, "?"]


def test_eight_classes_have_different_styles() -> None:
    colouring = by_class(np.arange(8), [str(i) for i in range(8)])

    assert group_names(colouring) == [str(i) for i in range(8)]


def test_a_corpus_without_classes_has_a_colouring() -> None:
    assert group_names(by_class(np.array([-1, -1]), [])) == ["?", "?"]


def test_few_batches_have_one_colour_each() -> None:
    assert group_names(by_batch(np.array([-1, 0, 1, 2]))) == [
        "never picked",
        "seed set",
        "batch 1",
        "batch 2",
    ]


def test_many_batches_are_grouped_into_equal_ranges() -> None:
    colouring = by_batch(np.arange(31))

    assert colouring.names[0] == "batches 1–5"  # noqa: RUF001 - an en dash
    assert colouring.names[-2:] == ("batches 26–30", "seed set")  # noqa: RUF001
    assert colouring.group.tolist() == [6, *np.repeat(np.arange(6), 5)]
    group_names(colouring)


@pytest.mark.parametrize("batches", range(1, 40))
def test_the_last_batch_is_in_the_last_range(batches: int) -> None:
    # 13 batches in threes are five ranges; the last has one batch.
    colouring = by_batch(np.arange(1, batches + 1))

    assert colouring.group[-1] == len(colouring.names) - 1
    assert colouring.names[-1].split()[-1].split("–")[-1] == str(batches)  # noqa: RUF001
    group_names(colouring)


def test_before_the_first_batch_there_is_only_the_seed_set() -> None:
    assert group_names(by_batch(np.array([0, -1]))) == ["seed set", "never picked"]
    assert by_batch(np.zeros(0, dtype=np.int64)).names == ()


def test_matches_come_before_the_rest() -> None:
    assert group_names(by_mask("how", np.array([True, False]))) == ["how", "the rest"]


def test_correctness_equal_to_the_threshold_is_low_cor() -> None:
    colouring = by_split(map_of([0.1, 0.2, 0.3]), 0.2)

    assert group_names(colouring) == ["low-cor", "low-cor", "high-cor"]
    assert colouring.title == "t_cor 0.2"
