"""Growth of time and memory with the pool, the labelled set, the classes and the seeds.

    python benchmarks/growth.py [--pool N ...] [--labelled N ...] [--classes N ...] [--seeds N ...]
                                [--csv FILE] [--figure FILE.svg] [--smoke]

Along each axis the other sizes are constant: CAL with 1,000 labelled of 120,000 synthetic rows,
300 dimensions, 4 classes, one seed, batches of 64. Each point is measured in its own process. Times
are medians; memory is the peak minus the peak before the features were created. The exponents k of
size^k are least-squares fits to the logarithms, over the larger half of the sizes. The figure needs
Kaleido, which needs Chrome or Chromium.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from measure import (
    describe_machine,
    fit_exponent,
    in_fresh_process,
    make_parser,
    peak_memory,
    table_header,
    table_row,
)
from plotly.subplots import make_subplots
from problems import AG_NEWS, synthetic_problem

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
# A smoke run fails if a pool ten times as large takes about thirty times as long.
MAX_EXPONENT = 1.5
_MAX_SECONDS = 15.0  # for two runs; above it there is no third


@dataclass(frozen=True)
class Sizes:
    """The sizes of one point."""

    pool: int = AG_NEWS.rows
    labelled: int = AG_NEWS.labelled
    classes: int = AG_NEWS.classes
    seeds: int = 1


@dataclass(frozen=True)
class Point:
    """Training seconds, query seconds and memory (10^9 bytes) of one iteration of all seeds."""

    train_s: float
    query_s: float
    memory_gb: float


def measure_point(sizes: Sizes, epochs: int) -> Point:
    """Measure one iteration of CAL at these sizes, in this process."""
    baseline = peak_memory()
    shape = replace(AG_NEWS, rows=sizes.pool + sizes.labelled, classes=sizes.classes, test_rows=1)
    problem = synthetic_problem(shape)
    preset = PAPER.with_classifier(epochs=epochs, batch_size=shape.batch_size)
    preset = replace(
        preset,
        discriminator=replace(preset.discriminator, epochs=epochs, batch_size=shape.batch_size),
    )
    features = as_tensor(problem.features, pick_device("cpu"))
    corpus = problem.corpus
    train_times, query_times = [], []
    # The first run of a process is slow, which a (low) median ignores. Long runs are repeated once.
    while len(train_times) < 2 or (
        len(train_times) < 3 and sum(train_times) + sum(query_times) < _MAX_SECONDS
    ):
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
        train_times.append(time.perf_counter() - start)
        start = time.perf_counter()
        group.query(preset.query_size)
        query_times.append(time.perf_counter() - start)
    return Point(
        statistics.median_low(train_times),
        statistics.median_low(query_times),
        peak_memory() - baseline,
    )


def measure_axes(axes: Mapping[str, tuple[int, ...]], epochs: int) -> Iterator[dict[str, object]]:
    """Yield a row per point: the axis, the size along it, and the fields of `Point`."""
    for axis, sizes in axes.items():
        for size in sizes:
            point, _ = in_fresh_process(measure_point, replace(Sizes(), **{axis: size}), epochs)
            assert isinstance(point, Point)
            yield {"axis": axis, "size": size, **asdict(point)}


def fit_exponents(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    """The exponent of each quantity along each axis, over the larger half of the sizes."""
    exponents = {}
    for axis, points in table.groupby("axis", sort=False):
        large = points.sort_values("size").iloc[-max(2, (len(points) + 1) // 2) :]
        for quantity in QUANTITIES:
            exponents[str(axis), quantity] = fit_exponent(large["size"], large[quantity])
    return exponents


def plot_growth(table: pd.DataFrame, exponents: Mapping[tuple[str, str], float]) -> go.Figure:
    """One log-log panel per axis, with the exponents below it."""
    axes = list(dict.fromkeys(table["axis"]))
    figure = make_subplots(1, len(axes), shared_yaxes=True, horizontal_spacing=0.02)
    for column, axis in enumerate(axes, 1):
        points = table[table["axis"] == axis]
        for (quantity, name), colour, symbol in zip(
            QUANTITIES.items(),
            CLASS_COLOURS,
            ("circle", "square", "diamond"),
            strict=False,
        ):
            figure.add_scatter(
                x=points["size"],
                y=points[quantity],
                mode="lines+markers",
                name=name,
                showlegend=column == 1,
                line={"color": colour},
                marker={"symbol": symbol, "size": 8},
                row=1,
                col=column,
            )
        label = ", ".join(f"{exponents[axis, quantity]:.2f}" for quantity in QUANTITIES)
        figure.update_xaxes(
            title=f"{axis}<br>exponents {label}",
            tickvals=points["size"],
            ticktext=[f"{size:,}" for size in points["size"]],
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
    """Print the points and exponents, and write the optional CSV file and figure."""
    parser = make_parser(__doc__)
    for axis, sizes in SIZES.items():
        parser.add_argument(f"--{axis}", type=int, nargs="*", default=list(sizes))
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    axes = {axis: tuple(getattr(arguments, axis)) for axis in SIZES}
    axes = (
        dict(SMOKE) if arguments.smoke else {axis: sizes for axis, sizes in axes.items() if sizes}
    )
    print(describe_machine())
    print(table_header("axis", "size", *QUANTITIES.values()), flush=True)
    rows = []
    for point in measure_axes(axes, epochs=3 if arguments.smoke else PAPER.classifier.epochs):
        rows.append(point)
        print(table_row(*point.values()), flush=True)
    table = pd.DataFrame(rows)
    exponents = fit_exponents(table)
    print(table_header("exponent along", *QUANTITIES.values()))
    for axis in axes:
        print(table_row(axis, *(f"{exponents[axis, quantity]:.2f}" for quantity in QUANTITIES)))
    if arguments.csv:
        table.to_csv(arguments.csv, index=False)
    if arguments.figure:
        plot_growth(table, exponents).write_image(arguments.figure, "svg", width=1100, height=340)
    if arguments.smoke and not exponents["pool", "query_s"] < MAX_EXPONENT:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
