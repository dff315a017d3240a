from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from cartography.corpora.corpus import CorpusReport
from cartography.figures import (
    STRATEGY_COLOURS,
    BatchSeries,
    Curve,
    accuracy_figure,
    batch_statistics_figure,
    class_shares_figure,
    data_map_figure,
    map_caption,
    region_shares_figure,
    write_html,
)
from cartography.maps.data_map import DataMap
from cartography.strategies.table import STRATEGIES


class TestCurves:
    def test_a_line_has_the_colour_of_its_strategy(self) -> None:
        figure = accuracy_figure([Curve("cal", np.array([500, 550]), np.array([0.7, 0.75]))])

        (line,) = figure.data
        assert line.line.color == STRATEGY_COLOURS["cal"]
        assert list(line.y) == [0.7, 0.75]

    def test_seeds_are_a_mean_and_a_band_at_common_label_counts(self) -> None:
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

    def test_without_curves_the_figure_is_empty(self) -> None:
        assert len(accuracy_figure([]).data) == 0

    def test_every_strategy_has_its_own_colour(self) -> None:
        assert set(STRATEGY_COLOURS) == set(STRATEGIES)
        assert len(set(STRATEGY_COLOURS.values())) == len(STRATEGIES)

    def test_batch_statistics_have_one_panel_each(self) -> None:
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


def test_the_largest_class_comes_first() -> None:
    figure = class_shares_figure(report_of([1, 3]))

    assert list(figure.data[0].x) == [3, 1]
    assert list(figure.layout.yaxis.ticktext) == ["class 1", "class 0"]
    assert figure.data[0].text[0] == "3 · 75.0 %"


def test_of_many_classes_the_smallest_are_summed() -> None:
    figure = class_shares_figure(report_of([2] * 30 + [1] * 5))

    assert figure.layout.yaxis.ticktext[-1] == "5 smaller classes"
    assert figure.data[0].x[-1] == 5


def test_a_corpus_without_classes_has_an_empty_chart() -> None:
    assert len(class_shares_figure(report_of([])).data[0].x) == 0


def test_the_page_needs_no_network_and_the_figure_is_unchanged(tmp_path: Path) -> None:
    data_map = DataMap(
        ids=np.array(["a", "b"], dtype=object),
        confidence=np.array([0.1, 0.9]),
        variability=np.array([0.1, 0.1]),
        correctness=np.array([0.0, 1.0]),
        epochs=10,
    )
    figure = data_map_figure(data_map, title="A map")

    write_html(figure, tmp_path / "map.html")

    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Plotly.newPlot" in page
    assert '<script src="http' not in page
    assert f">{map_caption(data_map)}</p>" in page
    assert figure.layout.paper_bgcolor == "rgba(0, 0, 0, 0)"


def test_the_caption_is_escaped_on_the_page(tmp_path: Path) -> None:
    write_html(go.Figure(layout={"meta": {"caption": "a <b> & c"}}), tmp_path / "figure.html")

    assert "a &lt;b&gt; &amp; c</p>" in (tmp_path / "figure.html").read_text(encoding="utf-8")


def test_a_figure_without_a_caption_has_no_paragraph(tmp_path: Path) -> None:
    write_html(accuracy_figure([]), tmp_path / "figure.html")

    page = (tmp_path / "figure.html").read_text(encoding="utf-8")
    assert page.count("<p") == page.split("Plotly.newPlot")[0].count("<p")
