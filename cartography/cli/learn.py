"""`cartography learn`: simulate active learning."""

from dataclasses import replace
from typing import Annotated

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors
from cartography.models.presets import PRESETS, SEEDS, STANDARD


def learn_command(
    data: options.Data,
    out: options.Out,
    features: options.Features,
    method: options.Method,
    training: options.Training,
    strategy: Annotated[
        list[options.StrategyName], typer.Option(help="Query strategy. May be repeated.")
    ] = [options.StrategyName.cal],  # type: ignore[attr-defined]  # noqa: B006 - typer copies it
    t_cor: Annotated[
        list[float],
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="X",
            help="CAL's threshold of correctness. May be repeated. Default: the preset's, "
            + ", ".join(f"{preset.t_cor:g} ({name})" for name, preset in PRESETS.items()),
        ),
    ] = [],  # noqa: B006 - typer copies it
    seed_size: options.SeedSize = None,
    query_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Labels asked for in each iteration.")
    ] = STANDARD.query_size,
    iterations: Annotated[
        int, typer.Option(min=0, metavar="N", help="Batches to ask for.")
    ] = STANDARD.iterations,
    seed: options.Seeds = [SEEDS[0]],  # noqa: B006 - typer copies it
    device: options.Device = "auto",
    pause_after: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Stop after N further iterations, counting the training on the seed set; the "
            "same command resumes.",
        ),
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Simulate active learning and write every iteration. Run again to resume.

    Texts without a gold label are left out.

    Several strategies, thresholds or seeds are simulated side by side, each in its own folder.
    Without --test, a stratified tenth of the texts is held out.
    """
    with report_errors():
        from cartography.active.simulation import trials_of
        from cartography.cli.inputs import chosen_preset, embed_corpora, read_corpora
        from cartography.cli.report import report
        from cartography.corpora.corpus import hold_out
        from cartography.progress import make_console, track_progress
        from cartography.runs.active_runs import record_active_runs
        from cartography.runs.manifest import claim_folders, run_folders

        console = make_console(quiet)
        levels = t_cor or [PRESETS[method.preset].t_cor]
        trials = trials_of([name.value for name in strategy], levels, seed)
        folders = run_folders(out, [trial.settings for trial in trials])
        train, test = read_corpora(data.data, data, console)
        if not train.labelled.all():
            unlabelled = int((~train.labelled).sum())
            console.print(f"{unlabelled:,} texts without a gold label are left out.")
            train = train.take(train.labelled)
        if test is None:
            train, test = hold_out(train)
        preset = chosen_preset(
            len(train),
            training,
            method,
            seed_size=seed_size,
            query_size=query_size,
            iterations=iterations,
        )
        inputs = embed_corpora(train, test, features, console, preset)
        manifests = {
            folder: inputs.manifest(
                "learn",
                replace(preset, t_cor=preset.t_cor if trial.t_cor is None else trial.t_cor),
                trial.seed,
                device,
                trial.strategy,
            )
            for folder, trial in zip(folders, trials, strict=True)
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
