"""Time and peak memory of one CAL iteration: the engine compared with the reference.

    python benchmarks/learning.py [trec] [agnews] [--pairs N] [--reference-threads N]
                                  [--data FOLDER] [--smoke]

An iteration trains on the labelled set with training dynamics, measures the test accuracy and
queries the whole pool for 50 texts. Engine and reference (`reference.py`) run alternately in one
process, each in its usual way. The features of a run are computed only once, so they are not timed
here (`large.py` times them). By default the reference uses one torch thread per core, like the
released code. On a busy machine these threads wait for each other, up to ten times as long as they
compute, so check the printed load. A smoke run uses one thread and measures CPU time, which other
load on the machine hardly affects.
"""

from __future__ import annotations

import pickle
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from measure import (
    Clock,
    PairedTimes,
    Table,
    Target,
    alternate_runs,
    cpu_seconds,
    describe_machine,
    exit_with_status,
    in_fresh_process,
    make_parser,
    seconds,
)
from numpy.typing import NDArray
from problems import AG_NEWS, TREC, Problem, Shape
from reference import cal_iteration
from workload import Workload, data_folder, load_workload, shrink, temporary_cache

from cartography import PAPER, ActiveLearner, Preset
from cartography.active.simulation import seed_set
from cartography.models.metrics import evaluate
from cartography.models.training import as_tensor

SEED = 398048
SPEED_UP = {
    "TREC": Target(10, 5, "x", at_least=True),
    "AG News": Target(30, 20, "x", at_least=True),
}
# The speed-up grows with the pool, so small pools have the target of TREC for texts of any length.
SMOKE_SPEED_UP = SPEED_UP["TREC"]
PEAK_MEMORY = Target(1.0, 1.5, "GB")
_SMOKE_ROWS = {"trec": 5_000, "agnews": 4_000}


@dataclass(frozen=True, eq=False)
class Task:
    """The inputs of one iteration: a problem, its labelled rows (k,) and the preset."""

    problem: Problem
    labelled: NDArray[np.int64]
    preset: Preset

    @classmethod
    def of(cls, shape: Shape, problem: Problem, epochs: int = PAPER.classifier.epochs) -> Task:
        """The task of the paper in the sizes of `shape`."""
        preset = replace(
            PAPER,
            classifier=replace(PAPER.classifier, epochs=epochs, batch_size=shape.batch_size),
            discriminator=replace(PAPER.discriminator, epochs=epochs, batch_size=shape.batch_size),
        )
        return cls(problem, seed_set(problem.corpus, shape.labelled, SEED), preset)

    def run_engine(self) -> tuple[float, NDArray[np.int64]]:
        """Run the iteration: the test accuracy and the rows that the engine picks."""
        corpus = self.problem.corpus
        learner = ActiveLearner(
            self.problem.features,
            corpus.ids,
            corpus.classes,
            preset=self.preset,
            seed=SEED,
            device="cpu",
        )
        learner.teach_rows(self.labelled, corpus.labels[self.labelled])
        batch = learner.query()
        test_features = as_tensor(self.problem.test_features, learner.features.device)
        predicted = learner.probabilities(test_features).argmax(axis=1)
        return evaluate(predicted, self.problem.test.labels).accuracy, batch.rows


def run_from_disk(folder: Path) -> None:
    """Run the task in `folder` with memory-mapped features, like those of the engine's cache."""
    with (folder / "task.pickle").open("rb") as handle:
        task: Task = pickle.load(handle)
    features = np.load(folder / "features.npy", mmap_mode="r")
    replace(task, problem=replace(task.problem, features=features)).run_engine()


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Use `number` torch threads while the block runs."""
    previous = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(previous)


def compare(
    work: Workload, task: Task, pairs: int, reference_threads: int, clock: Clock
) -> tuple[PairedTimes, str]:
    """Run engine and reference alternately; return the times and a description."""
    train, test, vectors = work.tokens()
    accuracy: dict[str, float] = {}

    def run_engine() -> None:
        accuracy["engine"], rows = task.run_engine()
        assert len(np.setdiff1d(rows, task.labelled)) == task.preset.query_size

    def run_reference() -> None:
        with torch_threads(reference_threads):
            accuracy["reference"], rows = cal_iteration(
                train, test, vectors, task.labelled, work.shape.classes, task.preset, SEED
            )
        assert len(np.setdiff1d(rows, task.labelled)) == task.preset.query_size

    times = alternate_runs(run_engine, run_reference, pairs, clock)
    details = (
        f"{statistics.median(times.baseline):.3g} s / {statistics.median(times.candidate):.3g} s, "
        f"{pairs} pairs; accuracy {accuracy['reference']:.3f} and {accuracy['engine']:.3f}; "
        f"{len(task.labelled):,} labelled; {work.origin}"
    )
    return times, details


def measure_memory(task: Task, folder: Path) -> float:
    """Peak memory of a process that runs the task with the engine, in 10^9 bytes."""
    np.save(folder / "features.npy", task.problem.features)
    # Without the features, which are memory-mapped in a run.
    problem = replace(task.problem, features=np.zeros((0, 0), np.float32))
    with (folder / "task.pickle").open("wb") as handle:
        pickle.dump(replace(task, problem=problem), handle)
    return in_fresh_process(run_from_disk, folder)[1]


def main() -> None:
    """Print the table."""
    parser = make_parser(__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], "trec", "agnews"])
    parser.add_argument("--data", type=Path, help="folder of the real corpora")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--reference-threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    shapes = {"trec": TREC, "agnews": AG_NEWS}
    pairs, reference_threads, clock = arguments.pairs, arguments.reference_threads, seconds
    if arguments.smoke:
        pairs, reference_threads, clock = 2, 1, cpu_seconds
    print(f"{describe_machine()}; {reference_threads} torch threads for the reference")
    table = Table()
    for part in arguments.parts or shapes:
        full = shapes[part]
        shape = shrink(full, _SMOKE_ROWS[part], full.max_length) if arguments.smoke else full
        data = None if arguments.smoke else data_folder(arguments.data)
        target = SMOKE_SPEED_UP if arguments.smoke else SPEED_UP[shape.name]
        with temporary_cache() as folder:
            work = load_workload(shape, data, folder)
            task = Task.of(shape, work.problem, 5 if arguments.smoke else PAPER.classifier.epochs)
            times, details = compare(work, task, pairs, reference_threads, clock)
            table.add(f"{shape.name}: faster than the reference", times.ratio, target, details)
            if full is AG_NEWS:
                peak = measure_memory(task, folder)
                table.add(f"{shape.name}: peak memory", peak, PEAK_MEMORY, "in its own process")
    exit_with_status(arguments.smoke, table)


if __name__ == "__main__":
    main()
