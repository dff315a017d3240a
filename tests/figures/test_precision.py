"""The figure of the precision of rankings."""

import numpy as np

from cartography.figures import precision_figure


def test_a_line_and_a_band_per_ranking_over_the_depths() -> None:
    depths = np.array([10, 50, 100, 105, 210])
    mean = np.array([[0.9, 0.8, 0.7, 0.6, 0.5], [0.5, 0.5, 0.5, 0.5, 0.5]])
    figure = precision_figure(["a <b>", "c"], depths, mean, mean - 0.1, mean + 0.1, chance=0.1)
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert [line.name for line in lines] == ["a &lt;b&gt;", "c"]
    assert [list(line.y) for line in lines] == mean.tolist()
    assert len({(line.line.color, line.line.dash, line.marker.symbol) for line in lines}) == 2
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert [band.legendgroup for band in bands] == ["a &lt;b&gt;", "c"]
    assert min(bands[0].y) == 0.4
    assert max(bands[0].y) == 1.0
    (reference,) = [trace for trace in figure.data if trace.name == "random order: 10%"]
    assert tuple(reference.y) == (0.1, 0.1)
    # 105 would be written over 100.
    assert list(figure.layout.xaxis.tickvals) == [10, 50, 100, 210]
    assert figure.layout.xaxis.type == "log"


def test_one_depth() -> None:
    one = np.array([[0.5]])
    figure = precision_figure(["a"], np.array([10]), one, one, one, chance=0.1)
    low, high = figure.layout.xaxis.range
    assert low < 1 < high
