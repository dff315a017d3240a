"""The tokeniser, and the container for word vectors from any source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Tokens = Literal["words", "white_space"]
"""The rules for splitting a text into tokens, see `tokenise`."""

TOKENISER = "tokens-1"
"""Version of the rules in `tokenise`, part of every cache key that depends on them."""

_TOKEN = re.compile(r"\w+|[^\w\s]")


def tokenise(text: str, rule: Tokens = "words") -> list[str]:
    """Split a text into tokens.

    Parameters
    ----------
    text : str
    rule : {"words", "white_space"}
        "words": each run of letters, digits and underscores is a token, and so is every other
        character except white space. "white_space": remove backslashes and split at white space.

    Returns
    -------
    list of str
        No token contains white space, so a text has the same tokens as the pieces of
        `text.split()`, one after the other.

    Examples
    --------
    >>> tokenise("Don't stop")
    ['Don', "'", 't', 'stop']
    """
    return _TOKEN.findall(text) if rule == "words" else text.replace("\\", "").split()


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
