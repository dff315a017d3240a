"""The words of a text, and vectors for words, whatever they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Tokens = Literal["words", "white_space"]
TOKENISER = "tokens-1"
_TOKEN = re.compile(r"\w+|[^\w\s]")


def tokenise(text: str, rule: Tokens = "words") -> list[str]:
    """The tokens of `text`: "words" are runs of letters, digits and underscores, and each other
    character but white space; "white_space" splits there alone, backslashes removed.

    A text's tokens are those of its `split()` one after the other: both have the same white space.

    `TOKENISER` names these rules; it is part of the key of whatever is cached.
    """
    return _TOKEN.findall(text) if rule == "words" else text.replace("\\", "").split()


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Vectors of words: `matrix` (V, d) float32 and, for each of the V words, if it is `known`.

    The row of a word that is not known is zero.
    """

    words: tuple[str, ...]
    matrix: NDArray[np.float32]
    known: NDArray[np.bool_]


def gather_vectors(
    words: Sequence[str], vectors: Mapping[str, NDArray[np.float32]], dimensions: int
) -> WordVectors:
    """The vectors of `words`, each by itself or else by its lower case."""
    matrix = np.zeros((len(words), dimensions), dtype=np.float32)
    known = np.zeros(len(words), dtype=np.bool_)
    for row, word in enumerate(words):
        vector = vectors.get(word)
        if vector is None:
            vector = vectors.get(word.lower())
        if vector is not None:
            matrix[row] = vector
            known[row] = True
    return WordVectors(tuple(words), matrix, known)
