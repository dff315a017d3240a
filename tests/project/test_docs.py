"""The documentation names what there is, and its code runs."""

import re
from pathlib import Path

import numpy as np
import pytest
from clouds import CLASSES, CORPUS, FEATURES, PRESET

import cartography
from cartography import ActiveLearner, PoolView

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("name", cartography.__all__)
def test_every_public_name_has_its_page(name: str) -> None:
    page = (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")
    assert re.search(rf"^::: cartography[\w.]*\.{name}$", page, re.MULTILINE)
    assert f"({name}.md)" in (DOCS / "reference" / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", cartography.__all__)
def test_the_index_has_the_first_sentence_of_each(name: str) -> None:
    value = getattr(cartography, name)
    if callable(value):
        sentence = " ".join(str(value.__doc__).split("\n\n")[0].split())
        index = (DOCS / "reference" / "index.md").read_text(encoding="utf-8")
        assert f"| [`{name}`]({name}.md) | {sentence} |" in index


def test_there_is_no_page_of_a_name_that_is_gone() -> None:
    pages = {page.stem for page in (DOCS / "reference").glob("*.md")} - {"index"}
    assert pages == set(cartography.__all__)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_strategy_of_the_how_to_runs() -> None:
    text = (DOCS / "how-to" / "own-strategy.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, "own-strategy.md", "exec"), names)
    learner = ActiveLearner(FEATURES, CORPUS.ids, CLASSES, preset=PRESET)
    learner.teach(CORPUS.ids[:30], CORPUS.labels[:30])
    view: PoolView = learner.view()
    selection = names["smallest_norm"](view, 5, np.random.default_rng(0))  # type: ignore[operator]
    norms = view.representations.norm(dim=1).numpy()
    assert sorted(norms[selection.positions]) == pytest.approx(sorted(norms)[:5])


def test_the_labelling_of_the_page_runs(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    what = ["the bill is", "the box was"]
    words = ["wrong", "late", "again", "today", "lost", "here", "high"]
    lines = [f"{i},{what[i % 2]} {words[i % 7]} {words[i // 2 % 5]}" for i in range(60)]
    Path("tickets.csv").write_text("id,text\n" + "\n".join(lines) + "\n")
    text = (DOCS / "labelling.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, "labelling.md", "exec"), names)
    session = names["session"]
    assert isinstance(session, cartography.LabelSession)
    labels = session.labels()
    assert len(labels) == 20
    assert [label == "billing" for label in labels] == [int(item) % 2 == 0 for item in labels.index]
    assert len(names["batch"]) == 10  # type: ignore[arg-type]
    assert session.rounds[-1].summary["accuracy"] > 0.9


def test_the_citation_has_the_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {cartography.__version__}\n" in citation
