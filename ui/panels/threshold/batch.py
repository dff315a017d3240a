"""The batch that CAL asks for at a t_cor, and how it differs from the one before."""

from __future__ import annotations

import streamlit as st

from cartography.active.threshold_study import BatchChange, compare_batches
from cartography.models.presets import PAPER
from cartography.runs.next_batch import NextBatch, texts_at
from cartography.runs.threshold_runs import ThresholdRun
from ui import parts, words
from ui.jobs import results
from ui.panels.threshold import values

_ORDER = (*("change", "rank", "text", "predicted_label", "P(high-cor)", "score", "reason", "id"),)


def query_size() -> int:
    """The size of the batch."""
    return int(
        st.number_input(
            "Query size",
            min_value=1,
            value=PAPER.query_size,
            key="threshold_query_size",
            help=words.QUERY_SIZE,
            width=150,
            persist_state="session",
        )
    )


def batch(run: ThresholdRun, t_cor: float, size: int, before: float | None) -> None:
    """The next batch at `t_cor`, against that at the t_cor `before`."""
    chosen = values.batch(run, t_cor, size)
    shown = chosen.table
    st.subheader(f"The next batch: {len(shown):,} texts", anchor=False, help=words.HIGH_COR)
    if chosen.query.fallback:
        st.warning(chosen.query.fallback, icon=":material/alt_route:")
    if before is None:
        st.caption("Move t_cor, and the batch is compared with this one.")
    else:
        earlier = values.batch(run, before, size)
        difference = compare_batches(earlier.query, chosen.query)
        _differences(run, difference, before)
        new = set(difference.new.tolist())
        marks = ["new" if each in new else "kept" for each in chosen.query.positions.tolist()]
        shown = shown.assign(change=marks)
    parts.table(
        shown,
        f"The {len(shown):,} texts that CAL asks for at t_cor {t_cor:.3g}",
        height=380,
        column_order=_ORDER,
    )
    _downloads(run, chosen)


def _differences(run: ThresholdRun, difference: BatchChange, before: float) -> None:
    with st.container(horizontal=True):
        for name, positions in (
            ("kept", difference.kept),
            ("new", difference.new),
            ("gone", difference.gone),
        ):
            st.metric(
                name,
                f"{len(positions):,}",
                help=f"Against the batch at t_cor {before:.3g}.",
                width="content",
            )
    if not len(difference.gone):
        st.caption(f"The batch is that of t_cor {before:.3g}, perhaps in another order.")
        return
    below = st.expander(
        f"The {len(difference.gone):,} that t_cor {before:.3g} asked for and this one does not",
        icon=":material/remove_circle_outline:",
        type="compact",
        key="threshold_gone",
        on_change="rerun",
    )
    if below.open:
        with below:
            parts.table(
                texts_at(run, difference.gone),
                "The texts of the batch before that are not in this one",
                height=240,
                column_order=("text", "predicted_label", "id"),
            )


def _downloads(run: ThresholdRun, chosen: NextBatch) -> None:
    name = f"next-batch-t_cor-{chosen.t_cor:.3g}"
    parts.downloads(
        "threshold_batch",
        (
            ("Batch (CSV)", lambda: results.csv_bytes(chosen.table), f"{name}.csv", "text/csv"),
            (
                "Selection card (JSON)",
                lambda: values.card_bytes(run, chosen),
                f"{name}.json",
                "application/json",
            ),
        ),
    )
