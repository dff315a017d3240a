"""One training step of the engine against its floor: the bare products and AdamW.

    python benchmarks/step.py [--rounds N] [--smoke]

The floor is what no step of these sizes can do without: the products of the forward pass, of the
weights' gradients and of the error passed back, and PyTorch's fused AdamW over all parameters,
each measured alone on ready-made buffers with one thread. The step is all that an epoch does:
drawing the order and the dropout, gathering the batch, ReLU, softmax, loss and dynamics.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from measure import Table, Target, leave, machine, options
from problems import DIMENSIONS

from cartography import PAPER, TrainingSet, train_epochs

OVER_FLOOR = Target(1.5, 2.0, "x floor")
CLASSES = 6


def step_milliseconds(features: torch.Tensor, batch_size: int, steps: int, epochs: int) -> float:
    """A training step of one model, from whole epochs of `steps` steps; the first is left out."""
    rng = np.random.default_rng(0)
    size = steps * batch_size
    chosen = TrainingSet(
        rng.integers(len(features), size=size), rng.integers(CLASSES, size=size), seed=0
    )
    # The dynamics of the training pass, for a pass of their own would not be a part of a step.
    recipe = replace(
        PAPER.classifier, batch_size=batch_size, epochs=epochs + 1, dynamics="training_pass"
    )
    ends = []
    for _ in train_epochs(features, [chosen], CLASSES, recipe):
        ends.append(time.perf_counter())
    return 1_000 * statistics.median(b - a for a, b in pairwise(ends)) / steps


class Floor:
    """The products and the optimiser of one step, each alone."""

    def __init__(self, batch_size: int) -> None:
        sizes = [DIMENSIONS, *PAPER.classifier.hidden, CLASSES]
        self.weights = [0.05 * torch.randn(pair) for pair in pairwise(sizes)]
        self.biases = [torch.zeros(size) for size in sizes[1:]]
        self.gradients = [torch.empty_like(each) for each in self.weights]
        self.activations = [torch.randn(batch_size, size) for size in sizes]
        self.errors = [torch.randn(batch_size, size) for size in sizes]
        flat = torch.randn(sum((a + 1) * b for a, b in pairwise(sizes)))
        flat.grad = 1e-3 * torch.randn_like(flat)
        self.optimiser = torch.optim.AdamW([flat], lr=PAPER.classifier.learning_rate, fused=True)

    def products(self) -> None:
        """Forward, the weights' gradients, and the errors passed back."""
        depths = range(len(self.weights))
        for depth in depths:
            torch.addmm(
                self.biases[depth],
                self.activations[depth],
                self.weights[depth],
                out=self.activations[depth + 1],
            )
        for depth in reversed(depths):
            error = self.errors[depth + 1]
            torch.mm(self.activations[depth].T, error, out=self.gradients[depth])
            if depth:
                torch.mm(error, self.weights[depth].T, out=self.errors[depth])

    @torch.no_grad()
    def milliseconds(self, steps: int) -> tuple[float, float]:
        """Products and AdamW of a step, from loops of `steps` of each."""
        found = []
        for part in (self.products, self.optimiser.step):
            start = time.perf_counter()
            for _ in range(steps):
                part()
            found.append(1_000 * (time.perf_counter() - start) / steps)
        return found[0], found[1]


def main() -> None:
    """Print the table."""
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    rounds, steps = (3, 40) if asked.smoke else (asked.rounds, 200)
    print(machine())
    table = Table()
    features = torch.randn(2_000, DIMENSIONS)
    before = torch.get_num_threads()
    for batch_size in (16, 64):
        floor = Floor(batch_size)
        taken = []
        for _ in range(rounds):
            torch.set_num_threads(1)
            products, adamw = floor.milliseconds(steps)
            torch.set_num_threads(before)
            taken.append((products, adamw, step_milliseconds(features, batch_size, steps, 3)))
        products, adamw, step = (statistics.median(each) for each in zip(*taken, strict=True))
        ratio = statistics.median(each[2] / (each[0] + each[1]) for each in taken)
        of = f"{step:.3f} ms / ({products:.3f} products + {adamw:.3f} AdamW), {rounds} pairs"
        table.add(f"step at batch {batch_size}", ratio, OVER_FLOOR, of)
    leave(asked.smoke, table)


if __name__ == "__main__":
    main()
