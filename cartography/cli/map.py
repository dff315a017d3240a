"""`cartography map`: train on texts and write their data map."""

from dataclasses import replace
from itertools import product
from typing import Annotated

import typer

from cartography.cli import options
from cartography.cli.errors import report_errors
from cartography.errors import CartographyError
from cartography.models.presets import SEEDS

ALL = "all"
AUTO = "auto"
_DIGITS = 18


def map_command(
    data: options.Data,
    out: options.Out,
    features: options.Features,
    method: options.Method,
    training: options.Training,
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
        import numpy as np

        from cartography.active.simulation import seed_set
        from cartography.cli.inputs import chosen_preset, embed_corpora, read_corpora
        from cartography.cli.report import report
        from cartography.corpora.corpus import flip_labels
        from cartography.progress import make_console, track_progress
        from cartography.runs.manifest import claim_folders, run_folders
        from cartography.runs.map_runs import record_maps

        console = make_console(quiet)
        requested = [_parse_size(size) for size in seed_size]
        train, test = read_corpora(data.data, data, console)
        train = flip_labels(train, flip)
        # The seed set is drawn from the labelled texts, so its size is a share of these.
        preset = chosen_preset(int(train.labelled.sum()), training, method)
        sizes = [preset.seed_size if size == AUTO else size for size in requested]
        variants = list(product(sizes, seed))
        folders = run_folders(out, [{"size": size, "seed": number} for size, number in variants])
        inputs = embed_corpora(train, test, features, console, preset)
        labelled = np.flatnonzero(train.labelled)
        manifests, rows = {}, {}
        for folder, (size, number) in zip(folders, variants, strict=True):
            sized = replace(preset, seed_size=size if isinstance(size, int) else None)
            manifests[folder] = inputs.manifest("map", sized, number, device)
            rows[folder] = (
                seed_set(train, size, number, preset.switches.stratified_seed)
                if isinstance(size, int)
                else labelled
            )
        with claim_folders(out, manifests) as unfinished:
            epochs = record_maps(
                {folder: manifests[folder] for folder in unfinished},
                rows,
                inputs.train,
                inputs.features.features,
                inputs.test,
                inputs.test_features.features if inputs.test_features else None,
            )
            for _ in track_progress(
                epochs, preset.classifier.epochs, lambda epoch: epoch.number, "epoch", console
            ):
                pass
        for folder in folders:
            report(folder)


def _parse_size(size: str) -> int | str:
    """A number of texts, or one of the words. Raises CartographyError for anything else."""
    if size in (ALL, AUTO):
        return size
    if not size.isdecimal() or len(size) > _DIGITS or int(size) < 1:
        raise CartographyError(
            f"--seed-size {size[:20]} is not a number of texts: give 1 or more, {AUTO} or {ALL}"
        )
    return int(size)
