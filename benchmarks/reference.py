"""CAL in the style of the released code, as the baseline of the benchmarks.

Texts are rows of token numbers in a DataLoader. Each forward pass looks up and sums their word
vectors, each step uses autograd and the optimiser's defaults, and probabilities, classes and the
ranking of the pool are read from tensors row by row, also during training. Sizes, steps and epochs
are those of the paper, as in the engine. The engine's separate pass for the training dynamics is
not done here, so ratios between the two are in favour of this baseline.
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


class _Classifier(nn.Module):
    """The main classifier: summed word vectors, then ReLU layers with dropout."""

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
    """The binary classifier with one hidden ReLU layer."""

    def __init__(self, inputs: int, recipe: Recipe) -> None:
        super().__init__()
        (size,) = recipe.hidden
        self.hidden, self.output = nn.Linear(inputs, size), nn.Linear(size, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.output(torch.relu(self.hidden(inputs)))


@dataclass(frozen=True, eq=False)
class Tokens:
    """Texts as token numbers (n, L), padded with 0, and their labels (n,)."""

    numbers: NDArray[np.int64]
    labels: NDArray[np.int64]

    def select(self, rows: NDArray[np.int64]) -> _Texts:
        """The texts at `rows` (k,)."""
        return _Texts(self.numbers[rows], self.labels[rows])


def cal_iteration(
    train: Tokens,
    test: Tokens,
    vectors: NDArray[np.float32],
    labelled: NDArray[np.int64],
    classes: int,
    preset: Preset,
    seed: int,
) -> tuple[float, list[int]]:
    """Train on the rows `labelled` and query the rest: test accuracy and the rows picked."""
    torch.manual_seed(seed)
    recipe = preset.classifier
    model = _Classifier(torch.from_numpy(vectors), recipe, classes)
    optimiser = _optimiser(model, recipe)
    batch_size = recipe.batch_size
    dynamics: dict[int, list[tuple[float, bool]]] = {row: [] for row in range(len(labelled))}
    model.train()
    for _ in range(recipe.epochs):
        row = 0
        for tokens, labels in DataLoader(train.select(labelled), batch_size=batch_size):
            optimiser.zero_grad()
            logits, _ = model(tokens)
            for scores, label in zip(logits, labels, strict=True):
                probability = torch.softmax(scores, dim=0)
                correct = _predicted_class(scores) == int(label)
                dynamics[row].append((probability[label].item(), correct))
                row += 1
            nn.functional.cross_entropy(logits, labels).backward()
            optimiser.step()
    correctness = [sum(hit for _, hit in epochs) / recipe.epochs for epochs in dynamics.values()]

    model.eval()
    hits = 0
    with torch.no_grad():
        all_rows = np.arange(len(test.labels))
        for tokens, labels in DataLoader(test.select(all_rows), batch_size=batch_size):
            logits, _ = model(tokens)
            for scores, label in zip(logits, labels, strict=True):
                hits += int(_predicted_class(scores) == int(label))

    pool = np.setdiff1d(np.arange(len(train.labels)), labelled)
    labelled_inputs = _hidden_representations(model, train.select(labelled), batch_size)
    pool_inputs = _hidden_representations(model, train.select(pool), batch_size)
    targets = [int(share > preset.t_cor) for share in correctness]
    picks = _query_discriminator(labelled_inputs, targets, pool_inputs, preset, seed)
    return hits / len(test.labels), [int(pool[position]) for position in picks]


def _hidden_representations(
    model: _Classifier, texts: _Texts, batch_size: int | None
) -> list[Tensor]:
    """The last hidden layer (h,) of each text."""
    rows: list[Tensor] = []
    with torch.no_grad():
        for tokens, _ in DataLoader(texts, batch_size=batch_size):
            rows.extend(model(tokens)[1])
    return rows


def _query_discriminator(
    labelled_inputs: list[Tensor],
    targets: list[int],
    pool_inputs: list[Tensor],
    preset: Preset,
    seed: int,
) -> list[int]:
    """Train a discriminator; return the pool positions nearest to its decision boundary."""
    torch.manual_seed(seed)
    recipe = preset.discriminator
    model = _Discriminator(len(labelled_inputs[0]), recipe)
    optimiser = _optimiser(model, recipe)
    examples = list(zip(labelled_inputs, targets, strict=True))
    hits = 0
    for _ in range(recipe.epochs):
        for inputs, labels in DataLoader(examples, batch_size=recipe.batch_size):
            optimiser.zero_grad()
            logits = model(inputs)
            hits += sum(
                _predicted_class(scores) == int(label)
                for scores, label in zip(logits, labels, strict=True)
            )
            nn.functional.cross_entropy(logits, labels).backward()
            optimiser.step()
    ranking: list[tuple[int, Tensor]] = []
    with torch.no_grad():
        for inputs in DataLoader(pool_inputs, batch_size=recipe.batch_size):
            for scores in model(inputs):
                ranking.append((len(ranking), torch.softmax(scores, dim=0)))
    ranking.sort(key=lambda entry: abs(0.5 - float(entry[1][1])))
    return [position for position, _ in ranking[: preset.query_size]]


def _predicted_class(scores: Tensor) -> int:
    """Index of the highest score (C,)."""
    values = torch.softmax(scores, dim=0).tolist()
    return values.index(max(values))


def _optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        lr=recipe.learning_rate,
        betas=recipe.betas,
        eps=recipe.epsilon,
        weight_decay=recipe.weight_decay,
    )
