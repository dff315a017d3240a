"""The dashboard in a real Chromium: what AppTest cannot see."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu-sandbox", "--use-gl=angle", "--use-angle=swiftshader"),
    *("--enable-unsafe-swiftshader", "--no-first-run", "--disable-background-networking"),
]
TEXTS = 300

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="no Chromium: install it, or name it in CHROMIUM",
    ),
]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A dashboard of its own, with an empty cache."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"),
        *("--server.address=127.0.0.1", f"--server.port={port}"),
    ]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "CARTOGRAPHY_CACHE": str(tmp_path / "cache")},
        )
    try:
        deadline = time.monotonic() + 30
        while not _healthy(url):
            assert server.poll() is None, (tmp_path / "server.log").read_text()
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


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Texts of two classes, every tenth with the wrong label."""
    lines = ["text,label"]
    for i in range(TEXTS):
        wet = i % 2
        weather = ("sun heat drought", "rain flood storm")[wet].split()[i // 2 % 3]
        label = ("dry", "wet")[wet if i % 10 else 1 - wet]
        lines.append(f"{weather} on the day number {i},{label}")
    path = tmp_path / "weather.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_an_uploaded_corpus_is_mapped_and_picked_from(address: str, table: Path) -> None:
    from playwright.sync_api import ConsoleMessage, expect, sync_playwright

    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # Streamlit asks for its own addresses below a page's path first.
        if message.type == "error" and "_stcore" not in message.location["url"]:
            errors.append(message.text)

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1400})
        page.set_default_timeout(45_000)
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))

        # The first thing asked of the server is a page by itself, which must come in its frame.
        page.goto(f"{address}/dataset")
        expect(page.get_by_text("Corpus in use")).to_be_visible(timeout=45_000)
        assert page.get_by_test_id("stSidebarNavLink").count() == 4
        page.get_by_text("Upload", exact=True).first.click()
        page.locator("input[type=file]").first.set_input_files(table)
        page.get_by_role("button", name="Embed").click()
        expect(page.get_by_text("have a vector")).to_be_visible(timeout=45_000)
        page.get_by_role("button", name="Use this corpus").click()
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Data map").click()
        page.get_by_role("button", name="Draw the map").click()
        expect(page.get_by_text("texts on the map")).to_be_visible(timeout=60_000)
        page.locator(".js-plotly-plot .nsewdrag").first.wait_for()

        points = page.evaluate(
            """() => document.querySelector('.js-plotly-plot').data
                .filter(trace => trace.type === 'scattergl')
                .reduce((sum, trace) => sum + trace.customdata.length, 0)"""
        )
        assert points == TEXTS

        area = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
        assert area is not None
        page.mouse.move(area["x"] + 2, area["y"] + 2)
        page.mouse.down()
        page.mouse.move(area["x"] + area["width"] - 2, area["y"] + area["height"] - 2, steps=6)
        page.mouse.up()
        expect(page.get_by_role("heading", name="texts picked")).to_have_text(
            f"{TEXTS} texts picked"
        )
        cells = page.get_by_test_id("stDataFrame").first.locator("[role=gridcell]")
        expect(cells.filter(has_text="on the day number").first).to_be_attached()

        assert page.get_by_test_id("stException").count() == 0
        browser.close()
    assert errors == []
