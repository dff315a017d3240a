"""How large a file of word vectors may be, and what its numbers may be: a file can be hostile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cartography.errors import CartographyError

DIMENSIONS = 10_000
"""Published word vectors have 25 to 1,024 dimensions, those of language models fewer than 10,000.
Features take 4 bytes per text and dimension."""

WORDS = 10_000_000
"""The largest published files have 3 million words. Reading ten million takes some ten seconds."""

WORD_BYTES = 10_000
"""Published files contain addresses and runs of signs of some hundred bytes as words."""

NUMBER_BYTES = 32
"""A float64 in full takes 25 characters with its separator; a line is as long as its dimensions."""

SUBWORD = 100
"""Characters of fastText's longest subword (maxn); it is 6 by default, and 5 in published files."""

WORD_SUBWORDS = 1_000
"""Characters of the longest word whose subwords are looked up: the time grows with their number."""

UNPACKED_BYTES = 16_000_000_000
"""The largest published text file is 5.6 GB (GloVe, 2.2 million words of 300 dimensions)."""

UNPACKED_SHARE, UNPACKED_START = 50, 2_000_000
"""Numbers in text shrink to a third, a bomb to a thousandth: after the first 2 MB, a packed file
may have given at most 50 bytes per byte that was read of it."""

ZIP_LIST_BYTES = 1_000_000
"""The list of files in a zip, read at once; an archive of vectors has a few names."""

MAGNITUDE = 1_000.0
"""Numbers of published vectors stay below 100. Larger ones make a map worthless: on TREC (5 epochs)
vectors of at most 37 reach a test accuracy of 79 %; multiplied by 10, they reach 66 %, and by 100
or more, 60 % at best, with 38 to 53 % of the texts "ambiguous" instead of 15 %."""


def check_dimensions(value: int, location: str) -> int:
    """Return `value`; raise CartographyError unless it is a possible number of dimensions.

    Parameters
    ----------
    value : int
    location : str
        Where it stands, for the error: the path of a file, or a line of it.
    """
    if not 0 < value <= DIMENSIONS:
        raise CartographyError(
            f"{location} declares {brief(value)} dimensions, but vectors have 1 to {DIMENSIONS:,}: "
            "download or export the file again"
        )
    return value


def check_words(value: int, location: str) -> int:
    """Return `value`; raise CartographyError if it is too large a number of words."""
    if not 0 <= value <= WORDS:
        raise CartographyError(
            f"{location} declares {brief(value)} words, but at most {WORDS:,} are read: "
            "download or export the file again, or keep its most frequent words"
        )
    return value


def check_numbers(vector: NDArray[np.float32], path: Path, location: str) -> NDArray[np.float32]:
    """Return `vector` (d,); raise CartographyError if a number is not finite or too large."""
    # NaN compares false, so it counts as too large.
    if not (np.abs(vector) <= MAGNITUDE).all():
        wrong = vector[~(np.abs(vector) <= MAGNITUDE)][0]
        reason = (
            f"contains {wrong:.3g}, and with numbers beyond ±{MAGNITUDE:,.0f} a map is worthless: "
            "divide all vectors by a constant, or download the file again"
            if np.isfinite(wrong)
            else "has a number that is not finite: download or export the file again"
        )
        raise CartographyError(f"{path}, {location} {reason}")
    return vector


def brief(number: int) -> str:
    """Return `number` as it may stand in a sentence, however long it is."""
    return f"{number:,}" if abs(number) < 10**18 else "more than 10^18"
