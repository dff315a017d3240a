"""Random sampling, the baseline."""

import numpy as np

from cartography.strategies.pool_view import PoolView
from cartography.strategies.selection import Selection, top_scores


def random(view: PoolView, query_size: int, rng: np.random.Generator) -> Selection:
    """Uniform without replacement. The score is a uniform draw and means nothing else."""
    return top_scores(rng.random(len(view.pool)), query_size, rng)
