"""How time and memory grow with the pool, the labelled set, the classes and the seeds.

    python benchmarks/growth.py [--pool N ...] [--labelled N ...] [--classes N ...] [--seeds N ...]
                                [--csv FILE] [--figure FILE.svg] [--smoke]

Along each axis the other sizes stay: CAL with 1,000 labelled of 120,000 made-up rows of 300
numbers, 4 classes, one seed, batches of 64. Each point is a process of its own; its times are
medians, its memory is its peak less what stood there before the features were made. The exponents
k of size^k are least-squares fits on logarithms over the larger half of the sizes. The figure is
drawn by Kaleido, which needs a Chrome or Chromium.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from measure import exponent, heading, in_fresh_process, machine, options, peak, row
from plotly.subplots import make_subplots
from problems import AG_NEWS, made_up

from cartography import PAPER
from cartography.active.group import Learner, LearnerGroup
from cartography.active.simulation import seed_set
from cartography.figures import CLASS_COLOURS
from cartography.models.presets import SEEDS
from cartography.models.training import as_tensor, pick_device

SIZES: Mapping[str, tuple[int, ...]] = {
    "pool": (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000),
    "labelled": (125, 250, 500, 1_000, 2_000, 4_000),
    "classes": (2, 4, 8, 16, 32, 64, 128),
    "seeds": (1, 2, 4, 8, 16),
}
SMOKE: Mapping[str, tuple[int, ...]] = {"pool": (2_000, 20_000)}
QUANTITIES = {"train_s": "training, s", "query_s": "query, s", "memory_gb": "memory, GB"}
# A smoke run fails where a pool ten times as large takes thirty times as long.
MOST = 1.5
_LONG = 15.0  # seconds


@dataclass(frozen=True)
class Sizes:
    """The sizes of one point."""

    pool: int = AG_NEWS.rows
    labelled: int = AG_NEWS.labelled
    classes: int = AG_NEWS.classes
    seeds: int = 1


@dataclass(frozen=True)
class Point:
    """What one iteration took: seconds of training all seeds, of their queries, and memory."""

    train_s: float
    query_s: float
    memory_gb: float


def measured(sizes: Sizes, epochs: int) -> Point:
    """One iteration of CAL at these sizes, in this process."""
    before = peak()
    shape = replace(AG_NEWS, rows=sizes.pool + sizes.labelled, classes=sizes.classes, test_rows=1)
    problem = made_up(shape)
    preset = PAPER.with_classifier(epochs=epochs, batch_size=shape.batch_size)
    preset = replace(
        preset,
        discriminator=replace(preset.discriminator, epochs=epochs, batch_size=shape.batch_size),
    )
    features = as_tensor(problem.features, pick_device("cpu"))
    corpus = problem.corpus
    trained, asked = [], []
    # The first run of a process is slow, which a median of three leaves out; of a long run, two.
    while len(trained) < 2 or (len(trained) < 3 and sum(trained) + sum(asked) < _LONG):
        learners = []
        for seed in range(SEEDS[0], SEEDS[0] + sizes.seeds):
            learner = Learner(len(corpus), "cal", preset.for_corpus(len(corpus)), seed)
            rows = seed_set(corpus, sizes.labelled, seed)
            learner.teach(rows, corpus.labels[rows])
            learners.append(learner)
        group = LearnerGroup(features, corpus.ids, corpus.classes, learners)
        start = time.perf_counter()
        for _ in group.train():
            pass
        trained.append(time.perf_counter() - start)
        start = time.perf_counter()
        group.query(preset.query_size)
        asked.append(time.perf_counter() - start)
    return Point(statistics.median_low(trained), statistics.median_low(asked), peak() - before)


def along(axes: Mapping[str, tuple[int, ...]], epochs: int) -> Iterator[dict[str, object]]:
    """A row for each point: the axis, its size there, and what was measured."""
    for axis, sizes in axes.items():
        for size in sizes:
            point, _ = in_fresh_process(measured, replace(Sizes(), **{axis: size}), epochs)
            assert isinstance(point, Point)
            yield {"axis": axis, "size": size, **asdict(point)}


def exponents(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    """The exponent of each quantity along each axis, over the larger half of its sizes."""
    found = {}
    for axis, part in table.groupby("axis", sort=False):
        large = part.sort_values("size").iloc[-max(2, (len(part) + 1) // 2) :]
        for quantity in QUANTITIES:
            found[str(axis), quantity] = exponent(large["size"], large[quantity])
    return found


def drawn(table: pd.DataFrame, fitted: Mapping[tuple[str, str], float]) -> go.Figure:
    """A panel an axis, both scales logarithmic; the legend has the exponents."""
    axes = list(dict.fromkeys(table["axis"]))
    figure = make_subplots(1, len(axes), shared_yaxes=True, horizontal_spacing=0.02)
    for column, axis in enumerate(axes, 1):
        part = table[table["axis"] == axis]
        for (quantity, name), colour, symbol in zip(
            QUANTITIES.items(),
            CLASS_COLOURS,
            ("circle", "square", "diamond"),
            strict=False,
        ):
            figure.add_scatter(
                x=part["size"],
                y=part[quantity],
                mode="lines+markers",
                name=name,
                showlegend=column == 1,
                line={"color": colour},
                marker={"symbol": symbol, "size": 8},
                row=1,
                col=column,
            )
        told = ", ".join(f"{fitted[axis, quantity]:.2f}" for quantity in QUANTITIES)
        figure.update_xaxes(
            title=f"{axis}<br>exponents {told}",
            tickvals=part["size"],
            ticktext=[f"{size:,}" for size in part["size"]],
            row=1,
            col=column,
        )
    figure.update_xaxes(type="log", tickfont={"size": 10})
    figure.update_yaxes(type="log", tickvals=[m * 10.0**k for k in range(-3, 4) for m in (1, 3)])
    figure.update_layout(
        template="plotly_white",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        margin={"l": 50, "r": 20, "t": 40, "b": 70},
    )
    return figure


def main() -> None:
    """Print the points and the exponents, and write what was asked for."""
    parser = options(__doc__)
    for axis, sizes in SIZES.items():
        parser.add_argument(f"--{axis}", type=int, nargs="*", default=list(sizes))
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--figure", type=Path)
    asked = parser.parse_args()
    axes = {axis: tuple(getattr(asked, axis)) for axis in SIZES}
    axes = dict(SMOKE) if asked.smoke else {axis: each for axis, each in axes.items() if each}
    print(machine())
    print(heading("axis", "size", *QUANTITIES.values()), flush=True)
    rows = []
    for point in along(axes, epochs=3 if asked.smoke else PAPER.classifier.epochs):
        rows.append(point)
        print(row(*point.values()), flush=True)
    table = pd.DataFrame(rows)
    fitted = exponents(table)
    print(heading("exponent along", *QUANTITIES.values()))
    for axis in axes:
        print(row(axis, *(f"{fitted[axis, quantity]:.2f}" for quantity in QUANTITIES)))
    if asked.csv:
        table.to_csv(asked.csv, index=False)
    if asked.figure:
        drawn(table, fitted).write_image(asked.figure, "svg", width=1100, height=340)
    if asked.smoke and not fitted["pool", "query_s"] < MOST:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
