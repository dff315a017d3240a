"""`cartography learn`: simulate active learning."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated

import typer

from cartography.cli import options
from cartography.cli.inputs import embed_corpora, read_corpora, report_errors
from cartography.cli.method import method
from cartography.cli.report import report
from cartography.corpora.corpus import hold_out
from cartography.features.embedding import CORPUS_VECTORS
from cartography.models.presets import PAPER, SEEDS
from cartography.progress import make_console, track_progress
from cartography.runs.active_runs import record_active_runs
from cartography.runs.manifest import claim_folders, run_folders
from cartography.strategies.table import USES_T_COR


@dataclass(frozen=True)
class _Variant:
    """What sets one of several runs apart; `t_cor` is None where the strategy has no use for it."""

    strategy: str
    t_cor: float | None
    seed: int

    @property
    def told_apart_by(self) -> dict[str, object]:
        """Its values by name, for the name of its folder."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _variants(
    strategies: Sequence[str], levels: Sequence[float], seeds: Sequence[int]
) -> list[_Variant]:
    """Every strategy at every level that it looks at, with every seed."""
    return [
        _Variant(strategy, level, seed)
        for strategy in strategies
        for level in (levels if strategy in USES_T_COR else [None])
        for seed in seeds
    ]


def learn_command(
    data: options.Data,
    out: options.Out,
    test: options.Test = None,
    text: options.TextColumn_ = None,
    label: options.LabelColumn = None,
    id: options.IdColumn = None,
    vectors: options.Vectors = CORPUS_VECTORS,
    pooling: options.PoolingName = "sum",
    max_length: options.MaxLength = None,
    preset: options.PresetName = "paper",
    settings: options.Settings = [],  # noqa: B006 - typer copies it
    epochs: options.Epochs = PAPER.classifier.epochs,
    batch_size: options.BatchSize = None,
    strategy: Annotated[
        list[options.StrategyName], typer.Option(help="Query strategy. May be repeated.")
    ] = [options.StrategyName.cal],  # type: ignore[attr-defined]  # noqa: B006 - typer copies it
    t_cor: Annotated[
        list[float],
        typer.Option(
            min=0.0, max=1.0, metavar="X", help="CAL's threshold of correctness. May be repeated."
        ),
    ] = [PAPER.t_cor],  # noqa: B006 - typer copies it
    seed_size: options.SeedSize = None,
    query_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Labels asked for in each iteration.")
    ] = PAPER.query_size,
    iterations: Annotated[
        int, typer.Option(min=0, metavar="N", help="Batches to ask for.")
    ] = PAPER.iterations,
    seed: options.Seeds = [SEEDS[0]],  # noqa: B006 - typer copies it
    device: options.Device = "auto",
    pause_after: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Stop after N further iterations, the seed set's training being one; the same "
            "command goes on from there.",
        ),
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Simulate active learning and write every iteration. Run again to go on from an interruption.

    Texts without a gold label are left out.

    Several strategies, thresholds or seeds are simulated side by side, each in a folder of its
    own. Without --test, a stratified tenth of the texts is held out.
    """
    with report_errors():
        console = make_console(quiet)
        runs = _variants([name.value for name in strategy], t_cor, seed)
        folders = run_folders(out, [run.told_apart_by for run in runs])
        corpus, held_out = read_corpora(data, test, text, label, id, console)
        if not corpus.labelled.all():
            console.print(
                f"{int((~corpus.labelled).sum()):,} texts without a gold label are left out."
            )
            corpus = corpus.take(corpus.labelled)
        if held_out is None:
            corpus, held_out = hold_out(corpus)
        chosen = method(
            preset,
            settings,
            len(corpus),
            epochs=epochs,
            batch_size=batch_size,
            seed_size=seed_size,
            query_size=query_size,
            iterations=iterations,
        )
        inputs = embed_corpora(corpus, held_out, vectors, pooling, max_length, console, chosen)
        manifests = {
            folder: inputs.manifest(
                "learn",
                replace(chosen, t_cor=PAPER.t_cor if run.t_cor is None else run.t_cor),
                run.seed,
                device,
                run.strategy,
            )
            for folder, run in zip(folders, runs, strict=True)
        }
        assert inputs.test is not None
        assert inputs.test_features is not None
        with claim_folders(out, manifests) as unfinished:
            steps = record_active_runs(
                {folder: manifests[folder] for folder in unfinished},
                inputs.train,
                inputs.features.features,
                inputs.test,
                inputs.test_features.features,
                pause_after=pause_after,
            )
            for iteration in track_progress(
                steps, iterations, lambda iteration: iteration.number, "iteration", console
            ):
                if iteration.batch and iteration.batch.fallback:
                    console.print(f"iteration {iteration.number}: {iteration.batch.fallback}")
        for folder in folders:
            report(folder)
