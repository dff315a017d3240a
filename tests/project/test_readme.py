"""What the README shows is run as it stands."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_python_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    printed = capsys.readouterr().out
    assert len(names["batch"]) == 10  # type: ignore[arg-type]
    assert len(names["data_map"].to_frame()) == len(names["corpus"])  # type: ignore[arg-type, attr-defined]
    assert "dvantage over Random" in printed
    assert "easy-to-learn" in printed


def test_command_line_examples_run(tmp_path: Path) -> None:
    (commands,) = blocks("bash")
    for line in commands.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "cartography"
        subprocess.run(
            [sys.executable, "-m", "cartography", *arguments], cwd=tmp_path, check=True, timeout=300
        )
    for name in re.findall(r"`(\w+\.(?:csv|html|npz|json))`", README):
        assert list(tmp_path.rglob(name)), name
    assert (tmp_path / "batch.card.json").exists()


def test_files_that_are_named_exist() -> None:
    root = Path(__file__).resolve().parents[2]
    for name in ("docs/architecture.md", "Dockerfile", "constraints.txt", "app.py", "LICENSE"):
        assert (root / name).exists()
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (root / picture).exists()
