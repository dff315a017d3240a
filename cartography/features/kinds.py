"""What every kind of features is: fitted on a training corpus once, then transforms any corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cartography.corpora.corpus import Corpus

BLOCK = 16_384
"""Texts per block of features: 40 MB at 600 dimensions."""

Report = Callable[[str], None]
"""Called with a sentence before each long step."""


@dataclass(frozen=True)
class Coverage:
    """How much of a corpus the words of its features cover.

    Attributes
    ----------
    words, known_words : int
        Number of distinct words, and of those with a vector.
    tokens, known_tokens : int
        Number of occurrences of all words, and of those with a vector.
    uncovered_texts : int
        Number of texts without a single word vector; their features are all zero.
    """

    words: int
    known_words: int
    tokens: int
    known_tokens: int
    uncovered_texts: int

    @property
    def word_share(self) -> float:
        """Fraction of the distinct words that have a vector, 1 if there are no words."""
        return self.known_words / self.words if self.words else 1.0

    @property
    def token_share(self) -> float:
        """Fraction of the tokens that have a vector, 1 if there are no tokens."""
        return self.known_tokens / self.tokens if self.tokens else 1.0

    @property
    def summary(self) -> str:
        """The coverage in one sentence."""
        return (
            f"{self.known_words:,} of {self.words:,} words ({_percent(self.word_share)}) have a "
            f"vector, {_percent(self.token_share)} of all tokens; {self.uncovered_texts:,} texts "
            "have none"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


@dataclass(frozen=True, eq=False)
class Transformed:
    """The features of one corpus while they are made.

    Attributes
    ----------
    dimensions : int
        d, the same for all corpora of a model.
    blocks : iterator of float32 array, shape (b, d) each
        In the order of the texts; all together they have a row per text.
    coverage : Coverage or None
        None for features that are not made from words.
    """

    dimensions: int
    blocks: Iterator[NDArray[np.float32]]
    coverage: Coverage | None = None


class FittedFeatures(Protocol):
    """Features that were fitted on a training corpus."""

    def transform(self, corpora: Sequence[Corpus], report: Report) -> Iterator[Transformed]:
        """Compute the features of each corpus.

        A text's row does not depend on other texts, except for the last bits of an encoder's.
        """


class FeatureKind(Protocol):
    """A kind of features with its settings."""

    def key(self, training: Corpus) -> str:
        """Return the cache key of the fitted features, 32 hexadecimal digits.

        It depends on everything that the features of a text depend on, except the text.
        """

    def describe(self, training: Corpus) -> str:
        """Return what the features are made of, in a few words."""

    def fit(self, training: Corpus, report: Report) -> FittedFeatures:
        """Fit the features, or read them from the cache."""
