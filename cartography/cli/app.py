"""`cartography app`: open the dashboard."""

import os
import runpy
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors
from cartography.errors import CartographyError
from cartography.files import START_DATA, START_TEST, expand_home, package_folder


def app_command(
    data: Annotated[
        str, typer.Argument(metavar="[DATA]", help=f"What to open. {options.DATA_HELP}")
    ] = "",
    test: Annotated[
        str,
        typer.Option("--test", metavar="DATA", help="The test set, in any form that DATA takes."),
    ] = "",
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="The address to answer at.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, metavar="N", help="The port to answer at.")
    ] = 8501,
    headless: Annotated[
        bool, typer.Option("--headless", help="Do not open a browser; for servers.")
    ] = False,
) -> None:
    """Open the dashboard in a browser, on DATA if it is given."""
    with report_errors():
        if find_spec("streamlit") is None:
            raise CartographyError("the dashboard needs Streamlit: pip install streamlit")
        if test and not data:
            raise CartographyError("--test needs DATA: name the training texts too")
        for variable, source in ((START_DATA, data), (START_TEST, test)):
            if source:
                os.environ[variable] = _resolve(source)
        script = dashboard_script()
        _require_free(host, port)

        typer.echo(f"The dashboard is at http://{host}:{port} (Ctrl-C ends it).")
        # As `python -m streamlit run` would, in this process: a signal then ends the server.
        sys.argv = [
            *("streamlit", "run", str(script)),
            f"--server.address={host}",
            f"--server.port={port}",
            f"--server.headless={'true' if headless else 'false'}",
        ]
        runpy.run_module("streamlit", run_name="__main__")


def dashboard_script() -> Path:
    """Return the dashboard's `app.py`: of the installed package, or of the checkout it is in.

    Raises
    ------
    CartographyError
        There is none: the installation is incomplete.
    """
    package = package_folder()
    for folder in (package / "dashboard", package.parent):
        if (folder / "app.py").is_file() and (folder / "pages").is_dir():
            return folder / "app.py"
    raise CartographyError(f"the dashboard is missing from {package}: install the package again")


def _require_free(host: str, port: int) -> None:
    """Raise CartographyError if no server can answer at this address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            if os.name == "posix":
                # As servers do: a port whose last connections are still closing is free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise CartographyError(
            f"the dashboard cannot answer at {host}, port {port} ({error.strerror}): give another "
            "--host or --port"
        ) from error


def _resolve(source: str) -> str:
    """`source` with a path made absolute, as the dashboard has another working folder."""
    if source == "sample" or source.startswith("hub:"):
        return source
    from cartography.corpora.sources import HELP_DESK, HELP_DESK_FILE

    if source == HELP_DESK:
        return str(HELP_DESK_FILE)
    path = expand_home(source).resolve()
    if not path.exists():
        raise CartographyError(f"{source} does not exist: name a file, a folder, hub:… or sample")
    return str(path)
