"""The batch that CAL asks for at a t_cor, compared with the previous one."""

from __future__ import annotations

import streamlit as st

from cartography.active.threshold_study import BatchChange, compare_batches
from cartography.models.presets import STANDARD
from cartography.runs.next_batch import NextBatch, texts_at
from cartography.runs.threshold_runs import ThresholdRun
from ui import parts, words
from ui.panels.threshold import values

_COLUMNS = ("change", "rank", "text", "predicted_label", "P(high-cor)", "score", "reason", "id")


def query_size() -> int:
    """Return the chosen size of the batch."""
    size = st.number_input(
        "Query size",
        min_value=1,
        value=STANDARD.query_size,
        key="threshold_query_size",
        help=words.QUERY_SIZE,
        width=150,
        persist_state="session",
    )
    return int(size)


def batch(run: ThresholdRun, t_cor: float, size: int, before: float | None) -> None:
    """Draw the next batch.

    Parameters
    ----------
    run : ThresholdRun
    t_cor : float
        Threshold of the batch.
    size : int
        Texts in the batch.
    before : float or None
        Previous t_cor, whose batch is compared with this one.
    """
    chosen = values.batch(run, t_cor, size)
    table = chosen.table
    st.subheader(f"The next batch: {len(table):,} texts", anchor=False, help=words.HIGH_COR)
    if chosen.query.fallback:
        st.warning(chosen.query.fallback, icon=":material/alt_route:")
    if before is None:
        st.caption("Move t_cor to compare its batch with this one.")
    else:
        change = compare_batches(values.batch(run, before, size).query, chosen.query)
        _change(run, change, before)
        new = set(change.new.tolist())
        positions = chosen.query.positions.tolist()
        table = table.assign(
            change=["new" if position in new else "kept" for position in positions]
        )
    parts.table(
        table,
        f"The {len(table):,} texts that CAL asks for at t_cor {t_cor:.3g}",
        height=380,
        column_order=_COLUMNS,
    )
    _downloads(run, chosen)


def _change(run: ThresholdRun, change: BatchChange, before: float) -> None:
    with st.container(horizontal=True):
        for name, positions in (
            ("kept", change.kept),
            ("new", change.new),
            ("gone", change.gone),
        ):
            st.metric(
                name,
                f"{len(positions):,}",
                help=f"Compared with the batch at t_cor {before:.3g}.",
                width="content",
            )
    if not len(change.gone):
        st.caption(
            f"The batch has the same texts as at t_cor {before:.3g}; their order may differ."
        )
        return
    expander = st.expander(
        f"{len(change.gone):,} texts that are in the batch at t_cor {before:.3g} but not here",
        icon=":material/remove_circle_outline:",
        type="compact",
        key="threshold_gone",
        on_change="rerun",
    )
    if expander.open:
        with expander:
            parts.table(
                texts_at(run, change.gone),
                "The texts of the previous batch that are not in this one",
                height=240,
                column_order=("text", "predicted_label", "id"),
            )


def _downloads(run: ThresholdRun, chosen: NextBatch) -> None:
    name = f"next-batch-t_cor-{chosen.t_cor:.3g}"
    parts.text_downloads("threshold_batch", run.folder, (("Batch", lambda: chosen.table, name),))
    parts.downloads(
        "threshold_card",
        (
            (
                "Selection card (JSON)",
                lambda: values.card_bytes(run, chosen),
                f"{name}.card.json",
                "application/json",
            ),
        ),
    )
