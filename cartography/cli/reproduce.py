"""`cartography reproduce`: the paper's experiments, run again."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cartography.cli import options
from cartography.cli.inputs import embed_corpora, read_corpora, report_errors
from cartography.errors import CartographyError
from cartography.features.embedding import CORPUS_VECTORS
from cartography.files import cache_folder
from cartography.models.presets import PAPER, PRESETS, SEEDS, Preset
from cartography.progress import make_console
from cartography.reproduction.experiments import Experiments, run_experiments
from cartography.reproduction.pictures import draw
from cartography.reproduction.plan import EARLIER, STRATEGIES, Dataset, decomposition, grid
from cartography.reproduction.report import report
from cartography.reproduction.results import read_results
from cartography.reproduction.work import CorpusFeatures

_STRATEGIES = [options.StrategyName[name] for name in STRATEGIES]
_QUICK_SEEDS, _QUICK_ITERATIONS = 2, 2


def reproduce_command(
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="The training texts, in any form that `map` takes."),
    ] = None,
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
            "--decompose",
            help="Also each preset with each one switch of the other's, and preset released with "
            "twice the epochs (hours).",
        ),
    ] = False,
    strategy: Annotated[
        list[options.StrategyName], typer.Option(help="Query strategy. May be repeated.")
    ] = _STRATEGIES,
    seed: options.Seeds = [*SEEDS],  # noqa: B006 - as above
    iterations: Annotated[
        int, typer.Option(min=1, metavar="N", help="Batches to ask for.")
    ] = PAPER.iterations,
    note: Annotated[
        list[str],
        typer.Option(
            metavar="SENTENCE",
            help="A sentence for the report on texts or vectors, such as where they are from. May "
            "be repeated.",
        ),
    ] = [],  # noqa: B006 - as above
    quick: Annotated[
        bool,
        typer.Option("--quick", help="A small version: two seeds and two iterations, minutes."),
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
            help="Where results are added; what is there whole is not run again. The folder "
            "`results` of --out unless given.",
        ),
    ] = None,
    made_report: Annotated[
        list[Path],
        typer.Option(
            "--report",
            metavar="DIR",
            help="Run nothing; print the report of these results. May be repeated.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures",
            metavar="DIR",
            help="Also draw Figures 1 to 6, as PNG files below DIR/DATASET. Needs the package "
            "kaleido and a Chrome or Chromium.",
        ),
    ] = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
) -> None:
    """Run the paper's experiments again and put the results beside its figures.

    Each preset is run with each strategy, CAL also at the other t_cor of Table 3, trained on all
    texts, and mapped in ten epochs. Run again to go on from an interruption.
    """
    with report_errors():
        if made_report:
            if data is not None:
                raise CartographyError(f"--report takes one folder; write --report {data} too")
            each = [read_results(folder) for folder in made_report]
        else:
            if data is None:
                raise CartographyError("name the training texts, or results with --report")
            console = make_console(quiet)
            corpus, held_out = read_corpora(data, test, text, label, id, console)
            if held_out is None:
                raise CartographyError("name the test set with --test: accuracy is taken on it")
            methods = [grid(_known(name), [each.value for each in strategy]) for name in preset]
            if decompose:
                apart = [*decomposition(), EARLIER]
                methods += [each for each in apart if each.preset.name in preset]
            # A small version has other runs, which would stand in the way of the whole.
            name = f"{dataset}-quick" if quick else dataset
            out = out or cache_folder() / "runs" / "reproduction" / name
            asked = Experiments(
                dataset=dataset,
                methods=tuple(methods),
                seeds=tuple(seed[:_QUICK_SEEDS] if quick else seed),
                iterations=min(iterations, _QUICK_ITERATIONS) if quick else iterations,
                command=_command(
                    [corpus.name, "--test", held_out.name],
                    {
                        "--text": [text] if text else [],
                        "--label": [label] if label else [],
                        "--id": [id] if id else [],
                        "--dataset": [dataset],
                        "--vectors": [Path(vectors).name],
                        "--preset": preset if preset != [*PRESETS] else [],
                        "--strategy": [each.value for each in strategy]
                        if strategy != _STRATEGIES
                        else [],
                        "--seed": seed if seed != [*SEEDS] else [],
                        "--iterations": [iterations] if iterations != PAPER.iterations else [],
                    },
                    {"--decompose": decompose, "--quick": quick},
                ),
                notes=tuple(note),
                device=device,
                out=out,
                results=results or out / "results",
            )

            def inputs_of(chosen: Preset) -> CorpusFeatures:
                sized = chosen.for_corpus(len(corpus))
                found = embed_corpora(corpus, held_out, vectors, "sum", None, console, sized)
                assert found.test is not None
                assert found.test_features is not None
                return CorpusFeatures(found.train, found.features, found.test, found.test_features)

            each = [run_experiments(asked, corpus, inputs_of, console)]
        if pictures:
            for one in each:
                draw(one, pictures / one.corpus["dataset"])
        typer.echo(report(each, pictures))


def _command(
    data: Sequence[str], given: Mapping[str, Sequence[object]], flags: Mapping[str, bool]
) -> str:
    """The command that was given, without what only says where things lie or how they are shown."""
    values = [part for name, each in given.items() for value in each for part in (name, str(value))]
    return shlex.join(
        ["cartography", "reproduce", *data, *values, *(name for name, on in flags.items() if on)]
    )


def _known(name: str) -> str:
    if name not in PRESETS:
        raise CartographyError(f"--preset {name} is not one of {', '.join(PRESETS)}")
    return name
