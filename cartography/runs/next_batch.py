"""The next batch of a threshold study at one t_cor, as a table and with its selection card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cartography.active.reasons import explain_picks
from cartography.formats.export import selection_card
from cartography.runs.manifest import run_id
from cartography.runs.threshold_runs import ThresholdRun
from cartography.strategies.selection import Selection


@dataclass(frozen=True, eq=False)
class NextBatch:
    """The batch that `cal` selects from the pool at one threshold.

    Attributes
    ----------
    t_cor : float
    query : Selection
        The picks as positions in the pool.
    table : pandas.DataFrame
        One row per text, by rank: rank, id, text, label ("" if there is none), predicted_label,
        P(high-cor) (NaN if no threshold splits the labelled texts), score, reason, strategy,
        t_cor, seed and run_id.
    """

    t_cor: float
    query: Selection
    table: pd.DataFrame


def next_batch(run: ThresholdRun, t_cor: float, size: int) -> NextBatch:
    """Select a batch from the pool of a threshold study with `cal`.

    Parameters
    ----------
    run : ThresholdRun
        A finished study.
    t_cor : float
        In [0, 1].
    size : int
        Number of texts.

    Returns
    -------
    NextBatch

    Raises
    ------
    CartographyError
        The study is not finished, or `t_cor` is outside [0, 1].
    """
    query = run.study.batch(t_cor, size)
    probability = run.study.probability(t_cor)
    texts = texts_at(run, query.positions)
    table = texts.assign(
        **{
            "P(high-cor)": float("nan") if probability is None else probability[query.positions],
            "score": query.scores,
            "reason": explain_picks(
                "cal", query.scores, classes=len(run.manifest["train"]["classes"]), query_size=size
            ),
            "strategy": "cal",
            "t_cor": t_cor,
            "seed": int(run.manifest["seed"]),
            "run_id": run_id(run.manifest),
        }
    )
    table.insert(0, "rank", range(1, len(table) + 1))
    return NextBatch(t_cor, query, table)


def texts_at(run: ThresholdRun, positions: Any) -> pd.DataFrame:
    """Return id, text, label and predicted_label at `positions` (k,) of the pool."""
    return run.pool.iloc[positions].reset_index(drop=True)


def batch_card(run: ThresholdRun, batch: NextBatch) -> dict[str, Any]:
    """Make the selection card of a batch, as that of a first iteration.

    Parameters
    ----------
    run : ThresholdRun
        The study that `batch` is from.
    batch : NextBatch

    Returns
    -------
    dict
        The card with the t_cor and the size of `batch`. It counts no regions, since texts of the
        pool are on no map. `fallback` says how the batch was selected if t_cor leaves one side
        empty.
    """
    preset: Mapping[str, Any] = run.manifest["preset"]
    changed = {**preset, "t_cor": batch.t_cor, "query_size": len(batch.table)}
    labels = batch.table["label"]
    table = batch.table.assign(iteration=1, label=labels.where(labels != ""), region=None)
    card = selection_card({**run.manifest, "preset": changed}, run_id(run.manifest), table)
    return {**card, "fallback": batch.query.fallback}
