"""`cartography threshold`: what CAL would ask for at every t_cor."""

import shlex

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors
from cartography.models.presets import SEEDS


def threshold_command(
    data: options.Data,
    out: options.Out,
    features: options.Features,
    method: options.Method,
    training: options.Training,
    seed_size: options.SeedSize = None,
    seed: options.OneSeed = SEEDS[0],
    device: options.Device = "auto",
    quiet: options.Quiet = False,
) -> None:
    """Train CAL's discriminator at every t_cor and score the pool with each.

    The labelled set is a stratified seed set. In a corpus with unlabelled texts, the labelled set
    is the texts that have a gold label, and the pool is the others.
    """
    with report_errors():
        from cartography.active.threshold_study import study_epochs
        from cartography.cli.inputs import chosen_preset, embed_corpora, read_corpora
        from cartography.progress import make_console, track_progress
        from cartography.runs.manifest import claim_folders
        from cartography.runs.threshold_runs import (
            labelled_rows,
            read_threshold,
            record_threshold,
        )

        console = make_console(quiet)
        train, test = read_corpora(data.data, data, console)
        preset = chosen_preset(len(train), training, method, seed_size=seed_size)
        inputs = embed_corpora(train, test, features, console, preset)
        rows = labelled_rows(train, preset, seed)
        manifest = inputs.manifest("threshold", preset, seed, device, "cal")
        with claim_folders(out, {out: manifest}):
            epochs = record_threshold(out, manifest, train, inputs.features.features, rows)
            for _ in track_progress(
                epochs, study_epochs(preset), lambda epoch: epoch.number, "epoch", console
            ):
                pass
        study = read_threshold(out).study
        balance = study.balance(preset.t_cor)
        typer.echo(
            f"{out}: {balance.high:,} high-cor and {balance.low:,} low-cor texts at t_cor "
            f"{preset.t_cor:g}, discriminator accuracy {study.accuracy(preset.t_cor):.3f}; the "
            f"next batch: {shlex.join(['cartography', 'export', str(out), '--out', 'batch.csv'])}"
        )
