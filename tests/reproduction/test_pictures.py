import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from chromium import CHROMIUM
from reproduced import FULL, RANDOM, make_results, random_and_cal

from cartography.errors import CartographyError
from cartography.reproduction.pictures import draw_figures, figure_builders, pictures_section
from cartography.reproduction.report import report
from cartography.reproduction.results import Results

MAP_POINTS = ((0.9, 0.1, 1.0), (0.2, 0.05, 0.0), (0.5, 0.4, 0.6))


def results(map_points: Sequence[tuple[float, float, float]] = MAP_POINTS) -> Results:
    return make_results(random_and_cal(), {"paper": FULL}, map_points=map_points)


def test_figures_are_built_as_far_as_there_are_results() -> None:
    figures = {name: build() for name, build in figure_builders(results()).items()}
    assert list(figures) == ["map-seed-paper", "accuracy-paper", "batches-paper"]
    points = [trace for trace in figures["map-seed-paper"].data if trace.type == "scattergl"]
    positions = sorted((y, x) for trace in points for x, y in zip(trace.x, trace.y, strict=True))
    np.testing.assert_allclose(positions, [(0.2, 0.05), (0.5, 0.4), (0.9, 0.1)], rtol=1e-6)
    lines = {trace.name: trace for trace in figures["accuracy-paper"].data if trace.showlegend}
    means = np.mean(list(RANDOM.values()), axis=0)
    np.testing.assert_allclose(lines["Random (3 seeds)"].y, means)
    # 10, 12 and 14 of 110 texts.
    np.testing.assert_allclose(lines["Random (3 seeds)"].x, [100 / 11, 120 / 11, 140 / 11])
    confidence = figures["batches-paper"].data[0]
    assert confidence.name == "Random"
    np.testing.assert_allclose(confidence.y, [0.1, 0.2])


def test_the_report_shows_pictures_that_are_drawn() -> None:
    lines = pictures_section(results(), "figures")
    assert "| Figure 3: accuracy by labelled texts | " in "\n".join(lines)
    assert "(figures/trec/map-seed-paper.png)" in "\n".join(lines)
    assert "map-all" not in "\n".join(lines)
    assert pictures_section(make_results({}), "figures") == []
    assert "](figures/trec/accuracy-paper.png)" in report([results()], Path("docs/figures"))
    assert ".png" not in report([results()])


def test_map_statistics_in_the_report() -> None:
    [row] = [line for line in report([results()]).splitlines() if "the seed set |" in line]
    cells = row.strip("| ").split(" | ")
    assert cells[:5] == ["preset paper, the seed set", "3", "0.53", "0.18", "0.53"]
    # One text in each region; one of three below 0.4, and one above 0.7.
    assert cells[5:] == ["33 %"] * 5


@pytest.mark.browser
@pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium to draw with"
)
def test_pictures_are_drawn(tmp_path: Path) -> None:
    draw_figures(results(), tmp_path / "drawn")
    names = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    assert names == ["accuracy-paper.png", "batches-paper.png", "map-seed-paper.png"]
    for path in (tmp_path / "drawn").iterdir():
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 5_000, f"{path.name} is empty"


def test_without_a_browser_the_message_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise ValueError("Image export requires the Kaleido package")

    monkeypatch.setattr("plotly.graph_objects.Figure.to_image", fail)
    with pytest.raises(CartographyError, match="package kaleido"):
        draw_figures(results(), tmp_path)
    assert list(tmp_path.iterdir()) == []
