"""Texts that say nearly the same, by the words they share."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from cartography.errors import CartographyError
from cartography.features.word_vectors import tokenise

_BLOCK = 512  # rows compared at once with all others


def near_duplicates(texts: Sequence[str], limit: float = 0.8) -> tuple[tuple[int, ...], ...]:
    """Groups of near-duplicates among n `texts`: ascending positions, the groups by their first.

    Two texts are near-duplicates when the sets of their lower-cased tokens have a Jaccard
    similarity (shared tokens by all tokens of both) of at least `limit`; a group holds all that
    are tied by a chain of such pairs. Texts without a token are near-duplicates of each other
    alone. Time grows with n squared: this is for a batch, not for a corpus.

    Raises CartographyError when `limit` is not above 0 and at most 1.
    """
    if not 0 < limit <= 1:
        raise CartographyError(
            f"near-duplicates share more than 0 and at most 1 of their words; the limit is {limit}"
        )
    if not len(texts):
        return ()
    # No text has the empty string as a token, so it stands for having none.
    tokens = [set(tokenise(text.lower())) or {""} for text in texts]
    words = {word: column for column, word in enumerate(sorted(set().union(*tokens)))}
    sizes = np.array([len(each) for each in tokens])
    has = csr_array(
        (
            np.ones(sizes.sum(), dtype=np.int32),
            (
                np.repeat(np.arange(len(texts)), sizes),
                [words[word] for each in tokens for word in each],
            ),
        ),
        shape=(len(texts), len(words)),
    )
    turned = has.T.tocsr()
    blocks = []
    for start in range(0, len(texts), _BLOCK):
        shared = coo_array(has[start : start + _BLOCK] @ turned)
        row, column = shared.coords
        union = sizes[start + row] + sizes[column] - shared.data
        alike = shared.data / union >= limit
        blocks.append(coo_array((alike[alike], (row[alike], column[alike])), shape=shared.shape))
    _, group = connected_components(vstack(blocks), directed=False)
    members: dict[int, list[int]] = {}
    for position, number in enumerate(group.tolist()):
        members.setdefault(number, []).append(position)
    return tuple(tuple(each) for each in members.values() if len(each) > 1)
