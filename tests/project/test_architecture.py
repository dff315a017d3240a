"""The architecture, as a test: which room may import which, and what a room shows of itself."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A room imports only from rooms above it in its list. The first five are single modules.
ENGINE = [
    "errors",
    "formatting",
    "files",
    "parallel",
    "progress",
    "tables",
    "formats",
    "corpora",
    "features",
    "models",
    "maps",
    "strategies",
    "active",
    "evaluation",
    "figures",
    "runs",
    "labelling",
    "reproduction",
    "workflows",
    "cli",
    "__main__",
]
DASHBOARD = [
    "ui.naming",
    "ui.words",
    "ui.state",
    "ui.faults",
    "ui.jobs",
    "ui.parts",
    "ui.task_page",
    "ui.panels.method",
    "ui.panels.mode",
    "ui.panels.returned_labels",
    "ui.panels.projects",
    "ui.panels.dataset",
    "ui.panels.data_map",
    "ui.panels.threshold",
    "ui.panels.active_learning",
    "ui.panels.label",
    "ui.panels.suspects",
    "ui.panels.compare",
    "ui.panels.runs",
    "ui.panels.lesson",
    "ui.frame",
    "pages",
]
ORDER = [*(f"cartography.{name}" for name in ENGINE), *DASHBOARD]
# These two hold names that every room may use: the public names, and where the dashboard is.
SHARED = {"cartography": ["cartography.cli"], "ui": []}

SOURCES = [
    path for top in ("cartography", "ui", "pages") for path in sorted((ROOT / top).rglob("*.py"))
]
IMPORTERS = [*SOURCES, *sorted((ROOT / "benchmarks").glob("*.py")), ROOT / "app.py"]
# These rooms name functions and classes in their `__init__`, the others modules.
EXPORTERS = {"cartography.figures", "cartography.cli"}
STRATEGY_HELPERS = ["selection", "pool_view", "discriminator", "runner"]


def dotted(path: Path) -> str:
    """The dotted name of the module at `path`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The entry of ORDER that contains `module`, or its own name."""
    return next((room for room in ORDER if module == room or module.startswith(f"{room}.")), module)


def imports(source: str) -> set[tuple[str, str]]:
    """(module, name) of everything of ours that `source` imports, wherever it does."""
    pairs: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            pairs |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            pairs |= {(str(node.module), alias.name) for alias in node.names}
    return {pair for pair in pairs if pair[0].split(".")[0] in {"cartography", "ui", "pages"}}


def target(module: str, name: str) -> tuple[str, str]:
    """The module that an import reaches, and the name it takes from it ("" for all of it)."""
    path = ROOT / f"{module}.{name}".replace(".", "/")
    is_module = path.with_suffix(".py").exists() or (path / "__init__.py").exists()
    return (f"{module}.{name}", "") if name and is_module else (module, name)


def public_names(room: str) -> list[str]:
    """The `__all__` of a room's `__init__`."""
    tree = ast.parse((ROOT / room.replace(".", "/") / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    raise AssertionError(f"the __init__ of {room} has no __all__")


def faults(module: str, source: str) -> list[str]:
    """What is wrong with the imports of `source`, the text of `module`."""
    here, wrong = room_of(module), []
    for imported, name in (target(*pair) for pair in imports(source)):
        there = room_of(imported)
        if there == here or there in SHARED:
            continue
        if here in ORDER and ORDER.index(there) > ORDER.index(here):
            wrong.append(f"{module} imports {imported}: {here} stands above {there}")
        if (ROOT / there.replace(".", "/")).is_dir() and there != "pages":
            inside = imported.removeprefix(there).lstrip(".") or name
            if inside and inside not in public_names(there):
                wrong.append(f"{module} imports {imported}, which {there} does not name")
    return wrong


def test_every_module_has_its_room() -> None:
    rooms = {room_of(dotted(path)) for path in SOURCES}
    assert rooms == {*ORDER, *SHARED, "ui.panels"}


@pytest.mark.parametrize("path", IMPORTERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_run_one_way_and_end_at_public_modules(path: Path) -> None:
    if dotted(path) not in SHARED:
        assert not faults(dotted(path), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_does_not_know_the_dashboard(path: Path) -> None:
    if dotted(path).startswith("cartography"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            str(name).split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            )
        }
        assert not names & {"streamlit", "ui", "pages", "app"}


class TestTheTestItself:
    def test_an_arrow_that_runs_back(self) -> None:
        (wrong,) = faults("cartography.maps.data_map", "from cartography.runs.manifest import Kind")
        assert "cartography.maps stands above cartography.runs" in wrong

    def test_a_private_module_of_another_room(self) -> None:
        (wrong,) = faults("cartography.runs.sweeps", "from cartography.corpora import decoding")
        assert "cartography.corpora does not name" in wrong

    def test_a_name_that_a_room_does_not_export(self) -> None:
        source = "from cartography.figures import lay_out"
        assert faults("cartography.runs.sweeps", source)

    def test_what_is_allowed(self) -> None:
        source = "from cartography.corpora.corpus import Corpus\nimport numpy"
        assert not faults("cartography.runs.sweeps", source)


@pytest.mark.parametrize(
    "room", [room for room in ORDER if (ROOT / room.replace(".", "/")).is_dir()]
)
def test_a_room_says_what_it_holds(room: str) -> None:
    if room != "pages":
        path = ROOT / room.replace(".", "/") / "__init__.py"
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        for name in public_names(room):
            assert target(room, name)[1] == "" or room in EXPORTERS


def test_strategy_helpers_know_no_strategy() -> None:
    folder = ROOT / "cartography" / "strategies"
    strategies = {path.stem for path in folder.glob("*.py")} - {"__init__", *STRATEGY_HELPERS}
    for helper in STRATEGY_HELPERS:
        source = (folder / f"{helper}.py").read_text(encoding="utf-8")
        modules = {target(*pair)[0].rpartition(".")[2] for pair in imports(source)}
        assert not modules & strategies


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_a_page_is_thin(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert not names & {"pandas", "numpy", "plotly", "torch"}
    assert len(text.splitlines()) <= 80
    assert "\nframe.enter()\n" in text


def test_there_are_pages() -> None:
    assert len(list((ROOT / "pages").glob("*.py"))) == 9


def test_the_readme_and_modules_name_no_path_of_a_machine() -> None:
    for path in [*SOURCES, ROOT / "README.md"]:
        assert "/home/" not in path.read_text(encoding="utf-8"), path
