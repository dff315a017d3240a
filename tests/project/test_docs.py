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


def test_the_citation_has_the_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {cartography.__version__}\n" in citation
