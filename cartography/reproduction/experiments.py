"""The experiments carried out one after the other, their results added as they come."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from cartography.corpus import Corpus
from cartography.presets import Preset
from cartography.progress import shown
from cartography.reproduction.plan import Dataset, Method
from cartography.reproduction.results import (
    CORPUS,
    Results,
    joined,
    missing_from,
    read_results,
    write_results,
)
from cartography.reproduction.work import Inputs, Work, carried_out, tables, works


@dataclass(frozen=True)
class Experiments:
    """What is to be run: `methods`, with every one of `seeds` and so many batches of texts.

    `vectors` is the name of the word vectors' file, `notes` are sentences on texts and vectors,
    and `quick` says that it is a small version of the paper's grid. The runs go below `out`, and
    what they come to into the folder `results`.
    """

    dataset: Dataset
    methods: tuple[Method, ...]
    seeds: tuple[int, ...]
    iterations: int
    quick: bool
    vectors: str
    notes: tuple[str, ...]
    device: str
    out: Path
    results: Path


def carry_out(
    asked: Experiments,
    corpus: Corpus,
    inputs_of: Callable[[Preset], Inputs],
    console: Console,
) -> Results:
    """Run what of `asked` is not yet in its results, and return them all.

    `inputs_of` gives the training texts, which are `corpus`, and the test texts with the features
    that a preset's switches make of them. What an earlier run left unfinished below `out` is gone
    on with.
    """
    parts: list[tuple[int, Method, Work, Inputs]] = []
    for method in asked.methods:
        have = _results(asked.results)
        if have and not missing_from(have, method, asked.seeds, asked.iterations):
            console.print(f"{method.name}: already in {asked.results}")
            continue
        preset = replace(method.preset, iterations=asked.iterations).for_corpus(len(corpus))
        inputs = inputs_of(preset)
        some = works(asked.out, method, preset, inputs, asked.seeds, asked.device)
        parts += [(number, method, work, inputs) for number, work in enumerate(some)]
    # What is quick and most telling of all methods first: results grow evenly.
    for _, method, work, inputs in sorted(parts, key=lambda part: part[0]):
        if not work.finished:
            console.print(work.label)
            steps = carried_out(work, inputs)
            for _ in shown(steps, work.total, lambda done: done, "step", console):
                pass
        earlier = _results(asked.results)
        new = Results(_told(asked, method.preset, inputs), *tables(asked.out, method))
        write_results(asked.results, joined([earlier, new] if earlier else [new]))
    return read_results(asked.results)


def _results(folder: Path) -> Results | None:
    return read_results(folder) if (folder / CORPUS).is_file() else None


def _told(asked: Experiments, preset: Preset, inputs: Inputs) -> dict[str, Any]:
    """What the results say they were made on and with."""
    train, test = inputs.train, inputs.test
    sized = preset.for_corpus(len(train))
    return {
        "dataset": asked.dataset,
        "train": len(train),
        "test": len(test),
        "classes": list(train.classes),
        "vectors": inputs.features.vectors,
        "notes": list(asked.notes),
        "seeds": list(asked.seeds),
        "iterations": asked.iterations,
        "seed_size": sized.seed_size,
        "query_size": sized.query_size,
        "quick": asked.quick,
        "machine": f"{torch.get_num_threads()} CPU cores, torch {torch.__version__}, "
        f"Python {platform.python_version()}",
        "commands": _commands(asked, train.name, test.name),
    }


def _commands(asked: Experiments, train: str, test: str) -> Sequence[str]:
    return [
        f"cartography reproduce {train} --test {test} --dataset {asked.dataset} "
        f"--vectors {asked.vectors} --decompose --results docs/reproduction/{asked.dataset}"
    ]
