import numpy as np

from cartography.figures import MOST_TRAILS, Trail, trails_figure


def trail(name: str, joined: int, points: list[tuple[float, float]]) -> Trail:
    coordinates = np.array(points).reshape(-1, 2)
    return Trail(
        name=name,
        iterations=np.arange(joined, joined + len(points)),
        variability=coordinates[:, 0],
        confidence=coordinates[:, 1],
        joined=joined,
    )


def make_trails(count: int) -> list[Trail]:
    return [trail(f"t{i}", 1 + i % 12, [(0.1, 0.2), (0.2, 0.3)]) for i in range(count)]


def test_one_line_per_trail_with_its_last_position() -> None:
    figure = trails_figure(
        [
            trail("<a>", 1, [(0.1, 0.2), (0.2, 0.4), (0.1, 0.6)]),
            trail("b", 1, [(0.3, 0.3)]),
        ]
    )

    lines, ends = figure.data
    np.testing.assert_array_equal(lines.x, [0.1, 0.2, 0.1, np.nan, 0.3, np.nan])
    np.testing.assert_array_equal(lines.y, [0.2, 0.4, 0.6, np.nan, 0.3, np.nan])
    assert list(lines.text)[2:4] == ["&lt;a&gt;<br>batch 1, map of iteration 3", ""]
    assert ends.x.tolist() == [0.1, 0.3]
    assert ends.y.tolist() == [0.6, 0.3]
    assert ends.name == "batch 1"
    assert "shown" not in figure.layout.annotations[0].text


def test_batches_differ_in_colour_and_symbol() -> None:
    figure = trails_figure(make_trails(24))

    ends = [trace for trace in figure.data if trace.mode == "markers"]
    assert [trace.name for trace in ends][:2] == ["batches 1–2", "batches 3–4"]  # noqa: RUF001
    assert len({trace.marker.color for trace in ends}) == 6
    assert len({trace.marker.symbol for trace in ends}) == 6


def test_of_many_trails_some_of_every_batch_are_drawn() -> None:
    figure = trails_figure(make_trails(10 * MOST_TRAILS))

    ends = [trace for trace in figure.data if trace.mode == "markers"]
    assert sum(len(trace.x) for trace in ends) == MOST_TRAILS
    assert {len(trace.x) for trace in ends} == {MOST_TRAILS // 6}
    heading = figure.layout.annotations[0].text
    assert heading == f"{MOST_TRAILS} of {10 * MOST_TRAILS} shown"


def test_a_text_without_a_position_has_no_trail() -> None:
    figure = trails_figure([trail("a", 1, [(0.1, 0.2)]), trail("b", 2, [])])

    assert [trace.mode for trace in figure.data] == ["lines", "markers"]
    assert figure.layout.annotations[0].text == "1 of 2 shown"


def test_without_trails_the_figure_is_empty() -> None:
    assert len(trails_figure([]).data) == 0
