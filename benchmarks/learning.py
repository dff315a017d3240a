"""One iteration of CAL by the engine, and as the released code works: seconds and peak memory.

    python benchmarks/learning.py [trec] [agnews] [--pairs N] [--reference-threads N]
                                  [--data FOLDER] [--smoke]

An iteration trains on the labelled set with its dynamics, measures the accuracy on the test set
and asks the whole pool for 50 texts. Engine and reference run alternately in one process, each as
its user would have it; features are made once for a whole run, so they are ready here, and how
long they take is in `large.py`. Unless `--reference-threads` says otherwise the reference has as
many of torch's threads as there are cores, as the released code has. On a busy machine these wait
for one another, up to ten times as long as they compute, so look at the load that is printed. In a
smoke run it has one, and the time of processors counts, which a busy machine hardly changes.
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
    Paired,
    Table,
    Target,
    cpu_seconds,
    in_fresh_process,
    in_turn,
    leave,
    machine,
    options,
    seconds,
)
from numpy.typing import NDArray
from problems import AG_NEWS, TREC, Problem, Shape
from reference import cal_iteration
from workload import Workload, data_folder, load, small, workshop

from cartography import PAPER, ActiveLearner, Preset
from cartography.active.simulation import seed_set
from cartography.models.metrics import evaluate
from cartography.models.training import as_tensor

SEED = 398048
FASTER = {"TREC": Target(10, 5, "x", at_least=True), "AG News": Target(30, 20, "x", at_least=True)}
# What the engine saves grows with the pool, so a few thousand texts of any length are as TREC's.
FASTER_WHEN_SMALL = FASTER["TREC"]
MEMORY = Target(1.0, 1.5, "GB")
_SMOKE_ROWS = {"trec": 5_000, "agnews": 4_000}


@dataclass(frozen=True, eq=False)
class Task:
    """What one iteration is: a problem, the rows that are labelled, and the preset."""

    problem: Problem
    labelled: NDArray[np.int64]
    preset: Preset

    @classmethod
    def of(cls, shape: Shape, problem: Problem, epochs: int = PAPER.classifier.epochs) -> Task:
        """The task of the paper at the sizes of `shape`, in this many epochs."""
        preset = replace(
            PAPER,
            classifier=replace(PAPER.classifier, epochs=epochs, batch_size=shape.batch_size),
            discriminator=replace(PAPER.discriminator, epochs=epochs, batch_size=shape.batch_size),
        )
        return cls(problem, seed_set(problem.corpus, shape.labelled, SEED), preset)

    def engine(self) -> tuple[float, NDArray[np.int64]]:
        """Test accuracy, and the rows that the engine picks."""
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
        held_out = as_tensor(self.problem.test_features, learner.features.device)
        predicted = learner.probabilities(held_out).argmax(axis=1)
        return evaluate(predicted, self.problem.test.labels).accuracy, batch.rows


def from_disk(folder: Path) -> None:
    """One iteration by the engine with its features mapped from `folder`, as its cache has them."""
    with (folder / "task.pickle").open("rb") as handle:
        task: Task = pickle.load(handle)
    features = np.load(folder / "features.npy", mmap_mode="r")
    replace(task, problem=replace(task.problem, features=features)).engine()


@contextmanager
def threads(number: int) -> Iterator[None]:
    """This `number` of torch's own threads while the block runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def compare(
    work: Workload, task: Task, pairs: int, reference_threads: int, clock: Clock
) -> tuple[Paired, str]:
    """Engine and reference in turn, and what is to be said of it."""
    train, test, vectors = work.tokens()
    accuracy: dict[str, float] = {}

    def ours() -> None:
        accuracy["engine"], rows = task.engine()
        assert len(np.setdiff1d(rows, task.labelled)) == task.preset.query_size

    def theirs() -> None:
        with threads(reference_threads):
            accuracy["reference"], rows = cal_iteration(
                train, test, vectors, task.labelled, work.shape.classes, task.preset, SEED
            )
        assert len(np.setdiff1d(rows, task.labelled)) == task.preset.query_size

    runs = in_turn(ours, theirs, pairs, clock)
    of = (
        f"{statistics.median(runs.theirs):.3g} s / {statistics.median(runs.ours):.3g} s, "
        f"{pairs} pairs; accuracy {accuracy['reference']:.3f} and {accuracy['engine']:.3f}; "
        f"{len(task.labelled):,} labelled; {work.origin}"
    )
    return runs, of


def memory(task: Task, folder: Path) -> float:
    """Peak memory of a process in which the engine does the task, in 10^9 bytes."""
    np.save(folder / "features.npy", task.problem.features)
    # All that a run keeps in memory, but for the features, which are mapped.
    problem = replace(task.problem, features=np.zeros((0, 0), np.float32))
    with (folder / "task.pickle").open("wb") as handle:
        pickle.dump(replace(task, problem=problem), handle)
    return in_fresh_process(from_disk, folder)[1]


def main() -> None:
    """Print the table."""
    parser = options(__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], "trec", "agnews"])
    parser.add_argument("--data", type=Path, help="the folder of real corpora")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--reference-threads", type=int, default=torch.get_num_threads())
    asked = parser.parse_args()
    parts = {"trec": TREC, "agnews": AG_NEWS}
    pairs, reference_threads, clock = asked.pairs, asked.reference_threads, seconds
    if asked.smoke:
        pairs, reference_threads, clock = 2, 1, cpu_seconds
    print(f"{machine()}; {reference_threads} torch threads for the reference")
    table = Table()
    for part in asked.parts or parts:
        whole = parts[part]
        shape = small(whole, _SMOKE_ROWS[part], whole.length) if asked.smoke else whole
        data = None if asked.smoke else data_folder(asked.data)
        target = FASTER_WHEN_SMALL if asked.smoke else FASTER[shape.name]
        with workshop() as folder:
            work = load(shape, data, folder)
            task = Task.of(shape, work.problem, 5 if asked.smoke else PAPER.classifier.epochs)
            runs, of = compare(work, task, pairs, reference_threads, clock)
            table.add(f"{shape.name}: faster than the reference", runs.ratio, target, of)
            if whole is AG_NEWS:
                used = memory(task, folder)
                table.add(f"{shape.name}: peak memory", used, MEMORY, "a process that does this")
    leave(asked.smoke, table)


if __name__ == "__main__":
    main()
