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
    """A trained model with a labelled set of l items and a pool of n items.

    The view has no gold labels of the pool, so a strategy cannot use them. Predictions and
    representations are computed on first access and kept. Dropout is off unless the preset leaves
    it on.

    Attributes
    ----------
    model : BatchedMLP
        One model (M = 1).
    features : Tensor, shape (R, d)
        Features of all texts.
    labelled : int64 array, shape (l,)
        Rows of `features`.
    pool : int64 array, shape (n,)
        Rows of `features`.
    correctness : float64 array, shape (l,)
        From the data map of the labelled set.
    preset : Preset
    seed : int
        Seed of dropout.
    recorded : tuple of Tensor, shape (l, h) each
        Representations of the labelled set in the training passes of the first epochs, as many as
        the switches of the preset need.
    """

    model: BatchedMLP
    features: Tensor
    labelled: NDArray[np.int64]
    pool: NDArray[np.int64]
    correctness: NDArray[np.float64]
    preset: Preset
    seed: int
    recorded: tuple[Tensor, ...] = ()

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """Class probabilities of the pool (n, C)."""
        if "all_representations" in vars(self):
            # Only the output layer remains to be computed.
            head = self.model.layers_after(len(self.model.layers.hidden))
            rows = self._to_tensor(np.arange(len(self.pool)))
            predictions = mlp.probabilities(head, self.representations, rows)
        else:
            rows = self._to_tensor(self.pool)
            predictions = mlp.probabilities(self.model, self.features, rows, self._dropout)
        return self._to_array(predictions[0])

    @cached_property
    def mc_probabilities(self) -> NDArray[np.float32]:
        """Class probabilities of the pool in each Monte Carlo dropout pass (T, n, C)."""
        passes = mlp.mc_probabilities(
            self.model,
            self.features,
            self._to_tensor(self.pool),
            InferenceDropout(self.preset.classifier.dropout, (self.seed,)),
            self.preset.mc_passes,
        )
        return self._to_array(passes[0].transpose(0, 1))

    @cached_property
    def all_representations(self) -> Tensor:
        """The last hidden layer, psi (l + n, h), of the labelled set followed by the pool."""
        rows = self._to_tensor(np.concatenate([self.labelled, self.pool]))
        return mlp.representations(self.model, self.features, rows, self._dropout)[0]

    @property
    def labelled_representations(self) -> Tensor:
        """The last hidden layer of the labelled set, psi (l, h)."""
        return self.all_representations[: len(self.labelled)]

    @property
    def representations(self) -> Tensor:
        """The last hidden layer of the pool, psi (n, h)."""
        return self.all_representations[len(self.labelled) :]

    @property
    def _dropout(self) -> InferenceDropout | None:
        return InferenceDropout.for_recipe(self.preset.classifier, torch_seed(self.seed, 0))

    def _to_tensor(self, rows: NDArray[np.int64]) -> Tensor:
        """Rows (1, n) on the device of the features."""
        return torch.from_numpy(rows).to(self.features.device).unsqueeze(0)

    @staticmethod
    def _to_array(values: Tensor) -> NDArray[np.float32]:
        array: NDArray[np.float32] = values.cpu().numpy()
        return array
