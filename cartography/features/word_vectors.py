"""The tokeniser, and the container for word vectors from any source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal
from unicodedata import normalize

import numpy as np
import regex
from numpy.typing import NDArray

Tokens = Literal["words", "white_space"]
"""The rules for splitting a text into tokens, see `tokenise`."""

TOKENISER = "tokens-2"
"""Version of the rules in `tokenise`, part of every cache key that depends on them."""

# The rule for texts of letters that nothing joins to: Latin, Greek, Cyrillic, Hebrew, Arabic,
# Korean and usual signs. There the patterns below give the same tokens, in ten times the time.
_PLAIN_TOKEN = re.compile(r"\w+|[^\w\s]")
_PLAIN_TEXT = re.compile(
    "[\0-\u02ff\u0388-\u038a\u038e-\u03a1\u03a3-\u0482\u048a-\u052f\u05d0-\u05ea\u060c\u061b\u061f"
    "\u0620-\u064a\u0660-\u066d\u0671-\u06d3\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf"
    "\uac00-\ud7a3]*"
)
# Scripts without spaces between words: those of Chinese and Japanese, and those for which Unicode's
# line breaking (UAX 14, class SA) wants a dictionary. Only their letters count: their digits form
# numbers. Added are marks that several scripts share, and the zero of Chinese and Japanese.
_CJK = {
    "Han": r"\u3006\u3007",
    "Hiragana": r"\u30FC\uFF9E\uFF9F",
    "Katakana": r"\u30FC\uFF70\uFF9E\uFF9F",
}
_SOUTH_EAST_ASIAN = "Thai|Lao|Khmer|Myanmar|Tai_Le|New_Tai_Lue|Tai_Tham|Tai_Viet|Ahom"
_UNSPACED = [
    rf"[\p{{{script}}}&&\p{{L}}]{marks}"
    for script, marks in (*_CJK.items(), *((name, "") for name in _SOUTH_EAST_ASIAN.split("|")))
]
# Blocks without a letter of these scripts: a quick answer for most words.
_SPACED_WORD = re.compile("[\0-\u0dff\u0f00-\u0fff\u10a0-\u177f\u1e00-\u2e7f\uac00-\ud7ff]*")
# A digit that begins a keycap emoji is not part of a word.
_DIGIT = r"[0-9](?!\uFE0F?\u20E3)"
_LETTER = rf"[\p{{L}}\p{{N}}_--[0-9]]|{_DIGIT}"
_SPACED_LETTER = rf"[\p{{L}}\p{{N}}_--[0-9{''.join(_UNSPACED)}]]|{_DIGIT}"


def _run_of(letter: str) -> str:
    """The pattern of a run of letters with all that belongs to them."""
    # A (non-)joiner stays inside a run, and at its end after a mark: Malayalam and Bengali write
    # the final form of a consonant so. Elsewhere at the end it is a stray.
    joiners = rf"[\u200C\u200D]++(?=\p{{M}}|{letter})|(?<=\p{{M}})[\u200C\u200D]++"
    return rf"(?:(?:{letter})(?:\p{{M}}|{joiners})*+)++"


# A word in letters of any script, or a grapheme cluster of something else.
_PIECE = regex.compile(
    rf"({_run_of(_LETTER)})"
    # A sign before a number joins with its first digit in a cluster; it stays apart.
    r"|\p{Grapheme_Cluster_Break=Prepend}"
    # Flags; as \X, a row of them takes a time that grows with its square.
    r"|[\U0001F1E6-\U0001F1FF]{1,2}+[\p{M}\u200C\u200D]*+"
    # White space of str.split is Unicode's and four separators of ASCII.
    r"|(?![\s\x1C-\x1F])\X",
    regex.V1,
)
# Its parts: a run of one script without spaces; what is written with spaces; a stray joiner.
_PART = regex.compile(
    rf"({'|'.join(_run_of(f'[{letters}]') for letters in _UNSPACED)})"
    rf"|{_run_of(_SPACED_LETTER)}|\X",
    regex.V1,
)
_CLUSTER = regex.compile(r"\X")
_LONG_MARKS = regex.compile(r"(\p{M}{500,}+)")


def tokenise(text: str, rule: Tokens = "words") -> list[str]:
    """Split a text into tokens.

    Parameters
    ----------
    text : str
    rule : {"words", "white_space"}
        "words": in the composed form of the text (NFC), each run of letters, digits and
        underscores is a token, and so is every other character except white space. What Unicode
        joins to a character stays with it (UAX 29): combining marks, joiners and variation
        selectors; an emoji sequence is one token. "white_space": remove backslashes and split at
        white space.

    Returns
    -------
    list of str
        No token contains white space, so a text has the same tokens as the pieces of
        `text.split()`, one after the other. A token is its own only token.

    Notes
    -----
    Chinese, Japanese, Thai, Lao, Khmer, Burmese and their kin are written without spaces. There, a
    run of letters of one script becomes its overlapping pairs of grapheme clusters, as in search
    engines for these languages: most words are one or two characters long, so the pairs contain
    the words, and the same text always has the same pairs. Whole runs would be sentences that
    never come again, single characters lose most meanings, and a segmenter is one dictionary or
    model per language that changes with its version. Korean has spaces and its words stay whole.

    Examples
    --------
    >>> tokenise("Don't stop")
    ['Don', "'", 't', 'stop']
    >>> tokenise("東京都に3回")
    ['東京', '京都', 'に', '3', '回']
    """
    if rule != "words":
        return text.replace("\\", "").split()
    if text.isascii() or _PLAIN_TEXT.fullmatch(text):
        return _PLAIN_TOKEN.findall(text)
    tokens: list[str] = []
    for piece in _PIECE.finditer(compose(text)):
        token = piece[0]
        if piece.lastindex is None or _SPACED_WORD.fullmatch(token):
            tokens.append(token)
        else:
            tokens += _split_unspaced(token)
    return tokens


def _split_unspaced(word: str) -> Iterator[str]:
    """The tokens of a run of letters, some of which are of scripts without spaces."""
    for part in _PART.finditer(word):
        clusters = _CLUSTER.findall(part[0]) if part.lastindex else ()
        if len(clusters) > 1:
            yield from (first + second for first, second in pairwise(clusters))
        else:
            yield part[0]


def compose(text: str) -> str:
    """Return the composed form of `text` (NFC), in which equal-looking words are equal.

    A row of 500 marks and more stays as it is: to order marks takes a time that grows with the
    square of their number.
    """
    if len(text) < 500:
        return normalize("NFC", text)
    parts = _LONG_MARKS.split(text)
    parts[::2] = [normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


class Forms:
    """The words that are looked for in a file: as they are and in lower case, in composed form.

    Parameters
    ----------
    words : iterable of str
    """

    def __init__(self, words: Iterable[str]) -> None:
        forms = {form for word in map(compose, words) for form in (word, word.lower())}
        self._forms = {compose(form).encode("utf-8", "surrogatepass"): form for form in forms}

    def find(self, word: bytes) -> str | None:
        """Return the form that equals `word`, a word of the file, or None."""
        form = self._forms.get(word)
        if form is None and not word.isascii():
            text = word.decode("utf-8", "replace")
            composed = compose(text)
            if composed != text:
                form = self._forms.get(composed.encode())
        return form


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Vectors of V words.

    Attributes
    ----------
    words : tuple of str, length V
    matrix : float32 array, shape (V, d)
        The row of a word without a vector is zero.
    has_vector : bool array, shape (V,)
    """

    words: tuple[str, ...]
    matrix: NDArray[np.float32]
    has_vector: NDArray[np.bool_]


def gather_vectors(
    words: Sequence[str], vectors: Mapping[str, NDArray[np.float32]], dimensions: int
) -> WordVectors:
    """Collect the vectors of some words in one matrix.

    Parameters
    ----------
    words : sequence of str, length V
    vectors : mapping from str to float32 array, shape (d,)
        A word that is missing here takes the vector of its lower case, if there is one.
    dimensions : int
        d, the number of columns.

    Returns
    -------
    WordVectors
    """
    matrix = np.zeros((len(words), dimensions), dtype=np.float32)
    has_vector = np.zeros(len(words), dtype=np.bool_)
    for row, word in enumerate(words):
        vector = vectors.get(word)
        if vector is None:
            vector = vectors.get(word.lower())
        if vector is not None:
            matrix[row] = vector
            has_vector[row] = True
    return WordVectors(tuple(words), matrix, has_vector)
