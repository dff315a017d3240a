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


def named(colouring: Colouring) -> list[str]:
    """The name of each item's group, of which no two look the same."""
    groups = len(colouring.names)
    assert len(colouring.colours) == len(colouring.symbols) == groups
    assert len(set(zip(colouring.colours, colouring.symbols, strict=True))) == groups
    return [colouring.names[g] if g >= 0 else "?" for g in colouring.group]


def test_correctness_by_tenths_up_to_ten_epochs() -> None:
    # Half a level goes up: 1 of 4 epochs is 0.25.
    assert named(by_correctness(map_of([0.0, 0.25, 1.0, np.nan], epochs=4))) == [
        *("0.0", "0.3", "1.0"),
        "?",
    ]


def test_correctness_by_fifths_above_ten_epochs() -> None:
    colouring = by_correctness(map_of([2 / 30, 6 / 30, 1.0], epochs=30))

    # As it is written on the figure, with an en dash.
    assert named(colouring) == ["0.0–0.1", "0.1–0.3", "0.9–1.0"]  # noqa: RUF001
    assert len(colouring.names) == 6


def test_regions_have_their_colours() -> None:
    colouring = by_region(map_of([0.0, 0.5, 1.0]))

    assert named(colouring) == ["hard-to-learn", "ambiguous", "easy-to-learn"]
    for name, colour in zip(colouring.names, colouring.colours, strict=True):
        assert REGION_COLOURS[name] == colour


def test_the_smallest_class_lies_on_top() -> None:
    colouring = by_class(np.array([0, 0, 1, 0, -1]), ["many", "few"])

    assert colouring.names == ("few", "many")
    assert named(colouring) == ["many", "many", "few", "many", "?"]


def test_of_many_classes_the_small_ones_are_others() -> None:
    classes = [f"class {i}" for i in range(12)]
    labels = np.repeat(np.arange(12), np.arange(12, 0, -1))

    colouring = by_class(np.append(labels, -1), classes)

    assert colouring.names == tuple([f"class {i}" for i in range(6, -1, -1)] + ["5 others"])
    expected = [f"class {label}" if label < 7 else "5 others" for label in labels]
    assert named(colouring) == [*expected, "?"]


def test_eight_classes_have_a_look_each() -> None:
    colouring = by_class(np.arange(8), [str(i) for i in range(8)])

    assert named(colouring) == [str(i) for i in range(8)]


def test_a_corpus_without_classes_has_a_colouring() -> None:
    assert named(by_class(np.array([-1, -1]), [])) == ["?", "?"]


def test_batches_have_a_colour_each_while_they_are_few() -> None:
    assert named(by_batch(np.array([-1, 0, 1, 2]))) == [
        "never picked",
        "seed set",
        "batch 1",
        "batch 2",
    ]


def test_many_batches_are_put_together_evenly() -> None:
    colouring = by_batch(np.arange(31))

    assert colouring.names[0] == "batches 1–5"  # noqa: RUF001 - written with an en dash
    assert colouring.names[-2:] == ("batches 26–30", "seed set")  # noqa: RUF001
    assert colouring.group.tolist() == [6, *np.repeat(np.arange(6), 5)]
    named(colouring)


@pytest.mark.parametrize("batches", range(1, 40))
def test_the_last_batch_is_in_the_last_range(batches: int) -> None:
    # 13 batches in threes are five ranges, the last of one batch.
    colouring = by_batch(np.arange(1, batches + 1))

    assert colouring.group[-1] == len(colouring.names) - 1
    assert colouring.names[-1].split()[-1].split("–")[-1] == str(batches)  # noqa: RUF001
    named(colouring)


def test_before_the_first_batch_there_is_the_seed_set() -> None:
    assert named(by_batch(np.array([0, -1]))) == ["seed set", "never picked"]
    assert by_batch(np.zeros(0, dtype=np.int64)).names == ()


def test_matches_stand_before_the_rest() -> None:
    assert named(by_mask("how", np.array([True, False]))) == ["how", "the rest"]


def test_the_threshold_belongs_to_low_cor() -> None:
    colouring = by_split(map_of([0.1, 0.2, 0.3]), 0.2)

    assert named(colouring) == ["low-cor", "low-cor", "high-cor"]
    assert colouring.title == "t_cor 0.2"
