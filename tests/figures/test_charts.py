"""Charts of curves, distributions and pairs."""

import json
import re
import time
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cartography import figures
from cartography.figures import (
    STRATEGY_COLOURS,
    Curve,
    accuracy_figure,
    epoch_curves_figure,
    epsilon_figure,
    high_cor_histogram,
    labels_saved_figure,
    lengths_figure,
    noise_figure,
    overlap_figure,
    pick_density_figure,
    region_share_bands_figure,
    region_shares_figure,
    sweep_figure,
)
from cartography.figures.density import outline_level
from cartography.figures.histograms import count_lengths
from cartography.figures.marks import (
    add_band,
    escape_name,
    mean_and_range,
    padded_range,
    series_style,
)

NAN = float("nan")


def trace_of(figure: go.Figure, name: str) -> Any:
    (trace,) = (trace for trace in figure.data if trace.name == name)
    return trace


def notes(figure: go.Figure) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


class TestMarks:
    def test_names_are_shortened_and_their_markup_is_escaped(self) -> None:
        assert escape_name("a<b>&amp;") == "a&lt;b&gt;&amp;amp;"
        assert escape_name("abcdef", 4) == "abc…"

    def test_a_strategy_keeps_its_colour_and_other_names_differ_in_all_marks(self) -> None:
        assert series_style("cal", 0) == series_style("cal", 5) == series_style("CAL", 3)
        assert series_style("CAL+DAL", 0)["color"] == STRATEGY_COLOURS["cal-dal"]
        first, second = series_style("mine", 0), series_style("yours", 1)
        assert all(first[mark] != second[mark] for mark in ("color", "dash", "symbol"))

    def test_a_strategy_with_a_method_has_its_colour_but_other_marks(self) -> None:
        own, released = series_style("CAL", 0), series_style("CAL, released", 4)
        others = [series_style("CAL, padding=on", 1), series_style("CAL, released, padding=off", 2)]

        assert released == series_style("CAL, released", 2)
        styles = (own, released, *others)
        assert {style["color"] for style in styles} == {STRATEGY_COLOURS["cal"]}
        assert len({(style["dash"], style["symbol"]) for style in styles}) == 4

    def test_mean_and_range_ignore_nan(self) -> None:
        mean, low, high = mean_and_range(np.array([[1.0, NAN, NAN], [3.0, 5.0, NAN]]))

        np.testing.assert_array_equal(mean, [2, 5, NAN])
        np.testing.assert_array_equal(low, [1, 5, NAN])
        np.testing.assert_array_equal(high, [3, 5, NAN])

    def test_a_band_has_a_gap_at_a_missing_value(self) -> None:
        figure = go.Figure()
        low, high = np.array([0.0, 1, NAN, 3, 4]), np.array([10.0, 11, NAN, 13, 14])

        add_band(figure, "band", "#0072b2", np.arange(5), low, high, group="line")

        (band,) = figure.data
        np.testing.assert_array_equal(band.x, [0, 1, 1, 0, NAN, 3, 4, 4, 3])
        np.testing.assert_array_equal(band.y, [10, 11, 1, 0, NAN, 13, 14, 4, 3])
        assert band.legendgroup == "line"

    def test_an_axis_is_padded_on_both_sides(self) -> None:
        assert padded_range(np.array([2.0, NAN, 4.0]), min_padding=0.1, upper=9) == pytest.approx(
            (1.8, 4.2)
        )
        assert padded_range(np.array([0.0, 0.99]), min_padding=0.05, upper=1.0) == (0.0, 1.0)
        assert padded_range(np.array([NAN]), min_padding=0.1, upper=1) is None


class TestAccuracy:
    CURVE = Curve("cal", np.array([500, 1000]), np.array([0.6, 0.7]))

    def test_percent_of_the_data(self) -> None:
        figure = accuracy_figure([self.CURVE], of=5000)

        assert list(figure.data[0].x) == [10, 20]
        assert figure.layout.xaxis.title.text == "labelled texts (% of the data)"
        low, high = figure.layout.xaxis.range
        assert low < 10
        assert high > 20

    def test_accuracy_with_all_labels_is_a_horizontal_line_inside_the_axes(self) -> None:
        figure = accuracy_figure([self.CURVE], full=0.9)

        line = trace_of(figure, "all labels: 0.900")
        assert line.y == (0.9, 0.9)
        assert tuple(line.x) == tuple(figure.layout.xaxis.range)
        assert figure.layout.yaxis.range[1] > 0.9

    def test_a_band_shares_the_legend_entry_of_its_line(self) -> None:
        band, line = accuracy_figure([self.CURVE, self.CURVE]).data

        assert band.legendgroup == line.legendgroup == "cal (2 seeds)"

    def test_a_name_is_escaped(self) -> None:
        curve = Curve("<b>mine", self.CURVE.labelled, self.CURVE.accuracy)

        assert accuracy_figure([curve]).data[0].name == "&lt;b&gt;mine"


class TestSweep:
    LEVELS = np.array([0.0, 0.2, 0.4])

    def test_mean_band_and_seeds_by_level(self) -> None:
        accuracies = np.array([[0.6, 0.7, NAN], [0.8, NAN, NAN]])

        figure = sweep_figure(self.LEVELS, accuracies, baseline=0.5)

        np.testing.assert_allclose(trace_of(figure, "mean").y, [0.7, 0.7, NAN])
        np.testing.assert_array_equal(trace_of(figure, "lowest to highest").y, [0.8, 0.7, 0.7, 0.6])
        seeds = trace_of(figure, "a seed")
        assert list(zip(seeds.x, seeds.y, strict=True)) == [(0, 0.6), (0.2, 0.7), (0, 0.8)]
        assert trace_of(figure, "Random: 0.500").y == (0.5, 0.5)
        assert figure.layout.yaxis.range[0] < 0.5
        assert trace_of(figure, "mean").line.color == STRATEGY_COLOURS["cal"]

    def test_one_seed_has_no_band(self) -> None:
        (line,) = sweep_figure(self.LEVELS, np.array([[0.6, 0.7, 0.65]])).data

        assert list(line.y) == [0.6, 0.7, 0.65]


class TestHighCor:
    def test_texts_are_counted_in_fixed_bins(self) -> None:
        figure = high_cor_histogram(np.array([0.0, 0.011, 0.51, 1.0], dtype=np.float32))

        (bars,) = figure.data
        assert len(bars.y) == 50
        assert {bin_: bars.y[bin_] for bin_ in np.flatnonzero(bars.y)} == {0: 2, 25: 1, 49: 1}
        assert bars.x[25] == pytest.approx(0.51)
        (boundary,) = figure.layout.shapes
        assert (boundary.x0, boundary.x1) == (0.5, 0.5)

    def test_the_range_of_the_batch_is_marked_and_labelled(self) -> None:
        probability = np.array([0.1, 0.45, 0.625, 0.9], dtype=np.float32)

        figure = high_cor_histogram(probability, np.array([2, 1]))

        band = figure.layout.shapes[-1]
        assert (band.x0, band.x1) == pytest.approx((0.45, 0.625))
        assert notes(figure) == ["next batch: 2 texts, P from 0.450 to 0.625"]

    def test_without_a_batch_there_is_no_band(self) -> None:
        figure = high_cor_histogram(np.zeros(3, np.float32), np.array([], dtype=np.int64))

        assert len(figure.layout.shapes) == 1
        assert notes(figure) == []

    def test_a_batch_is_drawn_on_its_own_figure_only(self) -> None:
        probability = np.array([0.1, 0.9], dtype=np.float32)

        high_cor_histogram(probability, np.array([0]))

        assert len(high_cor_histogram(probability).layout.shapes) == 1

    def test_a_large_pool_is_fast_and_not_sent_to_the_page(self) -> None:
        probability = np.random.default_rng(0).random(120_000, dtype=np.float32)
        batch = np.arange(50)
        high_cor_histogram(probability, batch)

        times = []
        for _ in range(5):
            start = time.perf_counter()
            figure = high_cor_histogram(probability, batch)
            times.append(time.perf_counter() - start)

        assert figure.data[0].y.sum() == 120_000
        assert len(figure.to_json()) < 20_000
        # Several times the usual time, for a busy machine.
        assert min(times) < 0.1


class TestNoise:
    def test_each_group_is_in_percent_of_itself(self) -> None:
        figure = noise_figure(
            np.array([0.01, 0.02, 0.99, 0.99, 0.5]), np.array([True, True, False, False, False])
        )

        flipped, untouched = trace_of(figure, "flipped (2)"), trace_of(figure, "untouched (3)")
        assert (flipped.y[0], flipped.y.sum()) == (100, 100)
        assert untouched.y[-1] == pytest.approx(200 / 3)
        assert untouched.y[12] == pytest.approx(100 / 3)
        assert flipped.marker.pattern.shape != untouched.marker.pattern.shape
        assert figure.layout.barmode == "overlay"

    def test_without_flipped_labels_the_group_is_empty(self) -> None:
        figure = noise_figure(np.array([0.5]), np.array([False]))

        assert trace_of(figure, "flipped (0)").y.sum() == 0


class TestLengths:
    def test_short_texts_have_one_bar_per_length_and_the_median(self) -> None:
        figure = lengths_figure(np.array([1, 2, 2, 4]))

        (bars,) = figure.data
        assert list(bars.x) == [0, 1, 2, 3, 4]
        assert list(bars.y) == [0, 1, 2, 0, 1]
        assert list(bars.customdata) == ["0", "1", "2", "3", "4"]
        assert figure.layout.shapes[0].x0 == 2
        assert notes(figure) == ["median: 2 words"]

    def test_the_last_bar_counts_a_long_tail(self) -> None:
        lengths = np.append(np.tile(np.arange(1, 80), 10), 5_000)

        counts, edges, has_tail = count_lengths(lengths)

        assert has_tail
        assert counts.sum() == len(lengths)
        # 99 of 100 texts have at most 79 words: bars of two words each, and one for the longest.
        assert list(edges[:3]) == [0, 2, 4]
        assert (edges[-2], counts[-1]) == (80, 1)
        figure = lengths_figure(lengths)
        assert "last bar: 80 to 5,000" in figure.layout.xaxis.title.text
        assert figure.data[0].marker.pattern.shape[-2:] == ("", "/")

    @pytest.mark.parametrize("most", [1, 39, 40, 41, 977])
    def test_never_more_than_41_bars(self, most: int) -> None:
        lengths = np.random.default_rng(0).integers(0, most + 1, 500)

        counts, edges, _ = count_lengths(lengths)

        assert len(counts) <= 41
        expected = [((lengths >= a) & (lengths < b)).sum() for a, b in pairwise(edges)]
        assert list(counts) == expected

    def test_without_texts_the_chart_is_empty(self) -> None:
        assert len(lengths_figure(np.array([], dtype=np.int64)).data) == 0


class TestEpochs:
    def test_one_line_per_text_from_epoch_one(self) -> None:
        figure = epoch_curves_figure(np.array([[0.1, 0.5], [0.9, 0.8]]), ["a", "<b>"])

        assert [list(line.x) for line in figure.data] == [[1, 2], [1, 2]]
        assert [list(line.y) for line in figure.data] == [[0.1, 0.5], [0.9, 0.8]]
        assert figure.data[1].name == "&lt;b&gt;"
        assert figure.layout.yaxis.range == (-0.03, 1.03)

    def test_twenty_lines_differ_in_their_marks(self) -> None:
        figure = epoch_curves_figure(np.zeros((20, 3)), [f"text {i}" for i in range(20)])

        marks = {(line.line.color, line.line.dash, line.marker.symbol) for line in figure.data}
        assert len(marks) == 20

    def test_a_given_colour_is_used(self) -> None:
        figure = epoch_curves_figure(np.zeros((1, 2)), ["a"], colours=["#123456"])

        assert figure.data[0].line.color == "#123456"

    def test_many_texts_are_a_fan_of_quantiles(self) -> None:
        values = np.tile(np.linspace(0, 1, 21)[:, None], (1, 2))

        figure = epoch_curves_figure(values, ())

        outer, inner, median = figure.data
        assert list(outer.y) == pytest.approx([0.95, 0.95, 0.05, 0.05])
        assert list(inner.y) == pytest.approx([0.75, 0.75, 0.25, 0.25])
        assert list(median.y) == [0.5, 0.5]
        assert median.name == "median of 21 texts"

    def test_confidence_and_variability_are_drawn_and_written_out(self) -> None:
        figure = epoch_curves_figure(np.array([[0.2, 0.6]]), ["a"], statistics=True)

        assert trace_of(figure, "confidence").y == pytest.approx((0.4, 0.4))
        band = figure.layout.shapes[0]
        assert (band.y0, band.y1) == pytest.approx((0.2, 0.6))
        assert notes(figure) == [
            "dashed: mean 0.40 (confidence)<br>grey: ± standard deviation 0.20 (variability)"
        ]

    def test_statistics_need_one_text(self) -> None:
        with pytest.raises(ValueError, match="there are 2"):
            epoch_curves_figure(np.zeros((2, 3)), ["a", "b"], statistics=True)


class TestPairs:
    def test_overlap_is_labelled_and_coloured_by_share(self) -> None:
        counts = np.array([[100, 30], [30, 60]])
        totals = np.array([[100, 60], [60, 60]])

        figure = overlap_figure(["cal", "lc"], counts, totals)

        cells, on_cells, on_page = figure.data
        np.testing.assert_array_equal(cells.z, [[NAN, 0.5], [0.5, NAN]])
        assert cells.zmax == 0.5
        assert list(on_cells.text) == ["30<br>50.0 %"] * 2
        assert (list(on_cells.x), list(on_cells.y)) == ([1, 0], [0, 1])
        assert list(on_page.text) == ["100", "60"]
        # The text colour of the page.
        assert on_page.textfont.color is None

    def test_the_colour_scale_reaches_at_least_a_tenth_and_no_picks_are_no_share(self) -> None:
        small = overlap_figure(["a", "b"], np.full((2, 2), 1), np.full((2, 2), 100))
        empty = overlap_figure(["a", "b"], np.zeros((2, 2), int), np.zeros((2, 2), int))

        assert small.data[0].zmax == 0.1
        assert np.isnan(empty.data[0].z).all()
        assert list(empty.data[2].text) == ["0"] * 4

    def test_many_names_leave_space_for_counts_only(self) -> None:
        figure = overlap_figure([*"abcdef"], np.full((6, 6), 7), np.full((6, 6), 10))

        assert set(figure.data[1].text) == {"7"}

    def test_epsilon_is_row_over_column_with_an_empty_diagonal(self) -> None:
        figure = epsilon_figure(["cal", "<lc>"], np.array([[NAN, 0.0], [1.0, NAN]]))

        cells, on_cells, on_page = figure.data
        np.testing.assert_array_equal(cells.z, [[NAN, 0.0], [1.0, NAN]])
        assert (cells.zmin, cells.zmax) == (0, 1)
        by_cell = dict(zip(zip(on_cells.y, on_cells.x, strict=True), on_cells.text, strict=True))
        assert by_cell == {(0, 1): "0.00", (1, 0): "1.00"}
        assert set(on_page.text) == {""}
        assert figure.layout.xaxis.ticktext == ("cal", "&lt;lc&gt;")
        assert figure.layout.yaxis.range == (1.5, -0.5)

    @pytest.mark.parametrize(
        "figure",
        [
            overlap_figure(["a", "b"], np.ones((2, 2), int), np.ones((2, 2), int)),
            epsilon_figure(["a", "b"], np.ones((2, 2))),
        ],
        ids=["overlap", "epsilon"],
    )
    def test_white_numbers_are_legible_on_every_colour(self, figure: go.Figure) -> None:
        assert figure.data[1].textfont.color == "#ffffff"
        scale = [colour for _, colour in figure.data[0].colorscale]
        for start, end in pairwise(scale):
            for fraction in np.linspace(0, 1, 11):
                assert contrast_with_white(start, end, fraction) > 4.5


def contrast_with_white(start: str, end: str, fraction: float) -> float:
    """The contrast ratio of WCAG 2 between white and a mixture of two colours."""
    ends = [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in (start, end)]
    mixed = (1 - fraction) * np.array(ends[0]) + fraction * np.array(ends[1])
    linear = np.where(mixed <= 0.04045, mixed / 12.92, ((mixed + 0.055) / 1.055) ** 2.4)
    return float(1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05))


class TestRegionShareBands:
    def test_one_panel_per_region_with_mean_and_band_of_the_seeds(self) -> None:
        shares = np.array([[[0.5, 0.3, 0.2], [1.0, 0, 0]], [[0.7, 0.1, 0.2], [NAN] * 3]])

        figure = region_share_bands_figure({"dal": shares}, reference=(0.6, 0.3, 0.1))

        lines = [trace for trace in figure.data if trace.name == "dal (2 seeds)"]
        assert [line.yaxis for line in lines] == ["y", "y2", "y3"]
        assert [line.showlegend for line in lines] == [True, False, False]
        np.testing.assert_allclose([line.y for line in lines], [[60, 100], [20, 0], [20, 0]])
        assert list(lines[0].x) == [1, 2]
        bands = [trace for trace in figure.data if trace.fill == "toself"]
        assert list(bands[1].y) == pytest.approx([30, 0, 0, 10])
        whole = [trace for trace in figure.data if trace.name == "all texts"]
        assert [line.y[0] for line in whole] == [60, 30, 10]
        assert notes(figure) == ["easy-to-learn, %", "ambiguous, %", "hard-to-learn, %"]

    def test_runs_without_a_batch_are_an_empty_figure(self) -> None:
        figure = region_share_bands_figure({"dal": np.zeros((2, 0, 3))})

        assert all(len(trace.x) == 0 for trace in figure.data)


class TestPickDensity:
    def test_one_panel_per_name_with_one_scale_and_confidence_upwards(self) -> None:
        reference = np.full((2, 2), 0.25)
        cal = np.array([[0.0, 1.0], [0.0, 0.0]])  # little variability, high confidence
        dal = np.array([[0.0, 0.0], [0.5, 0.5]])

        figure = pick_density_figure(reference, {"cal": cal, "<dal>": dal})

        first, _, second, outline = figure.data
        np.testing.assert_array_equal(first.z, [[0, 0], [1, 0]])
        np.testing.assert_array_equal(second.customdata, [[0, 0.5], [0, 0.5]])
        np.testing.assert_allclose(second.z[1], [0, np.sqrt(0.5)])
        assert (list(first.x), list(first.y)) == ([0.125, 0.375], [0.25, 0.75])
        assert first.zmax == second.zmax == 1
        assert (second.xaxis, outline.xaxis) == ("x2", "x2")
        assert "&lt;dal&gt;" in notes(figure)
        assert "strongest colour: 100.0 % of a strategy's picks in a cell" in notes(figure)

    def test_the_outline_encloses_the_densest_nine_tenths(self) -> None:
        cells = np.array([[0.6, 0.3], [0.06, 0.04]])

        assert outline_level(cells, 0.9) == 0.3
        assert outline_level(cells, 0.91) == 0.06

    def test_without_picks_there_is_a_figure(self) -> None:
        figure = pick_density_figure(np.zeros((3, 3)), {"cal": np.zeros((3, 3))})

        assert figure.data[0].zmax == 1
        assert len(pick_density_figure(np.zeros((3, 3)), {}).data) == 0


class TestLabelsSaved:
    def test_intervals_around_zero(self) -> None:
        figure = labels_saved_figure(
            ["cal", "dal"], np.array([100.0, -20]), np.array([40.0, -50]), np.array([150.0, 10])
        )

        cal, dal = figure.data
        assert (cal.x, cal.y, dal.y) == ((100,), (0,), (1,))
        assert (cal.error_x.array[0], cal.error_x.arrayminus[0]) == (50, 60)
        assert cal.marker.color == STRATEGY_COLOURS["cal"]
        assert cal.marker.symbol != dal.marker.symbol
        low, high = figure.layout.xaxis.range
        assert low == -high
        assert high > 150

    def test_without_bounds_only_the_mean_and_without_a_mean_a_note(self) -> None:
        unknown = np.array([NAN, NAN])

        figure = labels_saved_figure(["cal", "lc"], np.array([30, NAN]), unknown, unknown)

        (point,) = figure.data
        assert point.error_x.array[0] == 0
        assert "one seed gives no interval" in point.hovertemplate
        assert [(note.y, note.text) for note in figure.layout.annotations] == [
            (1, "not comparable")
        ]


def test_names_of_bars_are_escaped() -> None:
    figure = region_shares_figure(["<i>"], np.array([[1.0, 0, 0]]))

    assert figure.data[0].x == ("&lt;i&gt;",)


def test_all_figures_are_transparent_and_set_no_text_colour() -> None:
    grid, pairs = np.full((2, 2), 0.25), np.full((2, 2), 3)
    all_figures = [
        accuracy_figure([TestAccuracy.CURVE], of=5000, full=0.9),
        sweep_figure(np.array([0.2]), np.array([[0.7]])),
        high_cor_histogram(np.zeros(3, np.float32), np.array([1])),
        noise_figure(np.array([0.5]), np.array([True])),
        lengths_figure(np.array([3])),
        epoch_curves_figure(np.zeros((1, 2)), ["a"], statistics=True),
        overlap_figure(["a", "b"], pairs, pairs),
        epsilon_figure(["a", "b"], grid),
        region_share_bands_figure({"cal": np.zeros((1, 2, 3))}),
        pick_density_figure(grid, {"cal": grid}),
        labels_saved_figure(["cal"], *np.zeros((3, 1))),
    ]
    assert {figure.layout.paper_bgcolor for figure in all_figures} == {"rgba(0, 0, 0, 0)"}
    assert {figure.layout.plot_bgcolor for figure in all_figures} == {"rgba(0, 0, 0, 0)"}
    for figure in all_figures:
        page = json.loads(figure.to_json())["layout"]
        page.pop("template")
        assert not re.search(r'"font": {[^}]*"color"', json.dumps(page))


def test_the_exported_names_exist_and_are_unique() -> None:
    assert sorted(figures.__all__) == sorted(set(figures.__all__))
    assert all(hasattr(figures, name) for name in figures.__all__)
