"""The labelling loop in a real Chromium: from an upload without labels to files and back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import psutil
import pytest
from chromium import MARKS, downloaded, press, served, settled, use_upload
from playwright.sync_api import expect

from cartography.corpora.reading import read_corpus
from cartography.labelling.project import create_project
from cartography.labelling.round_model import RoundRequest
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = MARKS

WORDS = {"delivery": "parcel late courier", "refund": "money back payment", "other": "hello who?"}
CLASSES = sorted(WORDS)


def tickets(folder: Path, rows: int, labelled: int) -> tuple[Path, dict[str, str]]:
    """A table with ids and columns of the user's own, and the right label of each text."""
    rng = np.random.default_rng(0)
    gold, lines = {}, ["ticket_id,message,category,channel,priority"]
    for i in range(rows):
        name = CLASSES[i % 3]
        words = rng.choice(WORDS[name].split(), 3)
        gold[f"T-{i}"] = name
        label = name if i < labelled else ""
        lines.append(f"T-{i},{' '.join(words)} number {i},{label},mail,{i % 4}")
    path = folder / "tickets.csv"
    path.write_text("\n".join(lines) + "\n")
    return path, gold


def join(page: Page, name: str) -> None:
    """Start or join a project under a name."""
    page.get_by_role("textbox", name="Your name").fill(name)
    button = page.get_by_role("button", name="Start labelling")
    press(page, "Start labelling" if button.count() else "Join")
    page.locator(".desk .progress").wait_for()
    settled(page)


def start(page: Page, table: Path) -> None:
    """Upload a table and start a project on it."""
    use_upload(page, table)
    press(page, "Label its texts")
    join(page, "Ada")


def ask(page: Page, texts: int) -> None:
    """Ask for a batch, and wait for it."""
    field = page.get_by_role("spinbutton", name="Texts", exact=True)
    field.fill(str(texts))
    field.press("Enter")
    settled(page)
    before = waiting(page)
    page.get_by_role("button", name=re.compile("(first|next) batch|ask for more")).press("Enter")
    page.wait_for_function(
        """before => {
            const root = [...document.querySelectorAll('*')].map(each => each.shadowRoot)
                .find(each => each?.querySelector('.desk'));
            const text = root?.querySelector('.counts')?.textContent ?? '0';
            return parseInt(text.replaceAll(',', '')) > before;
        }""",
        arg=before,
    )
    settled(page)


def waiting(page: Page) -> int:
    """How many texts wait, as the desk says."""
    return int(page.locator(".desk .counts").inner_text().split()[0].replace(",", ""))


def shown(page: Page) -> str:
    """The id of the text on the desk."""
    return page.locator(".desk .id").inner_text()


def label(page: Page, gold: dict[str, str], count: int) -> list[str]:
    """Label by keyboard alone as fast as the texts come; returns their ids."""
    done = []
    for _ in range(count):
        item = shown(page)
        page.keyboard.press(str(CLASSES.index(gold[item]) + 1))
        done.append(item)
        if len(done) < count:
            expect(page.locator(".desk .id")).not_to_have_text(item)
    saved(page)
    return done


def saved(page: Page) -> None:
    expect(page.locator(".desk .saved")).to_have_text("all saved", timeout=30_000)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    settled(page)


def test_the_loop_from_an_upload_to_files_and_back(
    visit: Callable[[], Page], tmp_path: Path
) -> None:
    table, gold = tickets(tmp_path, rows=120, labelled=30)
    page = visit()
    use_upload(page, table)
    press(page, "Label its texts")
    page.get_by_role("heading", name="Label", level=1).wait_for()
    join(page, "Ada")

    ask(page, 12)
    first = label(page, gold, 12)
    expect(page.get_by_role("button", name="Ask for the next batch")).to_be_visible()
    ask(page, 5)
    second = label(page, gold, 4)
    page.keyboard.press("Backspace")  # the fourth again
    saved(page)
    expect(page.locator(".desk .id")).to_have_text(second[-1])
    page.keyboard.press(" ")
    saved(page)

    assert not set(first) & set(second)
    open_tab(page, "Files")
    file = downloaded(page, "Labelled texts", tmp_path)
    exported = pd.read_csv(file, dtype=str)
    assert set(exported["id"]) == {f"T-{i}" for i in range(30)} | {*first, *second[:-1]}
    assert dict(zip(exported["id"], exported["label"], strict=True)) == {
        item: gold[item] for item in exported["id"]
    }
    given = exported[exported["id"].isin(first)]
    assert set(given["annotators"]) == {"Ada"}
    assert list(exported["channel"].unique()) == ["mail"]
    log = pd.read_csv(downloaded(page, "Log (CSV)", tmp_path))
    assert Counter(log["kind"]) == {
        "created": 1,
        "trained": 2,
        "asked": 2,
        "labelled": 16,
        "undone": 1,
        "skipped": 1,
    }

    # The same file comes back: nothing is lost or doubled.
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("The file adds nothing").wait_for()
    page.get_by_text(f"0 new, {len(exported)} as they are, 0 in conflict, 0 unknown").wait_for()


@pytest.mark.soak
def test_a_cold_start_from_texts_alone(visit: Callable[[], Page], tmp_path: Path) -> None:
    table, gold = tickets(tmp_path, rows=90, labelled=0)
    page = visit()
    use_upload(page, table)
    press(page, "Label its texts")
    page.get_by_role("textbox", name="Further classes").fill(", ".join(CLASSES))
    join(page, "Ada")

    ask(page, 9)
    label(page, gold, 9)
    ask(page, 6)

    expect(page.locator(".desk .reason")).to_contain_text("most probable classes")
    open_tab(page, "Map")
    page.locator(".js-plotly-plot").first.wait_for()


@pytest.mark.soak
def test_a_new_class_is_typed_at_the_desk_and_a_link_opens_one_text(
    visit: Callable[[], Page], tmp_path: Path
) -> None:
    table, _ = tickets(tmp_path, rows=60, labelled=12)
    page = visit()
    start(page, table)
    ask(page, 6)
    item = shown(page)

    page.keyboard.press("/")
    page.keyboard.type("praise")
    page.keyboard.press("Enter")
    saved(page)

    expect(page.locator(".desk .class").filter(has_text="praise")).to_contain_text("1")
    colleague = visit()
    colleague.goto(f"{page.url}&text={item}")
    join(colleague, "Ben")
    expect(colleague.locator(".desk .id")).to_have_text(item)
    expect(colleague.locator(".desk .reason")).to_contain_text("praise")
    colleague.keyboard.press("1")  # answered once, it gives way to what waits
    saved(colleague)
    expect(colleague.locator(".desk .id")).not_to_have_text(item)
    colleague.keyboard.press("Backspace")
    saved(colleague)
    expect(colleague.locator(".desk .id")).to_have_text(item)


@pytest.mark.parametrize("count", [30, pytest.param(200, marks=pytest.mark.soak)])
def test_two_annotators_lose_nothing_when_the_server_is_killed(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("CARTOGRAPHY_CACHE", str(cache))
    project, session = _project(tmp_path, 3 * count)
    names = ("Ada", "Ben")
    with served(cache) as url:
        pages = [_at_the_desk(chromium, f"{url}/label?project={project}", name) for name in names]
        typed = _type(pages, count // 2)
        port = url.rpartition(":")[2]
        _kill(port)
        # What is on the desk is labelled on while nobody answers.
        for page, more in zip(pages, (5, 7), strict=True):
            for _ in range(more):
                page.keyboard.press("2")
        with served(cache, int(port)):
            for page in pages:
                page.locator(".desk .answers").wait_for()
            typed = [n + more for n, more in zip(typed, (5, 7), strict=True)]
            _type(pages, count, typed)
            for page in pages:
                saved(page)
                page.context.close()

    events = [event for event in session.state.events if event.kind == "labelled"]
    assert Counter(event.annotator for event in events) == dict.fromkeys(names, count)
    assert len({(event.annotator, event.item) for event in events}) == 2 * count
    assert [event.number for event in session.state.events] == list(
        range(1, len(session.state.events) + 1)
    )
    session.store.close()


def _project(folder: Path, rows: int) -> tuple[str, LabelSession]:
    """A project of texts without labels that all wait."""
    table, _ = tickets(folder, rows, labelled=0)
    store = LabelStore()
    project = create_project(store, "tickets", read_corpus(table))
    session = LabelSession(project, "", store)
    for name in CLASSES:
        session.add_class(name)
    for _ in session.run_round(RoundRequest(size=rows)):
        pass
    return project.id, session


def _at_the_desk(chromium: Browser, url: str, name: str) -> Page:
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(url)
    join(page, name)
    return page


def _type(pages: list[Page], until: int, typed: list[int] | None = None) -> list[int]:
    """Label in all browsers in turn, as fast as texts are there."""
    typed = typed or [0] * len(pages)
    while min(typed) < until:
        for i, page in enumerate(pages):
            if typed[i] < until and page.locator(".desk .answers").count():
                page.keyboard.press("1")
                typed[i] += 1
    return typed


def _kill(port: str) -> None:
    """End the server as a power cut would."""
    for process in psutil.process_iter(["cmdline"]):
        if f"--server.port={port}" in (process.info["cmdline"] or ()):
            process.kill()
            process.wait(10)


def test_what_is_typed_into_a_field_is_no_answer(visit: Callable[[], Page], tmp_path: Path) -> None:
    """A note and a search stay open, with what was typed, while answers arrive and others work."""
    table, gold = tickets(tmp_path, rows=60, labelled=12)
    page = visit()
    start(page, table)
    ask(page, 8)

    label(page, gold, 1)
    item = shown(page)
    page.keyboard.press("1")
    page.keyboard.press("Backspace")  # answers are on their way while the note is typed
    page.keyboard.press(".")
    page.keyboard.type("1 2 see 3 ok?", delay=60)
    page.keyboard.press("Enter")
    saved(page)

    assert shown(page) == item
    expect(page.locator(".desk .noted")).to_have_text("Note: 1 2 see 3 ok?")
    assert waiting(page) == 7

    # A colleague labels the text on screen: it stays until it is answered here.
    colleague = visit()
    colleague.goto(f"{page.url}&text={item}")
    join(colleague, "Ben")
    expect(colleague.locator(".desk .id")).to_have_text(item)
    page.keyboard.press("/")
    page.keyboard.type("re")
    colleague.keyboard.press("1")
    saved(colleague)
    page.keyboard.type("fund")
    assert shown(page) == item
    page.keyboard.press("Enter")
    saved(page)
    open_tab(page, "Questions")
    page.get_by_text(f"Ben: {CLASSES[0]}, Ada: refund").wait_for()


@pytest.mark.soak
def test_what_another_program_left_in_the_browser_does_no_harm(
    visit: Callable[[], Page], tmp_path: Path
) -> None:
    table, _ = tickets(tmp_path, rows=60, labelled=12)
    page = visit()
    start(page, table)
    ask(page, 5)
    item = shown(page)
    page.evaluate(
        """([project, item]) => {
            const key = each => `cartography outbox ${project} Ada ${each}`;
            ['[{"tok', 'null', '[null, 3]', '{"acts": []}'].forEach(
                (text, i) => localStorage.setItem(key(i), text));
            const act = {kind: 'labelled', item, label: 0, name: 'delivery', token: 'left'};
            localStorage.setItem(key('left'), JSON.stringify([act]));
        }""",
        [page.url.rpartition("=")[2], item],
    )

    page.reload()

    page.locator(".desk .answers").wait_for()
    saved(page)
    assert waiting(page) == 4  # the answer that was left is stored
    assert page.evaluate("Object.keys(localStorage).filter(k => k.includes('outbox'))") == []
