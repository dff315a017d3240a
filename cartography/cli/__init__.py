"""The command line: a module per command, the options declared once in `options`.

May import every room. A command imports the engine inside its function, so that `--help` does not
wait for it. To add a command, write its module and register its function here.
"""

import sys
from collections.abc import Callable

import typer

from cartography.cli.app import app_command
from cartography.cli.embed import embed_command
from cartography.cli.export import export_command
from cartography.cli.label import label_command
from cartography.cli.learn import learn_command
from cartography.cli.map import map_command
from cartography.cli.open import open_command
from cartography.cli.options import with_groups
from cartography.cli.project import PROJECT_COMMANDS
from cartography.cli.query import query_command
from cartography.cli.reproduce import reproduce_command
from cartography.cli.suspects import suspects_command
from cartography.cli.switches import switches_command
from cartography.cli.threshold import threshold_command

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Data maps and Cartography Active Learning.",
)
_COMMANDS: dict[str, Callable[..., None]] = {
    "app": app_command,
    "map": map_command,
    "open": open_command,
    "learn": learn_command,
    "threshold": threshold_command,
    "export": export_command,
    "query": query_command,
    "label": label_command,
    "suspects": suspects_command,
    "embed": embed_command,
    "reproduce": reproduce_command,
    "switches": switches_command,
}
for name, command in _COMMANDS.items():
    app.command(name)(with_groups(command))

project_app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Projects of texts that are being labelled.",
)
for name, command in PROJECT_COMMANDS.items():
    project_app.command(name)(with_groups(command))
app.add_typer(project_app, name="project")


def main() -> None:
    """Run the command line.

    Exits with 0, or with 2 after one line on standard error when the user made a mistake.
    """
    try:
        # Outside standalone mode a mistyped option is one line too, not a page of usage.
        sys.exit(app(standalone_mode=False))
    except typer.exceptions.TyperException as error:
        message = error.format_message().replace("Value error, ", "")
        if message == "Missing command.":
            *names, last = error.ctx.command.commands  # type: ignore[attr-defined]
            message = f"name a command: {', '.join(names)} or {last}"
        typer.echo(f"cartography: {message}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("cartography: interrupted", err=True)
        sys.exit(130)


__all__ = ["app", "main"]
