"""How long a visitor waits: first paints, moves of t_cor, and the drawing of large maps.

    python benchmarks/dashboard.py [paint] [threshold] [map] [--sizes N ...]

Starts a dashboard with a cache of its own and looks at it with Chromium; prints medians as rows
of Markdown tables. The offline sample and its runs are made first where a part needs them; large
corpora are made up, since only their size matters here.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from threshold import EPOCHS, made_up, manifest, middle_levels, move, studied

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from chromium import CHROMIUM, FLAGS, PLACES, go_to, served, settled  # noqa: E402

from cartography.figures import data_map_figure  # noqa: E402
from cartography.maps.data_map import DataMap  # noqa: E402
from cartography.maps.dynamics import TrainingDynamics  # noqa: E402
from cartography.runs import map_runs  # noqa: E402
from cartography.runs.manifest import write_json  # noqa: E402
from ui.jobs import background, tasks  # noqa: E402
from ui.state.session import DataChoice  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SAMPLE = DataChoice()
PAGES = ("Dataset", "Data map", "Threshold", "Active learning", "Compare", "Runs", "Learn")
REPEATS = 7


def milliseconds(call: Callable[[], object]) -> float:
    """What one call takes."""
    start = time.perf_counter()
    call()
    return 1_000 * (time.perf_counter() - start)


def finish(task: background.Task) -> None:
    """Carry out a task of the sample by a worker."""
    background.start(task)
    while background.task_state(task).busy:
        time.sleep(0.2)
    assert background.task_state(task).phase == "finished", background.task_state(task)


def paint(browser: Browser, url: str) -> None:
    """Until a page's title stands, and until all of it does, on the sample with runs on disk."""
    for task in (
        tasks.maps(SAMPLE),
        tasks.study(SAMPLE),
        tasks.learning(SAMPLE, ("random", "lc", "cal"), iterations=3, epochs=EPOCHS),
    ):
        finish(task)
    print("\n| page | opened: first paint, s | title, s | whole, s | switched to: title, s |")
    print("| --- " * 5 + "|")
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, base_url=url)
    for name in PAGES:
        address = "/" if name == "Data map" else f"/{name.lower().replace(' ', '_')}"
        elsewhere = "Runs" if name != "Runs" else "Dataset"
        times: dict[str, list[float]] = {"paint": [], "title": [], "whole": [], "switch": []}
        for _ in range(REPEATS + 1):
            page = context.new_page()
            page.set_default_timeout(120_000)
            start = time.perf_counter()
            page.goto(address)
            page.get_by_role("heading", name=name, level=1).wait_for()
            times["title"].append(time.perf_counter() - start)
            settled(page)
            times["whole"].append(time.perf_counter() - start)
            painted = page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
            )
            times["paint"].append(painted / 1_000)
            go_to(page, elsewhere)
            start = time.perf_counter()
            go_to(page, name, until_settled=False)
            times["switch"].append(time.perf_counter() - start)
            settled(page)
            page.close()
        # The first visit of a server also opens the engine.
        medians = [statistics.median(values[1:]) for values in times.values()]
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in medians)} |", flush=True)
    context.close()


def threshold(page: Page, url: str, rows: int) -> str:
    """One move of t_cor with `rows` texts: the server's work, and what the visitor waits for."""
    task = tasks.study(SAMPLE, seed=rows)
    background._write_task(task)
    study = studied(task.folder, rows)
    first, *levels = middle_levels(study)
    move(study, first)
    served_in = [milliseconds(lambda level=level: move(study, level)) for level in levels]
    page.goto(f"{url}/threshold?run={task.key}&t_cor=0.2")
    page.get_by_role("heading", name="The next batch: 50 texts").wait_for()
    page.get_by_test_id("stMetricValue").first.wait_for()
    settled(page)
    handle = page.get_by_role("slider", name="t_cor")
    waited = []
    for _ in range(REPEATS + 1):
        before = page.url
        start = time.perf_counter()
        handle.press("ArrowRight")
        page.wait_for_url(lambda now, before=before: now != before)
        settled(page)
        waited.append(1_000 * (time.perf_counter() - start))
    return (
        f"| {rows:,} | {statistics.median(served_in):.0f} | {max(served_in):.0f} | "
        f"{statistics.median(waited[1:]):.0f} |"
    )


def large_map(page: Page, url: str, rows: int) -> str:
    """The maps of `rows` texts: building and writing the figure, and drawing the page."""
    corpus = made_up(rows)
    rng = np.random.default_rng(2)
    learnt = rng.beta(2, 1, size=rows)
    gold = np.clip(
        learnt * np.linspace(0.4, 1, EPOCHS)[:, None] + rng.normal(0, 0.12, (EPOCHS, rows)), 0, 1
    ).astype(np.float32)
    dynamics = TrainingDynamics(corpus.ids, gold, gold > 0.5)
    task = tasks.maps(SAMPLE, seed_size=rows)
    background._write_task(task)
    for name, chosen in ((f"size-{rows}", np.arange(500)), ("all", np.arange(rows))):
        folder = task.folder / name
        (folder / map_runs.EPOCHS).mkdir(parents=True)
        run = manifest("map", corpus, 500 if len(chosen) == 500 else None, 1)
        write_json(folder / "manifest.json", run.as_dict())
        part = TrainingDynamics(corpus.ids[chosen], gold[:, chosen], gold[:, chosen] > 0.5)
        map_runs._finish(folder, run, corpus, part, corpus.labels, {})
    placed = DataMap.of(dynamics)
    build = statistics.median(milliseconds(lambda: data_map_figure(placed)) for _ in range(5))
    figure = data_map_figure(placed)
    size = len(figure.to_json()) / 1e6
    write = statistics.median(milliseconds(figure.to_json) for _ in range(5))
    drawn = []
    for _ in range(4):
        start = time.perf_counter()
        page.goto(f"{url}/?run={task.key}")
        page.wait_for_function(f"() => ({PLACES})(1)?.length > 0")
        settled(page)
        drawn.append(time.perf_counter() - start)
    return (
        f"| {rows:,} | {build:.0f} | {write:.0f} | {size:.2f} | {drawn[0]:.1f} | "
        f"{statistics.median(drawn[1:]):.1f} |"
    )


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["paint", "threshold", "map"])
    parser.add_argument("--sizes", type=int, nargs="+")
    asked = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        cache = Path(folder) / "cache"
        os.environ["CARTOGRAPHY_CACHE"] = str(cache)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with served(cache) as url:
            if "paint" in asked.parts:
                paint(browser, url)
            page = browser.new_page(viewport={"width": 1440, "height": 1400})
            page.set_default_timeout(300_000)
            if "threshold" in asked.parts:
                print("\n| texts | server, ms | longest | until drawn, ms |\n" + "| --- " * 4 + "|")
                for rows in asked.sizes or (5_000, 58_926, 120_000):
                    print(threshold(page, url, rows), flush=True)
            if "map" in asked.parts:
                print(
                    "\n| texts | build, ms | to JSON, ms | MB | first visit, s | later, s |\n"
                    + "| --- " * 6
                    + "|"
                )
                for rows in asked.sizes or (5_000, 50_000, 120_000, 1_000_000):
                    print(large_map(page, url, rows), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
