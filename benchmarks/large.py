"""Times for a corpus of 120,000 texts: features, a full data map and a t_cor change.

    python benchmarks/large.py [embedding] [map] [threshold] [--times N] [--data FOLDER] [--smoke]

Features are computed from the texts with an empty cache: the texts are tokenised, the words looked
up in a memory-mapped fastText model, the vectors summed and the features written. A full map trains
on all texts for ten epochs in batches of 64, including the dynamics and the map. A t_cor change is
the work of the server: the new split, the batch, and both figures as JSON. A smoke run measures CPU
time, which other load on the machine hardly affects.
"""

from __future__ import annotations

import shutil
import statistics
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from measure import (
    Clock,
    Table,
    Target,
    cpu_seconds,
    describe_machine,
    exit_with_status,
    make_parser,
    seconds,
)
from problems import AG_NEWS, Shape, synthetic_problem
from threshold import change_t_cor, make_study, middle_levels
from workload import Workload, data_folder, load_workload, shrink, temporary_cache

from cartography import PAPER, DataMap, TrainingDynamics, TrainingSet, embed, train_epochs
from cartography.features.word_features import WordFeatures
from cartography.files import cache_folder
from cartography.models.training import as_tensor, pick_device

EMBEDDING_TIME = Target(2, 4, "s")
FULL_MAP_TIME = Target(25, 40, "s")
T_COR_TIME = Target(100, 200, "ms")
EPOCHS = 10


class StageTimes:
    """Durations of the stages of `embed`, named by the first word of its progress messages."""

    def __init__(self) -> None:
        self.starts: list[tuple[str, float]] = []

    def record(self, message: str) -> None:
        """Record that a stage has started."""
        self.starts.append((message.split()[0], time.perf_counter()))

    def summary(self) -> str:
        """The seconds of each stage; the last one ends now."""
        ends = [*(start for _, start in self.starts[1:]), time.perf_counter()]
        return ", ".join(
            f"{stage} {end - start:.2f}"
            for (stage, start), end in zip(self.starts, ends, strict=True)
        )


def embedding(table: Table, work: Workload, times: int, clock: Clock) -> None:
    """Measure computing the features from the texts."""
    durations, stages = [], StageTimes()
    for _ in range(times):
        shutil.rmtree(cache_folder())
        # A corpus caches the fingerprint of its texts; a copy has to compute it again.
        corpus, stages = replace(work.problem.corpus), StageTimes()
        kind = WordFeatures(work.vectors)
        call = partial(embed, (corpus,), kind, scaled=False, progress=stages.record)
        durations.append(clock(call))
    target = EMBEDDING_TIME.scaled(work.shape.rows / AG_NEWS.rows)
    details = f"{times} runs; the last: {stages.summary()}; {work.origin}"
    table.add(
        f"features of {work.shape.rows:,} texts", statistics.median(durations), target, details
    )


def full_map(table: Table, shape: Shape, times: int, clock: Clock) -> None:
    """Measure training on all rows of a synthetic problem and computing their data map."""
    problem = synthetic_problem(shape)
    features = as_tensor(problem.features, pick_device("cpu"))
    recipe = replace(PAPER.classifier, epochs=EPOCHS, batch_size=shape.batch_size)
    training_set = TrainingSet(np.arange(shape.rows), problem.corpus.labels, seed=0)

    def once() -> None:
        epochs = list(train_epochs(features, [training_set], shape.classes, recipe))
        gold = np.stack([epoch.gold_probability[0] for epoch in epochs])
        correct = np.stack([epoch.correct[0] for epoch in epochs])
        DataMap.of(TrainingDynamics(problem.corpus.ids, gold, correct))

    duration = statistics.median(clock(once) for _ in range(times))
    target = FULL_MAP_TIME.scaled(shape.rows / AG_NEWS.rows)
    what = f"full map of {shape.rows:,} texts, {EPOCHS} epochs"
    table.add(what, duration, target, f"{times} runs; {problem.origin}")


def threshold(table: Table, folder: Path, rows: int, clock: Clock) -> None:
    """Measure t_cor changes on a study of `rows` texts."""
    start = time.perf_counter()
    run = make_study(folder / "study", rows)
    study_seconds = time.perf_counter() - start
    # The first change also warms up.
    durations = [1_000 * clock(partial(change_t_cor, run, t_cor)) for t_cor in middle_levels(run)][
        1:
    ]
    details = (
        f"{len(durations)} changes, the longest {max(durations):.0f} ms; "
        f"the study took {study_seconds:.0f} s"
    )
    table.add(f"t_cor change, {rows:,} texts", statistics.median(durations), T_COR_TIME, details)


def main() -> None:
    """Print a table of the selected parts."""
    parser = make_parser(__doc__)
    names = ("embedding", "map", "threshold")
    parser.add_argument("parts", nargs="*", choices=[[], *names])
    parser.add_argument("--data", type=Path, help="folder of the real corpora")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    shape = shrink(AG_NEWS, 8_000, AG_NEWS.max_length) if arguments.smoke else AG_NEWS
    data = None if arguments.smoke else data_folder(arguments.data)
    times, clock = (1, cpu_seconds) if arguments.smoke else (arguments.times, seconds)
    parts = arguments.parts or names
    print(describe_machine())
    table = Table()
    with temporary_cache() as folder:
        if "embedding" in parts:
            embedding(table, load_workload(shape, data, folder), times, clock)
        if "map" in parts:
            full_map(table, shape, times, clock)
        if "threshold" in parts:
            threshold(table, folder, shape.rows, clock)
    exit_with_status(arguments.smoke, table)


if __name__ == "__main__":
    main()
