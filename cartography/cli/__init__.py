"""The command line: reads the options, calls the engine, shows its progress."""

import sys

import typer

from cartography.cli.embed import embed_command
from cartography.cli.export import export_command
from cartography.cli.learn import learn_command
from cartography.cli.map import map_command
from cartography.cli.reproduce import reproduce_command
from cartography.cli.switches import switches_command
from cartography.cli.threshold import threshold_command

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Data maps and Cartography Active Learning.",
)
app.command("map")(map_command)
app.command("learn")(learn_command)
app.command("threshold")(threshold_command)
app.command("export")(export_command)
app.command("embed")(embed_command)
app.command("reproduce")(reproduce_command)
app.command("switches")(switches_command)


def main() -> None:
    """Run the command line."""
    try:
        # Out of standalone mode, a mistyped option is one line too, not a page of usage.
        sys.exit(app(standalone_mode=False))
    except typer.exceptions.TyperException as error:
        sentence = error.format_message().replace("Value error, ", "")
        if sentence == "Missing command.":
            *names, last = [str(command.name) for command in app.registered_commands]
            sentence = f"name a command: {', '.join(names)} or {last}"
        typer.echo(f"cartography: {sentence}", err=True)
        sys.exit(2)


__all__ = ["app", "main"]
