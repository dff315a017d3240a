"""A plain transcription of training and query in the paper's released code.

It is written from a description of that code, for one model without dropout: two hidden layers,
weights and optimiser kept between iterations, batches in the order of labelling, everything
recorded in the training pass, correctness in fifths, and a discriminator of one linear layer with
a ReLU on its outputs.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


class Released:
    """A classifier that continues from training to training, from given initial weights."""

    def __init__(self, weights: list[tuple[Tensor, Tensor]], learning_rate: float) -> None:
        self.first, self.second, self.last = (linear(*layer) for layer in weights)
        self.optimiser = torch.optim.AdamW(
            [p for layer in (self.first, self.second, self.last) for p in layer.parameters()],
            lr=learning_rate,
        )

    def hidden(self, features: Tensor) -> Tensor:
        return self.second(self.first(features).relu()).relu()

    def train(self, features: Tensor, labels: Tensor, epochs: int, batch_size: int) -> list[float]:
        """Return the mean loss of each epoch; psi and hits are recorded over all epochs."""
        self.psi: list[Tensor] = []
        hits: list[bool] = []
        losses = []
        for _ in range(epochs):
            total = 0.0
            for rows in torch.arange(len(labels)).split(batch_size):
                psi = self.hidden(features[rows])
                logits = self.last(psi)
                loss = cross_entropy(logits, labels[rows])
                total += loss.item() * len(rows)
                self.psi += psi.detach()
                hits += (logits.argmax(1) == labels[rows]).tolist()
                self.optimiser.zero_grad()
                loss.backward()
                self.optimiser.step()
            losses.append(total / len(labels))
        counts = [sum(hits[text :: len(labels)]) for text in range(len(labels))]
        self.correctness = [round(5 * count / epochs) / 5 for count in counts]
        return losses

    def cal(self, pool: Tensor, binary: nn.Linear, t_cor: float, **options: float) -> list[int]:
        """Positions in the pool, the nearest to the decision boundary first."""
        labelled = self.psi[: len(self.correctness)]  # of the first epoch
        targets = [int(correctness > t_cor) for correctness in self.correctness]
        train_discriminator(binary, torch.stack(labelled), torch.tensor(targets), **options)
        with torch.no_grad():
            high_cor = discriminator_probabilities(binary, self.hidden(pool))[:, 1]
        return sorted(range(len(pool)), key=lambda text: abs(0.5 - float(high_cor[text])))

    def dal(self, pool: Tensor, binary: nn.Linear, **options: float) -> list[int]:
        """Positions in the pool, the highest P(unlabelled) first."""
        with torch.no_grad():
            examples = torch.stack([*self.psi, *self.hidden(pool)])
        targets = torch.tensor([0] * len(self.psi) + [1] * len(pool))
        probabilities = train_discriminator(binary, examples, targets, **options)
        unlabelled = probabilities[len(self.psi) :]
        return sorted(range(len(pool)), key=lambda text: -unlabelled[text])


def linear(weights: Tensor, biases: Tensor) -> nn.Linear:
    """A layer with the given weights (in, out) and biases (out,)."""
    layer = nn.Linear(*weights.shape)
    layer.weight.data.copy_(weights.T)
    layer.bias.data.copy_(biases)
    return layer


def discriminator_probabilities(binary: nn.Linear, psi: Tensor) -> Tensor:
    return binary(psi).relu().softmax(1)


def train_discriminator(
    binary: nn.Linear,
    psi: Tensor,
    targets: Tensor,
    *,
    learning_rate: float,
    epochs: int,
    batch_size: int,
) -> list[float]:
    """Train `binary`; return P(class 1) of each example in the training pass of the last epoch."""
    optimiser = torch.optim.AdamW(binary.parameters(), lr=learning_rate)
    for _ in range(epochs):
        probabilities: list[float] = []
        for rows in torch.arange(len(targets)).split(batch_size):
            logits = binary(psi[rows]).relu()
            probabilities += logits.softmax(1)[:, 1].tolist()
            optimiser.zero_grad()
            cross_entropy(logits, targets[rows]).backward()
            optimiser.step()
    return probabilities


def least_confidence(model: Released, pool: Tensor) -> list[int]:
    with torch.no_grad():
        max_probability = model.last(model.hidden(pool)).softmax(1).amax(1).double()
    return np.argsort(max_probability.numpy(), kind="stable").tolist()
