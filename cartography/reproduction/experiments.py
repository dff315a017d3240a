"""The experiments carried out one after the other, their results added as they come."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from cartography.corpora.corpus import Corpus
from cartography.formatting import count_noun
from cartography.models.presets import Preset
from cartography.models.training import pick_device
from cartography.progress import track_progress
from cartography.reproduction.plan import Dataset, Method
from cartography.reproduction.results import (
    CORPUS,
    Results,
    add_results,
    missing_from,
    read_results,
    require_alike,
)
from cartography.reproduction.work import (
    CorpusFeatures,
    RunBatch,
    plan_batches,
    result_tables,
    run_batch,
)


@dataclass(frozen=True)
class Experiments:
    """What is to be run: `methods`, with every one of `seeds` and so many batches of texts.

    `command` is what runs it, and `notes` are sentences on texts and vectors. The runs go below
    `out`, and what they come to into the folder `results`.
    """

    dataset: Dataset
    methods: tuple[Method, ...]
    seeds: tuple[int, ...]
    iterations: int
    command: str
    notes: tuple[str, ...]
    device: str
    out: Path
    results: Path


def run_experiments(
    asked: Experiments,
    corpus: Corpus,
    inputs_of: Callable[[Preset], CorpusFeatures],
    console: Console,
) -> Results:
    """Run what of `asked` is not yet in its results, and return them all.

    `inputs_of` gives the training texts, which are `corpus`, and the test texts with the features
    that a preset's switches make of them. What an earlier run left unfinished below `out` is gone
    on with.
    """
    parts: list[tuple[int, RunBatch, CorpusFeatures]] = []
    have = read_results(asked.results) if (asked.results / CORPUS).is_file() else None
    if have:
        # Before anything is run, and not when hours later its results would be refused.
        require_alike(have.corpus, _told(asked, inputs_of(asked.methods[0].preset)))
    for method in asked.methods:
        if have and not missing_from(have, method, asked.seeds, asked.iterations):
            console.print(f"{method.name}: already in {asked.results}")
            continue
        preset = replace(method.preset, iterations=asked.iterations).for_corpus(len(corpus))
        inputs = inputs_of(method.preset)
        some = plan_batches(asked.out, method, preset, inputs, asked.seeds, asked.device)
        parts += [(number, work, inputs) for number, work in enumerate(some)]
    # What is quick and most telling of all methods first: results grow evenly.
    for _, work, inputs in sorted(parts, key=lambda part: part[0]):
        if work.unfinished:
            console.print(work.label)
            steps = run_batch(work, inputs)
            for _ in track_progress(steps, work.total, lambda done: done, "step", console):
                pass
        told = _told(asked, inputs)
        add_results(asked.results, Results(told, *result_tables(work)))
    return read_results(asked.results)


def _told(asked: Experiments, inputs: CorpusFeatures) -> dict[str, Any]:
    """What the results say they were made on and with."""
    train, test = inputs.train, inputs.test
    sized = asked.methods[0].preset.for_corpus(len(train))
    device = pick_device(asked.device)
    machine = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{count_noun(torch.get_num_threads(), 'core')} of {os.cpu_count()}"
    )
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
        "machines": [f"{machine}, torch {torch.__version__}, Python {platform.python_version()}"],
        "commands": [asked.command],
    }
