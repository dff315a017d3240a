"""How commands report mistakes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cartography.errors import CartographyError


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn a user's mistake into one line on standard error and exit code 2."""
    try:
        yield
    except CartographyError as error:
        typer.echo(f"cartography: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("cartography: interrupted; the files on disk are complete.", err=True)
        sys.exit(130)
