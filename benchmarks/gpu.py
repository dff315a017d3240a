"""All checks and timings for a GPU: does it agree with the CPU, and how fast is it?

    python benchmarks/gpu.py [--device cuda] [--out FOLDER] [--trec FILE.npz] [--agnews FILE.npz]
                             [--limit SECONDS] [--quick] [--smoke]

Needs only the checkout, PyTorch, NumPy and pandas. Features are synthetic, in the shape of the
paper's corpora, or read from files of `workload.py`; the output says which. The last timing is the
whole paper (2 corpora, 6 strategies, 5 seeds, 30 iterations). It gets the remaining seconds of
`--limit`; what does not fit is extrapolated and marked as such. Writes gpu.json to `--out`. The
exit status is 1 if a check fails. `--quick` uses small sizes, `--smoke` also the CPU.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

# So that the checkout works without being installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agreement import Checks, check_device
from measure import Target, describe_machine, format_number, seconds
from problems import AG_NEWS, TREC, Problem, Shape, load_problem, synthetic_problem

from cartography.active.learner import ActiveLearner
from cartography.active.simulation import Iteration, Trial, seed_set, simulate
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.models.presets import PAPER, SEEDS, Preset
from cartography.models.trainer import TrainingSet
from cartography.models.training import as_tensor, pick_device, train_epochs
from cartography.strategies.table import STRATEGIES

PAPER_STRATEGIES = ("random", "lc", "entropy", "bald", "dal", "cal")
ITERATION_TIME = {"TREC": Target(0.1, 0.3, "s"), "AG News": Target(0.15, 0.5, "s")}
FULL_MAP_TIME = Target(2, 5, "s")
WHOLE_PAPER_TIME = Target(60, 180, "s")
MAP_EPOCHS = 10


class Timings:
    """A table of timings and their targets; each row is printed when it is added."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        print("\n| what | measured | details | goal | bar |  |\n" + "| --- " * 6 + "|", flush=True)

    def add(
        self, what: str, value: float, unit: str, details: str = "", target: Target | None = None
    ) -> None:
        """Print a row."""
        row = {"what": what, "value": value, "unit": unit, "of": details}
        self.rows.append(row | ({"goal": target.goal, "bar": target.bar} if target else {}))
        cells = (
            f"{target.goal:g} | {target.bar:g} | {target.verdict(value)}" if target else " |  | "
        )
        print(f"| {what} | {format_number(value)} {unit} | {details} | {cells} |", flush=True)


class Bench:
    """The timings of one device."""

    def __init__(self, device: torch.device, problems: dict[str, Problem], quick: bool) -> None:
        self.device = device
        self.quick = quick
        self.problems = problems
        self.features = {
            name: as_tensor(problem.features, device) for name, problem in problems.items()
        }
        self.timings = Timings()

    def preset(self, shape: Shape) -> Preset:
        """The preset of the paper with the batch size of `shape`."""
        epochs = 2 if self.quick else PAPER.classifier.epochs
        return replace(
            PAPER,
            classifier=replace(PAPER.classifier, epochs=epochs, batch_size=shape.batch_size),
            discriminator=replace(PAPER.discriminator, epochs=epochs, batch_size=shape.batch_size),
            seed_size=min(shape.labelled, 500) if shape is TREC else shape.labelled,
        )

    def median_seconds(self, call: Callable[[], object], times: int) -> float:
        """Median seconds of `call`, including its work on the device, after one warm-up call."""

        def call_and_wait() -> None:
            call()
            if self.device.type == "cuda":
                torch.cuda.synchronize()

        call_and_wait()
        return statistics.median(seconds(call_and_wait) for _ in range(1 if self.quick else times))

    def iteration(self, shape: Shape, strategy: str) -> None:
        """One iteration of one seed: train on the labelled set, evaluate and query the pool."""
        problem, features = self.problems[shape.name], self.features[shape.name]
        test_features = as_tensor(problem.test_features, self.device)
        corpus = problem.corpus
        rows = seed_set(corpus, shape.labelled, SEEDS[0])
        learner = ActiveLearner(
            features,
            corpus.ids,
            corpus.classes,
            strategy=strategy,
            preset=self.preset(shape),
            seed=SEEDS[0],
        )
        learner.teach_rows(rows, corpus.labels[rows])

        def once() -> None:
            # Any call of teach_rows, even without rows, makes the learner train again.
            learner.teach_rows(rows[:0], corpus.labels[:0])
            learner.query()
            learner.probabilities(test_features)

        times = {"cal": 9, "dal": 2, "cal-dal": 2}.get(strategy, 3)
        target = ITERATION_TIME[shape.name] if strategy == "cal" and not self.quick else None
        what = f"iteration of {strategy}, {shape.name}, {len(corpus):,} rows"
        self.timings.add(
            what, self.median_seconds(once, times), "s", f"{shape.labelled:,} labelled", target
        )

    def five_seeds(self, shape: Shape) -> None:
        """One iteration of CAL with five seeds at once compared with one seed at a time."""
        problem = self.problems[shape.name]
        preset = replace(self.preset(shape), iterations=1)

        def simulate_seeds(seeds: Sequence[int]) -> None:
            for _ in self.simulate_trials(problem, [Trial("cal", seed) for seed in seeds], preset):
                pass

        at_once = self.median_seconds(lambda: simulate_seeds(SEEDS), 3)
        in_turn = self.median_seconds(lambda: [simulate_seeds([seed]) for seed in SEEDS], 3)
        details = f"{in_turn:.3g} s / {at_once:.3g} s"
        self.timings.add("five seeds at once, faster than in turn", in_turn / at_once, "x", details)

    def full_map(self, shape: Shape) -> None:
        """Train on all rows of a corpus and compute its data map."""
        problem, features = self.problems[shape.name], self.features[shape.name]
        training_set = TrainingSet(np.arange(shape.rows), problem.corpus.labels, seed=0)
        epochs = 2 if self.quick else MAP_EPOCHS
        recipe = replace(PAPER.classifier, epochs=epochs, batch_size=shape.batch_size)

        def once() -> None:
            records = list(train_epochs(features, [training_set], shape.classes, recipe))
            gold = np.stack([epoch.gold_probability[0] for epoch in records])
            correct = np.stack([epoch.correct[0] for epoch in records])
            DataMap.of(TrainingDynamics(problem.corpus.ids, gold, correct))

        what = f"full map of {shape.rows:,} rows, {epochs} epochs"
        target = None if self.quick else FULL_MAP_TIME
        self.timings.add(
            what, self.median_seconds(once, 2), "s", f"batches of {shape.batch_size}", target
        )

    def steps(self, batch_size: int, models: int) -> None:
        """Training steps per second, summed over the models."""
        features = self.features["TREC"]
        steps = 4 if self.quick else 200
        rng = np.random.default_rng(0)
        size = steps * batch_size
        sets = [
            TrainingSet(rng.integers(len(features), size=size), rng.integers(6, size=size), seed)
            for seed in range(models)
        ]
        recipe = replace(
            PAPER.classifier, batch_size=batch_size, epochs=4, dynamics="training_pass"
        )
        ends = [time.perf_counter() for _ in train_epochs(features, sets, 6, recipe)]
        rate = models * steps / statistics.median(np.diff(ends))
        self.timings.add(f"steps per second, batch {batch_size}, {models} models", rate, "/s")

    def whole_paper(self, shapes: Sequence[Shape], limit: float) -> None:
        """Both corpora with six strategies and five seeds at once, within `limit` seconds."""
        trials = [Trial(strategy, seed) for strategy in PAPER_STRATEGIES for seed in SEEDS]
        total, notes = 0.0, []
        for corpora_left, shape in zip(range(len(shapes), 0, -1), shapes, strict=True):
            iterations = 1 if self.quick else PAPER.iterations
            preset = replace(self.preset(shape), iterations=iterations)
            budget = limit / corpora_left
            start = time.perf_counter()
            ends = [0.0]
            for iteration in self.simulate_trials(self.problems[shape.name], trials, preset):
                if iteration.trial == trials[-1]:
                    ends.append(time.perf_counter() - start)
                    if ends[-1] > budget:
                        break
            limit -= ends[-1]
            done = len(ends) - 2
            notes.append(f"{shape.name}: {ends[-1]:.1f} s for {done} of {iterations} iterations")
            if done < iterations:
                ends.append(extrapolate(ends, iterations + 1))
                notes[-1] += f", EXTRAPOLATED to {ends[-1]:.0f} s"
            total += ends[-1]
        what = f"the whole paper: {len(shapes)} corpora, {len(trials)} trials"
        target = None if self.quick else WHOLE_PAPER_TIME
        self.timings.add(what, total, "s", "; ".join(notes), target)

    def simulate_trials(
        self, problem: Problem, trials: Sequence[Trial], preset: Preset
    ) -> Iterator[Iteration]:
        """The iterations of `trials` on this device."""
        return simulate(
            problem.corpus,
            problem.features,
            problem.test,
            problem.test_features,
            trials,
            preset=preset,
            device=self.device.type,
        )


def extrapolate(ends: Sequence[float], trainings: int) -> float:
    """End of the last of `trainings`, by a linear fit to the durations of those that have ended.

    `ends` starts with the start time 0. The first training is slow because of warm-up and has no
    query, so it is ignored if there are others.
    """
    durations = np.diff(ends)
    past = durations[1:] if len(durations) > 1 else durations
    slope, level = np.polyfit(range(len(past)), past, 1) if len(past) > 2 else (0, past.mean())
    future = np.arange(len(past), len(past) + trainings - len(durations))
    return float(ends[-1] + (level + slope * future).sum())


def main() -> int:
    """Run the checks and the timings, and write gpu.json."""
    start = time.perf_counter()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--trec", type=Path, help="features of TREC, a file of workload.py")
    parser.add_argument("--agnews", type=Path, help="features of AG News, a file of workload.py")
    parser.add_argument("--limit", type=float, default=540, help="seconds for the whole benchmark")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--smoke", action="store_true", help="small sizes, on the CPU")
    arguments = parser.parse_args()
    quick = arguments.quick or arguments.smoke
    device = pick_device("cpu" if arguments.smoke else arguments.device)
    shapes = [TREC, AG_NEWS]
    if quick:
        shapes = [replace(shape, rows=600, test_rows=100, labelled=60) for shape in shapes]
    problems = {
        shape.name: load_problem(path, shape) if path else synthetic_problem(shape)
        for shape, path in zip(shapes, (arguments.trec, arguments.agnews), strict=True)
    }
    device_name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(f"{device_name}; {describe_machine()}")
    for problem in problems.values():
        print(problem.origin)

    checks = Checks()
    small = replace(TREC, rows=300 if quick else 2_000, test_rows=1)
    check_device(synthetic_problem(small), device, checks)

    bench = Bench(device, problems, quick)
    for batch_size, models in ((16, 1), (64, 1), (16, 5), (64, 5), (16, 30), (64, 30)):
        bench.steps(batch_size, models)
    for shape in shapes:
        for strategy in ("cal", *(name for name in STRATEGIES if name != "cal")):
            bench.iteration(shape, strategy)
    bench.five_seeds(shapes[0])
    bench.full_map(shapes[1])
    bench.whole_paper(shapes, arguments.limit - (time.perf_counter() - start))
    memory = ""
    if device.type == "cuda":
        memory = f"peak device memory {torch.cuda.max_memory_allocated() / 1e9:.2f} GB"
    bench.timings.add("whole benchmark", time.perf_counter() - start, "s", memory)

    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        report = {
            "device": device_name,
            "machine": describe_machine(),
            "quick": quick,
            "problems": [problem.origin for problem in problems.values()],
            "checks": checks.rows,
            "timings": bench.timings.rows,
        }
        (arguments.out / "gpu.json").write_text(
            json.dumps(report, indent=2) + "\n", encoding="utf-8"
        )
    return 0 if checks.passed else 1


if __name__ == "__main__":
    sys.exit(main())
