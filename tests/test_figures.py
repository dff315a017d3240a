import json
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from cartography import figures
from cartography.corpus import CorpusReport
from cartography.data_map import DataMap
from cartography.figures import (
    CORRECTNESS,
    STRATEGY_COLOURS,
    BatchSeries,
    Curve,
    accuracy_figure,
    batch_statistics_figure,
    class_shares_figure,
    data_map_figure,
    region_shares_figure,
    write_html,
)
from cartography.strategies import STRATEGIES


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


def positions(figure: go.Figure) -> list[int]:
    return sorted(p for trace in points(figure) for [p] in trace.customdata)


def notes(figure: go.Figure) -> str:
    return " ".join(annotation.text for annotation in figure.layout.annotations)


class TestDataMap:
    def test_a_trace_for_each_level_of_up_to_ten_epochs(self) -> None:
        figure = data_map_figure(map_of([0.1, 0.9, 0.95], [0.0, 1.0, 1.0]))

        by_level = {trace.name: trace for trace in points(figure)}
        assert list(by_level) == [f"{level / 10:.1f}" for level in range(10, -1, -1)]
        assert by_level["0.0"].customdata == ([0],)
        assert by_level["1.0"].customdata == ([1], [2])
        assert by_level["1.0"].y.dtype == np.float32
        assert by_level["0.0"].marker.color == CORRECTNESS[0]

    def test_six_groups_above_ten_epochs(self) -> None:
        figure = data_map_figure(map_of([0.5, 0.5], [2 / 30, 6 / 30], epochs=30))

        names = [trace.name for trace in points(figure)]
        assert names[0] == "0.9–1.0"  # noqa: RUF001 - as it is written on the figure
        assert len(names) == 6
        assert points(figure)[-1].customdata == ([0],)
        assert points(figure)[-2].customdata == ([1],)

    def test_each_level_has_its_own_colour_and_shape(self) -> None:
        figure = data_map_figure(random_map(500))

        markers = [trace.marker for trace in points(figure)]
        assert len({marker.color for marker in markers}) == 11
        assert len({marker.symbol for marker in markers}) == 11

    def test_customdata_are_lists_in_the_page(self) -> None:
        page = json.loads(data_map_figure(map_of([0.5], [0.5])).to_json())

        assert [t["customdata"] for t in page["data"] if t.get("customdata")] == [[[0]]]

    def test_marginals_count_every_text(self) -> None:
        figure = data_map_figure(random_map(500))

        above, right, corner = (trace for trace in figure.data if trace.type == "bar")
        assert sum(above.y) == sum(right.x) == sum(corner.y) == 500

    def test_regions_and_thresholds_are_stated(self) -> None:
        said = notes(data_map_figure(map_of([0.1, 0.9], [0.0, 1.0]), title="Two <texts>"))

        assert "easy-to-learn 50 %" in said
        assert "hard-to-learn 50 %" in said
        assert "easy-to-learn from 0.8, hard-to-learn up to 0.2" in said
        assert "Two &lt;texts>" in said

    def test_t_cor_is_drawn_and_counted(self) -> None:
        figure = data_map_figure(map_of([0.1, 0.5, 0.9], [0.2, 0.3, 1.0]), t_cor=0.2)

        assert "high-cor: 2 with correctness above t_cor = 0.2; low-cor: 1" in notes(figure)
        assert figure.layout.shapes[0].x0 == 0.2

    def test_highlighted_are_ringed_as_well_as_drawn(self) -> None:
        figure = data_map_figure(
            map_of([0.1, 0.9], [0.0, 1.0]),
            highlighted=np.array([False, True]),
            highlight_name="this batch",
        )

        assert points(figure)[-1].name == "this batch (1)"
        assert positions(figure) == [0, 1, 1]

    def test_a_sample_is_drawn_above_the_limit(self) -> None:
        n = figures.MOST_POINTS + 5_000
        ringed = np.zeros(n, dtype=np.bool_)
        ringed[:50] = True

        figure = data_map_figure(random_map(n), highlighted=ringed)

        drawn = positions(figure)
        assert figures.MOST_POINTS <= len(set(drawn)) <= figures.MOST_POINTS + 50
        assert set(range(50)) <= set(drawn)
        assert f"of {n:,} shown" in notes(figure)

    def test_all_are_drawn_up_to_the_limit(self) -> None:
        figure = data_map_figure(random_map(2_000))

        assert positions(figure) == list(range(2_000))
        assert "shown" not in notes(figure)

    def test_items_without_statistics_are_left_out(self) -> None:
        figure = data_map_figure(map_of([0.5, float("nan"), 0.5], [0.5, 0.5, float("nan")]))

        assert positions(figure) == [0]
        assert "1 of 3 shown" in notes(figure)

    def test_an_empty_map_is_a_figure(self) -> None:
        figure = data_map_figure(map_of([], []), t_cor=0.2, highlighted=np.zeros(0, dtype=np.bool_))

        assert positions(figure) == []
        assert "nan" not in notes(figure)


class TestCurves:
    def test_a_line_in_the_strategy_s_colour(self) -> None:
        figure = accuracy_figure([Curve("cal", np.array([500, 550]), np.array([0.7, 0.75]))])

        (line,) = figure.data
        assert line.line.color == STRATEGY_COLOURS["cal"]
        assert list(line.y) == [0.7, 0.75]

    def test_seeds_are_a_mean_and_a_band_where_all_have_come(self) -> None:
        figure = accuracy_figure(
            [
                Curve("cal", np.array([500, 550, 600]), np.array([0.6, 0.7, 0.8])),
                Curve("cal", np.array([500, 550]), np.array([0.8, 0.9])),
            ]
        )

        band, line = figure.data
        assert list(line.x) == [500, 550]
        assert line.y == pytest.approx([0.7, 0.8])
        assert list(band.y) == [0.8, 0.9, 0.7, 0.6]
        assert line.name == "cal (2 seeds)"

    def test_no_curve_is_an_empty_figure(self) -> None:
        assert len(accuracy_figure([]).data) == 0

    def test_every_strategy_has_a_colour_of_its_own(self) -> None:
        assert set(STRATEGY_COLOURS) == set(STRATEGIES)
        assert len(set(STRATEGY_COLOURS.values())) == len(STRATEGIES)

    def test_batch_statistics_have_a_panel_each(self) -> None:
        series = BatchSeries(
            "dal", np.array([1, 2]), np.array([0.4, 0.5]), np.array([0.1, 0.2]), np.array([0.3, 1])
        )

        figure = batch_statistics_figure([series])

        assert [trace.yaxis for trace in figure.data] == ["y", "y2", "y3"]
        assert list(figure.data[1].y) == [0.1, 0.2]


def test_region_shares_are_stacked_in_percent() -> None:
    figure = region_shares_figure(["cal", "random"], np.array([[0.5, 0.3, 0.2], [1.0, 0, 0]]))

    assert [trace.name for trace in figure.data] == ["easy-to-learn", "ambiguous", "hard-to-learn"]
    assert list(figure.data[0].y) == [50, 100]
    assert figure.layout.barmode == "stack"


def report_of(counts: list[int]) -> CorpusReport:
    return CorpusReport(
        rows=sum(counts),
        classes=tuple(f"class {i}" for i in range(len(counts))),
        class_counts=tuple(counts),
        empty_texts=0,
        duplicate_texts=0,
        tokens_min=1,
        tokens_median=2,
        tokens_p95=3,
        tokens_max=4,
    )


def test_classes_come_largest_first() -> None:
    figure = class_shares_figure(report_of([1, 3]))

    assert list(figure.data[0].x) == [3, 1]
    assert list(figure.layout.yaxis.ticktext) == ["class 1", "class 0"]
    assert figure.data[0].text[0] == "3 · 75.0 %"


def test_of_many_classes_the_small_ones_are_summed() -> None:
    figure = class_shares_figure(report_of([2] * 30 + [1] * 5))

    assert figure.layout.yaxis.ticktext[-1] == "5 smaller classes"
    assert figure.data[0].x[-1] == 5


def test_a_corpus_without_classes_has_an_empty_chart() -> None:
    assert len(class_shares_figure(report_of([])).data[0].x) == 0


def test_the_page_needs_no_network_and_leaves_the_figure_as_it_was(tmp_path: Path) -> None:
    figure = data_map_figure(random_map(20), title="A map")

    write_html(figure, tmp_path / "map.html")

    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "Plotly.newPlot" in page
    assert '<script src="http' not in page
    assert figure.layout.paper_bgcolor == "rgba(0, 0, 0, 0)"
