"""The released code's way through training and query, as plainly as it can be written.

From its description alone, for one model without dropout: two hidden layers, weights and optimiser
kept from one iteration to the next, batches in the order of labelling, everything recorded in the
training pass, correctness in fifths, a discriminator of one linear layer with ReLU on its outputs.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


class Released:
    """A classifier that goes on from training to training, on given initial weights."""

    def __init__(self, weights: list[tuple[Tensor, Tensor]], learning_rate: float) -> None:
        self.first, self.second, self.last = (linear(*each) for each in weights)
        self.optimiser = torch.optim.AdamW(
            [p for each in (self.first, self.second, self.last) for p in each.parameters()],
            lr=learning_rate,
        )

    def hidden(self, features: Tensor) -> Tensor:
        return self.second(self.first(features).relu()).relu()

    def train(self, features: Tensor, labels: Tensor, epochs: int, batch_size: int) -> list[float]:
        """The mean loss of each epoch; what is recorded runs on over all of them."""
        self.psi: list[Tensor] = []
        right: list[bool] = []
        losses = []
        for _ in range(epochs):
            total = 0.0
            for rows in torch.arange(len(labels)).split(batch_size):
                psi = self.hidden(features[rows])
                logits = self.last(psi)
                loss = cross_entropy(logits, labels[rows])
                total += loss.item() * len(rows)
                self.psi += psi.detach()
                right += (logits.argmax(1) == labels[rows]).tolist()
                self.optimiser.zero_grad()
                loss.backward()
                self.optimiser.step()
            losses.append(total / len(labels))
        hits = [sum(right[text :: len(labels)]) for text in range(len(labels))]
        self.correctness = [round(5 * each / epochs) / 5 for each in hits]
        return losses

    def cal(self, pool: Tensor, binary: nn.Linear, t_cor: float, **how: float) -> list[int]:
        """Positions of the pool, the nearest to the boundary first."""
        labelled = self.psi[: len(self.correctness)]  # of the first epoch
        targets = [int(each > t_cor) for each in self.correctness]
        discriminate(binary, torch.stack(labelled), torch.tensor(targets), **how)
        with torch.no_grad():
            scored = predicted(binary, self.hidden(pool))[:, 1]
        return sorted(range(len(pool)), key=lambda text: abs(0.5 - float(scored[text])))

    def dal(self, pool: Tensor, binary: nn.Linear, **how: float) -> list[int]:
        """Positions of the pool, the most surely unlabelled first."""
        with torch.no_grad():
            examples = torch.stack([*self.psi, *self.hidden(pool)])
        targets = torch.tensor([0] * len(self.psi) + [1] * len(pool))
        seen = discriminate(binary, examples, targets, **how)[len(self.psi) :]
        return sorted(range(len(pool)), key=lambda text: -seen[text])


def linear(weights: Tensor, biases: Tensor) -> nn.Linear:
    """The layer of `weights` (in, out) and `biases` (out,)."""
    layer = nn.Linear(*weights.shape)
    layer.weight.data.copy_(weights.T)
    layer.bias.data.copy_(biases)
    return layer


def predicted(binary: nn.Linear, psi: Tensor) -> Tensor:
    return binary(psi).relu().softmax(1)


def discriminate(
    binary: nn.Linear,
    psi: Tensor,
    targets: Tensor,
    *,
    learning_rate: float,
    epochs: int,
    batch_size: int,
) -> list[float]:
    """Train `binary`; P(class 1) of each example as the last epoch's training pass saw it."""
    optimiser = torch.optim.AdamW(binary.parameters(), lr=learning_rate)
    for _ in range(epochs):
        seen: list[float] = []
        for rows in torch.arange(len(targets)).split(batch_size):
            found = binary(psi[rows]).relu()
            seen += found.softmax(1)[:, 1].tolist()
            optimiser.zero_grad()
            cross_entropy(found, targets[rows]).backward()
            optimiser.step()
    return seen


def least_confidence(model: Released, pool: Tensor) -> list[int]:
    with torch.no_grad():
        surest = model.last(model.hidden(pool)).softmax(1).amax(1).double()
    return np.argsort(surest.numpy(), kind="stable").tolist()
