"""Long work in a real Chromium: a run paused and reloaded, a comparison, and the lesson."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from chromium import MARKS, go_to, press, settled, use_upload, weather
from typer.testing import CliRunner

from cartography.cli import app
from ui.jobs import background
from ui.panels.lesson.script import STEPS

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = MARKS


def fill(page: Page, **values: int) -> None:
    """Type numbers into fields by their labels."""
    for label, value in values.items():
        field = page.get_by_role("spinbutton", name=label.replace("_", " "))
        field.fill(str(value))
        field.press("Enter")
        settled(page)


def uninterrupted(cache: Path, key: str, out: Path) -> tuple[Path, Path]:
    """The folder of the run called `key`, and one of the same run made in one go."""
    (folder,) = cache.glob(f"workspaces/*/runs/*-{key}")
    task = background._read_task(folder / ".worker" / "task.json")
    assert task is not None
    done = CliRunner().invoke(app, ["learn", f"--out={out}", "--quiet", *task.arguments])
    assert done.exit_code == 0, done.output
    return folder, out


def without_seconds(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "iterations.csv").drop(columns=["train_seconds", "select_seconds"])


def test_a_run_paused_and_reloaded_is_the_run_never_paused(
    visit: Callable[[], Page], tmp_path: Path, served_cache: Path
) -> None:
    page = visit()
    use_upload(page, weather(tmp_path, "paused"))
    go_to(page, "Active learning")
    fill(page, Seed_size=30, Query_size=3, Iterations=40, Epochs=30)
    press(page, "Start")
    page.get_by_text(re.compile(r"training ([3-9]|[1-3]\d) of 41")).wait_for()
    press(page, "Pause")
    page.get_by_role("button", name="Resume").wait_for()

    page.reload()

    page.get_by_role("button", name="Resume").wait_for()
    assert page.get_by_role("spinbutton", name="Iterations").input_value() == "40"
    (key,) = re.findall(r"run=([0-9a-f]{10})", page.url)
    (folder,) = served_cache.glob(f"workspaces/*/runs/*-{key}")
    paused_at = len(pd.read_csv(folder / "iterations.csv"))
    assert 3 <= paused_at < 41
    press(page, "Resume")
    page.get_by_text(re.compile("Finished: training 41 of 41")).wait_for()

    folder, whole = uninterrupted(served_cache, key, tmp_path / "whole")
    assert (folder / "batches.csv").read_bytes() == (whole / "batches.csv").read_bytes()
    pd.testing.assert_frame_equal(without_seconds(folder), without_seconds(whole))


def test_three_strategies_are_compared_on_two_seeds(
    visit: Callable[[], Page], tmp_path: Path
) -> None:
    page = visit()
    use_upload(page, weather(tmp_path, "compared"))
    go_to(page, "Compare")
    # CAL, LC and three seeds are chosen at first; one seed is taken out.
    page.get_by_text("259479", exact=True).click()
    settled(page)
    fill(page, Seed_size=30, Query_size=5, Iterations=3, Epochs=5)
    press(page, "Run the comparison")

    page.get_by_role("heading", name="Verdict").wait_for()
    page.get_by_role("button", name="Pause").wait_for(state="detached")
    settled(page)
    verdict = page.get_by_test_id("stAlert").first.inner_text()
    assert re.search("[Nn]o advantage|[Aa]dvantage over Random", verdict)

    page.get_by_role("tab", name="Runs").click()
    rows = page.get_by_test_id("stDataFrame").last.locator("[role=gridcell][aria-colindex='1']")
    rows.first.wait_for(state="attached")
    assert sorted(rows.all_text_contents()) == ["CAL", "CAL", "LC", "LC", "Random", "Random"]

    page.get_by_role("tab", name="Where they pick").click()
    press(page, "Draw the full map")
    page.get_by_role("heading", name="Regions of the picks, by iteration").wait_for()
    page.get_by_role("tab", name="Overlap").click()
    page.get_by_role("heading", name="Picks in common").wait_for()
    page.reload()
    page.get_by_role("heading", name="Verdict").wait_for()
    page.get_by_role("heading", name="Picks in common").wait_for()


def test_the_lesson_from_end_to_end(visit: Callable[[], Page], tmp_path: Path) -> None:
    steps = len(STEPS)
    page = visit()
    use_upload(page, weather(tmp_path, "lesson"))
    go_to(page, "Learn")
    press(page, "Begin")
    for number in range(1, steps + 1):
        page.get_by_role("heading", name=re.compile(rf"^{number}\. ")).wait_for()
        question = page.locator(".st-key-lesson_question")
        question.get_by_role("button").first.press("Enter")
        question.get_by_text("You predicted:").wait_for()
        # Until the page has run to its end, what stands below is of the step before.
        settled(page)
        toggle = page.get_by_text("Show what the numbers say")
        toggle.wait_for(timeout=120_000)
        page.locator(".js-plotly-plot").first.wait_for()
        toggle.click()
        page.get_by_test_id("stMain").get_by_test_id("stAlert").first.wait_for()
        press(page, "Next")

    page.get_by_role("heading", name="What you predicted, and what was seen").wait_for()
    page.get_by_text("predictions came true on lesson.csv").wait_for()
    page.get_by_text(f"{steps} of {steps} predictions made").wait_for()
    settled(page)
    assert page.get_by_test_id("stMain").get_by_test_id("stAlert").count() == steps
