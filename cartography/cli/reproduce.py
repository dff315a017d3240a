"""`cartography reproduce`: the paper's experiments, run again."""

import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import torch
import typer

from cartography.cli import options
from cartography.cli.inputs import embedded, one_line_errors, read
from cartography.disk import cache_folder
from cartography.embedding import CORPUS_VECTORS
from cartography.errors import CartographyError
from cartography.presets import PRESETS, SEEDS, Preset
from cartography.progress import console_of, shown
from cartography.reproduction.plan import STRATEGIES, Dataset, decomposition, grid
from cartography.reproduction.report import report
from cartography.reproduction.results import (
    CORPUS,
    Results,
    joined,
    missing_from,
    read_results,
    write_results,
)
from cartography.reproduction.work import Inputs, carried_out, tables, works

_STRATEGIES = [options.StrategyName[name] for name in STRATEGIES]
_QUICK_SEEDS, _QUICK_ITERATIONS = 2, 3


def reproduce_command(
    data: Annotated[str | None, typer.Argument(metavar="DATA", help="The training texts.")] = None,
    dataset: Annotated[
        Dataset, typer.Option(help="The paper's data set that DATA is, for its figures.")
    ] = "trec",
    test: options.Test = None,
    text: options.TextColumn_ = None,
    label: options.LabelColumn = None,
    id: options.IdColumn = None,
    vectors: options.Vectors = CORPUS_VECTORS,
    preset: Annotated[
        list[str], typer.Option(help="paper or released. May be repeated.", metavar="NAME")
    ] = [*PRESETS],  # noqa: B006 - typer copies it
    decompose: Annotated[
        bool,
        typer.Option(
            "--decompose", help="Also each preset with each one switch of the other's (hours)."
        ),
    ] = False,
    strategy: Annotated[
        list[options.StrategyName], typer.Option(help="Query strategy. May be repeated.")
    ] = _STRATEGIES,
    seed: options.Seeds = [*SEEDS],  # noqa: B006 - as above
    iterations: Annotated[int, typer.Option(min=1, metavar="N", help="Batches to ask for.")] = 30,
    note: Annotated[
        list[str],
        typer.Option(
            metavar="SENTENCE",
            help="Said in the report of texts and vectors, such as where they are from. May be "
            "repeated.",
        ),
    ] = [],  # noqa: B006 - as above
    quick: Annotated[
        bool,
        typer.Option("--quick", help="A small version: two seeds and three iterations, minutes."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Where runs go; in the dashboard's cache unless given."
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            metavar="DIR",
            help="Where results are added; what it holds whole is not run again. DIR/results of "
            "--out unless given.",
        ),
    ] = None,
    made_report: Annotated[
        list[Path],
        typer.Option(
            "--report", metavar="DIR", help="Run nothing; print the report of these results."
        ),
    ] = [],  # noqa: B006 - typer copies it
    device: options.Device = "auto",
    quiet: options.Quiet = False,
) -> None:
    """Run the paper's experiments again and put the results beside its figures.

    Each preset is run with every strategy, CAL at the five t_cor of Table 3, and trained on all
    texts. Run again to go on from an interruption.
    """
    with one_line_errors():
        if made_report:
            typer.echo(report([read_results(folder) for folder in made_report]))
            return
        if data is None:
            raise CartographyError("name the training texts, or results with --report")
        console = console_of(quiet)
        seeds = seed[:_QUICK_SEEDS] if quick else seed
        batches = min(iterations, _QUICK_ITERATIONS) if quick else iterations
        out = out or cache_folder() / "runs" / "reproduction" / dataset
        results = results or out / "results"
        corpus, held_out = read(data, test, text, label, id, console)
        if held_out is None:
            raise CartographyError("name the test set with --test: accuracy is taken on it")
        methods = [grid(_known(name), [each.value for each in strategy]) for name in preset]
        if decompose:
            methods += [each for each in decomposition() if each.preset.name in preset]
        parts = []
        for method in methods:
            have = read_results(results) if (results / CORPUS).is_file() else None
            if have and not missing_from(have, method, seeds, batches):
                console.print(f"{method.name}: already in {results}")
                continue
            chosen = replace(method.preset, iterations=batches).for_corpus(len(corpus))
            found = embedded(corpus, held_out, vectors, "sum", None, console, chosen)
            assert found.test is not None
            assert found.test_features is not None
            inputs = Inputs(found.train, found.features, found.test, found.test_features)
            told = _told(dataset, inputs, vectors, chosen, seeds, quick, note)
            parts += [
                (number, method, work, inputs, told)
                for number, work in enumerate(works(out, method, chosen, inputs, seeds, device))
            ]
        # What is quick and most telling of all methods first: results grow evenly.
        for _, method, work, inputs, told in sorted(parts, key=lambda part: part[0]):
            start = time.perf_counter()
            if not work.finished:
                console.print(work.label)
                steps = carried_out(work, inputs)
                for _ in shown(steps, work.total, lambda done: done, "step", console):
                    pass
            _add(results, told, tables(out, method), method.name, time.perf_counter() - start)
        typer.echo(report([read_results(results)]))


def _known(name: str) -> str:
    if name not in PRESETS:
        raise CartographyError(f"--preset {name} is not one of {', '.join(PRESETS)}")
    return name


def _add(
    folder: Path,
    told: dict[str, Any],
    found: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    method: str,
    seconds: float,
) -> None:
    """Put what a method has come to among the results in `folder`, with the seconds this took."""
    earlier = read_results(folder) if (folder / CORPUS).is_file() else None
    before = earlier.corpus["seconds"] if earlier else {}
    spent = {**before, method: round(before.get(method, 0.0) + seconds, 1)}
    new = Results({**told, "seconds": spent}, *found)
    write_results(folder, joined([earlier, new]) if earlier else new)


def _told(
    dataset: str,
    inputs: Inputs,
    vectors: str,
    preset: Preset,
    seeds: Sequence[int],
    quick: bool,
    notes: Sequence[str],
) -> dict[str, Any]:
    """What the results say they were made on and with."""
    train, test = inputs.train, inputs.test
    named = CORPUS_VECTORS if vectors == CORPUS_VECTORS else Path(vectors).name
    return {
        "dataset": dataset,
        "train": len(train),
        "test": len(test),
        "classes": list(train.classes),
        "vectors": inputs.features.vectors,
        "notes": list(notes),
        "seeds": list(seeds),
        "iterations": preset.iterations,
        "seed_size": preset.seed_size,
        "query_size": preset.query_size,
        "quick": quick,
        "machine": f"{torch.get_num_threads()} CPU cores, torch {torch.__version__}, "
        f"Python {platform.python_version()}",
        "commands": [
            f"cartography reproduce {train.name} --test {test.name} --dataset {dataset} "
            f"--vectors {named} --decompose --results docs/reproduction/{dataset}"
        ],
    }
