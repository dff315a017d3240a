"""Reading a corpus against pandas, in alternating runs, and the memory of a large file.

    python benchmarks/reading.py FILE.csv [--times 7] [--rows 1000000]

pandas reads the table into Arrow's strings; a `Corpus` has Python strings, class codes and ids,
after its encoding, dialect and every line were checked. With `dtype=object` pandas makes Python
strings too. Parsing by Arrow and making Python strings, without any check, is the least that a
reader can take.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from pyarrow import csv

from cartography.corpora.reading import read_corpus

_WORDS = 40


def cpu_seconds(read: Callable[[], object]) -> float:
    """The CPU time of a call."""
    start = time.process_time()
    read()
    return time.process_time() - start


def compare(path: Path, times: int) -> None:
    """Print the medians of alternating runs."""
    readers: dict[str, Callable[[], object]] = {
        "pandas.read_csv": lambda: pd.read_csv(path),
        "pandas.read_csv, dtype=object": lambda: pd.read_csv(path, dtype=object),
        "Arrow, then Python strings": lambda: csv.read_csv(path).to_pydict(),
        "read_corpus": lambda: read_corpus(path),
    }
    for read in readers.values():
        read()  # imports
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(times):
        for name, read in readers.items():
            seconds[name].append(cpu_seconds(read))
    ours = seconds["read_corpus"]
    for name, values in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(ours, values, strict=True))
        print(f"{name}: {1000 * statistics.median(values):.0f} ms; read_corpus takes {ratio:.1f}x")


def measure_memory(rows: int) -> None:
    """Print the peak memory of reading a generated table in a process of its own."""
    generator = random.Random(0)
    words = [f"word{i}" for i in range(3_000)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("id,text,label,note\n")
            for i in range(rows):
                text = " ".join(generator.choices(words, k=_WORDS))
                file.write(f'{i},"{text}, end",{"abc"[i % 3]},note {i}\n')
        size = path.stat().st_size
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        code = f"from cartography.corpora.reading import read_corpus; read_corpus({str(path)!r})"
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"{rows:,} rows, {size / 1e6:.0f} MB: {peak / 1e9:.2f} GB at most, {seconds:.1f} s")


def main() -> None:
    """Compare times on a file, then measure memory."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    compare(options.file, options.times)
    measure_memory(options.rows)


if __name__ == "__main__":
    main()
