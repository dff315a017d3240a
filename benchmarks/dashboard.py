"""Waiting times in the dashboard: opening pages, changing t_cor and drawing large maps.

    python benchmarks/dashboard.py [paint] [threshold] [map] [--sizes N ...]

Starts a dashboard with its own cache, visits it with Chromium and prints medians as Markdown
tables. Runs on the offline sample are created first if needed. Large corpora are synthetic, since
only their size matters.
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
from threshold import EPOCHS, change_t_cor, make_corpus, make_manifest, make_study, middle_levels

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
ADDRESSES = {
    "Dataset": "/dataset",
    "Data map": "/",
    "Threshold": "/threshold",
    "Active learning": "/active_learning",
    "Compare": "/compare",
    "Runs": "/runs",
    "Learn": "/lesson",
}
REPEATS = 7


def milliseconds(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    call()
    return 1_000 * (time.perf_counter() - start)


def run_task(task: background.Task) -> None:
    """Run a background task to its end."""
    background.start(task)
    while background.task_state(task).busy:
        time.sleep(0.2)
    assert background.task_state(task).phase == "finished", background.task_state(task)


def measure_pages(browser: Browser, url: str) -> None:
    """Seconds until the title and until all of a page is drawn, on the sample with runs on disk."""
    for task in (
        tasks.maps(SAMPLE),
        tasks.study(SAMPLE),
        tasks.learning(SAMPLE, ("random", "lc", "cal"), iterations=3, epochs=EPOCHS),
    ):
        run_task(task)
    print("\n| page | opened: first paint, s | title, s | whole, s | switched to: title, s |")
    print("| --- " * 5 + "|")
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, base_url=url)
    for name, address in ADDRESSES.items():
        other_page = "Runs" if name != "Runs" else "Dataset"
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
            first_paint = page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
            )
            times["paint"].append(first_paint / 1_000)
            go_to(page, other_page)
            start = time.perf_counter()
            go_to(page, name, until_settled=False)
            times["switch"].append(time.perf_counter() - start)
            settled(page)
            page.close()
        # The first visit is ignored, since the server also imports the engine then.
        medians = [statistics.median(values[1:]) for values in times.values()]
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in medians)} |", flush=True)
    context.close()


def measure_threshold(page: Page, url: str, rows: int) -> str:
    """Table row for t_cor changes with `rows` texts: server time, and waiting time of a visitor."""
    task = tasks.study(SAMPLE, seed=rows)
    background._write_task(task)
    study = make_study(task.folder, rows)
    first, *levels = middle_levels(study)
    change_t_cor(study, first)
    server_times = [
        milliseconds(lambda level=level: change_t_cor(study, level)) for level in levels
    ]
    page.goto(f"{url}/threshold?run={task.key}&t_cor=0.2")
    page.get_by_role("heading", name="The next batch: 50 texts").wait_for()
    page.get_by_test_id("stMetricValue").first.wait_for()
    settled(page)
    slider = page.get_by_role("slider", name="t_cor")
    waiting_times = []
    for _ in range(REPEATS + 1):
        old_url = page.url
        start = time.perf_counter()
        slider.press("ArrowRight")
        page.wait_for_url(lambda new_url, old_url=old_url: new_url != old_url)
        settled(page)
        waiting_times.append(1_000 * (time.perf_counter() - start))
    return (
        f"| {rows:,} | {statistics.median(server_times):.0f} | {max(server_times):.0f} | "
        f"{statistics.median(waiting_times[1:]):.0f} |"
    )


def measure_map(page: Page, url: str, rows: int) -> str:
    """Table row for maps of `rows` texts: building and serialising the figure, drawing the page."""
    corpus = make_corpus(rows)
    rng = np.random.default_rng(2)
    final_probability = rng.beta(2, 1, size=rows)
    gold = np.clip(
        final_probability * np.linspace(0.4, 1, EPOCHS)[:, None]
        + rng.normal(0, 0.12, (EPOCHS, rows)),
        0,
        1,
    ).astype(np.float32)
    dynamics = TrainingDynamics(corpus.ids, gold, gold > 0.5)
    task = tasks.maps(SAMPLE, seed_size=rows)
    background._write_task(task)
    for name, positions in ((f"size-{rows}", np.arange(500)), ("all", np.arange(rows))):
        folder = task.folder / name
        (folder / map_runs.EPOCHS).mkdir(parents=True)
        run = make_manifest("map", corpus, 500 if len(positions) == 500 else None, 1)
        write_json(folder / "manifest.json", run.as_dict())
        subset = TrainingDynamics(
            corpus.ids[positions], gold[:, positions], gold[:, positions] > 0.5
        )
        map_runs._finish(folder, run, corpus, subset, corpus.labels, {})
    data_map = DataMap.of(dynamics)
    build_ms = statistics.median(milliseconds(lambda: data_map_figure(data_map)) for _ in range(5))
    figure = data_map_figure(data_map)
    megabytes = len(figure.to_json()) / 1e6
    json_ms = statistics.median(milliseconds(figure.to_json) for _ in range(5))
    page_times = []
    for _ in range(4):
        start = time.perf_counter()
        page.goto(f"{url}/?run={task.key}")
        page.wait_for_function(f"() => ({PLACES})(1)?.length > 0")
        settled(page)
        page_times.append(time.perf_counter() - start)
    return (
        f"| {rows:,} | {build_ms:.0f} | {json_ms:.0f} | {megabytes:.2f} | {page_times[0]:.1f} | "
        f"{statistics.median(page_times[1:]):.1f} |"
    )


def main() -> None:
    """Print the selected tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["paint", "threshold", "map"])
    parser.add_argument("--sizes", type=int, nargs="+")
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        cache = Path(folder) / "cache"
        os.environ["CARTOGRAPHY_CACHE"] = str(cache)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with served(cache) as url:
            if "paint" in arguments.parts:
                measure_pages(browser, url)
            page = browser.new_page(viewport={"width": 1440, "height": 1400})
            page.set_default_timeout(300_000)
            if "threshold" in arguments.parts:
                print("\n| texts | server, ms | longest | until drawn, ms |\n" + "| --- " * 4 + "|")
                for rows in arguments.sizes or (5_000, 58_926, 120_000):
                    print(measure_threshold(page, url, rows), flush=True)
            if "map" in arguments.parts:
                print(
                    "\n| texts | build, ms | to JSON, ms | MB | first visit, s | later, s |\n"
                    + "| --- " * 6
                    + "|"
                )
                for rows in arguments.sizes or (5_000, 50_000, 120_000, 1_000_000):
                    print(measure_map(page, url, rows), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
