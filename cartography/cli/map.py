"""`cartography map`: train on texts and write their data map."""

from dataclasses import replace
from itertools import product
from typing import Annotated

import numpy as np
import typer

from cartography.active.simulation import seed_set
from cartography.cli import options
from cartography.cli.inputs import embed_corpora, read_corpora, report_errors
from cartography.cli.method import method
from cartography.cli.report import report
from cartography.corpora.corpus import flip_labels
from cartography.errors import CartographyError
from cartography.features.embedding import CORPUS_VECTORS
from cartography.models.presets import PAPER, SEEDS
from cartography.progress import make_console, track_progress
from cartography.runs.manifest import claim_folders, run_folders
from cartography.runs.map_runs import record_maps

ALL = "all"
AUTO = "auto"


def map_command(
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
    seed_size: Annotated[
        list[str],
        typer.Option(
            metavar="N|auto|all",
            help="Map a stratified seed set of N texts, of the size that `learn` starts from "
            "(auto), or all texts. May be repeated: the maps are trained side by side.",
        ),
    ] = [ALL],  # noqa: B006 - typer copies it
    flip: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=0.5,
            metavar="X",
            help="Flip this fraction of the gold labels at random first, to see where label noise "
            "goes.",
        ),
    ] = 0.0,
    seed: options.Seeds = [SEEDS[0]],  # noqa: B006 - typer copies it
    device: options.Device = "auto",
    quiet: options.Quiet = False,
) -> None:
    """Train on all texts, or on a seed set, and write their data map."""
    with report_errors():
        console = make_console(quiet)
        asked = [_checked(size) for size in seed_size]
        corpus, held_out = read_corpora(data, test, text, label, id, console)
        corpus = flip_labels(corpus, flip)
        chosen = method(preset, settings, len(corpus), epochs=epochs, batch_size=batch_size)
        sizes = [chosen.seed_size if size == AUTO else size for size in asked]
        variants = [{"size": size, "seed": each} for size, each in product(sizes, seed)]
        folders = run_folders(out, variants)
        inputs = embed_corpora(corpus, held_out, vectors, pooling, max_length, console, chosen)
        labelled = np.flatnonzero(corpus.labelled)
        manifests, rows = {}, {}
        for folder, (size, each) in zip(folders, product(sizes, seed), strict=True):
            sized = replace(chosen, seed_size=size if isinstance(size, int) else None)
            manifests[folder] = inputs.manifest("map", sized, each, device)
            rows[folder] = (
                seed_set(corpus, size, each, chosen.switches.stratified_seed)
                if isinstance(size, int)
                else labelled
            )
        with claim_folders(out, manifests) as unfinished:
            training = record_maps(
                {folder: manifests[folder] for folder in unfinished},
                rows,
                inputs.train,
                inputs.features.features,
                inputs.test,
                inputs.test_features.features if inputs.test_features else None,
            )
            for _ in track_progress(training, epochs, lambda epoch: epoch.number, "epoch", console):
                pass
        for folder in folders:
            report(folder)


def _checked(size: str) -> int | str:
    """A number of texts, or one of the words. Raises CartographyError for anything else."""
    if size in (ALL, AUTO):
        return size
    if not size.isdecimal() or int(size) < 1:
        raise CartographyError(
            f"--seed-size {size} is not a number of texts: give 1 or more, {AUTO} or {ALL}"
        )
    return int(size)
