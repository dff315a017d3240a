"""Names that visitors chose, for files, classes and runs, made safe and distinct for a page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

Key = TypeVar("Key")

# What Streamlit's Markdown would interpret: links, pictures, formulas, colours, icons and HTML.
# An underscore inside a word is harmless.
_MARKS = re.compile(
    r"[\\`*\[$~]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;)|:(?=material/|[\w+-]+[:\[])",
)


def escape_markdown(text: str) -> str:
    """Escape `text` so that Markdown shows it literally."""
    return _MARKS.sub(r"\\\g<0>", text)


def distinct_names(names: Mapping[Key, str], mark: Callable[[Key], str]) -> dict[Key, str]:
    """Make names distinct, because a browser identifies the entries of a list by their names.

    Parameters
    ----------
    names : mapping of Key to str
    mark : callable
        Returns a short mark for a key; added to each name that occurs more than once.

    Returns
    -------
    dict of Key to str

    Examples
    --------
    >>> distinct_names({"k1": "cal", "k2": "lc", "k3": "cal"}, str.upper)
    {'k1': 'cal · K1', 'k2': 'lc', 'k3': 'cal · K3'}
    """
    counts = Counter(names.values())
    return {
        key: f"{name} · {mark(key)}" if counts[name] > 1 else name for key, name in names.items()
    }
