"""How the benchmarks measure: alternating runs, medians, peak memory, and rows of Markdown."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike

# A smoke run guards against collapse alone: three times worse than the bar is one.
COLLAPSE = 3.0


@dataclass(frozen=True)
class Target:
    """A figure to reach: the `goal`, and the `bar` not to miss, in `unit`.

    Smaller is better unless the bar is a factor by which the engine is to be faster, `at_least`.
    """

    goal: float
    bar: float
    unit: str
    at_least: bool = False

    def verdict(self, value: float) -> str:
        """Which of the two `value` reaches."""
        if self._worse(value, self.goal) <= 1:
            return "goal met"
        return "bar met" if self._worse(value, self.bar) <= 1 else "bar missed"

    def collapsed(self, value: float) -> bool:
        """Whether `value` is beyond three times the bar, or no number."""
        return not self._worse(value, self.bar) <= COLLAPSE

    def scaled(self, share: float) -> Target:
        """The same target for `share` of the work."""
        return Target(self.goal * share, self.bar * share, self.unit, self.at_least)

    def _worse(self, value: float, than: float) -> float:
        return than / value if self.at_least else value / than


@dataclass(frozen=True)
class Paired:
    """Seconds of two calls that ran in turn: of each the runs, in their order."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many times as long `theirs` took: the median over the pairs.

        Two runs of a pair are neighbours in time, so what else the machine does falls on both.
        """
        return statistics.median(b / a for a, b in zip(self.ours, self.theirs, strict=True))


Clock = Callable[[Callable[[], object]], float]


def seconds(call: Callable[[], object]) -> float:
    """What one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def cpu_seconds(call: Callable[[], object]) -> float:
    """What one call takes of processors, which other people's work hardly changes."""
    start = time.process_time()
    call()
    return time.process_time() - start


def in_turn(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    pairs: int,
    clock: Clock = seconds,
) -> Paired:
    """Run both `pairs` times, one after the other; before that `ours` once, uncounted, since the
    first run of a process is slow.
    """
    ours()
    timed = [(clock(ours), clock(theirs)) for _ in range(pairs)]
    return Paired(tuple(a for a, _ in timed), tuple(b for _, b in timed))


def in_fresh_process(call: Callable[..., object], *arguments: object) -> tuple[object, float]:
    """What `call` returns in a process of its own, and that process's peak memory in 10^9 bytes.

    `call`, its `arguments` and its result are pickled, so `call` is a function of a module. Raises
    RuntimeError when the process ends without an answer.
    """
    # A process keeps the peak of the one that it was started from, so it is forked from a server
    # that is small; and the server must not import for it what the call itself imports.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([])
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_called, args=(sending, call, arguments))
    process.start()
    sending.close()
    try:
        result: tuple[object, float] = receiving.recv()
    except EOFError:
        raise RuntimeError(f"the process that called {call.__name__} came to nothing") from None
    finally:
        process.join()
    return result


def peak() -> float:
    """The most memory that this process has had resident, in 10^9 bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / 1e9 if sys.platform == "darwin" else used * 1024 / 1e9


def _called(
    sending: Connection, call: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    result = call(*arguments)
    sending.send((result, peak()))


def exponent(sizes: ArrayLike, values: ArrayLike) -> float:
    """The k of `values` ~ `sizes`^k, by least squares on the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def machine() -> str:
    """This machine in one line, with how many processes have wanted to run in the last minute."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def told(value: float) -> str:
    """A number in three significant digits, or whole."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def row(*cells: object) -> str:
    """A row of a Markdown table."""
    told_cells = [told(cell) if isinstance(cell, float) else str(cell) for cell in cells]
    return f"| {' | '.join(told_cells)} |"


def heading(*cells: str) -> str:
    """The first two rows of a Markdown table."""
    return f"\n{row(*cells)}\n{'| --- ' * len(cells)}|"


def options(text: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has, under its docstring."""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="a few seconds on small made-up data; fails when a bar is missed three times over",
    )
    return parser


@dataclass
class Table:
    """A Markdown table of measured figures beside their targets, printed as it grows."""

    collapsed: bool = False

    def __post_init__(self) -> None:
        print(heading("what", "measured", "of", "goal", "bar", ""), flush=True)

    def add(self, what: str, value: float, target: Target, of: str = "") -> None:
        """Print a row; `of` says what the figure was made from."""
        self.collapsed |= target.collapsed(value)
        found, goal, bar = (
            f"{told(each)} {target.unit}" for each in (value, target.goal, target.bar)
        )
        print(row(what, found, of, goal, bar, target.verdict(value)), flush=True)


def leave(smoke: bool, *tables: Table) -> None:
    """End the process: with 1 where it is a smoke run and a figure has collapsed."""
    sys.exit(int(smoke and any(table.collapsed for table in tables)))
