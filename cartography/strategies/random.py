"""Random sampling, the baseline."""

import numpy as np

from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def random(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """Select items uniformly without replacement.

    Parameters
    ----------
    view : PoolView
    query_size : int
    rng : Generator
        Draws the scores.

    Returns
    -------
    Selection
        The scores are uniform draws and have no further meaning.
    """
    return top_scores(rng.random(len(view.pool)), query_size, rng)
