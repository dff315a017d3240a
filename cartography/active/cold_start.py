"""The first batch where no model can be trained yet: texts that are unlike each other."""

import warnings

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

_MOST_CLUSTERED = 20_000


def diverse_rows(
    features: NDArray[np.float32], size: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Select texts from all over the features: the nearest to the centre of each of k clusters.

    Parameters
    ----------
    features : float32 array, shape (n, d)
        At most 20,000 rows of it, drawn at random, are clustered (k-means).
    size : int
        k, the number of texts; all are selected if there are fewer.
    rng : Generator

    Returns
    -------
    int64 array, shape (k,)
        Rows, those of the largest clusters first.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    rows = np.arange(len(features))
    if size >= len(rows):
        return rows
    if len(rows) > max(_MOST_CLUSTERED, 2 * size):
        rows = np.sort(rng.choice(rows, max(_MOST_CLUSTERED, 2 * size), replace=False))
    inputs = np.asarray(features[rows], dtype=np.float32)
    seed = int(rng.integers(2**31))
    with threadpool_limits(1), warnings.catch_warnings():  # sums in one order on any machine
        # Texts that are all alike make fewer clusters than were asked for: see below.
        warnings.simplefilter("ignore", ConvergenceWarning)
        clusters = KMeans(size, n_init=1, max_iter=50, random_state=seed).fit(inputs)
        distances = np.linalg.norm(inputs - clusters.cluster_centers_[clusters.labels_], axis=1)
    chosen = []
    for cluster in np.argsort(-np.bincount(clusters.labels_, minlength=size), kind="stable"):
        members = np.flatnonzero(clusters.labels_ == cluster)
        if len(members):
            chosen.append(rows[members[distances[members].argmin()]])
    if len(chosen) < size:
        others = np.setdiff1d(rows, chosen)
        chosen += rng.choice(others, size - len(chosen), replace=False).tolist()
    return np.array(chosen, dtype=np.int64)
