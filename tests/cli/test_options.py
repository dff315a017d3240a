import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from cartography.cli.options import StrategyName, with_groups
from cartography.strategies.table import STRATEGIES

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Size:
    """A group of two options."""

    width: Annotated[int, typer.Option(min=1, help="How wide.")] = 3
    names: Annotated[list[str], typer.Option("--name")] = field(default_factory=list)


def run(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    boxes = []

    def command(size: Size, height: Annotated[int, typer.Option()] = 1) -> None:
        boxes.append((size, height))

    app.command()(with_groups(command))
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, repr(boxes) if not result.exit_code else result.output


def test_the_fields_of_a_group_are_options() -> None:
    code, boxes = run("--width", "5", "--name", "a", "--name", "b", "--height", "2")
    assert code == 0
    assert boxes == repr([(Size(5, ["a", "b"]), 2)])


def test_defaults_are_those_of_the_group() -> None:
    assert run() == (0, repr([(Size(), 1)]))


def test_a_value_that_is_refused() -> None:
    code, output = run("--width", "0")
    assert code == 2
    assert "--width" in output


def test_the_option_names_the_strategies_that_there_are() -> None:
    assert [name.value for name in StrategyName] == [*STRATEGIES]


@pytest.mark.parametrize("arguments", [["--help"], ["learn", "--help"], ["switches"]])
def test_help_does_not_load_the_engine(arguments: list[str]) -> None:
    code = (
        "import sys, atexit\n"
        "heavy = {'torch', 'pandas', 'pyarrow', 'scipy', 'plotly', 'streamlit', 'datasets'}\n"
        "atexit.register(lambda: print('LOADED', sorted(heavy & set(sys.modules))))\n"
        f"sys.argv = ['cartography', *{arguments!r}]\n"
        "from cartography.cli import main\n"
        "main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert result.stdout.splitlines()[-1] == "LOADED []"
