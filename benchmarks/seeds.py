"""CAL with five seeds at once compared with one seed at a time, on a corpus of TREC's size.

    python benchmarks/seeds.py [--pairs N] [--iterations N] [--data FOLDER] [--smoke]

Both must pick the same texts, which is checked.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

from measure import (
    Table,
    Target,
    alternate_runs,
    describe_machine,
    exit_with_status,
    make_parser,
)
from problems import TREC, Problem
from workload import data_folder, load_workload, shrink, temporary_cache

from cartography import PAPER, Preset, Trial
from cartography.active.simulation import simulate
from cartography.models.presets import SEEDS

SPEED_UP = Target(1.8, 1.5, "x", at_least=True)


Pick = tuple[int, int, list[int]]


def simulate_picks(problem: Problem, trials: list[Trial], preset: Preset) -> list[Pick]:
    """Simulate the trials; return sorted (seed, iteration, rows picked) tuples."""
    iterations = simulate(
        problem.corpus,
        problem.features,
        problem.test,
        problem.test_features,
        trials,
        preset=preset,
        device="cpu",
    )
    return sorted(
        (iteration.trial.seed, iteration.number, iteration.batch.rows.tolist())
        for iteration in iterations
        if iteration.batch
    )


def main() -> None:
    """Print the table."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, help="folder of the real corpora")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=2)
    arguments = parser.parse_args()
    shape = shrink(TREC, 1_000, TREC.max_length) if arguments.smoke else TREC
    pairs = 1 if arguments.smoke else arguments.pairs
    preset = replace(
        PAPER.with_classifier(epochs=2) if arguments.smoke else PAPER,
        iterations=1 if arguments.smoke else arguments.iterations,
    )
    trials = [Trial("cal", seed) for seed in SEEDS]
    print(describe_machine())
    table = Table()
    with temporary_cache() as folder:
        work = load_workload(
            shape, None if arguments.smoke else data_folder(arguments.data), folder
        )
        picks: dict[str, list[Pick]] = {}

        def run_at_once() -> None:
            picks["at once"] = simulate_picks(work.problem, trials, preset)

        def run_in_turn() -> None:
            picks["in turn"] = sorted(
                pick for trial in trials for pick in simulate_picks(work.problem, [trial], preset)
            )

        times = alternate_runs(run_at_once, run_in_turn, pairs)
        if picks["at once"] != picks["in turn"]:
            raise AssertionError("five seeds at once pick other texts than one seed at a time")
    details = (
        f"{statistics.median(times.baseline):.3g} s / {statistics.median(times.candidate):.3g} s, "
        f"{pairs} pairs, {preset.iterations} iterations"
    )
    table.add("five seeds at once: faster than in turn", times.ratio, SPEED_UP, details)
    print(f"\n{work.origin}.")
    exit_with_status(arguments.smoke, table)


if __name__ == "__main__":
    main()
