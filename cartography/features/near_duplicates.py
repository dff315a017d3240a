"""Near-duplicates: texts that share most of their tokens."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from cartography.errors import CartographyError
from cartography.features.word_vectors import tokenise

_BLOCK = 512  # rows compared with all others at a time


def near_duplicates(texts: Sequence[str], limit: float = 0.8) -> tuple[tuple[int, ...], ...]:
    """Group near-duplicate texts.

    Two texts are near-duplicates if the sets of their lower-cased tokens have a Jaccard
    similarity (size of the intersection over size of the union) of at least `limit`. A group is
    a connected component of such pairs. Texts without tokens are near-duplicates of each other
    only. Time grows with n squared: use it for a batch, not for a corpus.

    Parameters
    ----------
    texts : sequence of str, length n
    limit : float, default 0.8
        The lowest Jaccard similarity of near-duplicates, above 0 and at most 1.

    Returns
    -------
    tuple of tuple of int
        Ascending positions of each group of two or more texts. Groups are ordered by their first
        position.

    Raises
    ------
    CartographyError
        `limit` is out of range.

    Examples
    --------
    >>> near_duplicates(["Who wrote Faust?", "Where is Peru?", "who wrote faust ?"])
    ((0, 2),)
    """
    if not 0 < limit <= 1:
        raise CartographyError(
            f"the limit of near-duplicates must be above 0 and at most 1, not {limit}"
        )
    if not len(texts):
        return ()
    # The empty string is never a token, so it can stand for "no tokens".
    token_sets = [set(tokenise(text.lower())) or {""} for text in texts]
    columns = {word: column for column, word in enumerate(sorted(set().union(*token_sets)))}
    sizes = np.array([len(tokens) for tokens in token_sets])  # (n,)
    occurs = csr_array(  # (n, V)
        (
            np.ones(sizes.sum(), dtype=np.int32),
            (
                np.repeat(np.arange(len(texts)), sizes),
                [columns[word] for tokens in token_sets for word in tokens],
            ),
        ),
        shape=(len(texts), len(columns)),
    )
    transposed = occurs.T.tocsr()
    blocks = []
    for start in range(0, len(texts), _BLOCK):
        shared = coo_array(occurs[start : start + _BLOCK] @ transposed)
        row, column = shared.coords
        union = sizes[start + row] + sizes[column] - shared.data
        similar = shared.data / union >= limit
        blocks.append(
            coo_array((similar[similar], (row[similar], column[similar])), shape=shared.shape)
        )
    _, components = connected_components(vstack(blocks), directed=False)
    groups: dict[int, list[int]] = {}
    for position, component in enumerate(components.tolist()):
        groups.setdefault(component, []).append(position)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)
