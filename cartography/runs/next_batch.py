"""The batch that a threshold study would ask for at one t_cor, as a table and with its card."""

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
    """What `cal` asks for at `t_cor`: its query over the pool, and the texts.

    `table` has a row for each, the most wanted first: rank, id, text, label ("" where there is
    none), predicted_label, P(high-cor) (NaN where no threshold splits the labelled texts), score,
    reason, and what it came from: strategy, t_cor, seed and run_id.
    """

    t_cor: float
    query: Selection
    table: pd.DataFrame


def next_batch(run: ThresholdRun, t_cor: float, size: int) -> NextBatch:
    """The `size` texts of the pool that `cal` asks for at `t_cor`.

    Raises CartographyError when the study is not finished or t_cor is outside [0, 1].
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
    """The texts at `positions` (k,) of the pool: id, text, label and predicted_label."""
    return run.pool.iloc[positions].reset_index(drop=True)


def batch_card(run: ThresholdRun, batch: NextBatch) -> dict[str, Any]:
    """The selection card of `batch`: that of a first iteration at its t_cor and size.

    No region is counted, for a map has none of a text whose label is not known; `fallback` says
    what was done where t_cor leaves one side empty.
    """
    preset: Mapping[str, Any] = run.manifest["preset"]
    asked = {**preset, "t_cor": batch.t_cor, "query_size": len(batch.table)}
    labels = batch.table["label"]
    counted = batch.table.assign(iteration=1, label=labels.where(labels != ""), region=None)
    card = selection_card({**run.manifest, "preset": asked}, run_id(run.manifest), counted)
    return {**card, "fallback": batch.query.fallback}
