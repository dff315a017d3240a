"""CAL as the released code works, written plainly: the yardstick of the measurements.

Texts are rows of token numbers in a DataLoader; their vectors are looked up and summed in every
forward pass; autograd and the optimiser's defaults do each step; probabilities, classes and the
order of the pool are taken from tensors one row at a time, in training too. Sizes, steps and epochs
are those of the paper, as in the engine. What the engine does beyond this (dynamics in a pass of
their own) is not done here, so that a ratio between the two favours this one.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from cartography.models.presets import Preset, Recipe


class _Texts(Dataset[tuple[Tensor, int]]):
    """Rows of token numbers (n, L), each with its label."""

    def __init__(self, tokens: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        self.tokens = torch.from_numpy(tokens)
        self.labels = labels.tolist()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        return self.tokens[row], self.labels[row]


class _Perceptron(nn.Module):
    """The main classifier: summed word vectors, hidden ReLU layers with dropout, the logits."""

    def __init__(self, vectors: Tensor, recipe: Recipe, classes: int) -> None:
        super().__init__()
        sizes = [vectors.shape[1], *recipe.hidden]
        self.embedding = nn.Embedding.from_pretrained(vectors, freeze=True)
        self.hidden = nn.ModuleList(map(nn.Linear, sizes[:-1], sizes[1:]))
        self.dropout = nn.Dropout(recipe.dropout)
        self.output = nn.Linear(sizes[-1], classes)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The logits (B, C) and the last hidden layer (B, h)."""
        hidden = self.embedding(tokens).sum(dim=1)
        for layer in self.hidden:
            hidden = self.dropout(torch.relu(layer(hidden)))
        return self.output(hidden), hidden


class _Discriminator(nn.Module):
    """The binary classifier: one hidden ReLU layer."""

    def __init__(self, inputs: int, recipe: Recipe) -> None:
        super().__init__()
        (size,) = recipe.hidden
        self.hidden, self.output = nn.Linear(inputs, size), nn.Linear(size, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.output(torch.relu(self.hidden(inputs)))


@dataclass(frozen=True, eq=False)
class Tokens:
    """Texts as token numbers (n, L), 0 where a text has ended, with their labels (n,)."""

    numbers: NDArray[np.int64]
    labels: NDArray[np.int64]

    def rows(self, chosen: NDArray[np.int64]) -> _Texts:
        """The texts at the rows `chosen` (k,)."""
        return _Texts(self.numbers[chosen], self.labels[chosen])


def cal_iteration(
    train: Tokens,
    test: Tokens,
    vectors: NDArray[np.float32],
    labelled: NDArray[np.int64],
    classes: int,
    preset: Preset,
    seed: int,
) -> tuple[float, list[int]]:
    """Train on the rows `labelled`, and query the rest: test accuracy, and the batch's rows."""
    torch.manual_seed(seed)
    recipe = preset.classifier
    model = _Perceptron(torch.from_numpy(vectors), recipe, classes)
    optimiser = _optimiser(model, recipe)
    batch_size = recipe.batch_size
    learnt: dict[int, list[tuple[float, bool]]] = {row: [] for row in range(len(labelled))}
    model.train()
    for _ in range(recipe.epochs):
        at = 0
        for tokens, labels in DataLoader(train.rows(labelled), batch_size=batch_size):
            optimiser.zero_grad()
            logits, _ = model(tokens)
            for scores, label in zip(logits, labels, strict=True):
                probability = torch.softmax(scores, dim=0)
                learnt[at].append((probability[label].item(), _class_of(scores) == int(label)))
                at += 1
            nn.functional.cross_entropy(logits, labels).backward()
            optimiser.step()
    correctness = [sum(hit for _, hit in seen) / recipe.epochs for seen in learnt.values()]

    model.eval()
    hits = 0
    with torch.no_grad():
        everything = np.arange(len(test.labels))
        for tokens, labels in DataLoader(test.rows(everything), batch_size=batch_size):
            logits, _ = model(tokens)
            for scores, label in zip(logits, labels, strict=True):
                hits += int(_class_of(scores) == int(label))

    pool = np.setdiff1d(np.arange(len(train.labels)), labelled)
    known = _represented(model, train.rows(labelled), batch_size)
    unknown = _represented(model, train.rows(pool), batch_size)
    targets = [int(each > preset.t_cor) for each in correctness]
    picked = _nearest(known, targets, unknown, preset, seed)
    return hits / len(test.labels), [int(pool[position]) for position in picked]


def _represented(model: _Perceptron, texts: _Texts, batch_size: int | None) -> list[Tensor]:
    rows: list[Tensor] = []
    with torch.no_grad():
        for tokens, _ in DataLoader(texts, batch_size=batch_size):
            rows.extend(model(tokens)[1])
    return rows


def _nearest(
    known: list[Tensor], targets: list[int], unknown: list[Tensor], preset: Preset, seed: int
) -> list[int]:
    """Positions in the pool nearest to the boundary of a discriminator trained on `known`."""
    torch.manual_seed(seed)
    recipe = preset.discriminator
    model = _Discriminator(len(known[0]), recipe)
    optimiser = _optimiser(model, recipe)
    examples = list(zip(known, targets, strict=True))
    hits = 0
    for _ in range(recipe.epochs):
        for inputs, labels in DataLoader(examples, batch_size=recipe.batch_size):
            optimiser.zero_grad()
            logits = model(inputs)
            hits += sum(
                _class_of(scores) == int(label)
                for scores, label in zip(logits, labels, strict=True)
            )
            nn.functional.cross_entropy(logits, labels).backward()
            optimiser.step()
    scored: list[tuple[int, Tensor]] = []
    with torch.no_grad():
        for inputs in DataLoader(unknown, batch_size=recipe.batch_size):
            for scores in model(inputs):
                scored.append((len(scored), torch.softmax(scores, dim=0)))
    scored.sort(key=lambda each: abs(0.5 - float(each[1][1])))
    return [position for position, _ in scored[: preset.query_size]]


def _class_of(scores: Tensor) -> int:
    """The place of the highest of `scores` (C,)."""
    values = torch.softmax(scores, dim=0).tolist()
    return values.index(max(values))


def _optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        [each for each in model.parameters() if each.requires_grad],
        lr=recipe.learning_rate,
        betas=recipe.betas,
        eps=recipe.epsilon,
        weight_decay=recipe.weight_decay,
    )
