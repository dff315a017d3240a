"""What commands print: mistakes in one line, and nothing that a terminal would obey."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cartography.errors import CartographyError

# What a terminal would obey, in texts and names that come from anywhere.
_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def printable(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return text.translate(_CONTROLS)


def say(text: str, *, err: bool = False) -> None:
    """Print a text, without what a terminal would obey."""
    typer.echo(printable(text), err=err)


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn a user's mistake into one line on standard error and exit code 2."""
    try:
        yield
    except CartographyError as error:
        say(f"cartography: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("cartography: interrupted; the files on disk are complete.", err=True)
        sys.exit(130)
