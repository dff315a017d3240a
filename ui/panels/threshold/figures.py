"""Numbers and figures of the labelled texts and the pool at a t_cor."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from cartography.figures import high_cor_histogram
from cartography.runs.threshold_runs import ThresholdRun
from ui import parts, words
from ui.panels.threshold import values

_WIDTH = 475  # pixels: two figures side by side on a laptop, stacked on smaller screens


def balance(run: ThresholdRun, t_cor: float) -> None:
    """Draw how many labelled texts are on each side, and the accuracy of the discriminator."""
    sides = run.study.balance(t_cor)
    accuracy = run.study.accuracy(t_cor)
    with st.container(horizontal=True):
        for name, count, share, help in (
            ("high-cor", sides.high, sides.high_share, words.HIGH_SIDE),
            ("low-cor", sides.low, sides.low_share, words.LOW_SIDE),
        ):
            st.metric(
                name,
                f"{count:,}",
                delta=f"{share:.1%}",
                delta_color="off",
                delta_arrow="off",
                help=help,
                width="content",
            )
        if not math.isnan(accuracy):
            st.metric(
                "discriminator accuracy",
                f"{accuracy:.1%}",
                delta=f"larger side: {sides.majority_share:.1%}",
                delta_color="off",
                delta_arrow="off",
                help=words.DISCRIMINATOR,
                width="content",
            )
    if sides.warning:
        st.warning(sides.warning, icon=":material/balance:")
    gain = run.study.gain(t_cor)
    if gain:
        st.caption(gain)


def split_and_pool(run: ThresholdRun, t_cor: float, size: int) -> None:
    """Draw the seed map split at `t_cor`, and P(high-cor) over the pool with the next batch."""
    with st.container(horizontal=True):
        with st.container(width=_WIDTH):
            _split(run, t_cor)
        with st.container(width=_WIDTH):
            _pool(run, t_cor, size)


def _split(run: ThresholdRun, t_cor: float) -> None:
    sides = run.study.balance(t_cor)
    st.subheader("The labelled texts", anchor=False, help=words.SEED_SET)
    parts.figure(
        values.split_figure(run, t_cor),
        "threshold_map",
        f"Data map of the {len(run.labelled):,} labelled texts by variability and confidence: at "
        f"t_cor {t_cor:.3g}, {sides.high:,} are high-cor and {sides.low:,} low-cor.",
        lambda: run.labelled,
    )


def _pool(run: ThresholdRun, t_cor: float, size: int) -> None:
    st.subheader("The pool", anchor=False, help=words.HIGH_COR)
    probability = run.study.probability(t_cor)
    if probability is None:
        st.info(
            "All labelled texts have the same correctness, so there is no discriminator and the "
            "batch is drawn at random. Train with more epochs or more texts.",
            icon=":material/shuffle:",
        )
        return
    positions = values.batch(run, t_cor, size).query.positions
    histogram = high_cor_histogram(probability, positions)
    picked = probability[positions]
    parts.figure(
        histogram,
        "threshold_pool",
        f"Histogram of P(high-cor) over the {len(probability):,} texts of the pool at t_cor "
        f"{t_cor:.3g}. The next batch is between {picked.min():.3f} and {picked.max():.3f}.",
        lambda: pd.DataFrame({"P(high-cor)": histogram.data[0].x, "texts": histogram.data[0].y}),
    )
    st.caption("All levels of t_cor:")
    parts.table(values.levels(run), "Balance and discriminator at every level of t_cor", height=250)
