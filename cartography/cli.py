"""The command line: reads the options, calls the engine, shows its progress."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from rich.console import Console

from cartography.corpus import Corpus, describe, hold_out
from cartography.embedding import CORPUS_VECTORS, Embedding, Pooling, embed
from cartography.errors import CartographyError
from cartography.export import write_csv
from cartography.learn_runs import BATCHES, ITERATIONS, read_learning, record_learning
from cartography.map_runs import record_maps
from cartography.presets import PAPER, SEEDS, Preset
from cartography.progress import console_of, shown
from cartography.reading import read_train_test
from cartography.runs import (
    SUMMARY,
    Manifest,
    Source,
    claimed,
    read_json,
    seed_folders,
    write_json,
)
from cartography.simulation import seed_set
from cartography.strategies import STRATEGIES
from cartography.training import pick_device

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Data maps and Cartography Active Learning.",
)

StrategyName = Enum("StrategyName", {name: name for name in STRATEGIES}, type=str)  # type: ignore[misc]

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A CSV, TSV, JSONL or Parquet file, a folder with train and test, a saved data set, "
        "hub:owner/name[:split], or sample.",
    ),
]
Test = Annotated[str | None, typer.Option("--test", metavar="DATA", help="The test set.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder.")]
TextColumn_ = Annotated[str | None, typer.Option("--text", metavar="COLUMN", help="Text column.")]
LabelColumn = Annotated[
    str | None, typer.Option("--label", metavar="COLUMN", help="Gold label column.")
]
IdColumn = Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="Id column.")]
Vectors = Annotated[
    str,
    typer.Option(
        metavar="PATH|corpus",
        help="Word vectors: a .vec, .vec.gz or .bin file, or trained on the corpus.",
    ),
]
PoolingName = Annotated[
    Literal["sum", "mean"], typer.Option("--pooling", help="How a text's vectors are joined.")
]
MaxLength = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Read the first N tokens of a text.")
]
Epochs = Annotated[int, typer.Option(min=1, metavar="N", help="Epochs of a training.")]
BatchSize = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Batch size; 16 up to 20,000 texts and 64 above unless given."
    ),
]
Seeds = Annotated[list[int], typer.Option("--seed", min=0, metavar="N", help="May be repeated.")]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to train.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print no progress.")]


@dataclass(frozen=True)
class _Inputs:
    """A training and a test corpus with their features; the test side may be missing."""

    train: Corpus
    features: Embedding
    test: Corpus | None
    test_features: Embedding | None


@app.command("map")
def map_command(
    data: Data,
    out: Out,
    test: Test = None,
    text: TextColumn_ = None,
    label: LabelColumn = None,
    id: IdColumn = None,
    vectors: Vectors = CORPUS_VECTORS,
    pooling: PoolingName = "sum",
    max_length: MaxLength = None,
    epochs: Epochs = PAPER.classifier.epochs,
    batch_size: BatchSize = None,
    seed_size: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Map a stratified seed set of N texts instead of all."
        ),
    ] = None,
    seed: Seeds = [SEEDS[0]],  # noqa: B006 - typer copies it
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Train on all texts, or on a seed set, and write their data map."""
    with _one_line_errors():
        console = console_of(quiet)
        folders = seed_folders(out, seed)
        corpus, held_out = _read(data, test, text, label, id, console)
        inputs = _embedded(corpus, held_out, vectors, pooling, max_length, console)
        preset = PAPER.with_classifier(epochs=epochs, batch_size=batch_size).for_corpus(len(corpus))
        preset = replace(preset, seed_size=seed_size)
        labelled = np.flatnonzero(corpus.labelled)
        manifests = {
            folder: _manifest("map", inputs, preset, each, device)
            for each, folder in folders.items()
        }
        rows = {
            folder: labelled if seed_size is None else seed_set(corpus, seed_size, each)
            for each, folder in folders.items()
        }
        with claimed(out, manifests) as unfinished:
            runs = {folder: manifests[folder] for folder in unfinished}
            training = record_maps(
                runs,
                rows,
                inputs.train,
                inputs.features.features,
                inputs.test,
                inputs.test_features.features if inputs.test_features else None,
            )
            for _ in shown(training, epochs, lambda epoch: epoch.number, "epoch", console):
                pass
        for folder in folders.values():
            _report(folder)


@app.command("learn")
def learn_command(
    data: Data,
    out: Out,
    test: Test = None,
    text: TextColumn_ = None,
    label: LabelColumn = None,
    id: IdColumn = None,
    vectors: Vectors = CORPUS_VECTORS,
    pooling: PoolingName = "sum",
    max_length: MaxLength = None,
    epochs: Epochs = PAPER.classifier.epochs,
    batch_size: BatchSize = None,
    strategy: Annotated[StrategyName, typer.Option(help="Query strategy.")] = StrategyName.cal,  # type: ignore[attr-defined]
    t_cor: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, metavar="X", help="CAL's threshold of correctness."),
    ] = PAPER.t_cor,
    seed_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Labels to start from; 500 up to 20,000 texts and 1,000 above unless given, and "
            "at most a tenth of the texts.",
        ),
    ] = None,
    query_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Labels asked for in each iteration.")
    ] = PAPER.query_size,
    iterations: Annotated[
        int, typer.Option(min=0, metavar="N", help="Batches to ask for.")
    ] = PAPER.iterations,
    seed: Seeds = [SEEDS[0]],  # noqa: B006 - typer copies it
    device: Device = "auto",
    pause_after: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Stop after N further iterations, the seed set's training being one; the same "
            "command goes on from there.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Simulate active learning and write every iteration. Run again to go on from an interruption.

    Without --test, a stratified tenth of the texts is held out.
    """
    with _one_line_errors():
        console = console_of(quiet)
        folders = seed_folders(out, seed)
        corpus, held_out = _read(data, test, text, label, id, console)
        if not corpus.labelled.all():
            console.print(
                f"{int((~corpus.labelled).sum()):,} texts without a gold label are left out."
            )
            corpus = corpus.take(corpus.labelled)
        if held_out is None:
            corpus, held_out = hold_out(corpus)
        inputs = _embedded(corpus, held_out, vectors, pooling, max_length, console)
        preset = replace(
            PAPER.with_classifier(epochs=epochs, batch_size=batch_size),
            t_cor=t_cor,
            seed_size=seed_size,
            query_size=query_size,
            iterations=iterations,
        )
        preset = replace(
            preset, discriminator=replace(preset.discriminator, batch_size=batch_size)
        ).for_corpus(len(corpus))
        manifests = {
            folder: _manifest("learn", inputs, preset, each, device, strategy.value)
            for each, folder in folders.items()
        }
        assert inputs.test is not None
        assert inputs.test_features is not None
        with claimed(out, manifests) as unfinished:
            steps = record_learning(
                {folder: manifests[folder] for folder in unfinished},
                inputs.train,
                inputs.features.features,
                inputs.test,
                inputs.test_features.features,
                pause_after=pause_after,
            )
            for iteration in shown(
                steps, iterations, lambda iteration: iteration.number, "iteration", console
            ):
                if iteration.batch and iteration.batch.fallback:
                    console.print(f"iteration {iteration.number}: {iteration.batch.fallback}")
        for folder in folders.values():
            _report(folder)


@app.command("export")
def export_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a learn run.")],
    iteration: Annotated[int, typer.Option(metavar="K", help="Which batch, from 1.")],
    csv: Annotated[Path, typer.Option("--csv", metavar="FILE", help="The CSV file to write.")],
) -> None:
    """Write one batch as CSV, and its selection card as JSON beside it."""
    with _one_line_errors():
        run = read_learning(folder)
        batch = run.batch(iteration)
        if not csv.name or csv.is_dir():
            raise CartographyError(f"--csv {csv} is a folder: name a file in it")
        if csv.resolve() in {(folder / name).resolve() for name in (ITERATIONS, BATCHES)}:
            raise CartographyError(f"--csv {csv} is a file of the run itself: name another")
        write_csv(batch, csv)
        write_json(csv.with_suffix(".card.json"), run.card(batch))


def _read(
    data: str,
    test: str | None,
    text: str | None,
    label: str | None,
    id: str | None,
    console: Console,
) -> tuple[Corpus, Corpus | None]:
    """The training and the test corpus, both with gold labels, and what was found in them.

    A test part that comes with `data` but has no labels, as those of shared tasks often do, is
    passed over.
    """
    console.print(f"reading {data} …")
    corpus, held_out = read_train_test(data, test, text=text, label=label, id=id)
    for each in (corpus, held_out):
        if each is not None:
            for line in (*each.notes, describe(each).summary):
                console.print(f"{each.name}: {line}")
    if held_out is not None and test is None and not held_out.labelled.any():
        console.print(f"{held_out.name} has no gold labels and is passed over")
        held_out = None
    for each in (corpus, held_out):
        if each is not None and not each.labelled.any():
            raise CartographyError(
                f"{each.name} has no gold labels, and they are needed here: name the label "
                "column with --label"
            )
    present = np.unique(corpus.labels[corpus.labelled])
    if len(present) < 2:
        raise CartographyError(
            f"all gold labels of {corpus.name} are {corpus.classes[int(present[0])]!r}, and a "
            "classifier needs at least two classes: name another column with --label"
        )
    return corpus, held_out


def _embedded(
    train: Corpus,
    test: Corpus | None,
    vectors: str,
    pooling: Pooling,
    max_length: int | None,
    console: Console,
) -> _Inputs:
    """Features of the training corpus, and of the test corpus where there is one."""
    corpora = [train] if test is None else [train, test]
    found = embed(
        corpora,
        vectors,
        pooling=pooling,
        max_length=max_length,
        progress=lambda step: console.print(f"{step} …"),
    )
    console.print(found[0].coverage.summary)
    return _Inputs(train, found[0], test, found[1] if test is not None else None)


def _manifest(
    kind: Literal["map", "learn"],
    inputs: _Inputs,
    preset: Preset,
    seed: int,
    device: str,
    strategy: str = "",
) -> Manifest:
    return Manifest(
        kind=kind,
        train=Source.of(inputs.train, inputs.features),
        test=Source.of(inputs.test, inputs.test_features)
        if inputs.test is not None and inputs.test_features is not None
        else None,
        preset=preset,
        seed=seed,
        device=pick_device(device).type,
        strategy=strategy,
    )


def _report(folder: Path) -> None:
    """One line on standard output for a run: where it is and what it reached."""
    if not (folder / SUMMARY).exists():
        done = len(read_learning(folder).iterations)
        typer.echo(f"{folder}: paused after {done} trainings; the same command goes on")
        return
    summary = read_json(folder / SUMMARY)
    parts = []
    if "region_shares" in summary:
        shares = ", ".join(
            f"{name} {share:.1%}" for name, share in summary["region_shares"].items()
        )
        parts.append(f"{summary['items']:,} texts: {shares}")
    if "first_accuracy" in summary:
        parts.append(
            f"{summary['labelled']:,} labels, accuracy {summary['first_accuracy']:.3f} at first, "
            f"{summary['mean_accuracy']:.3f} on average"
        )
    if "test_accuracy" in summary:
        parts.append(
            f"test accuracy {summary['test_accuracy']:.3f}, macro-F1 {summary['test_macro_f1']:.3f}"
        )
    typer.echo(f"{folder}: " + "; ".join(parts))


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn a user's mistake into one line on standard error and exit code 2."""
    try:
        yield
    except CartographyError as error:
        typer.echo(f"cartography: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("cartography: interrupted; what is on disk is whole.", err=True)
        sys.exit(130)


def main() -> None:
    """Run the command line."""
    try:
        # Out of standalone mode, a mistyped option is one line too, not a page of usage.
        sys.exit(app(standalone_mode=False))
    except typer.exceptions.TyperException as error:
        sentence = error.format_message().replace("Value error, ", "")
        if sentence == "Missing command.":
            sentence = "name a command: map, learn or export"
        typer.echo(f"cartography: {sentence}", err=True)
        sys.exit(2)
