"""Names that visitors gave, to files, classes and runs, as a page can show them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

Key = TypeVar("Key")

# What Markdown, as Streamlit reads it, would take for a mark: links, pictures, formulas, colours,
# icons and HTML. An underscore within a word is none.
_MARKS = re.compile(
    r"[\\`*\[$~]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;)|:(?=material/|[\w+-]+[:\[])",
)


def escape_markdown(text: str) -> str:
    """`text` for a place that reads Markdown, where it is then seen as it is."""
    return _MARKS.sub(r"\\\g<0>", text)


def distinct_names(names: Mapping[Key, str], mark: Callable[[Key], str]) -> dict[Key, str]:
    """`names` with the `mark` of what they name behind each that several have.

    A browser tells the entries of a list by their names alone: of two that are the same it would
    choose the last, whichever was meant.
    """
    often = Counter(names.values())
    return {
        key: f"{name} · {mark(key)}" if often[name] > 1 else name for key, name in names.items()
    }
