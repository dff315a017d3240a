"""A dashboard server of a test's own, and a real Chromium to look at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest

from ui.state.session import DataChoice

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
TEXTS = 300
SKIES = (["sun", "heat", "drought", "blue"], ["rain", "flood", "storm", "grey"])
FLAGS = [
    *("--no-sandbox", "--disable-gpu-sandbox", "--use-gl=angle", "--use-angle=swiftshader"),
    *("--enable-unsafe-swiftshader", "--no-first-run", "--disable-background-networking"),
]
MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="no Chromium: install it, or name it in CHROMIUM",
    ),
]


@contextmanager
def served(cache: Path, port: int = 0) -> Iterator[str]:
    """The address of a dashboard that answers until the block ends, at a free port by default."""
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"),
        f"--server.port={port}",
    ]
    cache.mkdir(parents=True, exist_ok=True)
    log_path = cache.parent / f"{cache.name}-server.log"
    with log_path.open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "CARTOGRAPHY_CACHE": str(cache)},
        )
    try:
        deadline = time.monotonic() + 60
        while not _healthy(url):
            assert server.poll() is None, log_path.read_text()
            assert time.monotonic() < deadline, "the server did not answer"
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _healthy(url: str) -> bool:
    try:
        with urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


# The places of all points of the n-th figure that is a scatter of points.
PLACES = """n => {
    const plots = [...document.querySelectorAll('.js-plotly-plot')].filter(
        plot => plot._fullData?.some(trace => trace.type === 'scattergl'));
    if (!plots[n]) return null;
    const traces = plots[n]._fullData.filter(trace => trace.type === 'scattergl');
    return traces.flatMap(trace => Array.from(trace.x ?? [], (x, i) => [x, trace.y[i]]));
}"""


def weather(folder: Path, name: str) -> Path:
    """Texts of two classes, some clear, some mixed, every tenth with the wrong label."""
    rng = np.random.default_rng(0)
    lines = ["text,label"]
    for i in range(TEXTS):
        wet = i % 2
        words = [rng.choice(SKIES[wet if rng.random() < 0.7 else 1 - wet]) for _ in range(4)]
        label = ("dry", "wet")[wet if i % 10 else 1 - wet]
        lines.append(f"{' '.join(words)} on the {name} day number {i},{label}")
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def prepared(folder: Path, name: str) -> DataChoice:
    """`weather` with vectors of a size that a few epochs learn from."""
    rng = np.random.default_rng(0)
    lines = ["8 20"]
    for word in SKIES[0] + SKIES[1]:
        lines.append(f"{word} {' '.join(f'{x:.3f}' for x in rng.normal(scale=3, size=20))}")
    vectors = folder / "sky.vec"
    vectors.write_text("\n".join(lines) + "\n")
    return DataChoice(str(weather(folder, name)), features="words", vectors=str(vectors))


def settled(page: Page) -> None:
    """Wait until the page has stopped running."""
    page.wait_for_function(
        """() => document.querySelector('[data-testid="stApp"]')
            ?.getAttribute('data-test-script-state') === 'notRunning'"""
    )


def go_to(page: Page, name: str, *, until_settled: bool = True) -> None:
    """Take the way from one page to the one of this title."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, level=1).wait_for()
    if until_settled:
        settled(page)


def use_upload(page: Page, table: Path) -> None:
    """Upload a table and make it the corpus in use."""
    page.goto("/dataset")
    page.get_by_text("Upload", exact=True).first.click()
    page.locator("input[type=file]").first.set_input_files(table)
    press(page, "Use this corpus")
    page.get_by_test_id("stSidebar").get_by_text(table.name).wait_for()


def press(page: Page, button: str) -> None:
    """Press a button by its key: a click misses one that moves between the mouse's down and up."""
    found = page.get_by_role("button", name=button).and_(page.locator(":enabled"))
    found.press("Enter")


def drag(page: Page, area: Locator) -> None:
    """A box or a lasso over the whole of a figure."""
    box = area.bounding_box()
    assert box is not None
    left, right = box["x"] + 3, box["x"] + box["width"] - 3
    top, bottom = box["y"] + 3, box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def places(page: Page, number: int = 0) -> list[list[float]]:
    """Where the points of a map lie, once it is drawn."""
    page.wait_for_function(f"n => ({PLACES})(n)?.length > 0", arg=number)
    found: list[list[float]] = page.evaluate(PLACES, number)
    return found


def groups(page: Page) -> dict[str, int]:
    """How many points of each name the first map of a page draws."""
    places(page)
    found: dict[str, int] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.js-plotly-plot')]
            .find(plot => plot._fullData.some(trace => trace.type === 'scattergl'))
            ._fullData.filter(trace => trace.type === 'scattergl')
            .map(trace => [trace.name, trace.x?.length ?? 0]))"""
    )
    return found


def metrics(page: Page) -> dict[str, str]:
    """The numbers that a page shows, by their names."""
    page.get_by_test_id("stMetricValue").first.wait_for()
    found: list[list[str]] = page.get_by_test_id("stMetric").evaluate_all(
        """all => all.map(each => ['stMetricLabel', 'stMetricValue'].map(
            part => each.querySelector(`[data-testid=${part}]`).innerText.trim()))"""
    )
    return dict(found)


def cells(page: Page, number: int, column: int) -> list[str]:
    """The texts of a column, from 1, that the n-th table shows."""
    grid = page.get_by_test_id("stDataFrame").nth(number)
    shown = grid.locator(f"[role=gridcell][aria-colindex='{column}']")
    shown.first.wait_for(state="attached")
    return shown.all_text_contents()


def downloaded(page: Page, button: str, folder: Path) -> Path:
    """The file that a button gives."""
    with page.expect_download() as waited:
        press(page, button)
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path
