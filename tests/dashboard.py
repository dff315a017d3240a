"""Opening dashboard pages in a test, and running tasks in the test's own process."""

from pathlib import Path

from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from cartography.cli import app
from ui.jobs import background
from ui.jobs.background import Kind, Task
from ui.state import session
from ui.state.session import DataChoice

ROOT = Path(__file__).resolve().parent.parent
EPOCHS = 2
SEED = 398048
SEED_SIZE = 6


def page(name: str, choice: DataChoice | None = None, **state: object) -> AppTest:
    """Open the dashboard at a page with these values in its session."""
    opened = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    opened.session_state[session.OFFERED] = True  # no worker for the sample
    if choice is not None:
        opened.session_state[session.CHOICE] = choice
    for key, value in state.items():
        opened.session_state[key] = value
    opened.run()
    if name != "data_map":
        opened.switch_page(f"pages/{name}.py").run()
    return opened


def carry_out(task: Task, *arguments: str) -> None:
    """Run a task in this process, with the files that a worker would write."""
    background._write_task(task)
    result = CliRunner().invoke(
        app, [task.kind, f"--out={task.folder}", "--quiet", *arguments, *task.arguments]
    )
    assert result.exit_code == 0, result.output


def refuse(task: Task, message: str) -> None:
    """Write the log of a worker that ended with a user error."""
    task.log.parent.mkdir(parents=True, exist_ok=True)
    task.log.write_text(f"reading …\ncartography: {message}\n")


def learn_task(choice: DataChoice, strategy: str = "cal", seed: int = SEED) -> Task:
    """Return the task of a short active-learning run."""
    options = {
        "strategy": (strategy,),
        "t-cor": 0.2 if strategy == "cal" else None,
        "seed-size": SEED_SIZE,
        "query-size": 3,
        "iterations": 2,
        "epochs": EPOCHS,
        "seed": seed,
        "preset": "standard",
    }
    return task("learn", choice, options, strategy)


def task(kind: Kind, choice: DataChoice, options: dict[str, object], label: str = "") -> Task:
    """Return the task that a page would build."""
    return background.task(kind, choice, options, label)


def charts(opened: AppTest) -> int:
    """Return the number of figures on a page."""
    return len(opened.get("plotly_chart"))


def labels(elements: object) -> list[str]:
    """Return the labels of widgets or metrics."""
    return [element.label for element in elements]  # type: ignore[attr-defined]
