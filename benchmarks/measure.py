"""Measurement helpers: alternating runs, medians, peak memory and Markdown tables."""

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

# A smoke run only fails when a figure is this many times worse than its bar.
COLLAPSE = 3.0


@dataclass(frozen=True)
class Target:
    """The `goal` and the minimum requirement (`bar`) for one figure, both in `unit`.

    Smaller is better, unless `at_least` is set: then the figure is a speed-up and larger is better.
    """

    goal: float
    bar: float
    unit: str
    at_least: bool = False

    def verdict(self, value: float) -> str:
        """Whether `value` meets the goal, only the bar, or neither."""
        if self._shortfall(value, self.goal) <= 1:
            return "goal met"
        return "bar met" if self._shortfall(value, self.bar) <= 1 else "bar missed"

    def collapsed(self, value: float) -> bool:
        """Whether `value` is NaN or more than three times worse than the bar."""
        return not self._shortfall(value, self.bar) <= COLLAPSE

    def scaled(self, share: float) -> Target:
        """The same target for a fraction `share` of the work."""
        return Target(self.goal * share, self.bar * share, self.unit, self.at_least)

    def _shortfall(self, value: float, limit: float) -> float:
        """`value` relative to `limit`; above 1 means worse."""
        return limit / value if self.at_least else value / limit


@dataclass(frozen=True)
class PairedTimes:
    """Seconds of two calls that ran alternately, in the order of the runs."""

    candidate: tuple[float, ...]
    baseline: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Speed-up of the candidate over the baseline: the median over the pairs.

        The two runs of a pair are close in time, so other load on the machine affects both.
        """
        return statistics.median(
            slow / fast for fast, slow in zip(self.candidate, self.baseline, strict=True)
        )


Clock = Callable[[Callable[[], object]], float]


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def cpu_seconds(call: Callable[[], object]) -> float:
    """CPU seconds of one call, which other load on the machine hardly affects."""
    start = time.process_time()
    call()
    return time.process_time() - start


def alternate_runs(
    candidate: Callable[[], object],
    baseline: Callable[[], object],
    pairs: int,
    clock: Clock = seconds,
) -> PairedTimes:
    """Time both calls alternately, `pairs` times each, after one warm-up run of `candidate`."""
    candidate()
    times = [(clock(candidate), clock(baseline)) for _ in range(pairs)]
    return PairedTimes(tuple(fast for fast, _ in times), tuple(slow for _, slow in times))


def in_fresh_process(call: Callable[..., object], *arguments: object) -> tuple[object, float]:
    """Result of `call` in a new process, and the peak memory of that process in 10^9 bytes.

    `call`, its `arguments` and its result are pickled, so `call` must be a module-level function.
    Raises RuntimeError when the process ends without a result.
    """
    # A forked process inherits the peak memory of its parent, so it is forked from a small server
    # process. The server preloads nothing, so that imports count as memory of the call.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_result, args=(sender, call, arguments))
    process.start()
    sender.close()
    try:
        result: tuple[object, float] = receiver.recv()
    except EOFError:
        raise RuntimeError(f"the process running {call.__name__} ended without a result") from None
    finally:
        process.join()
    return result


def peak_memory() -> float:
    """Peak resident memory of this process in 10^9 bytes."""
    maximum = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS reports bytes, Linux reports kilobytes.
    return maximum / 1e9 if sys.platform == "darwin" else maximum * 1024 / 1e9


def _send_result(
    sender: Connection, call: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    result = call(*arguments)
    sender.send((result, peak_memory()))


def fit_exponent(sizes: ArrayLike, values: ArrayLike) -> float:
    """The k of `values` ~ `sizes`^k, by least squares on the logarithms; both have shape (n,)."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def describe_machine() -> str:
    """This machine in one line, with the load average of the last minute."""
    return (
        f"{_processor_name()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def _processor_name() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def format_number(value: float) -> str:
    """A number with three significant digits, or without decimals from 100."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def table_row(*cells: object) -> str:
    """A row of a Markdown table."""
    texts = [format_number(cell) if isinstance(cell, float) else str(cell) for cell in cells]
    return f"| {' | '.join(texts)} |"


def table_header(*cells: str) -> str:
    """The first two lines of a Markdown table."""
    return f"\n{table_row(*cells)}\n{'| --- ' * len(cells)}|"


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """An argument parser with the `--smoke` option."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="few seconds on synthetic data; fails if a figure is 3 times worse than its bar",
    )
    return parser


@dataclass
class Table:
    """A Markdown table of figures and their targets; each row is printed when it is added."""

    collapsed: bool = False

    def __post_init__(self) -> None:
        print(table_header("what", "measured", "details", "goal", "bar", ""), flush=True)

    def add(self, what: str, value: float, target: Target, details: str = "") -> None:
        """Print a row; `details` says how the figure was computed."""
        self.collapsed |= target.collapsed(value)
        measured, goal, bar = (
            f"{format_number(number)} {target.unit}" for number in (value, target.goal, target.bar)
        )
        print(table_row(what, measured, details, goal, bar, target.verdict(value)), flush=True)


def exit_with_status(smoke: bool, *tables: Table) -> None:
    """End the process, with status 1 if a smoke run has a collapsed figure."""
    sys.exit(int(smoke and any(table.collapsed for table in tables)))
