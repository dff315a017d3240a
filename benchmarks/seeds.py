"""Five seeds at once against five in turn: CAL on a corpus of TREC's size.

    python benchmarks/seeds.py [--pairs N] [--data FOLDER] [--smoke]

Both give the same picks, which is looked at.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

from measure import Table, Target, in_turn, leave, machine, options
from problems import TREC, Problem
from workload import data_folder, load, small, workshop

from cartography import PAPER, Preset, Trial
from cartography.active.simulation import simulate
from cartography.models.presets import SEEDS

AT_ONCE = Target(1.8, 1.5, "x", at_least=True)


def picks(problem: Problem, arms: list[Trial], preset: Preset) -> list[tuple[int, int, list[int]]]:
    """(seed, iteration, rows picked) of a simulation, sorted."""
    simulated = simulate(
        problem.corpus,
        problem.features,
        problem.test,
        problem.test_features,
        arms,
        preset=preset,
        device="cpu",
    )
    return sorted(
        (each.trial.seed, each.number, each.batch.rows.tolist()) for each in simulated if each.batch
    )


def main() -> None:
    """Print the table."""
    parser = options(__doc__)
    parser.add_argument("--data", type=Path, help="the folder of real corpora")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--iterations", type=int, default=2)
    asked = parser.parse_args()
    shape = small(TREC, 1_000, TREC.length) if asked.smoke else TREC
    pairs = 1 if asked.smoke else asked.pairs
    preset = replace(
        PAPER.with_classifier(epochs=2) if asked.smoke else PAPER,
        iterations=1 if asked.smoke else asked.iterations,
    )
    arms = [Trial("cal", seed) for seed in SEEDS]
    print(machine())
    table = Table()
    with workshop() as folder:
        work = load(shape, None if asked.smoke else data_folder(asked.data), folder)
        found: dict[str, list[tuple[int, int, list[int]]]] = {}

        def at_once() -> None:
            found["at once"] = picks(work.problem, arms, preset)

        def one_by_one() -> None:
            found["in turn"] = sorted(
                each for arm in arms for each in picks(work.problem, [arm], preset)
            )

        runs = in_turn(at_once, one_by_one, pairs)
        if found["at once"] != found["in turn"]:
            raise AssertionError("five seeds at once pick other texts than five in turn")
    of = (
        f"{statistics.median(runs.theirs):.3g} s / {statistics.median(runs.ours):.3g} s, "
        f"{pairs} pairs, {preset.iterations} iterations"
    )
    table.add("five seeds at once: faster than in turn", runs.ratio, AT_ONCE, of)
    print(f"\n{work.origin}.")
    leave(asked.smoke, table)


if __name__ == "__main__":
    main()
