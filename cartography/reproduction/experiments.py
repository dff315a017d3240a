"""Run the experiments one after the other and add their results as they finish."""

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
    require_compatible,
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
    """The experiments to run on one data set.

    Attributes
    ----------
    dataset : {"trec", "agnews"}
        Data set of the paper that the texts are from.
    methods : tuple of Method
        Methods to run.
    seeds : tuple of int
        Seeds of every run.
    iterations : int
        Number of batches.
    command : str
        Command line that repeats the experiments, for the report.
    notes : tuple of str
        Sentences on texts and vectors, for the report.
    device : str
        "auto", "cpu" or "cuda".
    out : Path
        Folder of the runs.
    results : Path
        Folder of the results.
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
    experiments: Experiments,
    corpus: Corpus,
    features_for: Callable[[Preset], CorpusFeatures],
    console: Console,
) -> Results:
    """Run the experiments whose results are missing, and return all results.

    Unfinished runs in `experiments.out` are resumed.

    Parameters
    ----------
    experiments : Experiments
        What to run.
    corpus : Corpus
        The training texts.
    features_for : callable
        Returns the corpora with their features under the switches of a preset.
    console : Console
        Where progress is printed.

    Returns
    -------
    Results
        The results in `experiments.results`.

    Raises
    ------
    CartographyError
        The existing results are of other texts, vectors or sizes, or a folder contains another run.
    """
    batches: list[tuple[int, RunBatch, CorpusFeatures]] = []
    existing = (
        read_results(experiments.results) if (experiments.results / CORPUS).is_file() else None
    )
    if existing:
        # Fail now, not when results are added after hours of training.
        inputs = features_for(experiments.methods[0].preset)
        require_compatible(existing.corpus, _describe_corpus(experiments, inputs))
    for method in experiments.methods:
        if existing and not missing_from(
            existing, method, experiments.seeds, experiments.iterations
        ):
            console.print(f"{method.name}: already in {experiments.results}")
            continue
        preset = replace(method.preset, iterations=experiments.iterations).for_corpus(len(corpus))
        inputs = features_for(method.preset)
        planned = plan_batches(
            experiments.out, method, preset, inputs, experiments.seeds, experiments.device
        )
        batches += [(number, batch, inputs) for number, batch in enumerate(planned)]
    # The first, quick batches of all methods come first, so that results grow evenly.
    for _, batch, inputs in sorted(batches, key=lambda item: item[0]):
        if batch.unfinished:
            console.print(batch.label)
            steps = run_batch(batch, inputs)
            for _ in track_progress(steps, batch.total, lambda step: step, "step", console):
                pass
        description = _describe_corpus(experiments, inputs)
        add_results(experiments.results, Results(description, *result_tables(batch)))
    return read_results(experiments.results)


def _describe_corpus(experiments: Experiments, inputs: CorpusFeatures) -> dict[str, Any]:
    """Return the `Results.corpus` of these experiments."""
    train, test = inputs.train, inputs.test
    sized = experiments.methods[0].preset.for_corpus(len(train))
    device = pick_device(experiments.device)
    machine = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{count_noun(torch.get_num_threads(), 'core')} of {os.cpu_count()}"
    )
    return {
        "dataset": experiments.dataset,
        "train": len(train),
        "test": len(test),
        "classes": list(train.classes),
        "vectors": inputs.features.description,
        "notes": list(experiments.notes),
        "seeds": list(experiments.seeds),
        "iterations": experiments.iterations,
        "seed_size": sized.seed_size,
        "query_size": sized.query_size,
        "machines": [f"{machine}, torch {torch.__version__}, Python {platform.python_version()}"],
        "commands": [experiments.command],
    }
