"""What a strategy may see: predictions on the pool, and the map of the labelled set."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cartography.models import mlp
from cartography.models.mlp import BatchedMLP, InferenceDropout, torch_seed
from cartography.models.presets import Preset


@dataclass(frozen=True, eq=False)
class PoolView:
    """One trained model (M = 1) over a labelled set of l items and a pool of n.

    `features` (R, d) are all texts'; `pool` (n,) and `labelled` (l,) are rows of them.
    `correctness` (l,) is the labelled set's, from its data map. `seen` are its representations
    (l, h) in the training passes of the first epochs, as many as the preset's switches want.
    `seed` feeds dropout. The gold labels of the pool are not here, so no strategy can see one.
    Everything derived is computed when first asked for, once, with dropout off unless the preset
    leaves it on.
    """

    model: BatchedMLP
    features: Tensor
    labelled: NDArray[np.int64]
    pool: NDArray[np.int64]
    correctness: NDArray[np.float64]
    preset: Preset
    seed: int
    seen: tuple[Tensor, ...] = ()

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """Class probabilities of the pool (n, C)."""
        if "all_representations" in vars(self):
            # The last layer alone is left to do.
            head = self.model.layers_after(len(self.model.layers.hidden))
            rows = self._rows(np.arange(len(self.pool)))
            found = mlp.probabilities(head, self.representations, rows)
        else:
            found = mlp.probabilities(self.model, self.features, self._rows(self.pool), self._noise)
        return self._array(found[0])

    @cached_property
    def mc_probabilities(self) -> NDArray[np.float32]:
        """Class probabilities of the pool in each Monte Carlo dropout pass (T, n, C)."""
        found = mlp.mc_probabilities(
            self.model,
            self.features,
            self._rows(self.pool),
            InferenceDropout(self.preset.classifier.dropout, (self.seed,)),
            self.preset.mc_passes,
        )
        return self._array(found[0].transpose(0, 1))

    @cached_property
    def all_representations(self) -> Tensor:
        """The last hidden layer, psi (l + n, h), of the labelled set and then of the pool."""
        rows = self._rows(np.concatenate([self.labelled, self.pool]))
        return mlp.representations(self.model, self.features, rows, self._noise)[0]

    @property
    def labelled_representations(self) -> Tensor:
        """The last hidden layer of the labelled set, psi (l, h)."""
        return self.all_representations[: len(self.labelled)]

    @property
    def representations(self) -> Tensor:
        """The last hidden layer of the pool, psi (n, h)."""
        return self.all_representations[len(self.labelled) :]

    @property
    def _noise(self) -> InferenceDropout | None:
        return InferenceDropout.for_recipe(self.preset.classifier, torch_seed(self.seed, 0))

    def _rows(self, rows: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(rows).to(self.features.device).unsqueeze(0)

    @staticmethod
    def _array(values: Tensor) -> NDArray[np.float32]:
        found: NDArray[np.float32] = values.cpu().numpy()
        return found
