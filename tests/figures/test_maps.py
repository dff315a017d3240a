import json

import numpy as np
import plotly.graph_objects as go
import pytest

from cartography.errors import CartographyError
from cartography.figures import (
    CORRECTNESS,
    MOST_POINTS,
    Colouring,
    by_correctness,
    by_mask,
    data_map_figure,
    map_caption,
    positions_of,
)
from cartography.maps.data_map import DataMap, Thresholds


def map_of(confidence: list[float], correctness: list[float], epochs: int = 10) -> DataMap:
    n = len(confidence)
    return DataMap(
        ids=np.array([f"t{i}" for i in range(n)], dtype=object),
        confidence=np.array(confidence, dtype=np.float64),
        variability=np.full(n, 0.25),
        correctness=np.array(correctness, dtype=np.float64),
        epochs=epochs,
    )


def random_map(n: int) -> DataMap:
    rng = np.random.default_rng(0)
    return DataMap(
        ids=np.arange(n).astype(object),
        confidence=rng.random(n),
        variability=rng.random(n) / 2,
        correctness=rng.integers(0, 11, n) / 10,
        epochs=10,
    )


def points(figure: go.Figure) -> list[go.Scattergl]:
    return [trace for trace in figure.data if trace.type == "scattergl"]


def legend_groups(figure: go.Figure) -> list[go.Scattergl]:
    """The groups in the order of the legend."""
    by_group = {trace.legendgroup: trace for trace in points(figure) if trace.legendgroup}
    return [by_group[mark.legendgroup] for mark in legend_marks(figure)]


def legend_marks(figure: go.Figure) -> list[go.Scatter]:
    """The symbols in the legend, in its order."""
    return [trace for trace in figure.data if trace.type == "scatter"][::-1]


def positions(figure: go.Figure) -> list[int]:
    return sorted(p for trace in points(figure) for p in trace.customdata.tolist())


def notes(figure: go.Figure) -> str:
    return " ".join(annotation.text for annotation in figure.layout.annotations)


def test_one_trace_per_level_up_to_ten_epochs() -> None:
    figure = data_map_figure(map_of([0.1, 0.9, 0.95], [0.0, 1.0, 1.0]))

    by_level = {trace.name: trace for trace in legend_groups(figure)}
    assert list(by_level) == [f"{level / 10:.1f}" for level in range(11)]
    assert by_level["0.0"].customdata.tolist() == [0]
    assert by_level["1.0"].customdata.tolist() == [1, 2]
    assert by_level["1.0"].y.tolist() == pytest.approx([0.9, 0.95])
    assert by_level["1.0"].x.tolist() == pytest.approx([0.25, 0.25])
    assert by_level["0.0"].marker.color == CORRECTNESS[0]


def test_the_first_group_is_drawn_last_on_top() -> None:
    figure = data_map_figure(
        map_of([0.1, 0.9], [0.0, 1.0]), colouring=by_mask("match", np.array([True, False]))
    )

    assert points(figure)[-1].name == "match"
    assert figure.layout.legend.traceorder == "reversed"


def test_each_level_has_its_own_colour_and_shape() -> None:
    markers = [trace.marker for trace in legend_groups(data_map_figure(random_map(500)))]

    assert len({marker.color for marker in markers}) == 11
    assert len({marker.symbol for marker in markers}) == 11


def test_symbols_in_the_legend_are_as_bright_as_many_points() -> None:
    figure = data_map_figure(random_map(5_000))

    marks, groups = legend_marks(figure), legend_groups(figure)
    assert [mark.marker.color for mark in marks] == [group.marker.color for group in groups]
    assert [mark.name for mark in marks] == [group.name for group in groups]
    assert {group.marker.opacity for group in groups} == {0.7}
    assert {mark.marker.opacity for mark in marks} == {None}, "opaque"
    assert all(mark.showlegend for mark in marks)
    assert not any(group.showlegend for group in groups)


def test_no_point_is_below_the_name_of_the_ambiguous_region() -> None:
    notes_of = {
        note.text.split()[0]: note for note in data_map_figure(random_map(9)).layout.annotations
    }

    spot = notes_of["ambiguous"]
    # The variability of values from 0 to 1 with this mean is at most this.
    most = np.sqrt(spot.y * (1 - spot.y))
    assert most < 0.3 < spot.x


def test_a_small_region_is_not_of_zero_percent() -> None:
    correctness = [0.0, *[1.0] * 499]

    text = notes(data_map_figure(map_of([0.5] * 500, correctness)))

    assert "hard-to-learn 0.2 %" in text


def test_a_point_is_sent_to_the_page_as_three_small_numbers() -> None:
    page = json.loads(data_map_figure(map_of([0.5, 0.25], [0.5, 0.5])).to_json())

    (trace,) = [t for t in page["data"] if t["type"] == "scattergl" and len(t["x"]) == 2]
    assert trace["x"]["dtype"] == trace["y"]["dtype"] == "f4"
    assert trace["customdata"]["dtype"] == "i4"
    assert "shape" not in trace["customdata"]


def test_positions_are_sorted_and_unique() -> None:
    selected = [{"customdata": 7, "curve_number": 3}, {"customdata": 2}, {"customdata": 7}]

    assert positions_of([*selected, {"x": 0.1, "curve_number": 14}]) == [2, 7]
    assert positions_of([]) == []


def test_marginals_count_every_text() -> None:
    data_map = random_map(500)

    above, right, corner = (t for t in data_map_figure(data_map).data if t.type == "bar")

    assert above.y.tolist() == np.histogram(data_map.variability, 50, (0, 0.5))[0].tolist()
    assert right.x.tolist() == np.histogram(data_map.confidence, 50, (0, 1))[0].tolist()
    assert corner.y.tolist() == np.bincount(np.rint(data_map.correctness * 10).astype(int)).tolist()


def test_the_ends_of_the_scales_are_counted() -> None:
    ends = DataMap(np.array(["a"]), np.array([1.0]), np.array([0.5]), np.array([1.0]), epochs=2)

    above, right, corner = (t for t in data_map_figure(ends).data if t.type == "bar")

    assert above.y[-1] == right.x[-1] == corner.y[-1] == 1


def test_the_regions_and_the_title_are_on_the_figure() -> None:
    text = notes(data_map_figure(map_of([0.1, 0.9], [0.0, 1.0]), title="Two <texts>"))

    assert "easy-to-learn 50.0 %" in text
    assert "hard-to-learn 50.0 %" in text
    assert "Two &lt;texts&gt;" in text


def test_the_caption_states_regions_and_threshold() -> None:
    data_map = map_of([0.1, 0.5, 0.9], [0.2, 0.3, 1.0])

    caption = map_caption(data_map, t_cor=0.2)
    assert "easy-to-learn from correctness 0.8, hard-to-learn up to 0.2" in caption
    assert "wherever variability is 0.3 or more" in caption
    assert "High-cor: 2 with correctness above t_cor = 0.2; low-cor: 1." in caption
    assert "t_cor" not in map_caption(data_map)
    figure = data_map_figure(data_map, t_cor=0.2)
    assert figure.layout.meta["caption"] == caption
    assert figure.layout.shapes[0].x0 == 0.2


def test_highlighted_points_have_a_ring() -> None:
    figure = data_map_figure(
        map_of([0.1, 0.9], [0.0, 1.0]),
        highlighted=np.array([False, True]),
        highlight_name="this batch",
    )

    assert points(figure)[-1].name == "this batch (1)"
    assert positions(figure) == [0, 1, 1]


def test_faded_points_are_below_the_others_and_selectable() -> None:
    figure = data_map_figure(random_map(50), faded=np.arange(50) < 20)

    faded = points(figure)[0]
    assert faded.customdata.tolist() == list(range(20))
    assert faded.marker.opacity < 0.5
    assert positions(figure) == list(range(50))
    assert "shown" not in notes(figure)


def test_an_item_without_a_group_is_unknown() -> None:
    one_group = Colouring("made", ("<a>",), np.array([0, -1]), ("#0072b2",), ("circle",))

    figure = data_map_figure(map_of([0.1, 0.9], [0.0, 1.0]), colouring=one_group)

    assert [(trace.name, trace.customdata.tolist()) for trace in legend_groups(figure)] == [
        ("&lt;a&gt;", [0]),
        ("unknown", [1]),
    ]


@pytest.mark.parametrize("name", ["faded", "highlighted"])
def test_a_mask_of_another_length_is_refused(name: str) -> None:
    with pytest.raises(CartographyError, match=f"mask of {name} items has 3 items and the map 2"):
        data_map_figure(map_of([0.1, 0.9], [0.0, 1.0]), **{name: np.ones(3, dtype=np.bool_)})


def test_a_colouring_of_another_map_is_refused() -> None:
    with pytest.raises(CartographyError, match="colouring has 3 items and the map 2"):
        data_map_figure(
            map_of([0.1, 0.9], [0.0, 1.0]), colouring=by_correctness(map_of([0.1] * 3, [0.0] * 3))
        )


def test_above_the_limit_a_sample_is_drawn_over_the_density() -> None:
    n = MOST_POINTS + 5_000
    ringed = np.zeros(n, dtype=np.bool_)
    ringed[:50] = True

    figure = data_map_figure(random_map(n), highlighted=ringed)

    drawn = set(positions(figure))
    assert set(range(50)) <= drawn
    assert f"{len(drawn):,} of {n:,} shown" in notes(figure)
    density = figure.data[0]
    assert density.type == "heatmap"
    assert np.expm1(density.z[np.isfinite(density.z)]).sum() == pytest.approx(n, rel=1e-4)


def test_up_to_the_limit_all_points_are_drawn() -> None:
    figure = data_map_figure(random_map(2_000))

    assert positions(figure) == list(range(2_000))
    assert "shown" not in notes(figure)
    assert not [trace for trace in figure.data if trace.type == "heatmap"]


def test_items_without_statistics_are_omitted() -> None:
    figure = data_map_figure(map_of([0.5, float("nan"), 0.5], [0.5, 0.5, float("nan")]))

    assert positions(figure) == [0]
    assert "1 of 3 shown" in notes(figure)


def test_an_empty_map_has_a_figure() -> None:
    figure = data_map_figure(map_of([], []), t_cor=0.2, highlighted=np.zeros(0, dtype=np.bool_))

    assert positions(figure) == []
    assert "nan" not in notes(figure)


def test_only_points_change_from_epoch_to_epoch() -> None:
    first = data_map_figure(map_of([0.5, 0.5], [0.0, 0.0], epochs=1))
    later = data_map_figure(map_of([0.1, 0.9], [0.2, 1.0], epochs=5))

    for axis in ("xaxis", "yaxis", "xaxis3"):
        assert first.layout[axis] == later.layout[axis]
    assert first.layout.uirevision == later.layout.uirevision
    assert first.layout.height == later.layout.height
    assert [(t.type, t.name) for t in first.data] == [(t.type, t.name) for t in later.data]


def test_the_thresholds_of_the_map_define_its_regions() -> None:
    strict = DataMap(
        np.array(["a", "b"]),
        np.array([0.9, 0.9]),
        np.array([0.1, 0.1]),
        np.array([0.9, 1.0]),
        epochs=10,
        thresholds=Thresholds(easy=0.95),
    )

    assert "easy-to-learn 50.0 %" in notes(data_map_figure(strict))
    assert "from correctness 0.95" in map_caption(strict)
