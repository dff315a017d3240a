"""What a corpus of 120,000 texts takes: its features, its full map, and a move of t_cor.

    python benchmarks/large.py [embedding] [map] [threshold] [--times N] [--data FOLDER] [--smoke]

Features are made from texts as a user's are, with the cache empty: the texts are split, their
words looked up in a fastText model that is mapped into memory, the vectors summed, and the
features written. A full map trains on all texts for ten epochs in batches of 64, dynamics and
map included. A move of t_cor is all that the server does for it: the new split, the batch, and
both figures up to their JSON. A smoke run counts the time of processors, which a busy machine
hardly changes.
"""

from __future__ import annotations

import shutil
import statistics
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from measure import Clock, Table, Target, cpu_seconds, leave, machine, options, seconds
from problems import AG_NEWS, Shape, made_up
from threshold import middle_levels, move, studied
from workload import Workload, data_folder, load, small, workshop

from cartography import PAPER, DataMap, TrainingDynamics, TrainingSet, embed, train_epochs
from cartography.files import cache_folder
from cartography.models.training import as_tensor, pick_device

EMBEDDING = Target(2, 4, "s")
FULL_MAP = Target(25, 40, "s")
MOVE = Target(100, 200, "ms")
EPOCHS = 10


class Stages:
    """Seconds between the sentences that `embed` tells, by the first word of each."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []

    def tell(self, sentence: str) -> None:
        """Note when this was told."""
        self.told.append((sentence.split()[0], time.perf_counter()))

    def words(self) -> str:
        """What each stage took, up to now."""
        ends = [*(at for _, at in self.told[1:]), time.perf_counter()]
        return ", ".join(
            f"{stage} {end - at:.2f}" for (stage, at), end in zip(self.told, ends, strict=True)
        )


def embedding(table: Table, work: Workload, times: int, clock: Clock) -> None:
    """Measure the making of the features from the texts."""
    taken, stages = [], Stages()
    for _ in range(times):
        shutil.rmtree(cache_folder())
        # A corpus keeps the key of its texts, and a new one has to find it.
        corpus, stages = replace(work.problem.corpus), Stages()
        call = partial(embed, (corpus,), work.vectors, progress=stages.tell)
        taken.append(clock(call))
    target = EMBEDDING.scaled(work.shape.rows / AG_NEWS.rows)
    of = f"{times} runs; the last: {stages.words()}; {work.origin}"
    table.add(f"features of {work.shape.rows:,} texts", statistics.median(taken), target, of)


def full_map(table: Table, shape: Shape, times: int, clock: Clock) -> None:
    """Measure training on all rows of a made-up problem of `shape`, and placing them on a map."""
    problem = made_up(shape)
    features = as_tensor(problem.features, pick_device("cpu"))
    recipe = replace(PAPER.classifier, epochs=EPOCHS, batch_size=shape.batch_size)
    everything = TrainingSet(np.arange(shape.rows), problem.corpus.labels, seed=0)

    def once() -> None:
        epochs = list(train_epochs(features, [everything], shape.classes, recipe))
        gold = np.stack([epoch.gold_probability[0] for epoch in epochs])
        correct = np.stack([epoch.correct[0] for epoch in epochs])
        DataMap.of(TrainingDynamics(problem.corpus.ids, gold, correct))

    taken = statistics.median(clock(once) for _ in range(times))
    target = FULL_MAP.scaled(shape.rows / AG_NEWS.rows)
    what = f"full map of {shape.rows:,} texts, {EPOCHS} epochs"
    table.add(what, taken, target, f"{times} runs; {problem.origin}")


def threshold(table: Table, folder: Path, rows: int, clock: Clock) -> None:
    """Measure moves of t_cor over a study of `rows` texts."""
    start = time.perf_counter()
    run = studied(folder / "study", rows)
    made_in = time.perf_counter() - start
    taken = [1_000 * clock(partial(move, run, t_cor)) for t_cor in middle_levels(run)][1:]
    of = f"{len(taken)} moves, the longest {max(taken):.0f} ms; the study was made in "
    table.add(
        f"t_cor moved, {rows:,} texts", statistics.median(taken), MOVE, f"{of}{made_in:.0f} s"
    )


def main() -> None:
    """Print a table of the parts that were asked for."""
    parser = options(__doc__)
    names = ("embedding", "map", "threshold")
    parser.add_argument("parts", nargs="*", choices=[[], *names])
    parser.add_argument("--data", type=Path, help="the folder of real corpora")
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()
    shape = small(AG_NEWS, 8_000, AG_NEWS.length) if asked.smoke else AG_NEWS
    data = None if asked.smoke else data_folder(asked.data)
    times, clock = (1, cpu_seconds) if asked.smoke else (asked.times, seconds)
    parts = asked.parts or names
    print(machine())
    table = Table()
    with workshop() as folder:
        if "embedding" in parts:
            embedding(table, load(shape, data, folder), times, clock)
        if "map" in parts:
            full_map(table, shape, times, clock)
        if "threshold" in parts:
            threshold(table, folder, shape.rows, clock)
    leave(asked.smoke, table)


if __name__ == "__main__":
    main()
