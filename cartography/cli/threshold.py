"""`cartography threshold`: what CAL would ask for at every t_cor."""

import typer

from cartography.active.threshold_study import study_epochs
from cartography.cli import options
from cartography.cli.inputs import embed_corpora, read_corpora, report_errors
from cartography.cli.method import method
from cartography.features.embedding import CORPUS_VECTORS
from cartography.models.presets import PAPER, SEEDS
from cartography.progress import make_console, track_progress
from cartography.runs.manifest import claim_folders
from cartography.runs.threshold_runs import labelled_rows, read_threshold, record_threshold


def threshold_command(
    data: options.Data,
    out: options.Out,
    test: options.Test = None,
    text: options.TextColumn_ = None,
    label: options.LabelColumn = None,
    id: options.IdColumn = None,
    vectors: options.Vectors = CORPUS_VECTORS,
    pooling: options.PoolingName = "sum",
    max_length: options.MaxLength = None,
    epochs: options.Epochs = PAPER.classifier.epochs,
    batch_size: options.BatchSize = None,
    seed_size: options.SeedSize = None,
    seed: options.OneSeed = SEEDS[0],
    device: options.Device = "auto",
    quiet: options.Quiet = False,
) -> None:
    """Train CAL's discriminator at every t_cor and score the pool with each.

    The labelled set is a stratified seed set; of a corpus in which texts have no gold label, it is
    those that have one, and the pool is the others.
    """
    with report_errors():
        console = make_console(quiet)
        corpus, held_out = read_corpora(data, test, text, label, id, console)
        inputs = embed_corpora(corpus, held_out, vectors, pooling, max_length, console)
        preset = method(
            PAPER.name, [], len(corpus), epochs=epochs, batch_size=batch_size, seed_size=seed_size
        )
        rows = labelled_rows(corpus, preset, seed)
        manifest = inputs.manifest("threshold", preset, seed, device, "cal")
        with claim_folders(out, {out: manifest}):
            steps = record_threshold(out, manifest, corpus, inputs.features.features, rows)
            for _ in track_progress(
                steps, study_epochs(preset), lambda step: step.number, "epoch", console
            ):
                pass
        study = read_threshold(out).study
        balance = study.balance(preset.t_cor)
        typer.echo(
            f"{out}: {balance.high:,} high-cor and {balance.low:,} low-cor texts at t_cor "
            f"{preset.t_cor:g}, discriminator accuracy {study.accuracy(preset.t_cor):.3f}"
        )
