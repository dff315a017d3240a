"""What went wrong, in words and in place: no traceback reaches a page."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from cartography.errors import CartographyError
from ui.naming import escape_markdown
from ui.state import workspace

# What the command line calls an option, and what stands beside its widget.
_OPTIONS = {
    "--text": "Text column",
    "--label": "Label column",
    "--id": "Id column",
    "--test": "Test set",
    "--vectors": "Word vectors",
    "--seed-size": "Seed size",
}
_LOG = logging.getLogger("cartography.dashboard")


@contextmanager
def errors_in_place() -> Iterator[None]:
    """Show a mistake where it happened, and anything else as one plain sentence.

    Works as a decorator too. The traceback of what is not a `CartographyError` goes to the
    server's log.
    """
    try:
        yield
    except CartographyError as error:
        st.error(sentence(str(error)), icon=":material/error:")
    except Exception:
        _LOG.exception("a page failed")
        st.error(
            "Something went wrong in the dashboard itself, not in what you did; the server's log "
            "has the details. Reload the page to go on.",
            icon=":material/report:",
        )


def reword(said: str) -> str:
    """What the engine said, with uploads by their names alone, since the folder above them is a
    visitor's secret, and options as they stand on the pages.
    """
    text = workspace.without_folders(said)
    names = "|".join(_OPTIONS)
    return re.sub(rf"(?:{names})\b", lambda option: f"“{_OPTIONS[option.group()]}”", text)


def sentence(said: str) -> str:
    """A mistake as a sentence of a page: `reword`, begun with a capital unless with the name of
    a file, and what it quotes shown as it is.
    """
    text = reword(said)
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return escape_markdown(text[:1].upper() + text[1:] if first.isalpha() else text)
