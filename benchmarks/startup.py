"""CPU time from a command's start to its end, or to its first finished epoch.

    python benchmarks/startup.py [--times 5]

Each command runs in fresh processes, one after the other; the median of user and system time of the
process and its children is compared with its target.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "cartography"]
# Stops at the first finished epoch: the time until the first picture.
FIRST_EPOCH = """
import os, sys
from cartography import progress
def first(steps, *rest, **more):
    for step in steps:
        os._exit(0)
progress.track_progress = first
sys.argv = ["cartography", *sys.argv[1:]]
from cartography.cli import main
main()
"""


def run(command: list[str], folder: Path) -> None:
    """Run `command` in `folder`, with a cache there."""
    paths = {"PYTHONPATH": str(ROOT), "CARTOGRAPHY_CACHE": str(folder / "cache")}
    subprocess.run(
        command, cwd=folder, env={**os.environ, **paths}, check=True, capture_output=True
    )


def cpu_seconds(command: list[str], folder: Path) -> float:
    """User and system time of one run of `command`."""
    before = os.times()
    run(command, folder)
    after = os.times()
    return (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )


def corpus(folder: Path) -> Path:
    """A table of 2,000 texts of two classes."""
    path = folder / "texts.csv"
    rows = [f"word{row % 97} word{row % 89} word{row % 83},{'ab'[row % 2]}" for row in range(2_000)]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return path


def main() -> None:
    """Measure every command and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = str(corpus(folder))
        run([*COMMAND, "learn", data, "--epochs=1", "--iterations=1", "--out=run"], folder)
        run([*COMMAND, "map", data, "--epochs=1", "--out=warm"], folder)
        print("| command | CPU seconds | target |\n| --- | --- | --- |")
        for label, command, target in (
            ("an empty interpreter", [sys.executable, "-c", "pass"], None),
            ("import cartography", [sys.executable, "-c", "import cartography"], 0.1),
            ("cartography --help", [*COMMAND, "--help"], 0.5),
            ("cartography switches", [*COMMAND, "switches"], 0.5),
            (
                "cartography export",
                [*COMMAND, "export", "run", "--iteration=1", "--csv=batch.csv"],
                0.5,
            ),
            (
                "cartography map, 2,000 texts, to the first epoch",
                [sys.executable, "-c", FIRST_EPOCH, "map", data, "--out=map"],
                2.5,
            ),
            ("import torch", [sys.executable, "-c", "import torch"], None),
            ("import pandas", [sys.executable, "-c", "import pandas"], None),
        ):
            seconds = []
            for number in range(times):
                fresh = [f"{part}{number}" if part == "--out=map" else part for part in command]
                seconds.append(cpu_seconds(fresh, folder))
            median = statistics.median(seconds)
            goal = (
                "" if target is None else f"{target:g} ({'met' if median <= target else 'missed'})"
            )
            print(f"| {label} | {median:.2f} | {goal} |")


if __name__ == "__main__":
    main()
