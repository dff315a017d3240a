import os
import runpy
import socket
import sys
from pathlib import Path

import pytest

from cartography.cli import main
from cartography.cli.app import dashboard_script
from cartography.files import START_DATA, START_TEST

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The argument lists with which Streamlit would have been started."""
    calls: list[list[str]] = []
    monkeypatch.setattr(runpy, "run_module", lambda *_, **__: calls.append(sys.argv))
    for variable in (START_DATA, START_TEST):
        monkeypatch.setenv(variable, "")  # taken back after the test
    return calls


def app(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["cartography", "app", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code in (0, None)


def test_streamlit_runs_the_dashboard_at_the_port(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app(monkeypatch, "--port", "9000", "--headless")
    assert "http://127.0.0.1:9000" in capsys.readouterr().out
    (arguments,) = started
    assert arguments[:3] == ["streamlit", "run", str(ROOT / "app.py")]
    assert {"--server.port=9000", "--server.address=127.0.0.1", "--server.headless=true"} <= {
        *arguments
    }


def test_files_are_named_by_their_whole_path(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("text,label\n", encoding="utf-8")
    app(monkeypatch, "train.csv", "--test", "test.csv")
    assert os.environ[START_DATA] == str(tmp_path / "train.csv")
    assert os.environ[START_TEST] == str(tmp_path / "test.csv")


def test_a_data_set_of_the_hub_is_no_path(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    app(monkeypatch, "hub:owner/name")
    assert os.environ[START_DATA] == "hub:owner/name"


def test_a_file_that_is_missing_is_one_line(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cartography", "app", "missing.csv"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("cartography: missing.csv does not exist")
    assert not started


def refusal(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["cartography", "app", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


def test_a_port_that_is_taken(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert refusal(monkeypatch, "--port", str(port)) == 2
    assert "give another --host or --port" in capsys.readouterr().err
    assert refusal(monkeypatch, "--host", "999.1.1.1") == 2
    assert not started


def test_a_test_set_alone(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(monkeypatch, "--test", "test.csv") == 2
    assert "--test needs DATA" in capsys.readouterr().err
    assert refusal(monkeypatch, "~nobody-of-that-name/train.csv") == 2


def test_the_script_of_a_checkout() -> None:
    assert dashboard_script() == ROOT / "app.py"
