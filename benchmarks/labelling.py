"""Seconds of a labelling project: many texts without a label, and many classes.

    python benchmarks/labelling.py [--data FOLDER] [--texts 200000]

One line for each of two projects: AG News drawn with replacement, of which 500 texts have a label,
and CLINC150 with 150 classes and 2,000 labels. "answer" is what the server does for one key: it
stores a label, and finds what waits and the counts. The store is SQLite in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import torch

from cartography.corpora.corpus import Corpus
from cartography.corpora.reading import read_corpus
from cartography.labelling.project import create_project
from cartography.labelling.session import LabelSession
from cartography.labelling.store import LabelStore
from cartography.labelling.tables import label_table

_ANSWERS = 40


def partly_labelled(corpus: Corpus, rows: int, labelled: int) -> Corpus:
    """`rows` texts drawn from a corpus, with a number of their own, and labels of some."""
    rng = np.random.default_rng(0)
    drawn = corpus.take(rng.integers(0, len(corpus), rows))
    labels = np.full(rows, -1)
    kept = rng.permutation(rows)[:labelled]
    labels[kept] = drawn.labels[kept]
    texts = np.array([f"{text} {i}" for i, text in enumerate(drawn.texts)], dtype=object)
    ids = np.array([f"t{i}" for i in range(rows)], dtype=object)
    return replace(drawn, ids=ids, texts=texts, labels=labels, columns=None)


def seconds(work: Callable[[], object]) -> float:
    """The wall-clock time of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(corpus: Corpus, store: LabelStore) -> list[float]:
    """Create, open, a round, an answer, the labels as a table, all texts as a table."""
    created = time.perf_counter()
    project = create_project(store, corpus.name, corpus)
    create = time.perf_counter() - created
    session = LabelSession(project, "Ada", store)
    opened = seconds(lambda: session.state.labels)
    trained = seconds(lambda: session.next_batch(size=_ANSWERS))
    name = next(iter(session.state.classes.values()))

    def answer(item: str) -> None:
        session.label(item, name)
        session.queue()
        session.state.counts()

    answers = [seconds(lambda item=asked.item: answer(item)) for asked in session.queue()]
    tables = [seconds(lambda rest=rest: label_table(session, rest=rest)) for rest in (False, True)]
    return [create, opened, trained, median(answers), *tables]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("CARTOGRAPHY_DATA", ".")))
    parser.add_argument("--texts", type=int, default=200_000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    news = read_corpus(options.data / "agnews_train.csv")
    intents = read_corpus(options.data / "clinc150.csv")
    names = ("texts", "classes", "create", "open", "round", "answer", "labels", "all texts")
    print(f"| {' | '.join(names)} |\n|{' --- |' * len(names)}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CARTOGRAPHY_CACHE"] = folder
        store = LabelStore()
        for corpus, rows, labelled in ((news, options.texts, 500), (intents, len(intents), 2_000)):
            values = measure(partly_labelled(corpus, rows, labelled), store)
            cells = " | ".join(f"{value:.3f}" for value in values)
            print(f"| {rows:,} | {len(corpus.classes)} | {cells} |", flush=True)
        store.close()


if __name__ == "__main__":
    main()
