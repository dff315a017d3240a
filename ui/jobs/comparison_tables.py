"""The figures of a comparison as tables, and the comparison itself with a row for each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cartography.evaluation import comparison
from cartography.evaluation.comparison import PickDensity, PickOverlap, RegionShares
from cartography.evaluation.significance import EpsilonTable
from cartography.evaluation.verdict import Verdict
from cartography.figures import BatchSeries
from cartography.maps.data_map import REGIONS
from ui.jobs.compared import Comparison


def accuracy(compared: Comparison) -> pd.DataFrame:
    """Mean, lowest and highest accuracy of each name by the number of labels."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "name": name,
                    "labelled": labelled,
                    "mean accuracy": band.mean,
                    "lowest accuracy": band.low,
                    "highest accuracy": band.high,
                }
            )
            for name, (labelled, band) in comparison.accuracy_bands(compared.runs).items()
        ],
        ignore_index=True,
    )


def judged(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Each verdict with its numbers."""
    return pd.DataFrame(
        {
            "name": [each.name for each in verdicts],
            "outcome": [each.outcome for each in verdicts],
            "labels saved": [each.saved.mean for each in verdicts],
            "from": [each.saved.low for each in verdicts],
            "to": [each.saved.high for each in verdicts],
            "seeds": [each.saved.counted for each in verdicts],
            "epsilon_min": [each.epsilon for each in verdicts],
            "the other way": [each.reverse for each in verdicts],
        }
    )


def epsilon(table: EpsilonTable) -> pd.DataFrame:
    """epsilon_min of the name of a row over that of a column."""
    values = pd.DataFrame(table.values, columns=list(table.names))
    values.insert(0, "name", table.names)
    return values


def overlap(found: PickOverlap) -> pd.DataFrame:
    """A row for each two names."""
    one, other = np.triu_indices(len(found.names), k=1)
    names = np.array(found.names, dtype=object)
    return pd.DataFrame(
        {
            "name": names[one],
            "other": names[other],
            "picks in common": found.counts[one, other],
            "of": found.totals[one, other],
            "share": found.shares[one, other],
            "seeds": found.seeds[one, other],
        }
    )


def density(found: PickDensity) -> pd.DataFrame:
    """A row for each cell in which a name, or the reference map, has a text."""
    x, y = ((edges[:-1] + edges[1:]) / 2 for edges in (found.variability, found.confidence))
    shares = {"all texts": found.reference, **found.picks}
    table = pd.DataFrame(
        {
            "variability": np.repeat(x, len(y)),
            "confidence": np.tile(y, len(x)),
            **{name: values.ravel() for name, values in shares.items()},
        }
    )
    return table[table[list(shares)].sum(axis=1) > 0].reset_index(drop=True)


def region_shares(found: Mapping[str, RegionShares]) -> pd.DataFrame:
    """Mean, lowest and highest share of each region by name and iteration."""
    tables = []
    for name, shares in found.items():
        band = shares.by_iteration
        values = {
            f"{region}, {word}": part[:, place]
            for place, region in enumerate(REGIONS)
            for word, part in (("mean", band.mean), ("lowest", band.low), ("highest", band.high))
        }
        iterations = np.arange(1, len(band.mean) + 1)
        tables.append(pd.DataFrame({"name": name, "iteration": iterations, **values}))
    return pd.concat(tables, ignore_index=True)


def overall_shares(found: Mapping[str, RegionShares]) -> pd.DataFrame:
    """The mean share of each region over the seeds, all batches together."""
    means = np.vstack([shares.overall.mean for shares in found.values()])
    table = pd.DataFrame(means, columns=list(REGIONS))
    table.insert(0, "name", list(found))
    return table


def batch_statistics(series: Sequence[BatchSeries]) -> pd.DataFrame:
    """A row for each batch of each name."""
    return pd.concat([pd.DataFrame(vars(one)) for one in series], ignore_index=True)


def by_run(
    compared: Comparison,
    verdicts: Sequence[Verdict] = (),
    shares: Mapping[str, RegionShares] | None = None,
) -> pd.DataFrame:
    """A row for each run: its settings, accuracies, and what it comes to beside the others.

    Labels saved are against Random with the same method and seed, and the shares of the regions
    those of its picks on the reference map; empty where there is neither.
    """
    rows = []
    for found, run, outline in zip(compared.found, compared.runs, compared.outlines, strict=True):
        preset = found.manifest["preset"]
        rows.append(
            {
                "name": run.name,
                "strategy": found.strategy,
                "t_cor": found.t_cor,
                "method": found.method.name,
                "seed": found.seed,
                "iterations": len(run.batches),
                "labelled": int(run.labelled[-1]),
                "first accuracy": float(run.accuracy[0]),
                "mean accuracy": float(run.accuracy.mean()),
                "last accuracy": float(run.accuracy[-1]),
                "last macro-F1": float(outline.iterations["macro_f1"].iloc[-1]),
                "labels saved": _saved(run.name, run.seed, verdicts),
                **_shares(run.name, run.seed, shares),
                "seed_size": preset["seed_size"],
                "query_size": preset["query_size"],
                "epochs": found.epochs,
                "corpus": found.manifest["train"]["name"],
                "run_id": found.key,
            }
        )
    return pd.DataFrame(rows)


def _saved(name: str, seed: int, verdicts: Sequence[Verdict]) -> float:
    for each in verdicts:
        if each.name == name and seed in each.saved.seeds:
            return float(each.saved.saved[each.saved.seeds.index(seed)])
    return float("nan")


def _shares(name: str, seed: int, shares: Mapping[str, RegionShares] | None) -> dict[str, float]:
    if not shares:
        return {}
    own = shares[name].pooled[shares[name].seeds.index(seed)]
    return dict(zip(REGIONS, own.tolist(), strict=True))
