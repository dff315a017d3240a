"""`cartography reproduce`: the paper's experiments, run again."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors
from cartography.errors import CartographyError
from cartography.models.presets import PAPER, PAPER_PRESETS, SEEDS, Preset

_QUICK_SEEDS, _QUICK_ITERATIONS = 2, 2


def reproduce_command(
    columns: options.Columns,
    vectors: options.Vectors,
    data: Annotated[
        str, typer.Argument(metavar="[DATA]", help="The training texts, in any form `map` takes.")
    ] = "",
    dataset: Annotated[
        Literal["trec", "agnews"], typer.Option(help="The paper's data set that DATA is.")
    ] = "trec",
    preset: Annotated[
        list[str], typer.Option(help="paper or released. May be repeated.", metavar="NAME")
    ] = [*PAPER_PRESETS],  # noqa: B006 - typer copies it
    decompose: Annotated[
        bool,
        typer.Option(
            "--decompose",
            help="Also each preset with each one switch of the other's, and preset released with "
            "twice the epochs (hours).",
        ),
    ] = False,
    strategy: Annotated[
        list[options.StrategyName],
        typer.Option(help="Query strategy. May be repeated. Default: the paper's six and cal-dal."),
    ] = [],  # noqa: B006 - as above
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
        typer.Option("--out", metavar="DIR", help="Where runs go. Default: the dashboard's cache."),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            metavar="DIR",
            help="Where results are added; complete results there are not run again. Default: "
            "the folder `results` of --out.",
        ),
    ] = None,
    report_folders: Annotated[
        list[Path],
        typer.Option(
            "--report",
            metavar="DIR",
            help="Run nothing; print the report of these results. May be repeated.",
        ),
    ] = [],  # noqa: B006 - as above
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
    """Run the paper's experiments again and put the results next to its figures.

    Each preset is run with each strategy, CAL also at the other t_cor of Table 3, trained on all
    texts, and mapped in ten epochs. Run again to resume.
    """
    with report_errors():
        from cartography.reproduction.pictures import draw_figures
        from cartography.reproduction.report import report
        from cartography.reproduction.results import read_results

        if report_folders:
            if data:
                raise CartographyError(f"--report takes one folder; write --report {data} too")
            all_results = [read_results(folder) for folder in report_folders]
        else:
            if not data:
                raise CartographyError("name the training texts, or results with --report")

            from cartography.cli.inputs import embed_corpora, read_corpora
            from cartography.files import cache_folder
            from cartography.progress import make_console
            from cartography.reproduction.experiments import Experiments, run_experiments
            from cartography.reproduction.plan import EARLIER_CODE, STRATEGIES, decomposition, grid
            from cartography.reproduction.work import CorpusFeatures

            console = make_console(quiet)
            train, test = read_corpora(data, columns, console)
            if test is None:
                raise CartographyError("name the test set with --test: accuracy is taken on it")
            strategies = [name.value for name in strategy] or [*STRATEGIES]
            methods = [grid(_known(name), strategies) for name in preset]
            if decompose:
                switched = [*decomposition(), EARLIER_CODE]
                methods += [method for method in switched if method.preset.name in preset]
            # A small version has other runs, which would stand in the way of the whole.
            name = f"{dataset}-quick" if quick else dataset
            out = out or cache_folder() / "runs" / "reproduction" / name
            experiments = Experiments(
                dataset=dataset,
                methods=tuple(methods),
                seeds=tuple(seed[:_QUICK_SEEDS] if quick else seed),
                iterations=min(iterations, _QUICK_ITERATIONS) if quick else iterations,
                command=_command(
                    [train.name, "--test", test.name],
                    {
                        "--text": [columns.text] if columns.text else [],
                        "--label": [columns.label] if columns.label else [],
                        "--id": [columns.id] if columns.id else [],
                        "--dataset": [dataset],
                        "--vectors": [Path(vectors.vectors).name],
                        "--preset": preset if preset != [*PAPER_PRESETS] else [],
                        "--strategy": strategies if strategies != [*STRATEGIES] else [],
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

            def features_under(method: Preset) -> CorpusFeatures:
                sized = method.for_corpus(len(train))
                features = options.Features(features="words", vectors=vectors.vectors)
                inputs = embed_corpora(train, test, features, console, sized)
                assert inputs.test is not None
                assert inputs.test_features is not None
                return CorpusFeatures(
                    inputs.train, inputs.features, inputs.test, inputs.test_features
                )

            all_results = [run_experiments(experiments, train, features_under, console)]
        if pictures:
            for outcome in all_results:
                draw_figures(outcome, pictures / outcome.corpus["dataset"])
        typer.echo(report(all_results, pictures))


def _command(
    data: Sequence[str], values: Mapping[str, Sequence[object]], flags: Mapping[str, bool]
) -> str:
    """The command as it was given, without options that only name folders or change the output."""
    options = [
        part for name, given in values.items() for value in given for part in (name, str(value))
    ]
    return shlex.join(
        ["cartography", "reproduce", *data, *options, *(name for name, on in flags.items() if on)]
    )


def _known(name: str) -> str:
    if name not in PAPER_PRESETS:
        raise CartographyError(f"--preset {name} is not one of {', '.join(PAPER_PRESETS)}")
    return name
