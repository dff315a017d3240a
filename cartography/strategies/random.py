"""Random sampling, the baseline."""

import numpy as np

from cartography.strategies.pool_view import View
from cartography.strategies.selection import Query, top


def random(view: View, query_size: int, rng: np.random.Generator) -> Query:
    """Uniform without replacement. The score is a uniform draw and means nothing else."""
    return top(rng.random(len(view.pool)), query_size, rng)
