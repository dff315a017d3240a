"""The architecture, as a test: which module may import which."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A module imports only from modules above it in this list; the command line is the last.
ORDER = [
    "errors",
    "wording",
    "disk",
    "corpus",
    "decoding",
    "tables",
    "sources",
    "columns",
    "sample",
    "reading",
    "switches",
    "vectors",
    "duplicates",
    "vector_files",
    "trained_vectors",
    "embedding",
    "presets",
    "cores",
    "classifier",
    "lockstep",
    "training",
    "dynamics",
    "data_map",
    "map_pair",
    "strategies",
    "learner",
    "simulation",
    "threshold",
    "significance",
    "comparison",
    "verdict",
    "signals",
    "reasons",
    "figures",
    "export",
    "runs",
    "map_runs",
    "iteration_files",
    "learn_runs",
    "sweeps",
    "threshold_runs",
    "next_batch",
    "progress",
    "reproduction",
    "cli",
    "__main__",
]
# Strategies share three helpers and the table of them; beyond that none knows another but by name.
STRATEGY_HELPERS = ["query", "view", "discriminator", "asking"]
MODULES = sorted((ROOT / "cartography").rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Dotted names of all modules that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(path: Path) -> str:
    """The entry of ORDER that a file belongs to."""
    inside = path.relative_to(ROOT / "cartography").with_suffix("")
    return inside.parts[0]


def test_every_module_has_its_place() -> None:
    rooms = {room(path) for path in MODULES} - {"__init__"}
    assert rooms == set(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_arrow_runs_back(path: Path) -> None:
    for name in imported(path):
        assert name.split(".")[0] not in {"streamlit", "ui", "pages", "app"}, name
        if name.startswith("cartography.") and room(path) != "__init__":
            target = name.split(".")[1]
            if target in ORDER:
                here, there = ORDER.index(room(path)), ORDER.index(target)
                same = target == room(path) in {"strategies", "figures", "cli", "reproduction"}
                assert there < here or same, f"{path.name} imports {name}"


def test_strategy_helpers_know_no_strategy() -> None:
    folder = ROOT / "cartography" / "strategies"
    strategies = {path.stem for path in folder.glob("*.py")} - {"__init__", *STRATEGY_HELPERS}
    for helper in STRATEGY_HELPERS:
        found = imported(folder / f"{helper}.py")
        assert not {f"cartography.strategies.{name}" for name in strategies} & found


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_a_page_is_thin(path: Path) -> None:
    banned = {"pandas", "numpy", "plotly", "torch"}
    assert not {name.split(".")[0] for name in imported(path)} & banned
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    assert "\nframe.enter()\n" in text


def test_there_are_pages() -> None:
    assert len(list((ROOT / "pages").glob("*.py"))) >= 4


def test_the_readme_and_modules_name_no_path_of_a_machine() -> None:
    for path in [*MODULES, ROOT / "README.md"]:
        text = path.read_text(encoding="utf-8")
        assert "/home/" not in text, path
