"""Error messages on pages; a page never shows a traceback."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from cartography.errors import CartographyError
from ui.naming import escape_markdown
from ui.state import workspace

# Command-line options and the labels of their widgets.
_OPTIONS = {
    "--text": "Text column",
    "--label": "Label column",
    "--id": "Id column",
    "--encoding": "Encoding",
    "--sheet": "Sheet",
    "--no-label": "No-label texts",
    "--several": "Several labels",
    "--class-name": "Class names",
    "--test": "Test set",
    "--vectors": "Word vectors",
    "--seed-size": "Seed size",
}
_LOG = logging.getLogger("cartography.dashboard")


@contextmanager
def errors_in_place() -> Iterator[None]:
    """Show errors where they occur, as one sentence. Also works as a decorator.

    The traceback of any exception other than `CartographyError` goes to the server's log.
    """
    try:
        yield
    except CartographyError as error:
        st.error(sentence(str(error)), icon=":material/error:")
    except Exception:
        _LOG.exception("a page failed")
        st.error(
            "Something went wrong: this is a bug in the dashboard, not a problem with your input. "
            "Reload the page to continue. The server's log has the details.",
            icon=":material/report:",
        )


def reword(message: str) -> str:
    """Return a message of the engine in the terms of the pages.

    Uploads are named without their folder, which is a visitor's secret, and command-line options
    by the labels of their widgets.
    """
    text = workspace.without_folders(message)
    names = "|".join(_OPTIONS)
    return re.sub(rf"(?:{names})\b", lambda option: f"“{_OPTIONS[option.group()]}”", text)


def sentence(message: str) -> str:
    """Return `message` as a sentence in Markdown: reworded, escaped, with a capital first letter.

    A message that starts with a file name keeps its first letter.
    """
    text = reword(message)
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return escape_markdown(text[:1].upper() + text[1:] if first.isalpha() else text)
