"""Near-duplicates: texts that share most of their tokens."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
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
    _require_share(limit)
    if not len(texts):
        return ()
    pairs = np.concatenate(list(_similar_pairs(texts, texts, limit)))
    joined = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(texts), len(texts)))
    _, components = connected_components(joined, directed=False)
    groups: dict[int, list[int]] = {}
    for position, component in enumerate(components.tolist()):
        groups.setdefault(component, []).append(position)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def find_near_duplicates(
    texts: Sequence[str], pool: Sequence[str], limit: float = 0.8
) -> tuple[tuple[int, ...], ...]:
    """Find the near-duplicates of each text in a pool, as `near_duplicates` defines them.

    Parameters
    ----------
    texts : sequence of str, length k
    pool : sequence of str, length n
    limit : float, default 0.8

    Returns
    -------
    tuple of tuple of int, length k
        Ascending positions in the pool.

    Raises
    ------
    CartographyError
        `limit` is out of range.

    Examples
    --------
    >>> find_near_duplicates(["Who wrote Faust?"], ["Where is Peru?", "who wrote faust ?"])
    ((1,),)
    """
    _require_share(limit)
    found: list[list[int]] = [[] for _ in texts]
    if len(texts) and len(pool):
        for pairs in _similar_pairs(texts, pool, limit):
            for first, second in pairs.tolist():
                found[first].append(second)
    return tuple(tuple(sorted(positions)) for positions in found)


def _require_share(limit: float) -> None:
    if not 0 < limit <= 1:
        raise CartographyError(
            f"the limit of near-duplicates must be above 0 and at most 1, not {limit}"
        )


def _similar_pairs(
    texts: Sequence[str], pool: Sequence[str], limit: float
) -> Iterator[NDArray[np.int64]]:
    """The pairs (k, 2) of a position in `texts` and one in `pool` that are near-duplicates."""
    columns: dict[str, int] = {}
    occurs, sizes = _occurrences(texts, columns)
    known = len(columns)
    in_pool, pool_sizes = _occurrences(pool, columns)
    transposed = in_pool[:, :known].T.tocsr()
    for start in range(0, len(texts), _BLOCK):
        shared = coo_array(occurs[start : start + _BLOCK] @ transposed)
        row, column = shared.coords
        union = sizes[start + row] + pool_sizes[column] - shared.data
        similar = shared.data / union >= limit
        yield np.stack([start + row[similar], column[similar]], axis=1).astype(np.int64)


def _occurrences(
    texts: Sequence[str], columns: dict[str, int]
) -> tuple[csr_array, NDArray[np.int64]]:
    """Which tokens occur in each text (n, V), and how many; new tokens are added to `columns`."""
    # The empty string is never a token, so it can stand for "no tokens".
    token_sets = [sorted(set(tokenise(text.lower()))) or [""] for text in texts]
    indices = [columns.setdefault(word, len(columns)) for words in token_sets for word in words]
    sizes = np.array([len(words) for words in token_sets])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    values = np.ones(len(indices), dtype=np.int32)
    return csr_array((values, indices, starts), shape=(len(texts), len(columns))), sizes
