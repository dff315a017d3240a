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
from cartography.reproduction.estimates import by_seed, on_all_texts
from cartography.reproduction.markdown import NOTHING, caption_table
from cartography.reproduction.plan import BATCHES_OF, MAPPED, MAPPED_NAMES, STATISTICS
from cartography.reproduction.published import PUBLISHED
from cartography.reproduction.results import Results
from cartography.reproduction.tables import compared_runs, presets_of

_WIDTH, _MAP_HEIGHT, _HEIGHT = 640, 596, 400
_SCALE = 1.5
_TITLES = {
    "map-all": "Figures 1, 5 and 6: the map of all texts",
    "map-seed": "Figure 2: the map of the seed set",
    "accuracy": "Figure 3: accuracy by labelled texts",
    "batches": "Figure 4: each batch on the map",
}


def pictures(results: Results) -> dict[str, Callable[[], go.Figure]]:
    """What draws each figure of the paper that the results have something for, by its file's name.

    Figures 1 and 2 are the maps of all texts and of the seed set, with their densities on the
    margins (Figures 5 and 6); Figure 3 is the accuracy of each strategy, from the lowest to the
    highest seed; Figure 4 has the means over the seeds.
    """
    found: dict[str, Callable[[], go.Figure]] = {}
    for preset in presets_of(results):
        for mapped in MAPPED:
            if data_map := results.data_map(preset, mapped):
                found[f"map-{mapped}-{preset}"] = partial(
                    data_map_figure,
                    data_map,
                    title=f"{PUBLISHED[results.corpus['dataset']].name}, {MAPPED_NAMES[mapped]}, "
                    f"preset {preset}",
                )
        if runs := compared_runs(results, preset):
            full = on_all_texts(results, preset)
            found[f"accuracy-{preset}"] = partial(
                accuracy_figure,
                [Curve(run.name, run.labelled, run.accuracy) for run in runs],
                of=results.corpus["train"],
                full=None if full.empty else full.mean(),
            )
        if series := _batches(results, preset):
            found[f"batches-{preset}"] = partial(batch_statistics_figure, series)
    return found


def picture_lines(results: Results, folder: str) -> list[str]:
    """The pictures in Markdown, a row for each figure and a column for each preset; `folder` holds
    those of all data sets, and the page stands beside it.
    """
    presets, dataset = presets_of(results), results.corpus["dataset"]
    names = pictures(results)
    rows = []
    for stem, title in _TITLES.items():
        cells = [
            f"![{title}, preset {preset}]({folder}/{dataset}/{stem}-{preset}.png)"
            if f"{stem}-{preset}" in names
            else NOTHING
            for preset in presets
        ]
        if any(each != NOTHING for each in cells):
            rows.append([title, *cells])
    header = ["", *(f"preset {preset}" for preset in presets)]
    return caption_table(
        results,
        "Figures 1 to 6",
        "Drawn from the same tables. In Figure 3 a line is the mean of the seeds and its band "
        "goes from the lowest to the highest; in Figure 4 lines are means.",
        header,
        rows,
    )


def _batches(results: Results, preset: str) -> list[BatchSeries]:
    """The means over the seeds of each strategy in Figure 4."""
    found = []
    for strategy in BATCHES_OF:
        means = [by_seed(results, preset, strategy, each).mean() for each in STATISTICS]
        # Iteration 0 has no batch.
        if not means[0].dropna().empty:
            number = means[0].dropna().index
            values = (each[number].to_numpy(dtype=np.float64) for each in means)
            found.append(
                BatchSeries(strategy_name(strategy), number.to_numpy(dtype=np.int64), *values)
            )
    return found


def draw(results: Results, folder: Path) -> None:
    """Write the pictures of `results` to `folder`, as PNG.

    Raises CartographyError when Kaleido or its browser is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in pictures(results).items():
        page = go.Figure(figure())
        page.update_layout(template="plotly_white", paper_bgcolor="white", plot_bgcolor="white")
        height = _MAP_HEIGHT if name.startswith("map") else _HEIGHT
        try:
            drawn = page.to_image("png", width=_WIDTH, height=height, scale=_SCALE)
        except (ValueError, RuntimeError) as error:
            raise CartographyError(
                "--pictures needs the package kaleido, and a Chrome or Chromium that it finds: "
                f"{error}"
            ) from error
        with atomic_write(folder / f"{name}.png") as temporary:
            temporary.write_bytes(drawn)
