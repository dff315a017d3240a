"""The scale of features: principal components, of which the weak ones are made weaker still."""

from __future__ import annotations

import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cartography.features.kinds import BLOCK
from cartography.files import atomic_write

_MOST_COMPONENTS = 768
_POWER = 0.5
_ROWS = 1_024


@dataclass(frozen=True, eq=False)
class PrincipalScaling:
    """A linear map that gives features of any kind a scale that suits a perceptron.

    Features are centred and rotated to their principal components; each component is multiplied by
    the root of its standard deviation, and all by one number that makes their root mean square 1.
    AdamW moves the weights of strong and of weak directions equally fast. With few labels, the many
    weak ones, mostly noise, then decide too much; full standardisation makes that worse.

    Attributes
    ----------
    mean : float32 array, shape (d,)
    matrix : float32 array, shape (d, k)
    """

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    @classmethod
    def fit(cls, features: NDArray[np.float32]) -> PrincipalScaling:
        """Fit the map.

        Parameters
        ----------
        features : float32 array, shape (n, d)
            Read in blocks, so it may be a memory map.

        Returns
        -------
        PrincipalScaling
            With at most 768 components.
        """
        dimensions = features.shape[1]
        mean = features.mean(axis=0, dtype=np.float64)
        products = np.zeros((dimensions, dimensions))
        with threadpool_limits(1):  # sums in one order, on machines of any width
            for start in range(0, len(features), BLOCK):
                centred = features[start : start + BLOCK] - mean
                products += centred.T @ centred
            variances, directions = np.linalg.eigh(products / max(len(features), 1))
        strongest = slice(None, -_MOST_COMPONENTS - 1, -1)
        deviations = np.sqrt(np.maximum(variances[strongest], 0))
        scale = deviations**_POWER
        size = np.sqrt(np.mean((deviations * scale) ** 2))
        matrix = directions[:, strongest] * (scale / size if size > 0 else scale)
        return cls(mean.astype(np.float32), matrix.astype(np.float32))

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scale features (n, d) to (n, k); the numbers of a row do not depend on other rows."""
        scaled = np.empty((len(features), self.matrix.shape[1]), dtype=np.float32)
        # The last bits of a product may depend on its shape, so all products have the same.
        rows = np.zeros((_ROWS, len(self.mean)), dtype=np.float32)
        with threadpool_limits(1):
            for start in range(0, len(features), _ROWS):
                block = features[start : start + _ROWS]
                rows[: len(block)] = block - self.mean
                scaled[start : start + _ROWS] = (rows @ self.matrix)[: len(block)]
        return scaled

    def save(self, path: Path) -> None:
        """Write the map to a file."""
        with atomic_write(path) as temporary:
            np.savez(temporary, **asdict(self))

    @classmethod
    def load(cls, path: Path) -> PrincipalScaling | None:
        """Read the map from a file; None if it is missing or damaged."""
        try:
            # Opened here because NumPy leaves a damaged file open.
            with path.open("rb") as handle, np.load(handle) as archive:
                return cls(archive["mean"], archive["matrix"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
