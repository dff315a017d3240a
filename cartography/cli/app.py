"""`cartography app`: open the dashboard."""

import os
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors
from cartography.errors import CartographyError
from cartography.files import START_DATA, START_TEST, package_folder


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
        for variable, source in ((START_DATA, data), (START_TEST, test)):
            if source:
                os.environ[variable] = _resolve(source)
        script = dashboard_script()

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


def _resolve(source: str) -> str:
    """`source` with a path made absolute, as the dashboard has another working folder."""
    if source == "sample" or source.startswith("hub:"):
        return source
    path = Path(source).expanduser().resolve()
    if not path.exists():
        raise CartographyError(f"{source} does not exist: name a file, a folder, hub:… or sample")
    return str(path)
