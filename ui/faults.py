"""What went wrong, in words and in place: no traceback reaches a page."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from cartography.errors import CartographyError

_LOG = logging.getLogger("cartography.dashboard")


@contextmanager
def shown_in_place() -> Iterator[None]:
    """Show a mistake where it happened, and anything else as one plain sentence.

    Works as a decorator too. The traceback of what is not a `CartographyError` goes to the
    server's log.
    """
    try:
        yield
    except CartographyError as error:
        st.error(_sentence(error), icon=":material/error:")
    except Exception:
        _LOG.exception("a page failed")
        st.error(
            "Something went wrong in the dashboard itself, not in what you did; the server's log "
            "has the details. Reload the page to go on.",
            icon=":material/report:",
        )


def _sentence(error: CartographyError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
