"""Tables of a comparison: one per figure, and one with a row per run."""

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
    """Return the mean, lowest and highest accuracy of each name by the number of labels."""
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


def verdict_table(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Return a row per verdict."""
    return pd.DataFrame(
        {
            "name": [verdict.name for verdict in verdicts],
            "outcome": [verdict.outcome for verdict in verdicts],
            "labels saved": [verdict.saved.mean for verdict in verdicts],
            "from": [verdict.saved.low for verdict in verdicts],
            "to": [verdict.saved.high for verdict in verdicts],
            "seeds": [verdict.saved.counted for verdict in verdicts],
            "epsilon_min": [verdict.epsilon for verdict in verdicts],
            "the other way": [verdict.reverse for verdict in verdicts],
        }
    )


def epsilon(table: EpsilonTable) -> pd.DataFrame:
    """Return epsilon_min of the name in the row over the name in the column."""
    values = pd.DataFrame(table.values, columns=list(table.names))
    values.insert(0, "name", table.names)
    return values


def overlap(overlaps: PickOverlap) -> pd.DataFrame:
    """Return a row per pair of names."""
    i, j = np.triu_indices(len(overlaps.names), k=1)
    names = np.array(overlaps.names, dtype=object)
    return pd.DataFrame(
        {
            "name": names[i],
            "other": names[j],
            "picks in common": overlaps.counts[i, j],
            "of": overlaps.totals[i, j],
            "share": overlaps.shares[i, j],
            "seeds": overlaps.seeds[i, j],
        }
    )


def density(densities: PickDensity) -> pd.DataFrame:
    """Return a row per cell in which a name or the reference map has a text."""
    x, y = ((edges[:-1] + edges[1:]) / 2 for edges in (densities.variability, densities.confidence))
    shares = {"all texts": densities.reference, **densities.picks}
    table = pd.DataFrame(
        {
            "variability": np.repeat(x, len(y)),
            "confidence": np.tile(y, len(x)),
            **{name: values.ravel() for name, values in shares.items()},
        }
    )
    return table[table[list(shares)].sum(axis=1) > 0].reset_index(drop=True)


def region_shares(shares_by_name: Mapping[str, RegionShares]) -> pd.DataFrame:
    """Return the mean, lowest and highest share of each region by name and iteration."""
    tables = []
    for name, shares in shares_by_name.items():
        band = shares.by_iteration
        values = {
            f"{region}, {statistic}": column[:, index]
            for index, region in enumerate(REGIONS)
            for statistic, column in (
                ("mean", band.mean),
                ("lowest", band.low),
                ("highest", band.high),
            )
        }
        iterations = np.arange(1, len(band.mean) + 1)
        tables.append(pd.DataFrame({"name": name, "iteration": iterations, **values}))
    return pd.concat(tables, ignore_index=True)


def overall_shares(shares_by_name: Mapping[str, RegionShares]) -> pd.DataFrame:
    """Return the mean share of each region over the seeds, for all batches together."""
    means = np.vstack([shares.overall.mean for shares in shares_by_name.values()])
    table = pd.DataFrame(means, columns=list(REGIONS))
    table.insert(0, "name", list(shares_by_name))
    return table


def batch_statistics(series: Sequence[BatchSeries]) -> pd.DataFrame:
    """Return a row per name and batch."""
    return pd.concat([pd.DataFrame(vars(batches)) for batches in series], ignore_index=True)


def by_run(
    compared: Comparison,
    verdicts: Sequence[Verdict] = (),
    shares: Mapping[str, RegionShares] | None = None,
) -> pd.DataFrame:
    """Return a row per run with its settings and results.

    Parameters
    ----------
    compared : Comparison
    verdicts : sequence of Verdict, optional
        They give the labels saved against Random of the same method and seed.
    shares : mapping of str to RegionShares, optional
        They give the regions of the picks on the reference map.

    Returns
    -------
    DataFrame
        Labels saved are NaN without a verdict; without `shares`, the columns of the regions are
        missing.
    """
    rows = []
    for info, run, outline in zip(compared.found, compared.runs, compared.outlines, strict=True):
        preset = info.manifest["preset"]
        rows.append(
            {
                "name": run.name,
                "strategy": info.strategy,
                "t_cor": info.t_cor,
                "method": info.method.name,
                "seed": info.seed,
                "iterations": len(run.batches),
                "labelled": int(run.labelled[-1]),
                "first accuracy": float(run.accuracy[0]),
                "mean accuracy": float(run.accuracy.mean()),
                "last accuracy": float(run.accuracy[-1]),
                "last macro-F1": float(outline.iterations["macro_f1"].iloc[-1]),
                "labels saved": _labels_saved(run.name, run.seed, verdicts),
                **_run_shares(run.name, run.seed, shares),
                "seed_size": preset["seed_size"],
                "query_size": preset["query_size"],
                "epochs": info.epochs,
                "corpus": info.manifest["train"]["name"],
                "run_id": info.key,
            }
        )
    return pd.DataFrame(rows)


def _labels_saved(name: str, seed: int, verdicts: Sequence[Verdict]) -> float:
    for verdict in verdicts:
        if verdict.name == name and seed in verdict.saved.seeds:
            return float(verdict.saved.saved[verdict.saved.seeds.index(seed)])
    return float("nan")


def _run_shares(
    name: str, seed: int, shares: Mapping[str, RegionShares] | None
) -> dict[str, float]:
    if not shares:
        return {}
    pooled = shares[name].pooled[shares[name].seeds.index(seed)]
    return dict(zip(REGIONS, pooled.tolist(), strict=True))
