"""Figures 1 to 6 of the paper, drawn from the raw results of one data set."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from cartography.errors import CartographyError
from cartography.figures import (
    BatchSeries,
    Curve,
    accuracy_figure,
    batch_statistics_figure,
    data_map_figure,
)
from cartography.files import atomic_write
from cartography.formatting import strategy_name
from cartography.reproduction.estimates import full_training, values_by_seed
from cartography.reproduction.markdown import EMPTY_CELL, caption_table
from cartography.reproduction.plan import BATCH_STRATEGIES, MAP_KINDS, MAP_NAMES, STATISTICS
from cartography.reproduction.published import PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.tables import presets_of, select_curves

_WIDTH, _MAP_HEIGHT, _HEIGHT = 640, 596, 400
_SCALE = 1.5
_TITLES = {
    "map-all": "Figures 1, 5 and 6: the map of all texts",
    "map-seed": "Figure 2: the map of the seed set",
    "accuracy": "Figure 3: accuracy by labelled texts",
    "batches": "Figure 4: each batch on the map",
}


def figure_builders(results: Results) -> dict[str, Callable[[], go.Figure]]:
    """Return functions that build the paper's figures, as far as there are results for them.

    Figures 1 and 2 are the maps of all texts and of the seed set, with densities at the margins
    (Figures 5 and 6). Figure 3 shows the accuracy of each strategy, with a band from the lowest to
    the highest seed. Figure 4 shows means over the seeds.

    Parameters
    ----------
    results : Results
        Raw results of one data set.

    Returns
    -------
    dict of str to callable
        Functions without arguments that return a figure, by file name without suffix.
    """
    builders: dict[str, Callable[[], go.Figure]] = {}
    for preset in presets_of(results):
        for kind in MAP_KINDS:
            if data_map := results.data_map(preset, kind):
                builders[f"map-{kind}-{preset}"] = partial(
                    data_map_figure,
                    data_map,
                    title=f"{PUBLISHED[results.corpus['dataset']].name}, {MAP_NAMES[kind]}, "
                    f"preset {preset}",
                )
        if runs := select_curves(results, preset):
            full = full_training(results, preset)
            builders[f"accuracy-{preset}"] = partial(
                accuracy_figure,
                [Curve(run.name, run.labelled, run.accuracy) for run in runs],
                of=results.corpus["train"],
                full=None if full.empty else full.mean(),
            )
        if series := _batch_series(results, preset):
            builders[f"batches-{preset}"] = partial(batch_statistics_figure, series)
    return builders


def pictures_section(results: Results, folder: str) -> list[str]:
    """Return a Markdown table of the pictures, with a row per figure and a column per preset.

    Parameters
    ----------
    results : Results
        Raw results of one data set.
    folder : str
        Folder of the pictures of all data sets, relative to the page.

    Returns
    -------
    list of str
        Markdown lines.
    """
    presets, dataset = presets_of(results), results.corpus["dataset"]
    names = figure_builders(results)
    rows = []
    for stem, title in _TITLES.items():
        cells = [
            f"![{title}, preset {preset}]({folder}/{dataset}/{stem}-{preset}.png)"
            if f"{stem}-{preset}" in names
            else EMPTY_CELL
            for preset in presets
        ]
        if any(cell != EMPTY_CELL for cell in cells):
            rows.append([title, *cells])
    header = ["", *(f"preset {preset}" for preset in presets)]
    return caption_table(
        results,
        "Figures 1 to 6",
        "Drawn from the same results. In Figure 3 a line is the mean over the seeds and its band "
        "extends from the lowest to the highest seed; in Figure 4 lines are means over the seeds.",
        header,
        rows,
    )


def _batch_series(results: Results, preset: str) -> list[BatchSeries]:
    """The means over the seeds of each strategy in Figure 4."""
    series = []
    for strategy in BATCH_STRATEGIES:
        means = [values_by_seed(results, preset, strategy, name).mean() for name in STATISTICS]
        # Iteration 0 has no batch.
        if not means[0].dropna().empty:
            number = means[0].dropna().index
            values = (mean[number].to_numpy(dtype=np.float64) for mean in means)
            series.append(
                BatchSeries(strategy_name(strategy), number.to_numpy(dtype=np.int64), *values)
            )
    return series


def draw_figures(results: Results, folder: Path) -> None:
    """Draw the figures as PNG files.

    Parameters
    ----------
    results : Results
        Raw results of one data set.
    folder : Path
        Folder of the files, created if needed.

    Raises
    ------
    CartographyError
        Kaleido or its browser is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in figure_builders(results).items():
        figure = go.Figure(build())
        figure.update_layout(template="plotly_white", paper_bgcolor="white", plot_bgcolor="white")
        height = _MAP_HEIGHT if name.startswith("map") else _HEIGHT
        try:
            image = figure.to_image("png", width=_WIDTH, height=height, scale=_SCALE)
        except (ValueError, RuntimeError) as error:
            raise CartographyError(
                f"--pictures needs the package kaleido and Chrome or Chromium: {error}"
            ) from error
        with atomic_write(folder / f"{name}.png") as temporary:
            temporary.write_bytes(image)
