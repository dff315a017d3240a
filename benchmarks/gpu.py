"""Everything for a GPU in one call: whether it computes what the CPU does, and how long it takes.

    python benchmarks/gpu.py [--device cuda] [--out FOLDER] [--trec FILE.npz] [--agnews FILE.npz]
                             [--limit SECONDS] [--quick] [--smoke]

Needs the checkout, PyTorch, NumPy and pandas. Features are made up in the shape of the paper's
corpora, or read from the files that `workload.py` writes; what is printed says which. The paper
(2 corpora, 6 strategies, 5 seeds, 30 iterations) comes last and has the seconds that are left of
`--limit`; what does not fit is extrapolated, and said to be. Writes gpu.json to `--out`. Exits
with 1 when a check fails. `--quick` runs the same on small sizes, `--smoke` that on the CPU.
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

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agreement import Checks, check
from measure import Target, machine, seconds, told
from problems import AG_NEWS, TREC, Problem, Shape, from_file, made_up

from cartography.active.learner import ActiveLearner
from cartography.active.simulation import Iteration, Trial, seed_set, simulate
from cartography.maps.data_map import DataMap
from cartography.maps.dynamics import TrainingDynamics
from cartography.models.presets import PAPER, SEEDS, Preset
from cartography.models.trainer import TrainingSet
from cartography.models.training import as_tensor, pick_device, train_epochs
from cartography.strategies.table import STRATEGIES

PAPERS_STRATEGIES = ("random", "lc", "entropy", "bald", "dal", "cal")
ITERATION = {"TREC": Target(0.1, 0.3, "s"), "AG News": Target(0.15, 0.5, "s")}
FULL_MAP = Target(2, 5, "s")
WHOLE_PAPER = Target(60, 180, "s")
MAP_EPOCHS = 10


class Timings:
    """What was timed, beside a target where there is one; printed as it grows."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        print("\n| what | measured | of | goal | bar |  |\n" + "| --- " * 6 + "|", flush=True)

    def add(
        self, what: str, value: float, unit: str, of: str = "", target: Target | None = None
    ) -> None:
        """Print a row."""
        named = {"what": what, "value": value, "unit": unit, "of": of}
        self.rows.append(named | ({"goal": target.goal, "bar": target.bar} if target else {}))
        beside = (
            f"{target.goal:g} | {target.bar:g} | {target.verdict(value)}" if target else " |  | "
        )
        print(f"| {what} | {told(value)} {unit} | {of} | {beside} |", flush=True)


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
        """The paper's, with the batch size of `shape`."""
        epochs = 2 if self.quick else PAPER.classifier.epochs
        return replace(
            PAPER,
            classifier=replace(PAPER.classifier, epochs=epochs, batch_size=shape.batch_size),
            discriminator=replace(PAPER.discriminator, epochs=epochs, batch_size=shape.batch_size),
            seed_size=min(shape.labelled, 500) if shape is TREC else shape.labelled,
        )

    def timed(self, call: Callable[[], object], times: int) -> float:
        """Median seconds of `call`, all its work on the device done, after one uncounted."""

        def whole() -> None:
            call()
            if self.device.type == "cuda":
                torch.cuda.synchronize()

        whole()
        return statistics.median(seconds(whole) for _ in range(1 if self.quick else times))

    def iteration(self, shape: Shape, strategy: str) -> None:
        """Train on the labelled set, evaluate, and ask the pool: one iteration of one seed."""
        problem, features = self.problems[shape.name], self.features[shape.name]
        held_out = as_tensor(problem.test_features, self.device)
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
            # Teaching nothing new has the learner train anew.
            learner.teach_rows(rows[:0], corpus.labels[:0])
            learner.query()
            learner.probabilities(held_out)

        times = {"cal": 9, "dal": 2, "cal-dal": 2}.get(strategy, 3)
        target = ITERATION[shape.name] if strategy == "cal" and not self.quick else None
        what = f"iteration of {strategy}, {shape.name}, {len(corpus):,} rows"
        self.timings.add(what, self.timed(once, times), "s", f"{shape.labelled:,} labelled", target)

    def five_seeds(self, shape: Shape) -> None:
        """One iteration of CAL with five seeds at once, and in turn."""
        problem = self.problems[shape.name]
        preset = replace(self.preset(shape), iterations=1)

        def of(seeds: Sequence[int]) -> None:
            for _ in self.simulated(problem, [Trial("cal", seed) for seed in seeds], preset):
                pass

        at_once = self.timed(lambda: of(SEEDS), 3)
        in_turn = self.timed(lambda: [of([seed]) for seed in SEEDS], 3)
        of_what = f"{in_turn:.3g} s / {at_once:.3g} s"
        self.timings.add("five seeds at once, faster than in turn", in_turn / at_once, "x", of_what)

    def full_map(self, shape: Shape) -> None:
        """Train on all rows of a corpus, and place them on a map."""
        problem, features = self.problems[shape.name], self.features[shape.name]
        everything = TrainingSet(np.arange(shape.rows), problem.corpus.labels, seed=0)
        epochs = 2 if self.quick else MAP_EPOCHS
        recipe = replace(PAPER.classifier, epochs=epochs, batch_size=shape.batch_size)

        def once() -> None:
            seen = list(train_epochs(features, [everything], shape.classes, recipe))
            gold = np.stack([epoch.gold_probability[0] for epoch in seen])
            correct = np.stack([epoch.correct[0] for epoch in seen])
            DataMap.of(TrainingDynamics(problem.corpus.ids, gold, correct))

        what = f"full map of {shape.rows:,} rows, {epochs} epochs"
        target = None if self.quick else FULL_MAP
        self.timings.add(what, self.timed(once, 2), "s", f"batches of {shape.batch_size}", target)

    def steps(self, batch_size: int, models: int) -> None:
        """Training steps a second, of all models together."""
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
        self.timings.add(f"steps a second, batch {batch_size}, {models} models", rate, "/s")

    def whole_paper(self, shapes: Sequence[Shape], limit: float) -> None:
        """Both corpora, six strategies and five seeds side by side, for as long as it may take."""
        arms = [Trial(strategy, seed) for strategy in PAPERS_STRATEGIES for seed in SEEDS]
        total, notes = 0.0, []
        for left, shape in zip(range(len(shapes), 0, -1), shapes, strict=True):
            iterations = 1 if self.quick else PAPER.iterations
            preset = replace(self.preset(shape), iterations=iterations)
            allowed = limit / left
            begun = time.perf_counter()
            ends = [0.0]
            for iteration in self.simulated(self.problems[shape.name], arms, preset):
                if iteration.trial == arms[-1]:
                    ends.append(time.perf_counter() - begun)
                    if ends[-1] > allowed:
                        break
            limit -= ends[-1]
            done = len(ends) - 2
            notes.append(f"{shape.name}: {ends[-1]:.1f} s for {done} of {iterations} iterations")
            if done < iterations:
                ends.append(extrapolated(ends, iterations + 1))
                notes[-1] += f", EXTRAPOLATED to {ends[-1]:.0f} s"
            total += ends[-1]
        what = f"the whole paper: {len(shapes)} corpora, {len(arms)} arms"
        target = None if self.quick else WHOLE_PAPER
        self.timings.add(what, total, "s", "; ".join(notes), target)

    def simulated(
        self, problem: Problem, arms: Sequence[Trial], preset: Preset
    ) -> Iterator[Iteration]:
        """The iterations of `arms` on this device."""
        return simulate(
            problem.corpus,
            problem.features,
            problem.test,
            problem.test_features,
            arms,
            preset=preset,
            device=self.device.type,
        )


def extrapolated(ends: Sequence[float], trainings: int) -> float:
    """When the last of `trainings` will end, if each takes more than the one before as those did
    that ended at `ends` (the first of which is the start).

    The first training, which queries nothing and meets everything for the first time, is left out
    where there are others.
    """
    taken = np.diff(ends)
    known = taken[1:] if len(taken) > 1 else taken
    slope, level = np.polyfit(range(len(known)), known, 1) if len(known) > 2 else (0, known.mean())
    coming = np.arange(len(known), len(known) + trainings - len(taken))
    return float(ends[-1] + (level + slope * coming).sum())


def main() -> int:
    """Check, time, and write gpu.json."""
    began = time.perf_counter()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--trec", type=Path, help="features of TREC by workload.py")
    parser.add_argument("--agnews", type=Path, help="features of AG News by workload.py")
    parser.add_argument("--limit", type=float, default=540, help="seconds for all")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--smoke", action="store_true", help="small sizes, on the CPU")
    asked = parser.parse_args()
    quick = asked.quick or asked.smoke
    device = pick_device("cpu" if asked.smoke else asked.device)
    shapes = [TREC, AG_NEWS]
    if quick:
        shapes = [replace(each, rows=600, test_rows=100, labelled=60) for each in shapes]
    problems = {
        shape.name: from_file(file, shape) if file else made_up(shape)
        for shape, file in zip(shapes, (asked.trec, asked.agnews), strict=True)
    }
    place = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(f"{place}; {machine()}")
    for problem in problems.values():
        print(problem.origin)

    checks = Checks()
    small = replace(TREC, rows=300 if quick else 2_000, test_rows=1)
    check(made_up(small), device, checks)

    bench = Bench(device, problems, quick)
    for batch_size, models in ((16, 1), (64, 1), (16, 5), (64, 5), (16, 30), (64, 30)):
        bench.steps(batch_size, models)
    for shape in shapes:
        for strategy in ("cal", *(name for name in STRATEGIES if name != "cal")):
            bench.iteration(shape, strategy)
    bench.five_seeds(shapes[0])
    bench.full_map(shapes[1])
    bench.whole_paper(shapes, asked.limit - (time.perf_counter() - began))
    memory = ""
    if device.type == "cuda":
        memory = f"{torch.cuda.max_memory_allocated() / 1e9:.2f} GB of the device's memory at most"
    bench.timings.add("all of this", time.perf_counter() - began, "s", memory)

    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        found = {
            "device": place,
            "machine": machine(),
            "quick": quick,
            "problems": [problem.origin for problem in problems.values()],
            "checks": checks.rows,
            "timings": bench.timings.rows,
        }
        (asked.out / "gpu.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0 if checks.hold else 1


if __name__ == "__main__":
    sys.exit(main())
