"""The wheel, installed without the checkout: the command, the dashboard and a map."""

import os
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("dataset", "data_map", "threshold", "active_learning", "compare", "runs", "lesson")
# Runs app.py as a browser's first visit does, and says what went wrong on the page.
VISIT = """
from streamlit.testing.v1 import AppTest
from cartography.cli.app import dashboard_script
page = AppTest.from_file(str(dashboard_script()), default_timeout=120).run()
print([str(error.value) for error in page.exception])
print(dashboard_script())
"""
BLOCKED = "import sys\nsys.modules['fasttext'] = None\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel; the packages it needs are taken from this one."""
    folder = tmp_path_factory.mktemp("package")
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder / "dist",
        ROOT,
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("cartography_explorer-*.whl")
    venv.create(folder / "env", with_pip=True)
    install = [python(folder / "env"), "-m", "pip", "install", "--quiet", "--no-deps", wheel]
    subprocess.run(install, check=True, capture_output=True)
    (site,) = (folder / "env").glob("[Ll]ib/**/site-packages")
    others = Path(pytest.__file__).parents[1]
    (site / "others.pth").write_text(str(others), encoding="utf-8")
    return folder / "env"


def python(environment: Path) -> Path:
    """The interpreter of an environment."""
    return environment / ("Scripts" if os.name == "nt" else "bin") / "python"


def settings(folder: Path, **more: str) -> dict[str, str]:
    """The variables of a process that knows nothing of this checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, "CARTOGRAPHY_CACHE": str(folder / "cache"), **more}


@contextmanager
def served(environment: Path, folder: Path, **more: str) -> Iterator[str]:
    """The address of a dashboard that `cartography app` opened in an empty folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [python(environment), "-m", "cartography", "app", "--headless", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=settings(folder, **more), stdout=log, stderr=log
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def answer(address: str) -> str:
    """What the server answers, once it does."""
    deadline = time.monotonic() + 90
    while True:
        try:
            with urlopen(address, timeout=5) as response:
                return str(response.read().decode())
        except (URLError, ConnectionError):
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.2)


def test_the_wheel_has_the_whole_dashboard(environment: Path) -> None:
    (site,) = environment.glob("[Ll]ib/**/site-packages")
    package = site / "cartography"
    assert (package / "py.typed").exists()
    for name in (".streamlit/config.toml", "app.py", *(f"pages/{page}.py" for page in PAGES)):
        assert (package / "dashboard" / name).read_bytes() == (ROOT / name).read_bytes()
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / "ui").rglob("*.py")}
    theirs = package / "dashboard"
    assert ours == {str(path.relative_to(theirs)) for path in (theirs / "ui").rglob("*.py")}


@pytest.mark.parametrize("blocked", [False, True], ids=["fasttext", "without fasttext"])
def test_the_dashboard_opens_in_an_empty_folder(
    environment: Path, tmp_path: Path, blocked: bool
) -> None:
    more = {}
    if blocked:
        (tmp_path / "sitecustomize.py").write_text(BLOCKED, encoding="utf-8")
        more["PYTHONPATH"] = str(tmp_path)
    folder = tmp_path / "empty"
    folder.mkdir()
    with served(environment, folder, **more) as address:
        assert answer(f"{address}/_stcore/health") == "ok"
        assert "<title>" in answer(address)
        visit = subprocess.run(
            [python(environment), "-c", VISIT],
            cwd=folder,
            env=settings(folder, **more),
            check=True,
            capture_output=True,
            text=True,
        )
    errors, script = visit.stdout.splitlines()
    assert errors == "[]"
    assert Path(script).is_relative_to(environment)


def test_the_engine_imports_without_what_only_some_systems_have(
    environment: Path, tmp_path: Path
) -> None:
    code = (
        # torch and pyarrow look for what their own system has, so they come first.
        "import os, sys, torch, pyarrow.parquet, pandas, plotly.graph_objects, scipy.stats\n"
        "for name in ('register_at_fork', 'fork', 'getuid', 'geteuid', 'nice', 'killpg'):\n"
        "    if hasattr(os, name): delattr(os, name)\n"
        "for name in ('fcntl', 'resource', 'pwd', 'grp'):\n"
        "    sys.modules[name] = None\n"
        "for name in ('fasttext', 'datasets', 'sklearn', 'kaleido'):\n"
        "    sys.modules[name] = None\n"
        "import cartography\n"
        "for name in cartography.__all__: getattr(cartography, name)\n"
        "import cartography.cli\n"
    )
    subprocess.run(
        [python(environment), "-c", code], cwd=tmp_path, env=settings(tmp_path), check=True
    )
