import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from chromium import CHROMIUM, FLAGS, served
from hypothesis import HealthCheck, settings

from ui.state.session import DataChoice

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Before any test module imports `datasets`, which reads it once: no test writes to, or depends on,
# the Hugging Face cache of the person who runs it.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="cartography-tests-")
os.environ["HF_HUB_OFFLINE"] = "1"

# The same examples in every run, on machines of any speed: a new fault is found by a change, or by
# `HYPOTHESIS_PROFILE=search`, which draws others.
settings.register_profile(
    "fixed", derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.register_profile("search", database=None, deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of the tests' own, shared by them so that the sample is built once."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("CARTOGRAPHY_CACHE")
    os.environ["CARTOGRAPHY_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["CARTOGRAPHY_CACHE"]
    else:
        os.environ["CARTOGRAPHY_CACHE"] = before


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Real corpora, which the project does not hold because of their licences."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("CARTOGRAPHY_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real corpora at {folder}: set CARTOGRAPHY_DATA to their folder")
    return folder


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of one test's own, so that runs of another are not seen."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(folder))
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> DataChoice:
    """Forty texts of two classes, and vectors that tell them apart."""
    rng = np.random.default_rng(0)
    texts = [f"{['sun', 'rain'][i % 2]} day {i}" for i in range(40)]
    table = tmp_path / "tiny.csv"
    table.write_text(
        "text,label\n" + "".join(f"{t},{['dry', 'wet'][i % 2]}\n" for i, t in enumerate(texts))
    )
    words = sorted({word for text in texts for word in text.split()})
    vectors = tmp_path / "tiny.vec"
    vectors.write_text(
        f"{len(words)} 8\n"
        + "".join(f"{w} {' '.join(f'{x:.3f}' for x in rng.normal(size=8))}\n" for w in words)
    )
    return DataChoice(source=str(table), test=str(table), features="words", vectors=str(vectors))


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for something that another process does."""

    def wait(happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < deadline, "waited a minute in vain"
            time.sleep(0.1)

    return wait


@dataclass(frozen=True)
class Server:
    """A dashboard that runs: where it answers, and its cache, for a test to prepare runs in."""

    url: str
    cache: Path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard that all tests in a browser look at, with an empty cache at first."""
    folder = tmp_path_factory.mktemp("dashboard") / "cache"
    with served(folder) as url:
        yield Server(url, folder)


@pytest.fixture
def served_cache(server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of that dashboard, which a test then writes to as well."""
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(server.cache))
    return server.cache


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """A real browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: "Browser", server: Server) -> "Iterator[Callable[[], Page]]":
    """New visitors, each with a browser of their own; none may see an error in its console."""
    errors: list[str] = []
    contexts = []

    def one() -> "Page":
        context = chromium.new_context(
            viewport={"width": 1440, "height": 1400}, base_url=server.url, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on(
            "console",
            # Streamlit asks for its own addresses below a page's path first.
            lambda message: (
                errors.append(message.text)
                if message.type == "error" and "_stcore" not in message.location["url"]
                else None
            ),
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield one
    for context in contexts:
        for page in context.pages:
            assert page.get_by_test_id("stException").count() == 0
        context.close()
    assert errors == []
