"""The dashboard in a real Chromium: maps, thresholds, downloads, and visitors apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from chromium import (
    MARKS,
    PLACES,
    TEXTS,
    cells,
    downloaded,
    drag,
    go_to,
    groups,
    metrics,
    places,
    prepared,
    press,
    settled,
    use_upload,
    weather,
)
from dashboard import carry_out

from ui.jobs import tasks

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = MARKS


def test_moving_t_cor_changes_map_balance_and_batch(
    visit: Callable[[], Page], tmp_path: Path, served_cache: Path
) -> None:
    study = tasks.study(prepared(tmp_path, "threshold"), 60, 12)
    carry_out(study)
    page = visit()
    page.goto(f"/threshold?run={study.key}&t_cor=0")
    page.get_by_role("heading", name="The next batch: 50 texts").wait_for()
    settled(page)
    before = metrics(page)
    assert groups(page)["high-cor"] == int(before["high-cor"])

    handle = page.get_by_role("slider", name="t_cor")
    for _ in range(11):
        handle.press("ArrowRight")
    page.wait_for_url("**&t_cor=0.9167")
    page.get_by_text("kept", exact=True).first.wait_for()
    settled(page)

    after = metrics(page)
    assert after["high-cor"] != before["high-cor"]
    assert int(after["high-cor"]) + int(after["low-cor"]) == 60
    assert groups(page)["high-cor"] == int(after["high-cor"])
    assert groups(page)["low-cor"] == int(after["low-cor"])
    assert int(after["kept"]) + int(after["new"]) == 50
    assert int(after["new"]) == int(after["gone"]) > 0


def test_downloads_hold_what_the_page_shows(
    visit: Callable[[], Page], tmp_path: Path, served_cache: Path
) -> None:
    study = tasks.study(prepared(tmp_path, "downloads"), 60, 12)
    carry_out(study)
    page = visit()
    page.goto(f"/threshold?run={study.key}&t_cor=0.5")
    page.get_by_role("heading", name="The next batch: 50 texts").wait_for()
    settled(page)

    batch = pd.read_csv(downloaded(page, "Batch", tmp_path))
    card = json.loads(downloaded(page, "Selection card (JSON)", tmp_path).read_text())
    page.get_by_text("Table and downloads").first.click()
    html = downloaded(page, "Figure (HTML)", tmp_path).read_text()
    table = pd.read_csv(downloaded(page, "Table (CSV)", tmp_path))

    assert len(batch) == card["counts"]["batch"] == 50
    assert card["preset"]["t_cor"] == 0.5
    assert metrics(page)["high-cor"] == str((table["correctness"] > 0.5).sum())
    assert "high-cor" in html
    assert "Plotly" in html


def test_an_uploaded_corpus_is_drawn_live_and_picked_from(
    visit: Callable[[], Page], tmp_path: Path
) -> None:
    page = visit()
    use_upload(page, weather(tmp_path, "upload"))
    go_to(page, "Data map")
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("1500")
    epochs.press("Enter")
    press(page, "Draw the maps")

    page.get_by_text("about", exact=False).first.wait_for()
    early = places(page)
    page.wait_for_function(
        f"early => JSON.stringify(({PLACES})(0)) !== early",
        arg=json.dumps(early, separators=(",", ":")),
    )
    page.get_by_text("Replay: after epoch").wait_for()
    settled(page)

    full = max((places(page, number) for number in (0, 1)), key=len)
    assert len(full) == TEXTS
    assert full != early

    whole = page.locator(".js-plotly-plot").nth(1)
    whole.hover()
    whole.locator("[data-title='Lasso Select']").click()
    drag(page, whole.locator(".nsewdrag").first)
    page.get_by_role("heading", name=f"{TEXTS} texts picked on the full map").wait_for()
    assert any("on the upload day number" in text for text in cells(page, 0, 1) + cells(page, 0, 2))


def test_two_visitors_never_see_each_other_s_corpora(
    visit: Callable[[], Page], tmp_path: Path
) -> None:
    one, other = visit(), visit()
    use_upload(one, weather(tmp_path, "mine"))
    use_upload(other, weather(tmp_path, "yours"))
    for page in (one, other):
        go_to(page, "Threshold")
        epochs = page.get_by_role("spinbutton", name="Epochs")
        epochs.fill("3")
        epochs.press("Enter")
        press(page, "Start the study")
    addresses = {}
    for page, name in ((one, "mine"), (other, "yours")):
        page.get_by_role("heading", name="The next batch: 50 texts").wait_for()
        addresses[name] = page.url

    for page, own, foreign in ((one, "mine", "yours"), (other, "yours", "mine")):
        go_to(page, "Runs")
        corpora = set(cells(page, 0, 2))
        assert f"{own}.csv" in corpora
        assert f"{foreign}.csv" not in corpora
        page.goto(addresses[foreign])
        page.get_by_text("There is no such run here").wait_for()
        page.goto("/dataset")
        page.get_by_test_id("stSidebar").get_by_text(f"{own}.csv").wait_for()
        assert page.get_by_text(f"{foreign}.csv").count() == 0
