"""Time of one training step of the engine, compared with a lower bound.

    python benchmarks/step.py [--rounds N] [--smoke]

The lower bound (floor) contains only what every step of these sizes needs: the matrix products of
the forward and backward pass, and PyTorch's fused AdamW over all parameters. Both are timed alone,
on preallocated buffers with one thread. The step of the engine also draws the order and the
dropout masks, gathers the batch, and computes ReLU, softmax, loss and training dynamics.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from measure import Table, Target, describe_machine, exit_with_status, make_parser
from problems import DIMENSIONS

from cartography import PAPER, TrainingSet, train_epochs

OVER_FLOOR = Target(1.5, 2.0, "x floor")
CLASSES = 6


def step_milliseconds(features: torch.Tensor, batch_size: int, steps: int, epochs: int) -> float:
    """Milliseconds per training step of one model; features (n, d), first epoch ignored."""
    rng = np.random.default_rng(0)
    size = steps * batch_size
    training_set = TrainingSet(
        rng.integers(len(features), size=size), rng.integers(CLASSES, size=size), seed=0
    )
    # Dynamics of the training pass: a separate pass per epoch would not be part of a step.
    recipe = replace(
        PAPER.classifier, batch_size=batch_size, epochs=epochs + 1, dynamics="training_pass"
    )
    ends = []
    for _ in train_epochs(features, [training_set], CLASSES, recipe):
        ends.append(time.perf_counter())
    return 1_000 * statistics.median(end - start for start, end in pairwise(ends)) / steps


class Floor:
    """The matrix products and the optimiser of one step, timed separately."""

    def __init__(self, batch_size: int) -> None:
        sizes = [DIMENSIONS, *PAPER.classifier.hidden, CLASSES]
        self.weights = [0.05 * torch.randn(shape) for shape in pairwise(sizes)]
        self.biases = [torch.zeros(size) for size in sizes[1:]]
        self.gradients = [torch.empty_like(weight) for weight in self.weights]
        self.activations = [torch.randn(batch_size, size) for size in sizes]
        self.errors = [torch.randn(batch_size, size) for size in sizes]
        flat = torch.randn(sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes)))
        flat.grad = 1e-3 * torch.randn_like(flat)
        self.optimiser = torch.optim.AdamW([flat], lr=PAPER.classifier.learning_rate, fused=True)

    def products(self) -> None:
        """Products of the forward pass, the weight gradients and the backward pass."""
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
        """Milliseconds per step of the products and of AdamW, averaged over `steps` calls."""
        times = []
        for call in (self.products, self.optimiser.step):
            start = time.perf_counter()
            for _ in range(steps):
                call()
            times.append(1_000 * (time.perf_counter() - start) / steps)
        return times[0], times[1]


def main() -> None:
    """Print the table."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    rounds, steps = (3, 40) if arguments.smoke else (arguments.rounds, 200)
    print(describe_machine())
    table = Table()
    features = torch.randn(2_000, DIMENSIONS)
    threads = torch.get_num_threads()
    for batch_size in (16, 64):
        floor = Floor(batch_size)
        times = []
        for _ in range(rounds):
            torch.set_num_threads(1)
            products, adamw = floor.milliseconds(steps)
            torch.set_num_threads(threads)
            times.append((products, adamw, step_milliseconds(features, batch_size, steps, 3)))
        products, adamw, step = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(total / (mm + adam) for mm, adam, total in times)
        details = f"{step:.3f} ms / ({products:.3f} products + {adamw:.3f} AdamW), {rounds} pairs"
        table.add(f"step at batch {batch_size}", ratio, OVER_FLOOR, details)
    exit_with_status(arguments.smoke, table)


if __name__ == "__main__":
    main()
